package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue"
	"smartlink/hub/queue/postgres"
	"smartlink/hub/search"
	"smartlink/internal/clock"
	"smartlink/link"
)

// What a steady run is made of.
const (
	steadyTenants = 20              // each with a product and an agent
	steadyKeys    = 100             // ordering keys of one tenant; every second message has one
	steadyDay     = 2 * time.Minute // of real time, for one of the store's
	steadyKeep    = 5 * time.Second // between rounds of keeping
	steadyRecent  = time.Minute     // so long what has ended stays where it is
	steadySenders = 8
	steadyBatch   = 50
	steadyWait    = 5 * time.Second // of a reader
	response      = command + "Response"
)

// Of a thousand deliveries so many do not end with an acknowledgement, and of a thousand answers so many
// say no.
const (
	steadyRequeues = 40
	steadyDead     = 10
	steadyLost     = 5
	steadyRejected = 30
)

// shortDays is a clock whose days are over after steadyDay: at the end of each it jumps to the next. Timers
// and what lasts a while go by real time.
type shortDays struct {
	clock.Clock
	began time.Time
}

func newShortDays() shortDays {
	now := clock.Real.Now()
	return shortDays{clock.Real, now}
}

// Now is as far into the day as it is in reality since it began, of as many days as there were.
func (c shortDays) Now() time.Time {
	now := c.Clock.Now()
	days := now.Sub(c.began) / steadyDay
	return now.Add(days * (24*time.Hour - steadyDay))
}

// steady is a run of traffic as it is, for hours, on queues in PostgreSQL, which looks at what becomes of
// the tables.
type steady struct {
	engine  *queue.Engine
	paths   search.Paths
	tenants []steadyTenant
	count   steadyCounts
	number  atomic.Int64
}

type steadyTenant struct {
	id            uuid.UUID
	product, erp  link.ClientID
	toERP, toSend queue.Name
}

// steadyCounts is what has been done.
type steadyCounts struct {
	Sent, Answered, Acked, Requeued, Dead, Lost, Late, Redriven atomic.Int64
}

// runSteady has so many commands a second sent, taken and answered for a time, and writes once a minute
// into a folder what the tables have come to: steady.csv grows, steady.md is the table so far. The table
// stands on out at the end.
func runSteady(ctx context.Context, o options, out io.Writer) error {
	if why := noPostgres(nil); why != "" {
		return errors.New(why)
	}
	return inSchema(ctx, func(ctx context.Context, database string) (err error) {
		looker, err := pgx.Connect(ctx, database)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, looker.Close(context.WithoutCancel(ctx))) }()
		days := newShortDays()
		store, err := postgres.Open(ctx, database, postgres.Options{Clock: days})
		if err != nil {
			return err
		}
		s := &steady{engine: queue.New(store, queue.Options{
			Clock: days, Keep: queue.KeepOptions{Every: steadyKeep, Recent: steadyRecent},
			Retention: func(uuid.UUID) queue.Retention { return queue.Retention{Dead: 2 * 24 * time.Hour} },
		})}
		if err := s.engine.Start(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.engine.Stop(context.WithoutCancel(ctx))) }()
		if err := s.setup(ctx); err != nil {
			return err
		}
		sizes, err := newSizes(o.dir, o.steady, o.rate)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, sizes.close(), sizes.table(out)) }()
		return s.run(ctx, o, looker, sizes)
	})
}

func (s *steady) setup(ctx context.Context) error {
	paths, wrong := search.ParsePaths([]string{"/data/NumeroDocumento", "/data/CodCfo"})
	if len(wrong) > 0 {
		return errors.New(wrong[0].Detail)
	}
	s.paths = paths
	for range steadyTenants {
		t := steadyTenant{id: link.NewID(), product: link.NewClientID(), erp: link.NewClientID()}
		t.toERP, t.toSend = queue.Name{Tenant: t.id, Client: t.erp}, queue.Name{Tenant: t.id, Client: t.product}
		for q, types := range map[queue.Name][]string{t.toERP: {command}, t.toSend: {response}} {
			if _, err := s.engine.Setup(ctx, queue.Setup{Queue: q, Subscriptions: types, RequeueCountMax: link.DefaultRequeueCountMax}); err != nil {
				return err
			}
		}
		s.tenants = append(s.tenants, t)
	}
	return nil
}

