package registry

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smartlink/link"
)

func testAuthenticateClient(t *testing.T, at where) {
	f := newFixture(t, at)
	c, other := f.client("gesplan", "GESPLAN"), f.client("rm", "GESPLAN-RM")
	got, err := f.AuthenticateClient(t.Context(), c.ID, c.Secret)
	if err != nil || got.ID != c.ID || got.Tenant != f.tenant {
		t.Fatalf("%+v, %v", got, err)
	}
	zero := string(make([]byte, 32))
	h := hashOf(c.Secret)
	for name, tc := range map[string]struct {
		id     link.ClientID
		secret string
	}{
		"wrong secret":         {c.ID, newSecret()},
		"another's secret":     {c.ID, other.Secret},
		"no secret":            {c.ID, ""},
		"zero bytes":           {c.ID, zero},
		"the hash itself":      {c.ID, hex.EncodeToString(h[:])},
		"unknown client":       {link.NewClientID(), c.Secret},
		"no client":            {"", c.Secret},
		"secret with a suffix": {c.ID, c.Secret + " "},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := f.AuthenticateClient(t.Context(), tc.id, tc.secret); !errors.Is(err, ErrCredentials) {
				t.Errorf("%+v, %v; want ErrCredentials", got, err)
			}
		})
	}
}

func testTwoSecretsLiveAtOnce(t *testing.T, at where) {
	f := newFixture(t, at)
	c := f.client("gesplan", "GESPLAN")
	second := must(t)(f.AddSecret(t.Context(), "ana", c.ID)).(link.SecretCreated)
	works := func(secret string) bool {
		_, err := f.AuthenticateClient(t.Context(), c.ID, secret)
		return err == nil
	}
	if !works(c.Secret) || !works(second.Secret) {
		t.Error("one of two live secrets does not work")
	}
	_, err := f.AddSecret(t.Context(), "ana", c.ID)
	wantRefusal(t, err, link.CodeSecretLimit)

	if err := f.RemoveSecret(t.Context(), "ana", c.ID, c.Secrets[0].ID); err != nil {
		t.Fatal(err)
	}
	if works(c.Secret) || !works(second.Secret) {
		t.Error("after its removal the first secret works, or the second does not")
	}
	wantRefusal(t, f.RemoveSecret(t.Context(), "ana", c.ID, c.Secrets[0].ID), link.CodeNotFound)
	other := f.client("rm", "GESPLAN-RM")
	wantRefusal(t, f.RemoveSecret(t.Context(), "ana", other.ID, second.ID), link.CodeNotFound)
	if err := f.RemoveSecret(t.Context(), "ana", c.ID, second.ID); err != nil {
		t.Fatal(err)
	}
	if works(second.Secret) {
		t.Error("the last secret works after its removal")
	}
	must(t)(f.AddSecret(t.Context(), "ana", c.ID))
	_, err = f.AddSecret(t.Context(), "ana", link.NewClientID())
	wantRefusal(t, err, link.CodeNotFound)
}

// Secrets, API keys and the first-start code never stand in the file, nor does anything that
// contains their bytes.
func TestSecretsNeverStandInTheFile(t *testing.T) {
	f := newFixture(t, file)
	c := f.client("gesplan", "GESPLAN")
	second := must(t)(f.AddSecret(t.Context(), "ana", c.ID)).(link.SecretCreated)
	code := f.startCode()
	admin := must(t)(f.Init(t.Context(), link.InitRequest{Code: code, User: "ana"})).(link.InitResponse)
	must(t)(f.AuthenticateClient(t.Context(), c.ID, c.Secret))
	look := func(when string) {
		files, err := filepath.Glob(f.path + "*")
		if err != nil {
			t.Fatal(err)
		}
		seen := false
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			seen = seen || bytes.Contains(content, []byte(c.ID))
			for what, clear := range map[string]string{
				"secret": c.Secret, "second secret": second.Secret, "first-start code": code, "first-start code without dashes": plainCode(code),
				"API key": admin.APIKey, "API key without prefix": admin.APIKey[len(apiKeyPrefix):],
			} {
				raw, err := hex.DecodeString(clear) // of what is no hex it answers the beginning that is
				if bytes.Contains(bytes.ToUpper(content), bytes.ToUpper([]byte(clear))) || err == nil && bytes.Contains(content, raw) {
					t.Errorf("%s: %s stands in %s", when, what, filepath.Base(file))
				}
			}
		}
		if !seen {
			t.Errorf("%s: the client's id stands in none of %v: the test looks in the wrong place", when, files)
		}
	}
	look("open")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	look("closed")
}

// lastUsed answers what the list says of a client's only secret, and what the file holds.
func (f *fixture) lastUsed(id link.ClientID) (listed *time.Time, stored bool) {
	f.t.Helper()
	p, err := f.Clients(f.t.Context(), f.tenant, List{})
	if err != nil || p.Items[0].ID != id {
		f.t.Fatalf("%v, %v", p.Items, err)
	}
	if err := f.db().QueryRowContext(f.t.Context(), `SELECT last_used IS NOT NULL FROM secret WHERE client = $1`, id).Scan(&stored); err != nil {
		f.t.Fatal(err)
	}
	return p.Items[0].Secrets[0].LastUsed, stored
}

func TestLastUseIsSeenAtOnceAndWrittenLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, file)
		c := f.client("gesplan", "GESPLAN")
		if at, _ := f.lastUsed(c.ID); at != nil {
			t.Errorf("a secret never used says %v", at)
		}
		f.clock.Advance(time.Second)
		must(t)(f.AuthenticateClient(t.Context(), c.ID, c.Secret))
		if at, stored := f.lastUsed(c.ID); at == nil || !at.Equal(testStart.Add(time.Second)) || stored {
			t.Errorf("at once: %v, stored %v", at, stored)
		}
		f.clock.Advance(usesInterval)
		synctest.Wait()
		if at, stored := f.lastUsed(c.ID); at == nil || !at.Equal(testStart.Add(time.Second)) || !stored {
			t.Errorf("a minute later: %v, stored %v", at, stored)
		}
		if len(f.uses.at) != 0 {
			t.Error("what was written is still in memory")
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
}

func testLastUseIsWrittenAtClose(t *testing.T, at where) {
	f := newFixture(t, at)
	c := f.client("gesplan", "GESPLAN")
	must(t)(f.AuthenticateClient(t.Context(), c.ID, c.Secret))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f.Store = f.again()
	if at, stored := f.lastUsed(c.ID); at == nil || !stored {
		t.Errorf("after a restart: %v, stored %v", at, stored)
	}
}

func TestUseDuringAWriteIsKept(t *testing.T) {
	var u uses
	u.note("a", testStart)
	u.note("b", testStart)
	written := u.copy()
	u.note("b", testStart.Add(time.Second))
	u.forget(written)
	if _, ok := u.of("a"); ok {
		t.Error("a was written and is kept")
	}
	if at, _ := u.of("b"); !at.Equal(testStart.Add(time.Second)) {
		t.Errorf("b was used again and is %v", at)
	}
}

func testRequestsDuringChanges(t *testing.T, at where) {
	f := newFixture(t, at)
	c := f.client("gesplan", "GESPLAN")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				if _, err := f.AuthenticateClient(t.Context(), c.ID, c.Secret); err != nil {
					t.Error(err)
				}
				if _, err := f.Clients(t.Context(), f.tenant, List{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 5 {
		must(t)(f.Revoke(t.Context(), "ana", c.ID))
		if err := f.flushUses(t.Context()); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}
