package console

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/activation"
	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/link"
)

const (
	clientID = "0123456789abcdef0123456789abcdef"
	secret   = "a-secret-that-no-page-may-show"
)

// fakeHub lets the client use BOOKS, and tells of others why not.
type fakeHub struct {
	setups []link.SetupRequest
	away   bool
}

func (h *fakeHub) TenantApps(_ context.Context, asked ...string) (link.TenantApps, error) {
	if h.away {
		return link.TenantApps{}, errors.New("no route to it")
	}
	a := link.TenantApps{Items: []link.TenantApp{
		{Code: "BOOKS", Name: "Books", State: link.AppAvailable, Receives: []string{agenttest.Command}}, {Code: "EXTRA", State: link.AppAvailable},
	}}
	for _, code := range asked {
		switch code {
		case "DENIED":
			a.Items = append(a.Items, link.TenantApp{Code: code, State: link.AppNotPermitted})
		case "STRANGE":
			a.Items = append(a.Items, link.TenantApp{Code: code, State: link.AppNotConfigured})
		}
	}
	return a, nil
}

func (h *fakeHub) Setup(_ context.Context, s link.SetupRequest) (link.SetupResponse, error) {
	h.setups = append(h.setups, s)
	return link.SetupResponse{}, nil
}

// world is a console behind a real server, over a real inbox that holds a rejected message, a blocked
// one, one that waits and what became of one that was booked.
type world struct {
	testing.TB
	agenttest.Files
	c        *Console
	box      *inbox.Box
	hub      *fakeHub
	clock    *clock.Fake
	status   Status
	front    *httptest.Server
	password string
	asked    []activation.Credentials
	ways     map[string]agenttest.Way

	booked, rejected, blocked, waiting link.Delivery
}

