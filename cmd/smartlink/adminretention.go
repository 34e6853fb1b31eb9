package main

import (
	"fmt"
	"strconv"

	"smartlink/link"
)

type tenantRetentionCmd struct {
	Show retentionShowCmd `cmd:"" help:"Show how long messages of a tenant are kept. Example: smartlink admin tenant retention show UUID"`
	Set  retentionSetCmd  `cmd:"" help:"Change it. Example: smartlink admin tenant retention set UUID --history 30 --dead 90"`
}

type retentionShowCmd struct {
	Tenant string `arg:"" help:"Id of the tenant."`
}

func (c *retentionShowCmd) Run(e *env, a *adminCmd) error {
	id, err := link.ParseUUID(c.Tenant)
	if err != nil {
		return fmt.Errorf("%q is no tenant id", c.Tenant)
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	r, err := hub.Retention(e.ctx, id)
	if err != nil {
		return err
	}
	return a.showRetention(e, r)
}

type retentionSetCmd struct {
	Tenant  string `arg:"" help:"Id of the tenant."`
	History *int   `help:"Days that what has ended can be looked at, 1 to 30; 0: as the hub does."`
	Waiting *int   `help:"Days after which waiting messages are given up; 0: never."`
	Dead    *int   `help:"Days after which dead letters are given up; 0: never."`
}

func (c *retentionSetCmd) Run(e *env, a *adminCmd) error {
	id, err := link.ParseUUID(c.Tenant)
	if err != nil {
		return fmt.Errorf("%q is no tenant id", c.Tenant)
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	r, err := hub.ChangeRetention(e.ctx, id, link.RetentionChange{HistoryDays: c.History, WaitingDays: c.Waiting, DeadDays: c.Dead})
	if err != nil {
		return err
	}
	return a.showRetention(e, r)
}

func (a *adminCmd) showRetention(e *env, r link.TenantRetention) error {
	days := func(n int) string {
		if n == 0 {
			return "without end"
		}
		return strconv.Itoa(n) + " days"
	}
	return a.show(e, r, "tenant", r.TenantID.String(), "history", days(r.HistoryDays), "waiting", days(r.WaitingDays), "dead", days(r.DeadDays))
}

type tenantEraseCmd struct {
	Tenant string `arg:"" help:"Id of the tenant."`
	Reason string `required:"" help:"Why; kept in the audit."`
	Yes    bool   `help:"Needed: all messages of the tenant go, and nothing brings them back."`
	NoWait bool   `help:"Do not wait for the end."`
}

func (c *tenantEraseCmd) Run(e *env, a *adminCmd) error {
	id, err := link.ParseUUID(c.Tenant)
	if err != nil {
		return fmt.Errorf("%q is no tenant id", c.Tenant)
	}
	if !c.Yes {
		return fmt.Errorf("this erases all messages of tenant %s for good; say --yes", id)
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	j, err := hub.EraseTenant(e.ctx, id, c.Reason)
	return followed(e, a, hub, j, err, c.NoWait)
}

type messageEraseCmd struct {
	messageArg
	Reason string `required:"" help:"Why; stands in the trace and the audit."`
	Force  bool   `help:"Give it up where it waits or is dead."`
}

func (c *messageEraseCmd) Run(e *env, a *adminCmd) error {
	hub, tenant, id, err := c.at(e, a)
	if err != nil {
		return err
	}
	if err := hub.EraseMessage(e.ctx, tenant, id, link.EraseRequest{Reason: c.Reason, Force: c.Force}); err != nil {
		return err
	}
	return a.show(e, map[string]any{"id": id, "erased": true}, "message", id.String(), "erased", "yes")
}
