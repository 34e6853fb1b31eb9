package rmhost

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Trouble is a way in which a host misbehaves.
type Trouble string

// The troubles. Those of saves tell apart whether the entry is in the books.
const (
	FaultBefore Trouble = "fault-before" // a save: nothing is saved, a fault says nothing of that
	FaultAfter  Trouble = "fault-after"  // a save: it is saved, and answered with a fault
	CloseBefore Trouble = "close-before" // a save: nothing is saved, the connection ends
	CloseAfter  Trouble = "close-after"  // a save: it is saved, the connection ends
	TornAfter   Trouble = "torn-after"   // a save: it is saved, the answer ends in the middle
	Late        Trouble = "late"         // a save: not answered, and saved when the caller has long given up
	ReadFault   Trouble = "read-fault"   // a read: answered with a fault
	ReadClose   Trouble = "read-close"   // a read: the connection ends
	Slow        Trouble = "slow"         // any call: done and answered after a while
	Unavailable Trouble = "unavailable"  // any call: 503 before it does anything
	SessionEnds Trouble = "session-ends" // any call: refused until the caller logs in again
)

// ofSaves and ofReads are what can happen to a call, in the order they are drawn in.
var (
	ofSaves = []Trouble{FaultBefore, FaultAfter, CloseBefore, CloseAfter, TornAfter, Late, Slow, Unavailable, SessionEnds}
	ofReads = []Trouble{ReadFault, ReadClose, Slow, Unavailable, SessionEnds}
)

// AllTroubles lists them.
func AllTroubles() []Trouble {
	return append(slices.Clone(ofSaves[:6]), ofReads...)
}

// ParseTroubles reads "fault-after=5,late=2": of a hundred calls that it can happen to, so many.
func ParseTroubles(text string) (map[Trouble]int, error) {
	found := map[Trouble]int{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, percent, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(percent)
		if err != nil {
			return nil, fmt.Errorf("%q: NAME=PERCENT is wanted", part)
		}
		if _, twice := found[Trouble(name)]; twice {
			return nil, fmt.Errorf("%s stands twice", name)
		}
		found[Trouble(name)] = n
	}
	return found, checkTroubles(found)
}

// checkTroubles refuses unknown ones, and more than a hundred of a hundred.
func checkTroubles(percent map[Trouble]int) error {
	all := AllTroubles()
	for t, n := range percent {
		if !slices.Contains(all, t) {
			return fmt.Errorf("no trouble is called %q; there are %v", t, all)
		}
		if n < 0 || n > 100 {
			return fmt.Errorf("%s: %d is not from 0 to 100", t, n)
		}
	}
	for what, list := range map[string][]Trouble{"save": ofSaves, "read": ofReads} {
		sum := 0
		for _, t := range list {
			sum += percent[t]
		}
		if sum > 100 {
			return fmt.Errorf("the troubles of a %s come to %d of a hundred", what, sum)
		}
	}
	return nil
}

// troubles draws what happens to each call.
type troubles struct {
	mu      sync.Mutex
	percent map[Trouble]int
	random  *rand.Rand
	next    []Trouble
}

func (t *troubles) begin(percent map[Trouble]int, seed uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.percent = maps.Clone(percent)
	t.random = rand.New(rand.NewPCG(seed, 0))
}

// draw answers the trouble of a call; "" for none.
func (t *troubles) draw(save bool) Trouble {
	list := ofReads
	if save {
		list = ofSaves
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.next) > 0 && (t.next[0] == "" && save || slices.Contains(list, t.next[0])) {
		drawn := t.next[0]
		t.next = t.next[1:]
		return drawn
	}
	n := t.random.IntN(100)
	for _, trouble := range list {
		if n -= t.percent[trouble]; n < 0 {
			return trouble
		}
	}
	return ""
}

// Misbehave changes how often the host misbehaves from now on; the draws begin anew.
func (h *Host) Misbehave(percent map[Trouble]int, seed uint64) error {
	if err := checkTroubles(percent); err != nil {
		return err
	}
	h.troubles.begin(percent, seed)
	return nil
}

// Next has each of these troubles happen once, in their order, to the next call it can happen to. "" lets
// a save pass.
func (h *Host) Next(list ...Trouble) {
	h.troubles.mu.Lock()
	defer h.troubles.mu.Unlock()
	h.troubles.next = append(h.troubles.next, list...)
}
