package main

import (
	"context"
	"strconv"
	"strings"

	"smartlink/client"
	"smartlink/link"
)

type adminClientCmd struct {
	Add    clientAddCmd    `cmd:"" help:"Create a client; its secret is shown once. Example: smartlink admin client add gesplan --tenant UUID --apps GESPLAN"`
	List   clientListCmd   `cmd:"" help:"List clients. Example: smartlink admin client list --tenant UUID"`
	Change clientChangeCmd `cmd:"" help:"Change a client's name or apps. Example: smartlink admin client change ID --apps GESPLAN,GESPLAN-RM"`
	Revoke clientRevokeCmd `cmd:"" help:"Refuse every token the client got so far. Example: smartlink admin client revoke ID"`
	Secret clientSecretCmd `cmd:"" help:"Secrets: at most two live, so that one can be replaced without a pause."`

	Installation clientInstallationCmd `cmd:"" help:"Installations of agents: whose a client's queue is, and which run is active."`
}

// clientArg names a client on the command line.
type clientArg struct {
	ID string `arg:"" help:"Client id, 32 hex digits."`
}

func (c clientArg) id() (link.ClientID, error) { return link.ParseClientID(c.ID) }

type clientAddCmd struct {
	Name   string   `arg:"" help:"Its name."`
	Tenant string   `required:"" help:"UUID of its tenant."`
	Apps   []string `required:"" help:"Codes of the apps it is permitted, separated by commas."`
}

func (c *clientAddCmd) Run(e *env, a *adminCmd) error {
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	r, err := hub.CreateClient(e.ctx, link.ClientRequest{TenantID: c.Tenant, Name: c.Name, Apps: c.Apps})
	if err != nil {
		return err
	}
	return a.show(e, r, "client id", string(r.ID), "secret", r.Secret, "name", r.Name, "tenant", r.TenantID.String(), "apps", strings.Join(r.Apps, ", "),
		"", "the secret is shown once: keep it")
}

type clientListCmd struct {
	listFlags
	Tenant string `help:"Only of this tenant."`
}

func (c *clientListCmd) Run(e *env, a *adminCmd) error {
	tenant, err := optionalUUID(c.Tenant)
	if err != nil {
		return err
	}
	return list(e, a, c.listFlags, []string{"ID", "NAME", "TENANT", "APPS", "SECRETS", "CREATED"},
		func(x link.Client) []string {
			secrets := make([]string, len(x.Secrets))
			for i, s := range x.Secrets {
				secrets[i] = s.ID
			}
			return []string{string(x.ID), x.Name, x.TenantID.String(), strings.Join(x.Apps, ","), strings.Join(secrets, ","), when(&x.CreatedAt)}
		},
		func(ctx context.Context, hub *client.Admin, l client.List) (link.Page[link.Client], error) {
			return hub.Clients(ctx, tenant, l)
		})
}

type clientChangeCmd struct {
	clientArg
	Name *string  `help:"New name."`
	Apps []string `help:"New list of apps, separated by commas."`
}

func (c *clientChangeCmd) Run(e *env, a *adminCmd) error {
	change := link.ClientChange{Name: c.Name}
	if c.Apps != nil {
		change.Apps = &c.Apps
	}
	return onClient(e, a, c.clientArg, func(hub *client.Admin, id link.ClientID) (link.Client, error) {
		return hub.ChangeClient(e.ctx, id, change)
	})
}

type clientRevokeCmd struct{ clientArg }

func (c *clientRevokeCmd) Run(e *env, a *adminCmd) error {
	return onClient(e, a, c.clientArg, func(hub *client.Admin, id link.ClientID) (link.Client, error) {
		return hub.Revoke(e.ctx, id)
	})
}

// onClient does something to a client and shows what it is then.
func onClient(e *env, a *adminCmd, arg clientArg, do func(*client.Admin, link.ClientID) (link.Client, error)) error {
	id, err := arg.id()
	if err != nil {
		return err
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	r, err := do(hub, id)
	if err != nil {
		return err
	}
	return a.show(e, r, "client id", string(r.ID), "name", r.Name, "apps", strings.Join(r.Apps, ", "), "epoch", strconv.FormatInt(r.Epoch, 10),
		"revoked", when(r.RevokedAt))
}

type clientSecretCmd struct {
	Add    secretAddCmd    `cmd:"" help:"Add a second secret; it is shown once. Example: smartlink admin client secret add ID"`
	Remove secretRemoveCmd `cmd:"" help:"End a secret. Tokens already given live until they expire; 'revoke' ends them. Example: smartlink admin client secret remove ID SECRETID"`
}

type secretAddCmd struct{ clientArg }

func (c *secretAddCmd) Run(e *env, a *adminCmd) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	r, err := hub.AddSecret(e.ctx, id)
	if err != nil {
		return err
	}
	return a.show(e, r, "secret id", r.ID, "secret", r.Secret, "", "shown once: keep it")
}

type secretRemoveCmd struct {
	clientArg
	Secret string `arg:"" help:"Id of the secret, from 'client list'."`
}

func (c *secretRemoveCmd) Run(e *env, a *adminCmd) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	if err := hub.RemoveSecret(e.ctx, id, c.Secret); err != nil {
		return err
	}
	return a.show(e, map[string]string{"removed": c.Secret}, "removed", c.Secret)
}
