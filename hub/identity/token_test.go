package identity

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"smartlink/link"
)

func TestVerifyAnswersTheClient(t *testing.T) {
	w := newWorld(t)
	token := w.newToken()
	for range 2 { // from the signature, then from memory
		c, snapshot, err := w.Verify(t.Context(), token)
		if err != nil || c.ID != w.client.ID || c.Tenant != w.tenant || snapshot != w.store.Current() {
			t.Errorf("%+v, %v", c, err)
		}
	}
	w.want(w.check(""), link.CodeTokenMissing)
}

// own are the claims of a good token of the world's client.
func (w *world) own() claims {
	now, epoch := w.clock.Now(), int64(1)
	return claims{
		Issuer: w.issuer, Audience: Scope, ClientID: w.client.ID, Tenant: w.tenant.String(), Epoch: &epoch, ID: "1",
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Unix() + 900,
	}
}

// signed makes a token with the hub's own key and changed claims.
func (w *world) signed(change func(*claims)) string {
	w.Helper()
	c := w.own()
	change(&c)
	token, err := w.sign(w.clock.Now(), c)
	w.must(err)
	return token
}

// forged makes a token with any key and head, by the library's own means.
func (w *world) forged(alg jose.SignatureAlgorithm, key any, kid, typ string) string {
	w.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	w.must(err)
	token, err := jwt.Signed(signer).Claims(w.own()).Serialize()
	w.must(err)
	return token
}

func TestTamperedTokensAreRefused(t *testing.T) {
	w := newWorld(t)
	good := w.newToken()
	parts := strings.Split(good, ".")
	key := w.ring()[0]
	der, err := x509.MarshalPKIXPublicKey(&key.private.PublicKey)
	w.must(err)
	foreign, err := rsa.GenerateKey(rand.Reader, 1024)
	w.must(err)
	other := w.newClient("other")
	said := part(t, good, 1)
	said["client_id"] = other.ID
	epoch := int64(99)

	if w.want(w.check(w.forged(jose.RS256, key.private, key.id, "JWT")), ""); t.Failed() {
		t.Fatal("the test's own good token is refused: the cases below prove nothing")
	}
	for name, token := range map[string]string{
		"garbage":                   "x",
		"two parts":                 parts[0] + "." + parts[1],
		"four parts":                good + ".x",
		"empty parts":               "..",
		"alg none":                  encode(map[string]string{"alg": "none", "kid": key.id, "typ": "JWT"}) + "." + parts[1] + ".",
		"alg none, signed":          encode(map[string]string{"alg": "none", "kid": key.id, "typ": "JWT"}) + "." + parts[1] + "." + parts[2],
		"HS256 with the public key": w.forged(jose.HS256, der, key.id, "JWT"),
		"RS512":                     w.forged(jose.RS512, key.private, key.id, "JWT"),
		"PS256":                     w.forged(jose.PS256, key.private, key.id, "JWT"),
		"unknown kid":               w.forged(jose.RS256, key.private, "other", "JWT"),
		"no kid":                    w.forged(jose.RS256, key.private, "", "JWT"),
		"foreign key, our kid":      w.forged(jose.RS256, foreign, key.id, "JWT"),
		"other type":                w.forged(jose.RS256, key.private, key.id, "logout+jwt"),
		"changed claims":            parts[0] + "." + encode(said) + "." + parts[2],
		"changed signature":         good[:len(good)-8] + strings.Map(func(r rune) rune { return r ^ 1 }, "AAAAAAAA"),
		"no signature":              parts[0] + "." + parts[1] + ".",
		"loose bits at the end":     good[:len(good)-1] + string(loosened(good[len(good)-1])),
		"line break inside":         good[:20] + "\n" + good[20:],
		"space at the end":          good + " ",
		"too long":                  good + strings.Repeat("x", maxToken),
		"foreign issuer":            w.signed(func(c *claims) { c.Issuer = "https://evil.example.com/totvs.rac" }),
		"foreign audience":          w.signed(func(c *claims) { c.Audience = "other_api" }),
		"unknown client":            w.signed(func(c *claims) { c.ClientID = link.NewClientID() }),
		"no client":                 w.signed(func(c *claims) { c.ClientID = "" }),
		"another tenant":            w.signed(func(c *claims) { c.Tenant = uuid.NewString() }),
		"no tenant":                 w.signed(func(c *claims) { c.Tenant = "" }),
		"no epoch":                  w.signed(func(c *claims) { c.Epoch = nil }),
		"no end":                    w.signed(func(c *claims) { c.Expires = 0 }),
		"no beginning":              w.signed(func(c *claims) { c.NotBefore = 0 }),
		"in the future":             w.signed(func(c *claims) { c.NotBefore += int64(leeway/time.Second) + 1 }),
	} {
		t.Run(name, func(t *testing.T) {
			before := w.verified.len()
			for range 2 {
				if err := w.check(token); link.CodeOf(err) != link.CodeTokenInvalid {
					t.Errorf("error %v, want %s", err, link.CodeTokenInvalid)
				}
			}
			clientIsWrong := strings.Contains(name, "client") || name == "another tenant" // the token itself is right
			if after := w.verified.len(); after != before && !clientIsWrong {
				t.Error("a token that failed was remembered")
			}
		})
	}
	w.want(w.check(w.signed(func(c *claims) { c.Epoch = &epoch })), "") // as after a restored older hub.db
}

