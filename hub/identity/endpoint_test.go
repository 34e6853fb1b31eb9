package identity

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"smartlink/link"
)

func TestTokenAnswer(t *testing.T) {
	w := newWorld(t)
	a := w.askToken("192.0.2.1:1", form(w.client.ID, w.client.Secret))
	var answer map[string]any
	w.must(json.Unmarshal(a.Body.Bytes(), &answer))
	token, _ := answer["access_token"].(string)
	delete(answer, "access_token")
	if want := (map[string]any{"token_type": "Bearer", "expires_in": 900.0, "scope": "authorization_api"}); a.Code != http.StatusOK || !maps.Equal(answer, want) {
		t.Errorf("%d %v, want %v", a.Code, answer, want)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Pragma": "no-cache", "Content-Type": "application/json"} {
		if got := a.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	head, said := part(t, token, 0), part(t, token, 1)
	if head["alg"] != "RS256" || head["typ"] != "JWT" || head["kid"] == "" {
		t.Errorf("header %v", head)
	}
	if _, err := uuid.Parse(said["jti"].(string)); err != nil {
		t.Errorf("jti: %v", err)
	}
	delete(said, "jti")
	now := float64(testStart.Unix())
	want := map[string]any{
		"iss": "https://link.example.com/totvs.rac", "aud": "authorization_api", "client_id": string(w.client.ID),
		"http://www.tnf.com/identity/claims/tenantId": w.tenant.String(), "sl_epoch": 1.0, "iat": now, "nbf": now, "exp": now + 900,
	}
	if !maps.Equal(said, want) {
		t.Errorf("claims %v\nwant %v", said, want)
	}
	if again := part(t, w.newToken(), 1); again["jti"] == part(t, token, 1)["jti"] {
		t.Error("two tokens have the same jti")
	}
}

// Whoever knows only the issuer can prove a token by discovery and the published keys.
func TestTokenIsProvedByDiscovery(t *testing.T) {
	w := newWorld(t)
	token := w.newToken()
	a := w.ask(http.MethodGet, Path+"/.well-known/openid-configuration", "")
	var d struct {
		Issuer  string `json:"issuer"`
		JWKS    string `json:"jwks_uri"`
		Token   string `json:"token_endpoint"`
		Methods []string
	}
	w.must(json.Unmarshal(a.Body.Bytes(), &d))
	if d.Issuer != w.Issuer() || d.Token != "https://link.example.com/totvs.rac/connect/token" {
		t.Errorf("discovery %+v", d)
	}
	keys := w.ask(http.MethodGet, strings.TrimPrefix(d.JWKS, "https://link.example.com"), "")
	var set jose.JSONWebKeySet
	w.must(json.Unmarshal(keys.Body.Bytes(), &set))
	for _, k := range set.Keys {
		if !k.IsPublic() || k.Use != "sig" || k.Algorithm != "RS256" {
			t.Errorf("published key %+v", k)
		}
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	w.must(err)
	var c jwt.Claims
	w.must(parsed.Claims(set, &c))
	w.must(c.ValidateWithLeeway(jwt.Expected{Issuer: d.Issuer, AnyAudience: jwt.Audience{Scope}, Time: testStart}, 0))
}

func TestPublicDocumentsAreKeptByOthers(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{Path + "/.well-known/openid-configuration", Path + "/.well-known/openid-configuration/jwks"} {
		a := w.ask(http.MethodGet, path, "")
		etag := a.Header().Get("ETag")
		if a.Code != http.StatusOK || a.Header().Get("Cache-Control") != "public, max-age=900" || a.Header().Get("Content-Type") != "application/json" || etag == "" {
			t.Errorf("%s: %d %v", path, a.Code, a.Header())
		}
		if b := w.ask(http.MethodGet, path, "", "If-None-Match", etag); b.Code != http.StatusNotModified || b.Body.Len() > 0 {
			t.Errorf("%s with its ETag: %d", path, b.Code)
		}
		if b := w.ask(http.MethodPost, path, ""); b.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, b.Code)
		}
	}
	_, err := w.RotateKey(t.Context(), "ana")
	w.must(err)
	old := w.ask(http.MethodGet, Path+jwksPath, "").Header().Get("ETag")
	w.clock.Advance(jwksAge + keyOverlap)
	if w.ask(http.MethodGet, Path+jwksPath, "").Header().Get("ETag") == old {
		t.Error("other keys, same ETag")
	}
}

