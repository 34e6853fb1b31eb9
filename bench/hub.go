package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"smartlink/client"
	"smartlink/examples"
	"smartlink/link"
)

// Bounds of a hub's start and stop.
const (
	startTimeout = 60 * time.Second
	stopTimeout  = 30 * time.Second
)

// keyFile is what a hub makes in its folder at the first start of all.
const keyFile = "hub.key"

// process is a hub in a process of its own, on loopback.
type process struct {
	cmd     *exec.Cmd
	address string // http://127.0.0.1:port
	code    string // of the first start
	ready   time.Duration
	ended   chan error
}

// startHub starts a hub on a folder, with further settings of its environment, and waits until it is ready.
func (s *stage) startHub(ctx context.Context, dir string, settings ...string) (*process, error) {
	args, err := s.hubCommand(ctx)
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	listen := fmt.Sprintf("127.0.0.1:%d", ports[0])
	h := &process{address: "http://" + listen, ended: make(chan error, 1)}
	h.cmd = exec.Command(args[0], append(args[1:], "--data", dir, "--listen", listen, "--client-rate=-1", "--tenant-rate=-1")...) //nolint:noctx // it ends by stop
	h.cmd.Env = append(withoutSettings(os.Environ()), settings...)
	log, err := os.Create(filepath.Join(s.dir, "hub.log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	h.cmd.Stderr = log
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	_, err = os.Stat(filepath.Join(dir, keyFile))
	last := "monitor at " // begins the last line it prints
	if errors.Is(err, fs.ErrNotExist) {
		last = "  smartlink admin init "
	}
	began := time.Now()
	if err := h.cmd.Start(); err != nil {
		return nil, err
	}
	told := make(chan struct{})
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, rest, ok := strings.Cut(lines.Text(), "--code "); ok {
				h.code, _, _ = strings.Cut(rest, " ")
			}
			if strings.HasPrefix(lines.Text(), last) {
				close(told)
			}
		}
		h.ended <- errors.Join(lines.Err(), h.cmd.Wait())
	}()
	select {
	case <-told:
		err = h.awaitReady(ctx)
	case err = <-h.ended:
		h.ended <- err
		text, _ := os.ReadFile(log.Name())
		err = fmt.Errorf("the hub ended: %w: %s", err, text)
	case <-time.After(startTimeout):
		err = errors.New("the hub did not start in time")
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(err, h.stop())
	}
	h.ready = time.Since(began)
	return h, nil
}

// hubCommand is how a hub is started: the smartlink program, built once, or, to be profiled, this one.
func (s *stage) hubCommand(ctx context.Context) ([]string, error) {
	if s.profile != "" {
		self, err := os.Executable()
		return []string{self, profiledHub, "--profile", s.profile}, err
	}
	if s.binary == "" {
		path := filepath.Join(s.dir, "smartlink")
		build := exec.CommandContext(ctx, "go", "build", "-C", "..", "-buildvcs=false", "-o", path, "./cmd/smartlink")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build smartlink: %w: %s", err, out)
		}
		s.binary = path
	}
	return []string{s.binary, "hub"}, nil
}

// withoutSettings keeps a person's own settings from the hub that is measured.
func withoutSettings(env []string) []string {
	kept := make([]string, 0, len(env))
	for _, e := range env {
		if !strings.HasPrefix(e, "SMARTLINK_") {
			kept = append(kept, e)
		}
	}
	return kept
}

func (h *process) awaitReady(ctx context.Context) error {
	for end := time.Now().Add(startTimeout); time.Now().Before(end); sleep(ctx, 2*time.Millisecond) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.address+"/readyz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errors.New("the hub is not ready")
}

// stop ends the hub. It is safe to call it again.
func (h *process) stop() error {
	_ = h.cmd.Process.Signal(os.Interrupt)
	select {
	case err := <-h.ended:
		h.ended <- err
		return err
	case <-time.After(stopTimeout):
		return errors.Join(errors.New("the hub did not stop in time"), h.cmd.Process.Kill())
	}
}

// memory is the most memory the hub's process had so far, in MiB; 0 where the system does not tell.
func (h *process) memory() float64 { return h.status("VmHWM:") }

// status is an amount of memory that the system tells of the process, in MiB; 0 where it does not.
func (h *process) status(name string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kib, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kib / 1024
		}
	}
	return 0
}

