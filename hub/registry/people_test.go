package registry

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"

	"smartlink/link"
)

func (f *fixture) startCode() string {
	f.t.Helper()
	code, fresh, err := f.StartCode(f.t.Context())
	if err != nil || !fresh {
		f.t.Fatalf("first-start code: fresh %v, %v", fresh, err)
	}
	return code
}

func testStartCodeIsToldOnce(t *testing.T, at where) {
	f := newEmpty(t, at)
	if code := f.startCode(); !regexp.MustCompile(`^([A-Z2-7]{4}-){5}[A-Z2-7]{4}$`).MatchString(code) {
		t.Errorf("code %q", code)
	}
	again := func(when string, s *Store) {
		t.Helper()
		if code, fresh, err := s.StartCode(t.Context()); code != "" || fresh || err != nil {
			t.Errorf("%s: %q, %v, %v", when, code, fresh, err)
		}
	}
	again("asked again", f.Store)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f.Store = f.again()
	again("after a restart", f.Store)
}

func testNoStartCodeWhereThereIsAnAdministrator(t *testing.T, at where) {
	f := newEmpty(t, at)
	must(t)(f.db().ExecContext(t.Context(), `INSERT INTO person (name, role, created_at) VALUES ('ana', 'administrator', 0)`))
	if code, fresh, err := f.StartCode(t.Context()); code != "" || fresh || err != nil {
		t.Errorf("%q, %v, %v", code, fresh, err)
	}
}

func testInitSpendsTheCode(t *testing.T, at where) {
	f := newEmpty(t, at)
	code := f.startCode()
	typed := " " + strings.ToLower(strings.ReplaceAll(code, "-", " ")) + "\n" // as a person may copy it
	r, err := f.Init(t.Context(), link.InitRequest{Code: typed, User: "ana"})
	if err != nil || r.User != "ana" || r.Role != link.RoleAdministrator || !strings.HasPrefix(r.APIKey, apiKeyPrefix) {
		t.Fatalf("%+v, %v", r, err)
	}
	u, err := f.AuthenticateKey(t.Context(), r.APIKey)
	if err != nil || u != (User{"ana", link.RoleAdministrator}) {
		t.Errorf("%+v, %v", u, err)
	}
	_, err = f.Init(t.Context(), link.InitRequest{Code: code, User: "bia"})
	wantRefusal(t, err, link.CodeStartCode)
}

func testInitWithoutACodeMade(t *testing.T, at where) {
	for _, code := range []string{"", "AAAA"} {
		_, err := newEmpty(t, at).Init(t.Context(), link.InitRequest{Code: code, User: "ana"})
		wantRefusal(t, err, link.CodeStartCode)
	}
}

func testInitRefusedSpendsNothing(t *testing.T, at where) {
	f := newEmpty(t, at)
	code := f.startCode()
	_, err := f.Init(t.Context(), link.InitRequest{Code: "wrong", User: ""})
	wantRefusal(t, err, link.CodeStartCode) // not told about the user's name
	_, err = f.Init(t.Context(), link.InitRequest{Code: code, User: " "})
	wantRefusal(t, err, link.CodeRequestInvalid, "/user")
	must(t)(f.Init(t.Context(), link.InitRequest{Code: code, User: "ana"}))
}

func testInitLimitsGuesses(t *testing.T, at where) {
	f := newEmpty(t, at)
	code := f.startCode()
	for range guessBurst {
		_, err := f.Init(t.Context(), link.InitRequest{Code: "wrong", User: "eve"})
		wantRefusal(t, err, link.CodeStartCode)
	}
	_, err := f.Init(t.Context(), link.InitRequest{Code: code, User: "ana"})
	wantRefusal(t, err, link.CodeRateLimited)
	var e *link.Error
	if errors.As(err, &e); e.Header.Get("Retry-After") != "10" {
		t.Errorf("Retry-After %q", e.Header.Get("Retry-After"))
	}
	f.clock.Advance(guessEvery)
	must(t)(f.Init(t.Context(), link.InitRequest{Code: code, User: "ana"}))
}

func testOnlyOneOfManySpendsTheCode(t *testing.T, at where) {
	f := newEmpty(t, at)
	code := f.startCode()
	var wg sync.WaitGroup
	made := make(chan string, 4)
	for range cap(made) {
		wg.Go(func() {
			if r, err := f.Init(t.Context(), link.InitRequest{Code: code, User: "ana"}); err == nil {
				made <- r.APIKey
			}
		})
	}
	wg.Wait()
	if len(made) != 1 {
		t.Errorf("the code was spent %d times", len(made))
	}
}

func testUnknownKeys(t *testing.T, at where) {
	f := newEmpty(t, at)
	for _, key := range []string{"", "slk_", "x", newAPIKey()} {
		_, err := f.AuthenticateKey(t.Context(), key)
		wantRefusal(t, err, link.CodeKeyInvalid)
	}
}