func newWorld(t testing.TB) *world {
	w := &world{TB: t, Files: agenttest.NewFiles(t), hub: &fakeHub{}, clock: clock.NewFake(agenttest.Start), status: Status{Running: true, Metrics: "service_state_up 1\n"}}
	t.Chdir(filepath.Dir(w.Installation)) // pages name files: the pictures shall not show a folder of this run
	w.Files = agenttest.Files{Database: filepath.Base(w.Database), Installation: filepath.Base(w.Installation)}
	dir := filepath.Dir(w.Installation)
	config := `{"retry":{"MinutesInterval":1,"FatorTempoExecucao":1,"QtdeTentativasExec":2},"apps":[{"code":"BOOKS","name":"Books","types":["` + agenttest.Command + `"]},
		{"code":"DENIED","name":"Denied","types":["A"]},{"code":"STRANGE","name":"Strange","types":["A"]}]}`
	w.must(os.WriteFile(filepath.Join(dir, activation.ConfigFile), []byte(config), 0o600))
	w.box = w.Open(t, w.clock)
	w.fill()
	folder, err := activation.OpenFolder(w.Installation)
	w.must(err)
	wizard := &activation.Wizard{Folder: folder, Clock: w.clock, Connect: func(c activation.Credentials) (activation.Hub, error) {
		w.asked = append(w.asked, c)
		return w.hub, nil
	}}
	w.c = New(Config{Wizard: wizard, Database: w.Database, Status: func(context.Context) Status { return w.status }, Try: w.try, Zone: time.UTC, Clock: w.clock})
	wizard.LastRun = w.c.LastRun
	t.Cleanup(func() {
		if err := w.c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	w.front = httptest.NewServer(w.c)
	t.Cleanup(w.front.Close)
	w.password, err = NewPassword(dir)
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) fill() {
	ways := map[string]agenttest.Way{"fail": agenttest.Fail, "reject": func(context.Context, consumer.Tx, consumer.Execution, consumer.Log) consumer.Outcome {
		return consumer.Reject([]link.Fault{
			{Code: "TEST-NO", Pointer: "/data/CodCfo", Description: "=fornecedor <b>desconhecido", DescriptionEn: "unknown <b>supplier", Help: "Cadastre-o.", HelpEn: "Create it."},
			{Code: "TEST-NEITHER", Description: "nem isto", DescriptionEn: "nor this"},
		})
	}}
	w.ways = ways
	exec, err := executor.New(executor.Config{
		Box: w.box, Clock: w.clock, Consumers: []consumer.Consumer{&agenttest.Booker{Ways: ways}}, Retry: executor.Retry{QtdeTentativasExec: 2},
	})
	w.must(err)
	w.booked, w.rejected = agenttest.Delivery("one"), agenttest.Delivery("two <script>", agenttest.Do("reject"), agenttest.BusinessKey("contract 42"))
	w.blocked, w.waiting = agenttest.Delivery("three", agenttest.Do("fail")), agenttest.Delivery("four", agenttest.Do("fail"))
	for _, d := range [][]link.Delivery{{w.booked, w.rejected, w.blocked}, {w.waiting}} {
		_, err = w.box.Store(w.Context(), d)
		w.must(err)
		_, err = exec.Drain(w.Context())
		w.must(err)
		w.clock.Advance(2 * time.Minute)
		if d[0].Tag == w.booked.Tag {
			_, err = exec.Drain(w.Context())
			w.must(err)
		}
	}
}

func (w *world) try(ctx context.Context, box *inbox.Box, id uuid.UUID) (executor.Trial, error) {
	exec, err := executor.New(executor.Config{Box: box, Clock: w.clock, Consumers: []consumer.Consumer{&agenttest.Booker{Ways: w.ways}}})
	w.must(err)
	return exec.Try(ctx, id)
}

// browser is a person at this machine.
type browser struct {
	*world
	http *http.Client
	lang string
}

func (w *world) browser(lang string) *browser {
	jar, err := cookiejar.New(nil)
	w.must(err)
	return &browser{w, &http.Client{Jar: jar}, lang}
}

// in is a person who is logged in.
func (w *world) in(lang string) *browser {
	w.Helper()
	b := w.browser(lang)
	if _, page := b.post("/login", "password", w.password); !strings.Contains(page, "/logout") {
		w.Fatalf("not logged in: %s", page)
	}
	return b
}

func (b *browser) do(method, path, body string, header map[string]string) (int, string, http.Header) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, b.front.URL+path, strings.NewReader(body))
	b.must(err)
	r.Header.Set("Accept-Language", b.lang)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range header {
		if k == "Host" {
			r.Host = v
		}
		r.Header.Set(k, v)
	}
	resp, err := b.http.Do(r)
	b.must(err)
	defer func() { _ = resp.Body.Close() }()
	page, err := io.ReadAll(resp.Body)
	b.must(err)
	if strings.Contains(string(page), secret) {
		b.Errorf("%s shows the secret", path)
	}
	return resp.StatusCode, string(page), resp.Header
}

func (b *browser) get(path string) (int, string) {
	b.Helper()
	status, page, _ := b.do(http.MethodGet, path, "", nil)
	return status, page
}

func (b *browser) post(path string, pairs ...string) (int, string) {
	b.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	status, page, _ := b.do(http.MethodPost, path, form.Encode(), nil)
	return status, page
}

// wants looks whether a page is answered and says things.
func (b *browser) wants(status int, page string, want int, texts ...string) {
	b.Helper()
	if status != want {
		b.Fatalf("%d, want %d: %s", status, want, page)
	}
	for _, t := range texts {
		if !strings.Contains(page, t) {
			b.Errorf("does not say %q:\n%s", t, page)
		}
	}
}

func (w *world) state(d link.Delivery) link.ERPState {
	w.Helper()
	got, err := w.box.Show(w.Context(), d.Message.ID)
	w.must(err)
	if got.Item == nil {
		return got.Results[len(got.Results)-1].Outcome
	}
	return got.Item.State
}

func hidden(page string, texts ...string) bool {
	return !slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(page, t) })
}
