package activation

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"smartlink/agent/inbox"
	"smartlink/client"
	"smartlink/internal/clock"
	"smartlink/link"
)

// Hub is what a wizard asks of a hub; *client.Client has it.
type Hub interface {
	TenantApps(ctx context.Context, asked ...string) (link.TenantApps, error)
	Setup(ctx context.Context, s link.SetupRequest) (link.SetupResponse, error)
}

// Wizard searches, activates and removes apps. All but Folder may be left out.
type Wizard struct {
	Folder *Folder
	// Types are those the agent can execute; a type without a consumer is not subscribed.
	Types []string
	// LastRun tells when a message of some types was last executed; zero: never.
	LastRun func(ctx context.Context, types []string) (time.Time, error)
	// Connect makes the connection to a hub; nil: the client package.
	Connect func(c Credentials) (Hub, error)
	// Check looks, before anything is activated, whether the ERP can be worked with; nil: nothing is looked at.
	Check func(ctx context.Context) error
	CA    string    // PEM file of authorities to trust besides the machine's; empty: none
	Lang  link.Lang // of the hub's problems
	Clock clock.Clock
}

// callTime bounds one call to the hub: a person is waiting.
const callTime = 30 * time.Second

// App is one app in the answer of a search.
type App struct {
	Code    string
	Name    string
	Types   []string    // that are or would be subscribed
	Active  bool        // is activated
	Refused *link.Error // why it cannot be activated; nil: it can
	LastRun time.Time   // last execution of a message of its types; zero: none
}

// Status says in a person's words how the app is. Moments are told in their zone.
func (a App) Status(zone *time.Location) link.Text {
	var t link.Text
	switch {
	case a.Active && !a.LastRun.IsZero():
		at := a.LastRun.In(zone)
		t = link.Text{
			PT: "Aplicativo ativo, última execução em " + at.Format("02/01/2006 15:04:05") + ".",
			EN: "App active, last run on " + at.Format("2006-01-02 15:04:05") + ".",
		}
	case a.Active:
		t = link.Text{PT: "Aplicativo ativo, ainda sem execução.", EN: "App active, no run yet."}
	case a.Refused == nil:
		return link.Text{PT: "Aplicativo não ativado; pode ser ativado.", EN: "App not active; it can be activated."}
	}
	if a.Refused == nil {
		return t
	}
	why := a.Refused.Text()
	return link.Text{PT: strings.TrimSpace(t.PT + " " + why.PT), EN: strings.TrimSpace(t.EN + " " + why.EN)}
}

// Search answers the apps that these credentials, this hub and this agent's files have between them,
// with the reason of each that cannot be activated. The apps asked for are among them.
func (w *Wizard) Search(ctx context.Context, c Credentials, asked ...string) ([]App, error) {
	config, err := ReadConfig(w.Folder.Dir())
	if err != nil {
		return nil, err
	}
	state, err := w.Folder.Read()
	if err != nil && link.CodeOf(err) != link.CodeSealedElsewhere {
		return nil, err
	}
	hub, err := w.connect(c)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	own := state.Credentials.ClientID == c.ClientID
	wanted := slices.Concat(config.codes(), asked)
	if own {
		for _, a := range state.Apps {
			wanted = append(wanted, a.Code)
		}
	}
	slices.Sort(wanted)
	answer, err := hub.TenantApps(ctx, slices.Compact(wanted)...)
	if err != nil {
		return nil, err
	}
	list := make([]App, 0, len(answer.Items))
	for _, item := range answer.Items {
		a := App{Code: item.Code, Name: item.Name}
		known, here := config.app(item.Code)
		if here {
			a.Name = known.Name
		}
		if own {
			if active := state.active(item.Code); active != nil {
				a.Active, a.Types = true, active.Types
			}
		}
		a.Refused = w.refusal(item, here, c)
		if a.Refused == nil {
			types := w.types(known, item)
			if len(types) == 0 {
				a.Refused = link.NewError(link.CodeNoConsumer, "type", strings.Join(known.Types, ", "))
			} else {
				a.Types = types
			}
		}
		if a.Active && w.LastRun != nil {
			if a.LastRun, err = w.LastRun(ctx, a.Types); err != nil {
				return nil, err
			}
		}
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b App) int { return strings.Compare(a.Code, b.Code) })
	return list, nil
}

// refusal tells why an app cannot be activated: three reasons, mended by three different people.
func (w *Wizard) refusal(item link.TenantApp, here bool, c Credentials) *link.Error {
	switch item.State {
	case link.AppNotPermitted:
		return link.NewError(link.CodeAppNoPermission, "client", string(c.ClientID), "app", item.Code)
	case link.AppAvailable:
		if !here {
			return link.NewError(link.CodeAppUnknown, "app", item.Code, "file", filepath.Join(w.Folder.Dir(), ConfigFile))
		}
		return nil
	}
	return link.NewError(link.CodeAppNotConfigured, "server", c.Server, "app", item.Code)
}

// types are those that the file names, the hub lets the app receive, and the agent can execute.
func (w *Wizard) types(known KnownApp, item link.TenantApp) []string {
	var list []string
	for _, t := range known.Types {
		if slices.Contains(item.Receives, t) && (w.Types == nil || slices.Contains(w.Types, t)) {
			list = append(list, t)
		}
	}
	return list
}

