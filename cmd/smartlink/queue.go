package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"smartlink/client"
	"smartlink/internal/clock"
	"smartlink/link"
)

type queueCmd struct {
	eitherFlags

	Ls   queueLsCmd   `cmd:"" help:"List queues with what waits in them: a client's own, or with an API key all. Example: smartlink queue ls"`
	Show queueShowCmd `cmd:"" help:"Show one queue: subscriptions, counts, last connection. Example: smartlink queue show"`
	Peek queuePeekCmd `cmd:"" help:"Look through a queue's messages without touching them. Example: smartlink queue peek --list dead --newest"`
}

// states of a delivery, in the order a person reads them.
var states = []link.State{
	link.StateReady, link.StateBehind, link.StateDelayed, link.StateLeased, link.StateDead, link.StateAcked, link.StateDiscarded,
}

type queueLsCmd struct {
	listFlags
	Tenant string `help:"With an API key: only of this tenant." placeholder:"UUID"`
}

// Run lists queues.
func (c *queueLsCmd) Run(e *env, q *queueCmd) error {
	all, err := c.read(e, q)
	if err != nil {
		return err
	}
	if q.JSON {
		return printJSON(e.out, all)
	}
	head := []string{"QUEUE", "CLIENT"}
	for _, s := range states {
		head = append(head, strings.ToUpper(string(s)))
	}
	rows := make([][]string, len(all.Items))
	for i, x := range all.Items {
		rows[i] = []string{x.Queue, x.Client}
		for _, s := range states {
			rows[i] = append(rows[i], strconv.FormatInt(x.Counts[s], 10))
		}
		rows[i] = append(rows[i], when(x.LastGet))
	}
	if err := table(e.out, append(head, "LAST GET"), rows); err != nil {
		return err
	}
	return more(e, all.Next)
}

func (c *queueLsCmd) read(e *env, q *queueCmd) (link.Page[link.QueueInfo], error) {
	all := link.Page[link.QueueInfo]{Items: []link.QueueInfo{}}
	if q.APIKey == "" {
		d, err := q.detail(e, "")
		all.Items = append(all.Items, d.QueueInfo)
		return all, err
	}
	tenant, err := optionalUUID(c.Tenant)
	if err != nil {
		return all, err
	}
	hub, err := q.admin(e)
	if err != nil {
		return all, err
	}
	at := client.List{Limit: c.Limit, Cursor: c.Cursor}
	for {
		p, err := hub.Queues(e.ctx, tenant, at)
		if err != nil {
			return all, err
		}
		all.Items, all.Next = append(all.Items, p.Items...), p.Next
		if at.Cursor = p.Next; p.Next == "" || !c.All {
			return all, nil
		}
	}
}

// detail reads about one queue: the named one as a person, or the client's own.
func (q *queueCmd) detail(e *env, name string) (link.QueueDetail, error) {
	if person, err := q.asPerson(name); err != nil || person {
		if err != nil {
			return link.QueueDetail{}, err
		}
		hub, err := q.admin(e)
		if err != nil {
			return link.QueueDetail{}, err
		}
		return hub.Queue(e.ctx, name)
	}
	hub, err := q.client(e, "")
	if err != nil {
		return link.QueueDetail{}, err
	}
	return hub.Queue(e.ctx)
}

// asPerson decides who looks at a queue. A name needs an API key; without one, a client's own queue is
// meant.
func (q *queueCmd) asPerson(name string) (bool, error) {
	switch {
	case name != "" && q.APIKey == "":
		return false, fmt.Errorf("a queue's name goes with an API key; a client sees its own queue and names none")
	case name != "":
		return true, nil
	case q.given():
		return false, nil
	case q.APIKey != "":
		return false, fmt.Errorf("with an API key, name the queue; 'smartlink queue ls' lists them")
	}
	return false, errNobody
}

type queueShowCmd struct {
	Name string `arg:"" optional:"" help:"Name of the queue, with an API key; default: the client's own."`
}

