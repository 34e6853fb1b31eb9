package identity

import (
	"context"
	"crypto"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"smartlink/hub/registry"
	"smartlink/link"
)

const (
	// keyLife is the age at which a signing key is replaced.
	keyLife = 30 * 24 * time.Hour
	// jwksAge is how long others may keep the published keys. A new key is published that long
	// before it signs.
	jwksAge = 15 * time.Minute
	// keyOverlap is how long a key is published after the next one has begun to sign: until its
	// last token has expired everywhere and nobody's copy of the keys is older.
	keyOverlap = link.TokenLifetime + jwksAge + leeway
	// keyPause is the wait after a replacement that failed.
	keyPause = time.Minute
)

// signingKey is an RSA key with the moment from which on it signs.
type signingKey struct {
	id        string // RFC 7638 thumbprint of the public key
	private   *rsa.PrivateKey
	signer    jose.Signer
	createdAt time.Time
	useFrom   time.Time
}

// keyring holds the keys in the order in which they sign; it is not changed, only replaced. All
// about rotation follows from the keys' useFrom, so there is nothing to do at any certain time.
type keyring []*signingKey

// shownKeys are the keys that a snapshot of the registry shows.
type shownKeys struct {
	from *registry.Snapshot // nil: not known any more
	ring keyring
}

// ring answers the keys as the registry has them now, also those that another hub made.
func (i *Identity) ring() keyring {
	snapshot, shown := i.registry.Current(), i.keys.Load()
	if shown.from == snapshot {
		return shown.ring
	}
	ring, err := unsealKeys(i.seal, snapshot.SigningKeys(), shown.ring)
	if err != nil {
		i.log.Error("signing keys of another hub do not open; the ones known so far go on", "error", err)
		ring = shown.ring
	}
	i.keys.Store(&shownKeys{snapshot, ring})
	return ring
}

// unsealKeys opens stored keys; those that are known already stay as they are.
func unsealKeys(seal cipher.AEAD, stored []registry.SigningKey, known keyring) (keyring, error) {
	ring := make(keyring, len(stored))
	for n, s := range stored {
		if at := slices.IndexFunc(known, func(k *signingKey) bool { return k.id == s.ID }); at >= 0 {
			ring[n] = known[at]
			continue
		}
		var err error
		if ring[n], err = unsealKey(seal, s); err != nil {
			return nil, err
		}
	}
	return ring, nil
}

// signing is the key that signs now: the last whose time has come. Nil: there is none.
func (r keyring) signing(now time.Time) *signingKey {
	if len(r) == 0 {
		return nil
	}
	for _, k := range slices.Backward(r) {
		if !k.useFrom.After(now) {
			return k
		}
	}
	return r[0] // the clock was set back behind the first key
}

// ended tells whether key n proves nothing any more.
func (r keyring) ended(n int, now time.Time) bool {
	return n+1 < len(r) && !now.Before(r[n+1].useFrom.Add(keyOverlap))
}

// trusted lists the keys that prove tokens now, the coming ones included.
func (r keyring) trusted(now time.Time) keyring {
	for n := range r {
		if !r.ended(n, now) {
			return r[n:]
		}
	}
	return nil
}

// find answers the trusted key of an id, or nil.
func (r keyring) find(id string, now time.Time) *signingKey {
	for _, k := range r.trusted(now) {
		if k.id == id {
			return k
		}
	}
	return nil
}

// due tells whether a key is to be made or erased.
func (r keyring) due(now time.Time) bool {
	return len(r) == 0 || now.Sub(r[len(r)-1].createdAt) >= keyLife || r.ended(0, now)
}

// RotateKey makes a new signing key and answers its id. It is published at once and signs 15
// minutes later, when everybody has it; the present one proves tokens until its last has expired. While
// a new key waits for its turn, no other is made. Keys are also replaced by themselves every 30 days.
func (i *Identity) RotateKey(ctx context.Context, actor string) (string, error) {
	i.changing.Lock()
	defer i.changing.Unlock()
	return i.rotate(ctx, actor)
}

