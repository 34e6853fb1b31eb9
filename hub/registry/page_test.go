package registry

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/uuid"

	"smartlink/link"
)

// all reads a list page by page and answers the keys of its items.
func all[T any](t *testing.T, limit int, list func(List) (link.Page[T], error), key func(T) string) []string {
	t.Helper()
	var keys []string
	for l := (List{Limit: limit}); ; {
		p, err := list(l)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Items) > limit || p.Next != "" && len(p.Items) < limit {
			t.Errorf("page of %d with limit %d, next %q", len(p.Items), limit, p.Next)
		}
		for _, item := range p.Items {
			keys = append(keys, key(item))
		}
		if p.Next == "" {
			return keys
		}
		l.Cursor = p.Next
	}
}

// Every list, read in pages of any size, gives each item once and in order.
func testListsPageByCursor(t *testing.T, at where) {
	f := newEmpty(t, at)
	ctx := t.Context()
	var companies, tenants, apps, clients []string
	for _, i := range rand.Perm(7) {
		name := fmt.Sprintf("company %d", i)
		must(t)(f.CreateCompany(ctx, "ana", link.CompanyRequest{Name: name}))
		companies = append(companies, name)
		code := fmt.Sprintf("APP-%d", i)
		must(t)(f.PutApp(ctx, "ana", code, link.AppRequest{Name: "App"}))
		apps = append(apps, code)
		for _, tn := range []string{"b", "a"} {
			tenant := must(t)(f.CreateTenant(ctx, "ana", link.TenantRequest{Company: name, Name: tn})).(link.Tenant)
			tenants = append(tenants, name+"/"+tn)
			f.tenant = tenant.ID
			for range 2 { // two of the same name
				c := f.client("same", code)
				clients = append(clients, tenant.ID.String()+string(c.ID))
			}
		}
	}
	for _, want := range [][]string{companies, tenants, apps, clients} {
		slices.Sort(want)
	}
	actions := f.audit()
	slices.Reverse(actions)
	for _, limit := range []int{1, 2, 7, 500} {
		t.Run(fmt.Sprint("limit ", limit), func(t *testing.T) {
			check := func(what string, got, want []string) {
				t.Helper()
				if !slices.Equal(got, want) {
					t.Errorf("%s: %v, want %v", what, got, want)
				}
			}
			check("companies", all(t, limit, func(l List) (link.Page[link.Company], error) { return f.Companies(ctx, l) },
				func(c link.Company) string { return c.Name }), companies)
			check("tenants", all(t, limit, func(l List) (link.Page[link.Tenant], error) { return f.Tenants(ctx, l) },
				func(t link.Tenant) string { return t.Company + "/" + t.Name }), tenants)
			check("apps", all(t, limit, func(l List) (link.Page[link.App], error) { return f.Apps(ctx, l) },
				func(a link.App) string { return a.Code }), apps)
			check("clients", all(t, limit, func(l List) (link.Page[link.Client], error) { return f.Clients(ctx, uuid.Nil, l) },
				func(c link.Client) string { return c.TenantID.String() + string(c.ID) }), clients)
			check("audit", all(t, limit, func(l List) (link.Page[link.AuditEntry], error) { return f.Audit(ctx, l) },
				func(e link.AuditEntry) string { return e.Actor + " " + e.Action + " " + e.Target }), actions)
		})
	}
	own, err := f.Clients(ctx, f.tenant, List{})
	if err != nil || len(own.Items) != 2 || own.Items[0].TenantID != f.tenant || own.Items[1].TenantID != f.tenant {
		t.Errorf("clients of one tenant: %v, %v", own.Items, err)
	}
}

func TestListLimits(t *testing.T) {
	for given, want := range map[int]int{-1: DefaultPage, 0: DefaultPage, 1: 1, MaxPage: MaxPage, MaxPage + 1: MaxPage} {
		if got := (List{Limit: given}).limit(); got != want {
			t.Errorf("limit %d gives %d, want %d", given, got, want)
		}
	}
}

func testForeignCursors(t *testing.T, at where) {
	f := newEmpty(t, at)
	encode := base64.RawURLEncoding.EncodeToString
	for _, cursor := range []string{"%", "x", encode([]byte(`{`)), encode([]byte(`["a","b","c","d"]`)), encode([]byte(`[1]`)), encode([]byte(`null`))} {
		_, err := f.Companies(t.Context(), List{Cursor: cursor})
		wantRefusal(t, err, link.CodeRequestInvalid, "cursor")
	}
	_, err := f.Audit(t.Context(), List{Cursor: encode([]byte(`["x"]`))})
	wantRefusal(t, err, link.CodeRequestInvalid, "cursor")
	_, err = f.Clients(t.Context(), uuid.Nil, List{Cursor: encode([]byte(`["x","y","z"]`))})
	wantRefusal(t, err, link.CodeRequestInvalid, "cursor")
}

func FuzzCursor(f *testing.F) {
	f.Add("", 1)
	f.Add("WyJhIl0", 1)
	f.Add("WyJhIiwiYiJd", 2)
	f.Fuzz(func(t *testing.T, cursor string, n int) {
		n = n&3 + 1
		key, err := List{Cursor: cursor}.after(n)
		if err == nil && len(key) != n {
			t.Errorf("%d parts, want %d", len(key), n)
		}
		if err != nil && link.CodeOf(err) != link.CodeRequestInvalid {
			t.Errorf("error %v has no code for the caller", err)
		}
	})
}
