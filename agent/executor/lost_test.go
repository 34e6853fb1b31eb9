package executor_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// wire stands between the inbox and PostgreSQL, and can keep an answer to itself.
type wire struct {
	to       *pgx.ConnConfig
	listener net.Listener
	lose     atomic.Bool // the answer to the next commit, and the connection with it
}

// through answers a wire, and a world whose executor reaches its database through it.
func through(t *testing.T, change ...func(*executor.Config)) (*world, *wire) {
	t.Helper()
	w := newWorld(t, change...)
	to, err := pgx.ParseConfig(w.Database)
	if err != nil {
		t.Fatal(err)
	}
	x := &wire{to: to}
	if x.listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.listener.Close() })
	go x.serve()
	u, err := url.Parse(w.Database)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for _, direct := range []string{"host", "port"} {
		q.Del(direct)
	}
	q.Set("user", to.User)
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = x.listener.Addr().String(), q.Encode()
	box, err := inbox.Open(t.Context(), inbox.Config{Database: u.String(), Installation: w.Installation, Clock: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close(context.Background()) })
	w.box, w.config.Box = box, box
	w.restart()
	return w, x
}

func (x *wire) serve() {
	for {
		in, err := x.listener.Accept()
		if err != nil {
			return
		}
		network, address := pgconn.NetworkAddress(x.to.Host, x.to.Port)
		out, err := (&net.Dialer{}).DialContext(context.Background(), network, address)
		if err != nil {
			_ = in.Close()
			continue
		}
		go x.pass(in, out)
	}
}

// pass passes on what one connection says, until it ends or is to end.
func (x *wire) pass(in, out net.Conn) {
	var losing atomic.Bool
	go func() {
		defer func() { _ = out.Close() }()
		b := make([]byte, 64<<10)
		for {
			n, err := in.Read(b)
			if err != nil {
				return
			}
			if bytes.Contains(b[:n], []byte("commit\x00")) && x.lose.CompareAndSwap(true, false) {
				losing.Store(true)
			}
			if _, err := out.Write(b[:n]); err != nil {
				return
			}
		}
	}()
	defer func() { _ = in.Close() }()
	b := make([]byte, 64<<10)
	for {
		n, err := out.Read(b)
		if err != nil || losing.Load() {
			return
		}
		if _, err := io.Copy(in, bytes.NewReader(b[:n])); err != nil {
			return
		}
	}
}

// TestClaimWhoseAnswerIsLost: nobody heard that a claim was committed. Its rows are executed all the same, at
// once and by this run, as if they had not been claimed.
func TestClaimWhoseAnswerIsLost(t *testing.T) {
	sqltest.On(t, sqldb.Postgres)
	for name, c := range map[string]struct {
		lanes int
		once  func(w *world) (int, error)
		is    []func(*link.Message)
	}{
		"inside":           {1, func(w *world) (int, error) { return w.e.RunOnce(w.t.Context()) }, nil},
		"in several lanes": {2, func(w *world) (int, error) { return w.e.RunOnce(w.t.Context()) }, nil},
		"outside":          {1, func(w *world) (int, error) { return w.e.RunOutside(w.t.Context()) }, []func(*link.Message){outside}},
	} {
		t.Run(name, func(t *testing.T) {
			o := &other{t: t, docs: map[string]string{}}
			w, x := through(t, lanes(c.lanes), func(cfg *executor.Config) { cfg.Outside = append(cfg.Outside, o) })
			o.w = w
			if n, err := c.once(w); n != 0 || err != nil { // takes over what a run before has left: nothing
				t.Fatal(n, err)
			}
			d := agenttest.Delivery("a", c.is...)
			w.store(d)
			x.lose.Store(true)
			if n, err := c.once(w); err == nil || x.lose.Load() {
				t.Fatalf("no answer was lost: %d, %v", n, err)
			}
			for n := 0; n == 0; {
				var err error
				if n, err = c.once(w); err != nil {
					t.Fatal(err)
				}
				if state := w.item(d.Message.ID).State; n == 0 && state == link.ERPRunning {
					t.Fatal("it is running, and nobody executes it")
				}
				w.clock.Advance(settles / 4) // a call outside may have begun, as far as is known
			}
			for w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGE WHERE TYPEEVENT = 'Downstream'`) > 0 {
				if _, err := c.once(w); err != nil {
					t.Fatal(err)
				}
				w.clock.Advance(settles / 4)
			}
			if a := w.answer(d); a.Status != link.ERPDone || len(o.order)+w.booked() != 1 {
				t.Errorf("%+v, booked %v and %d", a, o.order, w.booked())
			}
			if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKLOG WHERE LOGTYPE = 'ERROR'`); n != 0 {
				t.Errorf("%d errors in its log", n)
			}
		})
	}
}
