package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/client"
	"smartlink/consumer"
	"smartlink/link"
)

var response = link.ResponseType(agenttest.Command)

func TestCommandIsBookedAndAnswered(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start()
		d := agenttest.Delivery("a", agenttest.BusinessKey("k"), agenttest.OrderingKey("o"))
		w.hub.put(d)
		synctest.Wait() // no time passes: nothing is polled for
		if !slices.Equal(w.hub.acked(), []int64{d.Tag}) {
			t.Errorf("acknowledged %v", w.hub.acked())
		}
		answers := w.hub.of(response)
		if len(answers) != 1 {
			t.Fatalf("%d answers", len(answers))
		}
		m := answers[0]
		want := client.Message{
			Type: response, Audience: "GESPLAN", App: "GESPLAN-RM", ContentType: "application/json", Body: m.Body,
			IdempotencyKey: link.AnswerID(d.Message.ID, 1).String(), CorrelationID: d.Message.ID.String(), Headers: map[string]string{
				"Sl-Answer-To": d.Message.ID.String(), "Sl-Root": d.Message.RootID.String(), "Sl-Outcome": "done", "Sl-Outcome-Number": "1", "Sl-Key": "1;1",
			},
		}
		if fmt.Sprint(m) != fmt.Sprint(want) {
			t.Errorf("sent %+v, want %+v", m, want)
		}
		if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGE WHERE TYPEMESSAGE <> 'metrics'`); n != 0 {
			t.Errorf("%d rows are left", n)
		}
		if len(w.hub.setups) != 1 || !slices.Equal(w.hub.setups[0].Subscriptions, []string{agenttest.Command}) {
			t.Errorf("setups %+v", w.hub.setups)
		}
	})
}

// TestNeverAckedBeforeStored looks, at each acknowledgement, whether what it names is in the database.
func TestNeverAckedBeforeStored(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		ids := map[int64]string{}
		checked := 0
		w.hub.onAck = func(items []link.Settlement) error {
			for _, s := range items {
				if s.Ack == nil || !*s.Ack {
					continue
				}
				checked++
				if n := w.Int(t, `SELECT (SELECT COUNT(*) FROM GTOTVSLINKMESSAGE WHERE ID = ?1) + (SELECT COUNT(*) FROM SMARTLINKRESULT WHERE IDMESSAGE = ?1)`,
					ids[s.DeliveryTag]); n == 0 {
					t.Errorf("%s was acknowledged and is not stored", ids[s.DeliveryTag])
				}
			}
			return nil
		}
		w.cfg.GetMax = 3
		w.start()
		var all []link.Delivery
		for n := range 10 {
			d := agenttest.Delivery(fmt.Sprint(n))
			ids[d.Tag] = d.Message.ID.String()
			all = append(all, d)
		}
		w.hub.put(all...)
		synctest.Wait()
		if checked != 10 || len(w.hub.acked()) != 10 {
			t.Errorf("%d acknowledged", checked)
		}
	})
}

func TestMessageThatCannotBeStoredIsRequeuedAndTheOthersAreTaken(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start()
		bad, good := agenttest.Delivery("bad"), agenttest.Delivery("good")
		w.Exec(t, fmt.Sprintf(`CREATE TRIGGER NO BEFORE INSERT ON GTOTVSLINKMESSAGE WHEN NEW.ID = '%s' BEGIN SELECT RAISE(ABORT, 'not this one'); END`, bad.Message.ID))
		w.hub.put(bad, good)
		synctest.Wait()
		w.hub.mu.Lock()
		defer w.hub.mu.Unlock()
		if len(w.hub.settled) != 2 || *w.hub.settled[0].Ack || !strings.Contains(w.hub.settled[0].Reason, "not this one") || !*w.hub.settled[1].Ack {
			t.Errorf("%+v", w.hub.settled)
		}
	})
}

func TestLeasesThatCannotBeStoredAreReleased(t *testing.T) {
	files := agenttest.NewFiles(t)
	box, err := inbox.Open(t.Context(), inbox.Config{Database: files.Database, Installation: files.Installation})
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Close(t.Context()); err != nil { // as far away as a database can be
		t.Fatal(err)
	}
	hub := newHub()
	d := &down{cfg: &Config{Hub: hub}, box: box}
	delivery := agenttest.Delivery("a")
	if err := d.take(t.Context(), []link.Delivery{delivery}); err == nil {
		t.Error("no error")
	}
	if len(hub.settled) != 1 || !hub.settled[0].Release || hub.settled[0].DeliveryTag != delivery.Tag || hub.settled[0].Ack != nil {
		t.Errorf("%+v", hub.settled)
	}
}

// TestNothingIsLeasedWhileTheDatabaseIsAway asks the hub for nothing it could not store.
func TestNothingIsLeasedWhileTheDatabaseIsAway(t *testing.T) {
	files := agenttest.NewFiles(t)
	box, err := inbox.Open(t.Context(), inbox.Config{Database: files.Database, Installation: files.Installation})
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	hub := newHub()
	hub.onGet = func(context.Context) ([]link.Delivery, error) { t.Error("asked"); return nil, nil }
	if err := (&down{cfg: &Config{Hub: hub}, box: box, subscribed: true}).turn(t.Context()); err == nil {
		t.Error("no error")
	}
}

func TestStopReleasesWhatWasNotStored(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		d := agenttest.Delivery("a")
		w.hub.onGet = func(ctx context.Context) ([]link.Delivery, error) {
			<-ctx.Done() // the answer was on its way when the stop came
			return []link.Delivery{d}, nil
		}
		w.start()
		w.stop()
		if len(w.hub.settled) != 1 || !w.hub.settled[0].Release {
			t.Errorf("%+v", w.hub.settled)
		}
		if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGE WHERE TYPEEVENT = 'Downstream'`); n != 0 {
			t.Error("stored and given back")
		}
	})
}

func TestStopIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		hang, hanging := make(chan struct{}), make(chan struct{})
		w.ways["hang"] = func(context.Context, consumer.Tx, consumer.Execution, consumer.Log) consumer.Outcome {
			close(hanging)
			<-hang
			return consumer.Done("late", nil)
		}
		w.start()
		w.hub.put(agenttest.Delivery("a", agenttest.Do("hang")))
		<-hanging
		a := w.a
		w.a = nil
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := a.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		close(hang)
		synctest.Wait()
	})
}

func TestHubThatIsAwayIsTriedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var away atomic.Bool
		away.Store(true)
		gone := func() error {
			if away.Load() {
				return errGone
			}
			return nil
		}
		w.hub.onSetup = gone
		w.hub.onSend = func(client.Message) error { return gone() }
		w.start() // the hub keeps it from nothing
		w.hub.put(agenttest.Delivery("a"))
		after(5 * time.Minute)
		if w.hub.setupCount() < 5 || len(w.hub.of(response)) != 0 {
			t.Errorf("%d setups, %d answers", w.hub.setupCount(), len(w.hub.of(response)))
		}
		if w.hub.setupCount() > 20 {
			t.Errorf("%d setups in five minutes: it does not back off", w.hub.setupCount())
		}
		away.Store(false)
		after(2 * time.Minute)
		if len(w.hub.of(response)) != 1 {
			t.Errorf("%d answers", len(w.hub.of(response)))
		}
	})
}

func TestHubThatAnswersNothingAtOnceIsNotAskedInALoop(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		asked := 0
		w.hub.onGet = func(context.Context) ([]link.Delivery, error) { asked++; return nil, nil }
		w.start()
		after(10 * time.Second)
		if asked > 12 {
			t.Errorf("asked %d times in 10 s", asked)
		}
	})
}

func TestFailedAckIsHarmless(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var fails atomic.Bool
		fails.Store(true)
		w.hub.onAck = func([]link.Settlement) error {
			if fails.Swap(false) {
				return errGone
			}
			return nil
		}
		w.start()
		d := agenttest.Delivery("a")
		w.hub.put(d)
		after(5 * time.Second)
		d.Tag++ // its lease has ended: it comes again
		w.hub.put(d)
		after(5 * time.Second)
		if !slices.Equal(w.hub.acked(), []int64{d.Tag}) || w.Int(t, `SELECT COUNT(*) FROM BOOK`) != 1 {
			t.Errorf("acknowledged %v, booked %d", w.hub.acked(), w.Int(t, `SELECT COUNT(*) FROM BOOK`))
		}
		// Its outcome is told again, as the same request.
		answers := w.hub.of(response)
		if len(answers) != 2 || answers[0].IdempotencyKey != answers[1].IdempotencyKey || string(answers[0].Body) != string(answers[1].Body) {
			t.Errorf("%+v", answers)
		}
	})
}

