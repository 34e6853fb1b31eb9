package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

type tokenCmd struct{ clientFlags }

// Help shows an example.
func (*tokenCmd) Help() string {
	return "Example: smartlink token\n\nThe token is all there is on standard output, so that curl -H \"Authorization: Bearer $(smartlink token)\" works. " +
		"Whoever has it is the client until it expires."
}

// tokenInfo is a token with what it says about itself.
type tokenInfo struct {
	AccessToken string    `json:"accessToken"`
	ClientID    string    `json:"clientId"`
	TenantID    string    `json:"tenantId"`
	ExpiresAt   time.Time `json:"expiresAt"`
}

// Run gets a token.
func (c *tokenCmd) Run(e *env) error {
	hub, err := c.client(e, "")
	if err != nil {
		return err
	}
	token, err := hub.Token(e.ctx)
	if err != nil {
		return err
	}
	if !c.JSON {
		_, err = fmt.Fprintln(e.out, token)
		return err
	}
	info, err := readToken(token)
	if err != nil {
		return err
	}
	return printJSON(e.out, info)
}

// readToken reads what a token says. Whether it is true, the hub decides.
func readToken(token string) (tokenInfo, error) {
	var claims struct {
		ClientID string `json:"client_id"`
		Tenant   string `json:"http://www.tnf.com/identity/claims/tenantId"`
		Expires  int64  `json:"exp"`
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return tokenInfo{}, fmt.Errorf("the hub's token has %d parts, not the 3 of a signed JWT", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(raw, &claims)
	}
	if err != nil {
		return tokenInfo{}, fmt.Errorf("the hub's token cannot be read: %w", err)
	}
	return tokenInfo{AccessToken: token, ClientID: claims.ClientID, TenantID: claims.Tenant, ExpiresAt: time.Unix(claims.Expires, 0).UTC()}, nil
}
