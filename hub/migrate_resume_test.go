package hub_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"smartlink/hub"
	"smartlink/internal/pgcopy"
	"smartlink/link"
)

// full makes a stopped hub's folder with messages in every state, some of them in days of the history.
func full(t *testing.T) *running {
	r := start(t)
	c := r.people()
	token, _ := r.token(c.ID, c.Secret)
	r.ok(token, "POST", "/api/v1/link/setup", `{"subscriptions":["`+command+`"],"requeueCountMax":0}`, nil)
	send := func(n int) {
		for i := range n {
			r.sent(token, fmt.Sprintf(`{"n":%d,"text":"a\u0000b"}`, i), "Idempotency-Key", fmt.Sprint(r.clock.Now().Unix(), i), "SL-Ordering-Key", fmt.Sprint("key ", i/2%3), "SL-Business-Key", fmt.Sprint("fact ", i))
		}
	}
	send(8)
	for range 5 {
		r.ok(token, "POST", "/api/v1/link/ack", ackOf(r.lease(token)), nil)
	}
	seen(t, func() bool {
		r.clock.Advance(10 * time.Minute) // a round of the keeper
		days, err := filepath.Glob(filepath.Join(r.dir, "history", "*.db"))
		r.must(err)
		return len(days) > 0
	})
	if token, _ = r.token(c.ID, c.Secret); token == "" {
		t.Fatal("no token")
	}
	send(12)
	r.ok(token, "POST", "/api/v1/link/ack", ackOf(r.lease(token)), nil)
	r.ok(token, "POST", "/api/v1/link/ack", fmt.Sprintf(`{"deliveryTag":%d,"dead":true,"reason":"never"}`, r.lease(token)), nil)
	r.must(r.Stop(t.Context()))
	return r
}

// rowsOf reads everything that a database has, but for what tells of the move itself.
func rowsOf(t *testing.T, database string) map[string]string {
	t.Helper()
	c, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	rows, err := c.Query(t.Context(), `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
		AND relname NOT IN ('copy_of', 'copy_part', 'queue_schema', 'registry_schema', 'meta')`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	queries := map[string]string{}
	for _, name := range names {
		queries[name] = `SELECT coalesce(string_agg(x::text, E'\n' ORDER BY x::text), '') FROM ` + name + ` AS x`
	}
	for _, sequence := range []string{"place", "queue_number", "event_n_seq", "audit_n_seq"} {
		queries[sequence] = `SELECT concat(last_value, is_called) FROM ` + sequence
	}
	for name, query := range queries {
		var text string
		if err := c.QueryRow(t.Context(), query).Scan(&text); err != nil {
			t.Fatal(err)
		}
		all[name] = text
	}
	if len(all) < 30 || strings.Count(all["message"], "\n") != 19 {
		t.Fatalf("%d tables, messages\n%s", len(all), all["message"])
	}
	return all
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s holds\n%s\nnot\n%s", name, got[name], want[name])
		}
	}
}

// kill ends the connection of a move from the server's side. False: there is none.
func kill(t *testing.T, database string, stuck bool) (killed bool) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	if err := c.QueryRow(t.Context(), `SELECT coalesce(bool_or(pg_terminate_backend(pid)), false) FROM pg_stat_activity WHERE application_name = 'smartlink move'
		AND pid <> pg_backend_pid() AND (NOT $1 OR wait_event_type = 'Lock')`, stuck).Scan(&killed); err != nil {
		t.Fatal(err)
	}
	return killed
}

// childOfMove has this test's program move a folder instead, so that it can be killed.
const childOfMove = "SMARTLINK_TEST_MOVE"

