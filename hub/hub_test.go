package hub_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smartlink/hub"
	"smartlink/internal/clock"
	"smartlink/link"
)

const command = "FinLanIncDataCommand"

// running is a hub being tested, on a folder that outlives it.
type running struct {
	testing.TB
	*hub.Hub
	dir   string
	clock watched
	key   string // of the administrator
}

// watched is a clock that tells when a long poll of link.MaxWait has gone to sleep.
type watched struct {
	*clock.Fake
	waits chan struct{}
}

func (c watched) NewTimer(d time.Duration) clock.Timer {
	t := c.Fake.NewTimer(d)
	if d == link.MaxWait {
		c.waits <- struct{}{}
	}
	return t
}

// publicURL keeps the tokens' issuer the same whatever port a start finds.
const publicURL = "https://link.example.com"

func (r *running) config() hub.Config {
	return hub.Config{DataDir: r.dir, Listen: "127.0.0.1:0", PublicURL: publicURL, Clock: r.clock, Logger: slog.New(slog.DiscardHandler)}
}

func start(t testing.TB) *running {
	r := &running{TB: t, dir: t.TempDir(), clock: watched{clock.NewFake(time.Date(2026, 3, 27, 9, 14, 13, 0, time.UTC)), make(chan struct{}, 1)}}
	r.open()
	t.Cleanup(func() { r.must(r.Stop(context.Background())) })
	return r
}

func (r *running) open() {
	r.Helper()
	var err error
	r.Hub, err = hub.Open(r.Context(), r.config())
	r.must(err)
	r.must(r.Start(r.Context()))
}

func (r *running) restart() {
	r.Helper()
	r.must(r.Stop(r.Context()))
	r.open()
}

func (r *running) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// call sends a request and answers status and body. A body that begins with { or [ is JSON, another
// one a form.
func (r *running) call(bearer, method, path, body string, out any) (int, link.Code) {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, "http://"+r.Addr()+path, strings.NewReader(body))
	r.must(err)
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if body == "" || strings.ContainsAny(body[:1], "{[") {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	r.must(err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	r.must(err)
	if resp.StatusCode >= 300 {
		var p link.Problem
		_ = json.Unmarshal(b, &p) // the token endpoint answers another form
		if out != nil {
			_ = json.Unmarshal(b, out)
		}
		return resp.StatusCode, p.Code
	}
	if out != nil && len(b) > 0 {
		r.must(json.Unmarshal(b, out))
	}
	return resp.StatusCode, ""
}

// ok is a call that must go well.
func (r *running) ok(bearer, method, path, body string, out any) {
	r.Helper()
	if status, code := r.call(bearer, method, path, body, out); status >= 300 {
		r.Fatalf("%s %s: %d %s", method, path, status, code)
	}
}

// people makes the administrator, a company, a tenant, an app that sends and hears commands, and a
// client.
func (r *running) people() link.ClientCreated {
	r.Helper()
	var admin link.InitResponse
	r.ok("", "POST", "/api/v1/admin/init", fmt.Sprintf(`{"code":%q,"user":"ana"}`, r.StartCode()), &admin)
	r.key = admin.APIKey
	r.ok(r.key, "POST", "/api/v1/admin/companies", `{"name":"Fazenda Boa Vista S.A."}`, nil)
	var tenant link.Tenant
	r.ok(r.key, "POST", "/api/v1/admin/tenants", `{"company":"Fazenda Boa Vista S.A.","name":"Produção"}`, &tenant)
	r.ok(r.key, "PUT", "/api/v1/admin/apps/GESPLAN", `{"name":"Gesplan","sends":["`+command+`"],"receives":["`+command+`"]}`, nil)
	var c link.ClientCreated
	r.ok(r.key, "POST", "/api/v1/admin/clients", fmt.Sprintf(`{"tenantId":%q,"name":"gesplan","apps":["GESPLAN"]}`, tenant.ID), &c)
	return c
}

// token asks for one and answers it, or the OAuth error.
func (r *running) token(id link.ClientID, secret string) (string, string) {
	r.Helper()
	var out struct {
		AccessToken string `json:"access_token"`
		Error       string `json:"error"`
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {string(id)}, "client_secret": {secret}, "scope": {"authorization_api"}}
	r.call("", "POST", "/totvs.rac/connect/token", form.Encode(), &out)
	return out.AccessToken, out.Error
}

func (r *running) wantCode(bearer, method, path, body string, status int, code link.Code) {
	r.Helper()
	if gotStatus, got := r.call(bearer, method, path, body, nil); gotStatus != status || got != code {
		r.Errorf("%s %s: %d %s, want %d %s", method, path, gotStatus, got, status, code)
	}
}

const setup = `{"subscriptions":["` + command + `"]}`

// TestCredentials: wrong secret, expired, foreign and revoked token are each told apart.
func TestCredentials(t *testing.T) {
	r := start(t)
	c := r.people()
	if _, problem := r.token(c.ID, "00000000000000000000000000000000"); problem != "invalid_client" {
		t.Errorf("wrong secret: %q", problem)
	}
	token, _ := r.token(c.ID, c.Secret)
	if token == "" {
		t.Fatal("no token")
	}
	r.ok(token, "POST", "/api/v1/link/setup", setup, nil)

	other := start(t)
	o := other.people()
	foreign, _ := other.token(o.ID, o.Secret)
	r.wantCode(foreign, "POST", "/api/v1/link/setup", setup, 401, link.CodeTokenInvalid)
	r.wantCode(token[:len(token)-8]+"AAAAAAAA", "POST", "/api/v1/link/setup", setup, 401, link.CodeTokenInvalid)
	r.wantCode("", "POST", "/api/v1/link/setup", setup, 401, link.CodeTokenMissing)

	r.ok(r.key, "POST", "/api/v1/admin/clients/"+string(c.ID)+"/revoke", "", nil)
	r.wantCode(token, "POST", "/api/v1/link/setup", setup, 401, link.CodeTokenRevoked)
	token, _ = r.token(c.ID, c.Secret)
	r.ok(token, "POST", "/api/v1/link/setup", setup, nil)

	r.clock.Advance(link.TokenLifetime + time.Minute)
	r.wantCode(token, "POST", "/api/v1/link/setup", setup, 401, link.CodeTokenExpired)
}

// TestRestart: what was accepted is there, tags from before have ended, tokens still work, and no
// second first-start code is made.
func TestRestart(t *testing.T) {
	r := start(t)
	if r.URL() != publicURL || r.StartCode() == "" {
		t.Errorf("URL %s, code %q", r.URL(), r.StartCode())
	}
	c := r.people()
	token, _ := r.token(c.ID, c.Secret)
	r.ok(token, "POST", "/api/v1/link/setup", setup, nil)
	var sent link.SendResponse
	r.ok(token, "POST", "/api/v1/link/send/"+command, `{"data":{}}`, &sent)
	var before, after link.GetResponse
	r.ok(token, "GET", "/api/v1/link/get", "", &before)

	r.restart()
	if r.StartCode() != "" {
		t.Error("a second first-start code")
	}
	r.wantCode(token, "POST", "/api/v1/link/ack", fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, before.Messages[0].Tag), 409, link.CodeLeaseEnded)
	r.ok(token, "GET", "/api/v1/link/get", "", &after)
	if m := after.Messages[0]; m.Message.ID != sent.MessageID || m.Attempt != 2 || m.LostCount != 0 || m.Tag <= before.Messages[0].Tag {
		t.Errorf("after the restart %+v", m)
	}
	r.ok(token, "POST", "/api/v1/link/ack", fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, after.Messages[0].Tag), nil)
	r.ok(r.key, "GET", "/api/v1/link/messages/"+sent.MessageID.String(), "", nil)
}

