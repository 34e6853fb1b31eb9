package client

import (
	"context"
	"runtime"

	"smartlink/internal/clock"
	"smartlink/link"
)

// dispatch decides when a Sender's requests start: at once when none is under way, else when half of the callers wait, or
// enough messages for a full one, or when they have waited long enough. Its fields are used with the Sender's lock.
type dispatch struct {
	waiting    []*outgoing
	bytes      int
	room       chan struct{} // closed when there is room for more; nil: nobody waits for it
	flying     int           // runs of requests, of which each has one under way or is about to start one
	assembling bool          // the only run waits for those who were answered just now
	back       int           // how many were answered just now and may send again at once
	timer      clock.Stopper // of the first one waiting; nil = none runs
	over       bool          // it ran out
}

// hand has a message sent with the next request.
func (s *Sender) hand(ctx context.Context, o *outgoing) error {
	s.mu.Lock()
	for len(s.waiting) >= maxSenderWaiting {
		if s.room == nil {
			s.room = make(chan struct{})
		}
		room := s.room
		s.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ctx.Done():
			return ErrSenderClosed
		}
		s.mu.Lock()
	}
	s.waiting, s.bytes, s.back = append(s.waiting, o), s.bytes+len(o.item), max(s.back-1, 0)
	s.start()
	s.mu.Unlock()
	return nil
}

// start starts a run when a request is due.
func (s *Sender) start() {
	if s.assembling || s.flying >= s.opt.Flights || len(s.waiting) == 0 || s.ctx.Err() != nil {
		return
	}
	if s.flying > 0 && !s.due() {
		s.linger()
		return
	}
	s.flying++
	go s.run()
}

// due tells whether a request is to start beside others.
func (s *Sender) due() bool { return s.full() || s.over || s.half() }

// run sends one request after the other, as long as one is due.
func (s *Sender) run() {
	for f := s.next(); f != nil; f = s.next() {
		f.fly()
	}
}

// next takes the messages of a run's next request; nil: the run is over.
func (s *Sender) next() *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flying == 1 {
		s.assemble()
	} else if !s.due() {
		return s.stop()
	}
	if s.ctx.Err() != nil { // who waits is told by Close
		return s.stop()
	}
	f := s.take()
	if len(f.left) == 0 {
		f.cancel()
		return s.stop()
	}
	s.start() // what is left may be due too
	return f
}

// stop ends a run.
func (s *Sender) stop() *flight {
	s.flying--
	s.start() // in favour of those who wait now
	s.endIfOver()
	return nil
}

// answered tells that callers are about to be answered, who may send again at once.
func (s *Sender) answered(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.back += n
}

// maxYields bounds how long a request waits for the next of those who were answered just now: turns of the
// scheduler, each as short as what else there is to do.
const maxYields = 100

// assemble lets those who were answered just now send again, as long as it is worth it: callers that come together
// go together.
func (s *Sender) assemble() {
	s.assembling = true
	for yields := 0; s.back > 0 && yields < maxYields && !s.full(); yields++ {
		n := len(s.waiting)
		s.mu.Unlock()
		runtime.Gosched()
		s.mu.Lock()
		if len(s.waiting) > n {
			yields = 0
		}
	}
	s.assembling, s.back = false, 0
}

func (s *Sender) full() bool {
	return len(s.waiting) >= s.opt.Batch || s.bytes >= link.MaxBatchBytes
}

// minHalf is from how many callers on a half of them is worth a request of its own: each costs as much as some messages.
const minHalf = 16

// half tells whether half of the callers wait.
func (s *Sender) half() bool {
	n := s.shared / 2
	return n >= minHalf && len(s.waiting) >= n
}

// most is how many messages a request takes: the larger half of the callers', or all where halves would be small.
func (s *Sender) most() int {
	if s.shared >= 2*minHalf {
		return min((s.shared+1)/2, s.opt.Batch)
	}
	return s.opt.Batch
}

// take takes the first messages that fit into one request and are of one app. Those that were left are
// left out.
func (s *Sender) take() *flight {
	s.patience()
	most := s.most()
	f := newFlight(s, min(len(s.waiting), most))
	size, n := len(batchOpen)+len(batchClose), 0
	for _, o := range s.waiting {
		if len(f.left) == most || len(f.left) > 0 && (o.app != f.left[0].app || size+len(o.item)+1 > link.MaxBatchBytes) {
			break
		}
		n++
		s.bytes -= len(o.item)
		if f.take(o) {
			size += len(o.item) + 1
		}
	}
	left := copy(s.waiting, s.waiting[n:])
	clear(s.waiting[left:])
	s.waiting = s.waiting[:left]
	if s.room != nil {
		close(s.room)
		s.room = nil
	}
	return f
}

// linger has those who wait go when they have waited long enough.
func (s *Sender) linger() {
	if s.timer != nil {
		return
	}
	var mine clock.Stopper
	mine = s.c.clock.AfterFunc(s.opt.Linger, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.timer == mine { // else it was stopped too late
			s.timer, s.over = nil, true
			s.start()
		}
	})
	s.timer = mine
}

// patience begins anew.
func (s *Sender) patience() {
	if s.timer != nil {
		s.timer.Stop()
	}
	s.timer, s.over = nil, false
}
