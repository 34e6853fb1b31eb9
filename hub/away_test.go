package hub_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"smartlink/link"
)

// wire stands between hubs and their database, and can be cut.
type wire struct {
	t        *testing.T
	to       *pgx.ConnConfig
	listener net.Listener

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]struct{}
}

// newWire answers a wire and the address of the database through it.
func newWire(t *testing.T, database string) (*wire, string) {
	t.Helper()
	config, err := pgx.ParseConfig(database)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, to: config, conns: map[net.Conn]struct{}{}}
	if w.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	go w.serve()
	t.Cleanup(func() {
		_ = w.listener.Close()
		w.set(true)
	})
	address := w.listener.Addr().(*net.TCPAddr)
	return w, fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=%s sslmode=disable search_path=%s",
		address.Port, config.User, config.Database, config.RuntimeParams["search_path"])
}

func (w *wire) serve() {
	for {
		in, err := w.listener.Accept()
		if err != nil {
			return
		}
		network, address := pgconn.NetworkAddress(w.to.Host, w.to.Port)
		out, err := (&net.Dialer{}).DialContext(context.Background(), network, address)
		if err != nil {
			_ = in.Close()
			continue
		}
		w.mu.Lock()
		if w.cut {
			_, _ = in.Close(), out.Close()
		} else {
			w.conns[in], w.conns[out] = struct{}{}, struct{}{}
		}
		w.mu.Unlock()
		go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
		go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
	}
}

// set cuts the wire, with all that goes over it, or mends it.
func (w *wire) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	for c := range w.conns {
		_ = c.Close()
		delete(w.conns, c)
	}
}

// TestDatabaseAway: without its database a hub says so and takes nothing, and with it goes on by itself.
func TestDatabaseAway(t *testing.T) {
	w, address := newWire(t, newDatabase(t))
	list, codes := openHubs(t, address, 1)
	r := list[0]
	var admin link.InitResponse
	r.ok("", "POST", "/api/v1/admin/init", body(link.InitRequest{Code: codes[0], User: "ana"}), &admin)
	r.ok(admin.APIKey, "POST", "/api/v1/admin/companies", `{"name":"Fazenda"}`, nil)
	var tenant link.Tenant
	r.ok(admin.APIKey, "POST", "/api/v1/admin/tenants", `{"company":"Fazenda","name":"Produção"}`, &tenant)
	r.ok(admin.APIKey, "PUT", "/api/v1/admin/apps/GESPLAN", `{"name":"Gesplan","sends":["Note"],"receives":["Note"]}`, nil)
	var c link.ClientCreated
	r.ok(admin.APIKey, "POST", "/api/v1/admin/clients", body(link.ClientRequest{TenantID: tenant.ID.String(), Name: "x", Apps: []string{"GESPLAN"}}), &c)
	token, _ := r.token(c.ID, c.Secret)
	r.ok(token, "POST", "/api/v1/link/setup", `{"subscriptions":["Note"]}`, nil)
	if status := r.readiness(); status != http.StatusOK {
		t.Fatalf("readyz %d before", status)
	}

	w.set(true)
	if status := r.readiness(); status != http.StatusServiceUnavailable {
		t.Errorf("readyz %d without the database", status)
	}
	for range 2 {
		if status, code := r.call(token, "POST", "/api/v1/link/send/Note", `{"n":1}`, nil); status != http.StatusServiceUnavailable {
			t.Errorf("send: %d %s", status, code)
		}
		for _, path := range []string{"companies", "clients", "audit"} {
			if status, code := r.call(admin.APIKey, "GET", "/api/v1/admin/"+path, "", nil); status != http.StatusServiceUnavailable || code != link.CodeUnavailable {
				t.Errorf("%s: %d %s", path, status, code)
			}
		}
		if status, code := r.call(admin.APIKey, "POST", "/api/v1/admin/companies", `{"name":"Outra"}`, nil); status != http.StatusServiceUnavailable || code != link.CodeUnavailable {
			t.Errorf("a change: %d %s", status, code)
		}
	}

	w.set(false)
	seen(t, func() bool { return r.readiness() == http.StatusOK })
	seen(t, func() bool {
		status, _ := r.call(token, "POST", "/api/v1/link/send/Note", `{"n":1}`, nil)
		return status == http.StatusAccepted
	})
	r.ok(admin.APIKey, "POST", "/api/v1/admin/companies", `{"name":"Outra"}`, nil)
}

// readiness answers the status of /readyz.
func (r *running) readiness() int {
	r.Helper()
	status, _ := r.call("", "GET", "/readyz", "", nil)
	return status
}
