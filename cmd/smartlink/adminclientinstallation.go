package main

import (
	"context"
	"strconv"

	"smartlink/client"
	"smartlink/link"
)

type clientInstallationCmd struct {
	List    installationListCmd    `cmd:"" help:"List whose queues are, and which runs are active. Example: smartlink admin client installation list"`
	Show    installationShowCmd    `cmd:"" help:"Show whose a client's queue is. Example: smartlink admin client installation show ID"`
	Release installationReleaseCmd `cmd:"" help:"Take a client's queue from its installation, whose machine was lost: the next one to come gets it. Example: smartlink admin client installation release ID"`
	Bind    installationBindCmd    `cmd:"" help:"Give a client's queue to an installation. Example: smartlink admin client installation bind ID INSTALLATION"`
}

type installationListCmd struct{ listFlags }

func (c *installationListCmd) Run(e *env, a *adminCmd) error {
	return list(e, a, c.listFlags, []string{"CLIENT", "NAME", "INSTALLATION", "ACTIVE ON", "SINCE", "STANDS BY", "COPY ON", "REFUSED"},
		func(b link.Binding) []string {
			row := []string{string(b.ClientID), b.Client, b.Installation, "", "", seen(b.StandBy), seen(b.Conflict), seen(b.Refused)}
			if b.Active != nil {
				row[3], row[4] = b.Active.Host, when(&b.Active.Since)
			}
			return row
		},
		func(ctx context.Context, hub *client.Admin, l client.List) (link.Page[link.Binding], error) {
			return hub.Bindings(ctx, l)
		})
}

// seen writes when and where a run was seen.
func seen(s *link.Seen) string {
	if s == nil {
		return ""
	}
	return words(when(&s.At), s.Host, string(s.Code), s.Installation)
}

type installationShowCmd struct{ clientArg }

func (c *installationShowCmd) Run(e *env, a *adminCmd) error {
	return c.on(e, a, func(hub *client.Admin, id link.ClientID) (link.Binding, error) { return hub.Binding(e.ctx, id) })
}

type installationReleaseCmd struct{ clientArg }

func (c *installationReleaseCmd) Run(e *env, a *adminCmd) error {
	return c.on(e, a, func(hub *client.Admin, id link.ClientID) (link.Binding, error) {
		return hub.ReleaseInstallation(e.ctx, id)
	})
}

type installationBindCmd struct {
	clientArg
	Installation string `arg:"" help:"Id of the installation, from 'smartlink agent doctor'."`
}

func (c *installationBindCmd) Run(e *env, a *adminCmd) error {
	return c.on(e, a, func(hub *client.Admin, id link.ClientID) (link.Binding, error) {
		return hub.BindInstallation(e.ctx, id, c.Installation)
	})
}

// on does something about a client's installation and shows what it is then.
func (c clientArg) on(e *env, a *adminCmd, do func(*client.Admin, link.ClientID) (link.Binding, error)) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	b, err := do(hub, id)
	if err != nil {
		return err
	}
	installation, active, since := b.Installation, "no run", ""
	if installation == "" {
		installation = "released: the next one to come gets the queue"
	}
	if b.Active != nil {
		active, since = b.Active.Host, when(&b.Active.Since)
	}
	return a.show(e, b, "client id", string(b.ClientID), "name", b.Client, "installation", installation, "since", when(&b.BoundAt), "active on", active,
		"active since", since, "active until", optional(b.LeaseUntil), "epoch", strconv.FormatInt(b.Epoch, 10), "stands by", seen(b.StandBy),
		"copy", seen(b.Conflict), "refused", seen(b.Refused))
}
