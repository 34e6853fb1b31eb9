package api

import (
	"testing"

	"smartlink/link"
)

// TestHeld: half of the room is one client's at most, what is given back is free again, and a call without
// a body, also the very first, gives nothing back.
func TestHeld(t *testing.T) {
	h := held{most: 100}
	h.give("a", 0)
	for _, c := range []struct {
		client string
		bytes  int64
		taken  bool
	}{{"a", 50, true}, {"a", 1, false}, {"b", 40, true}, {"c", 20, false}, {"c", 10, true}} {
		if h.take(link.ClientID(c.client), c.bytes) != c.taken {
			t.Errorf("%s takes %d: not %v", c.client, c.bytes, c.taken)
		}
	}
	h.give("a", 50)
	if !h.take("c", 20) || len(h.clients) != 2 {
		t.Errorf("after giving back: %v", h.clients)
	}
}
