package inbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// world is an inbox, and an executor to bring messages into their states.
type world struct {
	agenttest.Files
	t     *testing.T
	clock *clock.Fake
	*inbox.Box
	e *executor.Executor
}

func newWorld(t *testing.T) *world {
	w := &world{Files: agenttest.NewFiles(t), t: t, clock: clock.NewFake(agenttest.Start)}
	w.Box = w.Files.Open(t, w.clock)
	w.e = executorOf(t, w.Box, w.clock)
	return w
}

func executorOf(t *testing.T, box *inbox.Box, clk clock.Clock) *executor.Executor {
	t.Helper()
	b := &agenttest.Booker{Ways: map[string]agenttest.Way{"reject": agenttest.Reject, "fail": agenttest.Fail}}
	e, err := executor.New(executor.Config{Box: box, Clock: clk, Consumers: []consumer.Consumer{b}, Retry: executor.Retry{QtdeTentativasExec: 2}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (w *world) store(ds ...link.Delivery) inbox.Stored {
	w.t.Helper()
	s, err := w.Store(w.t.Context(), ds)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) drain() {
	w.t.Helper()
	if _, err := w.e.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) outgoing() []*inbox.Row {
	w.t.Helper()
	rows, err := w.Outgoing(w.t.Context(), 0, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return rows
}

// send has the hub take everything that is up.
func (w *world) send() {
	w.t.Helper()
	if err := w.Sent(w.t.Context(), w.outgoing(), nil); err != nil {
		w.t.Fatal(err)
	}
}

// in brings a new message into a state.
func (w *world) in(state link.ERPState, change ...func(*link.Message)) link.Delivery {
	w.t.Helper()
	way := map[link.ERPState]string{link.ERPRejected: "reject", link.ERPWaiting: "fail", link.ERPBlocked: "fail"}[state]
	d := agenttest.Delivery("x", append(change, agenttest.Do(way))...)
	w.store(d)
	if state == link.ERPStored {
		return d
	}
	w.drain()
	if state == link.ERPBlocked {
		w.clock.Advance(time.Hour)
		w.drain()
	}
	if state == link.ERPDiscarded {
		w.t.Fatal("discard it yourself")
	}
	return d
}

func TestStoredMessageComesOutAsItCameIn(t *testing.T) {
	for name, body := range map[string][]byte{"json": []byte(`{"é": 1.0,  "b":[ ]}`), "not UTF-8": {0xff, 0, 0xfe}, "zero byte": []byte("a\x00b"), "empty": {}} {
		w := newWorld(t)
		d := agenttest.Delivery("x", agenttest.BusinessKey("b"), agenttest.OrderingKey("o"), func(m *link.Message) {
			m.Body, m.RootID, m.CorrelationID, m.CreatedBy = body, uuid.New(), "c", "ana"
			m.Headers["Sl-Meta-A"] = `"quoted"`
			m.CreatedAt = agenttest.Start.Add(-time.Hour + 5*time.Microsecond)
		})
		w.store(d)
		rows, err := w.Claim(t.Context(), "job", 1, func(string) bool { return true })
		if err != nil || len(rows) != 1 {
			t.Fatal(len(rows), err)
		}
		if got := rows[0].Message; !reflect.DeepEqual(got, d.Message) && !(len(body) == 0 && len(got.Body) == 0) {
			t.Errorf("%s: %+v, want %+v", name, got, d.Message)
		}
	}
}

func TestBodiesCanBeReadBySQL(t *testing.T) {
	w := newWorld(t)
	w.store(agenttest.Delivery("x"))
	query := map[sqldb.Dialect]string{
		sqldb.SQLite:    `SELECT json_extract(DATA, '$.doc') FROM GTOTVSLINKMESSAGE`,
		sqldb.Postgres:  `SELECT convert_from(DATA, 'UTF8')::json ->> 'doc' FROM GTOTVSLINKMESSAGE`,
		sqldb.SQLServer: `SELECT JSON_VALUE(CAST(CAST(DATA AS VARCHAR(MAX)) AS NVARCHAR(MAX)), '$.doc') FROM GTOTVSLINKMESSAGE`,
	}[sqltest.Kind()]
	if s := w.Text(t, query); s != "x" {
		t.Error(s)
	}
}

func TestRedeliveredIsKnown(t *testing.T) {
	w := newWorld(t)
	a, b := agenttest.Delivery("a"), agenttest.Delivery("b")
	if s := w.store(a, a, b); s != (inbox.Stored{New: 2, Known: 1}) {
		t.Errorf("%+v", s)
	}
	if s := w.store(b, a); s != (inbox.Stored{Known: 2}) {
		t.Errorf("%+v", s)
	}
	if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGE`); n != 2 {
		t.Errorf("%d rows", n)
	}
}

// TestRedeliveredWithAnOutcomeIsAnsweredAgain: the same answer goes up again, byte for byte and under
// the same id, and nothing is stored or executed.
func TestRedeliveredWithAnOutcomeIsAnsweredAgain(t *testing.T) {
	for _, state := range []link.ERPState{link.ERPDone, link.ERPRejected, link.ERPBlocked, link.ERPDiscarded} {
		w := newWorld(t)
		from := state
		if state == link.ERPDiscarded {
			from = link.ERPStored
		}
		d := w.in(from)
		if state == link.ERPDiscarded {
			if err := w.Desk("ana").Discard(t.Context(), d.Message.ID, "r"); err != nil {
				t.Fatal(err)
			}
		}
		first := w.outgoing()
		if len(first) != 1 {
			t.Fatalf("%s: %d answers", state, len(first))
		}
		if s := w.store(d); s != (inbox.Stored{Answered: 1}) || len(w.outgoing()) != 1 {
			t.Errorf("%s, not sent yet: %+v, %d answers", state, s, len(w.outgoing()))
		}
		w.send()
		w.store(d, d)
		again := w.outgoing()
		if len(again) != 1 || again[0].Message.ID != first[0].Message.ID || !bytes.Equal(again[0].Message.Body, first[0].Message.Body) ||
			!reflect.DeepEqual(again[0].Message.Headers, first[0].Message.Headers) || again[0].Message.Audience != first[0].Message.Audience {
			t.Errorf("%s: %+v, want %+v", state, again, first)
		}
		w.drain()
		if n := w.Int(t, `SELECT COUNT(*) FROM SMARTLINKRESULT`); n != 1 {
			t.Errorf("%s: executed again", state)
		}
	}
}

func TestHighestAnswerIsSentAgain(t *testing.T) {
	w := newWorld(t)
	d := w.in(link.ERPRejected)
	for range 2 {
		if err := w.Desk("ana").Reprocess(t.Context(), d.Message.ID); err != nil {
			t.Fatal(err)
		}
		w.drain()
	}
	w.send()
	w.store(d)
	if rows := w.outgoing(); len(rows) != 1 || rows[0].Message.Headers[link.HeaderOutcomeNumber] != "3" || rows[0].Message.ID != link.AnswerID(d.Message.ID, 3) {
		t.Errorf("%+v", rows)
	}
}

func TestReprocess(t *testing.T) {
	for _, state := range []link.ERPState{link.ERPRejected, link.ERPBlocked} {
		w := newWorld(t)
		d := w.in(state)
		before := w.Int(t, `SELECT STATUSSEQ FROM GTOTVSLINKMESSAGE WHERE ID = ?`, d.Message.ID.String())
		if err := w.Desk("ana").Reprocess(t.Context(), d.Message.ID); err != nil {
			t.Fatal(err)
		}
		detail, err := w.Show(t.Context(), d.Message.ID)
		if err != nil || detail.Item.State != link.ERPStored || detail.Item.Attempt != 0 || detail.Item.Code != "" || detail.Item.Reason != "" {
			t.Errorf("%s: %+v, %v", state, detail.Item, err)
		}
		if after := w.Int(t, `SELECT STATUSSEQ FROM GTOTVSLINKMESSAGE WHERE ID = ?`, d.Message.ID.String()); after != before+1 {
			t.Errorf("STATUSSEQ %d, was %d", after, before)
		}
		w.drain()
		if state == link.ERPRejected {
			if n := w.Int(t, `SELECT MAX(OUTCOMENUMBER) FROM SMARTLINKRESULT`); n != 2 {
				t.Errorf("next outcome %d", n)
			}
		}
		// Executions of the second round do not overwrite those of the first.
		detail, err = w.Show(t.Context(), d.Message.ID)
		want := map[link.ERPState]int{link.ERPRejected: 2, link.ERPBlocked: 3}[state]
		if err != nil || len(detail.Executions) != want || detail.Item.Attempt != 1 {
			t.Errorf("%s: %+v, %v", state, detail.Executions, err)
		}
	}
}

func TestReprocessOfAWaitingOneMakesItDueNow(t *testing.T) {
	w := newWorld(t)
	d := w.in(link.ERPWaiting)
	if err := w.Desk("ana").Reprocess(t.Context(), d.Message.ID); err != nil {
		t.Fatal(err)
	}
	if n, err := w.e.RunOnce(t.Context()); n != 1 || err != nil {
		t.Error(n, err)
	}
	if detail, err := w.Show(t.Context(), d.Message.ID); err != nil || detail.Item.State != link.ERPBlocked {
		t.Errorf("its attempts did not go on: %+v, %v", detail.Item, err)
	}
}

func TestWhatIsNotPossibleSaysSo(t *testing.T) {
	w := newWorld(t)
	done, stored := w.in(link.ERPDone), w.in(link.ERPStored)
	reprocess := func(id uuid.UUID) error { return w.Desk("ana").Reprocess(t.Context(), id) }
	discard := func(id uuid.UUID) error { return w.Desk("ana").Discard(t.Context(), id, "r") }
	for _, c := range []struct {
		name string
		do   func(uuid.UUID) error
		id   uuid.UUID
		code link.Code
		says string
	}{
		{"reprocess stored", reprocess, stored.Message.ID, link.CodeNotNow, "stored"},
		{"reprocess done", reprocess, done.Message.ID, link.CodeNotNow, "done"},
		{"discard done", discard, done.Message.ID, link.CodeNotNow, "done"},
		{"reprocess unknown", reprocess, uuid.New(), link.CodeNotInInbox, "never"},
		{"discard unknown", discard, uuid.New(), link.CodeNotInInbox, "never"},
		{"show unknown", func(id uuid.UUID) error { _, err := w.Show(t.Context(), id); return err }, uuid.New(), link.CodeNotInInbox, "never"},
	} {
		if err := c.do(c.id); link.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := w.Claim(t.Context(), "job", 1, func(string) bool { return true }); err != nil {
		t.Fatal(err)
	}
	if err := discard(stored.Message.ID); link.CodeOf(err) != link.CodeNotNow || !strings.Contains(err.Error(), "running") {
		t.Errorf("discard running: %v", err)
	}
}

func TestDiscardAnswersAndDeletes(t *testing.T) {
	for _, state := range []link.ERPState{link.ERPStored, link.ERPWaiting, link.ERPBlocked, link.ERPRejected} {
		w := newWorld(t)
		d := w.in(state)
		w.send()
		if err := w.Desk("ana").Discard(t.Context(), d.Message.ID, "asked for by Ana"); err != nil {
			t.Fatal(err)
		}
		rows := w.outgoing()
		if len(rows) != 1 {
			t.Fatalf("%s: %d answers", state, len(rows))
		}
		var a link.AnswerBody
		if err := json.Unmarshal(rows[0].Message.Body, &a); err != nil {
			t.Fatal(err)
		}
		number := map[link.ERPState]int{link.ERPBlocked: 2, link.ERPRejected: 2}[state]
		if a.Data.Status != link.ERPDiscarded || a.Data.OutcomeNumber != max(number, 1) || !strings.Contains(a.Data.Errors[0].Help, "asked for by Ana") {
			t.Errorf("%s: %+v", state, a.Data)
		}
		if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGE WHERE TYPEEVENT = 'Downstream'`); n != 0 {
			t.Errorf("%s: the row is still there", state)
		}
		if detail, err := w.Show(t.Context(), d.Message.ID); err != nil || !strings.Contains(detail.Log[len(detail.Log)-1].Text, "asked for by Ana") {
			t.Errorf("%s: %+v, %v", state, detail.Log, err)
		}
	}
}

func TestRefusedAnswerCanBeReprocessedOrForgotten(t *testing.T) {
	for _, forget := range []bool{false, true} {
		w := newWorld(t)
		w.in(link.ERPDone)
		row := w.outgoing()[0]
		if err := w.Sent(t.Context(), nil, []inbox.Refused{{Row: row, Code: link.CodeRefusedByHub, Reason: "no"}}); err != nil {
			t.Fatal(err)
		}
		if len(w.outgoing()) != 0 {
			t.Error("a refused one is still sent")
		}
		page, err := w.List(t.Context(), inbox.Filter{Event: inbox.Upstream, States: []link.ERPState{link.ERPBlocked}})
		if err != nil || len(page.Items) != 1 || page.Items[0].Code != link.CodeRefusedByHub || page.Items[0].Reason != "no" {
			t.Errorf("%+v, %v", page, err)
		}
		want := 1
		if forget {
			want = 0
			err = w.Desk("ana").Discard(t.Context(), row.Message.ID, "r")
		} else {
			err = w.Desk("ana").Reprocess(t.Context(), row.Message.ID)
		}
		if err != nil || len(w.outgoing()) != want {
			t.Errorf("forget %v: %d are up, %v", forget, len(w.outgoing()), err)
		}
		if items, err := w.Unreported(t.Context(), 10); err != nil || len(items) != 0 {
			t.Errorf("the hub would hear of its own answer: %+v, %v", items, err)
		}
	}
}

func TestListPagesAndFilters(t *testing.T) {
	w := newWorld(t)
	rejected, waiting := w.in(link.ERPRejected), w.in(link.ERPWaiting)
	var stored []uuid.UUID
	for range 5 {
		stored = append(stored, w.in(link.ERPStored, func(m *link.Message) { m.Type = "LaterCommand" }).Message.ID)
	}
	var got []uuid.UUID
	f := inbox.Filter{Limit: 2, States: []link.ERPState{link.ERPStored}, Type: "LaterCommand"}
	for pages := 1; ; pages++ {
		page, err := w.List(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range page.Items {
			got = append(got, i.ID)
		}
		if f.After = page.Next; f.After == "" {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
	}
	if !slices.Equal(got, stored) {
		t.Errorf("%v, want %v", got, stored)
	}
	page, err := w.List(t.Context(), inbox.Filter{})
	if err != nil || len(page.Items) != 7 || page.Items[0].ID != rejected.Message.ID || page.Items[1].NextTry == nil || page.Items[1].ID != waiting.Message.ID {
		t.Errorf("%+v, %v", page, err)
	}
	if _, err := w.List(t.Context(), inbox.Filter{After: "x"}); link.CodeOf(err) != link.CodeRequestInvalid {
		t.Error(err)
	}
}

func TestStatusesAreTheOnesTheHubMustKnow(t *testing.T) {
	w := newWorld(t)
	report := func() string {
		t.Helper()
		items, err := w.Unreported(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Reported(t.Context(), items); err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, i := range items {
			s := fmt.Sprintf("%d %s %d %s", i.Seq, i.State, i.Attempt, i.Code)
			if i.NextTry != nil {
				s += " next " + i.NextTry.Format("15:04")
			}
			all = append(all, strings.TrimSpace(s))
		}
		return strings.Join(all, ", ")
	}
	want := func(s string) {
		t.Helper()
		if got := report(); got != s {
			t.Errorf("reported %q, want %q", got, s)
		}
		if got := report(); got != "" {
			t.Errorf("reported twice: %q", got)
		}
	}
	d := agenttest.Delivery("x", agenttest.Do("fail"))
	w.store(d)
	want("1 stored 0")
	w.drain()
	want("2 waiting 1 SL-CONSUMER-FAILED next 12:02")
	w.clock.Advance(time.Hour)
	w.drain()
	want("3 blocked 2 SL-ATTEMPTS-EXHAUSTED")
	if err := w.Desk("ana").Reprocess(t.Context(), d.Message.ID); err != nil {
		t.Fatal(err)
	}
	want("4 stored 0")
	w.in(link.ERPRejected) // with the failing one before it
	want("5 waiting 1 SL-CONSUMER-FAILED next 13:02, 2 rejected 1 TEST-NO")
	w.in(link.ERPDone) // the answer tells
	want("")

	// One that runs is reported as what it was: its end may be nothing to report.
	w.store(agenttest.Delivery("y"))
	if _, err := w.Claim(t.Context(), "job", 1, func(string) bool { return true }); err != nil {
		t.Fatal(err)
	}
	want("1 stored 0")
}

func TestReportThatWasOvertakenIsSentAgain(t *testing.T) {
	w := newWorld(t)
	w.store(agenttest.Delivery("x", agenttest.Do("fail")))
	items, err := w.Unreported(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	w.drain() // fails while the report is on its way
	if err := w.Reported(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	if items, err = w.Unreported(t.Context(), 10); err != nil || len(items) != 1 || items[0].Seq != 2 {
		t.Errorf("%+v, %v", items, err)
	}
}

func TestNewerMetricsReplaceUnsentOnes(t *testing.T) {
	w := newWorld(t)
	for _, text := range []string{"old 1", "new 1"} {
		if err := w.PutMetrics(t.Context(), "text/plain; version=0.0.4", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	rows := w.outgoing()
	if len(rows) != 1 || string(rows[0].Message.Body) != "new 1" || rows[0].Message.Type != link.TypeMetrics ||
		rows[0].Message.Audience != link.LinkProxy || rows[0].Message.ContentType != "text/plain; version=0.0.4" {
		t.Errorf("%+v", rows)
	}
	if counts, err := w.Counts(t.Context()); err != nil || !slices.Equal(counts, []inbox.Count{{Event: inbox.Upstream, State: link.ERPStored, N: 1}}) {
		t.Errorf("%v, %v", counts, err)
	}
}

func TestAnswerTooLongIsCutAndSaysSo(t *testing.T) {
	m := agenttest.Delivery("x").Message
	var faults []link.Fault
	for range 5000 {
		faults = append(faults, link.Fault{Code: "X", Description: strings.Repeat("d", 200)})
	}
	a, err := inbox.NewAnswer(&m, 1, link.AnswerData{Status: link.ERPRejected, Errors: faults, Warnings: faults[:3]})
	if err != nil || len(a.Body) > link.MaxBody {
		t.Fatalf("%d bytes, %v", len(a.Body), err)
	}
	var body link.AnswerBody
	if err := json.Unmarshal(a.Body, &body); err != nil {
		t.Fatal(err)
	}
	n := len(body.Data.Errors) - 1
	if last := body.Data.Errors[n]; last.Code != string(link.CodeAnswerCut) || !strings.Contains(last.HelpEn, fmt.Sprint(5000-n)) || len(body.Data.Warnings) != 3 {
		t.Errorf("%d errors, the last %+v; %d warnings", n, last, len(body.Data.Warnings))
	}
	if _, err := inbox.NewAnswer(&m, 1, link.AnswerData{Errors: []link.Fault{{Description: strings.Repeat("d", link.MaxBody)}}}); err == nil {
		t.Error("an answer that fits nowhere was made")
	}
	if _, err := inbox.NewAnswer(&m, 1, link.AnswerData{Keys: map[string]any{"x": func() {}}}); err == nil {
		t.Error("an answer that cannot be written was made")
	}
}

func TestForgetErasesOldExecutionsAndLinesAndNoResult(t *testing.T) {
	w := newWorld(t)
	old := w.in(link.ERPDone)
	w.clock.Advance(time.Hour)
	young := w.in(link.ERPDone)
	for range 2 {
		if _, err := w.Forget(t.Context(), w.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	for d, want := range map[*link.Delivery]int{&old: 0, &young: 1} {
		detail, err := w.Show(t.Context(), d.Message.ID)
		if err != nil || len(detail.Executions) != want || len(detail.Log) != want || len(detail.Results) != 1 {
			t.Errorf("%+v, %v", detail, err)
		}
	}
	if n, err := w.Forget(t.Context(), w.clock.Now()); n != 0 || err != nil {
		t.Error(n, err)
	}
}
