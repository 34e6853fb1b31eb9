package api

import (
	"strconv"
	"strings"

	"smartlink/hub/exchange"
	"smartlink/link"
)

// access says who may make a call.
type access int

const (
	anyone         access = iota // no credential
	aClient                      // a client's token
	aViewer                      // an API key of a person who may look
	anOperator                   // an API key of a person who may work on messages
	anAdmin                      // an API key of an administrator
	clientOrViewer               // either
)

// admit authenticates a call. It runs before the body is read.
func (c *call) admit(who access) error {
	if who == anyone {
		return nil
	}
	credential := bearer(c.r)
	if credential == "" {
		return link.NewError(link.CodeTokenMissing)
	}
	switch {
	case who == aClient, who == clientOrViewer && isToken(credential):
		return c.admitClient(credential)
	case who == anAdmin:
		return c.admitPerson(credential, link.RoleAdministrator)
	case who == anOperator:
		return c.admitPerson(credential, link.RoleOperator)
	default:
		return c.admitPerson(credential, link.RoleViewer)
	}
}

// isToken tells a client's token, a signed JWT of three parts, from an API key.
func isToken(credential string) bool { return strings.Count(credential, ".") == 2 }

func (c *call) admitClient(token string) error {
	client, snapshot, err := c.door.cfg.Clients.Verify(c.r.Context(), token)
	if err != nil {
		return err
	}
	c.caller = exchange.Caller{
		Client: client, Snapshot: snapshot, App: c.r.Header.Get(link.HeaderApp), Installation: c.r.Header.Get(link.HeaderInstallation),
		Epoch: epoch(c.r.Header.Get(link.HeaderEpoch)), Source: link.SourceHTTP, Lang: c.lang,
	}
	c.note("tenant", client.Tenant, "client", client.ID)
	return c.spend(1)
}

// spend uses calls of the client's and its tenant's limit.
func (c *call) spend(n int) error {
	return c.door.meters.take(c.caller.Client.ID, c.caller.Client.Tenant, n, c.door.cfg.Clock.Now())
}

func (c *call) admitPerson(key string, role link.Role) error {
	user, err := c.door.cfg.Registry.AuthenticateKey(c.r.Context(), key)
	if err != nil {
		return err
	}
	if !user.Role.Includes(role) {
		return link.NewError(link.CodeRole, "role", string(role))
	}
	c.operator = exchange.Operator{Name: user.Name, Role: user.Role, Lang: c.lang}
	c.note("user", user.Name)
	return nil
}

// epoch reads SL-Epoch. What is no number is none that a hub has given: such a caller is refused where
// an epoch counts.
func epoch(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil && s != "" {
		return -1
	}
	return n
}
