package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/client"
	"smartlink/consumer"
	"smartlink/link"
)

// holds gives leases as a hub does, to the runs of one installation.
type holds struct {
	mu    sync.Mutex
	run   uuid.UUID
	host  string
	epoch int64
	until time.Time
	moves []int64 // as they were told
	away  map[uuid.UUID]bool
}

func (h *holds) hold(r link.HoldRequest) (link.HoldResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.away[r.Instance] {
		return link.HoldResponse{}, errGone
	}
	h.moves = append(h.moves, r.Moves)
	now := time.Now()
	lease, err := time.ParseDuration(r.Lease)
	if err != nil {
		return link.HoldResponse{}, err
	}
	switch {
	case h.run == r.Run && r.Release:
		h.run, h.until = uuid.Nil, time.Time{}
		return link.HoldResponse{Epoch: h.epoch, Lease: "0s"}, nil
	case h.run == r.Run && r.Epoch <= h.epoch:
		h.until = now.Add(lease)
	case h.run != r.Run && now.Before(h.until):
		return link.HoldResponse{Epoch: h.epoch, Lease: h.until.Sub(now).String(), Holder: &link.Holder{Host: h.host, Since: now}}, nil
	default:
		h.run, h.host, h.until, h.epoch = r.Run, r.Host, now.Add(lease), max(h.epoch, r.Epoch)+1
	}
	return link.HoldResponse{Active: true, Epoch: h.epoch, Lease: r.Lease}, nil
}

func (h *holds) reach(instance uuid.UUID, away bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.away == nil {
		h.away = map[uuid.UUID]bool{}
	}
	h.away[instance] = away
}

// second is a further machine of a world's installation, on the same database.
func (w *world) second() *world {
	w.t.Helper()
	inst, err := inbox.ReadInstallation(w.Installation)
	if err != nil {
		w.t.Fatal(err)
	}
	other := *w
	other.Installation = filepath.Join(filepath.Dir(w.Installation), "second.json")
	if err := inbox.JoinInstallation(other.Installation, inst); err != nil {
		w.t.Fatal(err)
	}
	other.hub, other.a = newHub(), nil
	other.cfg.Hub, other.cfg.Installation = other.hub, other.Installation
	return &other
}

func (w *world) instance() uuid.UUID { return w.a.box.Installation().Instance }

func (w *world) booked(doc string) int {
	return w.Int(w.t, fmt.Sprintf(`SELECT COUNT(*) FROM BOOK WHERE DOC = '%s'`, doc))
}

func TestStandByTakesOverWhenTheActiveOneEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		h := &holds{}
		w.hub.onHold = h.hold
		w.start()
		if s := w.a.Standing(); !s.Active || s.Trouble != nil {
			t.Fatalf("%+v", s)
		}
		b := w.second()
		b.hub.onHold = h.hold
		b.start()
		defer b.stop()
		after(time.Minute)
		if s := b.a.Standing(); s.Active || s.Host == "" || b.hub.setupCount() != 0 {
			t.Fatalf("%+v, %d setups", s, b.hub.setupCount())
		}
		if err := b.a.box.Desk("ana").Discard(t.Context(), uuid.New(), "no"); !errors.Is(err, inbox.ErrStandBy) {
			t.Errorf("%v", err)
		}
		if text, err := b.a.Metrics(t.Context()); err != nil || text == "" {
			t.Errorf("%v", err)
		}
		if last, trouble := b.a.Contact(); trouble != nil || last.IsZero() {
			t.Errorf("%v, %v", last, trouble)
		}
		w.hub.put(agenttest.Delivery("a"))
		synctest.Wait()
		w.stop()
		after(link.DefaultHold / askTimes) // it gave its place away
		if s := b.a.Standing(); !s.Active {
			t.Fatalf("%+v", s)
		}
		b.hub.put(agenttest.Delivery("b"))
		synctest.Wait()
		if w.booked("a") != 1 || w.booked("b") != 1 || b.hub.setupCount() != 1 {
			t.Errorf("a %d, b %d", w.booked("a"), w.booked("b"))
		}
	})
}

