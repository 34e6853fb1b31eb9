package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/internal/clock"
	"smartlink/link"
)

var testStart = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

// fixture is a registry on a file of its own with one company, tenant and two apps.
type fixture struct {
	*Store
	t      *testing.T
	at     where
	path   string // or address
	clock  *clock.Fake
	tenant uuid.UUID
}

func openAt(t *testing.T, path string, c clock.Clock) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newEmpty opens a registry with nothing in it; it is closed with the test.
func newEmpty(t *testing.T, at where) *fixture {
	t.Helper()
	f := &fixture{t: t, at: at, path: at.fresh(t), clock: clock.NewFake(testStart)}
	f.Store = f.again()
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// again opens the registry once more.
func (f *fixture) again() *Store {
	f.t.Helper()
	s, err := f.at.open(f.t.Context(), f.path, Options{Clock: f.clock})
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func newFixture(t *testing.T, at where) *fixture {
	t.Helper()
	f := newEmpty(t, at)
	must(t)(f.CreateCompany(t.Context(), "ana", link.CompanyRequest{Name: "Fazenda"}))
	f.tenant = must(t)(f.CreateTenant(t.Context(), "ana", link.TenantRequest{Company: "Fazenda", Name: "Produção"})).(link.Tenant).ID
	must(t)(f.PutApp(t.Context(), "ana", "GESPLAN", link.AppRequest{Name: "Gesplan", Sends: []string{"Cmd"}, Receives: []string{"CmdResponse"}}))
	must(t)(f.PutApp(t.Context(), "ana", "GESPLAN-RM", link.AppRequest{Name: "Gesplan Rm", Sends: []string{"CmdResponse"}, Receives: []string{"Cmd"}}))
	return f
}

func (f *fixture) client(name string, apps ...string) link.ClientCreated {
	f.t.Helper()
	c, err := f.CreateClient(f.t.Context(), "ana", link.ClientRequest{TenantID: f.tenant.String(), Name: name, Apps: apps})
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// audit answers the actions recorded, oldest first.
func (f *fixture) audit() []string {
	f.t.Helper()
	p, err := f.Audit(f.t.Context(), List{Limit: MaxPage})
	if err != nil {
		f.t.Fatal(err)
	}
	actions := make([]string, 0, len(p.Items))
	for _, e := range slices.Backward(p.Items) {
		actions = append(actions, e.Actor+" "+e.Action+" "+e.Target)
	}
	return actions
}

func must(t *testing.T) func(any, error) any {
	return func(v any, err error) any {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wantRefusal checks an error's code and the pointers it names.
func wantRefusal(t *testing.T, err error, code link.Code, pointers ...string) {
	t.Helper()
	if link.CodeOf(err) != code {
		t.Fatalf("error %v, want code %s", err, code)
	}
	var e *link.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T is no *link.Error", err)
	}
	var got []string
	for _, f := range e.Errors {
		got = append(got, f.Pointer)
		if s := f.Text(); s.PT == "" || s.EN == "" || s.PT == s.EN {
			t.Errorf("%s: %q in both languages", f.Pointer, s.PT)
		}
	}
	if !slices.Equal(got, pointers) {
		t.Errorf("pointers %v, want %v (%v)", got, pointers, err)
	}
}

func testNewRegistryIsEmptyAndSound(t *testing.T, at where) {
	f := newEmpty(t, at)
	if err := f.Check(t.Context()); err != nil {
		t.Error(err)
	}
	clients, err := f.Clients(t.Context(), uuid.Nil, List{})
	if err != nil || clients.Items == nil || len(clients.Items) != 0 {
		t.Errorf("clients %v, %v; want an empty list", clients, err)
	}
}

func testCheckFailsWhenTheFileIsGone(t *testing.T, at where) {
	f := newEmpty(t, at)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f.Check(t.Context()) == nil {
		t.Error("a closed registry says it is sound")
	}
}

func testCompanyNames(t *testing.T, at where) {
	for name, tc := range map[string]struct {
		given, want string
		code        link.Code
	}{
		"plain":              {"Fazenda Boa Vista S.A.", "Fazenda Boa Vista S.A.", ""},
		"space is taken off": {"  Sítio\t", "Sítio", ""},
		"100 characters":     {strings.Repeat("ç", 100), strings.Repeat("ç", 100), ""},
		"empty":              {" ", "", link.CodeRequestInvalid},
		"101 characters":     {strings.Repeat("ç", 101), "", link.CodeRequestInvalid},
		"control character":  {"a\x00b", "", link.CodeRequestInvalid},
		"not UTF-8":          {"a\xffb", "", link.CodeRequestInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			f := newEmpty(t, at)
			c, err := f.CreateCompany(t.Context(), "ana", link.CompanyRequest{Name: tc.given})
			if tc.code != "" {
				wantRefusal(t, err, tc.code, "/name")
				return
			}
			if err != nil || c.Name != tc.want || !c.CreatedAt.Equal(testStart) {
				t.Errorf("%+v, %v", c, err)
			}
		})
	}
}

func testCompanyTwiceIsAConflict(t *testing.T, at where) {
	f := newFixture(t, at)
	_, err := f.CreateCompany(t.Context(), "ana", link.CompanyRequest{Name: "Fazenda"})
	wantRefusal(t, err, link.CodeConflict, "/name")
	if !strings.Contains(err.Error(), `"Fazenda" exists already`) {
		t.Errorf("the text does not name the company: %v", err)
	}
}

func testTenantIDs(t *testing.T, at where) {
	const dashed, plain = "b991502e-6faa-4e3a-aaf4-967c4fe2a196", "B991502E6FAA4E3AAAF4967C4FE2A196"
	for _, id := range []string{dashed, plain} {
		f := newFixture(t, at)
		tenant, err := f.CreateTenant(t.Context(), "ana", link.TenantRequest{ID: &id, Company: "Fazenda", Name: "Teste"})
		if err != nil || tenant.ID.String() != dashed || tenant.Company != "Fazenda" {
			t.Fatalf("%+v, %v", tenant, err)
		}
		for _, again := range []string{dashed, plain} {
			_, err := f.CreateTenant(t.Context(), "ana", link.TenantRequest{ID: &again, Company: "Fazenda", Name: "Outro"})
			wantRefusal(t, err, link.CodeConflict, "/id")
		}
	}
}

func testTenantRefusals(t *testing.T, at where) {
	f := newFixture(t, at)
	bad, null := "{b991502e-6faa-4e3a-aaf4-967c4fe2a196}", uuid.Nil.String()
	for name, tc := range map[string]struct {
		r        link.TenantRequest
		code     link.Code
		pointers []string
	}{
		"unknown company": {link.TenantRequest{Company: "Nenhuma", Name: "X"}, link.CodeNotFound, []string{"/company"}},
		"no company":      {link.TenantRequest{Name: "X"}, link.CodeNotFound, []string{"/company"}},
		"name again":      {link.TenantRequest{Company: "Fazenda", Name: "Produção"}, link.CodeConflict, []string{"/name"}},
		"id no UUID":      {link.TenantRequest{ID: &bad, Company: "Fazenda", Name: ""}, link.CodeRequestInvalid, []string{"/name", "/id"}},
		"id zero":         {link.TenantRequest{ID: &null, Company: "Fazenda", Name: "X"}, link.CodeRequestInvalid, []string{"/id"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.CreateTenant(t.Context(), "ana", tc.r)
			wantRefusal(t, err, tc.code, tc.pointers...)
		})
	}
}

func testTenantNamesItsCompanyByID(t *testing.T, at where) {
	f := newFixture(t, at)
	companies, err := f.Companies(t.Context(), List{})
	if err != nil {
		t.Fatal(err)
	}
	tenant, err := f.CreateTenant(t.Context(), "ana", link.TenantRequest{Company: companies.Items[0].ID.String(), Name: "Teste"})
	if err != nil || tenant.Company != "Fazenda" {
		t.Errorf("%+v, %v", tenant, err)
	}
	ids, err := f.TenantIDs(t.Context())
	if err != nil || len(ids) != 2 || !slices.Contains(ids, tenant.ID) {
		t.Errorf("tenants %v, %v", ids, err)
	}
}

func testAppRefusals(t *testing.T, at where) {
	f := newEmpty(t, at)
	many := make([]string, link.MaxTypes+1)
	for i := range many {
		many[i] = fmt.Sprintf("T%d", i)
	}
	for name, tc := range map[string]struct {
		code     string
		r        link.AppRequest
		pointers []string
	}{
		"code":           {"gesplan", link.AppRequest{Name: "G"}, []string{"code"}},
		"types":          {"GESPLAN", link.AppRequest{Name: "G", Sends: []string{"Ok", "1x"}, Receives: []string{"a b"}}, []string{"/sends/1", "/receives/0"}},
		"too many types": {"GESPLAN", link.AppRequest{Name: "G", Sends: many}, []string{"/sends"}},
		"all at once":    {"", link.AppRequest{Sends: []string{""}}, []string{"/name", "/sends/0", "code"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.PutApp(t.Context(), "ana", tc.code, tc.r)
			wantRefusal(t, err, link.CodeRequestInvalid, tc.pointers...)
		})
	}
}

func testPutAppReplacesAndIsIdempotent(t *testing.T, at where) {
	f := newFixture(t, at)
	before := len(f.audit())
	same := link.AppRequest{Name: "Gesplan", Sends: []string{"Cmd", "Cmd"}, Receives: []string{"CmdResponse"}}
	app, err := f.PutApp(t.Context(), "ana", "GESPLAN", same)
	if err != nil || !slices.Equal(app.Sends, []string{"Cmd"}) {
		t.Fatalf("%+v, %v", app, err)
	}
	if n := len(f.audit()); n != before {
		t.Errorf("putting the same left %d audit entries", n-before)
	}
	must(t)(f.PutApp(t.Context(), "ana", "GESPLAN", link.AppRequest{Name: "Gesplan", Sends: []string{"Other"}}))
	if a, _ := f.Current().App("GESPLAN"); !a.MaySend("Other") || a.MaySend("Cmd") || a.MayReceive("CmdResponse") || !a.MaySend(link.TypeMetrics) {
		t.Errorf("snapshot still has %+v", a)
	}
	if last := f.audit()[before]; last != "ana app.change GESPLAN" {
		t.Errorf("audit says %q", last)
	}
}

func testCreateClientTellsAllThatIsUnknown(t *testing.T, at where) {
	f := newFixture(t, at)
	for name, tc := range map[string]struct {
		r        link.ClientRequest
		pointers []string
	}{
		"unknown":   {link.ClientRequest{TenantID: uuid.NewString(), Name: "x", Apps: []string{"GESPLAN", "GESPLAN", "NO-1", "NO-2"}}, []string{"/tenantId", "/apps/2", "/apps/3"}},
		"malformed": {link.ClientRequest{TenantID: "x"}, []string{"/name", "/apps", "/tenantId"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.CreateClient(t.Context(), "ana", tc.r)
			wantRefusal(t, err, link.CodeRequestInvalid, tc.pointers...)
		})
	}
	if p, err := f.Clients(t.Context(), uuid.Nil, List{}); err != nil || len(p.Items) != 0 {
		t.Errorf("refused clients were stored: %v, %v", p.Items, err)
	}
}

func testCreatedClientIsInTheSnapshotAtOnce(t *testing.T, at where) {
	f := newFixture(t, at)
	before := f.Current()
	c := f.client("gesplan", "GESPLAN-RM", "GESPLAN", "GESPLAN-RM")
	if _, err := link.ParseClientID(string(c.ID)); err != nil || len(c.Secret) != 32 {
		t.Errorf("id %q, secret of %d characters, %v", c.ID, len(c.Secret), err)
	}
	got, ok := f.Current().Client(c.ID)
	if !ok || got.Tenant != f.tenant || got.Name != "gesplan" || got.Epoch != 1 || !slices.Equal(got.Apps, []string{"GESPLAN-RM", "GESPLAN"}) {
		t.Errorf("snapshot has %+v", got)
	}
	if ids := f.Current().ClientsOf(f.tenant, "GESPLAN"); !slices.Equal(ids, []link.ClientID{c.ID}) {
		t.Errorf("clients of the app: %v", ids)
	}
	if apps := f.Current().AppsOf(got); len(apps) != 2 || apps[0].Code != "GESPLAN-RM" {
		t.Errorf("apps of the client: %v", apps)
	}
	if !f.Current().AnySends("Cmd") || f.Current().AnySends("Nobody") {
		t.Error("AnySends is wrong")
	}
	if _, ok := before.Client(c.ID); ok {
		t.Error("the snapshot from before was changed")
	}
}

func testChangeClient(t *testing.T, at where) {
	f := newFixture(t, at)
	c := f.client("gesplan", "GESPLAN")
	name, apps, unknown, none := "novo", []string{"GESPLAN-RM"}, []string{"NO-1"}, []string{}
	for why, tc := range map[string]struct {
		r        link.ClientChange
		code     link.Code
		pointers []string
	}{
		"unknown app": {link.ClientChange{Name: &name, Apps: &unknown}, link.CodeRequestInvalid, []string{"/apps/0"}},
		"no app":      {link.ClientChange{Apps: &none}, link.CodeRequestInvalid, []string{"/apps"}},
	} {
		t.Run(why, func(t *testing.T) {
			_, err := f.ChangeClient(t.Context(), "ana", c.ID, tc.r)
			wantRefusal(t, err, tc.code, tc.pointers...)
		})
	}
	_, err := f.ChangeClient(t.Context(), "ana", link.NewClientID(), link.ClientChange{Name: &name})
	wantRefusal(t, err, link.CodeNotFound)

	changed, err := f.ChangeClient(t.Context(), "ana", c.ID, link.ClientChange{Name: &name, Apps: &apps})
	if err != nil || changed.Name != name || !slices.Equal(changed.Apps, apps) || changed.Epoch != 1 || len(changed.Secrets) != 1 {
		t.Fatalf("%+v, %v", changed, err)
	}
	if got, _ := f.Current().Client(c.ID); got.Name != name || !slices.Equal(got.Apps, apps) {
		t.Errorf("snapshot has %+v", got)
	}
	p, err := f.Audit(t.Context(), List{Limit: 1})
	if err != nil || p.Items[0].Detail != "name gesplan -> novo; apps GESPLAN -> GESPLAN-RM" {
		t.Errorf("audit %+v, %v", p.Items, err)
	}
	must(t)(f.ChangeClient(t.Context(), "ana", c.ID, link.ClientChange{}))
	if q, err := f.Audit(t.Context(), List{Limit: 1}); err != nil || q.Items[0] != p.Items[0] {
		t.Errorf("a change of nothing was recorded: %+v, %v", q.Items, err)
	}
}

func testRevokeRaisesTheEpochAndReplacingASecretDoesNot(t *testing.T, at where) {
	f := newFixture(t, at)
	c := f.client("gesplan", "GESPLAN")
	must(t)(f.AddSecret(t.Context(), "ana", c.ID))
	if err := f.RemoveSecret(t.Context(), "ana", c.ID, c.Secrets[0].ID); err != nil {
		t.Fatal(err)
	}
	if got, _ := f.Current().Client(c.ID); got.Epoch != 1 || !got.RevokedAt.IsZero() {
		t.Errorf("after replacing the secret: %+v", got)
	}
	f.clock.Advance(time.Hour)
	revoked, err := f.Revoke(t.Context(), "ana", c.ID)
	if err != nil || revoked.Epoch != 2 || revoked.RevokedAt == nil || !revoked.RevokedAt.Equal(testStart.Add(time.Hour)) {
		t.Errorf("%+v, %v", revoked, err)
	}
	if got, _ := f.Current().Client(c.ID); got.Epoch != 2 || !got.RevokedAt.Equal(*revoked.RevokedAt) {
		t.Errorf("snapshot has %+v", got)
	}
	_, err = f.Revoke(t.Context(), "ana", link.NewClientID())
	wantRefusal(t, err, link.CodeNotFound)
}

func testEveryChangeIsAuditedWithItsActor(t *testing.T, at where) {
	f := newEmpty(t, at)
	ctx := t.Context()
	code, _, err := f.StartCode(ctx)
	if err != nil {
		t.Fatal(err)
	}
	must(t)(f.Init(ctx, link.InitRequest{Code: code, User: "ana"}))
	company := must(t)(f.CreateCompany(ctx, "ana", link.CompanyRequest{Name: "Fazenda"})).(link.Company)
	tenant := must(t)(f.CreateTenant(ctx, "bia", link.TenantRequest{Company: "Fazenda", Name: "Produção"})).(link.Tenant)
	must(t)(f.PutApp(ctx, "ana", "GESPLAN", link.AppRequest{Name: "Gesplan"}))
	f.tenant = tenant.ID
	c := f.client("gesplan", "GESPLAN")
	must(t)(f.AddSecret(ctx, "bia", c.ID))
	must(t)(f.Revoke(ctx, "bia", c.ID))
	if err := f.RemoveSecret(ctx, "ana", c.ID, c.Secrets[0].ID); err != nil {
		t.Fatal(err)
	}
	must(t)(f.AddSigningKey(ctx, System, SigningKey{ID: "k1", Sealed: []byte{1}}, ""))
	if err := errors.Join(
		f.EraseSigningKeys(ctx, System, []string{"k1"}),
		f.Record(ctx, link.AuditEntry{Actor: "bia", Action: "message.copy", Target: "m1"}),
	); err != nil {
		t.Fatal(err)
	}
	id := string(c.ID)
	want := []string{
		"hub start-code.create start-code", "ana person.create ana", "ana company.create " + company.ID.String(),
		"bia tenant.create " + tenant.ID.String(), "ana app.create GESPLAN", "ana client.create " + id, "bia secret.add " + id,
		"bia client.revoke " + id, "ana secret.remove " + id, "hub signing-key.create k1", "hub signing-key.erase k1", "bia message.copy m1",
	}
	if got := f.audit(); !slices.Equal(got, want) {
		t.Errorf("audit\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A change and its audit entry are one transaction: without the entry there is no change, and the
// snapshot stays.
func testNoChangeWithoutItsAuditEntry(t *testing.T, at where) {
	f := newFixture(t, at)
	c := f.client("gesplan", "GESPLAN")
	second := must(t)(f.AddSecret(t.Context(), "ana", c.ID)).(link.SecretCreated)
	before, snapshot := f.dump(), f.Current()
	must(t)(f.db().ExecContext(t.Context(), at.full))
	name := "novo"
	for what, do := range map[string]func(context.Context) error{
		"company": func(ctx context.Context) error {
			_, err := f.CreateCompany(ctx, "ana", link.CompanyRequest{Name: "Outra"})
			return err
		},
		"tenant": func(ctx context.Context) error {
			_, err := f.CreateTenant(ctx, "ana", link.TenantRequest{Company: "Fazenda", Name: "Outro"})
			return err
		},
		"app": func(ctx context.Context) error {
			_, err := f.PutApp(ctx, "ana", "GESPLAN", link.AppRequest{Name: "Outro"})
			return err
		},
		"client": func(ctx context.Context) error {
			_, err := f.CreateClient(ctx, "ana", link.ClientRequest{TenantID: f.tenant.String(), Name: "x", Apps: []string{"GESPLAN"}})
			return err
		},
		"change": func(ctx context.Context) error {
			_, err := f.ChangeClient(ctx, "ana", c.ID, link.ClientChange{Name: &name})
			return err
		},
		"remove secret": func(ctx context.Context) error { return f.RemoveSecret(ctx, "ana", c.ID, second.ID) },
		"revoke":        func(ctx context.Context) error { _, err := f.Revoke(ctx, "ana", c.ID); return err },
		"signing key": func(ctx context.Context) error {
			_, err := f.AddSigningKey(ctx, "ana", SigningKey{ID: "k"}, "")
			return err
		},
		"start code": func(ctx context.Context) error { _, _, err := f.StartCode(ctx); return err },
	} {
		t.Run(what, func(t *testing.T) {
			if do(t.Context()) == nil {
				t.Error("done without an audit entry")
			}
		})
	}
	if after := f.dump(); after != before {
		t.Errorf("something changed:\n%s\nbefore:\n%s", after, before)
	}
	if f.Current() != snapshot {
		t.Error("the snapshot was replaced")
	}
}

// dump answers the content of all tables that changes write.
func (f *fixture) dump() string {
	f.t.Helper()
	var b strings.Builder
	for _, q := range []string{
		`SELECT id, name FROM company`, `SELECT id, name FROM tenant`, `SELECT code, name || sends || receives FROM app`,
		`SELECT id, name || epoch FROM client`, `SELECT client, app FROM client_app`, `SELECT id, client FROM secret`,
		`SELECT id, use_from FROM signing_key`, `SELECT one, hash FROM start_code`, `SELECT n, action FROM audit`,
	} {
		rows, err := f.db().QueryContext(f.t.Context(), q+" ORDER BY 1, 2")
		if err != nil {
			f.t.Fatal(err)
		}
		for rows.Next() {
			var x, y string
			if err := rows.Scan(&x, &y); err != nil {
				f.t.Fatal(err)
			}
			fmt.Fprintln(&b, x, y)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			f.t.Fatal(err)
		}
	}
	return b.String()
}

func TestFileThatCannotBeWrittenIsUnavailable(t *testing.T) {
	f := newFixture(t, file)
	f.db().SetMaxOpenConns(1)
	must(t)(f.db().ExecContext(t.Context(), `PRAGMA query_only = ON`))
	_, err := f.CreateCompany(t.Context(), "ana", link.CompanyRequest{Name: "Outra"})
	wantRefusal(t, err, link.CodeUnavailable)
	wantRefusal(t, f.Record(t.Context(), link.AuditEntry{Actor: "ana", Action: "a", Target: "b"}), link.CodeUnavailable)
	if err := f.Check(t.Context()); err == nil {
		t.Error("a registry that cannot be written says it is sound")
	}
	must(t)(f.db().ExecContext(t.Context(), `PRAGMA query_only = OFF`))
	if err := f.Check(t.Context()); err != nil {
		t.Errorf("it does not recover: %v", err)
	}
	if _, err = f.CreateCompany(t.Context(), "ana", link.CompanyRequest{Name: "Outra"}); err != nil {
		t.Error(err)
	}
}

func testAChangeBegunIsFinishedAndOneOfNobodyIsNotBegun(t *testing.T, at where) {
	f := newFixture(t, at)
	ctx, cancel := context.WithCancel(t.Context())
	err := f.change(ctx, "ana", func(ctx context.Context, c *change) error {
		cancel()
		_, err := c.ExecContext(ctx, `INSERT INTO app (code, name, sends, receives) VALUES ('NEW', 'New', '[]', '[]')`)
		return err
	})
	if _, ok := f.Current().App("NEW"); err != nil || !ok {
		t.Errorf("the change of a caller who went away: %v, in the snapshot %v", err, ok)
	}
	if _, err := f.CreateCompany(ctx, "ana", link.CompanyRequest{Name: "Outra"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func testRefreshSeesWhatOthersChanged(t *testing.T, at where) {
	f := newFixture(t, at)
	c := f.client("gesplan", "GESPLAN")
	other := f.again()
	must(t)(other.Revoke(t.Context(), "bia", c.ID))
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	// Stores on a server tell each other by themselves, now or in a moment.
	if got, _ := f.Current().Client(c.ID); got.Epoch != 1 && at.name == file.name {
		t.Fatalf("epoch %d before Refresh", got.Epoch)
	}
	if err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, _ := f.Current().Client(c.ID); got.Epoch != 2 {
		t.Errorf("epoch %d after Refresh, want 2", got.Epoch)
	}
}

// After a commit that failed nobody knows what the file holds; Check reads it.
func testCheckMendsASnapshotThatMayBeStale(t *testing.T, at where) {
	f := newFixture(t, at)
	before := f.Current()
	f.stale.Store(true)
	if err := f.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f.Current() == before || f.stale.Load() {
		t.Error("Check did not read the file anew")
	}
}
