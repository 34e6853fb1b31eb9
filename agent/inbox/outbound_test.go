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
	// What nobody would ever send is blocked and shown: with each of these columns it stood there for ever.
	for _, wrong := range []string{`TYPEEVENT = 'upstream'`, `STATE = 'new'`, `HELD = 1`, `OUTSIDE = 'X'`, `DATATENTATIVAEXEC = 'tomorrow'`} {
		w.Exec(t, `UPDATE GTOTVSLINKMESSAGE SET `+wrong+` WHERE SEQ = ?`, rows[0].Seq)
		if n, err := w.BlockStrays(t.Context()); n != 1 || err != nil {
			t.Errorf("%s: %d strays, %v", wrong, n, err)
		}
		if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGE WHERE TYPEEVENT = 'Upstream' AND STATE = 'blocked' AND HELD = 0 AND OUTSIDE = '' AND DATATENTATIVAEXEC = ''`); n != 1 {
			t.Errorf("%s: %d blocked", wrong, n)
		}
		w.Exec(t, `UPDATE GTOTVSLINKMESSAGE SET STATE = 'stored' WHERE SEQ = ?`, rows[0].Seq)
	}
}
