package rmhost_test

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"smartlink/internal/clock"
	"smartlink/rm/rmhost"
)

// TestSessions: a host that wants a session refuses every call without one before it does anything.
func TestSessions(t *testing.T) {
	t.Parallel()
	g := newRig(t, rmhost.Options{SessionCalls: 2})
	refused := func() {
		t.Helper()
		if _, err := g.save("FinLanDataBR", entry(nil)); err == nil || !strings.Contains(err.Error(), "sessão") {
			t.Errorf("%v", err)
		}
		if status, _, err := g.do(http.MethodPost, "/api/ctb/v1/AccountingEntries", nil, "{}"); err != nil || status != http.StatusUnauthorized {
			t.Errorf("%d, %v", status, err)
		}
	}
	refused()
	for n := range 2 {
		if said, err := g.soap("IwsBase", "AutenticaAcesso", ""); err != nil || said != "1" {
			t.Fatal(said, err)
		}
		g.saved("FinLanDataBR", entry(nil))
		g.saved("FinLanDataBR", entry(nil))
		refused()
		if g.count("FLAN") != 2*n+2 {
			t.Errorf("%d entries", g.count("FLAN"))
		}
	}
}

// TestTroubles tells for each what the caller sees, and whether the entry is in the books.
func TestTroubles(t *testing.T) {
	t.Parallel()
	g := newRig(t, rmhost.Options{Slow: time.Nanosecond})
	for _, c := range []struct {
		trouble rmhost.Trouble
		said    string // the key "", a fault, or a broken connection
		booked  bool
	}{
		{rmhost.FaultBefore, "Tempo limite", false},
		{rmhost.FaultAfter, "Erro ao executar", true},
		{rmhost.CloseBefore, "EOF", false},
		{rmhost.CloseAfter, "EOF", true},
		{rmhost.TornAfter, "unexpected EOF", true},
		{rmhost.Unavailable, "status 503", false},
		{rmhost.SessionEnds, "sessão", false},
		{rmhost.Slow, "", true},
		{"", "", true},
	} {
		before := g.count("FLAN")
		g.host.Next(c.trouble)
		key, err := g.save("FinLanDataBR", entry(nil))
		if (err == nil) != (c.said == "") || err != nil && !strings.Contains(err.Error(), c.said) {
			t.Errorf("%q: %s, %v", c.trouble, key, err)
		}
		if booked := g.count("FLAN") > before; booked != c.booked {
			t.Errorf("%q: booked %t", c.trouble, booked)
		}
	}
	for _, trouble := range []rmhost.Trouble{rmhost.ReadFault, rmhost.ReadClose} {
		g.host.Next(trouble)
		g.saved("FinLanDataBR", entry(nil)) // a trouble of reads waits for one
		if rows, err := g.view("FinLanDataBR", "FLAN.IDLAN=1"); err == nil {
			t.Errorf("%s: %s", trouble, rows)
		}
	}
}

// signal tells that a line was logged.
type signal chan struct{}

func (s signal) Write(line []byte) (int, error) {
	select {
	case s <- struct{}{}:
	default:
	}
	return len(line), nil
}

// TestLate: a save that its caller has given up on is in the books later, and not before.
func TestLate(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC))
	came := make(signal, 1)
	g := newRig(t, rmhost.Options{Clock: clk, Logger: slog.New(slog.NewTextHandler(came, nil))})
	g.host.Next(rmhost.Late)
	answered := make(chan error)
	go func() {
		_, err := g.save("FinLanDataBR", entry(nil))
		answered <- err
	}()
	<-came
	g.giveUp()
	if err := <-answered; err == nil {
		t.Fatal("it was answered")
	}
	for clk.Timers() == 0 { // the host learns in its own time that the caller has gone
		runtime.Gosched()
	}
	clk.Advance(rmhost.DefaultLate - time.Second)
	if g.count("FLAN") != 0 {
		t.Error("too early")
	}
	clk.Advance(time.Second)
	g.host.Wait()
	if g.count("FLAN") != 1 {
		t.Error("never saved")
	}
}

// TestDrawsAreSeeded: the same seed misbehaves the same way, about as often as asked.
func TestDrawsAreSeeded(t *testing.T) {
	t.Parallel()
	g := newRig(t, rmhost.Options{})
	percent, err := rmhost.ParseTroubles("fault-before=20, unavailable=20,read-fault=0")
	if err != nil {
		t.Fatal(err)
	}
	run := func(seed uint64) (drawn string) {
		if err := g.host.Misbehave(percent, seed); err != nil {
			t.Fatal(err)
		}
		for range 40 {
			_, err := g.save("FinLanDataBR", "<FinLAN/>")
			switch {
			case err == nil:
				drawn += "."
			case strings.Contains(err.Error(), "Tempo"):
				drawn += "F"
			default:
				drawn += "U"
			}
		}
		return drawn
	}
	first, again, other := run(7), run(7), run(8)
	if first != again || first == other || !strings.Contains(first, "F") || !strings.Contains(first, "U") || strings.Count(first, ".") < 12 {
		t.Errorf("\n%s\n%s\n%s", first, again, other)
	}
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"late": "NAME=PERCENT", "late=x": "NAME=PERCENT", "tired=1": "no trouble is called", "late=101": "0 to 100", "late=60,slow=50": "110 of a hundred", "late=1,late=2": "twice",
	} {
		if _, err := rmhost.ParseTroubles(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := rmhost.Open(t.Context(), ":memory:", rmhost.Options{Culture: "en-US"}); err == nil {
		t.Error("en-US")
	}
}

// TestServer: a folder has one server, no other machine reaches it, and it stops while somebody waits to be late.
func TestServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := rmhost.NewServer("127.0.0.1:0", dir, rmhost.Options{Troubles: map[rmhost.Trouble]int{rmhost.Late: 100}})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := rmhost.NewServer("127.0.0.1:0", dir, rmhost.Options{})
	if err := second.Start(t.Context()); err == nil {
		t.Error("two servers of one folder")
	}
	open := rmhost.NewServer("0.0.0.0:0", t.TempDir(), rmhost.Options{})
	if err := open.Start(t.Context()); !errors.Is(err, rmhost.ErrNotLoopback) {
		t.Error(err)
	}
	g := &rig{t: t, url: s.URL(), client: http.DefaultClient, ctx: t.Context()}
	if rows, err := g.view("GlbColigadaDataBR", "GCOLIGADA.CODCOLIGADA=1"); err != nil || !strings.Contains(rows, "Aurora") {
		t.Errorf("%s, %v", rows, err)
	}
	answered := make(chan error)
	go func() {
		_, err := g.save("FinLanDataBR", entry(nil))
		answered <- err
	}()
	for _, part := range []*rmhost.Server{second, open, s} {
		if err := part.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := <-answered; err == nil {
		t.Error("saved after all")
	}
}