// loosened changes the last digit of a 128-byte signature in the bits that a decoder drops.
func loosened(last byte) byte {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return digits[strings.IndexByte(digits, last)|1]
}

// What a caller is told of a bad token does not say which test failed.
func TestRefusalTellsNoDetail(t *testing.T) {
	w := newWorld(t)
	err := w.check(w.signed(func(c *claims) { c.Issuer = "https://evil.example.com" }))
	var e *link.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if p := e.Problem(link.English, ""); strings.Contains(p.Detail, "evil") || strings.Contains(p.Detail, "issuer ") || !strings.Contains(err.Error(), "evil") {
		t.Errorf("public %q, log %q", p.Detail, err)
	}
}

func TestTokensExpire(t *testing.T) {
	w := newWorld(t)
	remembered, fresh := w.newToken(), w.newToken()
	w.want(w.check(remembered), "")
	w.clock.Advance(link.TokenLifetime + leeway - time.Second)
	w.want(w.check(remembered), "")
	w.clock.Advance(time.Second)
	for _, token := range []string{remembered, fresh} {
		err := w.check(token)
		w.want(err, link.CodeTokenExpired)
		if err != nil && !strings.Contains(err.Error(), "expired at 2024-03-01T12:15:00Z") {
			t.Errorf("the time is missing: %v", err)
		}
	}
	if n := w.verified.len(); n != 0 {
		t.Errorf("%d expired tokens are remembered", n)
	}
}

func TestClockOfAnotherHubMayBeAhead(t *testing.T) {
	w := newWorld(t)
	w.want(w.check(w.signed(func(c *claims) { c.NotBefore += int64(leeway / time.Second) })), "")
}

func TestRevokingEndsTokensThatAreRemembered(t *testing.T) {
	w := newWorld(t)
	remembered, fresh := w.newToken(), w.newToken()
	w.want(w.check(remembered), "")
	_, err := w.store.Revoke(t.Context(), "ana", w.client.ID)
	w.must(err)
	w.want(w.check(remembered), link.CodeTokenRevoked)
	w.want(w.check(fresh), link.CodeTokenRevoked)
	w.want(w.check(w.newToken()), "")
}

func TestTokensOfAClientThatIsGone(t *testing.T) {
	w := newWorld(t)
	token := w.newToken()
	w.want(w.check(token), "")
	t.Run("moved to another tenant", func(t *testing.T) {
		elsewhere, err := w.store.CreateTenant(t.Context(), "ana", link.TenantRequest{Company: "Fazenda", Name: "Outro"})
		w.must(err)
		w.exec(`UPDATE client SET tenant = ?`, elsewhere.ID[:])
		w.want(w.check(token), link.CodeTokenInvalid)
		w.exec(`UPDATE client SET tenant = ?`, w.tenant[:])
		w.want(w.check(token), "")
	})
	t.Run("deleted", func(t *testing.T) {
		w.exec(`DELETE FROM secret; DELETE FROM client_app; DELETE FROM client`)
		w.want(w.check(token), link.CodeTokenInvalid)
	})
}