// TestNeverTwoActiveAfterAPartition cuts the active run off from the hub, but not from the database. It
// goes on until the other has taken over, and then books nothing.
func TestNeverTwoActiveAfterAPartition(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		h := &holds{}
		w.hub.onHold = h.hold
		w.start()
		b := w.second()
		b.hub.onHold = h.hold
		b.start()
		defer b.stop()
		h.reach(w.instance(), true)
		w.hub.put(agenttest.Delivery("before")) // its lease is still good
		synctest.Wait()
		if w.booked("before") != 1 {
			t.Error("it stopped before its time")
		}
		after(30 * time.Second)
		if !b.a.Standing().Active {
			t.Fatalf("%+v", b.a.Standing())
		}
		// What it gets it could neither store nor acknowledge.
		d := agenttest.Delivery("late")
		w.hub.put(d)
		after(2 * time.Minute)
		if w.booked("late") != 0 || len(w.hub.acked()) != 1 {
			t.Errorf("booked %d, acknowledged %v", w.booked("late"), w.hub.acked())
		}
		w.hub.mu.Lock()
		asked := len(w.hub.ready)
		w.hub.mu.Unlock()
		if asked != 1 {
			t.Error("it went on asking for messages")
		}
		b.hub.put(d)
		synctest.Wait()
		if w.booked("late") != 1 {
			t.Error("the active one does not work")
		}
		h.reach(w.instance(), false)
		after(30 * time.Second)
		if s := w.a.Standing(); s.Active || s.Host == "" || s.Trouble != nil || w.a.work.Load() != nil {
			t.Errorf("%+v", s)
		}
	})
}

// TestHubAwayForTenMinutes: what is in the inbox is executed in order, no attempt is counted for the
// outage, and what there is to tell is told afterwards.
func TestHubAwayForTenMinutes(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		h := &holds{}
		w.hub.onHold = h.hold
		w.start()
		var gone atomic.Bool
		w.hub.onSend = func(client.Message) error {
			if gone.Load() {
				return errGone
			}
			return nil
		}
		block := make(chan struct{})
		w.ways["block"] = func(context.Context, consumer.Tx, consumer.Execution, consumer.Log) consumer.Outcome {
			<-block
			return consumer.Done("1", nil)
		}
		first := agenttest.Delivery("first", agenttest.Do("block"), agenttest.OrderingKey("k"))
		rest := []link.Delivery{first}
		for n := range 5 {
			rest = append(rest, agenttest.Delivery(fmt.Sprint(n), agenttest.OrderingKey("k")))
		}
		w.hub.put(rest...)
		synctest.Wait()
		gone.Store(true)
		h.reach(w.instance(), true)
		after(5 * time.Minute)
		close(block)
		after(5 * time.Minute)
		if n := w.Int(t, `SELECT COUNT(*) FROM BOOK`); n != 6 {
			t.Errorf("%d booked while the hub was away", n)
		}
		if s := w.a.Standing(); !s.Active || s.Trouble == nil {
			t.Errorf("%+v", s)
		}
		gone.Store(false)
		h.reach(w.instance(), false)
		after(2 * time.Minute)
		if n := len(w.hub.of(response)); n != 6 {
			t.Errorf("%d answers", n)
		}
		var docs []string
		for n := range 6 {
			docs = append(docs, w.Text(t, fmt.Sprintf(`SELECT DOC FROM BOOK ORDER BY ROWID LIMIT 1 OFFSET %d`, n)))
		}
		if !slices.Equal(docs, []string{"first", "0", "1", "2", "3", "4"}) {
			t.Errorf("booked %v", docs)
		}
		if n := w.Int(t, `SELECT MAX(ATTEMPT) FROM GTOTVSLINKMESSAGEEXEC`); n != 1 {
			t.Errorf("attempt %d", n)
		}
		w.hub.put(agenttest.Delivery("after"))
		synctest.Wait()
		if w.booked("after") != 1 {
			t.Error("it does not work any more")
		}
	})
}

