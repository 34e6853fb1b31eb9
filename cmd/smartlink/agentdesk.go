package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/agent/window"
	"smartlink/internal/clock"
	"smartlink/link"
)

type agentOverviewCmd struct{}

// Help shows an example.
func (*agentOverviewCmd) Help() string {
	return "Example: smartlink agent overview --database rm.db\n\nWorks beside a running agent or without one."
}

// overview is what 'agent overview' tells, for scripts.
type overview struct {
	Messages []inbox.Count  `json:"messages"`
	OnHold   map[string]int `json:"onHold"`
	goingOn
}

// goingOn is whether messages are executed, by the rules as they are now.
type goingOn struct {
	Closed bool        `json:"closed"` // nothing is executed now
	Window *openWindow `json:"window,omitempty"`
	// ClosedTypes are the types that a window of their own closes, each with the window that is open.
	ClosedTypes map[string]openWindow `json:"closedTypes,omitempty"`
	inbox.Rules
}

// openWindow is the window that is open now.
type openWindow struct {
	Name  string     `json:"name"`
	Until *time.Time `json:"until,omitempty"` // absent: no end in sight
}

func overviewOf(e *env, box *inbox.Box) (o overview, err error) {
	if o.Messages, err = box.Counts(e.ctx); err != nil {
		return o, err
	}
	if o.OnHold, err = box.OnHold(e.ctx); err != nil {
		return o, err
	}
	o.goingOn, err = goingOnOf(e, box)
	return o, err
}

func goingOnOf(e *env, box *inbox.Box) (g goingOn, err error) {
	if g.Rules, err = box.Rules(e.ctx); err != nil {
		return g, err
	}
	now := clock.Real.Now().In(box.Zone())
	g.Closed = g.Rules.Closed(now)
	if w, open := opened(g.Rules.Window(now)); open {
		g.Window = &w
	}
	for _, t := range g.Rules.ClosedTypes(now) {
		if w, open := opened(g.Rules.TypeWindow(t, now)); open {
			if g.ClosedTypes == nil {
				g.ClosedTypes = map[string]openWindow{}
			}
			g.ClosedTypes[t] = w
		}
	}
	return g, nil
}

func opened(until time.Time, name string, open bool) (openWindow, bool) {
	w := openWindow{Name: name}
	if !until.IsZero() {
		w.Until = &until
	}
	return w, open
}

// said tells that a window is open, and how long.
func (w openWindow) said() string {
	if w.Until == nil {
		return "none in the window " + w.Name + ", which has no end in sight"
	}
	return "none in the window " + w.Name + " until " + w.Until.Format("2006-01-02 15:04 -07:00")
}

func (*agentOverviewCmd) Run(e *env, a *agentCmd) error {
	return a.desk(e, func(box *inbox.Box) error {
		o, err := overviewOf(e, box)
		if err != nil {
			return err
		}
		if a.JSON {
			return printJSON(e.out, o)
		}
		pairs := append([]string{"execution", o.said()}, o.typesSaid()...)
		for _, n := range o.Messages {
			direction := "from the hub, "
			if n.Event == inbox.Upstream {
				direction = "to the hub, "
			}
			pairs = append(pairs, direction+string(n.State), strconv.FormatInt(n.N, 10))
		}
		for _, t := range slices.Sorted(maps.Keys(o.OnHold)) {
			pairs = append(pairs, "on hold, "+t, strconv.Itoa(o.OnHold[t]))
		}
		return fields(e.out, append(pairs, "remote help", helpSaid(o.Help))...)
	})
}

// said tells whether messages are executed and, if not, why and how long.
func (g *goingOn) said() string {
	switch {
	case g.Pause.On():
		return "paused by " + g.Pause.By + " since " + when(&g.Pause.Since) + ": " + g.Pause.Reason
	case g.Window != nil:
		return g.Window.said()
	}
	return "goes on"
}

// typesSaid tells which types windows of their own close, as pairs of fields.
func (g *goingOn) typesSaid() []string {
	var pairs []string
	for _, t := range slices.Sorted(maps.Keys(g.ClosedTypes)) {
		pairs = append(pairs, "execution, "+t, g.ClosedTypes[t].said())
	}
	return pairs
}

func helpSaid(h inbox.Help) string {
	switch {
	case !h.On(clock.Real.Now()):
		return "off"
	case h.Endless():
		return "on until it is switched off, by " + h.By
	}
	return "on until " + when(&h.Until) + ", by " + h.By
}

