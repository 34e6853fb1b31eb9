package queue

import (
	"testing"
	"time"

	"smartlink/link"
)

// TestBackoff looks at many draws: never zero, never above the doubled base or the cap, and spread.
func TestBackoff(t *testing.T) {
	for requeues, top := range map[int]time.Duration{
		0: link.BackoffBase, 1: 2 * link.BackoffBase, 9: 512 * link.BackoffBase, 10: link.BackoffCap, 1000: link.BackoffCap,
	} {
		low, high := time.Duration(1<<62), time.Duration(0)
		for range 2000 {
			d := Backoff(requeues)
			low, high = min(low, d), max(high, d)
		}
		if low <= 0 || high > top {
			t.Errorf("after %d requeues between %v and %v, want more than 0 and at most %v", requeues, low, high, top)
		}
		if low > top/10 || high < top*9/10 {
			t.Errorf("after %d requeues between %v and %v: not spread over %v", requeues, low, high, top)
		}
	}
}
