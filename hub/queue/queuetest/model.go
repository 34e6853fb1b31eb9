package queuetest

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// model is what a store should be like, in the plainest way: lists, no indexes, no memory apart. It
// knows one tenant, one message type that every queue hears, and the driver's view of time: leases
// and delays end with a tick.
type model struct {
	now    time.Time
	queues []*modelQueue
	seen   map[string]modelRequest // by request key
	leases map[int64]*modelMessage // every tag ever issued; the message holds the open one
	sent   int
}

type modelQueue struct {
	name     queue.Name
	limit    int
	hold     bool
	paused   bool
	messages []*modelMessage // in order
	hours    map[time.Time]*modelHour
}

// modelHour is what happened in a queue within one hour, and how many waited at its end.
type modelHour struct {
	link.QueueFigures
	waiting int64
}

// hour is the hour that it is now.
func (m *model) hour(q *modelQueue) *modelHour {
	at := m.now.Truncate(time.Hour)
	if q.hours == nil {
		q.hours = map[time.Time]*modelHour{}
	}
	if q.hours[at] == nil {
		q.hours[at] = &modelHour{}
	}
	return q.hours[at]
}

type modelMessage struct {
	id                      uuid.UUID
	place                   int
	key                     string
	state                   link.State
	attempt, requeues, lost int
	due                     time.Time // of a delayed one
	tag                     int64     // of the open lease
	until                   time.Time
	deadReason              link.DeadReason
	holds                   bool
	installation            string    // of the last lease
	ended                   time.Time // when retention began; zero: it has not
	queue                   *modelQueue
}

type modelRequest struct {
	id      uuid.UUID
	content byte
	at      time.Time
}

// mayBeGone tells whether a message has ended everywhere and its retention is over, so that it need not
// be known any more. What waits, is dead, or was never answered by the installation that took it, is
// kept whatever time passes.
func (m *model) mayBeGone(id uuid.UUID) bool {
	for _, q := range m.queues {
		for _, d := range q.messages {
			if d.id == id && (d.ended.IsZero() || !queue.DayOver(queue.Day(d.ended), machineRetention, m.now)) {
				return false
			}
		}
	}
	return true
}

// publish stores a message in every queue, or finds that it is a repeat.
func (m *model) publish(id uuid.UUID, key, request string, content byte) (first uuid.UUID, duplicate bool, code link.Code) {
	if request != "" {
		if r, known := m.seen[request]; known && m.now.Before(r.at.Add(link.DedupeWindow)) {
			if r.content != content {
				return uuid.Nil, false, link.CodeIdempotency
			}
			return r.id, true, ""
		}
		m.seen[request] = modelRequest{id, content, m.now}
	}
	m.sent++
	for _, q := range m.queues {
		d := &modelMessage{id: id, place: m.sent, key: key, state: link.StateReady, queue: q}
		if key != "" && slices.ContainsFunc(q.messages, func(o *modelMessage) bool { return o.key == key && o.outstanding() }) {
			d.state = link.StateBehind
		}
		q.messages = append(q.messages, d)
		m.hour(q).Published++
	}
	return id, false, ""
}

// outstanding tells whether later ones of the key must wait.
func (d *modelMessage) outstanding() bool {
	return d.holds || d.waiting()
}

func (d *modelMessage) waiting() bool {
	return d.state != link.StateAcked && d.state != link.StateDead && d.state != link.StateDiscarded
}

// ready lists what may be leased.
func (q *modelQueue) ready() []*modelMessage {
	if q.paused {
		return nil
	}
	list := slices.DeleteFunc(slices.Clone(q.messages), func(d *modelMessage) bool { return d.state != link.StateReady })
	slices.SortFunc(list, func(a, b *modelMessage) int { return cmp.Compare(a.place, b.place) })
	return list
}

// lease notes that a message was handed out.
func (m *model) lease(d *modelMessage, tag int64, until time.Time) {
	d.state, d.tag, d.until = link.StateLeased, tag, until
	m.leases[tag] = d
	m.hour(d.queue).Delivered++
}

// foreign tells whether a tag was issued by another queue than q. While its lease is open it is
// unknown to q, later it may as well be told as ended.
func (m *model) foreign(q *modelQueue, tag int64) bool {
	return m.leases[tag] != nil && m.leases[tag].queue != q
}