func TestAnswersGoUpInOrderPerKeyAndTheRefusedIsBlocked(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var refuse, hold atomic.Value
		refuse.Store("")
		hold.Store("")
		w.hub.onSend = func(m client.Message) error {
			switch m.Headers[link.HeaderAnswerTo] {
			case "":
				return nil
			case refuse.Load():
				return refusal(http.StatusForbidden, link.CodeNotYourMessage)
			case hold.Load():
				return refusal(http.StatusInternalServerError, link.CodeInternal)
			}
			return nil
		}
		key := agenttest.OrderingKey("k")
		first, second, other := agenttest.Delivery("1", key), agenttest.Delivery("2", key), agenttest.Delivery("3")
		refused := agenttest.Delivery("4")
		hold.Store(first.Message.ID.String())
		refuse.Store(refused.Message.ID.String())
		w.start()
		w.hub.put(first, second, refused, other)
		after(time.Minute)
		to := func() []string {
			var all []string
			for _, m := range w.hub.of(response) {
				all = append(all, m.Headers[link.HeaderAnswerTo])
			}
			return all
		}
		if got := to(); !slices.Equal(got, []string{other.Message.ID.String()}) {
			t.Errorf("sent %v", got)
		}
		page, err := w.a.box.List(t.Context(), inbox.Filter{Event: inbox.Upstream, States: []link.ERPState{link.ERPBlocked}})
		if err != nil || len(page.Items) != 1 || page.Items[0].Code != link.CodeRefusedByHub || page.Items[0].ID != link.AnswerID(refused.Message.ID, 1) {
			t.Errorf("%+v, %v", page, err)
		}
		if n := w.a.alarms.all()[link.CodeRefusedByHub]; n != 1 {
			t.Errorf("%d alarms", n)
		}
		hold.Store("")
		after(2 * time.Minute)
		want := []string{other.Message.ID.String(), first.Message.ID.String(), second.Message.ID.String()}
		if got := to(); !slices.Equal(got, want) {
			t.Errorf("sent %v, want %v", got, want)
		}
		refuse.Store("")
		if err := w.a.box.Desk("ana").Reprocess(t.Context(), page.Items[0].ID); err != nil {
			t.Error(err)
		}
		after(time.Second)
		if got := to(); len(got) != 4 {
			t.Errorf("sent %v", got)
		}
	})
}

// TestLongQueueUpKeepsItsOrder: a key that has to wait holds what is far behind it, and nobody else.
func TestLongQueueUpKeepsItsOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		key := agenttest.OrderingKey("k")
		all := []link.Delivery{agenttest.Delivery("first", key)}
		for n := range upBatch + 10 {
			all = append(all, agenttest.Delivery(fmt.Sprint(n), key))
		}
		refused, other := all[5].Message.ID.String(), agenttest.Delivery("other")
		all = append(all, other)
		var holds atomic.Bool
		holds.Store(true)
		w.hub.onSend = func(m client.Message) error {
			switch to := m.Headers[link.HeaderAnswerTo]; {
			case to == refused:
				return refusal(http.StatusUnprocessableEntity, link.CodeRequestInvalid)
			case to == all[0].Message.ID.String() && holds.Load():
				return refusal(http.StatusInternalServerError, link.CodeInternal)
			}
			return nil
		}
		w.start()
		w.hub.put(all...)
		after(time.Minute)
		if got := w.hub.of(response); len(got) != 1 || got[0].Headers[link.HeaderAnswerTo] != other.Message.ID.String() {
			t.Errorf("%d sent", len(got))
		}
		holds.Store(false)
		after(2 * time.Minute)
		got := w.hub.of(response)[1:]
		want := slices.Delete(slices.Clone(all[:len(all)-1]), 5, 6) // behind the refused one they go on
		if !slices.EqualFunc(got, want, func(m client.Message, d link.Delivery) bool {
			return m.Headers[link.HeaderAnswerTo] == d.Message.ID.String()
		}) {
			t.Errorf("%d sent, not in order", len(got))
		}
	})
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		err  error
		want verdict
	}{
		{nil, accepted},
		{errors.New("connection refused"), hubAway},
		{context.DeadlineExceeded, hubAway},
		{refusal(401, link.CodeTokenRevoked), hubAway},
		{refusal(400, link.CodeTokenInvalid), hubAway}, // a wrong secret is not the message's fault
		{refusal(403, link.CodeInstallation), hubAway},
		{refusal(429, link.CodeRateLimited), hubAway},
		{refusal(503, link.CodeOutcomeUnknown), hubAway},
		{refusal(502, link.CodeUnavailable), hubAway},
		{refusal(408, link.CodeBodyIncomplete), waits},
		{refusal(425, link.CodeUnavailable), waits},
		{refusal(500, link.CodeInternal), waits},
		{refusal(403, link.CodeNotYourMessage), refused},
		{refusal(409, link.CodeIdempotency), refused},
		{refusal(413, link.CodeBodyTooLarge), refused},
		{refusal(422, link.CodeNoRoute), refused},
		{refusal(302, link.CodeRequestInvalid), hubAway},
	} {
		if got := judge(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
}

func TestStatesAreReportedInTimeAndNoneIsLost(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.cfg.Retry = executor.Retry{QtdeTentativasExec: 2}
		var away atomic.Bool
		w.hub.onSend = func(m client.Message) error {
			if m.Type == link.TypeStatus && away.Load() {
				return errGone
			}
			return nil
		}
		w.start()
		d := agenttest.Delivery("a", agenttest.Do("fail"))
		w.hub.put(d)
		after(5 * time.Second)
		read := func() []link.StatusItem {
			var all []link.StatusItem
			for _, m := range w.hub.of(link.TypeStatus) {
				var r link.StatusReport
				if err := json.Unmarshal(m.Body, &r); err != nil {
					t.Fatal(err)
				}
				if m.Audience != link.LinkProxy || r.InstallationID != w.a.box.Installation().ID.String() {
					t.Errorf("%+v from %s", m, r.InstallationID)
				}
				all = append(all, r.Items...)
			}
			return all
		}
		got := read()
		if len(got) == 0 || got[len(got)-1].State != link.ERPWaiting || got[len(got)-1].ID != d.Message.ID || got[len(got)-1].NextTry == nil ||
			got[len(got)-1].Code != string(link.CodeConsumerFailed) {
			t.Fatalf("%+v", got)
		}
		told := len(got)
		away.Store(true)
		after(3 * time.Minute) // to the last attempt
		if got := read(); len(got) != told {
			t.Errorf("%+v", got)
		}
		w.stop() // what was not told is in the rows
		away.Store(false)
		w.start()
		after(5 * time.Second)
		if got := read(); len(got) != told+1 || got[told].State != link.ERPBlocked {
			t.Errorf("%+v", got)
		}
	})
}