// tellClosed says beside an answer that nothing is executed now.
func tellClosed(e *env, box *inbox.Box) error {
	g, err := goingOnOf(e, box)
	if err != nil {
		return err
	}
	if g.Closed {
		fmt.Fprintf(e.errOut, "execution: %s\n", g.said())
	}
	for pair := range slices.Chunk(g.typesSaid(), 2) {
		fmt.Fprintf(e.errOut, "%s: %s\n", pair[0], pair[1])
	}
	return nil
}

type agentExecutionsCmd struct {
	Message string `help:"Only of this message." placeholder:"ID"`
	Type    string `help:"Only of this type." placeholder:"TYPE"`
	Result  string `help:"Only with this result: done, duplicate, rejected, retry, blocked." enum:",done,duplicate,rejected,retry,blocked" default:""`
	Key     string `help:"Only with this key of the ERP." placeholder:"KEY"`
	Limit   int    `help:"Items of a page." default:"50"`
	Cursor  string `help:"Go on where the page before ended."`
}

// Help shows an example.
func (*agentExecutionsCmd) Help() string {
	return "Example: smartlink agent executions --result rejected --database rm.db"
}

func (c *agentExecutionsCmd) Run(e *env, a *agentCmd) error {
	id, err := optionalUUID(c.Message)
	if err != nil {
		return err
	}
	return a.desk(e, func(box *inbox.Box) error {
		page, err := box.Executions(e.ctx, inbox.ExecutionFilter{Message: id, Type: c.Type, Result: c.Result, Key: c.Key, Limit: c.Limit, After: c.Cursor})
		if err != nil {
			return err
		}
		if a.JSON {
			return printJSON(e.out, page)
		}
		rows := make([][]string, len(page.Items))
		for i, x := range page.Items {
			rows[i] = []string{x.Message.String(), x.Type, strconv.Itoa(x.Attempt), x.Result, when(&x.EndedAt), x.Key, words(string(x.Code), x.Code.Reason(x.Reason, e.lang()))}
		}
		if err := table(e.out, []string{"MESSAGE", "TYPE", "ATTEMPT", "RESULT", "ENDED", "KEY", "REASON"}, rows); err != nil {
			return err
		}
		moreHere(e, page.Next)
		return nil
	})
}

// moreHere says how to see the next page of a list that cannot be had at once.
func moreHere(e *env, next string) {
	if next != "" {
		fmt.Fprintf(e.errOut, "more: --cursor %s\n", next)
	}
}

type agentEditCmd struct {
	inboxArg
	Body   string `help:"File with the new body; - for standard input. Without it the body is edited in $VISUAL or $EDITOR." placeholder:"FILE"`
	Reason string `help:"Why; the sender is told." required:""`
}

// Help shows an example.
func (*agentEditCmd) Help() string {
	return "Example: smartlink agent edit ID --reason 'supplier F00017 replaces F99999' --database rm.db\n\n" +
		"The message keeps its id and its keys, so what it intends is still booked at most once. Its answer says that it was changed, by whom and why."
}

func (c *agentEditCmd) Run(e *env, a *agentCmd) error {
	return c.on(e, a, func(box *inbox.Box, id uuid.UUID) error {
		body, file, err := c.body(e, box, id)
		if err != nil {
			return err
		}
		err = box.Desk(whoAmI()).Edit(e.ctx, id, body, c.Reason)
		switch {
		case err != nil && file != "":
			return fmt.Errorf("%w; the edited body is kept in %s, mend it and send it with --body", err, file)
		case err != nil:
			return err
		case file != "":
			discardEdit(file)
		}
		return a.say(e, id, "edited, and will be executed again")
	})
}

// body is what the file says, or what the person makes of the body in an editor; then file holds it.
func (c *agentEditCmd) body(e *env, box *inbox.Box, id uuid.UUID) (body []byte, file string, err error) {
	if c.Body != "" {
		body, err = readFile(c.Body)
		return body, "", err
	}
	d, err := box.Show(e.ctx, id)
	if err != nil {
		return nil, "", err
	}
	if d.Item == nil {
		return nil, "", errors.New("the message is finished, and its body is gone from here")
	}
	return editBody(e.ctx, []byte(d.Body))
}

type agentReleaseCmd struct {
	ID   string `arg:"" optional:"" help:"Id of the message."`
	Type string `help:"Instead: all messages of this type that are on hold." placeholder:"TYPE"`
	All  bool   `help:"Instead: all messages that are on hold."`
}

// Help shows an example.
func (*agentReleaseCmd) Help() string {
	return "Example: smartlink agent release --type FinLanIncDataCommand --database rm.db\n\n'agent options TYPE --hold-next N' puts the next N messages of a type on hold."
}

