package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"smartlink/client"
	"smartlink/link"
)

type getCmd struct {
	clientFlags
	Max   int           `help:"Messages at most, 1 to 500; default 1." default:"1" placeholder:"N"`
	Wait  time.Duration `help:"How long to wait for the first one, up to 30s; default 0s." default:"0s" placeholder:"DURATION"`
	Lease time.Duration `help:"How long they are this client's, 5s to 15m; default 60s." default:"60s" placeholder:"DURATION"`
	Ack   bool          `help:"Acknowledge them once they are printed, so that they leave the queue."`
}

// Help shows an example.
func (*getCmd) Help() string {
	return "Example: smartlink get --max 10 --wait 30s\n\nEach message is leased: settle its delivery tag with 'smartlink ack', or it comes again when the lease ends."
}

// Run leases messages and prints them.
func (c *getCmd) Run(e *env) error {
	hub, err := c.client(e, "")
	if err != nil {
		return err
	}
	got, err := hub.Get(e.ctx, client.GetOptions{Max: c.Max, Wait: c.Wait, Lease: c.Lease})
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(e.out, link.GetResponse{Messages: append([]link.Delivery{}, got...)})
	} else {
		err = printDeliveries(e.out, got)
	}
	if err != nil { // nobody has seen them: they come again
		return err
	}
	if len(got) == 0 {
		if !c.JSON {
			fmt.Fprintln(e.errOut, "no message")
		}
		return nil
	}
	if !c.Ack {
		return nil
	}
	yes := true
	items := make([]link.Settlement, len(got))
	for i, d := range got {
		items[i] = link.Settlement{DeliveryTag: d.Tag, Ack: &yes}
	}
	results, err := hub.Ack(e.ctx, items)
	if err != nil {
		return err
	}
	return settled(e, results)
}

func printDeliveries(w io.Writer, list []link.Delivery) error {
	for i, d := range list {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		m := d.Message
		pairs := []string{
			"delivery tag", strconv.FormatInt(d.Tag, 10), "message", m.ID.String(), "type", m.Type, "sender", m.Sender.App, "business key", m.BusinessKey,
			"correlation", m.CorrelationID, "created", when(&m.CreatedAt), "attempt", strconv.Itoa(d.Attempt), "leased until", when(&d.LeaseUntil),
		}
		if err := fields(w, pairs...); err != nil {
			return err
		}
		body := string(m.Body)
		if !utf8.Valid(m.Body) {
			body = "base64 " + base64.StdEncoding.EncodeToString(m.Body)
		}
		if _, err := fmt.Fprintf(w, "\n%s\n", body); err != nil {
			return err
		}
	}
	return nil
}
