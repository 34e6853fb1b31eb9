package hub_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"smartlink/hub/identity"
)

// TestTokenCallsAreAsDescribed: the description of the calls that package identity answers stands in
// package api, so a whole hub has to show that it is true.
func TestTokenCallsAreAsDescribed(t *testing.T) {
	r := start(t)
	c := r.people()
	var doc any
	if status, _ := r.call("", http.MethodGet, "/api/v1/openapi.json", "", &doc); status != http.StatusOK {
		t.Fatal(status)
	}
	compiler := jsonschema.NewCompiler()
	r.must(compiler.AddResource("urn:openapi", doc))
	form := func(pairs ...string) string {
		v := url.Values{"grant_type": {"client_credentials"}, "client_id": {string(c.ID)}, "client_secret": {c.Secret}}
		for i := 0; i+1 < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v.Encode()
	}
	const token = identity.Path + "/connect/token"
	for _, tc := range []struct {
		method, path, body string
		status             int
	}{
		{http.MethodPost, token, form("scope", "authorization_api"), http.StatusOK},
		{http.MethodPost, token, form("grant_type", "password"), http.StatusBadRequest},
		{http.MethodPost, token, form("scope", "everything"), http.StatusBadRequest},
		{http.MethodPost, token, form("client_secret", "wrong"), http.StatusUnauthorized},
		{http.MethodPost, token, strings.Repeat("x", 17<<10), http.StatusRequestEntityTooLarge},
		{http.MethodGet, identity.Path + "/.well-known/openid-configuration", "", http.StatusOK},
		{http.MethodGet, identity.Path + "/.well-known/openid-configuration/jwks", "", http.StatusOK},
	} {
		var answer json.RawMessage
		if status, _ := r.call("", tc.method, tc.path, tc.body, &answer); status != tc.status {
			t.Errorf("%s %q: %d %s, want %d", tc.path, tc.body, status, answer, tc.status)
			continue
		}
		schema, err := compiler.Compile(fmt.Sprintf("urn:openapi#/paths/%s/%s/responses/%d/content/application~1json/schema",
			strings.ReplaceAll(tc.path, "/", "~1"), strings.ToLower(tc.method), tc.status))
		if err != nil {
			t.Errorf("%s %d is not described: %v", tc.path, tc.status, err)
			continue
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(answer)))
		if err == nil {
			err = schema.Validate(value)
		}
		if err != nil {
			t.Errorf("%s %d: %v\n%s", tc.path, tc.status, err, answer)
		}
	}
}