func TestHealthGoesUpEveryMinute(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start()
		w.hub.put(agenttest.Delivery("a"), agenttest.Delivery("b", agenttest.Do("reject")))
		after(3*time.Minute + time.Second)
		got := w.hub.of(link.TypeMetrics)
		if len(got) != 4 {
			t.Fatalf("%d reports in three minutes", len(got))
		}
		last := got[3]
		if last.ContentType != "text/plain; version=0.0.4" || last.Audience != link.LinkProxy || last.Headers != nil {
			t.Errorf("%+v", last)
		}
		text := string(last.Body)
		if !strings.HasPrefix(text, "# HELP service_state_up ") {
			t.Errorf("begins with %.30q", text)
		}
		for _, line := range []string{
			"service_state_up 1", "smartlink_agent_uptime_seconds 180", `smartlink_agent_inbox_messages{direction="downstream",state="rejected"} 1`,
			`smartlink_agent_executions_total{result="done"} 1`, `smartlink_agent_executions_total{result="rejected"} 1`,
		} {
			if !strings.Contains(text, "\n"+line+"\n") {
				t.Errorf("no line %s in\n%s", line, text)
			}
		}
	})
}

func TestHistoryIsErasedInTime(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.cfg.History = 30 * time.Minute
		w.start()
		w.hub.put(agenttest.Delivery("a"))
		after(time.Minute)
		count := func() int {
			return w.Int(t, `SELECT (SELECT COUNT(*) FROM GTOTVSLINKMESSAGEEXEC) + (SELECT COUNT(*) FROM GTOTVSLINKLOG)`)
		}
		if n := count(); n != 2 {
			t.Errorf("%d", n)
		}
		after(time.Hour + time.Minute)
		if n := count(); n != 0 {
			t.Errorf("%d are left", n)
		}
	})
}

