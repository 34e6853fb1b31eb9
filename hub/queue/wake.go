package queue

import "sync"

// waiters are who waits for something to happen to a queue or a message. The zero value is empty.
type waiters[K comparable] struct {
	mu sync.Mutex
	m  map[K]map[*waiter[K]]struct{}
}

type waiter[K comparable] struct {
	key   K
	c     chan struct{} // closed to wake
	woken bool
}

// join registers who waits.
func (w *waiters[K]) join(k K) *waiter[K] {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.m == nil {
		w.m = map[K]map[*waiter[K]]struct{}{}
	}
	if w.m[k] == nil {
		w.m[k] = map[*waiter[K]]struct{}{}
	}
	x := &waiter[K]{key: k, c: make(chan struct{})}
	w.m[k][x] = struct{}{}
	return x
}

// leave takes one out.
func (w *waiters[K]) leave(x *waiter[K]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.m[x.key], x)
	if len(w.m[x.key]) == 0 {
		delete(w.m, x.key)
	}
}

// wake wakes those who wait for a key.
func (w *waiters[K]) wake(k K) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for x := range w.m[k] {
		x.wake()
	}
}

// all wakes everybody.
func (w *waiters[K]) all() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, some := range w.m {
		for x := range some {
			x.wake()
		}
	}
}

func (x *waiter[K]) wake() {
	if !x.woken {
		x.woken = true
		close(x.c)
	}
}
