package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/client"
	"smartlink/link"
)

type messageFindCmd struct {
	Tenant      string     `help:"UUID of the tenant; needed, unless --queue is given." placeholder:"UUID"`
	Queue       string     `help:"Only messages that stand or stood in this queue." placeholder:"NAME"`
	BusinessKey string     `name:"business-key" help:"The business change." placeholder:"KEY"`
	Correlation string     `help:"The sender's correlation; of answers the command's id." placeholder:"ID"`
	Root        string     `help:"A message and all its copies." placeholder:"ID"`
	Type        string     `help:"Only messages of this type." placeholder:"TYPE"`
	State       string     `help:"In some queue: ready, behind, delayed, leased, acked, dead or discarded." enum:",ready,behind,delayed,leased,acked,dead,discarded" default:"" placeholder:"STATE"`
	From        *time.Time `help:"Made at this moment or later, as 2026-03-26T09:14:13Z." placeholder:"MOMENT"`
	To          *time.Time `help:"Made before this moment." placeholder:"MOMENT"`
	Path        string     `help:"JSON Pointer to a value of the body, e.g. /data/CodCfo." placeholder:"PATH"`
	Value       string     `help:"What stands there." placeholder:"VALUE"`
	Scan        bool       `help:"Read the bodies, whatever the index knows."`
	listFlags
}

// Run lists what is found, and tells how far the search came.
func (c *messageFindCmd) Run(e *env, a *adminCmd) error {
	tenant, err := optionalUUID(c.Tenant)
	if err != nil {
		return err
	}
	find, err := c.find()
	if err != nil {
		return err
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	all := link.FoundMessages{Items: []link.Trace{}}
	for {
		p, err := hub.FindMessages(e.ctx, tenant, c.Queue, find)
		if err != nil {
			return err
		}
		p.Items = append(all.Items, p.Items...)
		all = p
		if find.Cursor = p.Next; p.Next == "" || !c.All {
			break
		}
	}
	if a.JSON {
		return printJSON(e.out, all)
	}
	return c.print(e, all)
}

func (c *messageFindCmd) find() (client.Find, error) {
	f := client.Find{
		BusinessKey: c.BusinessKey, CorrelationID: c.Correlation, Type: c.Type, State: link.State(c.State), Path: c.Path, Value: c.Value, Scan: c.Scan,
		List: client.List{Limit: c.Limit, Cursor: c.Cursor},
	}
	root, err := optionalUUID(c.Root)
	if err != nil {
		return f, err
	}
	if f.RootID = root; root == uuid.Nil && c.Root != "" {
		return f, fmt.Errorf("%q is no id", c.Root)
	}
	if c.From != nil {
		f.From = *c.From
	}
	if c.To != nil {
		f.To = *c.To
	}
	return f, nil
}

func (c *messageFindCmd) print(e *env, all link.FoundMessages) error {
	rows := make([][]string, len(all.Items))
	for i, t := range all.Items {
		var where []string
		for _, q := range t.Queues {
			erp := ""
			if q.ERP != nil {
				erp = string(q.ERP.State)
			}
			where = append(where, words(string(q.State), fmt.Sprintf("(%d)", q.Attempt), erp))
		}
		rows[i] = []string{t.ID.String(), t.Type, when(&t.CreatedAt), t.BusinessKey, strings.Join(where, ", ")}
	}
	if err := table(e.out, []string{"MESSAGE", "TYPE", "CREATED", "BUSINESS KEY", "STATE (ATTEMPTS), ERP"}, rows); err != nil {
		return err
	}
	if x := all.Index; x != nil {
		since := ""
		if x.Since != nil {
			since = ", sent since " + when(x.Since)
		}
		if _, err := fmt.Fprintf(e.errOut, "looked up in the index: %s%s (--scan reads the bodies)\n", strings.Join(x.Types, ", "), since); err != nil {
			return err
		}
	}
	if all.Next == "" {
		return nil
	}
	if _, err := fmt.Fprintf(e.errOut, "searched up to %s\n", when(all.Upto)); err != nil {
		return err
	}
	return more(e, all.Next)
}
