package executor_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/link"
)

// TestTryingNeverChangesAnything tries messages of every kind: each tells what would come of it, and
// every table is afterwards what it was.
func TestTryingNeverChangesAnything(t *testing.T) {
	files := agenttest.NewFiles(t)
	clk := clock.NewFake(agenttest.Start)
	box := files.Open(t, clk)
	ways := map[string]agenttest.Way{"reject": agenttest.Reject, "fail": agenttest.Fail, "panic": agenttest.Panic, "postpone": func(_ context.Context, _ consumer.Tx, x consumer.Execution, _ consumer.Log) consumer.Outcome {
		return consumer.Postpone(x.Now.Add(time.Minute), "month end")
	}}
	exec, err := executor.New(executor.Config{
		Box: box, Clock: clk, Consumers: []consumer.Consumer{&agenttest.Booker{Ways: ways}, &agenttest.Booker{Of: "SoloCommand", Solo: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	store := func(d link.Delivery) link.Delivery {
		t.Helper()
		if _, err := box.Store(t.Context(), []link.Delivery{d}); err != nil {
			t.Fatal(err)
		}
		return d
	}
	booked := store(agenttest.Delivery("first", agenttest.BusinessKey("k")))
	rejected := store(agenttest.Delivery("no", agenttest.Do("reject")))
	if _, err := exec.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		d    link.Delivery
		want executor.Trial
		code link.Code // of the refusal to try
		log  string
	}{
		{"books", store(agenttest.Delivery("fine")), executor.Trial{State: link.ERPDone, Key: "1;2"}, "", "booked fine"},
		{"again", rejected, executor.Trial{State: link.ERPRejected, Code: "TEST-NO"}, "", "booked no"},
		{"booked before", store(agenttest.Delivery("other", agenttest.BusinessKey("k"))), executor.Trial{State: link.ERPDuplicate, Key: "1;1"}, "", "booked before"},
		{"fails", store(agenttest.Delivery("x", agenttest.Do("fail"))), executor.Trial{State: link.ERPWaiting, Code: link.CodeConsumerFailed}, "", "it failed"},
		{"panics", store(agenttest.Delivery("x", agenttest.Do("panic"))), executor.Trial{State: link.ERPWaiting, Code: link.CodeConsumerPanic}, "", "lost my way"},
		{"postpones", store(agenttest.Delivery("x", agenttest.Do("postpone"))), executor.Trial{State: link.ERPWaiting}, "", "month end"},
		{"nobody knows it", store(agenttest.Delivery("x", func(m *link.Message) { m.Type = "NewCommand" })), executor.Trial{State: link.ERPBlocked, Code: link.CodeNoConsumer}, "", ""},
		{"cannot be undone", store(agenttest.Delivery("x", func(m *link.Message) { m.Type = "SoloCommand" })), executor.Trial{}, link.CodeRequestInvalid, ""},
		{"finished", booked, executor.Trial{}, link.CodeNotNow, ""},
		{"never came", agenttest.Delivery("x"), executor.Trial{}, link.CodeNotInInbox, ""},
	} {
		before := content(t, files) // with what the table has stored
		got, err := exec.Try(t.Context(), tc.d.Message.ID)
		if link.CodeOf(err) != tc.code || got.State != tc.want.State || got.Key != tc.want.Key || got.Code != tc.want.Code {
			t.Errorf("%s: %+v, %v", tc.name, got, err)
		}
		if said := fmt.Sprint(got.Log); !strings.Contains(said, tc.log) {
			t.Errorf("%s: log %s", tc.name, said)
		}
		if after := content(t, files); after != before {
			t.Errorf("%s changed\n%s\ninto\n%s", tc.name, before, after)
		}
		if got.State == link.ERPRejected && (len(got.Errors) != 1 || got.Errors[0].Code != "TEST-NO") {
			t.Errorf("%s: errors %+v", tc.name, got.Errors)
		}
	}
	answers := files.Text(t, `SELECT ID FROM GTOTVSLINKMESSAGE WHERE TYPEEVENT = 'Upstream' ORDER BY SEQ {limit 1}`)
	id, err := link.ParseUUID(answers)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.Try(t.Context(), id); link.CodeOf(err) != link.CodeNotInInbox && link.CodeOf(err) != link.CodeNotNow {
		t.Errorf("an answer was tried: %v", err)
	}
	if n, err := exec.Drain(t.Context()); err != nil || n == 0 || files.Int(t, `SELECT COUNT(*) FROM BOOK WHERE DOC = 'fine'`) != 1 {
		t.Errorf("nothing is executed after trials: %d, %v", n, err)
	}
}

// TestTryGoesByTheFiguresInForce: a trial waits, or gives up, when the execution would.
func TestTryGoesByTheFiguresInForce(t *testing.T) {
	w := newWorld(t, func(c *executor.Config) { c.Retry = executor.Retry{MinutesInterval: 7, QtdeTentativasExec: 2} })
	d := agenttest.Delivery("x", agenttest.Do("fail"))
	w.store(d)
	try := func(when string, state link.ERPState, after time.Duration) {
		t.Helper()
		got, err := w.e.Try(t.Context(), d.Message.ID)
		if err != nil || got.State != state {
			t.Fatalf("%s: %+v, %v", when, got, err)
		}
		if after > 0 && (got.NextTry == nil || !got.NextTry.Equal(w.clock.Now().Add(after))) {
			t.Errorf("%s it would wait until %v", when, got.NextTry)
		}
	}
	try("the executor's own", link.ERPWaiting, 14*time.Minute)
	desk := w.box.Desk("ana")
	if err := desk.SetType(t.Context(), agenttest.Command, inbox.TypeOptions{MinutesInterval: 3, QtdeTentativasExec: 5}); err != nil {
		t.Fatal(err)
	}
	try("the type's own", link.ERPWaiting, 15*time.Minute)
	w.drain()
	try("the second time", link.ERPWaiting, 30*time.Minute)
	if err := desk.SetType(t.Context(), agenttest.Command, inbox.TypeOptions{}); err != nil {
		t.Fatal(err)
	}
	try("the last of two times", link.ERPBlocked, 0)
	w.clock.Advance(time.Hour)
	w.drain()
	try("anew, when it is blocked", link.ERPWaiting, 14*time.Minute)
}

// content is every row that an execution could change.
func content(t *testing.T, files agenttest.Files) string {
	t.Helper()
	var b strings.Builder
	for _, q := range []string{
		`SELECT CONCAT(DOC, IDMESSAGE) AS X FROM BOOK ORDER BY X`,
		`SELECT CONCAT(ID, STATE, QTDETENTATIVAEXEC, EXECUTIONS, OUTCOMENUMBER, IDJOB, STATUSSEQ, RECMODIFIEDON) AS X FROM GTOTVSLINKMESSAGE ORDER BY X`,
		`SELECT CONCAT(IDMESSAGE, ATTEMPT) AS X FROM GTOTVSLINKMESSAGEEXEC ORDER BY X`,
		`SELECT CONCAT(IDMESSAGE, LOGMESSAGE) AS X FROM GTOTVSLINKLOG ORDER BY X`,
		`SELECT CONCAT(IDMESSAGE, OUTCOME) AS X FROM SMARTLINKRESULT ORDER BY X`,
	} {
		b.WriteString(strings.Join(files.Rows(t, q), ",") + "\n")
	}
	return b.String()
}

// judge is an outside consumer that can judge without calling.
type judge struct {
	consumer.Outside
	try func() consumer.Outcome
}

func (j judge) Try(_ context.Context, _ consumer.Execution, log consumer.Log) consumer.Outcome {
	log.Info("judged")
	return j.try()
}

// TestOutsideIsTriedWhereItCanJudge: without a call, and without holding the inbox meanwhile.
func TestOutsideIsTriedWhereItCanJudge(t *testing.T) {
	w, o := newOutside(t)
	booked := agenttest.Delivery("a", outside, agenttest.BusinessKey("k"))
	w.store(booked)
	w.out()
	d := agenttest.Delivery("b", outside)
	again := agenttest.Delivery("c", outside, agenttest.BusinessKey("k"))
	w.store(d, again)
	for _, tc := range []struct {
		name string
		d    link.Delivery
		out  func() consumer.Outcome
		want executor.Trial
	}{
		{"passes", d, func() consumer.Outcome {
			w.store(agenttest.Delivery("meanwhile"))
			return consumer.Done("", nil, link.Fault{Code: "W", Description: "w"})
		}, executor.Trial{State: link.ERPDone}},
		{"refuses", d, func() consumer.Outcome { return consumer.Reject([]link.Fault{{Code: "TEST-NO", Description: "no"}}) }, executor.Trial{State: link.ERPRejected, Code: "TEST-NO"}},
		{"away", d, func() consumer.Outcome {
			return consumer.Away(0, link.NewError(link.CodeWriterAway, "why", "closed", "whyPT", "fechado"))
		}, executor.Trial{State: link.ERPWaiting, Code: link.CodeConsumerAway, Reason: "closed."}},
		{"panics", d, func() consumer.Outcome { panic("lost my way") }, executor.Trial{State: link.ERPWaiting, Code: link.CodeConsumerPanic}},
		{"booked before", again, func() consumer.Outcome { panic("asked") }, executor.Trial{State: link.ERPDuplicate, Key: "booked-a"}},
	} {
		w.config.Outside = []consumer.Outside{judge{o, tc.out}}
		exec, err := executor.New(w.config)
		if err != nil {
			t.Fatal(err)
		}
		got, err := exec.Try(t.Context(), tc.d.Message.ID)
		if err != nil || got.State != tc.want.State || got.Code != tc.want.Code || got.Key != tc.want.Key || tc.want.Reason != "" && got.Reason != tc.want.Reason {
			t.Errorf("%s: %+v, %v", tc.name, got, err)
		}
		if len(o.calls) != 1 {
			t.Errorf("%s: %d calls", tc.name, len(o.calls))
		}
	}
}