func TestAnotherProcessReprocessesAndTheAgentNotices(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var mended atomic.Bool
		w.ways["reject"] = func(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
			if mended.Load() {
				return consumer.Done("1", nil)
			}
			return agenttest.Reject(ctx, tx, x, log)
		}
		w.start()
		a, b := agenttest.Delivery("a", agenttest.Do("reject")), agenttest.Delivery("b", agenttest.Do("reject"))
		w.hub.put(a, b)
		after(time.Second)
		mended.Store(true)
		desk, err := inbox.Attach(t.Context(), w.Database, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.Desk("ana").Reprocess(t.Context(), a.Message.ID); err != nil {
			t.Error(err)
		}
		if err := desk.Desk("ana").Discard(t.Context(), b.Message.ID, "no"); err != nil {
			t.Error(err)
		}
		if err := desk.Close(t.Context()); err != nil {
			t.Error(err)
		}
		after(1500 * time.Millisecond)
		outcomes := map[string]string{}
		for _, m := range w.hub.of(response) {
			outcomes[m.Headers[link.HeaderAnswerTo]] += m.Headers[link.HeaderOutcome] + " "
		}
		if outcomes[a.Message.ID.String()] != "rejected done " || outcomes[b.Message.ID.String()] != "rejected discarded " {
			t.Errorf("%v", outcomes)
		}
	})
}

func TestReprocessAndDiscardActWithinASecond(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start()
		key := agenttest.OrderingKey("k")
		first, next := agenttest.Delivery("a", agenttest.Do("fail"), key), agenttest.Delivery("b", key)
		w.hub.put(first, next)
		synctest.Wait()
		if i := w.item(first.Message.ID); i.Attempt != 1 {
			t.Errorf("%+v", i)
		}
		if err := w.a.box.Desk("ana").Reprocess(t.Context(), first.Message.ID); err != nil {
			t.Error(err)
		}
		after(time.Second)
		if i := w.item(first.Message.ID); i.Attempt != 2 {
			t.Errorf("%+v", i)
		}
		if err := w.a.box.Desk("ana").Discard(t.Context(), first.Message.ID, "no"); err != nil {
			t.Error(err)
		}
		after(time.Second)
		if i := w.item(next.Message.ID); i != nil {
			t.Errorf("the next of its key waits: %+v", i)
		}
	})
}

func TestOneAgentPerDatabase(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start()
		second, err := New(w.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := second.Start(t.Context()); link.CodeOf(err) != link.CodeDataInUse {
			t.Error(err)
		}
		if err := second.Stop(t.Context()); err != nil { // must not take the first one's lock away
			t.Error(err)
		}
		if err := second.Start(t.Context()); link.CodeOf(err) != link.CodeDataInUse {
			t.Error(err)
		}
		if err := w.a.Start(t.Context()); err == nil {
			t.Error("started twice")
		}
		w.stop()
		w.start()
	})
}

func TestStartThatFailsLetsGoOfEverything(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.Exec(t, `CREATE TABLE GTOTVSLINKMESSAGE (ID TEXT)`)
		a, err := New(w.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Start(t.Context()); link.CodeOf(err) != link.CodeForeignTables {
			t.Error(err)
		}
		if _, err := a.Metrics(t.Context()); !errors.Is(err, errNotRunning) {
			t.Error(err)
		}
		w.Exec(t, `DROP TABLE GTOTVSLINKMESSAGE`)
		w.start()
	})
}

func TestNewRefusesHalfAConfiguration(t *testing.T) {
	whole := Config{Hub: newHub(), Database: "d", Installation: "i", Consumers: []consumer.Consumer{&agenttest.Booker{}}}
	if _, err := New(whole); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Config){
		"hub": func(c *Config) { c.Hub = nil }, "database": func(c *Config) { c.Database = "" }, "installation": func(c *Config) { c.Installation = "" },
		"consumers": func(c *Config) { c.Consumers = nil }, "twice": func(c *Config) { c.Consumers = append(c.Consumers, &agenttest.Booker{}) },
		"retry":           func(c *Config) { c.Retry = executor.Retry{QtdeTentativasExec: -1} },
		"lease too short": func(c *Config) { c.Lease = time.Second }, "lease too long": func(c *Config) { c.Lease = time.Hour },
		"too many at once": func(c *Config) { c.GetMax = link.MaxGet + 1 },
	} {
		c := whole
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestBackoffGrowsAndListensToTheHub(t *testing.T) {
	var b backoff
	for n := range 20 {
		d := b.next(nil)
		if top := min(firstWait<<min(n, 6), longWait); d < top/2 || d > top {
			t.Errorf("failure %d: %s of %s", n+1, d, top)
		}
	}
	if d := b.next(&client.Refused{Problem: &link.Problem{}, After: time.Hour}); d != time.Hour {
		t.Error(d)
	}
	b.reset()
	if d := b.next(nil); d > firstWait {
		t.Error(d)
	}
}

var _ Hub = (*client.Client)(nil)
