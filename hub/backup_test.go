package hub_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"smartlink/hub"
	"smartlink/internal/checkup"
	"smartlink/internal/clock"
	"smartlink/link"
)

// lease takes a message and answers its tag.
func (r *running) lease(token string) int64 {
	r.Helper()
	var got link.GetResponse
	r.ok(token, "GET", "/api/v1/link/get", "", &got)
	if len(got.Messages) != 1 {
		r.Fatalf("%d messages", len(got.Messages))
	}
	return got.Messages[0].Tag
}

func ackOf(tag int64) string { return fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, tag) }

// TestBackupWhileTheHubRuns: what was accepted before the backup is there after the restore, and what the
// backup cannot know of is refused: tags, tokens.
func TestBackupWhileTheHubRuns(t *testing.T) {
	r := start(t)
	c := r.people()
	token, _ := r.token(c.ID, c.Secret)
	r.ok(token, "POST", "/api/v1/link/setup", setup, nil)
	for range 2 {
		r.ok(token, "POST", "/api/v1/link/send/"+command, `{}`, nil)
	}
	to := filepath.Join(t.TempDir(), "backup")
	if err := hub.Backup(t.Context(), r.dir, to); err != nil {
		t.Fatal(err)
	}
	if err := hub.Backup(t.Context(), r.dir, to); err == nil {
		t.Error("a second backup into the same folder")
	}
	r.restart() // an epoch that the backup does not know
	old := r.lease(token)
	if err := hub.Restore(t.Context(), to, r.dir); err == nil {
		t.Error("restored into the folder of a running hub")
	}

	r.must(r.Stop(t.Context()))
	if err := hub.Restore(t.Context(), to, r.dir); err == nil {
		t.Error("restored over a hub's data")
	}
	r.dir = filepath.Join(t.TempDir(), "restored")
	if err := hub.Restore(t.Context(), to, r.dir); err != nil {
		t.Fatal(err)
	}
	r.open()
	r.wantCode(token, "GET", "/api/v1/link/get", "", http.StatusUnauthorized, link.CodeTokenRevoked)
	if token, _ = r.token(c.ID, c.Secret); token == "" {
		t.Fatal("no token after the restore")
	}
	for range 2 {
		tag := r.lease(token)
		if tag>>32 <= old>>32+1 {
			t.Errorf("a tag of epoch %d after the restore, %d before", tag>>32, old>>32)
		}
		r.ok(token, "POST", "/api/v1/link/ack", ackOf(tag), nil)
	}
	if _, code := r.call(token, "POST", "/api/v1/link/ack", ackOf(old), nil); code == "" {
		t.Error("a tag from before the restore is taken")
	}
}

// TestRestoredDatabase goes the documented way with PostgreSQL's own tools.
func TestRestoredDatabase(t *testing.T) {
	database := newDatabase(t)
	server := os.Getenv("SMARTLINK_TEST_POSTGRES")
	for _, tool := range []string{"pg_dump", "psql"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: restoring a database is NOT tested", tool)
		}
	}
	do := func(tool string, args ...string) {
		if out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", tool, err, out)
		}
	}
	keyFile := filepath.Join(t.TempDir(), "hub.key")
	open := func() *running {
		h, err := hub.Open(t.Context(), hub.Config{DataDir: t.TempDir(), Database: database, KeyFile: keyFile, Listen: "127.0.0.1:0", PublicURL: publicURL, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		r := &running{TB: t, Hub: h, clock: watched{Fake: clock.NewFake(clock.Real.Now())}}
		t.Cleanup(func() { r.must(r.Stop(context.Background())) })
		r.must(h.Start(t.Context()))
		return r
	}
	r := open()
	c := r.people()
	token, _ := r.token(c.ID, c.Secret)
	r.ok(token, "POST", "/api/v1/link/setup", setup, nil)
	r.ok(token, "POST", "/api/v1/link/send/"+command, `{}`, nil)
	dump := filepath.Join(t.TempDir(), "dump.sql")
	do("pg_dump", "--dbname="+server, "--schema=hub_test", "--file="+dump)
	old := r.lease(token)
	r.must(r.Stop(t.Context()))
	do("psql", "--dbname="+server, "--quiet", "--set=ON_ERROR_STOP=1", "--command=DROP SCHEMA hub_test CASCADE")
	do("psql", "--dbname="+server, "--quiet", "--set=ON_ERROR_STOP=1", "--file="+dump)
	if err := hub.Restored(t.Context(), database); err != nil {
		t.Fatal(err)
	}
	r = open()
	r.wantCode(token, "GET", "/api/v1/link/get", "", http.StatusUnauthorized, link.CodeTokenRevoked)
	token, _ = r.token(c.ID, c.Secret)
	if tag := r.lease(token); tag>>32 <= old>>32+1 {
		t.Errorf("a tag of epoch %d after the restore, %d before", tag>>32, old>>32)
	}
	if _, code := r.call(token, "POST", "/api/v1/link/ack", ackOf(old), nil); code == "" {
		t.Error("a tag from before the restore is taken")
	}
}

// health lists what a doctor finds, one a line.
func health(found []checkup.Finding) string {
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "%s: %s: %s\n", f.Health, f.What.EN, f.Detail.EN)
	}
	return b.String()
}

// TestDoctor looks at sound and sick hubs.
func TestDoctor(t *testing.T) {
	r := start(t)
	if got := health(hub.Examine(t.Context(), r.config())); strings.Contains(got, "bad:") || strings.Count(got, "ok:")+strings.Count(got, "note: Disk: ") != 4 || !strings.Contains(got, "free of") {
		t.Errorf("a sound folder:\n%s", got)
	}
	if err := os.WriteFile(filepath.Join(t.TempDir(), "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	sick := r.config()
	sick.KeyFile = filepath.Join(t.TempDir(), "other.key")
	if got := health(hub.Examine(t.Context(), sick)); !strings.Contains(got, "bad: Hub key") {
		t.Errorf("a key file that is missing:\n%s", got)
	}
	if got := health(hub.Examine(t.Context(), hub.Config{DataDir: t.TempDir()})); strings.Contains(got, "bad:") {
		t.Errorf("an empty folder:\n%s", got)
	}
}

// TestDoctorOfADatabase looks at databases.
func TestDoctorOfADatabase(t *testing.T) {
	database := newDatabase(t)
	dir := t.TempDir()
	look := func(address string) string {
		return health(hub.Examine(t.Context(), hub.Config{DataDir: dir, Database: address}))
	}
	if got := look(database); strings.Contains(got, "bad:") || !strings.Contains(got, "no schema yet") {
		t.Errorf("an empty database:\n%s", got)
	}
	if got := look(database); !strings.Contains(got, "ok: Size of the database: ") || !strings.Contains(got, "Disk of the database: ") || !strings.Contains(got, "Upkeep of the tables: ") {
		t.Errorf("room and upkeep:\n%s", got)
	}
	openHubs(t, database, 1)
	if got := look(database); !strings.Contains(got, "bad: Hub key") || !strings.Contains(got, "ok: Queues' schema") || strings.Count(got, "bad:") != 1 {
		t.Errorf("a database whose key is elsewhere:\n%s", got)
	}
	for _, address := range []string{"host=/nowhere password=secret", "postgres://%"} {
		if got := look(address); !strings.Contains(got, "bad: Database") || strings.Contains(got, "secret") {
			t.Errorf("%s:\n%s", address, got)
		}
	}
}
