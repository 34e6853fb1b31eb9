package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"smartlink/link"
)

// TestSchemasByCommands uploads a schema, looks at it, changes its mode and removes it.
func TestSchemasByCommands(t *testing.T) {
	a := newAdministrator(t)
	file := filepath.Join(t.TempDir(), "note.json")
	if err := os.WriteFile(file, []byte(`{"type":"object","required":["text"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	a.run(0, "schema", "set", "Note", "--file", file)
	r := decode[link.SchemaRule](t, a.run(0, "schema", "set", "Note", "--mode", "enforce", "--json"))
	if r.Mode != link.SchemaEnforce || r.Bytes == 0 {
		t.Errorf("rule %+v", r)
	}
	if out := a.run(0, "schema", "show", "Note"); !strings.Contains(out, "enforce") || !strings.Contains(out, `"required"`) {
		t.Errorf("show: %s", out)
	}
	if out := a.run(0, "schema", "list"); !strings.Contains(out, "Note") || !strings.Contains(out, r.SHA256[:12]) {
		t.Errorf("list: %s", out)
	}
	a.run(0, "schema", "remove", "Note")
	if out := a.run(0, "schema", "show", "Note"); !strings.Contains(out, "none") {
		t.Errorf("show after remove: %s", out)
	}
	a.run(1, "schema", "remove", "Note")
	a.run(1, "schema", "set", "Note")
	a.run(1, "schema", "set", "Note", "--mode", "off", "--tenant", "x")
	if err := os.WriteFile(file, []byte(`{`), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := a.run(1, "schema", "set", "Note", "--file", file); !strings.Contains(out, "is not JSON") {
		t.Errorf("a file that is no JSON: %s", out)
	}
}
