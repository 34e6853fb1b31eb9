package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"strings"
	"time"

	"smartlink/agent/activation"
	"smartlink/agent/console"
	"smartlink/agent/inbox"
	"smartlink/internal/clock"
	"smartlink/internal/sqlopen"
	"smartlink/link"
)

type agentActivateCmd struct {
	Apps         []string `arg:"" optional:"" help:"Codes of the apps to activate or, with --remove, to remove; none: only search."`
	Environment  string   `help:"Which hub: production, staging or dev, whose addresses are in totvsAppSaaS.json." enum:",production,staging,dev" default:"" env:"SMARTLINK_ENVIRONMENT" placeholder:"NAME"`
	Server       string   `help:"Address of the hub, instead of an environment." env:"SMARTLINK_SERVER" placeholder:"URL"`
	ClientID     string   `name:"client-id" help:"The ERP side's client id; default: the activated one." env:"SMARTLINK_CLIENT_ID" placeholder:"ID"`
	ClientSecret string   `name:"client-secret" secret:"" help:"Its secret; better given by the environment." env:"SMARTLINK_CLIENT_SECRET" placeholder:"SECRET"`
	Remove       bool     `help:"Remove the apps instead: nothing new comes, what is on its way is still executed."`
	SkipCheck    bool     `name:"skip-check" help:"With the writer webservice: activate although RM could not be worked with."`
	Offline      bool     `help:"With --remove: do not tell the hub, when the credentials are good no more."`
}

// Help shows an example.
func (*agentActivateCmd) Help() string {
	return "Example: smartlink agent activate GESPLAN-RM --environment production --client-id ID --database rm.db\n\n" +
		"Shows the apps that the client is permitted in RAC, that the hub has configured and that this agent knows, with their status and last " +
		"run; of each that cannot be activated it tells which of the three is missing. The secret comes from SMARTLINK_CLIENT_SECRET and is kept " +
		"encrypted. A running agent follows within seconds."
}

func (c *agentActivateCmd) Run(e *env, a *agentCmd) error {
	w, err := a.wizard(e)
	if err != nil {
		return err
	}
	r, err := c.request(w.Folder)
	switch {
	case err != nil:
		return err
	case c.Remove:
		return c.remove(e, a, w)
	case len(c.Apps) > 0:
		if c.SkipCheck {
			w.Check = nil
		}
		if _, err := w.Activate(e.ctx, r); err != nil {
			return err
		}
	}
	found, err := w.Search(e.ctx, r.Credentials)
	if err != nil {
		return err
	}
	return a.showApps(e, found)
}

func (c *agentActivateCmd) remove(e *env, a *agentCmd, w *activation.Wizard) error {
	if len(c.Apps) == 0 {
		return errors.New("--remove needs the codes of the apps")
	}
	s, err := w.Remove(e.ctx, c.Apps, c.Offline)
	if err != nil {
		return err
	}
	list := make([]activation.App, len(s.Apps))
	for i, x := range s.Apps {
		list[i] = activation.App{Code: x.Code, Name: x.Name, Types: x.Types, Active: true}
		if list[i].LastRun, err = w.LastRun(e.ctx, x.Types); err != nil {
			return err
		}
	}
	return a.showApps(e, list)
}

// request puts together at which hub and as whom: as given, else as activated.
func (c *agentActivateCmd) request(f *activation.Folder) (activation.Request, error) {
	r := activation.Request{Apps: c.Apps, By: whoAmI()}
	if c.ClientID == "" {
		s, err := f.Read()
		if err != nil {
			return r, err
		}
		if !s.Ever() {
			return r, errors.New("nothing is activated yet: --client-id and --client-secret are needed")
		}
		r.Environment, r.Credentials = s.Environment, s.Credentials
		r.Credentials.Secret = cmp.Or(c.ClientSecret, s.Credentials.Secret)
		return r, nil
	}
	id, err := link.ParseClientID(c.ClientID)
	if err != nil {
		return r, err
	}
	if c.ClientSecret == "" {
		return r, errors.New("--client-id needs --client-secret")
	}
	r.Credentials = activation.Credentials{Server: c.Server, ClientID: id, Secret: c.ClientSecret}
	if c.Environment == "" {
		if c.Server == "" {
			return r, errors.New("--environment or --server is needed")
		}
		return r, nil
	}
	saas, err := activation.ReadSaaS(f.Dir())
	if err != nil {
		return r, err
	}
	r.Environment = activation.Environment(c.Environment)
	at := saas.Environments[r.Environment]
	if at.Server == "" {
		return r, fmt.Errorf("%s names no server for %s: write the files with 'smartlink agent files', and put the address there", activation.SaaSFile, c.Environment)
	}
	r.Credentials.Server, r.Credentials.TokenURL = at.Server, at.Token
	return r, nil
}

