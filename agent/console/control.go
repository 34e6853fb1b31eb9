package console

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/agent/window"
	"smartlink/link"
)

// closed is what every page says of the work: that nothing is executed now, and whether help is on.
type closed struct {
	Pause   inbox.Pause
	Window  string
	Until   time.Time // of the window; zero: no end in sight
	Types   []closedType
	HelpOn  bool
	Help    inbox.Help
	Endless bool // help is on until somebody switches it off
}

// closedType is a type that a window of its own closes.
type closedType struct {
	Type, Window string
	Until        time.Time // zero: no end in sight
}

// Closed tells whether nothing is executed.
func (n *closed) Closed() bool { return n.Pause.On() || n.Window != "" }

// ruling is what holds for the whole agent. Without an inbox, or when it cannot be read, nothing is said: the
// page itself tells what is wrong.
func (v *visit) ruling() (n closed) {
	_, rules, err := v.c.rules(v)
	if err != nil {
		return n
	}
	return v.closedOf(&rules)
}

func (v *visit) closedOf(rules *inbox.Rules) closed {
	n := closed{Pause: rules.Pause, Help: rules.Help, HelpOn: rules.Help.On(v.now), Endless: rules.Help.Endless()}
	now := v.now.In(v.c.cfg.Zone)
	n.Until, n.Window, _ = rules.Window(now)
	for _, t := range rules.ClosedTypes(now) {
		until, name, _ := rules.TypeWindow(t, now)
		n.Types = append(n.Types, closedType{t, name, until})
	}
	return n
}

// heldType is a type with messages on hold.
type heldType struct {
	Type string
	N    int
}

// controlPage is what control.html shows.
type controlPage struct {
	closed
	Windows []window.Window
	Held    []heldType
	Actions []inbox.Action
	Next    string
}

// rules are what people decided about the work, read once for a visit, with the inbox they stand in.
func (c *Console) rules(v *visit) (*inbox.Box, inbox.Rules, error) {
	box, err := c.inbox(v.r.Context())
	if err != nil {
		return nil, inbox.Rules{}, err
	}
	if v.rules == nil {
		rules, err := box.Rules(v.r.Context())
		if err != nil {
			return nil, inbox.Rules{}, err
		}
		v.rules = &rules
	}
	return box, *v.rules, nil
}

func (c *Console) control(v *visit) error {
	box, rules, err := c.rules(v)
	if err != nil {
		return err
	}
	held, err := box.OnHold(v.r.Context())
	if err != nil {
		return err
	}
	page, err := box.Actions(v.r.Context(), inbox.ActionFilter{Limit: 20, After: v.r.URL.Query().Get("cursor")})
	if err != nil {
		return err
	}
	p := controlPage{closed: v.closedOf(&rules), Windows: rules.Windows, Actions: page.Items, Next: next(v.r.URL, page.Next)}
	for _, t := range slices.Sorted(maps.Keys(held)) {
		p.Held = append(p.Held, heldType{t, held[t]})
	}
	return v.show(http.StatusOK, "control", "control.title", "control", p)
}

// onDesk does something to the whole work and leads to a page.
func (c *Console) onDesk(v *visit, to string, do func(inbox.Desk, url.Values) error) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	box, err := c.inbox(v.r.Context())
	if err != nil {
		return err
	}
	if err := do(box.Desk(by), form); err != nil {
		return err
	}
	return v.redirect(to)
}

func (c *Console) pause(v *visit) error {
	return c.onDesk(v, "/control", func(d inbox.Desk, form url.Values) error { return d.Pause(v.r.Context(), form.Get("reason")) })
}

func (c *Console) resume(v *visit) error {
	return c.onDesk(v, "/control", func(d inbox.Desk, form url.Values) error { return d.Resume(v.r.Context(), form.Get("reason")) })
}

func (c *Console) releaseAll(v *visit) error {
	return c.onDesk(v, "/control", func(d inbox.Desk, form url.Values) error {
		_, err := d.ReleaseAll(v.r.Context(), form.Get("type"))
		return err
	})
}

// maxHelp bounds how many hours of remote help can be chosen.
const maxHelp = 24 * 31

func (c *Console) help(v *visit) error {
	return c.onDesk(v, "/control", func(d inbox.Desk, form url.Values) error {
		if form.Get("help") != "on" {
			return d.EndHelp(v.r.Context())
		}
		hours := 0
		if text := strings.TrimSpace(form.Get("hours")); text != "" {
			var err error
			if hours, err = strconv.Atoi(text); err != nil || hours < 1 || hours > maxHelp {
				return link.NewError(link.CodeRequestInvalid).At("hours", link.CodeRequestInvalid, link.Range(1, maxHelp))
			}
		}
		return d.AllowHelp(v.r.Context(), time.Duration(hours)*time.Hour)
	})
}

// windowsPage is what windows.html shows.
type windowsPage struct {
	closed
	Windows []window.Window
	Kinds   []window.Kind
	Days    []string
	Type    string // that a window is to be made for, filled in
}

func (c *Console) windows(v *visit) error {
	_, rules, err := c.rules(v)
	if err != nil {
		return err
	}
	p := windowsPage{closed: v.closedOf(&rules), Windows: rules.Windows, Kinds: window.Kinds(), Days: window.Days(), Type: v.r.URL.Query().Get("type")}
	return v.show(http.StatusOK, "windows", "windows.title", "control", p)
}

func (c *Console) setWindow(v *visit) error {
	return c.onDesk(v, "/windows", func(d inbox.Desk, form url.Values) error {
		w := window.Window{Name: form.Get("name"), Kind: window.Kind(form.Get("kind")), From: form.Get("from"), To: form.Get("to")}
		w.Types = strings.FieldsFunc(form.Get("types"), func(c rune) bool { return c == ',' || c == ';' || unicode.IsSpace(c) })
		if w.Kind == window.Weekly {
			w.Days = form["day"]
		}
		return d.SetWindow(v.r.Context(), w)
	})
}

func (c *Console) removeWindow(v *visit) error {
	return c.onDesk(v, "/windows", func(d inbox.Desk, form url.Values) error { return d.RemoveWindow(v.r.Context(), form.Get("name")) })
}

func (c *Console) release(v *visit) error {
	return c.onMessage(v, func(box *inbox.Box, id uuid.UUID, _ url.Values) error { return box.Desk(by).Release(v.r.Context(), id) })
}