// world is what a hub knows: who administers it, sends and receives.
type world struct {
	key              string // of the administrator
	tenant           string
	sender, receiver link.ClientCreated
}

// Who sends what to whom.
const (
	senderApp   = "GESPLAN"
	receiverApp = "GESPLAN-RM"

	administrator = "bench"
)

// settle makes a new hub's world: GESPLAN sends FinLanInc commands to GESPLAN-RM.
func (h *process) settle(ctx context.Context) (w world, err error) {
	first, err := client.NewAdmin(client.AdminConfig{Server: h.address})
	if err != nil {
		return w, err
	}
	init, err := first.Init(ctx, link.InitRequest{Code: h.code, User: administrator})
	if err != nil {
		return w, fmt.Errorf("first administrator: %w", err)
	}
	w.key, w.tenant = init.APIKey, examples.Tenant
	admin, err := h.admin(w)
	if err != nil {
		return w, err
	}
	if _, err := admin.CreateCompany(ctx, link.CompanyRequest{Name: "Bench"}); err != nil {
		return w, err
	}
	if _, err := admin.CreateTenant(ctx, link.TenantRequest{ID: &w.tenant, Company: "Bench", Name: "Bench"}); err != nil {
		return w, err
	}
	commands := []string{command}
	for code, app := range map[string]link.AppRequest{
		senderApp: {Name: "Gesplan", Sends: commands, Receives: []string{}}, receiverApp: {Name: "Gesplan Rm", Sends: []string{}, Receives: commands},
	} {
		if _, err := admin.PutApp(ctx, code, app); err != nil {
			return w, err
		}
	}
	for name, to := range map[string]*link.ClientCreated{senderApp: &w.sender, receiverApp: &w.receiver} {
		if *to, err = admin.CreateClient(ctx, link.ClientRequest{TenantID: w.tenant, Name: strings.ToLower(name), Apps: []string{name}}); err != nil {
			return w, err
		}
	}
	receiver, err := h.client(w.receiver, 1)
	if err != nil {
		return w, err
	}
	_, err = receiver.Setup(ctx, link.SetupRequest{Subscriptions: commands})
	return w, err
}

func (h *process) admin(w world) (*client.Admin, error) {
	return client.NewAdmin(client.AdminConfig{Server: h.address, APIKey: w.key})
}

// client speaks as one of the world's clients over at most so many connections.
func (h *process) client(as link.ClientCreated, connections int) (*client.Client, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxConnsPerHost, t.MaxIdleConnsPerHost, t.MaxIdleConns = connections, connections, connections
	return client.New(client.Config{Server: h.address, ClientID: as.ID, Secret: as.Secret, HTTPClient: &http.Client{Transport: t}})
}

// fresh starts a hub on an empty folder, and an empty database where the settings name one, with its world.
func (s *stage) fresh(ctx context.Context, dir string, settings ...string) (*process, world, error) {
	h, err := s.startHub(ctx, filepath.Join(dir, "hub"), settings...)
	if err != nil {
		return nil, world{}, err
	}
	w, err := h.settle(ctx)
	if err != nil {
		return nil, w, errors.Join(err, h.stop())
	}
	return h, w, nil
}

// login opens a session of the administrator at the monitor, and answers its cookie.
func (h *process) login(ctx context.Context, w world) (*http.Cookie, error) {
	password := "measured in milliseconds"
	admin, err := h.admin(w)
	if err != nil {
		return nil, err
	}
	if _, err := admin.SetPassword(ctx, administrator, link.PasswordRequest{Password: &password}); err != nil {
		return nil, err
	}
	form := url.Values{"user": {administrator}, "password": {password}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.address+"/monitor/login", strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	for _, c := range resp.Cookies() {
		if c.Value != "" {
			return c, nil
		}
	}
	return nil, fmt.Errorf("log in at the monitor: %s", resp.Status)
}

// page fetches a page of the monitor as the one who is logged in, and answers how long that took.
func (h *process) page(ctx context.Context, path string, session *http.Cookie) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.address+path, nil)
	if err != nil {
		return 0, err
	}
	req.AddCookie(session)
	began := time.Now()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", path, resp.Status)
	}
	return time.Since(began), nil
}
