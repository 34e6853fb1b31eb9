// Package identity is the hub's RAC: it gives tokens to clients for their secrets, publishes the
// keys that prove them, and verifies the tokens that requests bring.
//
// A token says who the client is. What it may do is looked up in the registry at every request, so
// that a revocation or a changed permission holds at once.
package identity

import (
	"cmp"
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"smartlink/hub/registry"
	"smartlink/internal/clock"
)

const (
	// Path is where the identity part is served below the hub's address, and the end of the issuer.
	Path = "/totvs.rac"
	// Scope is the one scope of tokens, which is also their audience.
	Scope = "authorization_api"
	// TenantClaim is the claim that names the tenant, as TOTVS's own SDKs read it.
	TenantClaim = "http://www.tnf.com/identity/claims/tenantId"
)

// Options of an Identity; zero fields have defaults where one is told.
type Options struct {
	// Issuer is the hub's address as clients see it, with or without Path at its end. Needed.
	Issuer string
	// KeyFile holds the key that seals the signing keys in the registry, the same for every hub
	// that shares it. Needed; made at the first start.
	KeyFile string
	// Proxied says that a proxy in front tells the caller's address in X-Forwarded-For.
	Proxied bool
	// KeyBits is the size of the RSA keys. Default 2048; tests take smaller ones.
	KeyBits int
	Clock   clock.Clock  // default clock.Real
	Logger  *slog.Logger // default: no log
}

// Identity gives and verifies tokens. It is safe for concurrent use and runs nothing in the
// background.
type Identity struct {
	registry *registry.Store
	issuer   string
	proxied  bool
	keyBits  int
	clock    clock.Clock
	log      *slog.Logger

	hubKey    []byte // what the key file holds
	seal      cipher.AEAD
	keys      atomic.Pointer[shownKeys]
	changing  sync.Mutex // held while the keys change
	nextTry   time.Time  // not before then after a failed change; guarded by changing
	verified  *lru[tokenHash, verified]
	failures  *failures
	discovery []byte
}

// Open makes the key file and a first signing key, or reads what is there. A key file that is
// missing or does not belong to the registry's signing keys is link.CodeHubKey.
func Open(ctx context.Context, r *registry.Store, o Options) (*Identity, error) {
	if o.Issuer == "" || o.KeyFile == "" {
		return nil, errors.New("identity: Issuer and KeyFile are needed")
	}
	if o.Clock == nil {
		o.Clock = clock.Real
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	i := &Identity{
		registry: r, issuer: strings.TrimSuffix(strings.TrimRight(o.Issuer, "/"), Path) + Path, proxied: o.Proxied,
		keyBits: cmp.Or(o.KeyBits, 2048), clock: o.Clock, log: o.Logger,
		verified: newLRU[tokenHash, verified](cacheSize), failures: newFailures(),
	}
	i.discovery = i.discoveryDocument()
	if err := i.openKeys(ctx, o.KeyFile); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	return i, nil
}

// Issuer is the issuer of the hub's tokens, e.g. "https://link.example.com/totvs.rac".
func (i *Identity) Issuer() string { return i.issuer }

func (i *Identity) openKeys(ctx context.Context, file string) error {
	for {
		stored, err := i.registry.SigningKeys(ctx)
		if err != nil {
			return err
		}
		if i.hubKey, err = openHubKey(file, len(stored) > 0, i.log); err != nil {
			return err
		}
		if i.seal, err = sealWith(i.hubKey); err != nil {
			return err
		}
		ring, err := unsealKeys(i.seal, stored, nil)
		if err != nil {
			return foreignHubKey(file, err)
		}
		i.keys.Store(&shownKeys{ring: ring})
		if len(ring) > 0 {
			return nil
		}
		// Then once more: where several hubs make the first key, one does, and the others have to be able to
		// open it. They make no second one.
		if _, err := i.addKey(ctx, registry.System, i.clock.Now(), ""); err != nil {
			return err
		}
	}
}