func (c *agentReleaseCmd) Run(e *env, a *agentCmd) error {
	chosen := 0
	for _, is := range []bool{c.ID != "", c.Type != "", c.All} {
		if is {
			chosen++
		}
	}
	if chosen != 1 {
		return errors.New("which messages? give an id, --type or --all")
	}
	if c.ID != "" {
		return inboxArg{c.ID}.on(e, a, func(box *inbox.Box, id uuid.UUID) error {
			if err := box.Desk(whoAmI()).Release(e.ctx, id); err != nil {
				return err
			}
			return a.say(e, id, "released")
		})
	}
	return a.desk(e, func(box *inbox.Box) error {
		n, err := box.Desk(whoAmI()).ReleaseAll(e.ctx, c.Type)
		if err != nil {
			return err
		}
		return a.count(e, "released", n)
	})
}

// count tells of how many messages something was done.
func (a *agentCmd) count(e *env, what string, n int) error {
	if a.JSON {
		return printJSON(e.out, map[string]int{what: n})
	}
	_, err := fmt.Fprintf(e.out, "%s: %d messages\n", what, n)
	return err
}

type agentRunNowCmd struct {
	Type []string `help:"Only of these types." placeholder:"TYPE"`
}

// Help shows an example.
func (*agentRunNowCmd) Help() string {
	return "Example: smartlink agent run-now --database rm.db\n\nThey are executed as soon as the agent runs; their attempts go on counting."
}

func (c *agentRunNowCmd) Run(e *env, a *agentCmd) error {
	return a.desk(e, func(box *inbox.Box) error {
		n, err := box.Desk(whoAmI()).Hasten(e.ctx, c.Type)
		if err != nil {
			return err
		}
		if err := a.count(e, "due", n); err != nil {
			return err
		}
		return tellClosed(e, box)
	})
}

type agentPauseCmd struct {
	Reason string `help:"Why; shown with the pause." required:""`
}

// Help shows an example.
func (*agentPauseCmd) Help() string {
	return "Example: smartlink agent pause --reason 'inventory until noon' --database rm.db\n\nIt holds for every instance of the installation, and over restarts."
}

func (c *agentPauseCmd) Run(e *env, a *agentCmd) error {
	return a.decide(e, func(d inbox.Desk) error { return d.Pause(e.ctx, c.Reason) })
}

// decide changes the rules and tells how they are then: as JSON as 'agent overview' does.
func (a *agentCmd) decide(e *env, do func(inbox.Desk) error) error {
	return a.desk(e, func(box *inbox.Box) error {
		if err := do(box.Desk(whoAmI())); err != nil {
			return err
		}
		if a.JSON {
			o, err := overviewOf(e, box)
			if err != nil {
				return err
			}
			return printJSON(e.out, o)
		}
		g, err := goingOnOf(e, box)
		if err != nil {
			return err
		}
		return fields(e.out, append(append([]string{"execution", g.said()}, g.typesSaid()...), "remote help", helpSaid(g.Help))...)
	})
}

type agentResumeCmd struct {
	Reason string `help:"Why; kept in the journal."`
}

// Help shows an example.
func (*agentResumeCmd) Help() string { return "Example: smartlink agent resume --database rm.db" }

func (c *agentResumeCmd) Run(e *env, a *agentCmd) error {
	return a.decide(e, func(d inbox.Desk) error { return d.Resume(e.ctx, c.Reason) })
}

type agentExportCmd struct {
	Output string `help:"File to write; default the standard output." placeholder:"FILE"`
}

// Help shows an example.
func (*agentExportCmd) Help() string {
	return "Example: smartlink agent export --output rejected.csv --database rm.db\n\nUTF-8 with semicolons, as spreadsheets in Brazil expect it; a line for each error."
}

func (c *agentExportCmd) Run(e *env, a *agentCmd) error {
	return a.desk(e, func(box *inbox.Box) error {
		if c.Output == "" {
			_, err := box.ExportRejected(e.ctx, e.out, e.lang())
			return err
		}
		var b bytes.Buffer
		n, err := box.ExportRejected(e.ctx, &b, e.lang())
		if err == nil {
			err = os.WriteFile(c.Output, b.Bytes(), 0o600)
		}
		if err != nil {
			return err
		}
		return a.count(e, "exported", n)
	})
}

type agentRemoteHelpCmd struct {
	Switch string        `arg:"" optional:"" help:"on, off; neither: tell whether it is on, and what was asked." enum:",on,off" default:""`
	For    time.Duration `help:"With on: how long; default until it is switched off." placeholder:"4h"`
}

// Help shows an example.
func (*agentRemoteHelpCmd) Help() string {
	return "Example: smartlink agent remote-help on --for 4h --database rm.db\n\nWhile it is on, operators of the hub may ask for a reprocess or a discard " +
		"of a message. What they ask for, and what became of it, stands in the journal. Nothing else can be asked for."
}

