package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"smartlink/internal/clock"
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

	in     chan *outgoing
	landed chan int      // how many messages a request had
	ended  chan struct{} // closed when nothing is under way any more
	rooms  sync.Pool     // of the bytes of messages
	shared atomic.Int32  // calls of Send whose messages may share a request

	ctx    context.Context // ends when a Close cannot wait any longer
	cancel context.CancelFunc

	mu     sync.Mutex
	inside int // calls of Send
	closed bool
	empty  chan struct{} // closed when it is closed and no call is inside
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
	s := &Sender{
		c: c, opt: o, in: make(chan *outgoing, o.Batch), landed: make(chan int), ended: make(chan struct{}), empty: make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	go s.run()
	return s
}

// outgoing is one message on its way.
type outgoing struct {
	ctx  context.Context
	app  string
	item []byte
	way  atomic.Int32
	done chan Sent

	settled func() bool // of its flight: its caller's going counts no more; false: it has gone
}

// The ways of an outgoing message: it can be left as long as it waits.
const (
	wayWaiting = iota
	wayTaken
	wayLeft
)

// Send stores one message at the hub, as Client.Send does, in a request that it may share. It is safe
// for concurrent use. When ctx ends first, the error says whether the message is certainly not
// sent or its outcome is unknown; in either case it may be sent again with the same IdempotencyKey.
// A message with Wait goes in a request of its own.
func (s *Sender) Send(ctx context.Context, m Message) (link.SendResponse, error) {
	if err := s.enter(); err != nil {
		return link.SendResponse{}, err
	}
	defer s.leave()
	if m.Wait > 0 {
		return s.c.Send(ctx, m)
	}
	s.shared.Add(1)
	defer s.shared.Add(-1)
	if m.IdempotencyKey == "" {
		m.IdempotencyKey = link.NewID().String()
	}
	m.Headers = travelling(m.Headers)
	room, _ := s.rooms.Get().(*[]byte)
	if room == nil {
		room = new([]byte)
	}
	item, err := s.c.batchItem(*room, m)
	if err != nil {
		return link.SendResponse{}, err
	}
	*room = item
	if len(batchOpen)+len(item)+len(batchClose) > link.MaxBatchBytes {
		return s.c.Send(ctx, m) // to be told what it is too large for
	}
	o := &outgoing{ctx: ctx, app: m.App, item: item, done: make(chan Sent, 1)}
	select {
	case s.in <- o:
	case <-ctx.Done():
		return link.SendResponse{}, notSent(ctx.Err())
	case <-s.ctx.Done():
		return link.SendResponse{}, notSent(ErrSenderClosed)
	}
	select {
	case sent := <-o.done:
		s.rooms.Put(room) // whoever gives up leaves it to its flight
		return sent.SendResponse, leftUnknown(sent.Err)
	case <-ctx.Done():
		return o.give(ctx.Err())
	case <-s.ctx.Done():
		return o.give(ErrSenderClosed)
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

// give is what a caller that goes learns about its message.
func (o *outgoing) give(cause error) (link.SendResponse, error) {
	if o.way.CompareAndSwap(wayWaiting, wayLeft) {
		return link.SendResponse{}, notSent(cause)
	}
	select {
	case sent := <-o.done:
		return sent.SendResponse, leftUnknown(sent.Err)
	default:
		return link.SendResponse{}, unknown(cause)
	}
}

func unknown(cause error) error { return fmt.Errorf("the message's outcome is unknown: %w", cause) }

// leftUnknown is what a flight that was given up, because nobody waited for it any more, means for its messages.
func leftUnknown(err error) error {
	if errors.Is(err, context.Canceled) {
		return unknown(err)
	}
	return err
}

func notSent(cause error) error { return fmt.Errorf("the message is not sent: %w", cause) }

func (s *Sender) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrSenderClosed
	}
	s.inside++
	return nil
}

func (s *Sender) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inside--; s.closed && s.inside == 0 {
		close(s.empty)
	}
}

// Close lets no further message in and waits until those that are in are stored or refused. When ctx
// ends first, their callers are told that the outcome is unknown, and Close answers ctx's error.
// Later calls answer the same way.
func (s *Sender) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		if s.inside == 0 {
			close(s.empty)
		}
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

// run starts requests until the Sender is closed and nothing is under way.
func (s *Sender) run() {
	defer close(s.ended)
	d := dispatch{s: s}
	empty := s.empty
	for {
		d.start()
		in := s.in
		if len(d.waiting) >= maxSenderWaiting {
			in = nil
		}
		select {
		case o := <-in:
			d.add(o)
		case n := <-s.landed:
			d.flying--
			d.back += n
		case <-d.linger():
			d.timer, d.over = nil, true
		case <-empty: // what still waits or flies has no caller left
			empty = nil
		}
		if empty == nil && d.flying == 0 {
			d.stop()
			return
		}
	}
}

// dispatch decides when a request starts: at once when none is under way, else when half of the callers wait, or enough
// messages for a full one, or when they have waited long enough.
type dispatch struct {
	s       *Sender
	waiting []*outgoing
	bytes   int
	flying  int
	back    int         // how many were answered just now and may send again at once
	timer   clock.Timer // of the first one waiting; nil = none runs
	over    bool        // it ran out
}

func (d *dispatch) add(o *outgoing) {
	d.waiting, d.bytes, d.back = append(d.waiting, o), d.bytes+len(o.item), max(d.back-1, 0)
}

