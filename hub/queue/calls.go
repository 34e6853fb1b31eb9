package queue

import "sync"

// calls counts the calls going on, so that a stop knows when none is left. The zero value takes
// calls.
type calls struct {
	mu      sync.Mutex
	n       int
	refused bool
	none    chan struct{} // made when somebody waits; closed when no call is left
}

// enter begins a call. False: none is taken any more.
func (c *calls) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused {
		return false
	}
	c.n++
	return true
}

// leave ends a call.
func (c *calls) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n--
	if c.n == 0 && c.none != nil {
		close(c.none)
	}
}

// refuse takes no calls from now on.
func (c *calls) refuse() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused = true
}

// ended is closed when the last call has ended. It is asked for once, after refuse.
func (c *calls) ended() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.none = make(chan struct{})
	if c.n == 0 {
		close(c.none)
	}
	return c.none
}
