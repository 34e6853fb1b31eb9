package main

import (
	"context"
	"strings"

	"smartlink/client"
	"smartlink/link"
)

type adminSearchCmd struct {
	List   searchListCmd   `cmd:"" help:"List the rules. Example: smartlink admin search list"`
	Show   searchShowCmd   `cmd:"" help:"Tell by which values of their bodies messages of a type are found. Example: smartlink admin search show FinLanIncDataCommand --tenant UUID"`
	Set    searchSetCmd    `cmd:"" help:"Set them, for what is sent from now on. Example: smartlink admin search set Note /data/number /data/customer"`
	Remove searchRemoveCmd `cmd:"" help:"Remove a rule; the wider one or the built-in paths hold again. Example: smartlink admin search remove Note"`
}

type searchListCmd struct{ listFlags }

func (c *searchListCmd) Run(e *env, a *adminCmd) error {
	return list(e, a, c.listFlags, []string{"TYPE", "TENANT", "PATHS", "CHANGED", "BY"},
		func(r link.SearchRule) []string {
			tenant := "all"
			if r.TenantID != nil {
				tenant = r.TenantID.String()
			}
			return []string{r.Type, tenant, strings.Join(r.Paths, " "), when(&r.ChangedAt), r.ChangedBy}
		},
		func(ctx context.Context, hub *client.Admin, l client.List) (link.Page[link.SearchRule], error) {
			return hub.SearchRules(ctx, l)
		})
}

type searchShowCmd struct{ ruleArg }

func (c *searchShowCmd) Run(e *env, a *adminCmd) error {
	hub, tenant, err := c.at(e, a)
	if err != nil {
		return err
	}
	d, err := hub.SearchPaths(e.ctx, tenant, c.Type)
	if err != nil {
		return err
	}
	return a.show(e, d, "type", d.Type, "paths", strings.Join(d.Paths, " "), "from", d.Source, "since", when(d.Since))
}

type searchSetCmd struct {
	ruleArg
	Paths []string `arg:"" optional:"" help:"JSON Pointers into the body, up to 5; none: messages of the type are not found by their bodies."`
}

func (c *searchSetCmd) Run(e *env, a *adminCmd) error {
	hub, tenant, err := c.at(e, a)
	if err != nil {
		return err
	}
	r, err := hub.SetSearchPaths(e.ctx, tenant, c.Type, c.Paths)
	if err != nil {
		return err
	}
	return a.show(e, r, "type", r.Type, "paths", strings.Join(r.Paths, " "), "", "holds for what is sent from now on; what was sent before is found with --scan")
}

type searchRemoveCmd struct{ ruleArg }

func (c *searchRemoveCmd) Run(e *env, a *adminCmd) error {
	hub, tenant, err := c.at(e, a)
	if err != nil {
		return err
	}
	if err := hub.RemoveSearchPaths(e.ctx, tenant, c.Type); err != nil {
		return err
	}
	return a.show(e, map[string]string{"removed": c.Type}, "removed", c.Type)
}