// whoAmI is the name of the operating system's user, as far as it tells.
func whoAmI() string {
	u, err := user.Current()
	if err != nil {
		return "–"
	}
	return u.Username
}

// wizard is the wizard of the agent's folder.
func (a *agentCmd) wizard(e *env) (*activation.Wizard, error) {
	folder, err := activation.OpenFolder(a.installation())
	if err != nil {
		return nil, err
	}
	_, _, types, err := a.consumers(e)
	if err != nil {
		return nil, err
	}
	return &activation.Wizard{Folder: folder, CA: e.ca(), Lang: e.lang(), LastRun: a.lastRun, Types: types, Check: a.ready(e)}, nil
}

// lastRun asks the inbox, if there is one yet.
func (a *agentCmd) lastRun(ctx context.Context, types []string) (last time.Time, err error) {
	if there, err := sqlopen.Exists(a.Database); err != nil || !there {
		return last, err
	}
	box, err := inbox.Attach(ctx, a.Database, clock.Real)
	if link.CodeOf(err) == link.CodeNotFound { // books without an inbox
		return last, nil
	}
	if err != nil {
		return last, err
	}
	last, err = box.LastRun(ctx, types)
	return last, errors.Join(err, box.Close(ctx))
}

// shownApp is an app for scripts.
type shownApp struct {
	Code    string     `json:"code"`
	Name    string     `json:"name,omitempty"`
	Active  bool       `json:"active"`
	Problem link.Code  `json:"problem,omitempty"`
	Status  string     `json:"status"`
	LastRun *time.Time `json:"lastRun,omitempty"`
	Types   []string   `json:"types"`
}

func (a *agentCmd) showApps(e *env, list []activation.App) error {
	shown, rows := make([]shownApp, len(list)), make([][]string, len(list))
	for i, x := range list {
		s := shownApp{Code: x.Code, Name: x.Name, Active: x.Active, Status: x.Status(time.Local).In(e.lang()), Types: x.Types}
		if s.Types == nil {
			s.Types = []string{}
		}
		if x.Refused != nil {
			s.Problem = x.Refused.Code
		}
		if !x.LastRun.IsZero() {
			s.LastRun = &x.LastRun
		}
		shown[i], rows[i] = s, []string{s.Code, s.Name, words(s.Status, bracketed(s.Problem))}
	}
	if a.JSON {
		return printJSON(e.out, link.Page[shownApp]{Items: shown})
	}
	return table(e.out, []string{"APP", "NAME", "STATUS"}, rows)
}

func bracketed(code link.Code) string {
	if code == "" {
		return ""
	}
	return "(" + string(code) + ")"
}

type agentOptionsCmd struct {
	Type               string `arg:"" optional:"" help:"Message type whose own options are shown or set; none: those of all."`
	HoldNext           *int   `name:"hold-next" help:"Of a type: so many messages more wait, when they come, for 'agent release'; 0 = none."`
	Answers            *bool  `negatable:"" help:"Of a type: answers go to the sender's app; without them outcomes are told to the hub only."`
	BatchSize          *int   `name:"batch-size" help:"Messages executed in one transaction; 0 = 16."`
	Parallel           *int   `help:"Transactions at the same time, of different ordering keys, where the database is PostgreSQL; 0 = four of them."`
	MinutesInterval    *int   `name:"minutes-interval" help:"Retry: minutes of the formula; 0 = what totvsAppConfig_v2.json says."`
	FatorTempoExecucao *int   `name:"fator-tempo-execucao" help:"Retry: factor of the formula; 0 = what totvsAppConfig_v2.json says."`
	QtdeTentativasExec *int   `name:"qtde-tentativas-exec" help:"Retry: attempts in all, and a factor of the formula; 0 = what totvsAppConfig_v2.json says."`
}

