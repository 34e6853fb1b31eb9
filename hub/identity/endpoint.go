package identity

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"smartlink/link"
)

// maxTokenRequest is the size of the largest token request.
const maxTokenRequest = 16 << 10

// tokenResponse is the answer of RFC 6749 §5.1.
type tokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
	Scope       string `json:"scope"`
}

// oauthError is a refusal of RFC 6749 §5.2. Its texts are English only: the RFC allows no letters
// beyond ASCII there.
type oauthError struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func (e *oauthError) Error() string { return e.Code + ": " + e.Description }

func badRequest(description string) *oauthError {
	return &oauthError{http.StatusBadRequest, "invalid_request", description}
}

var (
	errMethod      = &oauthError{http.StatusMethodNotAllowed, "invalid_request", "Ask for a token by POST"}
	errTooLarge    = &oauthError{http.StatusRequestEntityTooLarge, "invalid_request", "The request is over 16 KiB"}
	errGrant       = &oauthError{http.StatusBadRequest, "unsupported_grant_type", "The only grant_type is client_credentials"}
	errScope       = &oauthError{http.StatusBadRequest, "invalid_scope", "The only scope is authorization_api"}
	errCredentials = &oauthError{http.StatusUnauthorized, "invalid_client", "client_id or client_secret is wrong; check both, or ask the administrator of the tenant for a new secret"}
	errTooMany     = &oauthError{http.StatusTooManyRequests, "temporarily_unavailable", "Too many failed attempts; wait for the time in Retry-After"}
	errInternal    = &oauthError{http.StatusInternalServerError, "server_error", "The hub could not make a token; try again shortly"}
)

// serveToken is the token endpoint.
func (i *Identity) serveToken(w http.ResponseWriter, r *http.Request) {
	response, err := i.token(w, r)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.Header().Set("Content-Type", "application/json")
	var refused *oauthError
	switch {
	case err == nil:
		_ = json.NewEncoder(w).Encode(response) // the caller has gone when this fails
		return
	case !errors.As(err, &refused):
		i.log.ErrorContext(r.Context(), "token not made", "error", err)
		refused = errInternal
	case refused == errMethod:
		w.Header().Set("Allow", http.MethodPost)
	case refused == errCredentials:
		w.Header().Set("WWW-Authenticate", `Basic realm="`+Path[1:]+`"`)
	}
	w.WriteHeader(refused.status)
	_ = json.NewEncoder(w).Encode(refused)
}

// token gives a token, or an *oauthError that says why not.
func (i *Identity) token(w http.ResponseWriter, r *http.Request) (*tokenResponse, error) {
	if r.Method != http.MethodPost {
		return nil, errMethod
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxTokenRequest))
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, errTooLarge
		}
		return nil, badRequest("The request was cut off")
	}
	q, err := parseTokenRequest(r.Header, string(body))
	if err != nil {
		return nil, err
	}
	address, now := caller(r, i.proxied), i.clock.Now()
	id, err := link.ParseClientID(q.client)
	attempt := pair{id, address}
	if d := i.failures.wait(attempt, now); d > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(d.Seconds()))))
		return nil, errTooMany
	}
	if err != nil {
		return nil, i.refuse(r, attempt, now)
	}
	c, err := i.registry.AuthenticateClient(r.Context(), id, q.secret)
	if err != nil {
		return nil, i.refuse(r, attempt, now)
	}
	i.tendKeys(r.Context())
	token, err := i.issue(c)
	if err != nil {
		return nil, err
	}
	i.log.DebugContext(r.Context(), "token given", "tenant", c.Tenant, "client", c.ID, "address", addressText(address))
	return &tokenResponse{token, "Bearer", int64(link.TokenLifetime / time.Second), Scope}, nil
}

// refuse counts and logs a failed attempt.
func (i *Identity) refuse(r *http.Request, p pair, now time.Time) error {
	i.failures.note(p, now)
	i.log.InfoContext(r.Context(), "token refused", "client", p.client, "address", addressText(p.address))
	return errCredentials
}

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return "unknown"
	}
	return a.String()
}

// tokenRequest is what a token request says; its grant type and scope were found right.
type tokenRequest struct{ client, secret string }

// parseTokenRequest reads the form of a client_credentials request (RFC 6749 §4.4.2) with the
// credentials in the form or in a Basic header (§2.3.1).
func parseTokenRequest(header http.Header, body string) (tokenRequest, error) {
	if t, _, err := mime.ParseMediaType(header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		return tokenRequest{}, badRequest("The Content-Type must be application/x-www-form-urlencoded")
	}
	form, err := url.ParseQuery(body)
	if err != nil {
		return tokenRequest{}, badRequest("The form is not well encoded")
	}
	for _, values := range form {
		if len(values) > 1 {
			return tokenRequest{}, badRequest("A field stands in the form more than once")
		}
	}
	q := tokenRequest{form.Get("client_id"), form.Get("client_secret")}
	if header.Get("Authorization") != "" {
		if q, err = basic(header, q); err != nil {
			return tokenRequest{}, err
		}
	}
	scopes := strings.Fields(form.Get("scope"))
	switch grant := form.Get("grant_type"); {
	case grant == "":
		return tokenRequest{}, badRequest("grant_type is missing")
	case grant != "client_credentials":
		return tokenRequest{}, errGrant
	case q.client == "" || q.secret == "":
		return tokenRequest{}, badRequest("client_id or client_secret is missing")
	case slices.ContainsFunc(scopes, func(s string) bool { return s != Scope }):
		return tokenRequest{}, errScope
	}
	return q, nil
}

// basic reads the credentials of a Basic header. They may stand in one place only; the client id
// may be repeated in the form, as some libraries do.
func basic(header http.Header, form tokenRequest) (tokenRequest, error) {
	name, password, ok := (&http.Request{Header: header}).BasicAuth()
	if !ok {
		return tokenRequest{}, badRequest("The Authorization header is no Basic credential")
	}
	client, err1 := url.QueryUnescape(name)
	secret, err2 := url.QueryUnescape(password)
	switch {
	case err1 != nil || err2 != nil:
		return tokenRequest{}, badRequest("The Basic credential is not well encoded")
	case form.secret != "" || form.client != "" && form.client != client:
		return tokenRequest{}, badRequest("Credentials stand both in the Authorization header and in the form; send one of them")
	}
	return tokenRequest{client, secret}, nil
}
