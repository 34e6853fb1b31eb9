package identity

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"smartlink/link"
)

// published answers the ids of the keys others see.
func (w *world) published() []string {
	w.Helper()
	var set jose.JSONWebKeySet
	w.must(json.Unmarshal(w.ask("GET", Path+jwksPath, "").Body.Bytes(), &set))
	ids := make([]string, len(set.Keys))
	for n, k := range set.Keys {
		ids[n] = k.KeyID
	}
	return ids
}

// kid answers which key signs tokens.
func (w *world) kid() string {
	w.Helper()
	return part(w.TB, w.newToken(), 0)["kid"].(string)
}

func TestRotationOverlaps(t *testing.T) {
	w := newWorld(t)
	old := w.kid()
	fresh, err := w.RotateKey(t.Context(), "ana")
	w.must(err)
	if fresh == old {
		t.Fatal("no new key")
	}
	if got := w.published(); !slices.Equal(got, []string{old, fresh}) {
		t.Errorf("at once published %v, want the new one too", got)
	}
	if w.kid() != old {
		t.Error("the new key signs before others can know it")
	}
	w.clock.Advance(jwksAge - time.Second)
	last := w.newToken() // the last of the old key
	if got := part(t, last, 0)["kid"]; got != old {
		t.Errorf("a second before its time %v signs", got)
	}
	w.clock.Advance(time.Second)
	if w.kid() != fresh {
		t.Error("the new key does not sign when others know it")
	}
	w.want(w.check(last), "")
	w.clock.Advance(link.TokenLifetime + leeway - 2*time.Second)
	w.verified = newLRU[tokenHash, verified](cacheSize) // as another hub, which has not seen the token
	w.want(w.check(last), "")
	w.clock.Advance(time.Second)
	if got := w.published(); !slices.Equal(got, []string{old, fresh}) {
		t.Errorf("while its tokens live published %v, want the old one too", got)
	}
	w.want(w.check(last), link.CodeTokenExpired) // known, not foreign
	w.clock.Advance(jwksAge + time.Second)
	if got := w.published(); !slices.Equal(got, []string{fresh}) {
		t.Errorf("after the overlap published %v", got)
	}
	w.want(w.check(last), link.CodeTokenInvalid)
}

func TestOneRotationAtATime(t *testing.T) {
	w := newWorld(t)
	first, err := w.RotateKey(t.Context(), "ana")
	w.must(err)
	again, err := w.RotateKey(t.Context(), "ana")
	w.must(err)
	if again != first || len(w.published()) != 2 {
		t.Errorf("a second key while the first waits: %s, %s, published %v", first, again, w.published())
	}
	w.clock.Advance(jwksAge)
	third, err := w.RotateKey(t.Context(), "ana")
	w.must(err)
	if third == first || len(w.published()) != 3 {
		t.Errorf("no third key: %s, published %v", third, w.published())
	}
}

func (w *world) storedKeys() []string {
	w.Helper()
	keys, err := w.store.SigningKeys(w.Context())
	w.must(err)
	ids := make([]string, len(keys))
	for n, k := range keys {
		ids[n] = k.ID
	}
	return ids
}

func TestKeysAreReplacedByAgeAndErased(t *testing.T) {
	w := newWorld(t)
	old := w.kid()
	w.clock.Advance(keyLife - time.Second)
	w.newToken()
	if got := w.storedKeys(); !slices.Equal(got, []string{old}) {
		t.Fatalf("before its age: %v", got)
	}
	w.clock.Advance(time.Second)
	w.newToken()
	keys := w.storedKeys()
	if len(keys) != 2 || keys[0] != old || w.kid() != old {
		t.Fatalf("at its age: %v", keys)
	}
	w.clock.Advance(jwksAge + keyOverlap)
	if w.kid() != keys[1] {
		t.Error("the new key does not sign")
	}
	if got := w.storedKeys(); !slices.Equal(got, keys[1:]) {
		t.Errorf("after the overlap stored %v, want only the new key", got)
	}
}

func TestReplacementThatFailsIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	old := w.kid()
	w.clock.Advance(keyLife)
	w.exec(`CREATE TRIGGER full BEFORE INSERT ON signing_key BEGIN SELECT RAISE(ABORT, 'no room'); END`)
	if w.kid() != old {
		t.Error("no token while keys cannot be replaced")
	}
	w.exec(`DROP TRIGGER full`)
	w.newToken()
	if n := len(w.storedKeys()); n != 1 {
		t.Errorf("tried again at once: %d keys", n)
	}
	w.clock.Advance(keyPause)
	w.newToken()
	if n := len(w.storedKeys()); n != 2 {
		t.Errorf("not tried again: %d keys", n)
	}
}

func TestClockSetBackFindsAKey(t *testing.T) {
	w := newWorld(t)
	w.clock.Advance(-time.Hour)
	w.want(w.check(w.newToken()), "")
}

