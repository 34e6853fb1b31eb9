package agent

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"smartlink/agent/activation"
	"smartlink/agent/internal/agenttest"
	"smartlink/internal/clock"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// patient is a healthy agent's folder, with a hub to ask.
type patient struct {
	agenttest.Files
	*testing.T
	doc   Doctor
	dir   string
	hub   *fakeHub
	app   link.AppState
	ready int
}

func newPatient(t *testing.T) *patient {
	p := &patient{Files: agenttest.NewFiles(t), T: t, hub: newHub(), app: link.AppAvailable, ready: http.StatusOK}
	p.dir = filepath.Dir(p.Files.Installation)
	p.write(activation.ConfigFile, `{"retry":{"MinutesInterval":1,"FatorTempoExecucao":1,"QtdeTentativasExec":3},"apps":[{"code":"BOOKS","name":"Books","types":["`+agenttest.Command+`"]}]}`)
	clk := clock.NewFake(time.Now())
	box := p.Open(t, clk)
	if _, err := box.Store(t.Context(), []link.Delivery{agenttest.Delivery("a")}); err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" {
			w.WriteHeader(p.ready)
		}
	}))
	t.Cleanup(front.Close)
	p.doc = Doctor{
		Database: p.Files.Database, Installation: p.Files.Installation, Types: []string{agenttest.Command}, Clock: clk,
		Connect: func(activation.Credentials) (activation.Hub, error) { return patientHub{p}, nil },
	}
	folder, err := activation.OpenFolder(p.Files.Installation)
	if err != nil {
		t.Fatal(err)
	}
	w := activation.Wizard{Folder: folder, Types: p.doc.Types, Connect: p.doc.Connect, Clock: clk}
	_, err = w.Activate(t.Context(), activation.Request{
		Credentials: activation.Credentials{Server: front.URL, ClientID: "0123456789abcdef0123456789abcdef", Secret: "s"}, Apps: []string{"BOOKS"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type patientHub struct{ p *patient }

func (h patientHub) TenantApps(context.Context, ...string) (link.TenantApps, error) {
	return link.TenantApps{Items: []link.TenantApp{{Code: "BOOKS", State: h.p.app, Receives: []string{agenttest.Command}}}}, nil
}

func (h patientHub) Setup(ctx context.Context, s link.SetupRequest) (link.SetupResponse, error) {
	return h.p.hub.Setup(ctx, s)
}

func (p *patient) write(name, content string) {
	p.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(content), 0o600); err != nil {
		p.Fatal(err)
	}
}

func (p *patient) examine() string {
	var b strings.Builder
	for _, f := range p.doc.Examine(p.Context()) {
		fmt.Fprintf(&b, "%s %s: %s\n", f.Health, f.What.EN, f.Detail.EN)
		if f.What.PT == "" || f.Detail.PT == "" {
			p.Errorf("no Portuguese: %+v", f)
		}
	}
	return b.String()
}

func TestDoctorFindsWhatIsWrong(t *testing.T) {
	for _, tc := range []struct {
		name  string
		wrong func(p *patient)
		want  []string
		bad   int
	}{
		{"healthy", func(*patient) {}, []string{
			"ok Installation: ", "note Console password: ", "ok Database: ", "1 stored, 0 waiting", "match their schemas", "ok Activation: BOOKS, client 0123", "ok Proxy: ", "ok Hub: ",
			"ok Apps: BOOKS: 1 types subscribed",
		}, 0},
		{"no installation", func(p *patient) { p.doc.Installation = filepath.Join(p.dir, "none.json") }, []string{"bad Installation: the file"}, 1},
		{"key for all to read", func(p *patient) {
			if runtime.GOOS == "windows" {
				p.Skip("Windows has no such permission bits: the doctor's finding about them is NOT tested")
			}
			if err := os.Chmod(p.doc.Installation, 0o644); err != nil { //nolint:gosec // what is to be found
				p.Fatal(err)
			}
		}, []string{"bad Installation: others can read"}, 1},
		{"database of another", func(p *patient) {
			p.doc.Database = newPatient(p.T).doc.Database
		}, []string{"bad Database: This database belongs to another installation", "ok Apps"}, 1},
		{"tables of another program", func(p *patient) {
			p.doc.Database = agenttest.NewFiles(p.T).Database
			agenttest.Files{Database: p.doc.Database}.Exec(p.T, `CREATE TABLE GTOTVSLINKMESSAGE (ID TEXT)`)
		}, []string{"bad Database: There are tables that are not SmartLink's"}, 1},
		{"no database yet", func(p *patient) { p.doc.Database = filepath.Join(p.dir, "new.db") }, []string{"note Database: "}, 0},
		{"blocked", func(p *patient) { p.Exec(p.T, `UPDATE GTOTVSLINKMESSAGE SET STATE = 'blocked'`) }, []string{"note Messages: 0 stored, 0 waiting, 1 blocked"}, 0},
		{"file", func(p *patient) { p.write(activation.ConfigFile, `{"retry":{},"apps":[]}`) }, []string{"bad totvsAppSaaS.json", "/apps"}, 1},
		{"activation changed by hand", func(p *patient) { p.write(activation.File, `{"clientId":"x","secret":"AAAA"}`) }, []string{"bad Activation: The secret in"}, 1},
		{"nothing activated", func(p *patient) {
			if err := os.Remove(filepath.Join(p.dir, activation.File)); err != nil {
				p.Fatal(err)
			}
		}, []string{"bad Activation: No app is activated"}, 1},
		{"hub not ready", func(p *patient) { p.ready = http.StatusServiceUnavailable }, []string{"bad Hub: ", "503"}, 1},
		{"clock", func(p *patient) { p.doc.Clock.(*clock.Fake).Advance(time.Hour) }, []string{"bad Hub: this machine's clock differs from the hub's by 1h"}, 1},
		{"permission withdrawn", func(p *patient) { p.app = link.AppNotPermitted }, []string{"bad Apps: BOOKS: ", "no permission in RAC"}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPatient(t)
			tc.wrong(p)
			got := p.examine()
			for _, want := range tc.want {
				if !strings.Contains(got, want) {
					t.Errorf("does not say %q:\n%s", want, got)
				}
			}
			if n := strings.Count("\n"+got, "\nbad "); n != tc.bad {
				t.Errorf("%d bad:\n%s", n, got)
			}
		})
	}
}

// TestDoctorLooksAtTheDatabaseServer: whether it answers, and keeps what it says it has written.
func TestDoctorLooksAtTheDatabaseServer(t *testing.T) {
	hasty := sqltest.Postgres(t)
	durable := strings.Replace(hasty, "&synchronous_commit=off", "", 1)
	for name, tc := range map[string]struct {
		address string
		want    []string
	}{
		"healthy":         {durable, []string{"ok Database server: PostgreSQL ", ", schema slt_", "note Database: postgres://postgres@"}},
		"loses commits":   {hasty, []string{"bad Database server: PostgreSQL ", "synchronous_commit"}},
		"out of reach":    {"postgres://ana:geheim@127.0.0.1:1/erp", []string{"bad Database server: open postgres://ana@127.0.0.1:1/erp"}},
		"of another kind": {"mysql://ana:geheim@127.0.0.1/erp", []string{"bad Database server: ", "mysql://"}},
	} {
		p := newPatient(t)
		p.doc.Database = tc.address
		got := p.examine()
		for _, want := range tc.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: does not say %q:\n%s", name, want, got)
			}
		}
		if strings.Contains(got, "geheim") {
			t.Errorf("%s: the password is shown", name)
		}
	}
}
