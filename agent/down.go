package agent

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/client"
	"smartlink/internal/killpoint"
	"smartlink/link"
)

// settleTime bounds the calls that settle leases, and what a long poll may take beyond its wait.
const settleTime = 15 * time.Second

// down takes messages over: lease, store, acknowledge.
type down struct {
	cfg  *Config
	box  *inbox.Box
	exec *executor.Executor
	up   *up

	guard      *guard // nil: nothing else may be active
	contact    *contact
	subscribed bool
	askAgain   time.Time // for the types the hub did not grant; zero: it granted all
}

// askAgainAfter is how long the agent does without types it was not granted before it asks again.
const askAgainAfter = 10 * time.Minute

// subscribe creates the queue, or sets its subscriptions to the types that are wanted here and that the
// client may receive: an agent that learnt new commands must not lose the old ones because
// the hub does not grant it the new ones yet.
func (d *down) subscribe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	types := d.cfg.Subscriptions
	if types == nil {
		types = d.exec.Types()
	}
	d.askAgain = time.Time{}
	s, err := d.cfg.Hub.Setup(ctx, link.SetupRequest{Subscriptions: types})
	if granted := without(types, refusedTypes(err)); err != nil && len(granted) > 0 && len(granted) < len(types) {
		d.up.alarms.add(link.CodeSubForbidden)
		d.cfg.Logger.Error("some commands are not granted to this client, and are not received: the tenant's administrator grants types and apps", "error", err)
		d.askAgain = d.cfg.Clock.Now().Add(askAgainAfter)
		s, err = d.cfg.Hub.Setup(ctx, link.SetupRequest{Subscriptions: granted})
	}
	if err != nil {
		return err
	}
	d.subscribed = true
	d.cfg.Logger.Info("queue is set up", "queue", s.Queue, "subscriptions", s.Subscriptions, "added", s.Added, "removed", s.Removed)
	return nil
}

// refusedTypes are the places of a setup's list that the client may not receive.
func refusedTypes(err error) map[int]bool {
	refused := map[int]bool{}
	var p *link.Problem
	if !errors.As(err, &p) || p.Code != link.CodeSubForbidden {
		return refused
	}
	for _, f := range p.Errors {
		if i, err := strconv.Atoi(strings.TrimPrefix(f.Pointer, "/subscriptions/")); err == nil && f.Code == link.CodeSubForbidden {
			refused[i] = true
		}
	}
	return refused
}

// without leaves out the places of a list.
func without(list []string, places map[int]bool) []string {
	kept := make([]string, 0, len(list))
	for i, s := range list {
		if !places[i] {
			kept = append(kept, s)
		}
	}
	return kept
}

func (d *down) run(ctx context.Context) {
	var fails backoff
	for ctx.Err() == nil {
		err := d.turn(ctx)
		d.contact.note(ctx, d.cfg.Clock.Now(), err)
		switch {
		case err == nil:
			fails.reset()
		case ctx.Err() == nil:
			wait := fails.next(err)
			d.cfg.Logger.Warn("taking messages over failed; it is tried again", "error", err, "wait", wait)
			sleep(ctx, d.cfg.Clock, wait, nil)
		}
	}
}

// turn is one long poll and what it brought. The subscriptions are set at the start, again when the
// hub does not know the queue, and from time to time while it does not grant all of them.
func (d *down) turn(ctx context.Context) error {
	if !d.subscribed || !d.askAgain.IsZero() && !d.cfg.Clock.Now().Before(d.askAgain) {
		if err := d.subscribe(ctx); err != nil {
			return err
		}
	}
	// Only while this run is sure to be the active one: it may have been frozen.
	if d.guard != nil && !d.guard.mayTake() {
		d.guard.Wake()
		return inbox.ErrStandBy
	}
	// Only while the database answers: what cannot be stored must not be taken from others.
	if err := d.box.Answers(ctx); err != nil {
		return err
	}
	began := d.cfg.Clock.Now()
	deliveries, err := d.get(ctx)
	if err != nil {
		if link.CodeOf(err) == link.CodeNoQueue {
			d.subscribed = false
		}
		return err
	}
	if len(deliveries) > 0 {
		return d.take(ctx, deliveries)
	}
	// A hub, or a proxy before it, that answers "nothing" without waiting must not be asked in a loop.
	if early := min(d.cfg.Wait, time.Second) - d.cfg.Clock.Now().Sub(began); early > 0 {
		sleep(ctx, d.cfg.Clock, early, nil)
	}
	return nil
}

