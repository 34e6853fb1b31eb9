package webservice

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"smartlink/consumer"
	"smartlink/examples"
	"smartlink/internal/checkup"
	"smartlink/internal/clock"
	"smartlink/rm/accounting"
	"smartlink/rm/finance"
	"smartlink/rm/rmhost"
	"smartlink/rm/rmtest"
	"smartlink/rm/statement"
)

// joint is a writer before a stand-in host, both with one clock that stands still.
type joint struct {
	t    *testing.T
	host *rmhost.Host
	w    *Writer
	clk  *clock.Fake
	url  string
	came chan struct{}               // the host was told to misbehave, and does
	last map[string]map[string]int64 // keys of what was booked last, by the beginning of the type
}

func newJoint(t *testing.T, opt rmhost.Options, change func(*Config)) *joint {
	t.Helper()
	j := &joint{t: t, clk: clock.NewFake(rmtest.Now), came: make(chan struct{}, 1), last: map[string]map[string]int64{}}
	opt.Clock = j.clk
	opt.Logger = slog.New(slog.NewTextHandler(j, nil))
	var err error
	if j.host, err = rmhost.Open(t.Context(), ":memory:", opt); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(j.host)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		if err := j.host.Close(); err != nil {
			t.Error(err)
		}
	})
	j.url = server.URL
	j.w = j.again(change)
	return j
}

// Write lets a test wait for a line of the host's log.
func (j *joint) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "msg=trouble") {
		select {
		case j.came <- struct{}{}:
		default:
		}
	}
	return len(line), nil
}

// again is a writer that knows nothing yet, as after a start of the agent.
func (j *joint) again(change func(*Config)) *Writer {
	j.t.Helper()
	cfg := Config{
		URL: j.url, User: rmhost.DefaultUser, Password: rmhost.DefaultPassword, Culture: PTBR, Clock: j.clk, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Custom: map[string]map[string]int{"FLANCOMPL": {"CONTRATO": 40, "EVENTO": 40}, "FXCXCOMPL": {"CONTRATO": 40, "EVENTO": 40}},
	}
	if change != nil {
		change(&cfg)
	}
	w, err := New(cfg)
	if err != nil {
		j.t.Fatal(err)
	}
	if w.opened, err = oneDesk(); err != nil {
		j.t.Fatal(err)
	}
	return w
}

// call is a call for an example, with a marker of its own. An edit is of the record that was booked last.
func (j *joint) call(name string) consumer.Call {
	body := examples.Body(name)
	if strings.Contains(name, "-alt") {
		body = examples.Of(body, j.last[examples.Type(name)[:6]])
	}
	c := callOf(examples.Type(name), string(body))
	c.Marker = newMarker()
	c.Now, c.Began = j.clk.Now(), j.clk.Now()
	return c
}

// drive executes a call as the agent does: what is in doubt is looked for, and repeated when it can take effect no
// more. It answers the last outcome, and all of their kinds.
func (j *joint) drive(w *Writer, call consumer.Call) (consumer.Outcome, []consumer.Kind) {
	j.t.Helper()
	c := consumerOf(j.t, w, call.Message.Type)
	var kinds []consumer.Kind
	pending, began := false, j.clk.Elapsed()
	call.Number = 0
	for range 100 {
		var out consumer.Outcome
		if pending {
			out = c.Find(j.t.Context(), call, &lines{t: j.t})
			if out.Kind == consumer.KindAbsent && j.clk.Elapsed()-began >= c.Settles() {
				pending = false
				continue
			}
		} else {
			call.Number++
			call.Began, call.Now, began = j.clk.Now(), j.clk.Now(), j.clk.Elapsed()
			out = c.Send(j.t.Context(), call, &lines{t: j.t})
			pending = out.Kind == consumer.KindUnknown
		}
		kinds = append(kinds, out.Kind)
		if out.Kind == consumer.KindDone {
			j.last[call.Message.Type[:6]] = map[string]int64{}
			for name, n := range out.Keys {
				j.last[call.Message.Type[:6]][name] = n.(int64)
			}
		}
		switch out.Kind {
		case consumer.KindDone, consumer.KindReject, consumer.KindRetry:
			return out, kinds
		}
		j.clk.Advance(c.Settles() / 8)
	}
	j.t.Fatalf("no end: %v", kinds)
	return consumer.Outcome{}, nil
}