func TestBothSecretsGetTokens(t *testing.T) {
	w := newWorld(t)
	second, err := w.store.AddSecret(t.Context(), "ana", w.client.ID)
	w.must(err)
	for _, secret := range []string{w.client.Secret, second.Secret} {
		if a := w.askToken("192.0.2.1:1", form(w.client.ID, secret)); a.Code != http.StatusOK {
			t.Errorf("%d %s", a.Code, a.Body)
		}
	}
	token := w.newToken()
	w.must(w.store.RemoveSecret(t.Context(), "ana", w.client.ID, w.client.Secrets[0].ID))
	if a := w.askToken("192.0.2.1:1", form(w.client.ID, w.client.Secret)); a.Code != http.StatusUnauthorized {
		t.Errorf("with a removed secret: %d", a.Code)
	}
	w.want(w.check(token), "") // replacing a secret ends no token
}

func TestTokenRequests(t *testing.T) {
	w := newWorld(t)
	id, secret := string(w.client.ID), w.client.Secret
	good := "grant_type=client_credentials&scope=authorization_api"
	inForm := good + "&client_id=" + id + "&client_secret=" + secret
	basicOf := func(user, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	dashed := uuid.MustParse(id).String()
	for name, tc := range map[string]struct {
		method, body, contentType, authorization string
		status                                   int
		code                                     string
	}{
		"form":                          {body: inForm, status: 200},
		"form with charset":             {body: inForm, contentType: formType + "; charset=utf-8", status: 200},
		"id with dashes, upper case":    {body: good + "&client_id=" + strings.ToUpper(dashed) + "&client_secret=" + secret, status: 200},
		"no scope":                      {body: strings.ReplaceAll(inForm, "scope=authorization_api&", ""), status: 200},
		"Basic":                         {body: good, authorization: basicOf(id, secret), status: 200},
		"Basic, encoded":                {body: good, authorization: basicOf("%"+fmt.Sprintf("%x", id[0])+id[1:], secret), status: 200},
		"Basic, id also in the form":    {body: good + "&client_id=" + id, authorization: basicOf(id, secret), status: 200},
		"unknown fields":                {body: inForm + "&resource=x", status: 200},
		"GET":                           {method: http.MethodGet, status: 405, code: "invalid_request"},
		"JSON":                          {body: `{}`, contentType: "application/json", status: 400, code: "invalid_request"},
		"no content type":               {body: inForm, contentType: "-", status: 400, code: "invalid_request"},
		"empty":                         {status: 400, code: "invalid_request"},
		"badly encoded":                 {body: inForm + "&x=%zz", status: 400, code: "invalid_request"},
		"field twice":                   {body: inForm + "&client_id=" + id, status: 400, code: "invalid_request"},
		"no grant type":                 {body: "client_id=" + id + "&client_secret=" + secret, status: 400, code: "invalid_request"},
		"other grant type":              {body: strings.Replace(inForm, "client_credentials", "password", 1), status: 400, code: "unsupported_grant_type"},
		"other scope":                   {body: strings.Replace(inForm, "authorization_api", "authorization_api+admin", 1), status: 400, code: "invalid_scope"},
		"no credentials":                {body: good, status: 400, code: "invalid_request"},
		"no secret":                     {body: good + "&client_id=" + id, status: 400, code: "invalid_request"},
		"Basic and form":                {body: inForm, authorization: basicOf(id, secret), status: 400, code: "invalid_request"},
		"Basic and another id":          {body: good + "&client_id=x", authorization: basicOf(id, secret), status: 400, code: "invalid_request"},
		"Bearer":                        {body: good, authorization: "Bearer x", status: 400, code: "invalid_request"},
		"Basic, not base64":             {body: good, authorization: "Basic %%%", status: 400, code: "invalid_request"},
		"Basic, badly encoded":          {body: good, authorization: basicOf("%zz", secret), status: 400, code: "invalid_request"},
		"wrong secret":                  {body: strings.Replace(inForm, secret, strings.Repeat("0", 32), 1), status: 401, code: "invalid_client"},
		"wrong secret by Basic":         {body: good, authorization: basicOf(id, "wrong"), status: 401, code: "invalid_client"},
		"unknown client":                {body: strings.Replace(inForm, id, strings.Repeat("0", 32), 1), status: 401, code: "invalid_client"},
		"id of another shape":           {body: strings.Replace(inForm, id, "gesplan", 1), status: 401, code: "invalid_client"},
		"credentials in the query only": {method: "POST?" + inForm, body: good, status: 400, code: "invalid_request"},
		"over 16 KiB":                   {body: inForm + "&x=" + strings.Repeat("x", maxTokenRequest), status: 413, code: "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			method, query, _ := strings.Cut(tc.method, "?")
			if method == "" {
				method = http.MethodPost
			}
			header := []string{"Content-Type", formType}
			if tc.contentType != "" {
				header[1] = tc.contentType
			}
			if tc.authorization != "" {
				header = append(header, "Authorization", tc.authorization)
			}
			a := w.ask(method, Path+tokenPath+"?"+query, tc.body, header...)
			var said struct {
				Error       string `json:"error"`
				Description string `json:"error_description"`
			}
			if err := json.Unmarshal(a.Body.Bytes(), &said); err != nil || a.Code != tc.status || said.Error != tc.code {
				t.Fatalf("%d %s, want %d %s (%v)", a.Code, a.Body, tc.status, tc.code, err)
			}
			if a.Header().Get("Cache-Control") != "no-store" {
				t.Error("the answer may be kept")
			}
			if (a.Header().Get("WWW-Authenticate") != "") != (tc.status == 401) || (a.Header().Get("Allow") != "") != (tc.status == 405) {
				t.Errorf("headers %v", a.Header())
			}
			// RFC 6749 §5.2 allows only these characters.
			if strings.ContainsFunc(said.Description, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
				t.Errorf("description %q", said.Description)
			}
			if tc.status != 200 && said.Description == "" || strings.Contains(a.Body.String(), secret) {
				t.Errorf("body %s", a.Body)
			}
		})
	}
}

