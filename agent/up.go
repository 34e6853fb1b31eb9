package agent

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"smartlink/agent/inbox"
	"smartlink/client"
	"smartlink/internal/clock"
	"smartlink/internal/killpoint"
	"smartlink/link"
)

const (
	upBatch = 64               // messages read, and deleted, at once
	upCalls = 8                // sends at the same time, of different ordering keys
	upTime  = 60 * time.Second // of one send, repeats inside the client included
)

// up sends what stands in the inbox for the hub: answers, metrics, and what code at the ERP has put there.
type up struct {
	hub    Hub
	box    *inbox.Box
	clock  clock.Clock
	log    *slog.Logger
	alarms *alarms
	wake   signal
}

// Wake tells that there is something to send.
func (u *up) Wake() { u.wake.give() }

func (u *up) run(ctx context.Context) {
	var fails backoff
	for ctx.Err() == nil {
		sent, err := u.pass(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			wait := fails.next(err)
			u.log.Warn("sending failed; it is tried again", "error", err, "wait", wait)
			sleep(ctx, u.clock, wait, nil)
		case sent == 0:
			fails.reset()
			u.wake.await(ctx) // who puts something up, or finds it, wakes it
		default:
			fails.reset()
		}
	}
}

// pass tries everything that is to be sent once and answers how many the hub has settled. Messages of
// an ordering key go in order: behind one that has to wait, the others of its key wait too.
func (u *up) pass(ctx context.Context) (int, error) {
	p := &pass{up: u, held: map[string]bool{}}
	settled, after := 0, int64(0)
	for {
		rows, err := u.box.Outgoing(ctx, after, upBatch)
		if err != nil || len(rows) == 0 {
			return settled, errors.Join(p.later, err)
		}
		after = rows[len(rows)-1].Seq
		p.accepted, p.refused = nil, nil
		p.send(ctx, rows)
		// What the hub has taken is taken, whatever else happened.
		if err := u.box.Sent(context.WithoutCancel(ctx), p.accepted, p.refused); err != nil {
			return settled, err
		}
		settled += len(p.accepted) + len(p.refused)
		if p.stop || len(rows) < upBatch {
			return settled, p.later
		}
	}
}

// pass is one pass over what is to be sent.
type pass struct {
	up *up

	mu       sync.Mutex
	accepted []*inbox.Row
	refused  []inbox.Refused
	held     map[string]bool // keys with a message that has to wait
	later    error           // why one has to wait
	stop     bool            // the hub takes nothing now
}

// send sends rows, of different keys at the same time.
func (p *pass) send(ctx context.Context, rows []*inbox.Row) {
	byKey := map[string][]*inbox.Row{}
	var keys []string
	for _, r := range rows {
		key := r.Message.OrderingKey
		if key == "" {
			key = r.Message.ID.String()
		}
		if byKey[key] == nil {
			keys = append(keys, key)
		}
		byKey[key] = append(byKey[key], r)
	}
	var g errgroup.Group
	g.SetLimit(upCalls)
	for _, key := range keys {
		g.Go(func() error {
			for _, r := range byKey[key] {
				if !p.one(ctx, key, r) {
					return nil
				}
			}
			return nil
		})
	}
	_ = g.Wait() // what went wrong is in p
}

// one sends one row and tells whether the next of its key may follow.
func (p *pass) one(ctx context.Context, key string, r *inbox.Row) bool {
	p.mu.Lock()
	skip := p.stop || p.held[key]
	p.mu.Unlock()
	if skip {
		return false
	}
	if wrong := r.Complete(); wrong != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.refused = append(p.refused, inbox.Refused{Row: r, Code: wrong.Code, Reason: wrong.Text().PT})
		p.up.alarms.add(wrong.Code)
		p.up.log.Error("a message to be sent is wrong: a person must look", "messageId", r.Message.ID, "seq", r.Seq, "error", wrong)
		return true
	}
	err := p.up.send(ctx, r)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch judge(err) {
	case accepted:
		p.accepted = append(p.accepted, r)
		return true
	case refused:
		e := link.NewError(link.CodeRefusedByHub, "reason", err.Error())
		p.refused = append(p.refused, inbox.Refused{Row: r, Code: e.Code, Reason: err.Error()})
		p.up.alarms.add(e.Code)
		p.up.log.Error("the hub refused a message: a person must look", "messageId", r.Message.ID, "type", r.Message.Type, "error", err)
		return true
	case hubAway:
		p.stop = true
	case waits:
	}
	p.held[key] = true
	p.later = err
	return false
}

func (u *up) send(ctx context.Context, r *inbox.Row) error {
	ctx, cancel := context.WithTimeout(ctx, upTime)
	defer cancel()
	m := &r.Message
	out := client.Message{
		Type: m.Type, Audience: m.Audience, ContentType: m.ContentType, Body: m.Body, IdempotencyKey: m.ID.String(), App: m.Sender.App,
		BusinessKey: m.BusinessKey, CorrelationID: m.CorrelationID, Headers: maps.Clone(m.Headers),
	}
	if m.Headers[link.HeaderAnswerTo] == "" { // answers keep their order up to the hub, which sorts them by their numbers
		out.OrderingKey = m.OrderingKey
	}
	_, err := u.hub.Send(ctx, out)
	if err == nil && m.Headers[link.HeaderAnswerTo] != "" {
		killpoint.Hit("after-answer-accepted")
	}
	return err
}

// verdict is what becomes of a message after a try to send it.
type verdict int

const (
	accepted verdict = iota // the hub has it
	refused                 // the hub will never take it as it is
	waits                   // it may go later; others may go now
	hubAway                 // nothing goes now
)

// judge reads the result of a send. A refusal of the client, and not of the message, is nothing a
// message should be blocked for.
func judge(err error) verdict {
	if err == nil {
		return accepted
	}
	var p *link.Problem
	if !errors.As(err, &p) {
		return hubAway
	}
	switch p.Code {
	case link.CodeTokenMissing, link.CodeTokenInvalid, link.CodeTokenExpired, link.CodeTokenRevoked, link.CodeInstallation:
		return hubAway
	}
	switch p.Status {
	case http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return hubAway
	}
	if client.Retryable(err) {
		return waits
	}
	if p.Status >= 400 && p.Status < 500 {
		return refused
	}
	return hubAway
}