// start starts the requests that are due.
func (d *dispatch) start() {
	for len(d.waiting) > 0 && d.flying < d.s.opt.Flights {
		if d.flying == 0 {
			d.assemble()
		}
		if d.flying > 0 && !d.full() && !d.over && !d.half() {
			return
		}
		if batch := d.take(); len(batch) > 0 {
			d.flying++
			go d.s.fly(batch)
		}
		d.stop()
	}
}

// maxYields bounds how long a request waits for the next of those who were answered just now: turns of the
// scheduler, each as short as what else there is to do.
const maxYields = 100

// assemble lets those who were answered just now send again, as long as it is worth it.
func (d *dispatch) assemble() {
	d.gather()
	for yields := 0; d.back > 0 && yields < maxYields && !d.full(); yields++ {
		runtime.Gosched()
		if n := len(d.waiting); d.gather() > n {
			yields = 0
		}
	}
	d.back = 0
}

// gather takes in what is there already, so that callers that came together go together, and answers how many wait.
func (d *dispatch) gather() int {
	for !d.full() {
		select {
		case o := <-d.s.in:
			d.add(o)
		default:
			return len(d.waiting)
		}
	}
	return len(d.waiting)
}

func (d *dispatch) full() bool {
	return len(d.waiting) >= d.s.opt.Batch || d.bytes >= link.MaxBatchBytes
}

// minHalf is from how many callers on a half of them is worth a request of its own: each costs as much as some messages.
const minHalf = 16

// half tells whether half of the callers wait.
func (d *dispatch) half() bool {
	n := int(d.s.shared.Load()) / 2
	return n >= minHalf && len(d.waiting) >= n
}

// most is how many messages a request takes: the larger half of the callers', or all where halves would be small.
func (d *dispatch) most() int {
	if n := int(d.s.shared.Load()); n >= 2*minHalf {
		return min((n+1)/2, d.s.opt.Batch)
	}
	return d.s.opt.Batch
}

// take takes the first messages that fit into one request and are of one app. Those that were left are
// left out.
func (d *dispatch) take() []*outgoing {
	most := d.most()
	batch := make([]*outgoing, 0, min(len(d.waiting), most))
	size, n := len(batchOpen)+len(batchClose), 0
	for _, o := range d.waiting {
		if len(batch) == most || len(batch) > 0 && (o.app != batch[0].app || size+len(o.item)+1 > link.MaxBatchBytes) {
			break
		}
		n++
		d.bytes -= len(o.item)
		if o.way.CompareAndSwap(wayWaiting, wayTaken) {
			batch, size = append(batch, o), size+len(o.item)+1
		}
	}
	clear(d.waiting[:n])
	d.waiting = d.waiting[n:]
	return batch
}

// linger is the end of the wait for company; nil when nobody waits for it.
func (d *dispatch) linger() <-chan time.Time {
	if len(d.waiting) == 0 || d.flying == 0 || d.flying >= d.s.opt.Flights {
		return nil
	}
	if d.timer == nil {
		d.timer = d.s.c.clock.NewTimer(d.s.opt.Linger)
	}
	return d.timer.C()
}

func (d *dispatch) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer, d.over = nil, false
}

// fly sends messages until each is stored, refused for good, or its repeats are used up.
func (s *Sender) fly(batch []*outgoing) {
	defer func() { s.landed <- len(batch) }()
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	f := flight{s: s, left: batch, why: make([]error, len(batch)), cancel: cancel}
	f.wanted.Store(int32(len(batch)))
	for _, o := range batch {
		o.settled = context.AfterFunc(o.ctx, f.unwanted)
	}
	_ = s.c.cfg.Retry.do(ctx, s.c.clock, func() error { return f.try(ctx) })
	for i, o := range f.left {
		o.settled()
		o.done <- Sent{Err: f.why[i]}
	}
}

// flight is one request with its repeats.
type flight struct {
	s      *Sender
	left   []*outgoing // not settled yet
	why    []error     // of the last try, for each of them
	wanted atomic.Int32
	cancel context.CancelFunc
}

// unwanted tells that one message less is waited for: it is settled, or its caller has gone.
func (f *flight) unwanted() {
	if f.wanted.Add(-1) == 0 {
		f.cancel()
	}
}

// try sends what is left once. Its error is the one of a message that may be repeated.
func (f *flight) try(ctx context.Context) error {
	items := make([][]byte, len(f.left))
	for i, o := range f.left {
		items[i] = o.item
	}
	sent, err := f.send(ctx, items)
	if err != nil {
		for i := range f.left {
			f.why[i] = err
		}
		return err
	}
	n := 0
	for i, o := range f.left {
		if !Retryable(sent[i].Err) {
			if o.settled() {
				f.unwanted()
			}
			o.done <- sent[i]
			continue
		}
		f.left[n], f.why[n] = o, sent[i].Err
		n++
	}
	f.left, f.why = f.left[:n], f.why[:n]
	if n == 0 {
		return nil
	}
	return f.why[0]
}

// send sends messages in one request. Where something on the way refuses it as a whole, one of them may
// be why: then each goes alone.
func (f *flight) send(ctx context.Context, items [][]byte) ([]Sent, error) {
	app := f.left[0].app
	sent, err := f.s.c.sendItems(ctx, app, items, true)
	if r, refused := errors.AsType[*Refused](err); !refused || Retryable(err) || len(items) == 1 || r.Problem.Status == http.StatusUnauthorized {
		return sent, err
	}
	sent = make([]Sent, len(items))
	for i := range items {
		if one, err := f.s.c.sendItems(ctx, app, items[i:i+1], true); err != nil {
			sent[i].Err = err
		} else {
			sent[i] = one[0]
		}
	}
	return sent, nil
}
