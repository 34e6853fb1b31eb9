package api

import (
	"net/http"

	"smartlink/link"
)

// Groups of calls that need no credential.
const (
	tagIdentity = "identity"
	tagHub      = "hub"
)

const contentForm = "application/x-www-form-urlencoded"

// tokenForm describes the form of a token request; package identity reads it.
type tokenForm struct {
	GrantType    string `json:"grant_type" enum:"client_credentials"`
	ClientID     string `json:"client_id,omitempty" doc:"Or as the user of HTTP Basic" example:"5d2f8e1b4c7a4930b6e8d1a2c3f40597"`
	ClientSecret string `json:"client_secret,omitempty" doc:"Or as the password of HTTP Basic"`
	Scope        string `json:"scope,omitempty" enum:"authorization_api"`
}

// tokenAnswer describes a token; package identity makes it.
type tokenAnswer struct {
	AccessToken string `json:"access_token" doc:"A signed JWT; Bearer of the link API"`
	TokenType   string `json:"token_type" enum:"Bearer"`
	ExpiresIn   int64  `json:"expires_in" doc:"Seconds" example:"900"`
	Scope       string `json:"scope" example:"authorization_api"`
}

// tokenRefusal describes a refusal of the token endpoint (RFC 6749 §5.2).
type tokenRefusal struct {
	Error       string `json:"error" enum:"invalid_request,invalid_client,unsupported_grant_type,invalid_scope,temporarily_unavailable,server_error"`
	Description string `json:"error_description" doc:"English: the RFC allows no letters beyond ASCII"`
}

// elsewhere describes the calls that are answered by others than endpoints: tokens and keys by package
// identity, what the hub tells about itself by pages.go. They answer no problems of the catalogue,
// except for readyz.
func elsewhere() []endpoint {
	refused := func(status int, about, code, description string) reply {
		return reply{status: status, about: about, schema: tokenRefusal{}, example: map[string]any{"error": code, "error_description": description}}
	}
	text := func(path, id, summary, about string, sample string) endpoint {
		return endpoint{
			method: http.MethodGet, path: path, id: id, tag: tagHub, summary: summary, foreign: true,
			answers: []reply{{status: http.StatusOK, about: about, schema: "", media: "text/plain", example: sample}},
		}
	}
	ready := text("/readyz", "ready", "Can the hub store messages?", "It can", "ready\n")
	ready.problems = []link.Code{link.CodeUnavailable}
	return []endpoint{
		{
			method: http.MethodPost, path: "/totvs.rac/connect/token", id: "token", tag: tagIdentity, foreign: true,
			summary: "Get an access token for a client's secret",
			about: "Form encoded, or with HTTP Basic. The token is good for 15 minutes; ask for another one shortly before. After many failures the address " +
				"has to wait.",
			request: &content{types: []string{contentForm}, schema: tokenForm{}, examples: map[string]any{
				"client credentials": tokenForm{"client_credentials", string(sampleSender), "the client's secret", "authorization_api"},
			}},
			answers: []reply{
				{status: http.StatusOK, about: "The token", schema: tokenAnswer{}, example: map[string]any{
					"access_token": "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl", "token_type": "Bearer", "expires_in": 900, "scope": "authorization_api",
				}},
				refused(http.StatusBadRequest, "The request is not well formed", "unsupported_grant_type", "The only grant_type is client_credentials"),
				refused(http.StatusUnauthorized, "Id or secret is wrong", "invalid_client", "client_id or client_secret is wrong"),
				refused(http.StatusMethodNotAllowed, "Not a POST", "invalid_request", "Ask for a token by POST"),
				refused(http.StatusRequestEntityTooLarge, "Over 16 KiB", "invalid_request", "The request is over 16 KiB"),
				refused(http.StatusTooManyRequests, "Too many failures; wait as Retry-After says", "temporarily_unavailable", "Too many failed attempts"),
				refused(http.StatusInternalServerError, "The hub could not make a token", "server_error", "The hub could not make a token; try again shortly"),
			},
		},
		{
			method: http.MethodGet, path: "/totvs.rac/.well-known/openid-configuration", id: "discovery", tag: tagIdentity, foreign: true,
			summary: "Discovery document: where tokens and keys are", answers: []reply{{
				status: http.StatusOK, about: "OpenID Connect discovery", schema: map[string]any{}, example: map[string]any{
					"issuer": "https://hub.example.com/totvs.rac", "token_endpoint": "https://hub.example.com/totvs.rac/connect/token",
				},
			}},
		},
		{
			method: http.MethodGet, path: "/totvs.rac/.well-known/openid-configuration/jwks", id: "keys", tag: tagIdentity, foreign: true,
			summary: "The public keys that prove tokens", answers: []reply{{
				status: http.StatusOK, about: "A JSON Web Key Set", schema: map[string]any{}, example: map[string]any{"keys": []any{}},
			}},
		},
		text("/healthz", "health", "Does the process answer?", "It does", "ok\n"),
		ready,
		text("/metrics", "metrics", "Metrics for Prometheus", "Prometheus text format", "# TYPE smartlink_deliveries_total counter\nsmartlink_deliveries_total 42\n"),
		{
			method: http.MethodGet, path: "/api/v1/openapi.json", id: "openapi", tag: tagHub, foreign: true, summary: "This description",
			about: "Also as YAML at /api/v1/openapi.yaml, and to read at /docs/api.",
			answers: []reply{{
				status: http.StatusOK, about: "OpenAPI 3.1", schema: map[string]any{}, media: "application/openapi+json",
				example: map[string]any{"openapi": "3.1.0"},
			}},
		},
	}
}
