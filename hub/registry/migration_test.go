package registry

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"

	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

// A hub.db of every earlier schema opens and keeps what it says. A new migration adds a file made
// by the one before.
func TestOldFilesOpen(t *testing.T) {
	files, err := filepath.Glob("testdata/hub-*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no old files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s := openAt(t, restore(t, file), clock.NewFake(testStart))
			defer func() { _ = s.Close() }()
			checkOldFile(t, s)
		})
	}
}

// restore makes a database of SQL and answers its path.
func restore(t *testing.T, file string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hub.db")
	db, err := sqldb.OpenSQLite(t.Context(), path, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), string(content)); err != nil {
		t.Fatal(err)
	}
	return path
}

func checkOldFile(t *testing.T, s *Store) {
	t.Helper()
	tenant := uuid.MustParse("b991502e-6faa-4e3a-aaf4-967c4fe2a196")
	c, err := s.AuthenticateClient(t.Context(), "ffffffffffffffffffffffffffffffff", "0123456789abcdef0123456789abcdef")
	if err != nil || c.Tenant != tenant || c.Epoch != 2 || !c.RevokedAt.Equal(testStart) || !slices.Equal(c.Apps, []string{"GESPLAN"}) {
		t.Errorf("client %+v, %v", c, err)
	}
	if u, err := s.AuthenticateKey(t.Context(), "slk_fixture"); err != nil || u.Role != link.RoleAdministrator {
		t.Errorf("key %+v, %v", u, err)
	}
	if a, ok := s.Current().App("GESPLAN"); !ok || !a.MaySend("Cmd") || !a.MayReceive("CmdResponse") {
		t.Errorf("app %+v", a)
	}
	if keys, err := s.SigningKeys(t.Context()); err != nil || len(keys) != 1 || keys[0].ID != "k1" {
		t.Errorf("signing keys %v, %v", keys, err)
	}
	if p, err := s.Audit(t.Context(), List{}); err != nil || len(p.Items) != 8 {
		t.Errorf("audit %v, %v", p.Items, err)
	}
	if p, err := s.Clients(t.Context(), tenant, List{}); err != nil || len(p.Items) != 1 || p.Items[0].Secrets[0].LastUsed == nil {
		t.Errorf("clients %v, %v", p.Items, err)
	}
	if code, fresh, err := s.StartCode(t.Context()); code != "" || fresh || err != nil {
		t.Errorf("a new first-start code: %v, %v", fresh, err)
	}
	must(t)(s.PutApp(t.Context(), "ana", "NEW", link.AppRequest{Name: "New"}))
}