// TestMigrateGoesOn cuts a move off again and again, in every way, and comes to what a move without a
// break comes to.
func TestMigrateGoesOn(t *testing.T) {
	const few = 3 // rows of a piece
	if dir := os.Getenv(childOfMove); dir != "" {
		told := func(p pgcopy.Progress) {
			fmt.Println("moved", p.Rows)
			if p.Comparing {
				select {} // it is to be killed before it is done, however late that comes
			}
		}
		if _, err := hub.Migrate(t.Context(), dir, os.Getenv(childOfMove+"_TO"), hub.MigrateOptions{Piece: few, Told: told}); err != nil {
			t.Fatal(err)
		}
		return
	}
	database, other := newDatabase(t), newDatabaseNamed(t, "hub_test_other")
	r := full(t)
	note := filepath.Join(r.dir, "moved.txt")
	if _, err := hub.Migrate(t.Context(), r.dir, other, hub.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	want := rowsOf(t, other)
	r.must(os.Remove(note))
	database += " application_name='smartlink move'"
	cfg := r.config()
	cfg.Database, cfg.KeyFile, cfg.DataDir = database, filepath.Join(r.dir, "hub.key"), t.TempDir()

	// Cut off before the first piece's commit, in it, and behind it.
	locked, err := pgx.Connect(t.Context(), other)
	r.must(err)
	defer func() { _ = locked.Close(context.Background()) }()
	last := int64(0)
	again := func(o hub.MigrateOptions, stop int, how func(cancel func())) (hub.Moved, error) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		pieces := 0
		o.Piece = few
		o.Told = func(p pgcopy.Progress) {
			if p.Rows < last && !o.Anew {
				t.Errorf("%d rows after %d", p.Rows, last)
			}
			last = p.Rows
			if pieces++; pieces == stop {
				how(cancel)
			}
		}
		return hub.Migrate(ctx, r.dir, database, o)
	}
	for _, how := range []func(cancel func()){
		func(cancel func()) { cancel() },
		func(func()) { kill(t, database, false) },
	} {
		if _, err := again(hub.MigrateOptions{}, 1+rand.N(6), how); err == nil {
			t.Fatal("a move that was cut off came to its end")
		}
	}
	if _, err := hub.Open(t.Context(), cfg); link.CodeOf(err) != link.CodeMoveUnfinished {
		t.Errorf("a hub opens half of a hub: %v", err)
	}
	if got := health(hub.Examine(t.Context(), cfg)); !strings.Contains(got, "bad: Move: ") {
		t.Errorf("the doctor says\n%s", got)
	}

	// Within a transaction: somebody holds the table that is next, then the connection breaks.
	_, err = locked.Exec(t.Context(), `SET search_path TO hub_test; BEGIN; LOCK TABLE message IN SHARE MODE`)
	r.must(err)
	ended := make(chan error, 1)
	go func() {
		_, err := again(hub.MigrateOptions{}, 0, nil)
		ended <- err
	}()
	seen(t, func() bool { return kill(t, database, true) })
	if err := <-ended; err == nil {
		t.Error("a move without its connection came to its end")
	}
	_, err = locked.Exec(t.Context(), `ROLLBACK`)
	r.must(err)

	for range 2 { // kill -9 of the program itself
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMigrateGoesOn$")
		c.Env = append(os.Environ(), childOfMove+"="+r.dir, childOfMove+"_TO="+database)
		out, err := c.StdoutPipe()
		r.must(err)
		r.must(c.Start())
		lines := bufio.NewScanner(out)
		for n := 1 + rand.N(4); n > 0 && lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "moved") {
				n--
			}
		}
		r.must(lines.Err())
		r.must(c.Process.Kill())
		if err := c.Wait(); err == nil {
			t.Error("the killed program came to its end")
		}
	}

	moved, err := again(hub.MigrateOptions{}, 0, nil)
	if err != nil || !moved.Resumed || moved.Rows["message"] != 20 {
		t.Fatalf("moved %+v, %v", moved, err)
	}
	same(t, rowsOf(t, database), want)

	// Cut off between the end and the note.
	r.must(os.Remove(note))
	if again, err := again(hub.MigrateOptions{}, 0, nil); err != nil || again.Rows["message"] != 20 {
		t.Errorf("told again: %+v, %v", again, err)
	}
	same(t, rowsOf(t, database), want)
	r.must(os.Remove(note)) // fails without one
	changedFolder(t, r, newDatabaseNamed(t, "hub_test_other"))
}

// changedFolder looks that what a hub opened since is not gone on with, and that what arrived mangled is not
// taken for moved.
func changedFolder(t *testing.T, r *running, database string) {
	stop := func() error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := hub.Migrate(ctx, r.dir, database, hub.MigrateOptions{Piece: 3, Told: func(p pgcopy.Progress) {
			if p.Table == "message" {
				cancel()
			}
		}})
		return err
	}
	if err := stop(); err == nil {
		t.Fatal("not cut off")
	}
	r.restart() // a hub that does nothing at all
	r.must(r.Stop(t.Context()))
	if _, err := hub.Migrate(t.Context(), r.dir, database, hub.MigrateOptions{}); link.CodeOf(err) != link.CodeMoveChanged {
		t.Errorf("went on: %v", err)
	}
	c, err := pgx.Connect(t.Context(), database)
	r.must(err)
	defer func() { _ = c.Close(context.Background()) }()
	mangle := func(p pgcopy.Progress) {
		if p.Table == "search" && !p.Comparing || p.Table == "dedupe" && !p.Comparing {
			_, err := c.Exec(t.Context(), `UPDATE delivery SET reason = 'x' WHERE state = 'dead'`)
			r.must(err)
		}
	}
	if _, err := hub.Migrate(t.Context(), r.dir, database, hub.MigrateOptions{Anew: true, Told: mangle}); err == nil || !strings.Contains(err.Error(), "delivery") {
		t.Errorf("a mangled row is not seen: %v", err)
	}
	moved, err := hub.Migrate(t.Context(), r.dir, database, hub.MigrateOptions{Anew: true})
	if err != nil || moved.Resumed || moved.Rows["message"] != 20 {
		t.Errorf("moved %+v, %v", moved, err)
	}
	note := filepath.Join(r.dir, "moved.txt")
	if err := os.Remove(note); err != nil { // as if it had been cut off just before
		t.Fatal(err)
	}
	if _, err := hub.Migrate(t.Context(), r.dir, database, hub.MigrateOptions{Anew: true}); !errors.Is(err, pgcopy.ErrNotEmpty) {
		t.Errorf("a finished move begun anew: %v", err)
	}
	if _, err := hub.Migrate(t.Context(), r.dir, database, hub.MigrateOptions{}); err != nil { // the folder is what it was
		t.Error(err)
	}
	if _, err := os.Stat(note); err != nil {
		t.Error(err)
	}
}