func (d *down) get(ctx context.Context) ([]link.Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Wait+settleTime)
	defer cancel()
	return d.cfg.Hub.Get(ctx, client.GetOptions{Max: d.cfg.GetMax, Wait: d.cfg.Wait, Lease: d.cfg.Lease})
}

// take stores leased messages and then acknowledges them. What it could not store it gives back.
func (d *down) take(ctx context.Context, deliveries []link.Delivery) error {
	killpoint.Hit("after-lease")
	stopping := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*settleTime)
	defer cancel()
	if stopping {
		return d.release(ctx, deliveries, nil)
	}
	settlements, stored, err := d.store(ctx, deliveries)
	if err != nil {
		return d.release(ctx, deliveries, err)
	}
	killpoint.Hit("after-store")
	if stored.New > 0 {
		d.exec.Wake()
	}
	if stored.Answered > 0 {
		d.up.Wake()
	}
	results, err := d.cfg.Hub.Ack(ctx, settlements)
	if err != nil {
		return err // they come again, and are known then
	}
	killpoint.Hit("after-ack")
	for i, r := range results {
		if r.Code != "" && i < len(deliveries) {
			d.cfg.Logger.Info("a stored message could not be acknowledged; it comes again", "messageId", deliveries[i].Message.ID, "code", r.Code)
		}
	}
	d.cfg.Logger.Debug("messages taken over", "count", len(deliveries), "new", stored.New, "known", stored.Known, "answered", stored.Answered)
	return nil
}

// store stores all deliveries together or, when one of them stands in the way, each by itself. An
// error says that none is stored because the database is away.
func (d *down) store(ctx context.Context, deliveries []link.Delivery) ([]link.Settlement, inbox.Stored, error) {
	yes, no := true, false
	settlements := make([]link.Settlement, len(deliveries))
	for i := range deliveries {
		settlements[i] = link.Settlement{DeliveryTag: deliveries[i].Tag, Ack: &yes}
	}
	stored, err := d.box.Store(ctx, deliveries)
	if err == nil {
		return settlements, stored, nil
	}
	if errors.Is(err, inbox.ErrStandBy) {
		return nil, inbox.Stored{}, err
	}
	if away := d.box.Answers(ctx); away != nil {
		return nil, inbox.Stored{}, errors.Join(err, away)
	}
	stored = inbox.Stored{}
	for i := range deliveries {
		one, err := d.box.Store(ctx, deliveries[i:i+1])
		if err != nil {
			settlements[i].Ack, settlements[i].Reason = &no, err.Error()
			d.cfg.Logger.Error("a message cannot be stored", "messageId", deliveries[i].Message.ID, "type", deliveries[i].Message.Type, "error", err)
			continue
		}
		stored.New += one.New
		stored.Known += one.Known
		stored.Answered += one.Answered
	}
	return settlements, stored, nil
}

// release gives leases back, uncounted, because of cause.
func (d *down) release(ctx context.Context, deliveries []link.Delivery, cause error) error {
	settlements := make([]link.Settlement, len(deliveries))
	for i := range deliveries {
		settlements[i] = link.Settlement{DeliveryTag: deliveries[i].Tag, Release: true}
	}
	_, err := d.cfg.Hub.Ack(ctx, settlements)
	return errors.Join(cause, err)
}
