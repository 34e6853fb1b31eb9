package queue

import (
	"cmp"
	"context"
	"encoding/binary"
	"math"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// Bounds of what one page of a search looks at.
const (
	// MaxSearched is how many messages.
	MaxSearched = 5000
	// MaxSearchedBytes is how much of their bodies, one body at least.
	MaxSearchedBytes = 16 << 20
	// searchChunk is how many are looked at together.
	searchChunk = 250
)

// Search asks for messages of a tenant, the newest first. What is left empty does not matter; what is
// given must all hold. A message is found once on a page; one that was redriven may be found again on a
// later one when the search goes by Queue or State alone.
type Search struct {
	Tenant uuid.UUID
	Queue  link.ClientID // stands or stood in this client's queue
	State  link.State    // of its delivery in Queue, or in any queue

	ID                               uuid.UUID
	RootID                           uuid.UUID // the message itself and all its copies
	BusinessKey, CorrelationID, Type string
	From, To                         time.Time // made at or after From, before To

	Keys [][]byte               // has one of these keys in the index
	In   func(body []byte) bool // its body is this; every body has to be read

	// Party: sent by this client, or in its queue; with Taken only when that has acknowledged it.
	Party link.ClientID
	Taken bool

	After []byte // SearchResult.Next of the page before, of the same search
	Limit int    // at most so many, 1 to MaxPage; 0: DefaultPage
}

// SearchResult is a page of what was found. Next is nil when everything was looked at; else messages made
// before Reached were not looked at yet.
type SearchResult struct {
	IDs     []uuid.UUID
	Next    []byte
	Reached time.Time
}

// Search finds messages. A page looks at a bounded number of them, so it may hold fewer than asked for,
// or none, and still have a Next. Errors: link.CodeUnavailable.
func (e *Engine) Search(ctx context.Context, s Search) (SearchResult, error) {
	s.Limit = min(cmp.Or(max(s.Limit, 0), DefaultPage), MaxPage)
	return ask(e, func() (SearchResult, error) { return e.driver.Search(ctx, s) })
}

// Candidate is a message that a search looks at.
type Candidate struct {
	At            []byte // the place of the search behind it
	ID, RootID    uuid.UUID
	CreatedAt     time.Time
	Type          string
	BusinessKey   string
	CorrelationID string
	Sender        link.ClientID
	Size          int // of the body
	// Settled: those that come later in the search were made no later than this one.
	Settled bool
	// Standing is where it stands; a driver fills it in when it is asked.
	Standing []Standing
}

// Standing is a message in a queue.
type Standing struct {
	Client link.ClientID
	State  link.State
}

// Candidates is what a driver has to give for a search, from one state of its store.
type Candidates interface {
	// Next gives the next candidates, the newest first; fewer than n are the last.
	Next(n int) ([]*Candidate, error)
	// Stand tells where candidates stand.
	Stand(list []*Candidate) error
	// Bodies gives the bodies of candidates, in their order.
	Bodies(list []*Candidate) ([][]byte, error)
}

// Run looks at candidates until the page is full, its bounds are met, or there are no more.
func (s Search) Run(c Candidates) (SearchResult, error) {
	r := SearchResult{IDs: []uuid.UUID{}}
	seen := map[uuid.UUID]bool{}
	bytes := 0
	for looked := 0; ; {
		n := min(searchChunk, MaxSearched-looked)
		list, err := c.Next(n)
		if err != nil {
			return SearchResult{}, err
		}
		last := len(list) < n
		fit, err := s.fitting(list, c)
		if err != nil {
			return SearchResult{}, err
		}
		for i, x := range list {
			looked++
			if fits := fit[x]; fits && s.In != nil {
				if bytes += x.Size; bytes > MaxSearchedBytes && bytes > x.Size {
					return r, nil // Next is the one before
				}
				bodies, err := c.Bodies(list[i : i+1])
				if err != nil {
					return SearchResult{}, err
				}
				fit[x] = s.In(bodies[0])
			}
			if fit[x] && !seen[x.ID] {
				if len(r.IDs) == s.Limit {
					return r, nil // Next is the one before
				}
				seen[x.ID] = true
				r.IDs = append(r.IDs, x.ID)
			}
			r.Next, r.Reached = x.At, x.CreatedAt
			if x.Settled && x.CreatedAt.Before(s.From) {
				last = true
				break
			}
		}
		if last {
			r.Next, r.Reached = nil, time.Time{}
			return r, nil
		}
		if looked >= MaxSearched {
			return r, nil
		}
	}
}

// fitting tells which candidates the search is for, their bodies aside.
func (s Search) fitting(list []*Candidate, c Candidates) (map[*Candidate]bool, error) {
	fit := map[*Candidate]bool{}
	var some []*Candidate
	for _, x := range list {
		if s.fits(x) {
			some = append(some, x)
		}
	}
	if s.Queue != "" || s.State != "" || s.Party != "" {
		if err := c.Stand(some); err != nil {
			return nil, err
		}
	}
	for _, x := range some {
		fit[x] = s.stands(x)
	}
	return fit, nil
}

// fits tells whether a message itself is what the search is for.
func (s Search) fits(x *Candidate) bool {
	switch {
	case s.ID != uuid.Nil && x.ID != s.ID, s.RootID != uuid.Nil && x.RootID != s.RootID && x.ID != s.RootID,
		s.Type != "" && x.Type != s.Type, s.BusinessKey != "" && x.BusinessKey != s.BusinessKey,
		s.CorrelationID != "" && x.CorrelationID != s.CorrelationID,
		x.CreatedAt.Before(s.From), !s.To.IsZero() && !x.CreatedAt.Before(s.To):
		return false
	}
	return true
}

// stands tells whether a message stands where the search is for.
func (s Search) stands(x *Candidate) bool {
	where, party := s.Queue == "" && s.State == "", s.Party == "" || x.Sender == s.Party
	for _, at := range x.Standing {
		where = where || (s.Queue == "" || at.Client == s.Queue) && (s.State == "" || at.State == s.State)
		party = party || at.Client == s.Party && (!s.Taken || at.State == link.StateAcked)
	}
	return where && party
}

// disorder is how far the order of ids may be from the order in which messages were made: clocks of hubs
// differ, and a send may wait for the store.
const disorder = 10 * time.Minute

// Seek finds the id before which a walk by id begins for messages made before To, so that it need not pass
// all the newer ones: in some 60 looks, however many those are. first answers the newest message before an
// id, nil when there is none.
func (s Search) Seek(first func(before uuid.UUID) (*Candidate, error)) (uuid.UUID, error) {
	begin := uuid.Max
	for low, high := uint64(0), uint64(math.MaxUint64); low < high; {
		middle := low + (high-low)/2
		var id uuid.UUID
		binary.BigEndian.PutUint64(id[:], middle)
		x, err := first(id)
		if err != nil {
			return uuid.Nil, err
		}
		if x != nil && !x.CreatedAt.Before(s.To.Add(disorder)) {
			high, begin = middle, id
		} else {
			low = middle + 1
		}
	}
	return begin, nil
}
