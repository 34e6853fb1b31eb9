package registry

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"smartlink/link"
)

// seenIn is the promise of how soon a change is seen on every hub, with room for a slow machine.
const seenIn = 10 * time.Second

// hubs are several stores on one empty schema.
func hubs(t *testing.T, n int) []*fixture {
	t.Helper()
	first := newFixture(t, server)
	list := []*fixture{first}
	for range n - 1 {
		f := *first
		f.Store = first.again()
		t.Cleanup(func() { _ = f.Close() })
		list = append(list, &f)
	}
	return list
}

// beside is a connection that is no hub's.
func (f *fixture) beside() *pgx.Conn {
	f.t.Helper()
	c, err := pgx.Connect(f.t.Context(), f.path)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// awaitEpoch waits until a hub shows a client's epoch.
func (f *fixture) awaitEpoch(id link.ClientID, epoch int64) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), seenIn)
	defer cancel()
	for {
		c, _ := f.Current().Client(id)
		if c.Epoch == epoch {
			return
		}
		look := time.NewTimer(time.Millisecond)
		select {
		case <-look.C:
		case <-ctx.Done():
			f.t.Fatalf("epoch %d is not seen after %s, but %d", epoch, seenIn, c.Epoch)
		}
	}
}

// TestRevokedOnEveryHub: a change is seen on hubs that were told, and on hubs that nobody told.
func TestRevokedOnEveryHub(t *testing.T) {
	list := hubs(t, 3)
	c := list[0].client("gesplan", "GESPLAN")
	must(t)(list[1].Revoke(t.Context(), "ana", c.ID))
	if got, _ := list[1].Current().Client(c.ID); got.Epoch != 2 {
		t.Fatalf("epoch %d on the hub that revoked", got.Epoch)
	}
	for _, f := range list {
		f.awaitEpoch(c.ID, 2)
	}
	// As a hub does whose news is lost.
	if _, err := list[0].beside().Exec(t.Context(), `WITH x AS (UPDATE client SET epoch = epoch + 1) UPDATE registry_version SET n = n + 1`); err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		f.awaitEpoch(c.ID, 3)
	}
}

