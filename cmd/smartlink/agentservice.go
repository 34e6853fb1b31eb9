package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/kardianos/service"

	"smartlink/internal/clock"
	"smartlink/internal/sqlopen"
)

// serviceFlags name the service.
type serviceFlags struct {
	Name string `help:"Name of the service." default:"smartlink-agent" placeholder:"NAME"`
}

// controlled is the service as the operating system's manager has it; tests put their own in place.
var controlled = func(c *service.Config) (service.Service, error) { return service.New(&program{}, c) }

// systemdUnit starts the agent when the network is there, and again whenever it has ended. Settings,
// such as a proxy, go into /etc/default/NAME.
const systemdUnit = `[Unit]
Description={{Description}}
ConditionFileIsExecutable={{Path | cmdEscape}}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart={{Path | cmdEscape}}{{range Arguments}} {{. | cmd}}{{end}}
WorkingDirectory={{WorkingDirectory | cmdEscape}}
{{if UserName}}User={{UserName}}
{{end}}EnvironmentFile=-/etc/default/{{Name}}
Restart=always
RestartSec=5
TimeoutStopSec=60
NoNewPrivileges=true

[Install]
WantedBy=multi-user.target
`

// service is the service that runs what is activated in the agent's folder. All paths are absolute: a
// service has a folder of its own choosing.
func (a *agentCmd) service(e *env, f agentInstallCmd) (*service.Config, error) {
	args := []string{"agent", "run", "--service", f.Name}
	paths := []struct{ flag, path string }{{"--database", a.Database}, {"--installation", a.installation()}, {"--log-file", f.LogFile}, {"--config", string(e.cli.Config)}, {"--ca", e.ca()}}
	if f.LogFile == "" && runtime.GOOS == "windows" { // nobody keeps what a service prints there
		paths[2].path = filepath.Join(filepath.Dir(a.installation()), "smartlink-agent.log")
	}
	for _, p := range paths {
		if p.path == "" || !sqlopen.IsFile(p.path) { // an address may hold a password, and anybody sees a service's arguments
			continue
		}
		abs, err := filepath.Abs(p.path)
		if err != nil {
			return nil, err
		}
		args = append(args, p.flag, abs)
	}
	if a.live() {
		args = append(args, "--writer", a.Writer)
	}
	for _, c := range a.Consumers {
		if c.argument { // those of the configuration file are read from there
			args = append(args, "--consumers", c.Type+"="+c.URL)
		}
	}
	if f.Console != "" {
		args = append(args, "--console", f.Console)
	}
	folder, err := filepath.Abs(filepath.Dir(a.installation()))
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return &service.Config{
		Name: f.Name, DisplayName: "SmartLink agent", Description: "Takes messages of the cloud over and executes them in the ERP.",
		UserName: f.User, Executable: program, Arguments: args, WorkingDirectory: folder,
		Option: service.KeyValue{
			"SystemdScript": systemdUnit, "OnFailure": "restart", "OnFailureDelayDuration": "5s", "DelayedAutoStart": true,
		},
	}, nil
}

type agentInstallCmd struct {
	serviceFlags
	User    string `help:"Account the service runs as; default the system's own." placeholder:"NAME"`
	Console string `help:"As in 'agent run'." placeholder:"HOST:PORT"`
	LogFile string `name:"log-file" help:"As in 'agent run'; on Windows the default is smartlink-agent.log beside the installation." placeholder:"FILE"`
}

// Help shows an example.
func (*agentInstallCmd) Help() string {
	return "Example: smartlink agent install --database rm.db\n\n" +
		"Needs an administrator's rights. The service runs what is activated, now and later, so it can be installed before anything is."
}

func (c *agentInstallCmd) Run(e *env, a *agentCmd) error {
	config, err := a.service(e, *c)
	if err != nil {
		return err
	}
	s, err := controlled(config)
	if err == nil {
		err = s.Install()
	}
	if err != nil {
		return fmt.Errorf("install the service %s: %w", c.Name, err)
	}
	what := "installed; start it with 'smartlink agent start'"
	if !sqlopen.IsFile(a.Database) {
		what = "installed; before you start it, put SMARTLINK_AGENT_DATABASE into /etc/default/" + c.Name +
			", or agent.database into the configuration file: a service's arguments would show the password"
	}
	return a.sayService(e, c.Name, what)
}

