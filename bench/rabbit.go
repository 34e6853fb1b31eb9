package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// rabbit is a RabbitMQ server of the bench's own: its folder, its ports, loopback only.
type rabbit struct {
	url     string
	version string
	dir     string
	server  *exec.Cmd
	names   *exec.Cmd // epmd, by which Erlang's nodes find each other
	ended   chan error
}

// rabbitScript is the server's own script; the one on the PATH of Debian wants to be another user.
const rabbitScript = "/usr/lib/rabbitmq/bin/rabbitmq-server"

// noRabbit tells why RabbitMQ cannot be measured here.
func noRabbit(*stage) string {
	for _, name := range []string{rabbitScript, "epmd"} {
		if _, err := exec.LookPath(name); err != nil {
			return "RabbitMQ is not installed: apt-get install rabbitmq-server, or ./ci/test bench as root"
		}
	}
	return ""
}

// startRabbit starts the server of the run; later calls answer the same one.
func (s *stage) startRabbit(ctx context.Context) (*rabbit, error) {
	if s.rabbit != nil {
		return s.rabbit, nil
	}
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	r := &rabbit{dir: filepath.Join(s.dir, "rabbitmq"), url: fmt.Sprintf("amqp://guest:guest@127.0.0.1:%d/", ports[0]), ended: make(chan error, 1)}
	s.rabbit = r // from now on the stage ends it
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(r.file("rabbitmq.conf"), fmt.Appendf(nil, "listeners.tcp.1 = 127.0.0.1:%d\n", ports[0]), 0o600); err != nil {
		return nil, err
	}
	env := append(withoutSettings(os.Environ()), "HOME="+r.dir, "ERL_EPMD_ADDRESS=127.0.0.1", "ERL_EPMD_PORT="+strconv.Itoa(ports[1]),
		"RABBITMQ_NODENAME=bench@localhost", "RABBITMQ_DIST_PORT="+strconv.Itoa(ports[2]), "RABBITMQ_MNESIA_BASE="+r.file("data"),
		"RABBITMQ_LOG_BASE="+r.file("log"), "RABBITMQ_CONFIG_FILE="+r.file("rabbitmq.conf"), "RABBITMQ_ENABLED_PLUGINS_FILE="+r.file("plugins"),
		"RABBITMQ_CONF_ENV_FILE="+r.file("none"),
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}")
	log, err := os.Create(r.file("out"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	r.names = exec.Command("epmd", "-address", "127.0.0.1", "-port", strconv.Itoa(ports[1])) //nolint:noctx // it ends by stop
	r.names.Env, r.names.Stdout, r.names.Stderr = env, log, log
	if err := r.names.Start(); err != nil {
		return nil, err
	}
	r.server = exec.Command(rabbitScript) //nolint:noctx // it ends by stop
	r.server.Env, r.server.Stdout, r.server.Stderr = env, log, log
	if err := r.server.Start(); err != nil {
		return nil, err
	}
	go func() { r.ended <- r.server.Wait() }()
	return r, r.awaitReady(ctx)
}

func (r *rabbit) file(name string) string { return filepath.Join(r.dir, name) }

func (r *rabbit) awaitReady(ctx context.Context) error {
	for end := time.Now().Add(startTimeout); time.Now().Before(end); sleep(ctx, 200*time.Millisecond) {
		conn, err := amqp.Dial(r.url)
		if err == nil {
			r.version, _ = conn.Properties["version"].(string)
			return conn.Close()
		}
		select {
		case err := <-r.ended:
			r.ended <- err
			text, _ := os.ReadFile(r.file("out"))
			return fmt.Errorf("RabbitMQ ended: %w: %s", err, text)
		case <-ctx.Done():
			return ctx.Err()
		default:
		}
	}
	return errors.New("RabbitMQ did not start in time")
}

// stop ends the server, then the names' daemon.
func (r *rabbit) stop(ctx context.Context) error {
	var errs []error
	if r.server != nil && r.server.Process != nil {
		errs = append(errs, r.stopServer(ctx))
	}
	if r.names != nil && r.names.Process != nil {
		_ = r.names.Process.Kill()
		_ = r.names.Wait() // told it was killed
	}
	return errors.Join(errs...)
}

// stopServer has the script end the server in good order.
func (r *rabbit) stopServer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	if err := r.server.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop RabbitMQ: %w", err)
	}
	select {
	case err := <-r.ended: // how it was ended is known
		r.ended <- err
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("RabbitMQ did not stop in time"), r.server.Process.Kill())
	}
}

// freePorts finds ports that nobody listens on at this moment.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
