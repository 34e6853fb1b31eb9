package identity

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Where things are below Path, and below the issuer for others.
const (
	tokenPath     = "/connect/token"
	discoveryPath = "/.well-known/openid-configuration"
	jwksPath      = discoveryPath + "/jwks"
)

// Handler serves everything below Path: the token endpoint, the discovery document and the keys.
func (i *Identity) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(Path+tokenPath, i.serveToken)
	mux.HandleFunc("GET "+Path+discoveryPath, i.serveDiscovery)
	mux.HandleFunc("GET "+Path+jwksPath, i.serveKeys)
	return mux
}

func (i *Identity) discoveryDocument() []byte {
	b, _ := json.Marshal(map[string]any{ // strings always marshal
		"issuer":                                i.issuer,
		"token_endpoint":                        i.issuer + tokenPath,
		"jwks_uri":                              i.issuer + jwksPath,
		"grant_types_supported":                 []string{"client_credentials"},
		"response_types_supported":              []string{"token"},
		"scopes_supported":                      []string{Scope},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{string(jose.RS256)},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
		"claims_supported":                      []string{"iss", "aud", "client_id", TenantClaim, "sl_epoch", "jti", "iat", "nbf", "exp"},
	})
	return b
}

func (i *Identity) serveDiscovery(w http.ResponseWriter, r *http.Request) { public(w, r, i.discovery) }

// serveKeys publishes the public keys that prove tokens now or soon.
func (i *Identity) serveKeys(w http.ResponseWriter, r *http.Request) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range i.ring().trusted(i.clock.Now()) {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: &k.private.PublicKey, KeyID: k.id, Algorithm: string(jose.RS256), Use: "sig"})
	}
	b, err := json.Marshal(set)
	if err != nil {
		i.log.ErrorContext(r.Context(), "keys not published", "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	public(w, r, b)
}

// public answers a JSON document that others may keep for jwksAge.
func public(w http.ResponseWriter, r *http.Request, document []byte) {
	sum := sha256.Sum256(document)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(jwksAge/time.Second)))
	w.Header().Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:12])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(document))
}
