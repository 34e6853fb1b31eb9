package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

type messageCmd struct {
	eitherFlags
	ID      string        `arg:"" help:"Id of the message, as send printed it."`
	Tenant  string        `help:"With an API key: its tenant; default: the hub looks through all." placeholder:"UUID"`
	Wait    bool          `help:"Follow it until the ERP has answered; exit code 1 unless it is booked."`
	Timeout time.Duration `help:"How long --wait waits; default 60s." default:"60s" placeholder:"DURATION"`
}

// Help shows an example.
func (*messageCmd) Help() string {
	return "Example: smartlink message 0190f2c6-5b1e-7c4e-9a7d-0d6c4b1f2a11\n\nIts sender and its receivers may ask, and people by an API key."
}

// Run shows where the message is and what happened to it.
func (c *messageCmd) Run(e *env) error {
	id, err := link.ParseUUID(c.ID)
	if err != nil {
		return err
	}
	look, follow, err := c.looks(e, id)
	if err != nil {
		return err
	}
	var t link.Trace
	var followErr error
	if c.Wait {
		ctx, cancel := context.WithTimeout(e.ctx, c.Timeout)
		defer cancel()
		t, followErr = follow(ctx)
		if t.ID == uuid.Nil { // not seen even once
			return followErr
		}
	} else if t, err = look(e.ctx); err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(e.out, t)
	} else {
		err = printTrace(e.out, e.lang(), t)
	}
	switch {
	case err != nil || !c.Wait:
		return err
	case errors.Is(followErr, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s", c.Timeout)
	case followErr != nil:
		return followErr
	}
	return verdict(t)
}

// looks answers how to look at the message once and how to follow it, as whoever asks.
func (c *messageCmd) looks(e *env, id uuid.UUID) (look, follow func(context.Context) (link.Trace, error), err error) {
	if c.APIKey == "" && !c.given() {
		return nil, nil, errNobody
	}
	if c.APIKey == "" {
		hub, err := c.client(e, "")
		if err != nil {
			return nil, nil, err
		}
		return func(ctx context.Context) (link.Trace, error) { return hub.Trace(ctx, id) },
			func(ctx context.Context) (link.Trace, error) { return hub.Follow(ctx, id, e.progress()) }, nil
	}
	tenant, err := optionalUUID(c.Tenant)
	if err != nil {
		return nil, nil, err
	}
	hub, err := c.admin(e)
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context) (link.Trace, error) { return hub.Trace(ctx, tenant, id) },
		func(ctx context.Context) (link.Trace, error) { return hub.Follow(ctx, tenant, id, e.progress()) }, nil
}
