package registry

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"smartlink/hub/schema"
	"smartlink/link"
)

// testSchemaRules: the tenant's rule wins over the one for all, the type's over the one for every type,
// an own schema over the built-in one; all of it is there after a restart and in the audit.
func testSchemaRules(t *testing.T, at where) {
	f := newFixture(t, at)
	const command = "FinLanIncDataCommand"
	change := func(tenant uuid.UUID, typ string, c link.SchemaChange) link.SchemaRule {
		t.Helper()
		return must(t)(f.ChangeSchema(t.Context(), "ana", tenant, typ, c)).(link.SchemaRule)
	}
	holds := func(s *Store, tenant uuid.UUID, typ string, want link.SchemaMode, source string) {
		t.Helper()
		if d := s.Current().SchemaDetail(tenant, typ); d.Mode != want || d.Source != source {
			t.Errorf("%s of %s: %s %s, want %s %s", typ, tenant, d.Mode, d.Source, want, source)
		}
	}
	holds(f.Store, f.tenant, command, link.SchemaWarn, link.SchemaBuiltIn)
	holds(f.Store, f.tenant, "Note", link.SchemaWarn, link.SchemaNone)

	change(uuid.Nil, link.AnyType, link.SchemaChange{Mode: new(link.SchemaOff)})
	holds(f.Store, f.tenant, command, link.SchemaOff, link.SchemaBuiltIn)
	change(uuid.Nil, command, link.SchemaChange{Mode: new(link.SchemaWarn)})
	holds(f.Store, f.tenant, command, link.SchemaWarn, link.SchemaBuiltIn)
	change(f.tenant, link.AnyType, link.SchemaChange{Mode: new(link.SchemaEnforce)})
	holds(f.Store, f.tenant, command, link.SchemaEnforce, link.SchemaBuiltIn)
	holds(f.Store, uuid.New(), command, link.SchemaWarn, link.SchemaBuiltIn)
	own := change(f.tenant, "Note", link.SchemaChange{Schema: []byte(`{"type":"object"}`)})
	holds(f.Store, f.tenant, "Note", link.SchemaEnforce, link.SchemaOwn)
	holds(f.Store, uuid.New(), "Note", link.SchemaOff, link.SchemaNone)
	if own.Mode != "" || own.Bytes != 17 || len(own.SHA256) != 64 || own.ChangedBy != "ana" || !own.ChangedAt.Equal(testStart) {
		t.Errorf("rule %+v", own)
	}

	before, _ := f.Current().SchemaOf(f.tenant, "Note")
	change(f.tenant, "Note", link.SchemaChange{Mode: new(link.SchemaWarn)}) // the schema stays, compiled
	if after, m := f.Current().SchemaOf(f.tenant, "Note"); after != before || m != link.SchemaWarn {
		t.Errorf("the schema was made anew, or mode %s", m)
	}
	n := len(f.audit())
	change(f.tenant, "Note", link.SchemaChange{Mode: new(link.SchemaWarn), Schema: []byte(`{"type":"object"}`)})
	if got := f.audit(); len(got) != n || !slices.Contains(got, "ana schema.change Note of tenant "+f.tenant.String()) {
		t.Errorf("audit %v", got)
	}

	var names []string
	l := List{Limit: 2}
	for {
		p := must(t)(f.Schemas(t.Context(), l)).(link.Page[link.SchemaRule])
		for _, r := range p.Items {
			names = append(names, r.Type)
		}
		if l.Cursor = p.Next; l.Cursor == "" {
			break
		}
	}
	if want := []string{"*", "*", command, "Note"}; !slices.Equal(names, want) {
		t.Errorf("listed %v, want %v", names, want)
	}

	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s := f.again()
	defer func() { _ = s.Close() }()
	holds(s, f.tenant, "Note", link.SchemaWarn, link.SchemaOwn)
	if sch, _ := s.Current().SchemaOf(f.tenant, "Note"); len(sch.Check([]byte(`[]`))) != 1 || len(sch.Check([]byte(`{}`))) != 0 {
		t.Error("the stored schema does not check")
	}
	for range 2 {
		err := s.RemoveSchema(t.Context(), "ana", f.tenant, "Note")
		if want := link.Code(""); link.CodeOf(err) != want && link.CodeOf(err) != link.CodeNotFound {
			t.Error(err)
		}
	}
	holds(s, f.tenant, "Note", link.SchemaEnforce, link.SchemaNone)
	if sch, _ := s.Current().SchemaOf(f.tenant, command); sch != schema.Of(command) {
		t.Error("not the built-in schema")
	}
}

