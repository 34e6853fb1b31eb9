//go:build killpoints && !windows

package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"smartlink/client"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// Times of these tests: a lease of the shortest kind in the short form, the usual one and a real minute of
// frost in the long form.
func guardTimes() (hold, frost time.Duration) {
	if os.Getenv("SMARTLINK_CHAOS_LONG") != "" {
		return link.DefaultHold, time.Minute
	}
	return link.MinHold, 4 * link.MinHold
}

// takeOverTime is what is promised.
const takeOverTime = 30 * time.Second

// runAgent runs one more agent of a folder on a database.
func (w *world) runAgent(folder, database string, hold time.Duration, env ...string) *process {
	w.t.Helper()
	p := launch(w.t, w.bin, append(env, "SMARTLINK_CLIENT_SECRET="+w.rm.Secret), "agent", "run", "--server", w.server(), "--client-id", string(w.rm.ID),
		"--database", database, "--installation", filepath.Join(folder, "installation.json"), "--lease", "5s", "--hold", hold.String())
	w.t.Cleanup(p.kill)
	return p
}

// command runs a command of the program that ends by itself and answers what it printed.
func (w *world) command(args ...string) string {
	w.t.Helper()
	p := launch(w.t, w.bin, []string{"SMARTLINK_API_KEY=" + w.apiKey}, args...)
	if !p.wait() {
		w.t.Fatalf("%v:\n%s", args, p.log())
	}
	return strings.Join(p.lines(), "\n")
}

// join makes a second folder of the installation, as an administrator would.
func (w *world) join() string {
	w.t.Helper()
	var made struct{ Code string }
	out := w.command("agent", "join-code", "--json", "--database", w.books, "--installation", filepath.Join(w.dir, "installation.json"))
	if err := json.Unmarshal([]byte(out), &made); err != nil {
		w.t.Fatalf("%v: %s", err, out)
	}
	folder := w.t.TempDir()
	w.command("agent", "join", "--code", made.Code, "--database", w.books, "--installation", filepath.Join(folder, "installation.json"))
	return folder
}

// binding is what the hub says about the client's queue.
func (w *world) binding() link.Binding {
	w.t.Helper()
	admin, err := client.NewAdmin(client.AdminConfig{Server: w.server(), APIKey: w.apiKey})
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := admin.Binding(w.t.Context(), w.rm.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// await waits until the hub says something about the queue.
func (w *world) await(what string, is func(link.Binding) bool) link.Binding {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), roundTime)
	defer cancel()
	for {
		b := w.binding()
		if is(b) {
			return b
		}
		look := time.NewTimer(50 * time.Millisecond)
		select {
		case <-look.C:
		case <-ctx.Done():
			w.t.Fatalf("%s: not so: %+v", what, b)
		}
	}
}

// traffic of n commands, all answered.
func (w *world) answered(n int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), roundTime)
	defer cancel()
	if err := w.send(ctx, n); err != nil {
		w.t.Fatal(err)
	}
	if err := w.settle(ctx); err != nil {
		w.t.Fatalf("%v\n%s", err, w.agent.log())
	}
}

// onceInAll wants every document booked at most once over some databases, and as often as was answered.
func (w *world) onceInAll(databases ...string) {
	w.t.Helper()
	all := map[string]int{}
	for _, database := range databases {
		for document, n := range w.countIn(database) {
			all[document] += n
		}
	}
	done := 0
	for id := range w.accepted {
		if w.outcomes[id].Status == link.ERPDone {
			done++
		}
	}
	total := 0
	for _, document := range slices.Sorted(maps.Keys(all)) {
		if total += all[document]; all[document] != 1 {
			w.t.Errorf("document %s was booked %d times", document, all[document])
		}
	}
	if total != done || done == 0 {
		w.t.Errorf("%d booked, %d answered as done", total, done)
	}
}

// newGuarded is a world whose one agent runs with a lease, on a database of a kind; settings are of its
// sessions on a server.
func newGuarded(t *testing.T, hold time.Duration, kind string, settings ...string) *world {
	dir := t.TempDir()
	books := filepath.Join(dir, "rm.db")
	if kind == onServer {
		books = strings.Join(append([]string{strings.Replace(sqltest.Postgres(t), "&synchronous_commit=off", "", 1)}, settings...), "&")
	}
	w := newWorld(t, build(t), dir, books)
	if !w.agent.stop() {
		t.Fatalf("no clean stop:\n%s", w.agent.log())
	}
	w.agent = w.runAgent(w.dir, w.books, hold)
	return w
}

// Kinds of databases that two machines can share.
const (
	inFile   = "SQLite"
	onServer = "PostgreSQL"
)

// TestStandByTakesOver kills the active agent: the one that stands by has taken over within 30 s, in the
// long form with the usual lease.
func TestStandByTakesOver(t *testing.T) {
	for _, kind := range []string{inFile, onServer} {
		t.Run(kind, func(t *testing.T) { takesOver(t, kind) })
	}
}

