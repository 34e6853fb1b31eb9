package sqlite

import (
	"encoding/json"
	"slices"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// publish stores a message, one delivery for each queue it goes to, and what it tells: an answer's
// outcome, reports, metrics. Refused or repeated, it changes nothing.
func (g *group) publish(p *queue.Publish) (queue.Result, error) {
	to, answered, err := g.route(p)
	if err != nil {
		return refused(err)
	}
	var key []byte
	if p.Dedupe != nil {
		d := queue.RequestDigest(&p.Message, p.Dedupe.Key)
		key = d[:]
	}
	if p.Dedupe != nil && g.oldRequests() {
		if old, has := queue.OldRequestDigest(&p.Message, p.Dedupe.Key); has {
			if r, seen, err := g.seen(p, old[:]); seen || err != nil {
				return r, err
			}
		}
	}
	if len(to) == 0 && !p.Route.Optional {
		// A repeat of what was accepted is a repeat, also when its receiver has left meanwhile.
		if r, seen, err := g.seen(p, key); seen || err != nil {
			return r, err
		}
		return refused(link.NewError(link.CodeNoRoute, "audience", p.Message.Audience, "type", p.Message.Type))
	}
	if p.Dedupe != nil {
		if r, seen, err := g.firstTime(p, key); seen || err != nil {
			return r, err
		}
	}

	m := &p.Message
	m.CreatedAt = moment(g.now)
	if m.RootID == uuid.Nil {
		m.RootID = m.ID
	}
	result := queue.PublishResult{ID: m.ID, AnswerLate: p.Answer != nil && answered == nil}
	if p.Metrics != nil { // the report before it may be taken back
		if err := g.writeSent(); err != nil {
			return queue.Result{}, err
		}
	}
	var mid int64
	if len(to) > 0 || !p.Route.Transient {
		if mid, err = g.store(m, p.Keys); err != nil {
			return queue.Result{}, err
		}
		if len(to) == 0 {
			if _, err := g.st.loneAdd.exec(mid, g.now); err != nil {
				return queue.Result{}, err
			}
		}
	}
	if p.Metrics != nil {
		if err := g.metrics(p, mid); err != nil {
			return queue.Result{}, err
		}
	}
	for _, q := range to {
		if err := g.enqueue(q, mid, m); err != nil {
			return queue.Result{}, err
		}
		result.Queues = append(result.Queues, q.name)
	}
	if answered != nil {
		if err := g.outcome(p, answered); err != nil {
			return queue.Result{}, err
		}
	}
	if err := g.reports(p); err != nil {
		return queue.Result{}, err
	}
	return queue.Result{Publish: result}, nil
}

// refused is a business outcome, which does not fail the group.
func refused(err error) (queue.Result, error) {
	if err == nil {
		return queue.Result{}, nil
	}
	if _, business := err.(*link.Error); business {
		return queue.Result{Err: err}, nil
	}
	return queue.Result{}, err
}

// answered is the delivery that an answer belongs to.
type answered struct {
	mid   int64
	queue *queueState
	day   string // of the history it has moved to; "": it has not
	again bool   // the history has an answer of this number already
}

// route finds the queues a message goes to and, for an answer, what it answers; nil when that is
// not known any more.
func (g *group) route(p *queue.Publish) ([]*queueState, *answered, error) {
	m := &p.Message
	var matching []*queueState
	for _, q := range g.m.routes[routeKey{m.TenantID, m.Type}] {
		if p.Route.All || slices.Contains(p.Route.Clients, q.name.Client) {
			matching = append(matching, q)
		}
	}
	if p.Answer == nil {
		return matching, nil, nil
	}
	a, asker, err := g.answers(p)
	if err != nil || a == nil {
		return matching, nil, err
	}
	if !p.Route.All {
		if i := slices.IndexFunc(matching, func(q *queueState) bool { return q.name.Client == asker }); i >= 0 {
			matching = matching[i : i+1]
		}
	}
	return matching, a, nil
}

// answers finds the delivery that an answer belongs to, also in the history, and who sent that message;
// nil when it is not known any more.
func (g *group) answers(p *queue.Publish) (*answered, link.ClientID, error) {
	m := &p.Message
	a := &answered{queue: g.m.queues[queue.Name{Tenant: m.TenantID, Client: m.Sender.ClientID}]}
	row, err := g.message(p.Answer.To, m.TenantID)
	if err != nil {
		return nil, "", err
	}
	var asker string
	holds := false
	if row == nil {
		if asker, holds, err = g.answersMoved(p, a); err != nil || a.mid == 0 {
			return nil, "", err
		}
	} else {
		a.mid, asker = row[0].(int64), row[1].(string)
		if a.queue != nil {
			if row, err = g.st.deliveryHas.one(a.mid, a.queue.id); err != nil {
				return nil, "", err
			}
			holds = row != nil
		}
	}
	if !holds {
		return nil, "", link.NewError(link.CodeNotYourMessage, "id", p.Answer.To.String())
	}
	return a, link.ClientID(asker), nil
}

// oldRequests tells whether requests within the window may have their old names.
func (g *group) oldRequests() bool {
	return g.s.oldRequests > 0 && g.s.oldRequests+link.DedupeWindow.Microseconds() > g.steady
}

// firstTime notes a request, or tells that it was seen.
func (g *group) firstTime(p *queue.Publish, key []byte) (queue.Result, bool, error) {
	for {
		g.s.numbers.dedupe++
		n, err := g.st.dedupeAdd.exec(g.s.numbers.dedupe, key, p.Dedupe.Hash[:], p.Message.ID[:], g.steady)
		if err != nil {
			return queue.Result{}, false, err
		}
		if n == 1 {
			g.noted = true
			return queue.Result{}, false, nil
		}
		if r, seen, err := g.seen(p, key); seen || err != nil {
			return r, seen, err
		}
		if _, err := g.st.dedupeDrop.exec(key); err != nil { // it is past the window
			return queue.Result{}, false, err
		}
	}
}

// seen answers a request that was seen within the window.
func (g *group) seen(p *queue.Publish, key []byte) (queue.Result, bool, error) {
	if p.Dedupe == nil {
		return queue.Result{}, false, nil
	}
	row, err := g.st.dedupeFind.one(key)
	if err != nil || row == nil || row[2].(int64)+link.DedupeWindow.Microseconds() <= g.steady {
		return queue.Result{}, false, err
	}
	if err := g.writeSent(); err != nil {
		return queue.Result{}, false, err
	}
	first := uuid.UUID(row[1].([]byte))
	if [32]byte(row[0].([]byte)) != p.Dedupe.Hash {
		return queue.Result{Err: link.NewError(link.CodeIdempotency, "first", first.String())}, true, nil
	}
	r := queue.PublishResult{ID: first, Duplicate: true}
	err = g.st.messageQueues.each(func(row []any) error {
		r.Queues = append(r.Queues, g.m.byID[row[0].(int64)].name)
		return nil
	}, first[:], p.Message.TenantID[:])
	if err == nil && len(r.Queues) == 0 {
		r.Queues, err = g.queuesMoved(p.Message.TenantID, first)
	}
	return queue.Result{Publish: r}, true, err
}

// enqueue puts a message into a queue: ready, or behind an earlier one of its ordering key.
func (g *group) enqueue(q *queueState, mid int64, m *link.Message) error {
	state, okey := link.StateReady, any(nil)
	if m.OrderingKey != "" {
		okey = m.OrderingKey
		row, err := g.st.orderingAdd.one(q.id, okey)
		if err != nil {
			return err
		}
		if row[0].(int64) > 1 {
			state = link.StateBehind
		}
	}
	g.deliveries = append(g.deliveries, deliveryRow{mid, q.id, state, okey, int64(len(m.Body))})
	g.count(q, state, 1)
	g.happened(q).Published++
	if state == link.StateReady {
		g.ready = append(g.ready, placed{q, entry{pos: mid, mid: mid, okey: m.OrderingKey, size: len(m.Body)}})
	}
	return nil
}

// outcome notes what an answer says; of one number the first answer stands.
func (g *group) outcome(p *queue.Publish, to *answered) error {
	if to.again {
		return nil
	}
	if err := g.late(to.mid, to.day); err != nil {
		return err
	}
	a := p.Answer
	faults := ""
	if len(a.Errors) > 0 {
		b, err := json.Marshal(a.Errors)
		if err != nil {
			return err
		}
		faults = string(b)
	}
	n, err := g.st.outcomeAdd.exec(to.mid, to.queue.id, int64(a.Number), string(a.Status), a.Key, faults, p.Message.ID[:], g.now)
	if f := g.happened(to.queue); n > 0 && a.Status == link.ERPDone {
		f.Done++
	} else if n > 0 && a.Status == link.ERPRejected {
		f.Rejected++
	}
	return err
}

// reports notes states at the ERP's side, of messages that stand or stood in the sender's queue;
// others are not the sender's to tell of.
func (g *group) reports(p *queue.Publish) error {
	q := g.m.queues[queue.Name{Tenant: p.Message.TenantID, Client: p.Message.Sender.ClientID}]
	if q == nil {
		return nil
	}
	for i := range p.Report {
		r := &p.Report[i]
		row, err := g.message(r.ID, p.Message.TenantID)
		if err != nil {
			return err
		}
		var mid int64
		if row == nil {
			if mid, err = g.reportMoved(p.Message.TenantID, q, r); err != nil {
				return err
			}
			if mid == 0 {
				continue
			}
		} else {
			mid = row[0].(int64)
			if row, err = g.st.deliveryHas.one(mid, q.id); err != nil {
				return err
			}
			if row == nil {
				continue
			}
		}
		var next any
		if r.NextTry != nil {
			next = micros(*r.NextTry)
		}
		if _, err := g.st.reportAdd.exec(mid, q.id, r.Seq, string(r.State), int64(r.Attempt), micros(r.At), next, r.Code, r.Reason,
			g.now); err != nil {
			return err
		}
	}
	return nil
}

// metrics keeps an installation's last health, and takes its earlier message out of the queues that
// have not handed it out yet.
func (g *group) metrics(p *queue.Publish, mid int64) error {
	m := &p.Message
	row, err := g.st.healthFind.one(m.TenantID[:], string(m.Sender.ClientID), p.Metrics.Installation)
	if err != nil {
		return err
	}
	if row != nil {
		if err := g.replace(row[0].(int64)); err != nil {
			return err
		}
	}
	var stored any
	if mid > 0 {
		stored = mid
	}
	_, err = g.st.healthSet.exec(m.TenantID[:], string(m.Sender.ClientID), p.Metrics.Installation, g.now, m.ContentType,
		notNull(m.Body), stored)
	return err
}

// replace discards the unsent deliveries of a message.
func (g *group) replace(mid int64) error {
	var unsent []placed
	err := g.st.unsentMetrics.each(func(row []any) error {
		unsent = append(unsent, placed{g.m.byID[row[0].(int64)], readEntry(row[1:])})
		return nil
	}, mid)
	if err != nil {
		return err
	}
	for _, p := range unsent {
		if !g.withdraw(p) {
			continue
		}
		if _, err := g.st.settle.exec(string(link.StateDiscarded), int64(0), int64(p.entry.requeues), int64(p.entry.lost), g.now, nil,
			"replaced by a newer one", p.entry.mid, p.queue.id); err != nil {
			return err
		}
		g.count(p.queue, link.StateReady, -1)
		g.count(p.queue, link.StateDiscarded, 1)
		g.happened(p.queue).Discarded++
		if err := g.goOn(p.queue, p.entry.okey); err != nil {
			return err
		}
	}
	return nil
}

// withdraw takes a ready delivery out of reach of readers, before the commit. False: it is leased.
func (g *group) withdraw(p placed) bool {
	g.ready = slices.DeleteFunc(g.ready, func(r placed) bool { return r.queue == p.queue && r.entry.pos == p.entry.pos })
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	if p.queue.leased[p.entry.mid] != nil {
		return false
	}
	if e, here := p.queue.window.remove(p.entry.pos); here {
		g.withdrawn = append(g.withdrawn, placed{p.queue, e})
	}
	return true
}
