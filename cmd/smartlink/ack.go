package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"smartlink/link"
)

type ackCmd struct {
	clientFlags
	Tags    []int64       `arg:"" name:"tag" help:"Delivery tags that get gave."`
	Requeue bool          `help:"They failed: deliver them again later; past the limit they become dead letters." xor:"how"`
	Dead    bool          `help:"They failed for good: to the dead letters." xor:"how"`
	Release bool          `help:"Give them back; counts nothing." xor:"how"`
	After   time.Duration `help:"With --requeue: not before so long, up to 24h; default: a delay that grows with each failure." placeholder:"DURATION"`
	Reason  string        `help:"Why; shown in the trace." placeholder:"TEXT"`
}

// Help shows an example.
func (*ackCmd) Help() string {
	return "Example: smartlink ack 4294967297\n\nAnother way: smartlink ack 4294967297 --requeue --reason 'database not reached'"
}

// Run settles deliveries.
func (c *ackCmd) Run(e *env) error {
	hub, err := c.client(e, "")
	if err != nil {
		return err
	}
	items := make([]link.Settlement, len(c.Tags))
	for i, tag := range c.Tags {
		items[i] = link.Settlement{DeliveryTag: tag, Dead: c.Dead, Release: c.Release, Reason: c.Reason}
		if c.After != 0 {
			items[i].RequeueAfter = c.After.String()
		}
		if !c.Dead && !c.Release {
			ack := !c.Requeue
			items[i].Ack = &ack
		}
	}
	results, err := hub.Ack(e.ctx, items)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(e.out, link.AckResponse{Results: results}); err != nil {
			return err
		}
	} else {
		rows := make([][]string, len(results))
		for i, r := range results {
			rows[i] = []string{strconv.FormatInt(r.DeliveryTag, 10), "settled"}
			if r.Code != "" {
				rows[i][1] = string(r.Code)
			}
		}
		if err := table(e.out, []string{"TAG", "RESULT"}, rows); err != nil {
			return err
		}
	}
	return settled(e, results)
}

// settled fails when a delivery was not, and says why.
func settled(e *env, results []link.AckResult) error {
	var errs []error
	for _, r := range results {
		if r.Code != "" {
			errs = append(errs, fmt.Errorf("delivery %d: %s: %s", r.DeliveryTag, r.Code, link.NewError(r.Code).Text().In(e.lang())))
		}
	}
	return errors.Join(errs...)
}