// sayService tells what a service is or was done to it.
func (a *agentCmd) sayService(e *env, name, what string) error {
	if a.JSON {
		return printJSON(e.out, map[string]string{"service": name, "status": what})
	}
	_, err := fmt.Fprintf(e.out, "%s: %s\n", name, what)
	return err
}

// control does something to an installed service.
func (f serviceFlags) control(e *env, a *agentCmd, what, done string, do func(service.Service) error) error {
	s, err := controlled(&service.Config{Name: f.Name})
	if err == nil {
		err = do(s)
	}
	if err != nil {
		return fmt.Errorf("%s the service %s: %w", what, f.Name, err)
	}
	return a.sayService(e, f.Name, done)
}

type agentUninstallCmd struct{ serviceFlags }

// Help shows an example.
func (*agentUninstallCmd) Help() string {
	return "Example: smartlink agent uninstall\n\nStops the service first. Database, installation and activation stay."
}

func (c *agentUninstallCmd) Run(e *env, a *agentCmd) error {
	return c.control(e, a, "uninstall", "uninstalled", func(s service.Service) error {
		if status, err := s.Status(); err == nil && status == service.StatusRunning {
			if err := s.Stop(); err != nil {
				return err
			}
		}
		return s.Uninstall()
	})
}

type agentStartCmd struct{ serviceFlags }

// Help shows an example.
func (*agentStartCmd) Help() string { return "Example: smartlink agent start" }

func (c *agentStartCmd) Run(e *env, a *agentCmd) error {
	return c.control(e, a, "start", "started", service.Service.Start)
}

type agentStopCmd struct{ serviceFlags }

// Help shows an example.
func (*agentStopCmd) Help() string { return "Example: smartlink agent stop" }

func (c *agentStopCmd) Run(e *env, a *agentCmd) error {
	return c.control(e, a, "stop", "stopped", service.Service.Stop)
}

type agentStatusCmd struct{ serviceFlags }

// Help shows an example.
func (*agentStatusCmd) Help() string {
	return "Example: smartlink agent status\n\nSays running, stopped or not installed. How the agent itself is, tells 'smartlink agent doctor'."
}

func (c *agentStatusCmd) Run(e *env, a *agentCmd) error {
	status, err := serviceStatus(c.Name)
	if err != nil {
		return fmt.Errorf("ask for the service %s: %w", c.Name, err)
	}
	return a.sayService(e, c.Name, status)
}

// serviceStatus says how the manager has the service.
func serviceStatus(name string) (string, error) {
	s, err := controlled(&service.Config{Name: name})
	if err != nil {
		return "", err
	}
	switch status, err := s.Status(); {
	case errors.Is(err, service.ErrNotInstalled):
		return "not installed", nil
	case err != nil:
		return "", err
	case status == service.StatusRunning:
		return "running", nil
	default:
		return "stopped", nil
	}
}

// program runs the agent under a manager that does not stop it by a signal (Windows).
type program struct {
	ctx  context.Context
	run  func(context.Context) error
	exit func(code int) // ends the process, so that the manager starts it again

	stop context.CancelFunc
	done chan error
}

// Start begins and returns at once, as managers want it.
func (p *program) Start(service.Service) error {
	var ctx context.Context
	ctx, p.stop = context.WithCancel(p.ctx)
	p.done = make(chan error, 1)
	go func() {
		err := p.run(ctx)
		p.done <- err
		if ctx.Err() == nil { // nobody has asked for it
			p.exit(1)
		}
	}()
	return nil
}

// Stop ends the run and waits for it.
func (p *program) Stop(service.Service) error {
	p.stop()
	limit := clock.Real.NewTimer(stopTime + 10*time.Second)
	defer limit.Stop()
	select {
	case err := <-p.done:
		return err
	case <-limit.C():
		return errors.New("the agent does not stop")
	}
}
