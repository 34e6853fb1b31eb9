package postgres

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/internal/pgdb"
	"smartlink/link"
)

// What names things in the store.
type (
	queueKey struct {
		tenant uuid.UUID
		qid    int64
	}
	messageKey struct{ tenant, id uuid.UUID }
	rowKey     struct {
		messageKey
		qid int64
	}
	orderKey struct {
		queueKey
		okey string
	}
	tagKey struct {
		tenant uuid.UUID
		tag    int64
	}
	requestKey struct{ tenant, key uuid.UUID }
	routeKey   struct {
		tenant uuid.UUID
		typ    string
	}
	healthKey struct {
		queue.Name
		installation string
	}
)

// queueInfo is a queue as a group sees it.
type queueInfo struct {
	queueKey
	name         queue.Name
	requeueMax   int
	hold, paused bool
	pausedReason string
}

// row is a delivery while a group works on it: what the store holds, and after that what the group
// makes of it.
type row struct {
	rowKey
	queue     *queueInfo
	pos       int64
	state     link.State
	okey      string
	size      int
	attempt   int
	requeues  int
	lost      int
	due       *time.Time // of a lease or a delay
	settledAt *time.Time
	dead      link.DeadReason
	reason    string
	holds     bool

	tag          int64 // of the open lease; 0: none
	leasedAt     *time.Time
	installation string

	locked bool // else it was only looked at, and may be another one meanwhile
	fresh  bool // not stored yet
	dirty  bool // changed since it was stored
}

// n is the number of the open lease.
func (r *row) n() int { return r.attempt + 1 }

func (r *row) order() orderKey { return orderKey{r.queue.queueKey, r.okey} }

// key is an ordering key that the group has locked.
type key struct {
	orderKey
	n     int64 // outstanding
	dirty bool

	// What comes next in the store: known tells that the group has looked, next is nil when nothing
	// stood behind. mine is what the group itself put behind.
	known bool
	next  *row
	mine  []*row
}

// tally is how a group changes the counts of a queue.
type tally struct {
	ready, leased, behind, delayed, acked, dead, discarded int64

	lastGet      *time.Time // nil: nobody read
	installation string

	figures link.QueueFigures
}

// counts tells whether there is something to add to the queue's counts.
func (t *tally) counts() bool {
	x := *t
	x.figures = link.QueueFigures{}
	return x != tally{}
}

func (t *tally) of(s link.State) *int64 {
	switch s {
	case link.StateReady:
		return &t.ready
	case link.StateLeased:
		return &t.leased
	case link.StateBehind:
		return &t.behind
	case link.StateDelayed:
		return &t.delayed
	case link.StateAcked:
		return &t.acked
	case link.StateDead:
		return &t.dead
	default:
		return &t.discarded
	}
}

// The order in which locks are taken, everywhere the same.

func compareUUID(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

func compareQueues(a, b queueKey) int {
	return cmp.Or(compareUUID(a.tenant, b.tenant), cmp.Compare(a.qid, b.qid))
}

func compareOrders(a, b orderKey) int {
	return cmp.Or(compareQueues(a.queueKey, b.queueKey), strings.Compare(a.okey, b.okey))
}

func compareMessages(a, b messageKey) int {
	return cmp.Or(compareUUID(a.tenant, b.tenant), compareUUID(a.id, b.id))
}

func compareRows(a, b rowKey) int {
	return cmp.Or(compareMessages(a.messageKey, b.messageKey), cmp.Compare(a.qid, b.qid))
}

func compareRequests(a, b requestKey) int {
	return cmp.Or(compareUUID(a.tenant, b.tenant), compareUUID(a.key, b.key))
}

func compareHealths(a, b healthKey) int {
	return cmp.Or(compareUUID(a.Tenant, b.Tenant), strings.Compare(string(a.Client), string(b.Client)), strings.Compare(a.installation, b.installation))
}

// set collects keys, each once.
type set[K comparable] map[K]struct{}

func (s set[K]) add(k K) { s[k] = struct{}{} }

func (s set[K]) sorted(compare func(a, b K) int) []K {
	list := make([]K, 0, len(s))
	for k := range s {
		list = append(list, k)
	}
	slices.SortFunc(list, compare)
	return list
}

// column takes one field out of each element, for a statement that works on many rows.
func column[T, C any](list []T, field func(T) C) []C {
	out := make([]C, len(list))
	for i, x := range list {
		out[i] = field(x)
	}
	return out
}

// text is s as PostgreSQL can hold it: without NUL and broken UTF-8.
func text(s string) string {
	return pgdb.Text(s)
}

// sortBy sorts a list by keys, in the order of locks.
func sortBy[T, K any](list []T, compare func(a, b K) int, of func(T) K) {
	slices.SortStableFunc(list, func(a, b T) int { return compare(of(a), of(b)) })
}
