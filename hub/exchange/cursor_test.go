package exchange

import (
	"testing"

	"smartlink/hub/queue"
)

// TestCursorsAreNoOptions: people give cursors to commands, which take what begins with - for a flag.
func TestCursorsAreNoOptions(t *testing.T) {
	c := randomCursors()
	for range 1000 {
		if s := c.seal(queue.Cursor{Pos: 7}, "x"); s[0] == '-' {
			t.Fatalf("cursor %s", s)
		}
	}
}