// TestFrozenRunAsksBeforeItWorks: by its own clock it knows that its lease has ended; that the hub was
// away is another matter.
func TestFrozenRunAsksBeforeItWorks(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		h := &holds{}
		w.hub.onHold = h.hold
		w.start()
		g := w.a.guard.Load()
		check := func(when string, take, write bool) {
			t.Helper()
			if g.mayTake() != take || g.mayWrite() != write {
				t.Errorf("%s: takes %t, writes %t", when, g.mayTake(), g.mayWrite())
			}
		}
		check("active", true, true)
		g.note(Standing{Active: true}, time.Now(), time.Time{}) // as after a minute without a word
		check("woken", false, false)
		after(link.DefaultHold) // it has asked
		check("asked", true, true)
		h.reach(w.instance(), true)
		after(link.DefaultHold + time.Second)
		check("no hub", false, true)
		g.note(Standing{Active: true}, time.Now(), time.Now().Add(-link.DefaultHold))
		check("no hub, and frozen since", false, false)
	})
}

func TestHubThatRefusesStopsTheStart(t *testing.T) {
	for _, code := range []link.Code{link.CodeInstallation, link.CodeDatabaseOld} {
		inBubble(t, func(t *testing.T, w *world) {
			w.hub.onHold = func(link.HoldRequest) (link.HoldResponse, error) { return link.HoldResponse{}, refusal(403, code) }
			a, err := New(w.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Start(t.Context()); link.CodeOf(err) != code || w.hub.setupCount() != 0 {
				t.Errorf("%v", err)
			}
			w.hub.onHold = nil
			w.start() // everything was let go of
		})
	}
}

// TestRunningAgentThatIsRefusedStops, and goes on when a person has mended it.
func TestRunningAgentThatIsRefusedStops(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		h := &holds{}
		var refused atomic.Bool
		w.hub.onHold = func(r link.HoldRequest) (link.HoldResponse, error) {
			if refused.Load() {
				return link.HoldResponse{}, refusal(403, link.CodeInstallation)
			}
			return h.hold(r)
		}
		w.start()
		refused.Store(true)
		after(link.DefaultHold)
		if s := w.a.Standing(); s.Active || link.CodeOf(s.Trouble) != link.CodeInstallation {
			t.Errorf("%+v", s)
		}
		w.hub.put(agenttest.Delivery("a"))
		after(time.Minute)
		if w.booked("a") != 0 {
			t.Error("it goes on")
		}
		refused.Store(false)
		after(2 * refusedWait)
		if s := w.a.Standing(); !s.Active || w.booked("a") != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// TestCopyIsTold: the hub has seen two of the same instance alive.
func TestCopyIsTold(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.hub.onHold = func(link.HoldRequest) (link.HoldResponse, error) {
			return link.HoldResponse{Epoch: 4, Lease: "20s", Copy: true, Holder: &link.Holder{Host: "erp-01", Since: time.Now()}}, nil
		}
		w.start()
		if s := w.a.Standing(); s.Active || !s.Copy || s.Host != "erp-01" {
			t.Errorf("%+v", s)
		}
	})
}

// TestDatabaseMovesOnWithWorkAndTime, so that an older state of it shows at the hub.
func TestDatabaseMovesOnWithWorkAndTime(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		h := &holds{}
		w.hub.onHold = h.hold
		w.start()
		told := func() int64 {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.moves[len(h.moves)-1]
		}
		after(2 * link.DefaultHold)
		before := told()
		w.hub.put(agenttest.Delivery("a"))
		after(link.DefaultHold / askTimes)
		if told() <= before {
			t.Error("work does not show")
		}
		before = told()
		after(2 * moveEvery)
		if told() <= before {
			t.Error("time does not show")
		}
		before = told()
		w.stop()
		if told() <= before {
			t.Error("the end does not show")
		}
	})
}

func TestSameInstallationFileIsUsedOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start()
		again, err := New(w.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Start(t.Context()); link.CodeOf(err) != link.CodeDataInUse {
			t.Errorf("%v", err)
		}
		if _, err := os.Stat(w.Installation + ".lock"); err != nil {
			t.Error(err)
		}
	})
}

// helpedHub is a hub whose people ask for something. It is away as soon as it has told of cut.
type helpedHub struct {
	mu    sync.Mutex
	epoch int64
	cut   uuid.UUID
	away  bool
	open  []link.HelpRequest
	heard []link.HelpReply
	state *link.HelpState // told last
}

func (h *helpedHub) hold(r link.HoldRequest) (link.HoldResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.away {
		return link.HoldResponse{}, errGone
	}
	if h.state = r.Help; r.Help != nil {
		h.heard = append(h.heard, r.Help.Replies...)
		h.open = slices.DeleteFunc(h.open, func(o link.HelpRequest) bool {
			return slices.ContainsFunc(r.Help.Replies, func(p link.HelpReply) bool { return p.ID == o.ID })
		})
	}
	h.away = slices.ContainsFunc(h.open, func(o link.HelpRequest) bool { return o.ID == h.cut })
	return link.HoldResponse{Active: true, Epoch: h.epoch, Lease: r.Lease, Help: slices.Clone(h.open)}, nil
}

// ask asks, and answers what it has heard some time later.
func (h *helpedHub) ask(r ...link.HelpRequest) (heard []link.HelpReply, on bool) {
	h.mu.Lock()
	h.open = append(h.open, r...)
	h.mu.Unlock()
	after(15 * time.Second)
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.heard), h.state != nil && h.state.Until != nil
}

// TestRemoteHelpTravelsWithTheLease: the active run tells whether it takes requests, does what it is asked for
// once, and tells what became of it until the hub has heard it.
func TestRemoteHelpTravelsWithTheLease(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		d := agenttest.Delivery("x", agenttest.Do("reject"))
		request := func(a link.HelpAction) link.HelpRequest {
			return link.HelpRequest{ID: link.NewID(), Message: d.Message.ID, Action: a, Reason: "r", By: "olga"}
		}
		var mended atomic.Bool
		w.ways["reject"] = func(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
			if mended.Load() {
				return consumer.Done("1;1", nil)
			}
			return agenttest.Reject(ctx, tx, x, log)
		}
		hub := &helpedHub{epoch: 1}
		w.hub.onHold = hub.hold
		w.hub.put(d)
		w.start()
		heard, on := hub.ask(request(link.HelpDiscard))
		if len(heard) != 1 || heard[0].Result != link.HelpRefused || heard[0].Code != link.CodeHelpOff || on || w.item(d.Message.ID).State != link.ERPRejected {
			t.Fatalf("%+v, %t", heard, on)
		}
		if err := w.a.box.Desk("ana").AllowHelp(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		mended.Store(true)
		asked := request(link.HelpReprocess)
		hub.mu.Lock()
		hub.cut = asked.ID
		hub.mu.Unlock()
		if heard, on := hub.ask(asked); len(heard) != 1 || !on {
			t.Fatalf("%+v, %t", heard, on)
		}
		w.stop()
		hub.epoch, hub.cut, hub.away = 2, uuid.Nil, false
		w.start() // a new run, which knows nothing of it but by the database
		heard, _ = hub.ask()
		if len(heard) != 2 || heard[1].ID != asked.ID || heard[1].Result != link.HelpDone || len(hub.open) != 0 {
			t.Errorf("%+v", heard)
		}
		if n := w.Int(t, `SELECT COUNT(*) FROM SMARTLINKACTION WHERE REQUEST <> ''`); n != 2 || w.booked("x") != 1 {
			t.Errorf("noted %d, booked %d times", n, w.booked("x"))
		}
		after(time.Minute)
		if _, on := hub.ask(); on {
			t.Error("help is on after its end")
		}
	})
}
