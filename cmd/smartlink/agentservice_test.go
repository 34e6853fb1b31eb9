package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/kardianos/service"
)

// manager is a service manager in memory: it keeps what it is told of one service.
type manager struct {
	service.Service // nil: what is not below is not called
	config          *service.Config
	installed       *service.Config
	status          service.Status
}

func (m *manager) Install() error {
	if m.installed != nil {
		return errors.New("exists already")
	}
	m.installed, m.status = m.config, service.StatusStopped
	return nil
}

func (m *manager) Uninstall() error {
	if m.status == service.StatusRunning {
		return errors.New("it runs")
	}
	m.installed = nil
	return nil
}

func (m *manager) Start() error { m.status = service.StatusRunning; return nil }
func (m *manager) Stop() error  { m.status = service.StatusStopped; return nil }

func (m *manager) Status() (service.Status, error) {
	if m.installed == nil || m.installed.Name != m.config.Name {
		return service.StatusUnknown, service.ErrNotInstalled
	}
	return m.status, nil
}

// managed puts a manager in the system's place.
func managed(t *testing.T) *manager {
	m := &manager{}
	before := controlled
	controlled = func(c *service.Config) (service.Service, error) { m.config = c; return m, nil }
	t.Cleanup(func() { controlled = before })
	return m
}

func TestServiceIsInstalledStartedStoppedAndRemoved(t *testing.T) {
	m := managed(t)
	t.Chdir(t.TempDir())
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	step := func(want int, says string, args ...string) {
		t.Helper()
		if code, out, errOut := smartlink(append([]string{"agent"}, args...)...); code != want || !strings.Contains(out+errOut, says) {
			t.Errorf("%v: exit %d, %s%s", args, code, out, errOut)
		}
	}
	step(0, "not installed", "status")
	step(0, "installed", "install", "--database", "books/rm.db", "--user", "smartlink", "--log-file", "a.log", "--console", "off")
	args := []string{
		"agent", "run", "--service", "smartlink-agent", "--database", filepath.Join(dir, "books", "rm.db"), "--installation", filepath.Join(dir, "books", "installation.json"),
		"--log-file", filepath.Join(dir, "a.log"), "--console", "off",
	}
	if c := m.installed; !slices.Equal(c.Arguments, args) || c.UserName != "smartlink" || c.WorkingDirectory != filepath.Join(dir, "books") || !filepath.IsAbs(c.Executable) {
		t.Errorf("%+v", c)
	}
	step(1, "exists already", "install")
	step(0, "stopped", "status")
	step(0, "started", "start")
	step(0, `"status": "running"`, "status", "--json")
	step(0, "not installed", "status", "--name", "other")
	step(0, "stopped", "stop")
	step(0, "started", "start")
	step(0, "uninstalled", "uninstall") // stops it first
	step(0, "not installed", "status")
}

// TestServiceKeepsConsumersOfTheCommandLine: those that the command names are the service's, with a
// configuration file too; what that file says of consumers the service reads there.
func TestServiceKeepsConsumersOfTheCommandLine(t *testing.T) {
	m := managed(t)
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a.yaml", []byte("agent:\n  database: rm.db\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("b.yaml", []byte("agent:\n  consumers:\n    - type: PayDataCommand\n      url: http://127.0.0.1:8701/\n      timeout: 2m\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const said = "PayDataCommand=http://127.0.0.1:8701/"
	for _, c := range []struct {
		args []string
		want bool
	}{
		{[]string{"--consumers", said}, true}, {[]string{"--consumers", said, "--config", "a.yaml"}, true}, {[]string{"--config", "b.yaml"}, false},
	} {
		m.installed = nil
		if code, _, errOut := smartlink(append([]string{"agent", "install"}, c.args...)...); code != 0 {
			t.Fatal(errOut)
		}
		i := slices.Index(m.installed.Arguments, "--consumers")
		if has := i >= 0 && m.installed.Arguments[i+1] == said; has != c.want {
			t.Errorf("%v: %q", c.args, m.installed.Arguments)
		}
	}
}

// TestServiceSpeaksOfItself: what install hands to the service is a command line that run takes.
func TestServiceSpeaksOfItself(t *testing.T) {
	m := managed(t)
	file := filepath.Join(t.TempDir(), "no-such-folder", "rm.db")
	if code, _, errOut := smartlink("agent", "install", "--database", file); code != 0 {
		t.Fatal(errOut)
	}
	if logged := slices.Contains(m.installed.Arguments, "--log-file"); logged != (runtime.GOOS == "windows") {
		t.Errorf("%q", m.installed.Arguments)
	}
	if runtime.GOOS == "windows" {
		t.Log("there it runs under the manager only")
		return
	}
	if code, _, errOut := smartlink(m.installed.Arguments...); code != 1 || !strings.Contains(errOut, "no-such-folder") {
		t.Errorf("exit %d, %s", code, errOut)
	}
}

func TestProgramUnderAManager(t *testing.T) {
	started, exits := make(chan struct{}), make(chan int, 1)
	p := &program{ctx: t.Context(), exit: func(code int) { exits <- code }, run: func(ctx context.Context) error {
		close(started)
		<-ctx.Done()
		return errors.New("how it ended")
	}}
	if err := p.Start(nil); err != nil {
		t.Fatal(err)
	}
	<-started
	if err := p.Stop(nil); err == nil || err.Error() != "how it ended" {
		t.Errorf("stopped: %v", err)
	}
	select {
	case code := <-exits:
		t.Errorf("a stopped program exits with %d", code)
	default:
	}
	p = &program{ctx: t.Context(), exit: func(code int) { exits <- code }, run: func(context.Context) error { return errors.New("by itself") }}
	if err := p.Start(nil); err != nil {
		t.Fatal(err)
	}
	if code := <-exits; code != 1 {
		t.Errorf("ended by itself: exit %d, so nobody starts it again", code)
	}
}

func TestDoctorTellsByItsExitCode(t *testing.T) {
	managed(t)
	w := newERPSide(t)
	if out := w.agent(1, "doctor", "--lang", "pt"); !strings.Contains(out, "falta o arquivo") || !strings.Contains(out, "há o que corrigir") || !strings.Contains(out, "não está instalado") {
		t.Error(out)
	}
	w.agent(0, w.login("GESPLAN-RM")...)
	if out := w.agent(0, "doctor", "--json"); !strings.Contains(out, `"ok"`) || !strings.Contains(out, "6 types subscribed") {
		t.Error(out)
	}
	w.run(0, "client", "revoke", string(w.rm.ID))
	for _, s := range w.rm.Secrets {
		w.run(0, "client", "secret", "remove", string(w.rm.ID), s.ID)
	}
	if out := w.agent(1, "doctor"); !strings.Contains(out, "bad") || !strings.Contains(out, "Apps") {
		t.Error(out)
	}
}

func TestLogGoesToItsFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "agent.log")
	ctx, cancel := context.WithCancel(t.Context())
	e := &env{ctx: ctx, out: notify(cancel), errOut: t.Output(), cli: &cli{}}
	if err := (&agentRunCmd{Console: "off", LogFile: file}).Run(e, &agentCmd{Database: filepath.Join(dir, "rm.db")}); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(file); err != nil || !strings.Contains(string(b), "no app is activated yet") {
		t.Errorf("%s, %v", b, err)
	}
}

// notify does something at the first line that is printed.
type notify func()

func (n notify) Write(b []byte) (int, error) { n(); return len(b), nil }
