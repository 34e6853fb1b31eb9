package client

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"sync"
	"sync/atomic"
	"time"

	"smartlink/link"
)

// ErrSenderClosed is what Send of a closed Sender answers.
var ErrSenderClosed = errors.New("the sender is closed")

// SenderOptions bound a Sender; zero fields have defaults.
type SenderOptions struct {
	Batch   int           // messages of one request at most; default 64, at most link.MaxBatch
	Flights int           // requests at the same time; default 4
	Linger  time.Duration // how long messages wait for company while a request is under way; default 2 ms
}

// maxSenderWaiting bounds the messages that wait for a request; further sends wait to be let in.
const maxSenderWaiting = 1024

// Sender sends for many callers at once: messages that are sent at the same time share a request, so a
// sender with many callers gets several times as many messages through as with Client.Send. A single
// caller does not wait for company: when no request is under way, its message goes at once. From 32 callers on two
// requests take turns, each with half of them: one is on its way while the other is being stored.
//
// Each message stays on its own. It keeps its IdempotencyKey, is stored or refused by itself, and
// what may pass (429, 503, an unknown outcome, a network that fails) is repeated for it alone, as
// Config.Retry says. Messages of one caller are stored in the order of its calls, since Send answers
// only when a message is stored or refused.
type Sender struct {
	c   *Client
	opt SenderOptions

	spare sync.Pool     // of outgoing
	ended chan struct{} // closed when it is closed and nothing is under way any more

	ctx    context.Context // ends when a Close cannot wait any longer
	cancel context.CancelFunc

	mu     sync.Mutex
	inside int // calls of Send
	shared int // of those, whose messages may share a request
	closed bool
	dispatch
}

// NewSender starts a Sender over a Client, which others may go on using. Close ends it.
func NewSender(c *Client, o SenderOptions) *Sender {
	if o.Batch <= 0 {
		o.Batch = 64
	}
	o.Batch = min(o.Batch, link.MaxBatch)
	if o.Flights <= 0 {
		o.Flights = 4
	}
	if o.Linger <= 0 {
		o.Linger = 2 * time.Millisecond
	}
	s := &Sender{c: c, opt: o, ended: make(chan struct{})}
	s.spare.New = func() any { return &outgoing{done: make(chan struct{}, 1)} }
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// outgoing is one message on its way. Who has been told what became of it uses it for the next one.
type outgoing struct {
	app    string
	item   []byte
	way    atomic.Int32
	flight *flight // once it is taken
	done   chan struct{}
	sent   Sent      // what became of it, once done tells
	next   *outgoing // whose caller this one's wakes
}

// told answers what became of the message, after done, and has the next caller told.
func (o *outgoing) told() (link.SendResponse, error) {
	sent := o.sent
	if o.next != nil {
		o.next.done <- struct{}{}
	}
	return sent.SendResponse, leftUnknown(sent.Err)
}

// The ways of an outgoing message. Its caller may leave it as long as it waits, and go from it until its outcome
// is settled.
const (
	wayWaiting = iota
	wayTaken
	waySettled
	wayLeft
	wayGone
)

// Send stores one message at the hub, as Client.Send does, in a request that it may share. It is safe
// for concurrent use. When ctx ends first, the error says whether the message is certainly not
// sent or its outcome is unknown; in either case it may be sent again with the same IdempotencyKey.
// A message with Wait goes in a request of its own.
func (s *Sender) Send(ctx context.Context, m Message) (link.SendResponse, error) {
	shares := m.Wait <= 0
	if err := s.enter(shares); err != nil {
		return link.SendResponse{}, err
	}
	defer s.leave(shares)
	if !shares {
		return s.c.Send(ctx, m)
	}
	if m.IdempotencyKey == "" {
		m.IdempotencyKey = link.NewID().String()
	}
	m.Headers = travelling(m.Headers)
	o := s.spare.Get().(*outgoing)
	item, err := s.c.batchItem(o.item, m)
	if err != nil {
		return link.SendResponse{}, err
	}
	if len(batchOpen)+len(item)+len(batchClose) > link.MaxBatchBytes {
		return s.c.Send(ctx, m) // to be told what it is too large for
	}
	o.app, o.item = m.App, item
	gone := ctx.Done() // a context of somebody's own may do anything here, but not once others wait to be told by this caller
	if err := s.hand(ctx, o); err != nil {
		return link.SendResponse{}, notSent(err)
	}
	select {
	case <-o.done:
		r, err := o.told()
		o.flight, o.next, o.sent = nil, nil, Sent{}
		o.way.Store(wayWaiting)
		s.spare.Put(o) // whoever gives up leaves it to its flight
		return r, err
	case <-gone:
		return o.give(ctx.Err)
	case <-s.ctx.Done():
		return o.give(func() error { return ErrSenderClosed })
	}
}

// travelling is what of a message's headers a single send would carry to its receiver, as HTTP would
// carry it: a batch refuses what it does not keep.
func travelling(headers map[string]string) map[string]string {
	if len(headers) == 0 {
		return nil
	}
	given := make(map[string][]string, len(headers))
	for name, value := range headers {
		given[textproto.CanonicalMIMEHeaderKey(name)] = []string{textproto.TrimString(value)}
	}
	return link.KeepHeaders(given)
}

// give is what a caller that goes learns about its message; cause tells why it goes.
func (o *outgoing) give(cause func() error) (link.SendResponse, error) {
	switch {
	case o.way.CompareAndSwap(wayWaiting, wayLeft):
		return link.SendResponse{}, notSent(cause())
	case o.way.CompareAndSwap(wayTaken, wayGone):
		o.flight.unwanted()
		return link.SendResponse{}, unknown(cause())
	}
	<-o.done // it is settled
	return o.told()
}

func unknown(cause error) error { return fmt.Errorf("the message's outcome is unknown: %w", cause) }

// leftUnknown is what a flight that was given up, because nobody waited for it any more, means for its messages.
func leftUnknown(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrSenderClosed) {
		return unknown(err)
	}
	return err
}

func notSent(cause error) error { return fmt.Errorf("the message is not sent: %w", cause) }

func (s *Sender) enter(shares bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrSenderClosed
	}
	s.inside++
	if shares {
		s.shared++
	}
	return nil
}

func (s *Sender) leave(shares bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside--
	if shares {
		s.shared--
	}
	s.endIfOver()
}

// endIfOver tells Close that nothing is under way any more, once.
func (s *Sender) endIfOver() {
	if s.closed && s.inside == 0 && s.flying == 0 {
		close(s.ended)
	}
}

// Close lets no further message in and waits until those that are in are stored or refused. When ctx
// ends first, their callers are told that the outcome is unknown, and Close answers ctx's error.
// Later calls answer the same way.
func (s *Sender) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		s.endIfOver()
	}
	s.mu.Unlock()
	var err error
	select {
	case <-s.ended:
	case <-ctx.Done():
		s.cancel()
		<-s.ended
		err = ctx.Err()
	}
	s.cancel()
	return err
}
