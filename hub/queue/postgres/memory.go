package postgres

import (
	"errors"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/link"
)

// memory is what a store remembers of the database, so that a group need not look before it locks: the
// queues there are, where messages of a type go, and the leases this store gave. Others change the
// database too, so nothing of it is trusted: a group that guesses reads the same in the round trip of its
// locks, and begins anew without guessing where it finds something else. The zero value knows nothing.
type memory struct {
	mu     sync.Mutex
	queues map[queue.Name]queueKey
	routes map[routeKey][]queueInfo
	leases map[tagKey]lease
}

// lease is an open lease that this store gave, with what never changes of its delivery.
type lease struct {
	rowKey
	okey string
}

// remembered is how much of each kind is remembered; past it, all of the kind is forgotten, and learned anew.
const remembered = 20_000

// errWrongGuess: the database is not as the store remembered it. Nothing was stored.
var errWrongGuess = errors.New("the database has changed")

// guesses are what a group took from memory and has not found in the database yet.
type guesses struct {
	made  bool
	names set[queue.Name]
	found map[routeKey][]queueKey
	tags  set[tagKey]
	old   bool // a request was found by the name it had in an earlier version
}

// guess takes what the operations speak of from memory, as far as it matters for locks. False: it is not
// all there, or the operations need more than that.
func (g *group) guess(w *wanted) bool {
	if w.tick || len(w.asked)+len(w.ids) > 0 || g.ops[0].Alone() {
		return false
	}
	m := &g.s.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	names := map[queue.Name]queueInfo{}
	for n := range w.names {
		k, known := m.queues[n]
		if !known {
			return false
		}
		names[n] = queueInfo{queueKey: k, name: n}
	}
	for r := range w.routes {
		if _, known := m.routes[r]; !known {
			return false
		}
	}
	for t, q := range w.tags {
		if l, known := m.leases[t]; !known || l.qid != names[q].qid {
			return false
		}
	}
	for _, i := range names {
		g.queueOf(&i)
	}
	for r := range w.routes {
		list := make([]*queueInfo, len(m.routes[r]))
		for n, i := range m.routes[r] {
			list[n] = g.queueOf(&i)
		}
		g.routes[r] = list
	}
	for t, q := range w.tags {
		l := m.leases[t]
		r := &row{rowKey: l.rowKey, okey: l.okey, queue: g.names[q]}
		g.rows[r.rowKey], g.tagged[t] = r, r
		g.order = append(g.order, r)
	}
	g.guessed = guesses{made: true, names: set[queue.Name]{}, found: map[routeKey][]queueKey{}, tags: set[tagKey]{}}
	for n := range w.names {
		g.guessed.names.add(n)
	}
	for t := range w.tags {
		g.guessed.tags.add(t)
	}
	return true
}

// check reads what was guessed: names and routes here, leases when their rows are locked. What a group
// guesses besides is that no request has an old name; see checkOld.
func (g *group) check(s *sheet, w *wanted) {
	if len(w.names) > 0 {
		g.lookAtNames(s, w, func(i *queueInfo) {
			if known := g.names[i.name]; known != nil && known.queueKey == i.queueKey {
				*known = *i
				delete(g.guessed.names, i.name)
			}
		})
	}
	if len(w.routes) > 0 {
		g.lookAtRoutes(s, w, func(r routeKey, i *queueInfo) {
			if known := g.queues[i.queueKey]; known != nil {
				*known = *i
			}
			g.guessed.found[r] = append(g.guessed.found[r], i.queueKey)
		})
	}
}

// checkOld looks that no request is known by an old name.
func (g *group) checkOld(s *sheet) {
	var old []requestKey
	for k, r := range g.requests {
		if r.old != nil {
			old = append(old, requestKey{k.tenant, *r.old})
		}
	}
	if len(old) == 0 {
		return
	}
	s.each(func(pgx.Rows) error {
		g.guessed.old = true
		return nil
	}, `SELECT 1 FROM unnest($1::uuid[], $2::uuid[]) AS u (tenant, key) JOIN dedupe AS r ON r.tenant = u.tenant AND r.key = u.key
		WHERE r.at > coalesce($3, now()) - $4::interval LIMIT 1`, column(old, func(k requestKey) [16]byte { return k.tenant }),
		column(old, func(k requestKey) [16]byte { return k.key }), g.s.given(), link.DedupeWindow)
}

// wrong tells whether something else was found than was guessed, once the locks are taken.
func (g *group) wrong() bool {
	if !g.guessed.made {
		return false
	}
	for r, list := range g.routes {
		if !slices.EqualFunc(list, g.guessed.found[r], func(i *queueInfo, k queueKey) bool { return i.queueKey == k }) {
			return true
		}
	}
	for t := range g.guessed.tags {
		if r := g.tagged[t]; !r.locked || r.tag != t.tag {
			return true
		}
	}
	return len(g.guessed.names) > 0 || g.guessed.old
}

// forget lets go of what the operations speak of.
func (m *memory) forget(w *wanted) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for n := range w.names {
		delete(m.queues, n)
	}
	for r := range w.routes {
		delete(m.routes, r)
	}
	for t := range w.tags {
		delete(m.leases, t)
	}
}

// learn takes over what a group that is stored has read and done.
func (m *memory) learn(g *group) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !g.guessed.made {
		for n, i := range g.names {
			remember(&m.queues, n, i.queueKey)
		}
		for r := range g.wanted.routes {
			list := make([]queueInfo, len(g.routes[r]))
			for n, i := range g.routes[r] {
				list[n] = *i
			}
			remember(&m.routes, r, list)
		}
	}
	for _, t := range g.closed {
		delete(m.leases, t)
	}
	for _, r := range g.leased {
		remember(&m.leases, tagKey{r.tenant, r.tag}, lease{r.rowKey, r.okey})
	}
}

func remember[K comparable, V any](m *map[K]V, k K, v V) {
	if *m == nil || len(*m) >= remembered {
		*m = map[K]V{}
	}
	(*m)[k] = v
}

// knows tells a queue's key.
func (m *memory) knows(n queue.Name) (queueKey, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, known := m.queues[n]
	return k, known
}
