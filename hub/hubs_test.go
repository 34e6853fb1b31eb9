package hub_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"smartlink/hub"
	"smartlink/internal/clock"
	"smartlink/link"
)

// Promises of several hubs, with room for a machine that does much else.
const (
	revokedIn = 2 * time.Second
	room      = 10 * time.Second
)

// newDatabase makes an empty schema of this package's tests and answers its address.
func newDatabase(t testing.TB) string {
	t.Helper()
	return newDatabaseNamed(t, "hub_test")
}

func newDatabaseNamed(t testing.TB, schema string) string {
	t.Helper()
	dsn := os.Getenv("SMARTLINK_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("SMARTLINK_TEST_POSTGRES names no PostgreSQL database: hubs that share one are NOT tested")
	}
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	if _, err := c.Exec(t.Context(), "DROP SCHEMA IF EXISTS "+schema+" CASCADE; CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	return dsn + " search_path=" + schema
}

// openHubs starts hubs at once on one database, each with a folder of its own, and answers them with the
// first-start codes they told.
func openHubs(t *testing.T, database string, n int) (list []*running, codes []string) {
	t.Helper()
	keyFile := filepath.Join(t.TempDir(), "shared.key")
	list = make([]*running, n)
	var all sync.WaitGroup
	for i := range list {
		dir := t.TempDir()
		all.Go(func() {
			h, err := hub.Open(t.Context(), hub.Config{
				DataDir: dir, Database: database, KeyFile: keyFile, Listen: "127.0.0.1:0", PublicURL: publicURL, Clock: clock.Real, Logger: slog.New(slog.DiscardHandler),
			})
			if err == nil {
				err = h.Start(t.Context())
			}
			if err != nil {
				t.Error(err)
				return
			}
			list[i] = &running{TB: t, Hub: h}
		})
	}
	all.Wait()
	for _, r := range list {
		if r == nil {
			t.FailNow()
		}
		t.Cleanup(func() { r.must(r.Stop(context.Background())) })
		if code := r.StartCode(); code != "" {
			codes = append(codes, code)
		}
	}
	return list, codes
}

// TestManyHubsAreOne: whatever one hub gives is good at every other: the first-start code, API keys,
// tokens, cursors, delivery tags, log-ins; and a revoked client is refused everywhere.
func TestManyHubsAreOne(t *testing.T) {
	list, codes := openHubs(t, newDatabase(t), 3)
	a, b, c := list[0], list[1], list[2]
	if len(codes) != 1 {
		t.Fatalf("first-start codes %v, want one", codes)
	}
	var admin link.InitResponse
	b.ok("", "POST", "/api/v1/admin/init", body(link.InitRequest{Code: codes[0], User: "ana"}), &admin)
	key := admin.APIKey
	var company link.Company
	c.ok(key, "POST", "/api/v1/admin/companies", `{"name":"Fazenda"}`, &company)
	var tenant link.Tenant
	a.ok(key, "POST", "/api/v1/admin/tenants", body(link.TenantRequest{Company: "Fazenda", Name: "Produção"}), &tenant)
	b.ok(key, "PUT", "/api/v1/admin/apps/GESPLAN", `{"name":"Gesplan","sends":["Note"],"receives":["Note"]}`, nil)
	var client link.ClientCreated
	seen(t, func() bool { // on a, what b did a moment ago
		status, _ := a.call(key, "POST", "/api/v1/admin/clients", body(link.ClientRequest{TenantID: tenant.ID.String(), Name: "x", Apps: []string{"GESPLAN"}}), &client)
		return status == http.StatusCreated
	})

	var token string
	seen(t, func() bool {
		token, _ = c.token(client.ID, client.Secret)
		return token != ""
	})
	seen(t, func() bool {
		status, _ := a.call(token, "POST", "/api/v1/link/setup", `{"subscriptions":["Note"]}`, nil)
		return status == http.StatusOK
	})
	for i, r := range []*running{a, b, c} {
		r.ok(token, "POST", "/api/v1/link/send/Note", fmt.Sprintf(`{"n":%d}`, i), nil)
	}
	var answer link.GetResponse
	b.ok(token, "GET", "/api/v1/link/get?max=3&wait=5s", "", &answer)
	got := answer.Messages
	if len(got) != 3 {
		t.Fatalf("%d messages", len(got))
	}
	acks := make([]link.Settlement, len(got))
	for i, d := range got {
		acks[i] = link.Settlement{DeliveryTag: d.Tag, Ack: new(true)}
	}
	c.ok(token, "POST", "/api/v1/link/ack", body(acks), nil)
	var page link.Page[json.RawMessage]
	history := "/api/v1/link/queue/messages?list=history&limit=2"
	if status, code := a.call(token, "GET", history, "", &page); status != http.StatusOK || page.Next == "" {
		t.Fatalf("%d %s, next %q", status, code, page.Next)
	}
	b.ok(token, "GET", history+"&cursor="+url.QueryEscape(page.Next), "", &page)
	if len(page.Items) != 1 {
		t.Errorf("%d on the second page", len(page.Items))
	}

	die(b, token)

	a.ok(key, "POST", "/api/v1/admin/clients/"+string(client.ID)+"/revoke", "", nil)
	began := clock.Real.Now()
	for _, r := range list {
		seen(t, func() bool {
			_, code := r.call(token, "GET", "/api/v1/link/get", "", nil)
			return code == link.CodeTokenRevoked
		})
	}
	if took := clock.Real.Now().Sub(began); took > revokedIn && os.Getenv("CI") == "" {
		t.Logf("a revoked client was refused everywhere only after %s", took)
	}
	handedOver(t, key, link.QueueName(tenant.ID, client.ID), list)
}

// deadLetters is how many die makes.
const deadLetters = 8

func die(r *running, token string) {
	for range deadLetters {
		r.ok(token, "POST", "/api/v1/link/send/Note", `{}`, nil)
		r.ok(token, "POST", "/api/v1/link/ack", body(link.Settlement{DeliveryTag: r.lease(token), Dead: true, Reason: "no"}), nil)
	}
}

// handedOver starts a job at one hub that another cancels, and one at a hub that stops: another goes on
// with it.
func handedOver(t *testing.T, key, queue string, list []*running) {
	a, b, stopping := list[0], list[1], list[2]
	var cancelled, job link.Job
	start := func(r *running, rate int, job *link.Job) {
		r.ok(key, "POST", "/api/v1/admin/queue/redrive?queue="+queue, fmt.Sprintf(`{"all":true,"rate":%d}`, rate), job)
	}
	start(a, 1, &cancelled)
	b.ok(key, "DELETE", "/api/v1/admin/jobs/"+cancelled.ID.String(), "", nil)
	at := func(r *running, j *link.Job) func() bool {
		return func() bool {
			r.ok(key, "GET", "/api/v1/admin/jobs/"+j.ID.String(), "", j)
			return j.State.Ended()
		}
	}
	seen(t, at(b, &cancelled))
	if cancelled.State != link.JobCancelled {
		t.Errorf("%+v", cancelled)
	}
	start(stopping, 2, &job)
	stopping.must(stopping.Stop(t.Context()))
	seen(t, at(a, &job))
	if job.State != link.JobDone || cancelled.Done+job.Done != deadLetters {
		t.Errorf("%+v after %+v", job, cancelled)
	}
}

// TestOtherKeyFile: a hub that was given another key file than the others does not start.
func TestOtherKeyFile(t *testing.T) {
	database := newDatabase(t)
	openHubs(t, database, 1)
	_, err := hub.Open(t.Context(), hub.Config{DataDir: t.TempDir(), Database: database, Listen: "127.0.0.1:0", PublicURL: publicURL})
	if link.CodeOf(err) != link.CodeHubKey {
		t.Errorf("error %v", err)
	}
	if _, err := hub.Open(t.Context(), hub.Config{DataDir: t.TempDir(), Database: database, Listen: "127.0.0.1:0"}); err == nil || !strings.Contains(err.Error(), "public URL") {
		t.Errorf("without a public URL: %v", err)
	}
}

// seen tries until it is so, for what another hub is told of.
func seen(t *testing.T, so func() bool) {
	t.Helper()
	end := clock.Real.NewTimer(room)
	defer end.Stop()
	for !so() {
		again := clock.Real.NewTimer(10 * time.Millisecond)
		select {
		case <-again.C():
		case <-end.C():
			t.Fatalf("not so after %s", room)
		}
	}
}

func body(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