func (c *agentRemoteHelpCmd) Run(e *env, a *agentCmd) error {
	switch {
	case c.For < 0 || c.For > 0 && c.Switch != "on":
		return errors.New("--for is how long help is on: agent remote-help on --for 4h")
	case c.Switch == "on":
		return a.decide(e, func(d inbox.Desk) error { return d.AllowHelp(e.ctx, c.For) })
	case c.Switch == "off":
		return a.decide(e, func(d inbox.Desk) error { return d.EndHelp(e.ctx) })
	}
	return a.desk(e, func(box *inbox.Box) error {
		rules, err := box.Rules(e.ctx)
		if err != nil {
			return err
		}
		page, err := box.Actions(e.ctx, inbox.ActionFilter{Help: true})
		if err != nil {
			return err
		}
		if a.JSON {
			return printJSON(e.out, struct {
				inbox.Help
				On  bool           `json:"on"`
				Log []inbox.Action `json:"log"`
			}{rules.Help, rules.Help.On(clock.Real.Now()), page.Items})
		}
		if err := fields(e.out, "remote help", helpSaid(rules.Help)); err != nil {
			return err
		}
		return actions(e.out, page.Items)
	})
}

type agentJournalCmd struct {
	Limit  int    `help:"Items of a page." default:"50"`
	Cursor string `help:"Go on where the page before ended."`
}

// Help shows an example.
func (*agentJournalCmd) Help() string { return "Example: smartlink agent journal --database rm.db" }

func (c *agentJournalCmd) Run(e *env, a *agentCmd) error {
	return a.desk(e, func(box *inbox.Box) error {
		page, err := box.Actions(e.ctx, inbox.ActionFilter{Limit: c.Limit, After: c.Cursor})
		if err != nil {
			return err
		}
		if a.JSON {
			return printJSON(e.out, page)
		}
		if err := actions(e.out, page.Items); err != nil {
			return err
		}
		moreHere(e, page.Next)
		return nil
	})
}

func actions(out io.Writer, list []inbox.Action) error {
	rows := make([][]string, len(list))
	for i, x := range list {
		about := x.Subject
		if x.Message != nil {
			about = x.Message.String()
		}
		rows[i] = []string{when(&x.At), x.By, string(x.Action), about, words(string(x.Result), string(x.Code), x.Reason)}
	}
	return table(out, []string{"AT", "BY", "DID", "ABOUT", "DETAIL"}, rows)
}

// ofType shows or sets the options of one type.
func (c *agentOptionsCmd) ofType(e *env, a *agentCmd) error {
	if c.BatchSize != nil || c.Parallel != nil {
		return errors.New("--batch-size and --parallel are of all types: leave the type out")
	}
	if !link.ValidType(c.Type) {
		return link.NewError(link.CodeTypeInvalid, "type", c.Type)
	}
	return a.desk(e, func(box *inbox.Box) error {
		rules, err := box.Rules(e.ctx)
		if err != nil {
			return err
		}
		o, set := rules.Types[c.Type], false
		for _, f := range []struct{ given, into *int }{
			{c.HoldNext, &o.HoldNext}, {c.MinutesInterval, &o.MinutesInterval}, {c.FatorTempoExecucao, &o.FatorTempoExecucao},
			{c.QtdeTentativasExec, &o.QtdeTentativasExec},
		} {
			if f.given != nil {
				*f.into, set = *f.given, true
			}
		}
		if c.Answers != nil {
			o.NoAnswers, set = !*c.Answers, true
		}
		if set {
			if err := box.Desk(whoAmI()).SetType(e.ctx, c.Type, o); err != nil {
				return err
			}
		}
		if a.JSON {
			return printJSON(e.out, o)
		}
		figure := func(n int) string {
			if n == 0 {
				return "as for all types"
			}
			return strconv.Itoa(n)
		}
		answers := "to the sender's app"
		if o.NoAnswers {
			answers = "to the hub only"
		}
		windows := "none"
		if names := windowsOf(rules.Windows, c.Type); len(names) > 0 {
			windows = strings.Join(names, ", ")
		}
		return fields(e.out, "type", c.Type, "windows", windows, "hold next", strconv.Itoa(o.HoldNext), "MinutesInterval", figure(o.MinutesInterval),
			"FatorTempoExecucao", figure(o.FatorTempoExecucao), "QtdeTentativasExec", figure(o.QtdeTentativasExec), "answers", answers)
	})
}

// windowsOf are the names of the windows that close a type.
func windowsOf(list []window.Window, messageType string) []string {
	var names []string
	for _, w := range window.Of(list, messageType) {
		names = append(names, w.Name)
	}
	return names
}
