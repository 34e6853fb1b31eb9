//go:build killpoints

package chaos

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The named places where a process kills itself.
var (
	agentPoints = []string{"after-lease", "after-store", "after-ack", "before-execute-commit", "after-execute-commit", "after-answer-accepted"}
	hubPoints   = []string{"before-commit", "after-commit-before-answer"}
)

// round is one kill: at a point's n-th hit, or, without a point, after some of the round's messages.
type round struct {
	hub   bool
	point string
	n     int
}

func (r round) String() string {
	who := "agent"
	if r.hub {
		who = "hub"
	}
	if r.point == "" {
		return who + " at a random moment"
	}
	return fmt.Sprintf("%s %s, hit %d", who, r.point, r.n)
}

// plan is the short form: every named point once, and two kills at random moments. The long form
// repeats the points at later hits and adds many random ones.
func plan(long bool) []round {
	repeats, random := 1, 2
	if long {
		repeats, random = 5, 50
	}
	var rounds []round
	for n := range repeats {
		for _, p := range agentPoints {
			rounds = append(rounds, round{point: p, n: 1 + 2*n})
		}
		for _, p := range hubPoints {
			rounds = append(rounds, round{hub: true, point: p, n: 2 + 3*n})
		}
	}
	for i := range random {
		rounds = append(rounds, round{hub: i%2 == 1})
	}
	return rounds
}

// TestKilledAnywhereNothingLostNothingTwice kills hub and agent at every named point and at random
// moments while commands run, some of them refused and some sent twice. Afterwards each command is
// booked once, and each outcome was answered once.
func TestKilledAnywhereNothingLostNothingTwice(t *testing.T) {
	long := os.Getenv("SMARTLINK_CHAOS_LONG") != ""
	perRound := 12
	w := newWorld(t, build(t))
	rounds := plan(long)
	for _, r := range rounds {
		began := time.Now()
		w.round(r, perRound)
		t.Logf("%s: survived, %s", r, time.Since(began).Round(time.Millisecond))
	}
	w.finish(len(rounds))
}

// round sends n commands while a process dies once, and waits until all are answered.
func (w *world) round(r round, n int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	p := &w.agent
	if r.hub {
		p = &w.hub
	}
	if r.point != "" { // run it anew, armed
		if !(*p).stop() {
			w.t.Fatalf("%s: did not stop cleanly before being armed:\n%s", r, (*p).log())
		}
		w.start(r.hub, fmt.Sprintf("SMARTLINK_KILL_AT=%s:%d", r.point, r.n))
	}
	victim := *p
	half := make(chan struct{})
	sent := make(chan error, 1)
	go func() { sent <- w.send(ctx, n, n/2, half) }()
	if r.point == "" {
		<-half
		// A random short while later, so that the kill falls into every stage in the course of many rounds.
		pause := time.NewTimer(rand.N(300 * time.Millisecond))
		<-pause.C
		victim.kill()
	}
	select {
	case <-victim.exited:
	case <-ctx.Done():
		w.t.Fatalf("%s: the process was never killed; is the program built with the tag killpoints?\n%s", r, victim.log())
	}
	if !victim.killed {
		w.t.Fatalf("%s: the process ended by itself:\n%s", r, victim.log())
	}
	w.start(r.hub, "")
	if err := <-sent; err != nil {
		w.t.Fatalf("%s: %v", r, err)
	}
	if err := w.settle(ctx); err != nil {
		w.t.Fatalf("%s: %v\nhub:\n%s\nagent:\n%s", r, err, w.hub.log(), w.agent.log())
	}
}

// build makes the program with its kill points.
func build(t *testing.T) string {
	bin := filepath.Join(t.TempDir(), "smartlink")
	args := []string{"build", "-tags", "killpoints", "-o", bin}
	cmd := exec.Command(cmp.Or(os.Getenv("GO"), "go"), append(args, "smartlink/cmd/smartlink")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}
