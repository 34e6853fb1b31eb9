package inbox_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"smartlink/internal/sqltest"
)

// TestInsertOfThePageForDevelopers: the statement that the page shows for this kind of database puts up
// messages that can be sent.
func TestInsertOfThePageForDevelopers(t *testing.T) {
	w := newWorld(t)
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "en", "upstream.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, statement, _ := strings.Cut(string(page), "<!-- insert: "+string(sqltest.Kind())+" -->")
	_, statement, _ = strings.Cut(statement, "```sql")
	statement, _, _ = strings.Cut(statement, "```")
	for range 2 {
		w.Exec(t, statement)
	}
	rows, err := w.Outgoing(t.Context(), 0, 10)
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, r := range rows {
		if wrong := r.Complete(); wrong != nil || r.Message.Type != "FinLanBaixadoEvent" || r.Message.BusinessKey == "" {
			t.Errorf("%v: %+v", wrong, r)
		}
	}
	if n, err := w.BlockStrays(t.Context()); n != 0 || err != nil {
		t.Errorf("%d strays, %v", n, err)
	}
}