// run goes on until the time is over or the first error.
func (s *steady) run(ctx context.Context, o options, looker *pgx.Conn, sizes *sizes) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	work := func(f func(ctx context.Context) error) {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := f(ctx); err != nil && ctx.Err() == nil {
					cancel(err)
				}
			}
		})
	}
	for _, t := range s.tenants {
		work(func(ctx context.Context) error { return s.erp(ctx, t) })
		work(func(ctx context.Context) error { return s.product(ctx, t) })
	}
	work(s.person)
	over := errors.New("the time is over")
	stop := time.AfterFunc(o.steady, func() { cancel(over) })
	defer stop.Stop()
	for range steadySenders {
		work(func(ctx context.Context) error { return s.send(ctx, o.rate) })
	}
	for next := time.Now(); ctx.Err() == nil; next = next.Add(o.every) {
		sleep(ctx, time.Until(next))
		if err := sizes.look(context.WithoutCancel(ctx), looker, &s.count); err != nil {
			cancel(err)
		}
	}
	all.Wait()
	if err := context.Cause(ctx); !errors.Is(err, over) && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// send sends its part of the commands, each when it is due: a stall is made up for.
func (s *steady) send(ctx context.Context, rate int) error {
	every := steadySenders * time.Second / time.Duration(rate)
	for due := time.Now().Add(rand.N(every)); ; due = due.Add(every) {
		if sleep(ctx, time.Until(due)); ctx.Err() != nil {
			return nil
		}
		t, number := s.tenants[rand.N(len(s.tenants))], s.number.Add(1)
		body := fmt.Appendf(nil, `{"data":{"NumeroDocumento":"NF-%09d","CodCfo":"F%05d","Historico":"%0900d"}}`, number, rand.N(suppliers), number)
		id, key := link.NewID(), ""
		if number%2 == 0 {
			key = fmt.Sprint("contract ", rand.N(steadyKeys))
		}
		_, err := s.engine.Publish(context.WithoutCancel(ctx), queue.Publish{
			Message: link.Message{
				ID: id, RootID: id, BusinessKey: fmt.Sprint("fact ", number), OrderingKey: key, TenantID: t.id,
				Sender: link.Sender{App: senderApp, ClientID: t.product}, Type: command, Audience: receiverApp, ContentType: "application/json", Body: body,
			},
			Route:  queue.Route{Clients: []link.ClientID{t.erp}},
			Dedupe: &queue.Dedupe{Key: uuid.NewString(), Hash: sha256.Sum256(body)},
			Keys:   s.paths.KeysOfValid(body),
		})
		if err != nil {
			return fmt.Errorf("send: %w", err)
		}
		s.count.Sent.Add(1)
	}
}

