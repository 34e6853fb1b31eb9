package main

import (
	"fmt"
	"strconv"

	"smartlink/link"
)

type adminCheckCmd struct {
	Tenant string `help:"Only queues of this tenant; default: all." placeholder:"UUID"`
	Mend   bool   `help:"Put counts right that differ."`
}

// Run checks the counts of queues; the exit code is 1 when some differ and were not put right.
func (c *adminCheckCmd) Run(e *env, a *adminCmd) error {
	tenant, err := optionalUUID(c.Tenant)
	if err != nil {
		return err
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	check, err := hub.CheckCounts(e.ctx, tenant, c.Mend)
	if err != nil {
		return err
	}
	if err := c.print(e, a, check); err != nil {
		return err
	}
	if len(check.Differences) > 0 && !check.Mended {
		return fmt.Errorf("%d counts differ; --mend puts them right", len(check.Differences))
	}
	return nil
}

func (c *adminCheckCmd) print(e *env, a *adminCmd, check link.CountCheck) error {
	if a.JSON || len(check.Differences) == 0 {
		return a.show(e, check, "queues", strconv.Itoa(check.Queues), "differences", strconv.Itoa(len(check.Differences)))
	}
	rows := make([][]string, len(check.Differences))
	for i, d := range check.Differences {
		rows[i] = []string{d.Queue, string(d.State), strconv.FormatInt(d.Kept, 10), strconv.FormatInt(d.Found, 10)}
	}
	return table(e.out, []string{"QUEUE", "STATE", "COUNTED", "FOUND"}, rows)
}
