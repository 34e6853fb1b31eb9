package postgres

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/link"
)

// plan is what will become of a publish, as far as it can be told before any lock.
type plan struct {
	to       []*queueInfo
	answered *queueInfo // the queue of the delivery that is answered; nil: none is known
	err      error      // refused
	request  *request
	noRoute  bool // nobody hears it: refused unless it is a repeat
}

// request is a key that repeats are recognised by.
type request struct {
	requestKey
	by    int        // the operation of this group that is the first with it; -1: none stores
	first bool       // it is the first within the window
	old   *uuid.UUID // an older name that it may have; nil: none

	// Of an earlier group, when that was the first.
	seen   bool
	hash   [32]byte
	id     uuid.UUID
	queues []queue.Name
}

// plan finds where each publish goes.
func (g *group) plan() {
	sent := map[messageKey]asked{} // in this group
	for i, op := range g.ops {
		p, isPublish := op.(queue.OpPublish)
		if !isPublish {
			continue
		}
		to := &g.plans[i]
		g.route(&p.Publish, to, sent)
		if to.err != nil {
			continue
		}
		to.noRoute = len(to.to) == 0 && !p.Route.Optional
		if p.Dedupe != nil {
			k := requestKey{p.Message.TenantID, queue.RequestDigest(&p.Message, p.Dedupe.Key)}
			if g.requests[k] == nil {
				g.requests[k] = &request{requestKey: k, by: -1}
				if old, has := queue.OldRequestDigest(&p.Message, p.Dedupe.Key); has && g.oldNames() {
					g.requests[k].old = (*uuid.UUID)(&old)
				}
			}
			to.request = g.requests[k]
			if to.request.by < 0 && !to.noRoute {
				to.request.by = i
			}
		}
		if !to.noRoute {
			a := asked{asker: p.Message.Sender.ClientID, holders: set[int64]{}}
			for _, q := range to.to {
				a.holders.add(q.qid)
			}
			sent[messageKey{p.Message.TenantID, p.Message.ID}] = a
		}
	}
}

// route finds the queues a message goes to and, for an answer, what it answers.
func (g *group) route(p *queue.Publish, to *plan, sent map[messageKey]asked) {
	m := &p.Message
	for _, q := range g.routes[routeKey{m.TenantID, m.Type}] {
		if p.Route.All || slices.Contains(p.Route.Clients, q.name.Client) {
			to.to = append(to.to, q)
		}
	}
	if p.Answer == nil {
		return
	}
	id := messageKey{m.TenantID, p.Answer.To}
	a, known := sent[id]
	if stored := g.asked[id]; stored != nil {
		a, known = *stored, true
	}
	if !known {
		return
	}
	q := g.names[queue.Name{Tenant: m.TenantID, Client: m.Sender.ClientID}]
	if q != nil {
		if _, holds := a.holders[q.qid]; holds {
			to.answered = q
		}
	}
	if to.answered == nil {
		to.err = link.NewError(link.CodeNotYourMessage, "id", p.Answer.To.String())
		return
	}
	if !p.Route.All {
		if i := slices.IndexFunc(to.to, func(q *queueInfo) bool { return q.name.Client == a.asker }); i >= 0 {
			to.to = to.to[i : i+1]
		}
	}
}

// publish stores a message, one delivery for each queue it goes to, and what it tells: an answer's
// outcome, reports, metrics. Refused or repeated, it changes nothing.
func (g *group) publish(ctx context.Context, i int, p *queue.Publish) (queue.Result, error) {
	to := &g.plans[i]
	if to.err != nil {
		return queue.Result{Err: to.err}, nil
	}
	if r := to.request; r != nil {
		if result, repeat := g.repeat(i, p, r); repeat {
			return result, nil
		}
	}
	m := p.Message
	if to.noRoute {
		return queue.Result{Err: link.NewError(link.CodeNoRoute, "audience", m.Audience, "type", m.Type)}, nil
	}
	m.CreatedAt = g.now
	if m.RootID == uuid.Nil {
		m.RootID = m.ID
	}
	result := queue.PublishResult{ID: m.ID, AnswerLate: p.Answer != nil && to.answered == nil}
	kept := len(to.to) > 0 || !p.Route.Transient
	place := g.place()
	if kept {
		headers, err := jsonText(m.Headers, len(m.Headers))
		if err != nil {
			return queue.Result{}, err
		}
		g.messages = append(g.messages, stored{m, headers, place, p.Keys, len(to.to) == 0})
	}
	if p.Metrics != nil {
		if err := g.metrics(ctx, p, kept); err != nil {
			return queue.Result{}, err
		}
	}
	for _, q := range to.to {
		g.enqueue(q, &m, place)
		result.Queues = append(result.Queues, q.name)
	}
	if to.answered != nil {
		faults, err := jsonText(p.Answer.Errors, len(p.Answer.Errors))
		if err != nil {
			return queue.Result{}, err
		}
		g.outcomes = append(g.outcomes, outcome{rowKey{messageKey{m.TenantID, p.Answer.To}, to.answered.qid}, p.Answer, faults, m.ID})
	}
	g.report(p)
	return queue.Result{Publish: result}, nil
}

