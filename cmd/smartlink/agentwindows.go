package main

import (
	"cmp"
	"errors"
	"strings"

	"smartlink/agent/inbox"
	"smartlink/agent/window"
	"smartlink/internal/clock"
	"smartlink/link"
)

type agentWindowsCmd struct {
	List   agentWindowsListCmd   `cmd:"" default:"1" help:"List them."`
	Set    agentWindowsSetCmd    `cmd:"" help:"Make a window, or replace the one of its name."`
	Remove agentWindowsRemoveCmd `cmd:"" help:"Remove a window."`
}

type agentWindowsListCmd struct{}

// Help shows an example.
func (*agentWindowsListCmd) Help() string {
	return "Example: smartlink agent windows list --database rm.db"
}

func (*agentWindowsListCmd) Run(e *env, a *agentCmd) error {
	return a.desk(e, func(box *inbox.Box) error { return a.showWindows(e, box) })
}

func (a *agentCmd) showWindows(e *env, box *inbox.Box) error {
	g, err := goingOnOf(e, box)
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(e.out, link.Page[window.Window]{Items: g.Windows})
	}
	rows := make([][]string, len(g.Windows))
	for i, w := range g.Windows {
		rows[i] = []string{w.Name, string(w.Kind), strings.Join(w.Days, ","), w.From, w.To, cmp.Or(strings.Join(w.Types, ","), "all")}
	}
	if err := table(e.out, []string{"NAME", "KIND", "DAYS", "FROM", "TO", "TYPES"}, rows); err != nil {
		return err
	}
	zone, _ := clock.Real.Now().In(box.Zone()).Zone()
	return fields(e.out, append([]string{"time zone", zone, "execution", g.said()}, g.typesSaid()...)...)
}

type agentWindowsSetCmd struct {
	Name string   `arg:"" help:"Name of the window."`
	Kind string   `help:"weekly, monthly or dates." enum:"weekly,monthly,dates" required:""`
	Days []string `help:"Of a weekly one: mon, tue, wed, thu, fri, sat, sun; each may also be a range such as mon-fri."`
	From string   `help:"Beginning: weekly '22:00', monthly '28 18:00', 'last 18:00' or 'last-2 18:00', dates '2026-03-31 18:00'." required:""`
	To   string   `help:"End, in the same form; the first moment that is not in the window." required:""`
	Type []string `help:"Only messages of this type wait, others are executed; several with commas. Without it nothing is executed." placeholder:"TYPE"`
}

// Help shows an example.
func (*agentWindowsSetCmd) Help() string {
	return "Example: smartlink agent windows set month-close --kind monthly --from 'last 18:00' --to '5 08:00' --database rm.db\n\n" +
		"In a window nothing is executed, or nothing of the types that it names; messages are received, and answers sent. Times are those of the agent's machine. A weekly window " +
		"whose end is not later than its beginning ends on the next day, a monthly one in the next month. 24:00 is the end of a day."
}

func (c *agentWindowsSetCmd) Run(e *env, a *agentCmd) error {
	var days []string
	for _, d := range c.Days {
		list, err := daysOf(d)
		if err != nil {
			return err
		}
		days = append(days, list...)
	}
	return a.desk(e, func(box *inbox.Box) error {
		err := box.Desk(whoAmI()).SetWindow(e.ctx, window.Window{Name: c.Name, Kind: window.Kind(c.Kind), Days: days, From: c.From, To: c.To, Types: c.Type})
		if err != nil {
			return err
		}
		return a.showWindows(e, box)
	})
}

// daysOf are the days of a day or a range.
func daysOf(s string) ([]string, error) {
	first, last, isRange := strings.Cut(s, "-")
	if !isRange {
		return []string{s}, nil // the window judges it
	}
	var list []string
	week := append(window.Days(), window.Days()...)
	for _, d := range week {
		if d == first || len(list) > 0 {
			list = append(list, d)
		}
		if d == last && len(list) > 0 {
			return list, nil
		}
	}
	return nil, errors.New(s + " is no range of days such as mon-fri")
}

type agentWindowsRemoveCmd struct {
	Name string `arg:"" help:"Name of the window."`
}

// Help shows an example.
func (*agentWindowsRemoveCmd) Help() string {
	return "Example: smartlink agent windows remove month-close --database rm.db"
}

func (c *agentWindowsRemoveCmd) Run(e *env, a *agentCmd) error {
	return a.desk(e, func(box *inbox.Box) error {
		if err := box.Desk(whoAmI()).RemoveWindow(e.ctx, c.Name); err != nil {
			return err
		}
		return a.showWindows(e, box)
	})
}