// Request says what to activate.
type Request struct {
	Environment Environment // empty: the address of the credentials was given
	Credentials Credentials
	Apps        []string
	By          string // who asks for it
}

// Activate subscribes to the types of apps and remembers them; it is idempotent, and a new secret
// replaces the old one. One app that cannot be activated refuses all: nothing is changed then. While
// apps of another client are active it is link.CodeOtherClient.
func (w *Wizard) Activate(ctx context.Context, r Request) (State, error) {
	var done State
	if len(r.Apps) == 0 {
		return done, link.NewError(link.CodeRequestInvalid).At("app", link.CodeRequestInvalid, link.Both("nenhum aplicativo escolhido", "no app chosen"))
	}
	for _, code := range r.Apps {
		if !link.ValidApp(code) {
			return done, link.NewError(link.CodeRequestInvalid).At("app", link.CodeRequestInvalid, link.Both("%q não é um código de aplicativo", "%q is no app code", code))
		}
	}
	if w.Check != nil {
		if err := w.Check(ctx); err != nil {
			return done, err
		}
	}
	err := w.Folder.change(func(s *State) error {
		if s.Credentials.ClientID != r.Credentials.ClientID && len(s.Apps) > 0 {
			return link.NewError(link.CodeOtherClient, "client", string(s.Credentials.ClientID), "apps", s.codes())
		}
		found, err := w.Search(ctx, r.Credentials, r.Apps...)
		if err != nil {
			return err
		}
		for _, code := range r.Apps {
			i := slices.IndexFunc(found, func(a App) bool { return a.Code == code })
			if i < 0 {
				return link.NewError(link.CodeAppNotConfigured, "server", r.Credentials.Server, "app", code)
			}
			a := found[i]
			if a.Refused != nil {
				return a.Refused
			}
			if active := s.active(code); active != nil {
				active.Name, active.Types = a.Name, a.Types
				continue
			}
			s.Apps = append(s.Apps, Active{Code: code, Name: a.Name, Types: a.Types, Since: w.now(), By: r.By})
		}
		s.Environment, s.Credentials = r.Environment, r.Credentials
		done = *s
		return w.setup(ctx, s)
	})
	return done, err
}

// Remove ends the subscriptions of apps. Messages that are on their way already are still executed and
// answered. With offline the hub is not told: for credentials that are good no more.
func (w *Wizard) Remove(ctx context.Context, apps []string, offline bool) (State, error) {
	var done State
	err := w.Folder.change(func(s *State) error {
		for _, code := range apps {
			if s.active(code) == nil {
				return link.NewError(link.CodeNotFound, "what", "active app "+code, "whatPT", "aplicativo ativo "+code)
			}
		}
		s.Apps = slices.DeleteFunc(s.Apps, func(a Active) bool { return slices.Contains(apps, a.Code) })
		done = *s
		if offline {
			return nil
		}
		return w.setup(ctx, s)
	})
	return done, err
}

// SetOptions changes the options of what is activated. Nothing ever activated is
// link.CodeNotActivated.
func (w *Wizard) SetOptions(o Options) error {
	if err := o.check(); err != nil {
		return err
	}
	return w.Folder.change(func(s *State) error {
		if !s.Ever() {
			return link.NewError(link.CodeNotActivated, "file", w.Folder.path())
		}
		s.Options = o
		return nil
	})
}

// maxBatch bounds Options.BatchSize.
const maxBatch = 500

func (o Options) check() error {
	e := link.NewError(link.CodeRequestInvalid)
	for _, x := range []struct {
		name         string
		value, limit int
	}{
		{"BatchSize", o.BatchSize, maxBatch}, {"Parallel", o.Parallel, inbox.MaxParallel}, {"MinutesInterval", o.MinutesInterval, inbox.MaxInterval},
		{"FatorTempoExecucao", o.FatorTempoExecucao, inbox.MaxFactor}, {"QtdeTentativasExec", o.QtdeTentativasExec, inbox.MaxFactor},
	} {
		if x.value < 0 || x.value > x.limit {
			e.At(x.name, link.CodeRequestInvalid, link.Range(0, x.limit))
		}
	}
	if len(e.Errors) > 0 {
		return e
	}
	return nil
}

func (s *State) codes() string {
	list := make([]string, len(s.Apps))
	for i, a := range s.Apps {
		list[i] = a.Code
	}
	return strings.Join(list, ", ")
}

func (w *Wizard) setup(ctx context.Context, s *State) error {
	hub, err := w.connect(s.Credentials)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err = hub.Setup(ctx, link.SetupRequest{Subscriptions: s.Types()})
	return err
}

func (w *Wizard) now() time.Time {
	if w.Clock == nil {
		return clock.Real.Now()
	}
	return w.Clock.Now()
}

func (w *Wizard) connect(c Credentials) (Hub, error) {
	if w.Connect != nil {
		return w.Connect(c)
	}
	return Connect(c, w.Folder.Installation().ID.String(), w.CA, w.Lang)
}

// Connect makes the client that an agent speaks to its hub with. ca is a PEM file of authorities to
// trust besides the machine's; empty: none.
func Connect(c Credentials, installation, ca string, lang link.Lang) (*client.Client, error) {
	return client.New(client.Config{
		Server: c.Server, TokenURL: c.TokenURL, ClientID: c.ClientID, Secret: c.Secret, Installation: installation, CA: ca, UserAgent: "smartlink-agent", Lang: lang,
	})
}
