package queuetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"smartlink/hub/queue"
	"smartlink/internal/clock"
	"smartlink/link"
)

// RunModel compares a driver with the model, over random sequences of everything an engine asks of
// it. It speaks to the driver itself, one operation or one group at a time, so a failure shrinks to
// the shortest sequence that shows it.
func RunModel(t *testing.T, fresh Factory) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(t, rt, fresh(t))
		defer func() { _ = m.driver.Close() }()
		rt.Repeat(map[string]func(*rapid.T){
			"publish": m.publish,
			"get":     m.get,
			"settle":  m.settle,
			"extend":  m.extend,
			"redrive": m.redrive,
			"discard": m.discard,
			"pause":   m.pause,
			"hold":    m.hold,
			"group":   m.group,
			"advance": m.advance,
			"tick":    func(rt *rapid.T) { m.apply(rt, queue.OpTick{}); m.model.tick() },
			"setup":   m.setup,
			"epoch":   func(rt *rapid.T) { m.apply(rt, queue.OpRaiseEpoch{}) },
			"reopen":  m.reopen,
			"crash":   m.crash,
			"keep":    m.keep,
			"":        m.check,
		})
		m.checkMessages(rt)
		m.checkSeries(rt)
	})
}

// machine runs a driver and the model side by side.
type machine struct {
	store  Store
	clock  *clock.Fake
	driver queue.Driver
	model  *model
	tenant uuid.UUID
	sender link.ClientID
	tags   []int64 // ever issued
}

const machineType = "A"

func newMachine(t testing.TB, rt *rapid.T, s Store) *machine {
	m := &machine{store: s, clock: clock.NewFake(began), tenant: link.NewID(), sender: link.NewClientID()}
	m.model = &model{now: began, seen: map[string]modelRequest{}, leases: map[int64]*modelMessage{}}
	m.open(rt)
	for i := range rapid.IntRange(1, 3).Draw(rt, "queues") {
		q := &modelQueue{name: queue.Name{Tenant: m.tenant, Client: link.NewClientID()}, limit: i}
		m.model.queues = append(m.model.queues, q)
		m.applySetup(rt, q)
	}
	return m
}

func (m *machine) open(rt *rapid.T) {
	d, err := m.store.Open(context.Background(), m.clock)
	if err != nil {
		rt.Fatalf("open: %v", err)
	}
	d.OnReady(func(queue.Name) {})
	d.Retain(func(uuid.UUID) queue.Retention { return queue.Retention{History: machineRetention} })
	m.driver = d
}

// applyAll applies a group.
func (m *machine) applyAll(rt *rapid.T, ops ...queue.Op) []queue.Result {
	r, err := m.driver.Apply(context.Background(), m.driver.Lane(m.tenant), ops)
	if err != nil {
		rt.Fatalf("apply: %v", err)
	}
	if len(r) != len(ops) {
		rt.Fatalf("%d results of %d operations", len(r), len(ops))
	}
	return r
}

// apply applies one operation that must not be refused.
func (m *machine) apply(rt *rapid.T, op queue.Op) queue.Result {
	r := m.applyAll(rt, op)[0]
	if r.Err != nil {
		rt.Fatalf("%T: %v", op, r.Err)
	}
	return r
}

func (m *machine) applySetup(rt *rapid.T, q *modelQueue) {
	m.apply(rt, queue.OpSetup{Setup: queue.Setup{Queue: q.name, Subscriptions: []string{machineType}, RequeueCountMax: q.limit}})
}

func (m *machine) setup(rt *rapid.T) {
	q := m.anyQueue(rt)
	q.limit = rapid.IntRange(0, 3).Draw(rt, "limit")
	m.applySetup(rt, q)
}

func (m *machine) anyQueue(rt *rapid.T) *modelQueue {
	return rapid.SampledFrom(m.model.queues).Draw(rt, "queue")
}