// TestDataFolderInUse: a second hub on the same folder is refused and changes nothing; a failed
// start and a clean stop give the folder back.
func TestDataFolderInUse(t *testing.T) {
	r := start(t)
	if _, err := hub.Open(t.Context(), r.config()); link.CodeOf(err) != link.CodeDataInUse {
		t.Errorf("second hub: %v", err)
	}
	if status, _ := r.call("", "GET", "/readyz", "", nil); status != http.StatusOK {
		t.Errorf("the first hub is not ready: %d", status)
	}
	other := hub.Config{DataDir: t.TempDir(), Listen: r.Addr()}
	if _, err := hub.Open(t.Context(), other); err == nil || link.CodeOf(err) == link.CodeDataInUse {
		t.Errorf("address in use: %v", err)
	}
	other.Listen = "127.0.0.1:0"
	h, err := hub.Open(t.Context(), other)
	if err != nil {
		t.Fatalf("after a failed start: %v", err)
	}
	if h.StartCode() == "" {
		t.Error("a failed start spent the first-start code")
	}
	if err := errors.Join(h.Stop(t.Context()), h.Stop(t.Context())); err != nil { // never started, stopped twice
		t.Error(err)
	}
	if h, err = hub.Open(t.Context(), other); err != nil {
		t.Fatalf("after a stop: %v", err)
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestStopEndsWaits: a stop does not wait for long polls; they end as if nothing had come.
func TestStopEndsWaits(t *testing.T) {
	r := start(t)
	c := r.people()
	token, _ := r.token(c.ID, c.Secret)
	r.ok(token, "POST", "/api/v1/link/setup", setup, nil)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.Addr()+"/api/v1/link/get?wait=30s", nil)
	r.must(err)
	req.Header.Set("Authorization", "Bearer "+token)
	answered := make(chan int, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			answered <- 0
			return
		}
		_ = resp.Body.Close()
		answered <- resp.StatusCode
	}()
	<-r.clock.waits
	r.must(r.Stop(t.Context()))
	if status := <-answered; status != http.StatusNoContent {
		t.Errorf("answered %d", status)
	}
	if _, err := net.Dial("tcp", r.Addr()); err == nil {
		t.Error("the stopped hub still listens")
	}
}

func TestConfig(t *testing.T) {
	host, _, err := net.SplitHostPort(hub.DefaultListen)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		t.Errorf("the default address %s takes connections from other machines", hub.DefaultListen)
	}
	for _, bad := range []string{"link.example.com", "ftp://x", "https://", "https://x?y", "https://x#y", ":"} {
		if _, err := hub.Open(t.Context(), hub.Config{DataDir: t.TempDir(), PublicURL: bad}); err == nil {
			t.Errorf("public URL %q was taken", bad)
		}
	}
	if _, err := hub.Open(t.Context(), hub.Config{DataDir: t.TempDir(), Listen: "nonsense"}); err == nil {
		t.Error("a listen address of nonsense was taken")
	}
}

// TestFolderIsItsOwners: nobody else of the machine can read keys and data.
func TestFolderIsItsOwners(t *testing.T) {
	r := start(t)
	for _, name := range []string{"hub.db", "queue.db", "hub.key"} {
		info, err := os.Stat(filepath.Join(r.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "hub.key" && os.PathSeparator == '/' && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %s", name, info.Mode())
		}
	}
}
