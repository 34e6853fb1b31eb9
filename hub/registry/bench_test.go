package registry

import (
	"fmt"
	"path/filepath"
	"testing"

	"smartlink/link"
)

// BenchmarkLoad reads a registry of 1,000 clients, which every change does once.
func BenchmarkLoad(b *testing.B) {
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "hub.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	tenant := link.NewID()
	fill := []string{
		fmt.Sprintf(`INSERT INTO company VALUES (x'01', 'Fazenda', 0); INSERT INTO tenant VALUES (x'%x', x'01', 'Produção', 0)`, tenant[:]),
		`INSERT INTO app VALUES ('GESPLAN', 'Gesplan', '["Cmd"]', '["CmdResponse"]')`,
		fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
			INSERT INTO client SELECT printf('%%032x', i), x'%x', 'client ' || i, 1, NULL, i FROM n`, tenant[:]),
		`INSERT INTO client_app SELECT id, 0, 'GESPLAN' FROM client`,
		`INSERT INTO secret SELECT id, id, randomblob(32), 0, NULL FROM client`,
	}
	for _, q := range fill {
		if _, err := s.db().ExecContext(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if err := s.Refresh(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	if len(s.Current().clients) != 1000 {
		b.Fatalf("%d clients", len(s.Current().clients))
	}
}