// publication is a publish and how to check its result.
func (m *machine) publication(rt *rapid.T) (queue.Op, func(queue.Result)) {
	key := rapid.SampledFrom([]string{"", "", "k1", "k2"}).Draw(rt, "key")
	request := rapid.SampledFrom([]string{"", "", "r1", "r2", "r3"}).Draw(rt, "request")
	content := rapid.ByteRange(1, 2).Draw(rt, "content")
	id := link.NewID()
	p := queue.Publish{
		Message: link.Message{
			ID: id, TenantID: m.tenant, Sender: link.Sender{App: "GESPLAN", ClientID: m.sender}, Type: machineType, Audience: link.LinkProxy,
			OrderingKey: key, ContentType: "application/json", Body: []byte("{}"),
		},
		Route: queue.Route{All: true},
	}
	if request != "" {
		p.Dedupe = &queue.Dedupe{Key: request, Hash: [32]byte{content}}
	}
	return queue.OpPublish{Publish: p}, func(r queue.Result) {
		first, duplicate, code := m.model.publish(id, key, request, content)
		if got := link.CodeOf(r.Err); got != code {
			rt.Fatalf("publish: %v, want %q", r.Err, code)
		}
		gone := duplicate && len(r.Publish.Queues) == 0 && m.model.mayBeGone(first)
		if code == "" && (r.Publish.ID != first || r.Publish.Duplicate != duplicate || len(r.Publish.Queues) != len(m.model.queues) && !gone) {
			rt.Fatalf("publish: %+v, want id %s, duplicate %v", r.Publish, first, duplicate)
		}
	}
}

func (m *machine) publish(rt *rapid.T) {
	op, check := m.publication(rt)
	check(m.applyAll(rt, op)[0])
}

// settlement is a settle of any tag, open or not, and how to check its result.
func (m *machine) settlement(rt *rapid.T) (queue.Op, func(queue.Result)) {
	q := m.anyQueue(rt)
	var items []queue.Settle
	for range rapid.IntRange(1, 3).Draw(rt, "items") {
		tag := rapid.SampledFrom(append(m.openTags(), append(m.tags, 7)...)).Draw(rt, "tag")
		items = append(items, queue.Settle{Tag: tag, How: rapid.SampledFrom(hows).Draw(rt, "how")})
	}
	backoff := func(n int) time.Duration { return requeueDelay << n }
	return queue.OpSettle{Queue: q.name, Items: items, Backoff: backoff}, func(r queue.Result) {
		for i, item := range items {
			got, want := link.CodeOf(r.Settle[i]), m.model.settle(q, item.Tag, item.How, backoff)
			if got == link.CodeLeaseEnded && m.model.foreign(q, item.Tag) && m.model.leases[item.Tag].tag != item.Tag {
				continue
			}
			if m.forgotten(got, want, item.Tag) {
				continue
			}
			if got != want {
				rt.Fatalf("settle %d of tag %d: %q, want %q", item.How, item.Tag, got, want)
			}
		}
	}
}

func (m *machine) openTags() []int64 {
	var open []int64
	for _, tag := range m.tags {
		if m.model.leases[tag].tag == tag {
			open = append(open, tag, tag, tag) // the likely ones
		}
	}
	return open
}

func (m *machine) settle(rt *rapid.T) {
	op, check := m.settlement(rt)
	check(m.applyAll(rt, op)[0])
}

func (m *machine) extend(rt *rapid.T) {
	q := m.anyQueue(rt)
	tag := rapid.SampledFrom(append(m.openTags(), append(m.tags, 7)...)).Draw(rt, "tag")
	lease := time.Duration(rapid.IntRange(5, 120).Draw(rt, "seconds")) * time.Second
	r := m.apply(rt, queue.OpExtend{Queue: q.name, Items: []queue.Extend{{Tag: tag, Lease: lease}}}).Extend[0]
	got, want := link.CodeOf(r.Err), m.model.extend(q, tag, lease)
	if got == link.CodeLeaseEnded && m.model.foreign(q, tag) && m.model.leases[tag].tag != tag {
		return
	}
	if m.forgotten(got, want, tag) {
		return
	}
	if got != want || want == "" && !r.Until.Equal(m.model.now.Add(lease)) {
		rt.Fatalf("extend tag %d: %q until %s, want %q until %s", tag, got, r.Until, want, m.model.now.Add(lease))
	}
}

