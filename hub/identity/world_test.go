package identity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/registry"
	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

var testStart = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a registry with one client, and an Identity on it.
type world struct {
	testing.TB
	*Identity
	store   *registry.Store
	clock   *clock.Fake
	dir     string
	tenant  uuid.UUID
	client  link.ClientCreated
	proxied bool
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, clock: clock.NewFake(testStart), dir: t.TempDir()}
	w.open()
	t.Cleanup(func() { _ = w.store.Close() })
	ctx := t.Context()
	_, err := w.store.CreateCompany(ctx, "ana", link.CompanyRequest{Name: "Fazenda"})
	w.must(err)
	tenant, err := w.store.CreateTenant(ctx, "ana", link.TenantRequest{Company: "Fazenda", Name: "Produção"})
	w.must(err)
	w.tenant = tenant.ID
	_, err = w.store.PutApp(ctx, "ana", "GESPLAN", link.AppRequest{Name: "Gesplan"})
	w.must(err)
	w.client = w.newClient("gesplan")
	return w
}

func (w *world) newClient(name string) link.ClientCreated {
	w.Helper()
	c, err := w.store.CreateClient(w.Context(), "ana", link.ClientRequest{TenantID: w.tenant.String(), Name: name, Apps: []string{"GESPLAN"}})
	w.must(err)
	return c
}

// open opens the registry and the identity; small keys keep it fast.
func (w *world) open() {
	w.Helper()
	var err error
	w.store, err = registry.Open(w.Context(), w.file("hub.db"), registry.Options{Clock: w.clock})
	w.must(err)
	w.Identity, err = Open(w.Context(), w.store, w.options())
	w.must(err)
}

func (w *world) options() Options {
	return Options{Issuer: "https://link.example.com", KeyFile: w.file("hub.key"), Proxied: w.proxied, KeyBits: 1024, Clock: w.clock}
}

func (w *world) file(name string) string { return filepath.Join(w.dir, name) }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// want checks the code of an error; "" wants none.
func (w *world) want(err error, code link.Code) {
	w.Helper()
	if link.CodeOf(err) != code {
		w.Errorf("error %v, want code %q", err, code)
	}
}

// exec changes hub.db behind the registry's back and lets it see that.
func (w *world) exec(query string, args ...any) {
	w.Helper()
	db, err := sqldb.OpenSQLite(w.Context(), w.file("hub.db"), 1)
	w.must(err)
	_, err = db.ExecContext(w.Context(), query, args...)
	w.must(errors.Join(err, db.Close(), w.store.Refresh(w.Context())))
}

// ask sends a request to the handler.
func (w *world) ask(method, path, body string, header ...string) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), method, path, strings.NewReader(body))
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	a := httptest.NewRecorder()
	w.Handler().ServeHTTP(a, r)
	return a
}

const formType = "application/x-www-form-urlencoded"

// form is the token request of a client.
func form(id link.ClientID, secret string) string {
	return url.Values{"grant_type": {"client_credentials"}, "scope": {Scope}, "client_id": {string(id)}, "client_secret": {secret}}.Encode()
}

// askToken asks for a token from an address.
func (w *world) askToken(address, body string) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), http.MethodPost, Path+"/connect/token", strings.NewReader(body))
	r.Header.Set("Content-Type", formType)
	r.RemoteAddr = address
	a := httptest.NewRecorder()
	w.Handler().ServeHTTP(a, r)
	return a
}

// newToken gets a token as a client does.
func (w *world) newToken() string {
	w.Helper()
	a := w.askToken("192.0.2.1:1234", form(w.client.ID, w.client.Secret))
	var t tokenResponse
	if err := json.Unmarshal(a.Body.Bytes(), &t); err != nil || a.Code != http.StatusOK {
		w.Fatalf("%d %s, %v", a.Code, a.Body, err)
	}
	return t.AccessToken
}

// check verifies a token.
func (w *world) check(token string) error {
	_, _, err := w.Verify(context.Background(), token)
	return err
}

// part decodes a part of a token: 0 the header, 1 the claims.
func part(t testing.TB, token string, n int) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[n])
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// encode makes a part of a token.
func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("%v: %v", v, err))
	}
	return base64.RawURLEncoding.EncodeToString(b)
}