func TestFailuresAreLimited(t *testing.T) {
	w := newWorld(t)
	other := w.newClient("other")
	wrong := form(w.client.ID, "wrong")
	for n := range pairBurst {
		if a := w.askToken("192.0.2.1:1", wrong); a.Code != http.StatusUnauthorized {
			t.Fatalf("failure %d: %d", n, a.Code)
		}
	}
	limited := func(a *httptest.ResponseRecorder) bool {
		return a.Code == http.StatusTooManyRequests && strings.Contains(a.Body.String(), "temporarily_unavailable")
	}
	a := w.askToken("192.0.2.1:2", form(w.client.ID, w.client.Secret))
	if !limited(a) || a.Header().Get("Retry-After") != "6" {
		t.Errorf("after %d failures: %d, Retry-After %q", pairBurst, a.Code, a.Header().Get("Retry-After"))
	}
	if a := w.askToken("192.0.2.2:1", form(w.client.ID, w.client.Secret)); a.Code != http.StatusOK {
		t.Errorf("the same client from elsewhere is locked out: %d", a.Code)
	}
	if a := w.askToken("192.0.2.1:1", form(other.ID, other.Secret)); a.Code != http.StatusOK {
		t.Errorf("another client from there is locked out: %d", a.Code)
	}
	w.clock.Advance(pairEvery)
	if a := w.askToken("192.0.2.1:1", form(w.client.ID, w.client.Secret)); a.Code != http.StatusOK {
		t.Errorf("after the wait: %d", a.Code)
	}
}