// some draws messages of a queue, whatever their state, perhaps one twice.
func (m *machine) some(rt *rapid.T, q *modelQueue) (list []*modelMessage, ids []uuid.UUID) {
	if len(q.messages) == 0 {
		return nil, nil
	}
	for range rapid.IntRange(1, 3).Draw(rt, "messages") {
		d := rapid.SampledFrom(q.messages).Draw(rt, "message")
		list, ids = append(list, d), append(ids, d.id)
	}
	return list, ids
}

func (m *machine) redrive(rt *rapid.T) {
	q := m.anyQueue(rt)
	list, ids := m.some(rt, q)
	r := m.applyAll(rt, queue.OpRedrive{Redrive: queue.Redrive{Queue: q.name, IDs: ids, By: "maria"}})[0]
	if q.paused {
		if code := link.CodeOf(r.Err); code != link.CodeQueuePaused {
			rt.Fatalf("redrive into a paused queue: %q", code)
		}
		return
	}
	for i, d := range list {
		if got, want := link.CodeOf(r.Settle[i]), m.model.redrive(d); got != want && !m.gone(got, d) {
			rt.Fatalf("redrive %s: %q, want %q", d.id, got, want)
		}
	}
}

func (m *machine) discard(rt *rapid.T) {
	q := m.anyQueue(rt)
	list, ids := m.some(rt, q)
	r := m.apply(rt, queue.OpDiscard{Discard: queue.Discard{Queue: q.name, IDs: ids, Reason: "no", By: "maria"}})
	for i, d := range list {
		if got, want := link.CodeOf(r.Settle[i]), m.model.discard(d); got != want && !m.gone(got, d) {
			rt.Fatalf("discard %s: %q, want %q", d.id, got, want)
		}
	}
}

func (m *machine) hold(rt *rapid.T) {
	q := m.anyQueue(rt)
	q.setHold(rapid.Bool().Draw(rt, "hold"))
	m.apply(rt, queue.OpHold{Hold: queue.Hold{Queue: q.name, Hold: q.hold}})
}

func (m *machine) pause(rt *rapid.T) {
	q := m.anyQueue(rt)
	q.paused = rapid.Bool().Draw(rt, "paused")
	m.apply(rt, queue.OpPause{Pause: queue.Pause{Queue: q.name, Pause: q.paused, Reason: "month close"}})
}

// group applies several operations at once; each sees what the earlier ones did.
func (m *machine) group(rt *rapid.T) {
	var ops []queue.Op
	var checks []func(queue.Result)
	for range rapid.IntRange(2, 6).Draw(rt, "operations") {
		switch rapid.IntRange(0, 4).Draw(rt, "kind") {
		case 0, 1:
			op, check := m.publication(rt)
			ops, checks = append(ops, op), append(checks, check)
		case 2, 3:
			op, check := m.settlement(rt)
			ops, checks = append(ops, op), append(checks, check)
		default:
			ops, checks = append(ops, queue.OpTick{}), append(checks, func(queue.Result) { m.model.tick() })
		}
	}
	for i, r := range m.applyAll(rt, ops...) {
		checks[i](r)
	}
}

