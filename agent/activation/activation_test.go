package activation

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"smartlink/internal/clock"
	"smartlink/link"
)

const (
	erp    link.ClientID = "0123456789abcdef0123456789abcdef"
	other  link.ClientID = "fedcba9876543210fedcba9876543210"
	secret               = "a-secret-that-must-not-be-seen"
)

var noon = time.Date(2024, 3, 27, 9, 14, 13, 0, time.UTC)

// fakeHub answers for one client.
type fakeHub struct {
	permitted, configured []string
	receives              []string
	asked                 []string
	setups                []link.SetupRequest
	fail                  error // of Setup
}

func (h *fakeHub) TenantApps(_ context.Context, asked ...string) (link.TenantApps, error) {
	h.asked = asked
	var a link.TenantApps
	list := slices.Concat(h.permitted, asked)
	slices.Sort(list)
	for _, code := range slices.Compact(list) {
		item := link.TenantApp{Code: code, State: link.AppAvailable, Receives: h.receives}
		switch {
		case !slices.Contains(h.configured, code):
			item = link.TenantApp{Code: code, State: link.AppNotConfigured}
		case !slices.Contains(h.permitted, code):
			item = link.TenantApp{Code: code, State: link.AppNotPermitted}
		}
		a.Items = append(a.Items, item)
	}
	return a, nil
}

func (h *fakeHub) Setup(_ context.Context, s link.SetupRequest) (link.SetupResponse, error) {
	h.setups = append(h.setups, s)
	return link.SetupResponse{}, h.fail
}

// world is a wizard in a folder of its own, whose files know the apps ONE and TWO.
type world struct {
	*testing.T
	*Wizard
	hub *fakeHub
	dir string
}

