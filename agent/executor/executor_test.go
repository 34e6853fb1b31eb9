package executor_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/link"
)

// world is an inbox on a fake clock, and an executor on it.
type world struct {
	agenttest.Files
	t      *testing.T
	clock  *clock.Fake
	box    *inbox.Box
	ways   map[string]agenttest.Way
	config executor.Config
	e      *executor.Executor
	alarms []link.Code
	pool   *sql.DB // a second way to the database, where a test opens one
}

func newWorld(t *testing.T, change ...func(*executor.Config)) *world {
	w := &world{Files: agenttest.NewFiles(t), t: t, clock: clock.NewFake(agenttest.Start)}
	w.box = w.Open(t, w.clock)
	w.ways = map[string]agenttest.Way{"reject": agenttest.Reject, "fail": agenttest.Fail, "panic": agenttest.Panic}
	w.config = executor.Config{
		Box: w.box, Clock: w.clock, Consumers: []consumer.Consumer{&agenttest.Booker{Ways: w.ways}}, Parallel: 1,
		Alarm: func(c link.Code) { w.alarms = append(w.alarms, c) },
	}
	for _, c := range change {
		c(&w.config)
	}
	w.restart()
	return w
}

// restart makes a new executor, as a restart of the agent does.
func (w *world) restart() {
	w.t.Helper()
	e, err := executor.New(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.e = e
}

func batchOf(n int) func(*executor.Config) { return func(c *executor.Config) { c.BatchSize = n } }

func (w *world) store(ds ...link.Delivery) {
	w.t.Helper()
	if _, err := w.box.Store(w.t.Context(), ds); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) drain() int {
	w.t.Helper()
	n, err := w.e.Drain(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) item(id uuid.UUID) inbox.Item {
	w.t.Helper()
	d, err := w.box.Show(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	if d.Item == nil {
		return inbox.Item{}
	}
	return *d.Item
}

// answers reads what was answered to a message, in the order of the outcomes; each must be up for
// sending, with the headers of its outcome.
func (w *world) answers(d link.Delivery) []link.AnswerData {
	w.t.Helper()
	rows, err := w.box.Outgoing(w.t.Context(), 0, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	var all []link.AnswerData
	for _, r := range rows {
		h := r.Message.Headers
		if h[link.HeaderAnswerTo] != d.Message.ID.String() {
			continue
		}
		var a link.AnswerBody
		if err := json.Unmarshal(r.Message.Body, &a); err != nil {
			w.t.Fatal(err)
		}
		if r.Message.ID != link.AnswerID(d.Message.ID, a.Data.OutcomeNumber) || r.Message.Type != link.ResponseType(d.Message.Type) ||
			r.Message.Audience != d.Message.Sender.App || r.Message.Sender.App != d.Message.Audience ||
			h[link.HeaderRoot] != d.Message.RootID.String() || h[link.HeaderOutcome] != string(a.Data.Status) ||
			h[link.HeaderOutcomeNumber] != fmt.Sprint(a.Data.OutcomeNumber) || h[link.HeaderKey] != a.Data.Key ||
			r.Message.CorrelationID != d.Message.ID.String() {
			w.t.Errorf("answer %+v with headers %v does not fit", r.Message, h)
		}
		if a.Header.AnswerTo != d.Message.ID || a.Header.RootID != d.Message.RootID || a.Header.BusinessKey != d.Message.BusinessKey ||
			a.Header.TenantID != d.Message.TenantID || a.Header.Type != r.Message.Type || a.Data.Errors == nil || a.Data.Warnings == nil {
			w.t.Errorf("answer's body %s does not fit", r.Message.Body)
		}
		all = append(all, a.Data)
	}
	slices.SortFunc(all, func(a, b link.AnswerData) int { return a.OutcomeNumber - b.OutcomeNumber })
	return all
}

// answer expects exactly one.
func (w *world) answer(d link.Delivery) link.AnswerData {
	w.t.Helper()
	all := w.answers(d)
	if len(all) != 1 {
		w.t.Fatalf("%d answers to %s: %+v", len(all), d.Message.ID, all)
	}
	return all[0]
}

func (w *world) booked() int { w.t.Helper(); return w.Int(w.t, `SELECT COUNT(*) FROM BOOK`) }

func TestDoneBooksAnswersAndDeletes(t *testing.T) {
	w := newWorld(t)
	d := agenttest.Delivery("a", agenttest.BusinessKey("contract 1"))
	w.store(d)
	if n := w.drain(); n != 1 {
		t.Fatalf("%d executed", n)
	}
	a := w.answer(d)
	if a.Status != link.ERPDone || a.Key != "1;1" || a.Keys["Doc"] != "a" || a.OutcomeNumber != 1 || a.FirstID != nil {
		t.Errorf("answer %+v", a)
	}
	detail, err := w.box.Show(t.Context(), d.Message.ID)
	if err != nil || detail.Item != nil {
		t.Fatalf("the row is still there: %+v, %v", detail.Item, err)
	}
	if len(detail.Executions) != 1 || detail.Executions[0].Result != "done" || detail.Executions[0].Key != "1;1" || detail.Executions[0].Attempt != 1 {
		t.Errorf("executions %+v", detail.Executions)
	}
	if len(detail.Log) != 1 || detail.Log[0].Text != "booked a" || detail.Log[0].Type != inbox.LineInfo {
		t.Errorf("log %+v", detail.Log)
	}
	if len(detail.Results) != 1 || detail.Results[0].Outcome != link.ERPDone {
		t.Errorf("results %+v", detail.Results)
	}
	if w.booked() != 1 {
		t.Error("not booked once")
	}
}

func TestRejectKeepsTheRowAndNothingElse(t *testing.T) {
	w := newWorld(t)
	d := agenttest.Delivery("a", agenttest.Do("reject"))
	w.store(d)
	w.drain()
	if a := w.answer(d); a.Status != link.ERPRejected || len(a.Errors) != 1 || a.Errors[0].Code != "TEST-NO" {
		t.Errorf("answer %+v", a)
	}
	if i := w.item(d.Message.ID); i.State != link.ERPRejected || i.Code != "TEST-NO" {
		t.Errorf("row %+v", i)
	}
	if w.booked() != 0 {
		t.Error("what a refused message wrote was kept")
	}
	if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKLOG`); n != 1 {
		t.Errorf("%d log lines: they are kept whether the execution succeeds or not", n)
	}
	w.clock.Advance(24 * time.Hour)
	if n := w.drain(); n != 0 {
		t.Error("a rejected message was executed again by itself")
	}
}

func TestRetryTimesAreFiveTenFifteenTwentyMinutesThenBlocked(t *testing.T) {
	w := newWorld(t)
	d := agenttest.Delivery("a", agenttest.Do("fail"))
	w.store(d)
	for attempt, minutes := range []int{5, 10, 15, 20} {
		if n := w.drain(); n != 1 {
			t.Fatalf("attempt %d: %d executed", attempt+1, n)
		}
		i := w.item(d.Message.ID)
		next := w.clock.Now().Add(time.Duration(minutes) * time.Minute)
		if i.State != link.ERPWaiting || i.Attempt != attempt+1 || i.NextTry == nil || !i.NextTry.Equal(next) || i.Code != link.CodeConsumerFailed {
			t.Fatalf("after attempt %d: %+v, want the next at %s", attempt+1, i, next)
		}
		w.clock.Advance(next.Sub(w.clock.Now()) - time.Microsecond)
		if n := w.drain(); n != 0 {
			t.Fatalf("executed before %s", next)
		}
		w.clock.Advance(time.Microsecond)
	}
	if len(w.answers(d)) != 0 {
		t.Error("answered while it waits")
	}
	w.drain()
	i := w.item(d.Message.ID)
	if i.State != link.ERPBlocked || i.Code != link.CodeAttemptsExhausted || i.Attempt != 5 || !strings.Contains(i.Reason, "última causa: it failed") {
		t.Errorf("after the last attempt: %+v", i)
	}
	a := w.answer(d)
	if a.Status != link.ERPBlocked || a.Errors[0].Code != string(link.CodeAttemptsExhausted) || !strings.Contains(a.Errors[0].Help, "it failed") {
		t.Errorf("answer %+v", a)
	}
	if !slices.Equal(w.alarms, []link.Code{link.CodeAttemptsExhausted}) {
		t.Errorf("alarms %v", w.alarms)
	}
	w.clock.Advance(48 * time.Hour)
	if n := w.drain(); n != 0 {
		t.Error("a blocked message was executed")
	}
	if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGEEXEC WHERE IDMESSAGE = ?`, d.Message.ID.String()); n != 5 {
		t.Errorf("%d executions noted", n)
	}
}

func TestRetryFiguresComeFromTheConfiguration(t *testing.T) {
	w := newWorld(t, func(c *executor.Config) {
		c.Retry = executor.Retry{MinutesInterval: 2, FatorTempoExecucao: 3, QtdeTentativasExec: 2}
	})
	d := agenttest.Delivery("a", agenttest.Do("fail"))
	w.store(d)
	w.drain()
	if i := w.item(d.Message.ID); !i.NextTry.Equal(w.clock.Now().Add(12 * time.Minute)) {
		t.Errorf("%+v", i)
	}
	w.clock.Advance(12 * time.Minute)
	w.drain()
	if i := w.item(d.Message.ID); i.State != link.ERPBlocked {
		t.Errorf("%+v", i)
	}
	if _, err := executor.New(executor.Config{Retry: executor.Retry{MinutesInterval: -1}}); err == nil {
		t.Error("negative figures were taken")
	}
}

func TestRetryAfterReplacesTheFormulaAndCounts(t *testing.T) {
	w := newWorld(t)
	w.ways["later"] = func(context.Context, consumer.Tx, consumer.Execution, consumer.Log) consumer.Outcome {
		return consumer.Retry(7*time.Second, errors.New("soon"))
	}
	d := agenttest.Delivery("a", agenttest.Do("later"))
	w.store(d)
	for attempt := 1; attempt < 5; attempt++ {
		w.drain()
		if i := w.item(d.Message.ID); i.Attempt != attempt || !i.NextTry.Equal(w.clock.Now().Add(7*time.Second)) {
			t.Fatalf("%+v", i)
		}
		w.clock.Advance(7 * time.Second)
	}
	w.drain()
	if i := w.item(d.Message.ID); i.State != link.ERPBlocked {
		t.Errorf("%+v", i)
	}
}

func TestPostponeCountsNoAttemptAndHasNoLimit(t *testing.T) {
	w := newWorld(t)
	w.ways["postpone"] = func(_ context.Context, _ consumer.Tx, x consumer.Execution, _ consumer.Log) consumer.Outcome {
		if x.Attempt != 1 {
			t.Errorf("attempt %d", x.Attempt)
		}
		return consumer.Postpone(x.Now.Add(time.Hour), "the period opens tomorrow")
	}
	d := agenttest.Delivery("a", agenttest.Do("postpone"))
	w.store(d)
	for range 12 {
		if n := w.drain(); n != 1 {
			t.Fatalf("%d executed", n)
		}
		i := w.item(d.Message.ID)
		if i.State != link.ERPWaiting || i.Attempt != 0 || !i.NextTry.Equal(w.clock.Now().Add(time.Hour)) || i.Reason != "the period opens tomorrow" {
			t.Fatalf("%+v", i)
		}
		w.clock.Advance(time.Hour)
	}
	if len(w.answers(d)) != 0 || w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGEEXEC`) != 0 || w.booked() != 0 {
		t.Error("a postponed message left traces of an attempt")
	}
	w.ways["postpone"] = func(_ context.Context, _ consumer.Tx, x consumer.Execution, _ consumer.Log) consumer.Outcome {
		return consumer.Postpone(x.Now.Add(-time.Hour), "the past")
	}
	if n := w.drain(); n != 1 {
		t.Errorf("postponed into the past: executed %d times in a row", n)
	}
}

func TestPanicIsARetry(t *testing.T) {
	w := newWorld(t)
	d := agenttest.Delivery("a", agenttest.Do("panic"))
	w.store(d)
	w.drain()
	if i := w.item(d.Message.ID); i.State != link.ERPWaiting || i.Code != link.CodeConsumerPanic || !strings.Contains(i.Reason, "lost my way") {
		t.Errorf("%+v", i)
	}
	detail, err := w.box.Show(t.Context(), d.Message.ID)
	if err != nil || !slices.ContainsFunc(detail.Log, func(l inbox.LogLine) bool { return strings.Contains(l.Text, "agenttest") }) {
		t.Errorf("the log does not say where: %+v, %v", detail.Log, err)
	}
	if w.booked() != 0 {
		t.Error("what it wrote before the panic was kept")
	}
}

func TestUnknownTypeIsBlocked(t *testing.T) {
	w := newWorld(t)
	d := agenttest.Delivery("a", func(m *link.Message) { m.Type = "NobodysCommand" })
	w.store(d)
	w.drain()
	if i := w.item(d.Message.ID); i.State != link.ERPBlocked || i.Code != link.CodeNoConsumer {
		t.Errorf("%+v", i)
	}
	if a := w.answer(d); a.Status != link.ERPBlocked || a.Errors[0].Code != string(link.CodeNoConsumer) {
		t.Errorf("%+v", a)
	}
}

func TestTwoConsumersOfOneTypeAreRefused(t *testing.T) {
	if _, err := executor.New(executor.Config{Consumers: []consumer.Consumer{&agenttest.Booker{}, &agenttest.Booker{}}}); err == nil {
		t.Error("taken")
	}
}

func TestNeverBookedTwice(t *testing.T) {
	copyOf := func(d link.Delivery) func(*link.Message) {
		return func(m *link.Message) { m.RootID, m.Body = d.Message.RootID, d.Message.Body }
	}
	for name, c := range map[string]struct {
		second  func(first link.Delivery) link.Delivery
		differs bool
		again   bool // booked again: it is something else
	}{
		"copy": {func(d link.Delivery) link.Delivery { return agenttest.Delivery("a", copyOf(d)) }, false, false},
		"edited copy": {func(d link.Delivery) link.Delivery {
			return agenttest.Delivery("b", func(m *link.Message) { m.RootID = d.Message.RootID })
		}, true, false},
		"resend with the business key": {func(link.Delivery) link.Delivery {
			return agenttest.Delivery("a", agenttest.BusinessKey("k"))
		}, false, false},
		"business key with another body": {func(link.Delivery) link.Delivery {
			return agenttest.Delivery("b", agenttest.BusinessKey("k"))
		}, true, false},
		"another business key": {func(link.Delivery) link.Delivery { return agenttest.Delivery("a", agenttest.BusinessKey("l")) }, false, true},
		"another sender's business key": {func(link.Delivery) link.Delivery {
			return agenttest.Delivery("a", agenttest.BusinessKey("k"), func(m *link.Message) { m.Sender.App = "OTHER" })
		}, false, true},
		"another tenant's business key": {func(link.Delivery) link.Delivery {
			return agenttest.Delivery("a", agenttest.BusinessKey("k"), func(m *link.Message) { m.TenantID = uuid.New() })
		}, false, true},
		"no business key": {func(link.Delivery) link.Delivery { return agenttest.Delivery("a") }, false, true},
	} {
		for _, size := range []int{1, 10} {
			t.Run(fmt.Sprintf("%s, batch %d", name, size), func(t *testing.T) {
				w := newWorld(t, batchOf(size))
				first := agenttest.Delivery("a", agenttest.BusinessKey("k"))
				second := c.second(first)
				w.store(first, second)
				w.drain()
				a, b := w.answer(first), w.answer(second)
				if a.Status != link.ERPDone {
					t.Fatalf("first %+v", a)
				}
				if c.again {
					if b.Status != link.ERPDone || w.booked() != 2 {
						t.Errorf("second %+v, booked %d", b, w.booked())
					}
					return
				}
				if b.Status != link.ERPDuplicate || b.Key != a.Key || b.Keys["Doc"] != "a" || b.FirstID == nil || *b.FirstID != first.Message.ID {
					t.Errorf("second %+v", b)
				}
				warned := len(b.Warnings) == 1 && b.Warnings[0].Code == string(link.CodeDuplicateDiffers)
				if warned != c.differs || !c.differs && len(b.Warnings) > 0 {
					t.Errorf("warnings %+v", b.Warnings)
				}
				if w.booked() != 1 {
					t.Errorf("booked %d times", w.booked())
				}
			})
		}
	}
}

func TestNeverBookedTwiceByConcurrentExecutors(t *testing.T) {
	w := newWorld(t, batchOf(3))
	var all []link.Delivery
	for n := range 60 {
		key := fmt.Sprint("fact ", n%20) // each fact comes three times
		all = append(all, agenttest.Delivery(key, agenttest.BusinessKey(key), agenttest.OrderingKey(fmt.Sprint("o", n%3))))
	}
	w.store(all...)
	config := w.config
	config.Alarm = nil
	var wg sync.WaitGroup
	for range 3 {
		other, err := inbox.Attach(t.Context(), w.Database, w.clock) // as another process would
		if err != nil {
			t.Fatal(err)
		}
		mine := config
		mine.Box = other
		e, err := executor.New(mine)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			if _, err := e.Drain(t.Context()); err != nil {
				t.Error(err)
			}
			if err := other.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	w.restart()
	w.drain() // what one run took from another's hands
	if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGE WHERE TYPEEVENT = 'Downstream'`); n != 0 {
		t.Errorf("%d are left", n)
	}
	if w.booked() != 20 || w.Int(t, `SELECT COUNT(DISTINCT DOC) FROM BOOK`) != 20 {
		t.Errorf("%d bookings of 20 facts", w.booked())
	}
	for _, d := range all {
		w.answer(d)
	}
}

func TestNeverHalfWritten(t *testing.T) {
	for _, statement := range []string{"COMMIT", " ; commit", "-- a\nEND", "/* x */ ROLLBACK", "INSERT INTO BOOK VALUES ('x;y', 'z'); COMMIT", "BEGIN",
		"SAVEPOINT x", "RELEASE member", "ATTACH ':memory:' AS m", "SELECT [a;b] FROM \"c\" -- ;\n; COMMIT"} {
		for _, query := range []bool{false, true} {
			w := newWorld(t)
			w.ways["control"] = func(ctx context.Context, tx consumer.Tx, _ consumer.Execution, _ consumer.Log) consumer.Outcome {
				var err error
				if query {
					var n int
					err = tx.QueryRowContext(ctx, statement).Scan(&n)
				} else {
					_, err = tx.ExecContext(ctx, statement)
				}
				if err == nil {
					t.Errorf("%s was let through", statement)
				}
				return consumer.Retry(0, errors.New("as I thought"))
			}
			w.store(agenttest.Delivery("a", agenttest.Do("control")))
			w.drain()
			if w.booked() != 0 {
				t.Errorf("%s: half of it is there", statement)
			}
		}
	}
}

func TestTransactionThatCannotBeKeptCostsOnlyTheCulprit(t *testing.T) {
	w := newWorld(t, batchOf(10))
	// A deferred constraint fails at COMMIT: the whole transaction, and no statement of it.
	w.Exec(t, `CREATE TABLE PARENT (ID TEXT PRIMARY KEY)`)
	w.Exec(t, `CREATE TABLE CHILD (ID TEXT REFERENCES PARENT DEFERRABLE INITIALLY DEFERRED)`)
	w.ways["orphan"] = func(ctx context.Context, tx consumer.Tx, _ consumer.Execution, _ consumer.Log) consumer.Outcome {
		if _, err := tx.ExecContext(ctx, `INSERT INTO CHILD VALUES ('nobody')`); err != nil {
			t.Error(err)
		}
		return consumer.Done("x", nil)
	}
	good1, bad, good2 := agenttest.Delivery("1"), agenttest.Delivery("2", agenttest.Do("orphan")), agenttest.Delivery("3")
	w.store(good1, bad, good2)
	if n := w.drain(); n != 3 {
		t.Errorf("%d executed", n)
	}
	for _, d := range []link.Delivery{good1, good2} {
		if a := w.answer(d); a.Status != link.ERPDone {
			t.Errorf("%+v", a)
		}
		if n := w.Int(t, `SELECT QTDETENTATIVAEXEC FROM GTOTVSLINKMESSAGEEXEC WHERE IDMESSAGE = ?`, d.Message.ID.String()); n != 1 {
			t.Errorf("a bystander needed attempt %d", n)
		}
	}
	if i := w.item(bad.Message.ID); i.State != link.ERPWaiting || i.Attempt != 1 || i.Code != link.CodeConsumerFailed {
		t.Errorf("culprit %+v", i)
	}
	if w.booked() != 2 || w.Int(t, `SELECT COUNT(*) FROM CHILD`) != 0 {
		t.Errorf("booked %d", w.booked())
	}
}

func TestOnlyTransactionalConsumersShareATransaction(t *testing.T) {
	for _, solo := range []bool{false, true} {
		w := newWorld(t, batchOf(10), func(c *executor.Config) { c.Consumers = []consumer.Consumer{&agenttest.Booker{Solo: solo}} })
		w.store(agenttest.Delivery("1"), agenttest.Delivery("2"), agenttest.Delivery("3"))
		n, err := w.e.RunOnce(t.Context())
		want := 3
		if solo {
			want = 1
		}
		if err != nil || n != want {
			t.Errorf("solo %v: %d in a transaction, %v", solo, n, err)
		}
	}
}

// die makes an executor claim and never come back.
func (w *world) die(n int) {
	w.t.Helper()
	rows, err := w.box.Claim(w.t.Context(), uuid.NewString(), n, func(string) bool { return true })
	if err != nil || len(rows) != n {
		w.t.Fatalf("%d claimed, %v", len(rows), err)
	}
}

func TestStaleClaimsRunAloneAndAreBlockedAfterThreeDeaths(t *testing.T) {
	w := newWorld(t, batchOf(10))
	killer, bystander := agenttest.Delivery("killer"), agenttest.Delivery("bystander")
	w.store(killer, bystander)
	w.die(2)
	w.restart()
	n, err := w.e.RunOnce(t.Context())
	if err != nil || n != 1 {
		t.Fatalf("after a death %d run together, %v", n, err)
	}
	if a := w.answer(killer); a.Status != link.ERPDone { // this time it did not kill
		t.Errorf("%+v", a)
	}
	for death := 2; death <= 3; death++ {
		w.die(1)
		w.restart()
		if death < 3 {
			if taken, blocked, err := w.box.Recover(t.Context(), 3); err != nil || len(taken) != 1 || len(blocked) != 0 {
				t.Fatalf("%d taken, %d blocked, %v", len(taken), len(blocked), err)
			}
			if i := w.item(bystander.Message.ID); i.Deaths != death || i.Attempt != 0 {
				t.Errorf("after death %d: %+v", death, i)
			}
		}
	}
	w.drain()
	if i := w.item(bystander.Message.ID); i.State != link.ERPBlocked || i.Code != link.CodeAgentDied || i.Deaths != 3 || !strings.Contains(i.Reason, "O agente caiu 3 vezes") {
		t.Errorf("%+v", i)
	}
	if a := w.answer(bystander); a.Status != link.ERPBlocked || a.Errors[0].Code != string(link.CodeAgentDied) {
		t.Errorf("%+v", a)
	}
	if !slices.Equal(w.alarms, []link.Code{link.CodeAgentDied}) {
		t.Errorf("alarms %v", w.alarms)
	}
	// Reprocessed it starts anew, deaths included.
	if err := w.box.Desk("ana").Reprocess(t.Context(), bystander.Message.ID); err != nil {
		t.Fatal(err)
	}
	w.drain()
	if a := w.answers(bystander); len(a) != 2 || a[1].Status != link.ERPDone {
		t.Errorf("%+v", a)
	}
}

func TestLostClaimKeepsNothing(t *testing.T) {
	w := newWorld(t)
	thief := func(ctx context.Context, tx consumer.Tx, x consumer.Execution, _ consumer.Log) consumer.Outcome {
		if _, err := tx.ExecContext(ctx, `UPDATE GTOTVSLINKMESSAGE SET IDJOB = 'another' WHERE ID = ?`, x.Message.ID.String()); err != nil {
			t.Error(err)
		}
		return consumer.Done("1", nil)
	}
	w.ways["stolen"] = thief
	d := agenttest.Delivery("a", agenttest.Do("stolen"))
	w.store(d)
	if _, err := w.e.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.booked() != 0 || len(w.answers(d)) != 0 || w.Int(t, `SELECT COUNT(*) FROM SMARTLINKRESULT`) != 0 {
		t.Error("something of a lost claim was kept")
	}
}
