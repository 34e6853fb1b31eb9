package hub_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smartlink/hub"
	"smartlink/link"
)

// sent sends with headers and answers what the hub says.
func (r *running) sent(token, body string, headers ...string) link.SendResponse {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "http://"+r.Addr()+"/api/v1/link/send/"+command, strings.NewReader(body))
	r.must(err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	r.must(err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	r.must(err)
	var s link.SendResponse
	if r.must(json.Unmarshal(b, &s)); resp.StatusCode != http.StatusAccepted {
		r.Fatalf("send: %d %s", resp.StatusCode, b)
	}
	return s
}

// told answers everything that a hub tells of its queue and of messages.
func (r *running) told(token string, ids []string) string {
	r.Helper()
	var b strings.Builder
	paths := []string{"queue", "queue/messages?list=waiting", "queue/messages?list=dead", "queue/messages?list=history"}
	for _, id := range ids {
		paths = append(paths, "messages/"+id)
	}
	for _, p := range paths {
		var answer any
		r.ok(token, "GET", "/api/v1/link/"+p, "", &answer)
		text, err := json.MarshalIndent(answer, "", " ")
		r.must(err)
		fmt.Fprintf(&b, "%s %s\n", p, text)
	}
	return b.String()
}

// TestMigrate moves a hub with messages in every state into a database: everything is told as before,
// tokens and secrets hold, repeats are recognised, tags are not, and the old folder opens no more.
func TestMigrate(t *testing.T) {
	database := newDatabase(t)
	r := start(t)
	c := r.people()
	token, _ := r.token(c.ID, c.Secret)
	r.ok(token, "POST", "/api/v1/link/setup", `{"subscriptions":["`+command+`"],"requeueCountMax":0}`, nil)
	var ids []string
	var first link.SendResponse
	for i := range 8 {
		s := r.sent(token, fmt.Sprintf(`{"n":%d,"text":"a\u0000b"}`, i), "Idempotency-Key", fmt.Sprint("request ", i), "SL-Ordering-Key", fmt.Sprint("key ", i/2%2), "SL-Business-Key", fmt.Sprint("fact ", i))
		if i == 0 {
			first = s
		}
		ids = append(ids, s.MessageID.String())
	}
	r.ok(token, "POST", "/api/v1/link/ack", ackOf(r.lease(token)), nil)
	r.ok(token, "POST", "/api/v1/link/ack", fmt.Sprintf(`{"deliveryTag":%d,"ack":false,"reason":"no"}`, r.lease(token)), nil) // dead at once
	r.ok(token, "POST", "/api/v1/link/ack", fmt.Sprintf(`{"deliveryTag":%d,"dead":true,"reason":"never"}`, r.lease(token)), nil)
	leased := r.lease(token)
	r.restart() // ends the lease, as the move does
	before := r.told(token, ids)
	if _, err := hub.Migrate(t.Context(), r.dir, database, hub.MigrateOptions{}); link.CodeOf(err) != link.CodeDataInUse {
		t.Errorf("moved under a running hub: %v", err)
	}
	r.must(r.Stop(t.Context()))

	moved, err := hub.Migrate(t.Context(), r.dir, database, hub.MigrateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if moved.Rows["message"] != 8 || moved.Rows["client"] != 1 || moved.Forgotten != 0 {
		t.Errorf("moved %v", moved)
	}
	if _, err := hub.Migrate(t.Context(), r.dir, database, hub.MigrateOptions{}); err == nil || !strings.Contains(err.Error(), "Moved to the database") {
		t.Errorf("moved twice: %v", err)
	}
	if _, err := hub.Open(t.Context(), r.config()); err == nil || !strings.Contains(err.Error(), "Moved to the database") {
		t.Errorf("the old folder opens: %v", err)
	}

	cfg := r.config()
	cfg.Database, cfg.KeyFile, cfg.DataDir = database, filepath.Join(r.dir, "hub.key"), t.TempDir()
	h, err := hub.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	now := &running{TB: t, Hub: h}
	t.Cleanup(func() { now.must(now.Stop(context.Background())) })
	now.must(h.Start(t.Context()))
	if h.StartCode() != "" {
		t.Error("a first-start code of a hub that has an administrator")
	}
	if after := now.told(token, ids); after != before {
		t.Errorf("told otherwise:\n%s\nbefore:\n%s", after, before)
	}
	if s := now.sent(token, `{"n":0,"text":"a\u0000b"}`, "Idempotency-Key", "request 0", "SL-Ordering-Key", "key 0", "SL-Business-Key", "fact 0"); !s.Duplicate || s.MessageID != first.MessageID {
		t.Errorf("a repeat is not recognised: %+v", s)
	}
	if _, code := now.call(token, "POST", "/api/v1/link/ack", ackOf(leased), nil); code == "" {
		t.Error("a tag from before the move is taken")
	}
	if got, _ := now.token(c.ID, c.Secret); got == "" {
		t.Error("the secret is not known")
	}
	left := 0
	for {
		var got link.GetResponse
		if now.ok(token, "GET", "/api/v1/link/get", "", &got); len(got.Messages) == 0 {
			break
		}
		now.ok(token, "POST", "/api/v1/link/ack", ackOf(got.Messages[0].Tag), nil)
		left++
	}
	if left != 5 {
		t.Errorf("%d messages were left to take", left)
	}
	now.sent(token, `{}`)
	now.lease(token)

	// Into a database that holds something nothing is moved.
	other := start(t)
	other.people()
	other.must(other.Stop(t.Context()))
	if _, err := hub.Migrate(t.Context(), other.dir, database, hub.MigrateOptions{}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("moved into a full database: %v", err)
	}
}

// TestMigrateHistory moves messages that stand in the files of days already.
func TestMigrateHistory(t *testing.T) {
	database := newDatabase(t)
	r := start(t)
	c := r.people()
	token, _ := r.token(c.ID, c.Secret)
	r.ok(token, "POST", "/api/v1/link/setup", setup, nil)
	var ids []string
	for i := range 3 {
		ids = append(ids, r.sent(token, fmt.Sprintf(`{"n":%d}`, i), "SL-Business-Key", fmt.Sprint("fact ", i)).MessageID.String())
	}
	for range 2 {
		r.ok(token, "POST", "/api/v1/link/ack", ackOf(r.lease(token)), nil)
	}
	seen(t, func() bool {
		r.clock.Advance(10 * time.Minute) // a round of the keeper
		days, err := filepath.Glob(filepath.Join(r.dir, "history", "*.db"))
		r.must(err)
		return len(days) > 0
	})
	if token, _ = r.token(c.ID, c.Secret); token == "" {
		t.Fatal("no token")
	}
	r.restart()
	before := r.told(token, ids)
	r.must(r.Stop(t.Context()))
	if _, err := hub.Migrate(t.Context(), r.dir, database, hub.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	cfg := r.config()
	cfg.Database, cfg.KeyFile, cfg.DataDir = database, filepath.Join(r.dir, "hub.key"), t.TempDir()
	h, err := hub.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	now := &running{TB: t, Hub: h}
	t.Cleanup(func() { now.must(now.Stop(context.Background())) })
	now.must(h.Start(t.Context()))
	if after := now.told(token, ids); after != before {
		t.Errorf("told otherwise:\n%s\nbefore:\n%s", after, before)
	}
}