func TestHubKeyIsMadeOnceAndPrivate(t *testing.T) {
	w := newWorld(t)
	before, err := os.ReadFile(w.file("hub.key"))
	w.must(err)
	info, err := os.Stat(w.file("hub.key"))
	w.must(err)
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	w.must(w.store.Close())
	w.open()
	after, err := os.ReadFile(w.file("hub.key"))
	w.must(err)
	if !bytes.Equal(before, after) {
		t.Error("the key was made anew")
	}
	if left, err := filepath.Glob(w.file("hub.key.*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

func TestKeysForPurposesComeFromTheFile(t *testing.T) {
	w := newWorld(t)
	key := func(purpose string) string {
		k, err := w.Key(purpose)
		w.must(err)
		if len(k) != 32 {
			t.Fatalf("%d bytes", len(k))
		}
		return string(k)
	}
	first := key("a")
	if first == key("b") {
		t.Error("one key for two purposes")
	}
	w.must(w.store.Close())
	w.open()
	if key("a") != first {
		t.Error("another key after a restart")
	}
}

func TestKeyFilesThatDoNotFit(t *testing.T) {
	other := newWorld(t)
	foreign, err := os.ReadFile(other.file("hub.key"))
	other.must(err)
	for name, tc := range map[string]struct {
		content []byte // nil: no file
		en, pt  string
	}{
		"missing":   {nil, "is missing", "não existe"},
		"foreign":   {foreign, "belongs to another hub", "pertence a outro hub"},
		"empty":     {[]byte{}, "is damaged", "está danificado"},
		"cut off":   {foreign[:len(foreign)-9], "is damaged", "está danificado"},
		"no hubkey": {[]byte("-----BEGIN PRIVATE KEY-----\n"), "is damaged", "está danificado"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.must(os.Remove(w.file("hub.key")))
			if tc.content != nil {
				w.must(os.WriteFile(w.file("hub.key"), tc.content, 0o600))
			}
			_, err := Open(t.Context(), w.store, w.options())
			w.want(err, link.CodeHubKey)
			var e *link.Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			for lang, why := range map[link.Lang]string{link.English: tc.en, link.Portuguese: tc.pt} {
				if d := e.Problem(lang, "").Detail; !strings.Contains(d, why) || !strings.Contains(d, "hub.key") || strings.Contains(d, "{") {
					t.Errorf("%s: %s", lang, d)
				}
			}
			if _, err := os.Stat(w.file("hub.key")); tc.content == nil && !errors.Is(err, fs.ErrNotExist) {
				t.Error("a new key file was made beside keys that it does not open")
			}
		})
	}
}

func TestDamagedKeyFileBeforeAnyKeyIsNotOverwritten(t *testing.T) {
	w := newWorld(t)
	w.exec(`DELETE FROM signing_key`)
	w.must(os.WriteFile(w.file("hub.key"), []byte("something else"), 0o600))
	if _, err := Open(t.Context(), w.store, w.options()); err == nil || !strings.Contains(err.Error(), "no hub key") {
		t.Errorf("error %v", err)
	}
	if b, err := os.ReadFile(w.file("hub.key")); err != nil || string(b) != "something else" {
		t.Errorf("the file is now %q, %v", b, err)
	}
}

func TestHubKeyFromBeforeACrashIsUsed(t *testing.T) {
	w := newWorld(t)
	before, err := os.ReadFile(w.file("hub.key"))
	w.must(err)
	w.exec(`DELETE FROM signing_key`) // killed between making the file and storing the first key
	if _, err := Open(t.Context(), w.store, w.options()); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(w.file("hub.key")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was made anew: %v", err)
	}
}

func TestSwappedKeyRowsAreRefused(t *testing.T) {
	w := newWorld(t)
	_, err := w.RotateKey(t.Context(), "ana")
	w.must(err)
	w.exec(`UPDATE signing_key SET sealed = (SELECT sealed FROM signing_key k WHERE k.id <> signing_key.id)`)
	_, err = Open(t.Context(), w.store, w.options())
	w.want(err, link.CodeHubKey)
}

func TestPrivateKeysNeverStandInTheFile(t *testing.T) {
	w := newWorld(t)
	private := w.ring()[0].private
	der, err := x509.MarshalPKCS8PrivateKey(private)
	w.must(err)
	hubKey, err := os.ReadFile(w.file("hub.key"))
	w.must(err)
	raw, err := parseHubKey(hubKey)
	w.must(err)
	w.must(w.store.Close())
	content, err := os.ReadFile(w.file("hub.db"))
	w.must(err)
	for what, bytesOf := range map[string][]byte{
		"private key": der, "private exponent": private.D.Bytes(), "prime": private.Primes[0].Bytes(),
		"hub key": raw, "hub key's text": []byte(base64.StdEncoding.EncodeToString(raw)),
	} {
		if bytes.Contains(content, bytesOf) {
			t.Errorf("%s stands in hub.db", what)
		}
	}
}

func TestReadableKeyFileIsWarnedOf(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits: those of the key file are NOT tested")
	}
	w := newWorld(t)
	w.must(os.Chmod(w.file("hub.key"), 0o644))
	var log bytes.Buffer
	o := w.options()
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	_, err := Open(t.Context(), w.store, o)
	w.must(err)
	if !strings.Contains(log.String(), "chmod 600") {
		t.Errorf("log %q", log.String())
	}
}

func FuzzHubKey(f *testing.F) {
	f.Add([]byte(hubKeyPrefix + base64.StdEncoding.EncodeToString(make([]byte, hubKeySize)) + "\n"))
	f.Add([]byte(hubKeyPrefix))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, content []byte) {
		if key, err := parseHubKey(content); (err == nil) != (len(key) == hubKeySize) {
			t.Errorf("%d bytes, %v", len(key), err)
		}
	})
}
