package sqltest

import (
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Relay stands between a program and its database server, and can cut the line. It does not know what
// it passes on.
type Relay struct {
	Address string // of the database, by way of the relay

	network, to string
	mu          sync.Mutex
	cut         bool
	open        map[net.Conn]bool
}

// NewRelay puts a relay before the server of a database's address. It ends with the test.
func NewRelay(t testing.TB, address string) *Relay {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	r := &Relay{network: "tcp", to: u.Host, open: map[net.Conn]bool{}}
	if host := q.Get("host"); host != "" {
		r.to = net.JoinHostPort(host, q.Get("port"))
		if strings.HasPrefix(host, "/") {
			r.network, r.to = "unix", host+"/.s.PGSQL."+q.Get("port")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(); r.Cut() })
	q.Del("host")
	q.Del("port")
	u.Host, u.RawQuery = l.Addr().String(), q.Encode()
	r.Address = u.String()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go r.pass(c)
		}
	}()
	return r
}

// Cut breaks every connection, and lets no new one through.
func (r *Relay) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = true
	for c := range r.open {
		_ = c.Close()
	}
}

// Mend lets connections through again.
func (r *Relay) Mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = false
}

// keep notes a connection, so that Cut finds it; false: the line is cut.
func (r *Relay) keep(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cut {
		_ = c.Close()
		return false
	}
	r.open[c] = true
	return true
}

func (r *Relay) end(c net.Conn) {
	_ = c.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, c)
}

func (r *Relay) pass(c net.Conn) {
	if !r.keep(c) {
		return
	}
	defer r.end(c)
	s, err := net.Dial(r.network, r.to)
	if err != nil || !r.keep(s) {
		return
	}
	go func() {
		_, _ = io.Copy(s, c)
		r.end(s)
	}()
	_, _ = io.Copy(c, s)
}