// tables are those of the books, with what the two ways of writing may differ in: who wrote, when, and the markers.
var tables = map[string][]string{
	"FLAN":       {"DATAALTERACAO", "CAMPOALFAOP1"},
	"FLANRATCCU": nil, "FLANCOMPL": nil,
	"FXCX": {"HISTORICO"}, "FXCXCOMPL": nil,
	"CLANCAMENTO": {"DESCRICAO", "USUARIO", "USUARIOCRIACAO"}, "CPARTIDA": {"USUARIO", "IDPARTIDA"}, "CRATEIOLC": {"IDPARTIDA"},
}

// rowsOf reads a table without what may differ, amounts and texts in their order.
func rowsOf(t *testing.T, query func(string) []map[string]any, table string) []string {
	t.Helper()
	var list []string
	for _, r := range query("SELECT * FROM " + table) {
		for _, name := range append([]string{"RECCREATEDBY", "RECCREATEDON", "RECMODIFIEDBY", "RECMODIFIEDON", "LCTREF"}, tables[table]...) {
			delete(r, name)
		}
		list = append(list, fmt.Sprint(r))
	}
	slices.Sort(list)
	return list
}

func (j *joint) query(q string) []map[string]any {
	j.t.Helper()
	found, err := rmtest.Query(j.t.Context(), j.host.DB(), q)
	if err != nil {
		j.t.Fatal(err)
	}
	return found
}

func (j *joint) count(table string) int { return len(j.query("SELECT 1 AS N FROM " + table)) }

// TestSixCommandsBookedAsTheLedgerBooks: a real RM holds, by its own web services, what the reference schema holds by
// SQL, and the answers are the same; in both cultures, with sessions that end all the time.
func TestSixCommandsBookedAsTheLedgerBooks(t *testing.T) {
	t.Parallel()
	for _, culture := range []rmhost.Culture{rmhost.PTBR, rmhost.Invariant} {
		t.Run(string(culture), func(t *testing.T) {
			t.Parallel()
			j := newJoint(t, rmhost.Options{Culture: culture, SessionCalls: 3}, func(c *Config) { c.Culture = Culture(culture) })
			books := rmtest.Open(t)
			for _, of := range []struct {
				name  string
				rules consumer.Consumer
			}{
				{examples.FinLanInc, finance.FinLanIncConsumerDataCommandMessage{}}, {examples.FinLanAlt, finance.FinLanAltConsumerDataCommandMessage{}},
				{examples.FinXCXInc, statement.FinXCXIncConsumerDataCommandMessage{}}, {examples.FinXCXAlt, statement.FinXCXAltConsumerDataCommandMessage{}},
				{examples.CtbLanInc, accounting.CtbLançamentoIncConsumerDataCommandMessage{}}, {examples.CtbLanAlt, accounting.CtbLançamentoAltConsumerDataCommandMessage{}},
			} {
				want := books.Booked(of.rules, string(examples.Body(of.name)))
				call := j.call(of.name)
				out, kinds := j.drive(j.w, call)
				if out.Kind != consumer.KindDone || len(kinds) != 1 || out.Key != want.Key || !reflect.DeepEqual(out.Keys, want.Keys) || !reflect.DeepEqual(out.Warnings, want.Warnings) {
					t.Fatalf("%s: %v %+v, the ledger answers %+v", of.name, kinds, out, want.Outcome)
				}
				for table := range tables {
					if got, want := rowsOf(t, j.query, table), rowsOf(t, func(q string) []map[string]any { return books.Rows(q) }, table); !slices.Equal(got, want) {
						t.Errorf("%s: %s\n%s\nthe ledger's\n%s", of.name, table, strings.Join(got, "\n"), strings.Join(want, "\n"))
					}
				}
				found := consumerOf(t, j.w, call.Message.Type).Find(t.Context(), call, &lines{t: t})
				if found.Kind != consumer.KindDone || found.Key != out.Key || !reflect.DeepEqual(found.Keys, out.Keys) || !reflect.DeepEqual(found.Warnings, out.Warnings) {
					t.Errorf("%s: found %+v, sent %+v", of.name, found, out)
				}
				if again, _ := j.drive(j.again(func(c *Config) { c.Culture = Culture(culture) }), call); again.Key != out.Key {
					t.Errorf("%s again: %+v", of.name, again)
				}
			}
			if n := j.count("FLAN") + j.count("FXCX") + j.count("CLANCAMENTO"); n != 3 {
				t.Errorf("%d entries", n)
			}
			for _, r := range j.query("SELECT HISTORICO AS X FROM FXCX UNION ALL SELECT DESCRICAO FROM CLANCAMENTO") {
				if text := r["X"].(string); len(endMarker.FindAllString(text, -1)) != 1 || endMarker.MatchString(endMarker.ReplaceAllString(text, "")) {
					t.Errorf("not one marker at the end of %q", text)
				}
			}
		})
	}
}

