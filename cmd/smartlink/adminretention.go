package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

type tenantRetentionCmd struct {
	Show retentionShowCmd `cmd:"" help:"Show how long messages of a tenant are kept. Example: smartlink admin tenant retention show UUID"`
	Set  retentionSetCmd  `cmd:"" help:"Change it. Example: smartlink admin tenant retention set UUID --history 30 --dead 90"`

	Preview retentionPreviewCmd `cmd:"" help:"Tell what a change would remove now, and change nothing. Example: smartlink admin tenant retention preview UUID --history 3"`
	Rounds  retentionRoundsCmd  `cmd:"" help:"List the last rounds in which the hub removed what is past its time, of all tenants. Example: smartlink admin tenant retention rounds"`
}

type retentionShowCmd struct {
	Tenant string `arg:"" help:"Id of the tenant."`
}

func (c *retentionShowCmd) Run(e *env, a *adminCmd) error {
	id, err := tenantID(c.Tenant)
	if err != nil {
		return err
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

// retentionArgs name a tenant and a change of its retention.
type retentionArgs struct {
	Tenant  string `arg:"" help:"Id of the tenant."`
	History *int   `help:"Days that what has ended can be looked at, 1 to 30; 0: as the hub does." placeholder:"DAYS"`
	Waiting *int   `help:"Days after which waiting messages are given up; 0: never." placeholder:"DAYS"`
	Dead    *int   `help:"Days after which dead letters are given up; 0: never." placeholder:"DAYS"`
}

// tenantID reads the id of a tenant.
func tenantID(text string) (uuid.UUID, error) {
	id, err := link.ParseUUID(text)
	if err != nil {
		return id, fmt.Errorf("%q is no tenant id", text)
	}
	return id, nil
}

func (c *retentionArgs) change() link.RetentionChange {
	return link.RetentionChange{HistoryDays: c.History, WaitingDays: c.Waiting, DeadDays: c.Dead}
}

type retentionPreviewCmd struct{ retentionArgs }

func (c *retentionPreviewCmd) Run(e *env, a *adminCmd) error {
	id, err := tenantID(c.Tenant)
	if err != nil {
		return err
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	p, err := hub.PreviewRetention(e.ctx, id, c.change())
	if err != nil {
		return err
	}
	if err := a.show(e, p, "tenant", id.String(), "waiting given up", counted(p.Waiting), "dead letters given up", counted(p.Dead),
		"history removed", counted(p.History)); err != nil || a.JSON || len(p.Days) == 0 {
		return err
	}
	rows := make([][]string, len(p.Days))
	for i, d := range p.Days {
		rows[i] = []string{d.Day, counted(d.Messages), when(&d.Until)}
		if d.Over {
			rows[i][2] = "now"
		}
	}
	return table(e.out, []string{"HISTORY OF", "MESSAGES", "GONE"}, rows)
}

// counted writes a count of a preview, which ends at a limit.
func counted(n int64) string {
	s := strconv.FormatInt(n, 10)
	if n >= link.PreviewMost {
		s += " or more"
	}
	return s
}

type retentionRoundsCmd struct{}

func (c *retentionRoundsCmd) Run(e *env, a *adminCmd) error {
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	p, err := hub.Rounds(e.ctx)
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(e.out, p)
	}
	rows := make([][]string, len(p.Items))
	for i, r := range p.Items {
		rows[i] = []string{when(&r.BeganAt), r.EndedAt.Sub(r.BeganAt).Round(time.Millisecond).String()}
		for _, n := range []int{r.Moved, r.Days, r.Erased, r.Discarded} {
			rows[i] = append(rows[i], strconv.Itoa(n))
		}
		rows[i] = append(rows[i], strconv.FormatInt(r.Freed, 10), string(r.Code))
	}
	return table(e.out, []string{"BEGAN", "TOOK", "MOVED", "DAYS DROPPED", "ERASED", "GIVEN UP", "BYTES FREED", "PROBLEM"}, rows)
}

type retentionSetCmd struct{ retentionArgs }

func (c *retentionSetCmd) Run(e *env, a *adminCmd) error {
	id, err := tenantID(c.Tenant)
	if err != nil {
		return err
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	r, err := hub.ChangeRetention(e.ctx, id, c.change())
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
	id, err := tenantID(c.Tenant)
	if err != nil {
		return err
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