// get leases as the engine does, and compares with what the model has ready.
func (m *machine) get(rt *rapid.T) {
	q := m.anyQueue(rt)
	n := rapid.IntRange(1, 5).Draw(rt, "max")
	lease := time.Duration(rapid.IntRange(5, 60).Draw(rt, "seconds")) * time.Second
	installation := rapid.SampledFrom([]string{"", "inst"}).Draw(rt, "installation")
	got := m.lease(rt, queue.Get{Queue: q.name, Max: n, MaxBytes: link.MaxGetBytes, Lease: lease, Installation: installation})
	want := q.ready()
	want = want[:min(n, len(want))]
	if len(got) != len(want) {
		rt.Fatalf("got %d messages, want %d", len(got), len(want))
	}
	for i, d := range got {
		w := want[i]
		if d.Message.ID != w.id || d.Attempt != w.attempt+1 || d.RequeueCount != w.requeues || d.LostCount != w.lost {
			rt.Fatalf("delivery %d: got %s attempt %d requeued %d lost %d, want %s %d %d %d", i, d.Message.ID, d.Attempt, d.RequeueCount,
				d.LostCount, w.id, w.attempt+1, w.requeues, w.lost)
		}
		if m.model.leases[d.Tag] != nil {
			rt.Fatalf("tag %d was issued before", d.Tag)
		}
		m.model.lease(w, d.Tag, m.model.now.Add(lease))
		w.installation = installation
		m.tags = append(m.tags, d.Tag)
	}
}

// lease asks the driver until it has an answer.
func (m *machine) lease(rt *rapid.T, g queue.Get) []link.Delivery {
	for range 100 {
		c, err := m.driver.Choose(context.Background(), g)
		if err != nil {
			rt.Fatalf("choose: %v", err)
		}
		if c.Op == nil {
			return nil
		}
		r := m.apply(rt, c.Op)
		switch c.Then {
		case queue.ThenPost:
			return c.Deliveries
		case queue.ThenWait:
			return r.Delivered
		}
	}
	rt.Fatal("choosing does not end")
	return nil
}

// machineRetention is how long history is kept.
const machineRetention = link.Retention

// keep does a whole round of keeping, or the first steps of one, perhaps without what finishes the last.
func (m *machine) keep(rt *rapid.T) {
	o := queue.Keeping{Chunk: rapid.IntRange(1, 5).Draw(rt, "chunk")}
	for range rapid.SampledFrom([]int{1, 3, 1000}).Draw(rt, "steps") {
		step, err := m.driver.Keep(context.Background(), o)
		if err != nil {
			rt.Fatalf("keep: %v", err)
		}
		if step.Op != nil && rapid.IntRange(0, 3).Draw(rt, "finish") > 0 {
			m.apply(rt, step.Op)
		}
		if step.Done {
			return
		}
	}
}

// forgotten tells whether a tag is rightly unknown, though its lease was there and ended: it may have gone
// with its message's history.
func (m *machine) forgotten(got, want link.Code, tag int64) bool {
	return got == link.CodeTagUnknown && want == link.CodeLeaseEnded && m.model.mayBeGone(m.model.leases[tag].id)
}

// gone tells whether an answer is right because the message's retention may be over.
func (m *machine) gone(got link.Code, d *modelMessage) bool {
	return got == link.CodeMessageUnknown && m.model.mayBeGone(d.id)
}

func (m *machine) advance(rt *rapid.T) {
	d := rapid.SampledFrom([]time.Duration{
		time.Second, 10 * time.Second, requeueDelay, 3 * requeueDelay, link.DedupeWindow / 2,
	}).Draw(rt, "time")
	m.clock.Advance(d)
	m.model.now = m.model.now.Add(d)
}

func (m *machine) reopen(rt *rapid.T) {
	if err := m.driver.Reopen(context.Background()); err != nil {
		rt.Fatalf("reopen: %v", err)
	}
	m.reopened()
}

func (m *machine) crash(rt *rapid.T) {
	end := queue.Driver.Close
	if m.store.Crash != nil {
		end = func(d queue.Driver) error { return m.store.Crash(d) }
	}
	if err := end(m.driver); err != nil {
		rt.Fatalf("crash: %v", err)
	}
	m.open(rt)
	m.reopened()
}

func (m *machine) reopened() {
	if !m.store.KeepsLeases {
		m.model.reopen()
	}
}