func TestOneAddressCannotTryManyClients(t *testing.T) {
	w := newWorld(t)
	for range addressBurst {
		if a := w.askToken("[2001:db8::1]:1", form(link.NewClientID(), "wrong")); a.Code != http.StatusUnauthorized {
			t.Fatalf("%d %s", a.Code, a.Body)
		}
	}
	if a := w.askToken("[2001:db8::2]:1", form(w.client.ID, w.client.Secret)); a.Code != http.StatusTooManyRequests {
		t.Errorf("from the same network: %d", a.Code)
	}
	if a := w.askToken("[2001:db8:0:1::1]:1", form(w.client.ID, w.client.Secret)); a.Code != http.StatusOK {
		t.Errorf("from another network: %d", a.Code)
	}
}

func TestGoodRequestsAreNotLimited(t *testing.T) {
	w := newWorld(t)
	for range 2 * pairBurst {
		w.newToken()
	}
}

func TestFailuresAreBounded(t *testing.T) {
	f := newFailures()
	for n := range limiters + 100 {
		f.note(pair{link.ClientID(fmt.Sprint(n)), caller(httptest.NewRequest("GET", "/", nil), false)}, testStart)
	}
	if n := f.pairs.len(); n != limiters {
		t.Errorf("%d pairs remembered, want %d", n, limiters)
	}
	if d := f.wait(pair{"0", caller(httptest.NewRequest("GET", "/", nil), false)}, testStart); d <= 0 || d > time.Hour {
		t.Errorf("the address waits %v", d)
	}
}

func TestCallerAddress(t *testing.T) {
	for name, tc := range map[string]struct {
		remote    string
		forwarded []string
		proxied   bool
		want      string
	}{
		"IPv4":                      {"192.0.2.1:1234", nil, false, "192.0.2.1"},
		"IPv4 in IPv6":              {"[::ffff:192.0.2.1]:1", nil, false, "192.0.2.1"},
		"IPv6 is a network":         {"[2001:db8:1:2:3:4:5:6]:1", nil, false, "2001:db8:1:2::"},
		"IPv6 with zone":            {"[fe80::1%eth0]:1", nil, false, "fe80::"},
		"made-up header":            {"192.0.2.1:1", []string{"198.51.100.7"}, false, "192.0.2.1"},
		"proxy":                     {"192.0.2.1:1", []string{"198.51.100.7"}, true, "198.51.100.7"},
		"proxy, made-up beginning":  {"192.0.2.1:1", []string{"203.0.113.9", "203.0.113.8, 198.51.100.7"}, true, "198.51.100.7"},
		"proxy with port":           {"192.0.2.1:1", []string{"198.51.100.7:99"}, true, "198.51.100.7"},
		"proxy without header":      {"192.0.2.1:1", nil, true, "192.0.2.1"},
		"proxy says nothing usable": {"192.0.2.1:1", []string{"unknown"}, true, "invalid IP"},
		"unix socket":               {"@", nil, false, "invalid IP"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.RemoteAddr = tc.remote
			r.Header["X-Forwarded-For"] = tc.forwarded
			if got := caller(r, tc.proxied).String(); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

func FuzzTokenRequest(f *testing.F) {
	f.Add(formType, "", form("0123456789abcdef0123456789abcdef", "s"))
	f.Add(formType, "Basic YTpi", "grant_type=client_credentials")
	f.Add("application/json", "Bearer", "{}")
	f.Add(formType+";", "Basic =", "a=%zz&a;b")
	f.Fuzz(func(t *testing.T, contentType, authorization, body string) {
		q, err := parseTokenRequest(http.Header{"Content-Type": {contentType}, "Authorization": {authorization}}, body)
		if err == nil && (q.client == "" || q.secret == "") {
			t.Errorf("accepted without credentials: %+v", q)
		}
		if _, refused := err.(*oauthError); err != nil && !refused {
			t.Errorf("%T is no answer for the caller", err)
		}
	})
}

func TestDiscoveryNamesAllClaims(t *testing.T) {
	w := newWorld(t)
	var d struct {
		Claims []string `json:"claims_supported"`
	}
	w.must(json.Unmarshal(w.discovery, &d))
	said := slices.Sorted(maps.Keys(part(t, w.newToken(), 1)))
	slices.Sort(d.Claims)
	if !slices.Equal(d.Claims, said) {
		t.Errorf("discovery names %v, tokens have %v", d.Claims, said)
	}
}
