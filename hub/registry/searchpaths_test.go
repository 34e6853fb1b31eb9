package registry

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/search"
	"smartlink/link"
)

// testSearchRules: the tenant's rule wins over the one for all, both over the built-in paths; all of it is
// there after a restart and in the audit.
func testSearchRules(t *testing.T, at where) {
	f := newFixture(t, at)
	const command = "FinLanIncDataCommand"
	change := func(tenant uuid.UUID, typ string, paths ...string) link.SearchRule {
		t.Helper()
		return must(t)(f.ChangeSearch(t.Context(), "ana", tenant, typ, link.SearchChange{Paths: append([]string{}, paths...)})).(link.SearchRule)
	}
	holds := func(s *Store, tenant uuid.UUID, typ, source string, since time.Time, want ...string) {
		t.Helper()
		d := s.Current().SearchDetail(tenant, typ)
		if d.Source != source || !slices.Equal(d.Paths, want) || (d.Since == nil) != since.IsZero() || d.Since != nil && !d.Since.Equal(since) {
			t.Errorf("%s of %s: %+v, want %s %v since %s", typ, tenant, d, source, want, since)
		}
	}
	holds(f.Store, f.tenant, command, link.SearchBuiltIn, time.Time{}, search.Of(command).Texts()...)
	holds(f.Store, f.tenant, "Note", link.SearchNone, time.Time{})

	change(uuid.Nil, "Note", "/a")
	f.clock.Advance(time.Minute)
	r := change(f.tenant, "Note", "/b", "/c")
	if !r.ChangedAt.Equal(testStart.Add(time.Minute)) || r.ChangedBy != "ana" || *r.TenantID != f.tenant {
		t.Errorf("rule %+v", r)
	}
	change(uuid.Nil, command)
	holds(f.Store, f.tenant, "Note", link.SearchOwn, testStart.Add(time.Minute), "/b", "/c")
	holds(f.Store, uuid.New(), "Note", link.SearchOwn, testStart, "/a")
	holds(f.Store, f.tenant, command, link.SearchOwn, testStart.Add(time.Minute))
	if got := f.audit(); !slices.Contains(got, "ana search.change Note of tenant "+f.tenant.String()) {
		t.Errorf("audit %v", got)
	}
	n := len(f.audit())
	change(f.tenant, "Note", "/b", "/c")
	if got := f.audit(); len(got) != n {
		t.Errorf("a change of nothing is in the audit: %v", got)
	}

	p, _ := search.ParsePath("/A")
	if types, declared, since := f.Current().SearchTypes(uuid.New(), p); !slices.Equal(types, []string{"Note"}) || declared.String() != "/a" || !since.Equal(testStart) {
		t.Errorf("types %v, declared %v, since %s", types, declared, since)
	}
	if types, declared, _ := f.Current().SearchTypes(f.tenant, p); len(types) > 0 || declared != nil {
		t.Errorf("types %v", types)
	}

	names := func(s *Store) []string {
		t.Helper()
		var names []string
		l := List{Limit: 1}
		for {
			p := must(t)(s.SearchRules(t.Context(), l)).(link.Page[link.SearchRule])
			for _, r := range p.Items {
				names = append(names, r.Type)
			}
			if l.Cursor = p.Next; l.Cursor == "" {
				return names
			}
		}
	}
	if got := names(f.Store); !slices.Equal(got, []string{command, "Note", "Note"}) {
		t.Errorf("listed %v", got)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s := f.again()
	defer func() { _ = s.Close() }()
	holds(s, f.tenant, "Note", link.SearchOwn, testStart.Add(time.Minute), "/b", "/c")

	f.clock.Advance(time.Minute)
	if err := s.RemoveSearch(t.Context(), "ana", f.tenant, "Note"); err != nil {
		t.Fatal(err)
	}
	// What was sent while the tenant's rule held is not in the index of the wider one.
	holds(s, f.tenant, "Note", link.SearchOwn, testStart.Add(2*time.Minute), "/a")
	if err := s.RemoveSearch(t.Context(), "ana", uuid.Nil, command); err != nil {
		t.Fatal(err)
	}
	holds(s, f.tenant, command, link.SearchBuiltIn, testStart.Add(2*time.Minute), search.Of(command).Texts()...)
	if err := s.RemoveSearch(t.Context(), "ana", f.tenant, "Note"); link.CodeOf(err) != link.CodeNotFound {
		t.Errorf("removed twice: %v", err)
	}
	if got := names(s); !slices.Equal(got, []string{"Note"}) {
		t.Errorf("listed %v", got)
	}
	must(t)(s.ChangeSearch(t.Context(), "ana", f.tenant, "Note", link.SearchChange{Paths: []string{"/d"}}))
	holds(s, f.tenant, "Note", link.SearchOwn, testStart.Add(2*time.Minute), "/d")
}

func testSearchRulesRefused(t *testing.T, at where) {
	f := newFixture(t, at)
	for name, tc := range map[string]struct {
		typ    string
		paths  []string
		wrong  string
		tenant uuid.UUID
		code   link.Code
	}{
		"no type":        {typ: "*", paths: []string{"/a"}, wrong: "type", code: link.CodeRequestInvalid},
		"no list":        {typ: "Note", wrong: "/paths", code: link.CodeRequestInvalid},
		"no path":        {typ: "Note", paths: []string{"/a", "$.b"}, wrong: "/paths/1", code: link.CodeRequestInvalid},
		"too many":       {typ: "Note", paths: []string{"/a", "/b", "/c", "/d", "/e", "/f"}, wrong: "/paths", code: link.CodeRequestInvalid},
		"unknown tenant": {typ: "Note", paths: []string{"/a"}, tenant: uuid.New(), code: link.CodeNotFound},
	} {
		_, err := f.ChangeSearch(t.Context(), "ana", tc.tenant, tc.typ, link.SearchChange{Paths: tc.paths})
		if link.CodeOf(err) != tc.code {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if e, ok := errors.AsType[*link.Error](err); tc.wrong != "" && (!ok || len(e.Errors) != 1 || e.Errors[0].Pointer != tc.wrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.RemoveSearch(t.Context(), "ana", uuid.Nil, "Note"); link.CodeOf(err) != link.CodeNotFound {
		t.Errorf("removing what is not there: %v", err)
	}
}