// settle settles one tag; backoff is the delay of a requeue.
func (m *model) settle(q *modelQueue, tag int64, how queue.How, backoff func(int) time.Duration) link.Code {
	d := m.leases[tag]
	switch {
	case d == nil, m.foreign(q, tag):
		return link.CodeTagUnknown
	case d.tag != tag, !m.now.Before(d.until):
		return link.CodeLeaseEnded
	}
	d.tag = 0
	switch how {
	case queue.Release:
		d.state = link.StateReady
		return ""
	case queue.Ack:
		d.state = link.StateAcked
		m.hour(q).Acked++
		if d.installation == "" {
			d.ended = m.now
		}
	case queue.Dead:
		d.state, d.deadReason = link.StateDead, link.DeadByReceiver
	case queue.Requeue:
		d.requeues++
		if d.requeues <= q.limit {
			d.attempt++
			m.hour(q).Requeued++
			d.state, d.due = link.StateDelayed, m.now.Add(backoff(d.requeues-1))
			return ""
		}
		d.state, d.deadReason = link.StateDead, link.DeadRequeueLimit
	}
	if d.state == link.StateDead {
		m.hour(q).Dead++
	}
	d.attempt++
	q.left(d)
	return ""
}

// left lets the next of a message's key go on, unless it died and the queue holds.
func (q *modelQueue) left(d *modelMessage) {
	d.holds = d.state == link.StateDead && q.hold && d.key != ""
	if !d.holds {
		q.goOn(d.key)
	}
}

// goOn lets the next of a key go on.
func (q *modelQueue) goOn(key string) {
	slices.SortFunc(q.messages, func(a, b *modelMessage) int { return cmp.Compare(a.place, b.place) })
	for _, d := range q.messages {
		if key != "" && d.key == key && d.state == link.StateBehind {
			d.state = link.StateReady
			return
		}
	}
}

// tick ends leases and delays.
func (m *model) tick() {
	for _, q := range m.queues {
		for _, d := range q.messages {
			switch {
			case d.state == link.StateLeased && !m.now.Before(d.until):
				d.tag = 0
				d.attempt++
				d.lost++
				m.hour(q).Lost++
				d.state = link.StateReady
				if d.lost > link.LostMax(q.limit) {
					d.state, d.deadReason = link.StateDead, link.DeadLeaseLostLimit
					m.hour(q).Dead++
					q.left(d)
				}
			case d.state == link.StateDelayed && !m.now.Before(d.due):
				d.state = link.StateReady
			}
		}
	}
}

// reopen ends every lease, counted as an attempt only.
func (m *model) reopen() {
	for _, q := range m.queues {
		for _, d := range q.messages {
			if d.state == link.StateLeased {
				d.state, d.tag = link.StateReady, 0
				d.attempt++
			}
		}
	}
}

// due tells whether a tick is worth it now.
func (m *model) due() bool {
	for _, q := range m.queues {
		for _, d := range q.messages {
			if d.state == link.StateLeased && !m.now.Before(d.until) || d.state == link.StateDelayed && !m.now.Before(d.due) {
				return true
			}
		}
	}
	return false
}

// counts are a queue's messages by state.
func (q *modelQueue) counts() map[link.State]int64 {
	c := map[link.State]int64{}
	for _, d := range q.messages {
		c[d.state]++
	}
	return c
}

// waiting is how many wait.
func (q *modelQueue) waiting() int64 {
	n := int64(0)
	for _, d := range q.messages {
		if d.waiting() {
			n++
		}
	}
	return n
}

// setHold switches holding on or off.
func (q *modelQueue) setHold(hold bool) {
	if q.hold && !hold {
		for _, d := range slices.Clone(q.messages) {
			if d.holds {
				d.holds = false
				q.goOn(d.key)
			}
		}
	}
	q.hold = hold
}

// redrive sends a dead letter on.
func (m *model) redrive(d *modelMessage) link.Code {
	if d.state != link.StateDead {
		return link.CodeNotNow
	}
	state := link.StateReady
	if !d.holds {
		m.sent++
		d.place = m.sent
		if d.key != "" && slices.ContainsFunc(d.queue.messages, func(o *modelMessage) bool { return o.key == d.key && o.outstanding() }) {
			state = link.StateBehind
		}
	}
	m.hour(d.queue).Redriven++
	d.state, d.holds, d.requeues, d.lost, d.deadReason = state, false, 0, 0, ""
	return ""
}

// discard gives a message up.
func (m *model) discard(d *modelMessage) link.Code {
	was, held := d.state, d.holds
	if was == link.StateLeased || was == link.StateAcked || was == link.StateDiscarded {
		return link.CodeNotNow
	}
	d.state, d.holds, d.deadReason, d.ended = link.StateDiscarded, false, "", m.now
	m.hour(d.queue).Discarded++
	if was == link.StateReady || was == link.StateDelayed || held {
		d.queue.goOn(d.key)
	}
	return ""
}

// extend moves a lease's end.
func (m *model) extend(q *modelQueue, tag int64, lease time.Duration) link.Code {
	d := m.leases[tag]
	switch {
	case d == nil, m.foreign(q, tag):
		return link.CodeTagUnknown
	case d.tag != tag, !m.now.Before(d.until):
		return link.CodeLeaseEnded
	}
	d.until = m.now.Add(lease)
	return ""
}