func newWorld(t *testing.T) *world {
	dir := t.TempDir()
	write(t, dir, ConfigFile, `{"retry":{"MinutesInterval":2,"FatorTempoExecucao":3,"QtdeTentativasExec":4},"apps":[
		{"code":"ONE","name":"The one","types":["ACommand","BCommand"]},{"code":"TWO","name":"The two","types":["CCommand"]}]}`)
	w := &world{T: t, dir: dir, hub: &fakeHub{
		permitted: []string{"ONE", "TWO"}, configured: []string{"ONE", "TWO", "THREE", "FOUR"}, receives: []string{"ACommand", "BCommand", "CCommand"},
	}}
	folder, err := OpenFolder(filepath.Join(dir, "installation.json"))
	if err != nil {
		t.Fatal(err)
	}
	w.Wizard = &Wizard{Folder: folder, Clock: clock.NewFake(noon), Connect: func(Credentials) (Hub, error) { return w.hub, nil }}
	return w
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func credentials() Credentials {
	return Credentials{Server: "http://hub.example", ClientID: erp, Secret: secret}
}

func (w *world) activate(apps ...string) error {
	_, err := w.Activate(w.Context(), Request{Credentials: credentials(), Apps: apps, By: "ana"})
	return err
}

func (w *world) state() State {
	w.Helper()
	s, err := w.Folder.Read()
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// TestThreeReasons: that an app cannot be activated has three reasons, which three different people
// mend; each has its own message, in both languages.
func TestThreeReasons(t *testing.T) {
	w := newWorld(t)
	w.hub.permitted = []string{"ONE", "THREE"}
	w.hub.configured = []string{"ONE", "TWO", "THREE"}
	for app, want := range map[string]struct {
		code   link.Code
		pt, en string
	}{
		"TWO":   {link.CodeAppNoPermission, "não tem permissão no RAC para o aplicativo TWO", "no permission in RAC for the app TWO"},
		"FOUR":  {link.CodeAppNotConfigured, "não conhece o aplicativo FOUR", "does not know the app FOUR"},
		"THREE": {link.CodeAppUnknown, ConfigFile + " não o conhece", ConfigFile + " does not know it"},
	} {
		err := w.activate(app)
		var e *link.Error
		if !errors.As(err, &e) || e.Code != want.code || !strings.Contains(e.Text().PT, want.pt) || !strings.Contains(e.Text().EN, want.en) {
			t.Errorf("%s: %v", app, err)
		}
		found, err := w.Search(t.Context(), credentials(), app)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(found, func(a App) bool { return a.Code == app })
		if i < 0 || found[i].Refused == nil || found[i].Refused.Code != want.code || found[i].Status(time.UTC).PT != e.Text().PT {
			t.Errorf("%s: found %+v", app, found)
		}
	}
	if s := w.state(); s.Ever() || len(w.hub.setups) != 0 {
		t.Errorf("a refused activation left %+v, %v", s, w.hub.setups)
	}
	if err := w.activate("ONE", "TWO"); link.CodeOf(err) != link.CodeAppNoPermission || len(w.hub.setups) != 0 {
		t.Errorf("one of two: %v", err)
	}
}

func TestActivateSearchRemove(t *testing.T) {
	w := newWorld(t)
	w.Types = []string{"ACommand", "BCommand", "CCommand", "ZCommand"}
	ran := time.Time{}
	w.LastRun = func(_ context.Context, types []string) (time.Time, error) {
		if !slices.Equal(types, []string{"ACommand", "BCommand"}) {
			t.Errorf("last run of %v", types)
		}
		return ran, nil
	}
	status := func() string {
		t.Helper()
		found, err := w.Search(t.Context(), credentials())
		if err != nil || len(found) != 2 || found[0].Code != "ONE" || found[0].Name != "The one" {
			t.Fatalf("%+v, %v", found, err)
		}
		return found[0].Status(time.UTC).PT
	}
	if s := status(); s != "Aplicativo não ativado; pode ser ativado." {
		t.Error(s)
	}
	for range 2 { // again changes nothing
		if err := w.activate("ONE"); err != nil {
			t.Fatal(err)
		}
		s := w.state()
		want := Active{Code: "ONE", Name: "The one", Types: []string{"ACommand", "BCommand"}, Since: noon, By: "ana"}
		if len(s.Apps) != 1 || s.Apps[0].Code != want.Code || !slices.Equal(s.Apps[0].Types, want.Types) || !s.Apps[0].Since.Equal(noon) || s.Apps[0].By != "ana" ||
			s.Credentials != credentials() {
			t.Fatalf("%+v", s)
		}
	}
	if s := status(); s != "Aplicativo ativo, ainda sem execução." {
		t.Error(s)
	}
	ran = noon
	if s := status(); s != "Aplicativo ativo, última execução em 27/03/2024 09:14:13." {
		t.Error(s)
	}
	if err := w.activate("TWO"); err != nil {
		t.Fatal(err)
	}
	w.LastRun = nil
	if got := w.hub.setups[len(w.hub.setups)-1].Subscriptions; !slices.Equal(got, []string{"ACommand", "BCommand", "CCommand"}) {
		t.Errorf("subscribed %v", got)
	}
	s, err := w.Remove(t.Context(), []string{"ONE", "TWO"}, false)
	if err != nil || len(s.Apps) != 0 {
		t.Fatalf("%+v, %v", s, err)
	}
	if got := w.hub.setups[len(w.hub.setups)-1].Subscriptions; got == nil || len(got) != 0 {
		t.Errorf("after removing all: %v, want an empty list", got)
	}
	if s := w.state(); !s.Ever() || s.Types() == nil || len(s.Apps) != 0 {
		t.Errorf("%+v", s)
	}
	if _, err := w.Remove(t.Context(), []string{"ONE"}, false); link.CodeOf(err) != link.CodeNotFound {
		t.Errorf("removed twice: %v", err)
	}
}

func TestOnlyTypesThatCanBeExecutedAndReceivedAreSubscribed(t *testing.T) {
	w := newWorld(t)
	w.Types, w.hub.receives = []string{"ACommand", "BCommand"}, []string{"BCommand", "CCommand", "XCommand"}
	if err := w.activate("ONE"); err != nil || !slices.Equal(w.hub.setups[0].Subscriptions, []string{"BCommand"}) {
		t.Errorf("%v, %v", w.hub.setups, err)
	}
	if err := w.activate("TWO"); link.CodeOf(err) != link.CodeNoConsumer {
		t.Errorf("an app without a type that can be executed: %v", err)
	}
}

func TestAnotherClientWaitsForRemoval(t *testing.T) {
	w := newWorld(t)
	if err := w.activate("ONE"); err != nil {
		t.Fatal(err)
	}
	r := Request{Credentials: Credentials{Server: "http://hub.example", ClientID: other, Secret: "s"}, Apps: []string{"ONE"}}
	if _, err := w.Activate(t.Context(), r); link.CodeOf(err) != link.CodeOtherClient || w.state().Credentials.ClientID != erp {
		t.Fatalf("%v", err)
	}
	w.hub.fail = errors.New("revoked")
	if _, err := w.Remove(t.Context(), []string{"ONE"}, false); err == nil || len(w.state().Apps) != 1 {
		t.Errorf("the hub did not take it, and it is removed: %v", err)
	}
	if _, err := w.Remove(t.Context(), []string{"ONE"}, true); err != nil {
		t.Fatal(err)
	}
	w.hub.fail = nil
	if _, err := w.Activate(t.Context(), r); err != nil || w.state().Credentials.ClientID != other {
		t.Fatalf("%v", err)
	}
}

func TestHubThatRefusesTheSetupLeavesNothing(t *testing.T) {
	w := newWorld(t)
	w.hub.fail = errors.New("no")
	err := w.activate("ONE")
	if s := w.state(); err == nil || s.Ever() {
		t.Errorf("%v, %+v", err, s)
	}
}

// TestSecretIsSealed: the file does not show the secret, and gives it neither to another installation
// nor to another address or client.
func TestSecretIsSealed(t *testing.T) {
	w := newWorld(t)
	if err := w.activate("ONE"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(w.dir, File)
	b, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(b), secret) {
		t.Fatalf("%s, %v", b, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	elsewhere := newWorld(t)
	write(t, elsewhere.dir, File, string(b))
	if _, err := elsewhere.Folder.Read(); link.CodeOf(err) != link.CodeSealedElsewhere {
		t.Errorf("another installation: %v", err)
	}
	if err := elsewhere.activate("ONE"); err != nil { // mends it
		t.Errorf("activate anew: %v", err)
	}
	for old, changed := range map[string]string{"http://hub.example": "http://evil.example", string(erp): string(other), `"secret": "`: `"secret": "AAAA`} {
		write(t, w.dir, File, strings.Replace(string(b), old, changed, 1))
		if _, err := w.Folder.Read(); link.CodeOf(err) != link.CodeSealedElsewhere {
			t.Errorf("%s for %s: %v", changed, old, err)
		}
	}
	write(t, w.dir, File, `{}`)
	if _, err := w.Folder.Read(); err == nil {
		t.Error("a file without a client was read")
	}
}

func TestOptions(t *testing.T) {
	w := newWorld(t)
	if err := w.SetOptions(Options{BatchSize: 8}); link.CodeOf(err) != link.CodeNotActivated {
		t.Errorf("before an activation: %v", err)
	}
	if err := w.activate("ONE"); err != nil {
		t.Fatal(err)
	}
	before, err := w.Folder.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.SetOptions(Options{BatchSize: 8, RetryFigures: RetryFigures{MinutesInterval: 7}}); err != nil {
		t.Fatal(err)
	}
	if after, err := w.Folder.Fingerprint(); err != nil || after == before {
		t.Errorf("a running agent does not see the change: %v", err)
	}
	file, err := ReadConfig(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	s := w.state()
	if got, want := s.Figures(file.Retry), (RetryFigures{7, 3, 4}); got != want || s.Options.BatchSize != 8 {
		t.Errorf("figures %+v, want %+v; %+v", got, want, s.Options)
	}
	for _, o := range []Options{{BatchSize: -1}, {BatchSize: maxBatch + 1}, {RetryFigures: RetryFigures{MinutesInterval: 1441}}} {
		if err := w.SetOptions(o); link.CodeOf(err) != link.CodeRequestInvalid {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	config, err := ReadConfig(dir)
	if err != nil || !slices.Equal(config.codes(), []string{"GESPLAN-RM"}) || len(config.Apps[0].Types) != 6 || config.Retry != (RetryFigures{1, 1, 5}) {
		t.Errorf("built in: %+v, %v", config, err)
	}
	saas, err := ReadSaaS(dir)
	if err != nil || len(saas.Environments) != len(Environments()) {
		t.Errorf("built in: %+v, %v", saas, err)
	}
	write(t, dir, SaaSFile, `{"environments":{"production":{"server":"https://p","token":"https://t"},"staging":{"server":""},"dev":{"server":""}}}`)
	written, err := WriteFiles(dir)
	if want := []string{"totvsAppConfig_v2.json", "totvsAppConfig_v2.schema.json", "totvsAppSaaS.schema.json"}; err != nil || !slices.Equal(written, want) {
		t.Errorf("wrote %v, %v", written, err)
	}
	if saas, err = ReadSaaS(dir); err != nil || saas.Environments[Production] != (Addresses{Server: "https://p", Token: "https://t"}) {
		t.Errorf("the file that was there: %+v, %v", saas, err)
	}
}

func TestFilesThatAreWrongSayWhere(t *testing.T) {
	for _, tc := range []struct{ name, content, at string }{
		{SaaSFile, `{`, ""},
		{SaaSFile, `{"environments":{"production":{"server":"x"},"staging":{"server":""},"dev":{"server":""}}}`, "/environments/production/server"},
		{SaaSFile, `{"environments":{"production":{"server":""},"dev":{"server":""}}}`, "/environments"},
		{ConfigFile, `{"retry":{"MinutesInterval":0,"FatorTempoExecucao":1,"QtdeTentativasExec":1},"apps":[{"code":"AA","name":"a","types":["A"]}]}`, "/retry/MinutesInterval"},
		{ConfigFile, `{"retry":{"MinutesInterval":1,"FatorTempoExecucao":1,"QtdeTentativasExec":1},"apps":[{"code":"aa","name":"a","types":["A"]}]}`, "/apps/0/code"},
		{ConfigFile, `{"retry":{"MinutesInterval":1,"FatorTempoExecucao":1,"QtdeTentativasExec":1},"apps":[{"code":"AA","name":"a","types":["A"]},{"code":"AA","name":"b","types":["A"]}]}`, "/apps/1/code"},
	} {
		dir := t.TempDir()
		write(t, dir, tc.name, tc.content)
		read := func() error { _, err := ReadSaaS(dir); return err }
		if tc.name == ConfigFile {
			read = func() error { _, err := ReadConfig(dir); return err }
		}
		err := read()
		var e *link.Error
		if !errors.As(err, &e) || e.Code != link.CodeActivationFile || len(e.Errors) != 1 || e.Errors[0].Pointer != tc.at || !strings.Contains(e.Error(), tc.name) {
			t.Errorf("%s: %v", tc.content, err)
		}
	}
}
