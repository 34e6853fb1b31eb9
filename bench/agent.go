package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"smartlink/link"
)

// Rate of the open load of commands that an agent books, a second, and how many loads long it is.
const (
	bookedRate  = 200
	bookedLoads = 3
)

// booked measures the whole way: an open load of commands to a hub, an agent with the settings that it has by
// itself in a process of its own, the books in SQLite. A command counts as booked when the sender, who
// waits, has heard it: that the ERP's answer came back is part of it.
func booked(ctx context.Context, s *stage, dir string) ([]float64, error) {
	return s.withAgent(ctx, dir, func(h *process, w world, _ *process) ([]float64, error) {
		c, err := newCommands()
		if err != nil {
			return nil, err
		}
		sender, err := h.client(w.sender, 256)
		if err != nil {
			return nil, err
		}
		book := func(ctx context.Context) error {
			m := c.message()
			m.Wait = link.MaxWait
			r, err := sender.Send(ctx, m)
			switch {
			case err != nil:
				return err
			case len(r.Outcomes) != 1 || r.Outcomes[0].State != string(link.ERPDone):
				return fmt.Errorf("%s was not booked: %+v", r.MessageID, r.Outcomes)
			}
			return nil
		}
		if err := book(ctx); err != nil { // also waits until the agent has its queue
			return nil, err
		}
		took, err := pace(ctx, bookedRate, bookedLoads*s.load(), book)
		return []float64{milliseconds(quantile(took, 0.5)), milliseconds(quantile(took, 0.99))}, err
	})
}

// How long an agent is left alone, before it is looked at and while it is.
const (
	idleBefore = 5 * time.Second
	idleTime   = 35 * time.Second
)

// idle measures an agent that has nothing to do but to wait for its hub.
func idle(ctx context.Context, s *stage, dir string) ([]float64, error) {
	return s.withAgent(ctx, dir, func(_ *process, _ world, a *process) ([]float64, error) {
		sleep(ctx, idleBefore)
		before, err := a.busy()
		if err != nil {
			return nil, err
		}
		began := time.Now()
		sleep(ctx, idleTime)
		after, err := a.busy()
		if err != nil {
			return nil, err
		}
		return []float64{a.status("VmRSS:"), 100 * (after - before).Seconds() / time.Since(began).Seconds()}, ctx.Err()
	})
}

// noProc tells that the system does not say what a process uses.
func noProc(*stage) string {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return "there is no /proc"
	}
	return ""
}

// ticks is how many units of /proc's times are a second, on every Linux.
const ticks = 100

// busy is the time that the process has computed, in all.
func (h *process) busy() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", h.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name may hold anything
	fields := strings.Fields(rest)
	const user, system = 11, 12
	if len(fields) <= system {
		return 0, errors.New("/proc has no times of the process")
	}
	var sum int64
	for _, f := range []string{fields[user], fields[system]} {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return time.Duration(sum) * time.Second / ticks, nil
}

// withAgent runs f beside a hub and an agent, each in a process of its own.
func (s *stage) withAgent(ctx context.Context, dir string, f func(h *process, w world, a *process) ([]float64, error)) (values []float64, err error) {
	h, w, err := s.fresh(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	admin, err := h.admin(w)
	if err != nil {
		return nil, err
	}
	commands, answers := []string{command}, []string{link.ResponseType(command)}
	for code, app := range map[string]link.AppRequest{
		senderApp: {Name: "Gesplan", Sends: commands, Receives: answers}, receiverApp: {Name: "Gesplan Rm", Sends: answers, Receives: commands},
	} {
		if _, err := admin.PutApp(ctx, code, app); err != nil {
			return nil, err
		}
	}
	box, err := openBox(ctx, filepath.Join(dir, "rm.db"), dir) // for the master data
	if err != nil {
		return nil, err
	}
	if err := box.Close(ctx); err != nil {
		return nil, err
	}
	a, err := s.startAgent(h, w, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.stop()) }()
	if err := a.works(ctx, filepath.Join(s.dir, agentLog)); err != nil {
		return nil, err
	}
	return f(h, w, a)
}

const agentLog = "agent.log"

// startAgent starts an agent of the world's receiver.
func (s *stage) startAgent(h *process, w world, dir string) (*process, error) {
	a := &process{ended: make(chan error, 1)}
	a.cmd = exec.Command(s.binary, "agent", "--database", filepath.Join(dir, "rm.db"), "run", "--server", h.address, "--client-id", string(w.receiver.ID)) //nolint:noctx // it ends by stop
	a.cmd.Env = append(withoutSettings(os.Environ()), "SMARTLINK_CLIENT_SECRET="+w.receiver.Secret)
	log, err := os.Create(filepath.Join(s.dir, agentLog))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	a.cmd.Stdout, a.cmd.Stderr = log, log
	if err := a.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { a.ended <- a.cmd.Wait() }()
	return a, nil
}

// works waits until the agent is the active one of its installation.
func (h *process) works(ctx context.Context, log string) error {
	for end := time.Now().Add(startTimeout); time.Now().Before(end); sleep(ctx, 20*time.Millisecond) {
		text, err := os.ReadFile(log)
		if err != nil {
			return err
		}
		if strings.Contains(string(text), "this instance is the active one") {
			return nil
		}
		select {
		case err := <-h.ended:
			h.ended <- err
			return fmt.Errorf("the agent ended: %w: %s", err, text)
		case <-ctx.Done():
			return ctx.Err()
		default:
		}
	}
	return errors.New("the agent did not begin to work in time")
}