// jsonText is what is stored of a list or map: nothing when it is empty.
func jsonText(v any, n int) (string, error) {
	if n == 0 {
		return "", nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// repeat answers a request that was seen within the window.
func (g *group) repeat(i int, p *queue.Publish, r *request) (queue.Result, bool) {
	first, hash, queues := r.id, r.hash, r.queues
	switch {
	case r.first && r.by >= i:
		return queue.Result{}, false
	case r.first:
		earlier := g.ops[r.by].(queue.OpPublish)
		first, hash, queues = earlier.Message.ID, earlier.Dedupe.Hash, g.results[r.by].Publish.Queues
	case !r.seen:
		return queue.Result{}, false
	}
	if hash != p.Dedupe.Hash {
		return queue.Result{Err: link.NewError(link.CodeIdempotency, "first", first.String())}, true
	}
	return queue.Result{Publish: queue.PublishResult{ID: first, Duplicate: true, Queues: queues}}, true
}

// place is the next place in all queues.
func (g *group) place() int64 {
	p := g.places[0]
	g.places = g.places[1:]
	return p
}

// enqueue puts a message into a queue: ready, or behind an earlier one of its ordering key.
func (g *group) enqueue(q *queueInfo, m *link.Message, place int64) {
	r := &row{
		rowKey: rowKey{messageKey{m.TenantID, m.ID}, q.qid}, queue: q, pos: place, state: link.StateReady, okey: text(m.OrderingKey),
		size: len(m.Body), locked: true, fresh: true,
	}
	if r.okey != "" {
		r.state = g.join(r)
	}
	g.rows[r.rowKey] = r
	g.order = append(g.order, r)
	g.count(q.queueKey, r.state, 1)
	g.tally(q.queueKey).figures.Published++
	if r.state == link.StateReady {
		g.ready.add(q.queueKey)
		g.wake.add(q.name)
	}
}

// join adds a delivery to what is outstanding of its ordering key: it is ready when it is the only one.
func (g *group) join(r *row) link.State {
	k := g.keys[r.order()]
	k.n++
	k.dirty = true
	if k.n == 1 {
		return link.StateReady
	}
	k.mine = append(k.mine, r)
	return link.StateBehind
}

// report notes states at the ERP's side, of messages that stand or stood in the sender's queue; others
// are not the sender's to tell of. Of one delivery, a lower number than one before it tells nothing.
func (g *group) report(p *queue.Publish) {
	q := g.names[queue.Name{Tenant: p.Message.TenantID, Client: p.Message.Sender.ClientID}]
	if q == nil {
		return
	}
	for i := range p.Report {
		item := &p.Report[i]
		k := rowKey{messageKey{p.Message.TenantID, item.ID}, q.qid}
		if !slices.ContainsFunc(g.reports, func(r report) bool { return r.rowKey == k && r.item.Seq >= item.Seq }) {
			g.reports = append(g.reports, report{k, item})
		}
	}
}

// metrics keeps an installation's last health, and takes its earlier message out of the queues that
// have not handed it out yet.
func (g *group) metrics(ctx context.Context, p *queue.Publish, kept bool) error {
	m := &p.Message
	k := healthKey{queue.Name{Tenant: m.TenantID, Client: m.Sender.ClientID}, text(p.Metrics.Installation)}
	if earlier := g.health[k]; earlier != nil {
		for _, r := range slices.Clone(g.order) {
			if r.tenant != m.TenantID || r.id != *earlier || !r.locked || r.state != link.StateReady || r.attempt != 0 {
				continue
			}
			g.move(r, link.StateDiscarded)
			g.tally(r.queue.queueKey).figures.Discarded++
			r.settledAt, r.reason = &g.now, "replaced by a newer one"
			if err := g.goOn(ctx, r); err != nil {
				return err
			}
		}
	}
	h := healthRow{k, m.ContentType, m.Body, nil}
	if kept {
		id := m.ID
		h.message = &id
	}
	g.health[k] = h.message
	g.healths = slices.DeleteFunc(g.healths, func(o healthRow) bool { return o.healthKey == k })
	g.healths = append(g.healths, h)
	return nil
}

// clocksApart is how much the clocks of this machine and of the database may differ.
const clocksApart = time.Hour

// oldNames tells whether requests may be known by the names they had in earlier versions. A group that guesses
// does not know the time yet.
func (g *group) oldNames() bool {
	now := g.now
	if g.guessed.made {
		now = g.s.now().Add(-clocksApart)
	}
	return g.s.oldRequests.After(now.Add(-link.DedupeWindow))
}

// readRequests reads what earlier groups stored under requests.
func (g *group) readRequests(ctx context.Context, list []*request) error {
	byKey := map[requestKey]*request{}
	for _, r := range list {
		byKey[r.requestKey] = r
	}
	return g.readNamed(ctx, byKey)
}

// readOld reads what was stored under the old names of requests, and answers those of list that were not.
func (g *group) readOld(ctx context.Context, list []*request) ([]*request, error) {
	byKey := map[requestKey]*request{}
	for _, r := range list {
		if r.old != nil {
			byKey[requestKey{r.tenant, *r.old}] = r
		}
	}
	if err := g.readNamed(ctx, byKey); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(r *request) bool { return r.seen }), nil
}

func (g *group) readNamed(ctx context.Context, byKey map[requestKey]*request) error {
	if len(byKey) == 0 {
		return nil
	}
	var s sheet
	byFirst := map[messageKey][]*request{}
	keys := slices.Collect(maps.Keys(byKey))
	s.each(func(rows pgx.Rows) error {
		var k requestKey
		var hash []byte
		var id uuid.UUID
		if err := rows.Scan(&k.tenant, &k.key, &hash, &id); err != nil {
			return err
		}
		r := byKey[k]
		r.seen, r.hash, r.id = true, [32]byte(hash), id
		byFirst[messageKey{k.tenant, id}] = append(byFirst[messageKey{k.tenant, id}], r)
		return nil
	}, `SELECT r.tenant, r.key, r.hash, r.id FROM unnest($1::uuid[], $2::uuid[]) AS u (tenant, key)
		JOIN dedupe AS r ON r.tenant = u.tenant AND r.key = u.key WHERE r.at > $3`,
		column(keys, func(k requestKey) [16]byte { return k.tenant }), column(keys, func(k requestKey) [16]byte { return k.key }), g.now.Add(-link.DedupeWindow))
	if err := s.send(ctx, g.c); err != nil || len(byFirst) == 0 {
		return err
	}
	ids := slices.Collect(maps.Keys(byFirst))
	s = sheet{}
	s.each(func(rows pgx.Rows) error {
		var id messageKey
		name := queue.Name{}
		if err := rows.Scan(&id.tenant, &id.id, &name.Client); err != nil {
			return err
		}
		name.Tenant = id.tenant
		for _, r := range byFirst[id] {
			r.queues = append(r.queues, name)
		}
		return nil
	}, `SELECT d.tenant, d.id, q.client FROM unnest($1::uuid[], $2::uuid[]) AS u (tenant, id)
		JOIN delivery AS d ON d.tenant = u.tenant AND d.id = u.id JOIN queue AS q ON q.tenant = d.tenant AND q.qid = d.qid ORDER BY q.qid`,
		column(ids, func(k messageKey) [16]byte { return k.tenant }), column(ids, func(k messageKey) [16]byte { return k.id }))
	if err := s.send(ctx, g.c); err != nil {
		return err
	}
	return g.queuesBack(ctx, byFirst)
}