func (i *Identity) rotate(ctx context.Context, actor string) (string, error) {
	now, ring := i.clock.Now(), i.ring()
	useFrom, newest := now, "" // the first key signs at once: nobody has an older copy of the keys
	if len(ring) > 0 {
		last := ring[len(ring)-1]
		if last.useFrom.After(now) {
			return last.id, nil
		}
		useFrom, newest = now.Add(jwksAge), last.id
	}
	return i.addKey(ctx, actor, useFrom, newest)
}

// addKey makes the key that follows the newest one, "" for none, and answers its id; if another hub was
// faster, that of its key.
func (i *Identity) addKey(ctx context.Context, actor string, useFrom time.Time, newest string) (string, error) {
	private, err := rsa.GenerateKey(rand.Reader, i.keyBits)
	if err != nil {
		return "", fmt.Errorf("make a signing key: %w", err)
	}
	k, err := newSigningKey(private, i.clock.Now(), useFrom)
	if err != nil {
		return "", err
	}
	sealed, err := sealKey(i.seal, k)
	if err != nil {
		return "", err
	}
	added, err := i.registry.AddSigningKey(ctx, actor, sealed, newest)
	if err != nil {
		return "", err
	}
	if !added { // another hub made one meanwhile: that is the new key
		if err := i.registry.Refresh(ctx); err != nil {
			return "", err
		}
		stored := i.registry.Current().SigningKeys()
		if len(stored) == 0 {
			return "", errors.New("the signing keys are being erased")
		}
		return stored[len(stored)-1].ID, nil
	}
	i.log.InfoContext(ctx, "new signing key", "key", k.id, "signsFrom", useFrom, "by", actor)
	return k.id, nil
}

// tendKeys replaces a key that has come of age and erases those that prove nothing any more. It is
// called with every token that is given, which is often enough: without tokens keys do not matter.
// A failure is logged and tried again later; the present key goes on signing.
func (i *Identity) tendKeys(ctx context.Context) {
	now := i.clock.Now()
	if !i.ring().due(now) || !i.changing.TryLock() {
		return
	}
	defer i.changing.Unlock()
	if now.Before(i.nextTry) {
		return
	}
	if err := i.replaceKeys(context.WithoutCancel(ctx), now); err != nil {
		i.nextTry = now.Add(keyPause)
		i.log.ErrorContext(ctx, "signing keys not replaced; trying again", "error", err, "at", i.nextTry)
	}
}

func (i *Identity) replaceKeys(ctx context.Context, now time.Time) error {
	if ring := i.ring(); len(ring) == 0 || now.Sub(ring[len(ring)-1].createdAt) >= keyLife {
		if _, err := i.rotate(ctx, registry.System); err != nil {
			return err
		}
	}
	ring := i.ring()
	kept := ring.trusted(now)
	ended := make([]string, 0, len(ring))
	for _, k := range ring[:len(ring)-len(kept)] {
		ended = append(ended, k.id)
	}
	return i.registry.EraseSigningKeys(ctx, registry.System, ended)
}

func newSigningKey(private *rsa.PrivateKey, createdAt, useFrom time.Time) (*signingKey, error) {
	thumbprint, err := (&jose.JSONWebKey{Key: &private.PublicKey}).Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("thumbprint of a signing key: %w", err)
	}
	id := base64.RawURLEncoding.EncodeToString(thumbprint)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: private, KeyID: id}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("signer: %w", err)
	}
	return &signingKey{id, private, signer, createdAt, useFrom}, nil
}

// sealKey encrypts a key for the registry. The id is bound in, so that rows cannot be swapped.
func sealKey(seal cipher.AEAD, k *signingKey) (registry.SigningKey, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return registry.SigningKey{}, fmt.Errorf("encode a signing key: %w", err)
	}
	return registry.SigningKey{ID: k.id, Sealed: seal.Seal(nil, nil, der, []byte(k.id)), CreatedAt: k.createdAt, UseFrom: k.useFrom}, nil
}

func unsealKey(seal cipher.AEAD, s registry.SigningKey) (*signingKey, error) {
	der, err := seal.Open(nil, nil, s.Sealed, []byte(s.ID))
	if err != nil {
		return nil, fmt.Errorf("open signing key %s: %w", s.ID, err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("read signing key %s: %w", s.ID, err)
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("signing key %s is a %T, not an RSA key", s.ID, parsed)
	}
	return newSigningKey(private, s.CreatedAt, s.UseFrom)
}
