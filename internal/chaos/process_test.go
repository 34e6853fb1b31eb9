//go:build killpoints

package chaos

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startTime bounds how long a process may take until it says that it serves.
const startTime = 30 * time.Second

// process is one run of the program.
type process struct {
	cmd    *exec.Cmd
	ready  chan struct{} // closed when it printed its first line
	exited chan struct{}
	killed bool // valid after exited: it died by SIGKILL

	mu      sync.Mutex
	stdout  []string
	printed chan struct{} // closed at the next line
	stderr  bytes.Buffer
}

// launch starts the program and waits until it serves or has died; dying early is allowed, since a
// kill point may stand in its start.
func launch(t *testing.T, bin string, env []string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(bin, args...), ready: make(chan struct{}), exited: make(chan struct{}), printed: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = &lockedWriter{p: p}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.watch(bufio.NewScanner(out))
	select {
	case <-p.ready:
	case <-p.exited:
	case <-time.After(startTime):
		p.kill()
		t.Fatalf("%s did not start in %s:\n%s", strings.Join(args, " "), startTime, p.log())
	}
	return p
}

func (p *process) watch(out *bufio.Scanner) {
	for out.Scan() {
		p.mu.Lock()
		p.stdout = append(p.stdout, out.Text())
		close(p.printed)
		p.printed = make(chan struct{})
		if len(p.stdout) == 1 {
			close(p.ready)
		}
		p.mu.Unlock()
	}
	_ = p.cmd.Wait() // the state below tells more
	if s, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok {
		p.killed = s.Signaled() && s.Signal() == syscall.SIGKILL
	}
	close(p.exited)
}

// waitLines answers the first n lines the process prints, or fewer when it ends before.
func (p *process) waitLines(n int) []string {
	for {
		p.mu.Lock()
		got, more := p.stdout, p.printed
		p.mu.Unlock()
		if len(got) >= n {
			return got[:n]
		}
		select {
		case <-more:
		case <-p.exited:
			return got
		}
	}
}

// wait waits for a process that ends by itself and tells whether it went well.
func (p *process) wait() bool {
	select {
	case <-p.exited:
		return p.cmd.ProcessState.Success()
	case <-time.After(startTime):
		p.kill()
		return false
	}
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.stdout, "\n") + "\n" + p.stderr.String()
}

// lines are those it has printed.
func (p *process) lines() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stdout
}

// signal sends it a signal.
func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// dead tells whether it has ended.
func (p *process) dead() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// kill ends the process without warning.
func (p *process) kill() { _ = p.cmd.Process.Kill(); <-p.exited }

// stop ends it the polite way and tells whether it went in time and without an error.
func (p *process) stop() bool {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	return p.wait()
}

type lockedWriter struct{ p *process }

func (w *lockedWriter) Write(b []byte) (int, error) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	return w.p.stderr.Write(b)
}