func TestTokensOutliveARestart(t *testing.T) {
	w := newWorld(t)
	token := w.newToken()
	w.must(w.store.Close())
	w.open()
	w.want(w.check(token), "")
}

func TestIssuerEndsInItsPath(t *testing.T) {
	w := newWorld(t)
	for _, given := range []string{"https://h.example/x", "https://h.example/x/", "https://h.example/x/totvs.rac", "https://h.example/x/totvs.rac/"} {
		o := w.options()
		o.Issuer = given
		i, err := Open(t.Context(), w.store, o)
		if err != nil || i.Issuer() != "https://h.example/x/totvs.rac" {
			t.Errorf("%s: %v, %v", given, i, err)
		}
	}
}

func TestLRUForgetsWhatWasUsedLongestAgo(t *testing.T) {
	l := newLRU[string, int](3)
	for n, k := range []string{"a", "b", "c"} {
		l.put(k, n)
	}
	l.get("a")
	l.put("b", 11)
	l.put("d", 3) // c goes
	l.remove("d")
	l.remove("never there")
	l.put("e", 4)
	for k, want := range map[string]int{"a": 0, "b": 11, "e": 4} {
		if v, ok := l.get(k); !ok || v != want {
			t.Errorf("%s: %d, %v", k, v, ok)
		}
	}
	if _, ok := l.get("c"); ok || l.len() != 3 || l.order.Len() != 3 {
		t.Errorf("c is remembered: %v, %d values", ok, l.len())
	}
	for n := range 100 {
		l.put(fmt.Sprint(n), n)
	}
	if l.len() != 3 || l.order.Len() != 3 {
		t.Errorf("%d values", l.len())
	}
}

func TestManyAtOnce(t *testing.T) {
	w := newWorld(t)
	token := w.newToken()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				switch err := w.check(token); link.CodeOf(err) {
				case "", link.CodeTokenRevoked, link.CodeTokenExpired:
				default:
					t.Error(err)
				}
				w.askToken("192.0.2.1:1", form(w.client.ID, w.client.Secret))
				w.askToken("192.0.2.1:1", form(link.NewClientID(), "wrong"))
				w.ask("GET", Path+jwksPath, "")
			}
		})
	}
	wg.Go(func() {
		for range 2 { // the first key proves tokens to the end of the test
			if _, err := w.RotateKey(t.Context(), "ana"); err != nil {
				t.Error(err)
			}
			w.clock.Advance(jwksAge)
		}
	})
	_, err := w.store.Revoke(t.Context(), "ana", w.client.ID)
	wg.Wait()
	w.must(err)
}

// No text that somebody makes up is a token, and none makes Verify panic.
func FuzzVerify(f *testing.F) {
	w := newWorld(f)
	good := w.newToken()
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add("..")
	f.Add("e30.e30.e30")
	f.Add(encode(map[string]any{"alg": "RS256", "kid": 1, "crit": []string{"b64"}}) + ".e30.AA")
	w.clock.Advance(link.TokenLifetime + leeway)
	f.Fuzz(func(t *testing.T, token string) {
		switch err := w.check(token); link.CodeOf(err) {
		case link.CodeTokenInvalid, link.CodeTokenMissing:
		case link.CodeTokenExpired: // the good one; its encoding has one spelling
			if token != good {
				t.Errorf("another spelling of the token: %q", token)
			}
		default:
			t.Errorf("%q: %v", token, err)
		}
	})
}

func BenchmarkVerifyRemembered(b *testing.B) {
	w := newWorld(b)
	token := w.newToken()
	b.ReportAllocs()
	for b.Loop() {
		if err := w.check(token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyUnknown2048(b *testing.B) {
	w := newWorld(b)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	w.must(err)
	k, err := newSigningKey(key, testStart, testStart)
	w.must(err)
	w.keys.Store(&shownKeys{w.store.Current(), keyring{k}})
	token := w.newToken()
	b.ReportAllocs()
	for b.Loop() {
		w.verified = newLRU[tokenHash, verified](1)
		if err := w.check(token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkToken2048(b *testing.B) {
	w := newWorld(b)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	w.must(err)
	k, err := newSigningKey(key, testStart, testStart)
	w.must(err)
	w.keys.Store(&shownKeys{w.store.Current(), keyring{k}})
	for b.Loop() {
		w.newToken()
	}
}
