package hub

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"smartlink/internal/clock"
)

// arrival is a connection from somewhere; closed tells whether it was closed.
type arrival struct {
	net.Conn
	from   string
	closed bool
}

func (a *arrival) RemoteAddr() net.Addr {
	at, _ := net.ResolveTCPAddr("tcp", a.from)
	return at
}

func (a *arrival) Close() error { a.closed = true; return nil }

// arrivals is a listener to which these come.
type arrivals struct {
	net.Listener
	list []*arrival
}

func (l *arrivals) Accept() (net.Conn, error) {
	if len(l.list) == 0 {
		return nil, io.EOF
	}
	next := l.list[0]
	l.list = l.list[1:]
	return next, nil
}

// TestConnectionsAreBounded: what is beyond a limit is closed and counted, by all and by address, and a
// closed connection makes room.
func TestConnectionsAreBounded(t *testing.T) {
	at := &arrivals{}
	fake, log, metrics := clock.NewFake(time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC)), &strings.Builder{}, prometheus.NewRegistry()
	b := bound(at, Config{Limits: Limits{Connections: 5, PerAddress: 2}, Clock: fake, Logger: slog.New(slog.NewTextHandler(log, nil))}, metrics)
	come := func(from ...string) (taken []net.Conn) {
		all := make([]*arrival, len(from))
		for i, f := range from {
			all[i] = &arrival{from: f}
		}
		at.list = append(at.list, all...)
		for {
			c, err := b.Accept()
			if err != nil {
				break
			}
			taken = append(taken, c)
		}
		closed := 0
		for _, a := range all {
			if a.closed {
				closed++
			}
		}
		if closed+len(taken) != len(from) {
			t.Errorf("of %d arrivals %d were taken and %d closed", len(from), len(taken), closed)
		}
		return taken
	}
	first := come("192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3")
	if len(first) != 2 {
		t.Fatalf("%d of one address", len(first))
	}
	if n := len(come("[2001:db8:0:1::1]:1", "[2001:db8:0:1::2]:1", "[2001:db8:0:1:ffff::3]:1")); n != 2 {
		t.Errorf("%d of one IPv6 network", n)
	}
	if n := len(come("[::ffff:192.0.2.1]:9", "127.0.0.1:1", "127.0.0.1:2", "198.51.100.1:1")); n != 1 {
		t.Errorf("%d, want the fifth only", n)
	}
	_ = first[0].Close()
	_ = first[0].Close() // gives its place back once
	if n := len(come("192.0.2.1:4", "198.51.100.1:2")); n != 1 {
		t.Errorf("%d in one free place", n)
	}
	if n := strings.Count(log.String(), "connections refused"); n != 1 {
		t.Errorf("told %d times: %s", n, log)
	}
	fake.Advance(toldEvery)
	come("198.51.100.1:3")
	if !strings.Contains(log.String(), "refused=6") {
		t.Errorf("the others were not counted: %s", log)
	}
	told := gathered(t, metrics)
	for _, want := range []string{
		"\nsmartlink_connections 5\n", `smartlink_connections_refused_total{limit="address"} 3`, `smartlink_connections_refused_total{limit="all"} 4`,
	} {
		if !strings.Contains(told, want) {
			t.Errorf("no %s in\n%s", want, told)
		}
	}
}

// gathered is what a scrape would tell.
func gathered(t *testing.T, metrics *prometheus.Registry) string {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// TestLoopbackHasNoLimitOfItsOwn: all of a machine's programs share that address.
func TestLoopbackHasNoLimitOfItsOwn(t *testing.T) {
	at := &arrivals{}
	for range 10 {
		at.list = append(at.list, &arrival{from: "127.0.0.1:1"}, &arrival{from: "[::1]:1"})
	}
	b := bound(at, Config{Limits: Limits{Connections: -1, PerAddress: 2}, Clock: clock.Real, Logger: slog.New(slog.DiscardHandler)}, prometheus.NewRegistry())
	for range 20 {
		if _, err := b.Accept(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLimitsHaveDefaults: zero is the default, negative is none.
func TestLimitsHaveDefaults(t *testing.T) {
	if got := (Limits{}).withDefaults(); got != DefaultLimits {
		t.Errorf("%+v", got)
	}
	none := Limits{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1}.withDefaults()
	if none.Connections != -1 || none.HeaderBytes != 0 || none.rates().Client != 0 || none.rates().Tenant != 0 || none.rates().Bodies != 0 {
		t.Errorf("%+v", none)
	}
	s := newServer(http.NotFoundHandler(), none, slog.New(slog.DiscardHandler))
	if s.ReadTimeout > 0 || s.MaxHeaderBytes != 0 {
		t.Errorf("%+v", s)
	}
	proxy := Config{PublicURL: "https://x"}
	if !proxy.proxied() || (Config{PublicURL: "https://x", TLSCert: "c"}).proxied() {
		t.Error("who stands in front is told wrongly")
	}
}
