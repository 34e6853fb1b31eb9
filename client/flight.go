package client

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
)

// flight is one request of a Sender with its repeats.
type flight struct {
	s      *Sender
	left   []*outgoing  // not settled yet
	why    []error      // of the last try, for each of them
	wanted atomic.Int32 // how many of them somebody waits for; one more until it flies
	ctx    context.Context
	cancel context.CancelFunc
}

func newFlight(s *Sender, room int) *flight {
	f := &flight{s: s, left: make([]*outgoing, 0, room)}
	f.wanted.Store(1)
	f.ctx, f.cancel = context.WithCancel(s.ctx)
	return f
}

// take takes a message in. False: its caller has left it.
func (f *flight) take(o *outgoing) bool {
	f.wanted.Add(1)
	o.flight = f
	if !o.way.CompareAndSwap(wayWaiting, wayTaken) {
		f.wanted.Add(-1)
		return false
	}
	f.left = append(f.left, o)
	return true
}

// fly sends the messages until each is stored, refused for good, or its repeats are used up.
func (f *flight) fly() {
	defer f.cancel()
	f.unwanted()
	f.why = make([]error, len(f.left))
	_ = f.s.c.cfg.Retry.do(f.ctx, f.s.c.clock, f.try)
	failed := make([]Sent, len(f.left))
	for i, err := range f.why {
		if errors.Is(err, context.Canceled) && f.s.ctx.Err() != nil {
			err = ErrSenderClosed
		}
		failed[i].Err = err
	}
	f.settle(f.left, failed)
}

// settle tells the messages' callers what became of them: it wakes the first, who wakes the next, and so on. Woken all at
// once, half of them would move to another thread, and the next request would have to wait for that, or leave without them.
func (f *flight) settle(list []*outgoing, sent []Sent) {
	if len(list) == 0 {
		return
	}
	f.s.answered(len(list))
	var first, last *outgoing
	for i, o := range list {
		o.sent, o.next = sent[i], nil
		if !o.way.CompareAndSwap(wayTaken, waySettled) {
			continue
		}
		f.unwanted()
		if first == nil {
			first = o
		} else {
			last.next = o
		}
		last = o
	}
	if first != nil {
		first.done <- struct{}{}
	}
}

// unwanted tells that one message less is waited for: it is settled, or its caller has gone.
func (f *flight) unwanted() {
	if f.wanted.Add(-1) == 0 {
		f.cancel()
	}
}

// try sends what is left once. Its error is the one of a message that may be repeated.
func (f *flight) try() error {
	items := make([][]byte, len(f.left))
	for i, o := range f.left {
		items[i] = o.item
	}
	sent, err := f.send(items)
	if err != nil {
		for i := range f.left {
			f.why[i] = err
		}
		return err
	}
	n, done := 0, 0
	settled := make([]*outgoing, len(f.left))
	for i, o := range f.left {
		if !Retryable(sent[i].Err) {
			settled[done], sent[done] = o, sent[i]
			done++
			continue
		}
		f.left[n], f.why[n] = o, sent[i].Err
		n++
	}
	f.settle(settled[:done], sent)
	f.left, f.why = f.left[:n], f.why[:n]
	if n == 0 {
		return nil
	}
	return f.why[0]
}

// send sends messages in one request. Where something on the way refuses it as a whole, one of them may
// be why: then each goes alone.
func (f *flight) send(items [][]byte) ([]Sent, error) {
	app := f.left[0].app
	sent, err := f.s.c.sendItems(f.ctx, app, items, true)
	if r, refused := errors.AsType[*Refused](err); !refused || Retryable(err) || len(items) == 1 || r.Problem.Status == http.StatusUnauthorized {
		return sent, err
	}
	sent = make([]Sent, len(items))
	for i := range items {
		if one, err := f.s.c.sendItems(f.ctx, app, items[i:i+1], true); err != nil {
			sent[i].Err = err
		} else {
			sent[i] = one[0]
		}
	}
	return sent, nil
}