// TestTogether runs what needs a host that is asked for no session, one after the other before one host of each
// culture.
func TestTogether(t *testing.T) {
	t.Parallel()
	for _, culture := range []rmhost.Culture{rmhost.PTBR, rmhost.Invariant} {
		t.Run(string(culture), func(t *testing.T) {
			t.Parallel()
			j := newJoint(t, rmhost.Options{Culture: culture, Late: rmhost.DefaultLate}, func(c *Config) { c.Culture = Culture(culture) })
			if out, _ := j.drive(j.w, j.call(examples.FinLanInc)); out.Kind != consumer.KindDone {
				t.Fatalf("%+v", out)
			}
			t.Run("a wrong culture is found out before an amount is saved", func(t *testing.T) { j.wrongCulture(t, Culture(culture)) })
			if culture == rmhost.Invariant {
				return
			}
			for _, trouble := range rmhost.AllTroubles() {
				if trouble != rmhost.Late {
					t.Run("nothing twice: "+string(trouble), func(t *testing.T) { j.nothingTwice(t, trouble) })
				}
			}
			t.Run("a save that comes late", j.late)
			t.Run("a host that is not there", j.notThere)
			t.Run("rules run beside the call", j.rules)
			t.Run("a check of a host that is well", j.check)
		})
	}
}

// nothingTwice has the host misbehave at a save of each kind, or at one of the reads before it.
func (j *joint) nothingTwice(t *testing.T, trouble rmhost.Trouble) {
	for _, name := range []string{examples.FinLanInc, examples.FinLanAlt, examples.FinXCXInc, examples.FinXCXAlt, examples.CtbLanInc, examples.CtbLanAlt} {
		before := map[string]int{"FLAN": 0, "FLANRATCCU": 0, "FXCX": 0, "CLANCAMENTO": 0}
		for table := range before {
			before[table] = j.count(table)
		}
		j.host.Next(trouble)
		if trouble == rmhost.Slow {
			go j.passing(rmhost.DefaultSlow)
		}
		out, kinds := j.drive(j.w, j.call(name))
		if out.Kind != consumer.KindDone {
			t.Fatalf("%s: %v %+v", name, kinds, out)
		}
		sure := trouble == rmhost.Slow || trouble == rmhost.SessionEnds
		if sure != (len(kinds) == 1) && trouble != rmhost.ReadClose { // which is read again where the connection was an old one
			t.Errorf("%s: %v", name, kinds)
		}
		added := map[string]map[string]int{examples.FinLanInc: {"FLAN": 1, "FLANRATCCU": 2}, examples.FinXCXInc: {"FXCX": 1}, examples.CtbLanInc: {"CLANCAMENTO": 1}}[name]
		for table, n := range before {
			if got := j.count(table); got != n+added[table] {
				t.Errorf("%s: %s had %d rows and has %d", name, table, n, got)
			}
		}
	}
}

// passing lets time pass as soon as somebody waits for it.
func (j *joint) passing(d time.Duration) {
	for j.clk.Timers() == 0 {
		runtime.Gosched()
	}
	j.clk.Advance(d)
}