// erp is an agent: it takes commands, of which some fail, reports what is stored, and answers.
func (s *steady) erp(ctx context.Context, t steadyTenant) error {
	got, err := s.engine.Get(ctx, queue.Get{Queue: t.toERP, Max: steadyBatch, Wait: steadyWait, Lease: link.MinLease, Installation: "steady"})
	if err != nil || len(got) == 0 {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	var items []queue.Settle
	var taken []link.Delivery
	for _, d := range got {
		settle := queue.Settle{Tag: d.Tag, How: queue.Ack}
		switch n := rand.N(1000); {
		case n < steadyLost:
			s.count.Lost.Add(1)
			continue
		case n < steadyLost+steadyDead:
			settle.How, settle.Reason = queue.Dead, "not to be read"
		case n < steadyLost+steadyDead+steadyRequeues:
			settle.How, settle.Reason, settle.After = queue.Requeue, "the books are locked", steadyWait
		}
		items, taken = append(items, settle), append(taken, d)
	}
	each, err := s.engine.Settle(ctx, t.toERP, items)
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	var booked []link.Delivery
	for i, err := range each {
		switch {
		case link.CodeOf(err) == link.CodeLeaseEnded: // a day was over
			s.count.Late.Add(1)
		case err != nil:
			return fmt.Errorf("settle: %w", err)
		case items[i].How == queue.Ack:
			booked = append(booked, taken[i])
			s.count.Acked.Add(1)
		case items[i].How == queue.Dead:
			s.count.Dead.Add(1)
		default:
			s.count.Requeued.Add(1)
		}
	}
	if len(booked) == 0 {
		return nil
	}
	if err := s.report(ctx, t, booked); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := s.answer(ctx, t, booked); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

// report tells what the installation has stored.
func (s *steady) report(ctx context.Context, t steadyTenant, list []link.Delivery) error {
	id := link.NewID()
	p := queue.Publish{
		Message: link.Message{
			ID: id, RootID: id, TenantID: t.id, Sender: link.Sender{App: receiverApp, ClientID: t.erp}, Type: "SmartLinkStatus", Audience: link.LinkProxy,
			ContentType: "application/json", Body: []byte("{}"),
		},
		Route: queue.Route{All: true, Optional: true, Transient: true},
	}
	for _, d := range list {
		p.Report = append(p.Report, queue.Report{ID: d.Message.ID, Seq: 1, State: link.ERPStored, At: clock.Real.Now()})
	}
	_, err := s.engine.Publish(ctx, p)
	return err
}

// answer answers commands, some with a no.
func (s *steady) answer(ctx context.Context, t steadyTenant, list []link.Delivery) error {
	answers := make([]queue.Publish, len(list))
	for i, d := range list {
		id, status, faults := link.NewID(), link.ERPDone, []link.Fault(nil)
		if rand.N(1000) < steadyRejected {
			status, faults = link.ERPRejected, []link.Fault{{Code: "RM-CFO-UNKNOWN", Description: "fornecedor desconhecido", Pointer: "/data/CodCfo"}}
		}
		answers[i] = queue.Publish{
			Message: link.Message{
				ID: id, RootID: id, TenantID: t.id, CorrelationID: d.Message.ID.String(), OrderingKey: d.Message.OrderingKey,
				Sender: link.Sender{App: receiverApp, ClientID: t.erp}, Type: response, Audience: senderApp, ContentType: "application/json",
				Body: []byte(`{"data":{"Status":"done"}}`),
			},
			Route:  queue.Route{Clients: []link.ClientID{t.product}, Optional: true},
			Dedupe: &queue.Dedupe{Key: d.Message.ID.String() + "/1", Hash: sha256.Sum256(d.Message.ID[:])},
			Answer: &queue.Answer{To: d.Message.ID, Number: 1, Status: status, Key: "42", Errors: faults},
		}
	}
	done, err := s.engine.PublishAll(ctx, answers)
	for _, d := range done {
		err = errors.Join(err, d.Err)
	}
	s.count.Answered.Add(int64(len(done)))
	return err
}

// product takes the answers. It is no installation: what one of those takes has ended only when the ERP has
// answered.
func (s *steady) product(ctx context.Context, t steadyTenant) error {
	got, err := s.engine.Get(ctx, queue.Get{Queue: t.toSend, Max: steadyBatch, Wait: steadyWait})
	if err != nil || len(got) == 0 {
		return err
	}
	items := make([]queue.Settle, len(got))
	for i, d := range got {
		items[i] = queue.Settle{Tag: d.Tag, How: queue.Ack}
	}
	each, err := s.engine.Settle(context.WithoutCancel(ctx), t.toSend, items)
	for _, e := range each {
		if e != nil && link.CodeOf(e) != link.CodeLeaseEnded { // a day was over
			err = errors.Join(err, e)
		}
	}
	return err
}

// person redrives dead letters of some tenant now and then; the others are given up by age.
func (s *steady) person(ctx context.Context) error {
	if sleep(ctx, steadyWait); ctx.Err() != nil {
		return nil
	}
	q := s.tenants[rand.N(len(s.tenants))].toERP
	page, err := s.engine.Browse(ctx, queue.Browse{Queue: q, List: queue.ListDead, Limit: steadyBatch})
	if err != nil || len(page.Items) == 0 {
		return err
	}
	ids := make([]uuid.UUID, len(page.Items))
	for i, x := range page.Items {
		ids[i] = x.Message.ID
	}
	each, err := s.engine.Redrive(context.WithoutCancel(ctx), queue.Redrive{Queue: q, IDs: ids, By: "steady"})
	for _, e := range each {
		switch code := link.CodeOf(e); {
		case e == nil:
			s.count.Redriven.Add(1)
		case code != link.CodeNotNow && code != link.CodeMessageUnknown: // given up meanwhile
			err = errors.Join(err, e)
		}
	}
	return err
}
