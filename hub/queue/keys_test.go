package queue_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"smartlink/hub/queue"
)

func TestKeysAreSplitAsTheyWereJoined(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 200), 0, 6).Draw(t, "keys")
		got := queue.SplitKeys(queue.JoinKeys(keys))
		if !slices.EqualFunc(got, keys, func(a, b []byte) bool { return string(a) == string(b) }) {
			t.Fatalf("%v became %v", keys, got)
		}
	})
	if got := queue.SplitKeys([]byte{5, 1}); len(got) != 0 {
		t.Errorf("a broken value has keys %v", got)
	}
}
