package identity

import (
	"container/list"
	"sync"
)

// lru remembers at most size values and forgets those that were used longest ago. It is safe for
// concurrent use.
type lru[K comparable, V any] struct {
	mu    sync.Mutex
	size  int
	byKey map[K]*list.Element
	order list.List // of item[K, V], the last used first
}

type item[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](size int) *lru[K, V] {
	return &lru[K, V]{size: size, byKey: map[K]*list.Element{}}
}

func (l *lru[K, V]) get(key K) (value V, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.byKey[key]
	if !ok {
		return value, false
	}
	l.order.MoveToFront(e)
	return e.Value.(*item[K, V]).value, true
}

// put adds a value, or replaces it.
func (l *lru[K, V]) put(key K, value V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.byKey[key]; ok {
		e.Value.(*item[K, V]).value = value
		l.order.MoveToFront(e)
		return
	}
	if len(l.byKey) >= l.size {
		oldest := l.order.Back()
		delete(l.byKey, oldest.Value.(*item[K, V]).key)
		l.order.Remove(oldest)
	}
	l.byKey[key] = l.order.PushFront(&item[K, V]{key, value})
}

func (l *lru[K, V]) remove(key K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.byKey[key]; ok {
		delete(l.byKey, key)
		l.order.Remove(e)
	}
}

func (l *lru[K, V]) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.byKey)
}
