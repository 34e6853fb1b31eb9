package queue

import "sync"

// waiters are the readers waiting for something ready, by queue. The zero value is empty.
type waiters struct {
	mu sync.Mutex
	m  map[Name]map[*waiter]struct{}
}

type waiter struct {
	queue Name
	c     chan struct{} // closed to wake
	woken bool
}

// join registers a reader of a queue.
func (w *waiters) join(q Name) *waiter {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.m == nil {
		w.m = map[Name]map[*waiter]struct{}{}
	}
	if w.m[q] == nil {
		w.m[q] = map[*waiter]struct{}{}
	}
	x := &waiter{queue: q, c: make(chan struct{})}
	w.m[q][x] = struct{}{}
	return x
}

// leave takes a reader out.
func (w *waiters) leave(x *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.m[x.queue], x)
	if len(w.m[x.queue]) == 0 {
		delete(w.m, x.queue)
	}
}

// wake wakes the readers of a queue.
func (w *waiters) wake(q Name) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for x := range w.m[q] {
		x.wake()
	}
}

// all wakes everybody.
func (w *waiters) all() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, q := range w.m {
		for x := range q {
			x.wake()
		}
	}
}

func (x *waiter) wake() {
	if !x.woken {
		x.woken = true
		close(x.c)
	}
}