func testSchemaRulesRefused(t *testing.T, at where) {
	f := newFixture(t, at)
	for name, tc := range map[string]struct {
		tenant  uuid.UUID
		typ     string
		change  link.SchemaChange
		code    link.Code
		pointer string
	}{
		"nothing":            {f.tenant, "Note", link.SchemaChange{}, link.CodeRequestInvalid, ""},
		"null":               {f.tenant, "Note", link.SchemaChange{Schema: []byte("null")}, link.CodeRequestInvalid, ""},
		"mode":               {f.tenant, "Note", link.SchemaChange{Mode: new(link.SchemaMode("loud"))}, link.CodeRequestInvalid, "/mode"},
		"type":               {f.tenant, "no type!", link.SchemaChange{Mode: new(link.SchemaMode("off"))}, link.CodeRequestInvalid, "type"},
		"tenant":             {uuid.New(), "Note", link.SchemaChange{Mode: new(link.SchemaMode("off"))}, link.CodeNotFound, ""},
		"schema of all":      {f.tenant, "*", link.SchemaChange{Schema: []byte(`{}`)}, link.CodeRequestInvalid, "/schema"},
		"no schema":          {f.tenant, "Note", link.SchemaChange{Schema: []byte(`{"type":"thing"}`)}, link.CodeRequestInvalid, "/schema"},
		"pattern":            {f.tenant, "Note", link.SchemaChange{Schema: []byte(`{"pattern":"("}`)}, link.CodeRequestInvalid, "/schema"},
		"file of the hub":    {f.tenant, "Note", link.SchemaChange{Schema: []byte(`{"$ref":"file:///etc/hostname"}`)}, link.CodeRequestInvalid, "/schema"},
		"address":            {f.tenant, "Note", link.SchemaChange{Schema: []byte(`{"$ref":"http://127.0.0.1:1/x"}`)}, link.CodeRequestInvalid, "/schema"},
		"too large":          {f.tenant, "Note", link.SchemaChange{Schema: []byte(`{"title":"` + strings.Repeat("x", link.MaxSchema) + `"}`)}, link.CodeRequestInvalid, "/schema"},
		"names itself, open": {f.tenant, "Note", link.SchemaChange{Schema: []byte(`{"$ref":"#/$defs/none"}`)}, link.CodeRequestInvalid, "/schema"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.ChangeSchema(t.Context(), "ana", tc.tenant, tc.typ, tc.change)
			wantErr(t, err, tc.code, tc.pointer)
		})
	}
	if n := len(f.audit()); n != 4 {
		t.Errorf("%d audit entries: a refused change left one", n)
	}
}

// testSchemasAreBounded: beyond link.MaxSchemas there is no room, but those there are can be replaced.
func testSchemasAreBounded(t *testing.T, at where) {
	f := newFixture(t, at)
	if _, err := f.db().ExecContext(t.Context(), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO schema_rule (type, tenant, schema, hash, changed_at, changed_by) SELECT 'T' || i, $2, $3, $4, 0, 'x' FROM n`,
		link.MaxSchemas, []byte{}, []byte("{}"), make([]byte, 32)); err != nil {
		t.Fatal(err)
	}
	_, err := f.ChangeSchema(t.Context(), "ana", uuid.Nil, "Note", link.SchemaChange{Schema: []byte(`{}`)})
	wantErr(t, err, link.CodeRequestInvalid, "/schema")
	must(t)(f.ChangeSchema(t.Context(), "ana", uuid.Nil, "T7", link.SchemaChange{Schema: []byte(`{"type":"object"}`)}))
}

func wantErr(t *testing.T, err error, code link.Code, pointer string) {
	t.Helper()
	if link.CodeOf(err) != code {
		t.Fatalf("%v, want %s", err, code)
	}
	if pointer != "" && !strings.Contains(err.Error(), "; "+pointer+": ") {
		t.Errorf("%v does not point at %s", err, pointer)
	}
}
