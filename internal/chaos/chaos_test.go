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
	"strings"
	"testing"
	"time"

	"smartlink/internal/sqltest"
)

// afterCopy is where what has ended stands in the history, and among what waits still.
const afterCopy = "history-copied"

// The named places where a process kills itself.
var (
	agentPoints = []string{"after-hold", "after-lease", "after-store", "after-ack", "before-execute-commit", "after-execute-commit", "after-answer-accepted"}
	hubPoints   = []string{"before-commit", "after-commit-before-answer", afterCopy}
)

// round is one kill: at a point's n-th hit, or, without a point, after some of the round's messages.
type round struct {
	hub   bool
	point string
	n     int
}

// times bounds how often a round's commands are sent and answered until its point has been hit.
func (r round) times() int {
	if r.point == afterCopy {
		return 20 * r.n // what keeps the history comes by the time and not by the command
	}
	return r.n
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

// randomKills is how many kills at random moments the long form makes of the agent, and as many of the hub.
const randomKills = 200

// plan is the short form: every named point once, and two kills at random moments. The long form
// repeats the points at later hits and adds many random ones.
func plan(long bool) []round {
	repeats, random := 1, 2
	if long {
		repeats, random = 5, 2*randomKills
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
	dir := t.TempDir()
	w := newWorld(t, build(t), dir, filepath.Join(dir, "rm.db"))
	rounds := plan(long)
	w.survive(rounds, perRound)
	w.finish("chaos", len(rounds))
}

// agentPlan is kills of the agent only: at every named point, and at random moments.
func agentPlan(long bool) []round {
	var rounds []round
	for _, r := range plan(long) {
		if !r.hub {
			rounds = append(rounds, r)
		}
	}
	for least := 10; len(rounds) < least; {
		rounds = append(rounds, round{})
	}
	return rounds
}

// TestAgentKilledWithBooksInPostgreSQL kills the agent with inbox and books in PostgreSQL, which goes on.
func TestAgentKilledWithBooksInPostgreSQL(t *testing.T) {
	books := strings.Replace(sqltest.Postgres(t), "&synchronous_commit=off", "", 1) // as an administrator would have it
	w := newWorld(t, build(t), t.TempDir(), books)
	rounds := agentPlan(os.Getenv("SMARTLINK_CHAOS_LONG") != "")
	w.survive(rounds, 12)
	w.finish("chaos with the books in PostgreSQL", len(rounds))
}

// survive plays rounds.
func (w *world) survive(rounds []round, perRound int) {
	w.t.Helper()
	for _, r := range rounds {
		began := time.Now()
		w.round(r, perRound)
		w.t.Logf("%s: survived, %s", r, time.Since(began).Round(time.Millisecond))
	}
}

// Bounds of one round.
const (
	roundTime = 2 * time.Minute
	graceTime = 10 * time.Second // from the last answer to a hit that comes behind it
)

// round runs traffic while a process dies once, and ends when all commands are answered.
func (w *world) round(r round, n int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), roundTime)
	defer cancel()
	victim := w.arm(r)
	half := make(chan struct{})
	traffic := make(chan error, 1)
	go func() { traffic <- w.traffic(ctx, r, n, half, victim) }()
	over := false
	if r.point == "" {
		select {
		case <-half:
			// A random short while later, so that the kill falls into every stage in the course of many rounds.
			pause := time.NewTimer(rand.N(300 * time.Millisecond))
			<-pause.C
			victim.kill()
		case err := <-traffic:
			w.fail(r, err)
		}
	} else {
		over = w.awaitKill(r, n, victim, traffic)
	}
	if !victim.killed {
		w.t.Fatalf("%s: the process ended by itself:\n%s", r, victim.log())
	}
	w.start(r.hub, "")
	if !over {
		if err := <-traffic; err != nil {
			w.fail(r, err)
		}
	}
}

// arm runs the round's process anew with its kill point; without a point it is left running. It
// answers the process that will die.
func (w *world) arm(r round) *process {
	w.t.Helper()
	p := &w.agent
	if r.hub {
		p = &w.hub
	}
	if r.point != "" {
		if !(*p).stop() {
			w.t.Fatalf("%s: did not stop cleanly before being armed:\n%s", r, (*p).log())
		}
		w.start(r.hub, fmt.Sprintf("SMARTLINK_KILL_AT=%s:%d", r.point, r.n))
	}
	return *p
}

// traffic sends n commands, waits until all are answered, and begins anew until the victim is dead.
// Each time passes every kill point at least once, but for the history's: a point that is not reached in the
// round's times will never be, and the traffic ends. It closes half in the middle of the first time.
func (w *world) traffic(ctx context.Context, r round, n int, half chan<- struct{}, victim *process) error {
	for i := 0; i == 0 || !victim.dead() && (r.point == "" || i < r.times()); i++ {
		if err := w.send(ctx, n/2); err != nil {
			return err
		}
		if i == 0 {
			close(half)
		}
		if err := w.send(ctx, n-n/2); err != nil {
			return err
		}
		if err := w.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// awaitKill waits until the victim is dead, and tells whether the traffic had ended before. A point
// that the traffic does not reach fails the test.
func (w *world) awaitKill(r round, n int, victim *process, traffic <-chan error) (over bool) {
	w.t.Helper()
	select {
	case <-victim.exited:
		return false
	case err := <-traffic:
		if err != nil {
			w.fail(r, err)
		}
	}
	late := time.NewTimer(graceTime)
	defer late.Stop()
	select {
	case <-victim.exited:
	case <-late.C:
		w.t.Fatalf("%s: never reached, though %d times %d commands were sent and answered; has the kill point gone, or is the program built without the tag killpoints?\n%s",
			r, r.times(), n, victim.log())
	}
	return true
}

// awaitAgent waits until the agent is killed, and starts it anew.
func (w *world) awaitAgent(ctx context.Context, r round, victim *process) {
	w.t.Helper()
	select {
	case <-victim.exited:
	case <-ctx.Done():
		w.fail(r, ctx.Err())
	}
	if !victim.killed {
		w.t.Fatalf("%s: the process ended by itself:\n%s", r, victim.log())
	}
	w.start(false, "")
}

// fail ends the test with what both sides logged.
func (w *world) fail(r round, err error) {
	w.t.Helper()
	w.t.Fatalf("%s: %v\nhub:\n%s\nagent:\n%s", r, err, w.hub.log(), w.agent.log())
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