func takesOver(t *testing.T, kind string) {
	hold, _ := guardTimes()
	w := newGuarded(t, hold, kind)
	w.answered(6)
	second := w.runAgent(w.join(), w.books, hold)
	if line := second.waitLines(1)[0]; !strings.Contains(line, "stands by") {
		t.Errorf("it says %q", line)
	}
	w.await("stands by", func(b link.Binding) bool { return b.StandBy != nil && b.Conflict == nil })
	before := w.binding()
	died := time.Now()
	w.agent.kill()
	w.await("taken over", func(b link.Binding) bool { return b.Epoch > before.Epoch && b.Active != nil })
	if took := time.Since(died); took > takeOverTime {
		t.Errorf("taken over after %s", took)
	} else {
		t.Logf("taken over after %s", took.Round(time.Millisecond))
	}
	w.agent = second
	w.answered(6)
	// One that ends in order gives its place away at once.
	first := w.runAgent(w.dir, w.books, hold)
	if !second.stop() {
		t.Errorf("no clean stop:\n%s", second.log())
	}
	w.agent = first
	w.answered(6)
	w.onceInAll(w.books)
}

// TestNeverBookedTwiceAfterAFreeze freezes the active agent, with messages in its inbox that are neither
// executed nor acknowledged, or in the middle of an execution, until another may have taken over. Woken, it
// is refused by the hub and by the database, books nothing, and stands by.
//
// On a server it freezes with an open transaction: with everything executed and nothing settled, where
// the server lets it idle for as long as it likes, so that only the row of the active run refuses it; and
// just before the commit, with the lock that all writers need, until the server ends its session.
func TestNeverBookedTwiceAfterAFreeze(t *testing.T) {
	idle := "idle_in_transaction_session_timeout=2s"
	if os.Getenv("SMARTLINK_CHAOS_LONG") != "" {
		idle = "idle_in_transaction_session_timeout=60s" // what it is by itself
	}
	for _, tc := range []struct{ kind, point, settings string }{
		{inFile, "after-store", ""}, {inFile, "before-execute-commit", ""},
		{onServer, "before-settle", "idle_in_transaction_session_timeout=0"}, {onServer, "before-execute-commit", idle},
	} {
		t.Run(tc.kind+", "+tc.point, func(t *testing.T) {
			point := tc.point
			hold, frost := guardTimes()
			if point == "after-store" && hold == link.MinHold { // who stands still for a second on a busy machine would lose it again, and rightly
				hold, frost = 3*hold, 3*frost
			}
			w := newGuarded(t, hold, tc.kind, tc.settings)
			w.answered(6)
			if !w.agent.stop() {
				t.Fatalf("no clean stop:\n%s", w.agent.log())
			}
			first := w.runAgent(w.dir, w.books, hold, "SMARTLINK_FREEZE_AT="+point)
			w.agent = w.runAgent(w.join(), w.books, hold)
			before := w.await("stands by", func(b link.Binding) bool { return b.StandBy != nil && b.Active != nil })
			if err := w.send(t.Context(), 6); err != nil { // it freezes over these
				t.Fatal(err)
			}
			w.await("given to the other", func(b link.Binding) bool { return b.Epoch > before.Epoch && b.Active != nil })
			// The freeze may also have caught another part of the agent, in the middle of a transaction.
			free := point == "after-store" && !w.locked()
			if free {
				w.answered(6)
			}
			frozen := time.NewTimer(frost)
			<-frozen.C
			first.signal(syscall.SIGCONT)
			woken := time.Now()
			w.answered(12)
			after := w.await("the first stands by", func(b link.Binding) bool { return b.StandBy != nil && b.StandBy.At.After(woken) })
			// In the middle of a transaction it has the database's lock, so the other could not begin.
			if free && after.Epoch != before.Epoch+1 {
				t.Errorf("the active one changed again: %+v, %+v", before, after)
			}
			if !strings.Contains(first.log(), "stands by") {
				t.Errorf("the first does not say that it stands by:\n%s", first.log())
			}
			w.onceInAll(w.books)
			// It is as good a stand-by as any.
			w.agent.kill()
			w.agent = first
			w.answered(6)
			w.onceInAll(w.books)
		})
	}
}

// locked tells whether somebody keeps others from writing into the books, which stand in a file.
func (w *world) locked() bool {
	w.t.Helper()
	db, err := sqldb.OpenSQLite(w.t.Context(), w.books, 1)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // nothing was written
	tx, err := db.BeginTx(w.t.Context(), nil)
	if err != nil && !sqldb.IsBusy(err) {
		w.t.Fatal(err)
	}
	if err != nil {
		w.t.Log("the freeze has caught a transaction")
		return true
	}
	_ = tx.Rollback()
	return false
}