// Run shows one queue.
func (c *queueShowCmd) Run(e *env, q *queueCmd) error {
	d, err := q.detail(e, c.Name)
	if err != nil {
		return err
	}
	if q.JSON {
		return printJSON(e.out, d)
	}
	counts := make([]string, len(states))
	for i, s := range states {
		counts[i] = fmt.Sprintf("%s %d", s, d.Counts[s])
	}
	age := "-"
	if d.Oldest != nil {
		age = clock.Real.Now().Sub(*d.Oldest).Truncate(time.Second).String()
	}
	day, err := q.series(e, c.Name)
	if err != nil {
		return err
	}
	return fields(e.out, "queue", d.Queue, "client", d.Client, "subscriptions", strings.Join(d.Subscriptions, ", "), "messages", strings.Join(counts, ", "),
		"oldest waiting", age, "requeue limit", strconv.Itoa(d.RequeueCountMax), "last get", when(d.LastGet), "installation", d.Installation,
		"created", when(&d.CreatedAt), "last day", dayText(day.Points))
}

type queuePeekCmd struct {
	Name   string `arg:"" optional:"" help:"Name of the queue, with an API key; default: the client's own."`
	List   string `help:"waiting, dead or history; default waiting." enum:"waiting,dead,history" default:"waiting" placeholder:"LIST"`
	Type   string `help:"Only messages of this type." placeholder:"TYPE"`
	Newest bool   `help:"The newest first."`
	Limit  int    `help:"Messages of a page, 1 to 500; default 20." default:"20" placeholder:"N"`
	Cursor string `help:"Go on where the page before ended." placeholder:"CURSOR"`
	All    bool   `help:"All pages."`
}

// Run lists messages of a queue.
func (c *queuePeekCmd) Run(e *env, q *queueCmd) error {
	look, err := q.browser(e, c.Name)
	if err != nil {
		return err
	}
	b := client.Browse{List: link.QueueList(c.List), Type: c.Type, Limit: c.Limit, Cursor: c.Cursor}
	if c.Newest {
		b.Order = link.OrderNewest
	}
	all := link.Page[link.QueueEntry]{Items: []link.QueueEntry{}}
	for {
		p, err := look(e.ctx, b)
		if err != nil {
			return err
		}
		all.Items, all.Next = append(all.Items, p.Items...), p.Next
		if b.Cursor = p.Next; p.Next == "" || !c.All {
			break
		}
	}
	if q.JSON {
		return printJSON(e.out, all)
	}
	if err := printEntries(e.out, all.Items); err != nil {
		return err
	}
	return more(e, all.Next)
}

func (q *queueCmd) browser(e *env, name string) (func(context.Context, client.Browse) (link.Page[link.QueueEntry], error), error) {
	person, err := q.asPerson(name)
	if err != nil {
		return nil, err
	}
	if !person {
		hub, err := q.client(e, "")
		if err != nil {
			return nil, err
		}
		return hub.Browse, nil
	}
	hub, err := q.admin(e)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, b client.Browse) (link.Page[link.QueueEntry], error) {
		return hub.Browse(ctx, name, b)
	}, nil
}

func printEntries(w io.Writer, list []link.QueueEntry) error {
	rows := make([][]string, len(list))
	for i, x := range list {
		why := words(string(x.DeadReason), x.Reason)
		if x.NextTry != nil || x.LeaseUntil != nil {
			why = words(why, "until", optional(x.NextTry), optional(x.LeaseUntil))
		}
		erp := ""
		if x.ERP != nil {
			erp = string(x.ERP.State)
		}
		if x.Outcome != nil {
			erp = words(string(x.Outcome.Status), x.Outcome.Key)
		}
		rows[i] = []string{
			strconv.FormatInt(x.Position, 10), x.ID.String(), x.Type, string(x.State), strconv.Itoa(x.Attempt), when(&x.CreatedAt), x.BusinessKey, erp, why,
		}
	}
	return table(w, []string{"POS", "MESSAGE", "TYPE", "STATE", "ATTEMPT", "CREATED", "BUSINESS KEY", "ERP", "WHY"}, rows)
}

// more tells how to see the next page.
func more(e *env, next string) error {
	if next == "" {
		return nil
	}
	_, err := fmt.Fprintf(e.errOut, "more: --cursor %s (or --all)\n", next)
	return err
}