// Help shows an example.
func (*agentOptionsCmd) Help() string {
	return "Example: smartlink agent options FinLanIncDataCommand --hold-next 5 --database rm.db\n\nWithout a flag it shows them. Batch size and " +
		"parallelism are of all types; the retry figures may be of one, and 0 is then what holds for all. A running agent follows within seconds."
}

func (c *agentOptionsCmd) Run(e *env, a *agentCmd) error {
	if c.Type != "" {
		return c.ofType(e, a)
	}
	if c.HoldNext != nil || c.Answers != nil {
		return errors.New("--hold-next and --answers are of one message type: name it")
	}
	w, err := a.wizard(e)
	if err != nil {
		return err
	}
	s, err := w.Folder.Read()
	if err != nil {
		return err
	}
	set := false
	for _, f := range []struct {
		given *int
		into  *int
	}{
		{c.BatchSize, &s.Options.BatchSize}, {c.Parallel, &s.Options.Parallel}, {c.MinutesInterval, &s.Options.MinutesInterval},
		{c.FatorTempoExecucao, &s.Options.FatorTempoExecucao}, {c.QtdeTentativasExec, &s.Options.QtdeTentativasExec},
	} {
		if f.given != nil {
			*f.into, set = *f.given, true
		}
	}
	if set {
		if err := w.SetOptions(s.Options); err != nil {
			return err
		}
	}
	file, err := activation.ReadConfig(w.Folder.Dir())
	if err != nil {
		return err
	}
	figures := s.Figures(file.Retry)
	parallel := strconv.Itoa(s.Options.Parallel)
	if s.Options.Parallel == 0 {
		parallel = "1, in PostgreSQL 4"
	}
	if a.JSON {
		return printJSON(e.out, activation.Options{BatchSize: s.Options.Batch(), Parallel: s.Options.Parallel, RetryFigures: figures})
	}
	return fields(e.out, "batch size", strconv.Itoa(s.Options.Batch()), "parallel", parallel, "MinutesInterval", strconv.Itoa(figures.MinutesInterval),
		"FatorTempoExecucao", strconv.Itoa(figures.FatorTempoExecucao), "QtdeTentativasExec", strconv.Itoa(figures.QtdeTentativasExec))
}

type agentFilesCmd struct{}

// Help shows an example.
func (*agentFilesCmd) Help() string {
	return "Example: smartlink agent files --installation ./agent/installation.json\n\n" +
		"They go beside the installation's file, and replace the built-in ones from then on. Files that are there already stay."
}

func (c *agentFilesCmd) Run(e *env, a *agentCmd) error {
	w, err := a.wizard(e)
	if err != nil {
		return err
	}
	written, err := activation.WriteFiles(w.Folder.Dir())
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(e.out, map[string]any{"folder": w.Folder.Dir(), "written": written})
	}
	_, err = fmt.Fprintf(e.out, "%s: wrote %s\n", w.Folder.Dir(), cmp.Or(strings.Join(written, ", "), "nothing, all are there"))
	return err
}

type agentPasswordCmd struct{}

// Help shows an example.
func (*agentPasswordCmd) Help() string {
	return "Example: smartlink agent password --database rm.db\n\nAn earlier password, and who is logged in with it, end with it."
}

func (*agentPasswordCmd) Run(e *env, a *agentCmd) error {
	folder, err := activation.OpenFolder(a.installation())
	if err != nil {
		return err
	}
	password, err := console.NewPassword(folder.Dir())
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(e.out, map[string]string{"password": password})
	}
	return fields(e.out, "console password", password, "", "shown once: keep it")
}
