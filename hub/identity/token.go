package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"smartlink/hub/registry"
	"smartlink/link"
)

const (
	// leeway is by how much the clocks of two hubs of one registry may differ.
	leeway = 10 * time.Second
	// cacheSize is how many verified tokens are remembered, some 250 bytes each.
	cacheSize = 16_384
	// maxToken is the length of the longest token that is looked at; ours have some 800 characters.
	maxToken = 8 << 10
)

// claims are what a token says.
type claims struct {
	Issuer    string        `json:"iss"`
	Audience  string        `json:"aud"`
	ClientID  link.ClientID `json:"client_id"`
	Tenant    string        `json:"http://www.tnf.com/identity/claims/tenantId"` // TenantClaim
	Epoch     *int64        `json:"sl_epoch"`
	ID        string        `json:"jti"`
	IssuedAt  int64         `json:"iat"`
	NotBefore int64         `json:"nbf"`
	Expires   int64         `json:"exp"`
}

// issue makes a token for a client.
func (i *Identity) issue(c registry.Client) (string, error) {
	now := i.clock.Now()
	return i.sign(now, claims{
		Issuer: i.issuer, Audience: Scope, ClientID: c.ID, Tenant: c.Tenant.String(), Epoch: &c.Epoch, ID: uuid.NewString(),
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Add(link.TokenLifetime).Unix(),
	})
}

func (i *Identity) sign(now time.Time, c claims) (string, error) {
	key := i.ring().signing(now)
	if key == nil {
		return "", errors.New("there is no key to sign a token with")
	}
	token, err := jwt.Signed(key.signer).Claims(c).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}

type tokenHash = [sha256.Size]byte

// verified is what is remembered of a token whose signature and claims were found right. Whether the
// client still exists and was not revoked is not part of it.
type verified struct {
	client    link.ClientID
	tenant    uuid.UUID
	epoch     int64
	notBefore time.Time
	expires   time.Time
}

// Verify answers the client a token was given to, and the registry by which it was checked. Errors:
// link.CodeTokenMissing for none, CodeTokenExpired, CodeTokenRevoked when the client was revoked since,
// and CodeTokenInvalid for all else that a token can be: of another issuer, changed, of a client that is gone.
func (i *Identity) Verify(ctx context.Context, token string) (registry.Client, *registry.Snapshot, error) {
	snapshot := i.registry.Current()
	c, err := i.verify(token, snapshot)
	if link.CodeOf(err) == link.CodeTokenInvalid && i.registry.CaughtUp(ctx) { // a client or key of another hub's making
		snapshot = i.registry.Current()
		c, err = i.verify(token, snapshot)
	}
	if err != nil {
		return registry.Client{}, snapshot, err
	}
	return c, snapshot, nil
}

func (i *Identity) verify(token string, snapshot *registry.Snapshot) (registry.Client, error) {
	switch {
	case token == "":
		return registry.Client{}, link.NewError(link.CodeTokenMissing)
	case len(token) > maxToken:
		return registry.Client{}, invalid(errors.New("token too long"))
	}
	now := i.clock.Now()
	hash := sha256.Sum256([]byte(token))
	v, known := i.verified.get(hash)
	if !known {
		var err error
		if v, err = i.examine(token, now); err != nil {
			return registry.Client{}, invalid(err)
		}
	}
	if err := v.check(now); err != nil {
		i.verified.remove(hash)
		return registry.Client{}, err
	}
	if !known {
		i.verified.put(hash, v)
	}
	c, ok := snapshot.Client(v.client)
	switch {
	case !ok:
		return c, invalid(errors.New("the client is gone"))
	case c.Tenant != v.tenant:
		return c, invalid(errors.New("the client is another tenant's"))
	case v.epoch < c.Epoch:
		return c, link.NewError(link.CodeTokenRevoked)
	}
	return c, nil
}

// invalid is an answer that does not tell a caller which test failed; the log does.
func invalid(cause error) error { return link.NewError(link.CodeTokenInvalid).Because(cause) }

// examine checks signature and claims, except whether the time is right.
func (i *Identity) examine(token string, now time.Time) (verified, error) {
	if !wellSpelled(token) {
		return verified{}, errors.New("not spelled as we do")
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return verified{}, err
	}
	head := parsed.Headers[0]
	if typ, ok := head.ExtraHeaders[jose.HeaderType]; ok && typ != "JWT" {
		return verified{}, fmt.Errorf("type %v", typ)
	}
	key := i.ring().find(head.KeyID, now)
	if key == nil {
		return verified{}, fmt.Errorf("key %q is not one of ours", head.KeyID)
	}
	var c claims
	if err := parsed.Claims(&key.private.PublicKey, &c); err != nil {
		return verified{}, err
	}
	switch {
	case c.Issuer != i.issuer:
		return verified{}, fmt.Errorf("issuer %q", c.Issuer)
	case c.Audience != Scope:
		return verified{}, fmt.Errorf("audience %q", c.Audience)
	case c.Epoch == nil:
		return verified{}, errors.New("no epoch")
	case c.Expires <= 0 || c.NotBefore <= 0:
		return verified{}, errors.New("no time")
	}
	tenant, err := link.ParseUUID(c.Tenant)
	if err != nil {
		return verified{}, fmt.Errorf("tenant: %w", err)
	}
	return verified{c.ClientID, tenant, *c.Epoch, time.Unix(c.NotBefore, 0), time.Unix(c.Expires, 0)}, nil
}

// wellSpelled tells whether a token's parts are encoded in the one way that encoding gives. Decoders
// also take line breaks and loose bits at the end; one client could fill the memory of verified
// tokens with spellings of a single one.
func wellSpelled(token string) bool {
	for part := range strings.SplitSeq(token, ".") {
		b, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || base64.RawURLEncoding.EncodeToString(b) != part {
			return false
		}
	}
	return true
}

// check tells whether the time of a token is right.
func (v verified) check(now time.Time) error {
	switch {
	case now.Add(leeway).Before(v.notBefore):
		return invalid(fmt.Errorf("not valid before %s", v.notBefore.UTC().Format(time.RFC3339)))
	case !now.Before(v.expires.Add(leeway)):
		return link.NewError(link.CodeTokenExpired, "at", v.expires.UTC().Format(time.RFC3339))
	}
	return nil
}