// TestHubsFindBackToTheDatabase: connections that broke are made anew, those that hear too.
func TestHubsFindBackToTheDatabase(t *testing.T) {
	list := hubs(t, 2)
	c := list[0].client("gesplan", "GESPLAN")
	if _, err := list[0].beside().Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE application_name = $1 AND pid <> pg_backend_pid()`, testSchema); err != nil {
		t.Fatal(err)
	}
	for epoch := int64(2); epoch < 5; epoch++ {
		_, err := list[epoch%2].Revoke(t.Context(), "ana", c.ID)
		if code := link.CodeOf(err); err != nil && code != link.CodeUnavailable && code != link.CodeChangeUnknown {
			t.Fatal(err)
		}
		if err != nil {
			epoch-- // the connection was broken: nothing was done
			continue
		}
		for _, f := range list {
			f.awaitEpoch(c.ID, epoch)
		}
	}
	for _, f := range list {
		if err := f.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestOneStartCodeOfManyHubs: hubs that start at once on an empty database make one code, which any of
// them takes.
func TestOneStartCodeOfManyHubs(t *testing.T) {
	address := newSchema(t)
	c, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	if _, err := c.Exec(t.Context(), "DROP SCHEMA "+testSchema+" CASCADE; CREATE SCHEMA "+testSchema); err != nil {
		t.Fatal(err)
	}
	stores := make([]*Store, 4)
	codes := make([]string, len(stores))
	var all sync.WaitGroup
	for i := range stores {
		all.Go(func() {
			var err error
			if stores[i], err = OpenPostgres(t.Context(), address, Options{}); err != nil {
				t.Error(err)
				return
			}
			if codes[i], _, err = stores[i].StartCode(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	code := ""
	for i, s := range stores {
		if s == nil {
			t.FailNow()
		}
		defer func() { _ = s.Close() }()
		if codes[i] != "" && code != "" {
			t.Error("two codes")
		}
		code += codes[i]
	}
	made := 0
	for _, s := range stores {
		if _, err := s.Init(t.Context(), link.InitRequest{Code: code, User: "ana"}); err == nil {
			made++
		}
	}
	if made != 1 {
		t.Errorf("the code made %d administrators", made)
	}
}

// TestHubsChangeAtOnce: changes, log-ins and uses of several hubs at the same time neither fail nor wait
// for each other in a circle, and each leaves its audit entry.
func TestHubsChangeAtOnce(t *testing.T) {
	list := hubs(t, 3)
	list[0].person("root", link.RoleAdministrator)
	list[0].person("bruno", link.RoleOperator)
	c := list[0].client("gesplan", "GESPLAN")
	const rounds = 10
	var all sync.WaitGroup
	for i, f := range list {
		all.Go(func() {
			for n := range rounds {
				_, err := f.CreateCompany(t.Context(), "ana", link.CompanyRequest{Name: fmt.Sprint("company ", i, " ", n)})
				_, revoked := f.Revoke(t.Context(), "ana", c.ID)
				if err := errors.Join(err, revoked); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for range rounds {
				_, err := f.beginSession(t.Context(), "bruno", "192.0.2.1")
				_, changed := f.ChangeUser(t.Context(), "root", "bruno", link.UserChange{Disabled: new(i%2 == 0)})
				_, used := f.AuthenticateClient(t.Context(), c.ID, c.Secret)
				if err := errors.Join(err, changed, used, f.flushUses(t.Context())); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for _, f := range list {
		f.awaitEpoch(c.ID, 1+int64(len(list)*rounds))
	}
	if p := must(t)(list[0].Companies(t.Context(), List{Limit: MaxPage})).(link.Page[link.Company]); len(p.Items) != 1+len(list)*rounds {
		t.Errorf("%d companies", len(p.Items))
	}
	logins := 0
	for _, a := range list[0].audit() {
		if a == "bruno login bruno" {
			logins++
		}
	}
	if logins != len(list)*rounds {
		t.Errorf("%d log-ins in the audit", logins)
	}
}

// TestSessionsOnEveryHub: who logged in on one hub is known on all, until they log out on any.
func TestSessionsOnEveryHub(t *testing.T) {
	list := hubs(t, 2)
	list[0].person("bruno", link.RoleOperator)
	token := must(t)(list[0].login("bruno", goodPassword)).(string)
	list[1].wantSession(token, true)
	if err := list[1].Logout(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	list[0].wantSession(token, false)
}

// testForeignText: no store fails at what people or programs may send as a name.
func testForeignText(t *testing.T, at where) {
	f := newFixture(t, at)
	for _, s := range []string{"a\x00b", "a\xffb", "'; DROP TABLE person"} {
		_, err := f.login(s, "x")
		wantRefusal(t, err, link.CodeLogin)
		_, err = f.Revoke(t.Context(), "ana", link.ClientID(s))
		wantRefusal(t, err, link.CodeNotFound)
		_, err = f.CreateTenant(t.Context(), "ana", link.TenantRequest{Company: s, Name: "x"})
		wantRefusal(t, err, link.CodeNotFound, "/company")
		_, err = f.CreateClient(t.Context(), "ana", link.ClientRequest{TenantID: f.tenant.String(), Name: "x", Apps: []string{s}})
		wantRefusal(t, err, link.CodeRequestInvalid, "/apps/0")
		if err := f.Record(t.Context(), link.AuditEntry{Actor: s, Action: "x"}); err != nil {
			t.Error(err)
		}
	}
}

// TestNeverWithoutAnAdministratorOnManyHubs: two administrators who disable each other, each on a hub of
// their own, do not both succeed.
func TestNeverWithoutAnAdministratorOnManyHubs(t *testing.T) {
	list := hubs(t, 2)
	people := []string{"ana", "bia"}
	for _, p := range people {
		list[0].person(p, link.RoleAdministrator)
	}
	for range 10 {
		refused := make([]error, len(people))
		var both sync.WaitGroup
		for i, p := range people {
			both.Go(func() {
				_, refused[i] = list[i].ChangeUser(t.Context(), "root", p, link.UserChange{Disabled: new(true)})
			})
		}
		both.Wait()
		if (refused[0] == nil) == (refused[1] == nil) {
			t.Fatalf("of two only one may be disabled: %v", refused)
		}
		for _, p := range people {
			must(t)(list[0].ChangeUser(t.Context(), "root", p, link.UserChange{Disabled: new(false)}))
		}
	}
}
