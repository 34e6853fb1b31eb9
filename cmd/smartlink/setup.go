package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"smartlink/link"
)

type setupCmd struct {
	clientFlags
	Types           []string `arg:"" optional:"" name:"type" help:"Message types the queue shall want; they replace the old ones."`
	None            bool     `help:"Want no type any more; messages that wait stay."`
	RequeueCountMax *int     `name:"requeue-count-max" help:"Failed deliveries before a message becomes a dead letter, 0 to 1000; default 10." placeholder:"N"`
}

// Help shows an example.
func (*setupCmd) Help() string {
	return "Example: smartlink setup FinLanIncDataCommandResponse CtbLanIncDataCommandResponse\n\nCreates or changes the client's queue. The same call again changes nothing."
}

// Run sets the queue up.
func (c *setupCmd) Run(e *env) error {
	if (len(c.Types) == 0) != c.None {
		return fmt.Errorf("name the types the queue shall want, or say --none")
	}
	hub, err := c.client(e, "")
	if err != nil {
		return err
	}
	r, err := hub.Setup(e.ctx, link.SetupRequest{Subscriptions: append([]string{}, c.Types...), RequeueCountMax: c.RequeueCountMax})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(e.out, r)
	}
	if err := fields(e.out, "queue", r.Queue, "subscriptions", strings.Join(r.Subscriptions, ", "), "added", strings.Join(r.Added, ", "),
		"removed", strings.Join(r.Removed, ", "), "requeue limit", strconv.Itoa(r.RequeueCountMax)); err != nil {
		return err
	}
	return printWarnings(e.errOut, r.Warnings)
}

// printWarnings tells the hub's remarks, a line each.
func printWarnings(w io.Writer, list []link.Warning) error {
	for _, x := range list {
		if _, err := fmt.Fprintf(w, "warning %s: %s\n", x.Code, x.Detail); err != nil {
			return err
		}
	}
	return nil
}