// freeze stops the process until SIGCONT, and waits, where Linux tells it, until each of its threads stands still.
func (p *process) freeze(t *testing.T) {
	t.Helper()
	p.signal(syscall.SIGSTOP)
	if runtime.GOOS != "linux" {
		return
	}
	stopped := func() bool {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.cmd.Process.Pid))
		if err != nil || len(threads) == 0 {
			t.Fatalf("no threads of the process: %v", err)
		}
		return !slices.ContainsFunc(threads, func(file string) bool {
			b, err := os.ReadFile(file)
			_, state, _ := strings.Cut(string(b), ") ") // behind the name
			return err == nil && !strings.HasPrefix(state, "T")
		})
	}
	for !stopped() {
		runtime.Gosched()
	}
}

// copyFolder copies a folder as it is, under the feet of whoever uses it, into a fresh one.
func copyFolder(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	for _, name := range []string{"installation.json", "rm.db", "rm.db-wal", "rm.db-shm"} {
		in, err := os.Open(filepath.Join(from, name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		out, err := os.OpenFile(filepath.Join(to, name), os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(out, in)
		if err := joined(err, in.Close(), out.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// TestCopiedFolderIsRefused copies installation and database of a running agent, as when a machine is
// cloned for tests: the copy is told so, books nothing, and is shown; also when production stops.
func TestCopiedFolderIsRefused(t *testing.T) {
	hold, _ := guardTimes()
	w := newGuarded(t, hold, inFile)
	w.answered(6)
	w.agent.freeze(t) // a copy of a file under its writer's feet would be no database
	folder := copyFolder(t, w.dir)
	w.agent.signal(syscall.SIGCONT)
	clone := w.runAgent(folder, filepath.Join(folder, "rm.db"), hold)
	// Either the hub sees both alive, or the copy's database is older already by the time it asks.
	w.await("the copy is shown", func(b link.Binding) bool {
		return b.Conflict != nil || b.Refused != nil && b.Refused.Code == link.CodeDatabaseOld
	})
	w.answered(12)
	w.await("the copy's database is old", func(b link.Binding) bool { return b.Refused != nil && b.Refused.Code == link.CodeDatabaseOld })
	if !w.agent.stop() {
		t.Errorf("no clean stop:\n%s", w.agent.log())
	}
	if !clone.dead() {
		clone.kill()
	}
	// Started while production is stopped: it must not step in.
	again := w.runAgent(folder, filepath.Join(folder, "rm.db"), hold)
	if again.wait() || !strings.Contains(again.log(), string(link.CodeDatabaseOld)) || !strings.Contains(again.log(), "agent adopt") {
		t.Errorf("it started:\n%s", again.log())
	}
	w.agent = w.runAgent(w.dir, w.books, hold)
	w.answered(6)
	if n, before := len(w.countIn(filepath.Join(folder, "rm.db"))), len(w.documents); n >= before {
		t.Errorf("the copy has %d documents", n)
	}
	w.onceInAll(w.books)
}

// TestRestoredDatabaseIsRefused restores yesterday's backup beside the right installation file.
func TestRestoredDatabaseIsRefused(t *testing.T) {
	hold, _ := guardTimes()
	w := newGuarded(t, hold, inFile)
	w.answered(6)
	if !w.agent.stop() {
		t.Fatalf("no clean stop:\n%s", w.agent.log())
	}
	backup := copyFolder(t, w.dir)
	w.agent = w.runAgent(w.dir, w.books, hold)
	w.answered(6)
	if !w.agent.stop() {
		t.Fatalf("no clean stop:\n%s", w.agent.log())
	}
	kept := copyFolder(t, w.dir)
	restore := func(from string) {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(from, "rm.db"))
		if err == nil {
			err = os.WriteFile(w.books, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	restore(backup)
	old := w.runAgent(w.dir, w.books, hold)
	if old.wait() || !strings.Contains(old.log(), string(link.CodeDatabaseOld)) {
		t.Errorf("it started:\n%s", old.log())
	}
	// Production's database and credentials beside the file of a test base.
	test := t.TempDir()
	database := filepath.Join(test, "rm.db")
	b, err := os.ReadFile(filepath.Join(kept, "rm.db"))
	if err == nil {
		err = os.WriteFile(database, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	foreign := w.runAgent(test, database, hold)
	if foreign.wait() || !strings.Contains(foreign.log(), string(link.CodeForeignDatabase)) {
		t.Errorf("it started:\n%s", foreign.log())
	}
	w.command("agent", "adopt", "--yes", "--database", database)
	adopted := w.runAgent(test, database, hold)
	if adopted.wait() || !strings.Contains(adopted.log(), string(link.CodeInstallation)) {
		t.Errorf("a test base has production's queue:\n%s", adopted.log())
	}
	if b := w.binding(); b.Refused == nil || b.Refused.Code != link.CodeInstallation || b.Refused.Installation == "" {
		t.Errorf("not shown: %+v", b)
	}
	restore(kept) // the right one
	w.agent = w.runAgent(w.dir, w.books, hold)
	w.answered(6)
	w.onceInAll(w.books)
}

func joined(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("copy: %w", err)
		}
	}
	return nil
}