// late: RM commits 30 s after the time-out. It is looked for until then, found, and not repeated.
func (j *joint) late(t *testing.T) {
	entries := j.count("FLAN")
	call := j.call(examples.FinLanInc)
	c := consumerOf(t, j.w, call.Message.Type)
	select {
	case <-j.came: // of another trouble
	default:
	}
	j.host.Next(rmhost.Late)
	ctx, giveUp := context.WithCancel(t.Context())
	answered := make(chan consumer.Outcome)
	go func() { answered <- c.Send(ctx, call, &lines{t: t}) }()
	<-j.came
	j.clk.Advance(DefaultTimeout) // as long as the agent waits
	giveUp()
	if out := <-answered; out.Kind != consumer.KindUnknown {
		t.Fatalf("%+v", out)
	}
	for j.clk.Timers() == 0 {
		runtime.Gosched()
	}
	began := j.clk.Elapsed() - DefaultTimeout
	for {
		out := c.Find(t.Context(), call, &lines{t: t})
		spent := j.clk.Elapsed() - began
		if spent < DefaultTimeout+rmhost.DefaultLate {
			if out.Kind != consumer.KindAbsent {
				t.Fatalf("after %s: %+v", spent, out)
			}
			j.clk.Advance(rmhost.DefaultLate / 2)
			if j.clk.Timers() == 0 {
				j.host.Wait()
			}
			continue
		}
		if out.Kind != consumer.KindDone || spent >= c.Settles() {
			t.Fatalf("after %s: %+v", spent, out)
		}
		break
	}
	if out, _ := j.drive(j.w, call); out.Kind != consumer.KindDone || j.count("FLAN") != entries+1 {
		t.Errorf("%+v, %d entries", out, j.count("FLAN"))
	}
}

// notThere: nothing is sent; then it is.
func (j *joint) notThere(t *testing.T) {
	entries := j.count("CLANCAMENTO")
	away := httptest.NewServer(j.host)
	away.Close()
	call := j.call(examples.CtbLanInc)
	out := consumerOf(t, j.again(func(c *Config) { c.URL = away.URL }), call.Message.Type).Send(t.Context(), call, &lines{t: t})
	if out.Kind != consumer.KindAway || j.count("CLANCAMENTO") != entries {
		t.Errorf("%+v", out)
	}
	out = consumerOf(t, j.again(func(c *Config) { c.RESTURL = away.URL }), call.Message.Type).Send(t.Context(), call, &lines{t: t})
	if out.Kind != consumer.KindAway || j.count("CLANCAMENTO") != entries {
		t.Errorf("%+v", out)
	}
	if out, _ := j.drive(j.w, call); out.Kind != consumer.KindDone {
		t.Errorf("%+v", out)
	}
}

// wrongCulture is found out by what the host writes of a record that the configuration names, or of the one that is
// edited. Without either, the first amount tells, and there is no second.
func (j *joint) wrongCulture(t *testing.T, right Culture) {
	wrong := map[Culture]Culture{PTBR: Invariant, Invariant: PTBR}[right]
	value := func() string { return fmt.Sprint(j.query("SELECT VALORORIGINAL AS V FROM FLAN")) }
	before := value()
	edit := j.call(examples.FinLanAlt)
	edit.Message.Body = []byte(`{"header":{"type":"FinLanAltDataCommand"},"data":{"CodColigada":1,"IdLan":1,"ValorOriginal":9,"Rateios":[{"IdRatCCu":-1,"CodCCusto":"01.002","Valor":9}]}}`)
	send := func(w *Writer, call consumer.Call) consumer.Outcome {
		return consumerOf(t, w, call.Message.Type).Send(t.Context(), call, &lines{t: t})
	}
	if out := send(j.again(func(c *Config) { c.Culture = wrong }), edit); out.Kind != consumer.KindAway || value() != before {
		t.Errorf("an edit: %+v, %s", out, value())
	}
	first := j.call(examples.FinXCXInc)
	if out := send(j.again(func(c *Config) { c.Culture, c.Probe = wrong, map[string]string{"FinLanDataBR": "1;1"} }), first); out.Kind != consumer.KindAway || j.count("FXCX") != 0 {
		t.Errorf("with a probe: %+v", out)
	}
	if out := send(j.again(func(c *Config) { c.Culture = Auto }), first); out.Kind != consumer.KindAway || j.count("FXCX") != 0 {
		t.Errorf("nothing known: %+v", out)
	}
	blind := j.again(func(c *Config) { c.Culture = wrong })
	out := send(blind, first)
	if got := fmt.Sprint(j.query("SELECT VALOR AS V FROM FXCX")); out.Kind != consumer.KindDone || !strings.Contains(got, "5000000000.0000") {
		t.Errorf("blind: %+v, %s", out, got)
	}
	if next := send(blind, j.call(examples.FinXCXInc)); next.Kind != consumer.KindAway || !strings.Contains(next.Reason, "the entry "+out.Key+" of FinXCXData") || j.count("FXCX") != 1 {
		t.Errorf("blind again: %+v, %d entries", next, j.count("FXCX"))
	}
	if out, _ := j.drive(j.again(func(c *Config) { c.Culture = Auto }), edit); out.Kind != consumer.KindDone || !strings.Contains(value(), "9.0000") {
		t.Errorf("learned from what is edited: %+v, %s", out, value())
	}
}