// check compares what is cheap to see.
func (m *machine) check(rt *rapid.T) {
	infos, err := m.driver.Queues(context.Background(), m.tenant)
	if err != nil {
		rt.Fatalf("queues: %v", err)
	}
	byName := map[queue.Name]queue.Info{}
	for _, i := range infos {
		byName[i.Queue] = i
	}
	for _, q := range m.model.queues {
		m.model.hour(q).waiting = q.waiting()
		if got, want := countsText(byName[q.name].Counts.ByState()), countsText(q.counts()); got != want {
			rt.Fatalf("counts: got %s, want %s", got, want)
		}
	}
	in, ok := m.driver.NextDue(m.driver.Lane(m.tenant))
	if m.model.due() && (!ok || in > 0) {
		rt.Fatalf("a lease or delay is over at %s, but the next tick is due in %s (%v)", m.model.now, in, ok)
	}
}

// checkMessages compares every message's way, at the end.
func (m *machine) checkMessages(rt *rapid.T) {
	for _, q := range m.model.queues {
		waiting := map[uuid.UUID]link.State{}
		page, err := m.driver.Browse(context.Background(), queue.Browse{Queue: q.name, List: queue.ListWaiting, Limit: queue.MaxPage})
		if err != nil {
			rt.Fatalf("browse: %v", err)
		}
		for _, e := range page.Items {
			waiting[e.Message.ID] = e.State
		}
		for _, d := range q.messages {
			m.checkMessage(rt, q, d)
			if listed, here := waiting[d.id]; here != d.waiting() || here && listed != d.state {
				rt.Fatalf("message %s is %s, listed as %q", d.id, d.state, listed)
			}
		}
	}
}

func (m *machine) checkMessage(rt *rapid.T, q *modelQueue, d *modelMessage) {
	t, err := m.driver.Trace(context.Background(), m.tenant, d.id)
	if m.gone(link.CodeOf(err), d) {
		return
	}
	if err != nil {
		rt.Fatalf("trace: %v", err)
	}
	for _, way := range t.Trace.Queues {
		if way.Queue != q.name.String() {
			continue
		}
		attempt := d.attempt
		if d.state == link.StateLeased {
			attempt++
		}
		got := fmt.Sprint(way.State, way.Attempt, way.RequeueCount, way.LostCount, way.DeadReason)
		want := fmt.Sprint(d.state, attempt, d.requeues, d.lost, d.deadReason)
		if got != want {
			rt.Fatalf("message %s: got %s, want %s", d.id, got, want)
		}
		return
	}
	rt.Fatalf("message %s is not in its queue", d.id)
}

// checkSeries compares the counts with the messages, and with the model what was counted hour by hour, of
// those hours that are kept, and how many waited.
func (m *machine) checkSeries(rt *rapid.T) {
	counted, err := m.driver.Count(context.Background(), m.tenant)
	if err != nil {
		rt.Fatalf("count: %v", err)
	}
	for _, c := range counted {
		if kept, found := countsText(c.Kept), countsText(c.Found); kept != found {
			rt.Fatalf("counts %s, but messages are %s", kept, found)
		}
	}
	for _, q := range m.model.queues {
		since := m.model.now.Add(-queue.HoursKept)
		all, err := m.driver.Recorded(context.Background(), []queue.Name{q.name}, time.Hour, since)
		if err != nil {
			rt.Fatalf("figures: %v", err)
		}
		units := all[q.name].Units
		waiting := all[q.name].Waiting
		for _, u := range slices.Backward(units) {
			want := q.hours[u.At]
			if want == nil || u.QueueFigures != want.QueueFigures || waiting != want.waiting {
				rt.Fatalf("hour %s: got %+v with %d waiting, want %+v", u.At, u.QueueFigures, waiting, want)
			}
			waiting -= u.Net
		}
		for at, want := range q.hours {
			told := slices.ContainsFunc(units, func(u queue.Unit) bool { return u.At.Equal(at) })
			if !told && !at.Before(since) && want.QueueFigures != (link.QueueFigures{}) {
				rt.Fatalf("hour %s is not told: %+v", at, want)
			}
		}
	}
}