// rules run beside the call: everything that is wrong is told at once, nothing is sent; what only RM knows, RM says.
func (j *joint) rules(t *testing.T) {
	entries := j.count("FLAN")
	books := rmtest.Open(t)
	for _, name := range []string{examples.FinLanIncRefused, examples.CtbLanIncRefused} {
		call := j.call(name)
		rules := map[string]consumer.Consumer{examples.FinLanIncRefused: finance.FinLanIncConsumerDataCommandMessage{}, examples.CtbLanIncRefused: accounting.CtbLançamentoIncConsumerDataCommandMessage{}}[name]
		want := books.Run(rules, string(call.Message.Body))
		out, _ := j.drive(j.w, call)
		var codes []string
		for _, f := range want.Errors {
			if !strings.Contains(f.Code, "PERIOD") { // closing dates are left to RM
				codes = append(codes, f.Code+f.Pointer)
			}
		}
		var got []string
		for _, f := range out.Errors {
			got = append(got, f.Code+f.Pointer)
		}
		if out.Kind != consumer.KindReject || !slices.Equal(got, codes) {
			t.Errorf("%s: %v, the ledger says %v", name, got, codes)
		}
	}
	closed := j.call(examples.FinLanInc)
	closed.Message.Body = []byte(strings.ReplaceAll(string(closed.Message.Body), "2026-03-02", "2020-03-02"))
	out, _ := j.drive(j.w, closed)
	if out.Kind != consumer.KindReject || len(out.Errors) != 1 || out.Errors[0].Code != "RM-REFUSED" || !strings.Contains(out.Errors[0].Description, "período fechado") || j.count("FLAN") != entries {
		t.Errorf("%+v", out)
	}
}

// check of a host that is well: probes are written, found and put back; the culture is learned.
func (j *joint) check(t *testing.T) {
	for _, name := range []string{examples.FinLanInc, examples.FinXCXInc, examples.CtbLanInc} {
		if out, _ := j.drive(j.w, j.call(name)); out.Kind != consumer.KindDone {
			t.Fatalf("%s: %+v", name, out)
		}
	}
	state := func() (all []string) {
		for table := range tables {
			for _, r := range j.query("SELECT * FROM " + table) {
				for _, stamp := range []string{"RECMODIFIEDBY", "RECMODIFIEDON", "DATAALTERACAO"} { // RM notes that somebody was there
					delete(r, stamp)
				}
				all = append(all, table+fmt.Sprint(r))
			}
		}
		slices.Sort(all)
		return all
	}
	before := state()
	w := j.again(func(c *Config) {
		c.Culture = Auto
		c.Probe = map[string]string{}
		for server, o := range j.w.objects {
			key := make([]int64, len(o.keys))
			for i, name := range o.keys {
				key[i] = j.last[server[:6]][name]
			}
			c.Probe[server] = joined(key)
		}
	})
	findings := w.Check(t.Context())
	if bad, all := found(findings); checkup.Sick(findings) || len(findings) != 6 || !strings.Contains(all, "Form of amounts: pt-BR, 1250,7500") {
		t.Errorf("bad\n%s\nall\n%s", bad, all)
	}
	if after := state(); !slices.Equal(after, before) {
		t.Errorf("changed from\n%s\nto\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}
