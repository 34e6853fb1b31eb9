package console

import (
	"net/http"
	"slices"
	"strings"

	"smartlink/agent/activation"
	"smartlink/link"
)

// by is who has activated an app, in what is kept of it: the console has one log-in.
const by = "console"

// activationPage is what activation.html shows.
type activationPage struct {
	Environments []activation.Environment // that have an address
	Environment  activation.Environment
	Server       string
	ClientID     string
	Searched     bool
	Apps         []foundApp
	Problem      *failure
}

// foundApp is one line of the answer.
type foundApp struct {
	activation.App
	Status link.Text
}

// activation shows the form and, once it was searched with, what was found.
func (c *Console) activation(v *visit) error {
	return c.showActivation(v, http.StatusOK, nil)
}

func (c *Console) showActivation(v *visit, status int, problem *failure) error {
	saas, err := activation.ReadSaaS(c.cfg.Wizard.Folder.Dir())
	if err != nil {
		return err
	}
	state, err := c.cfg.Wizard.Folder.Read()
	if err != nil && link.CodeOf(err) != link.CodeSealedElsewhere {
		return err
	}
	p := activationPage{Environment: state.Environment, Server: state.Credentials.Server, ClientID: string(state.Credentials.ClientID), Problem: problem}
	for _, e := range activation.Environments() {
		if saas.Environments[e].Server != "" {
			p.Environments = append(p.Environments, e)
		}
	}
	if r := c.sessions.search(v.session, false, nil); r != nil {
		p.Environment, p.Server, p.ClientID = r.Environment, r.Credentials.Server, string(r.Credentials.ClientID)
		found, err := v.wizard().Search(v.r.Context(), r.Credentials)
		switch {
		case err != nil && problem == nil:
			f, s := v.problem(err)
			if s == 0 {
				f, s = failure{Title: v.text("activation.away"), Detail: err.Error()}, http.StatusBadGateway
			}
			p.Problem, status = &f, s
		case err == nil:
			p.Searched = true
			for _, a := range found {
				p.Apps = append(p.Apps, foundApp{a, a.Status(c.cfg.Zone)})
			}
		}
	}
	if p.Environment != "" {
		p.Server = ""
	}
	return v.show(status, "activation", "activation.title", "activation", p)
}

// search remembers the credentials for this log-in and shows what they can activate.
func (c *Console) search(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id, err := link.ParseClientID(strings.TrimSpace(form.Get("client_id")))
	if err != nil {
		return link.NewError(link.CodeRequestInvalid).Because(err).At("client_id", link.CodeRequestInvalid,
			link.Both("não é um client id (32 dígitos hexadecimais)", "is no client id (32 hex digits)"))
	}
	r := &activation.Request{By: by, Credentials: activation.Credentials{
		Server: strings.TrimSpace(form.Get("server")), ClientID: id, Secret: strings.TrimSpace(form.Get("client_secret")),
	}}
	if e := activation.Environment(form.Get("environment")); e != "" {
		saas, err := activation.ReadSaaS(c.cfg.Wizard.Folder.Dir())
		if err != nil {
			return err
		}
		r.Environment, r.Credentials.Server, r.Credentials.TokenURL = e, saas.Environments[e].Server, saas.Environments[e].Token
	}
	state, err := c.cfg.Wizard.Folder.Read()
	if err != nil && link.CodeOf(err) != link.CodeSealedElsewhere {
		return err
	}
	// The secret that is kept goes to where it was given for, and nowhere else.
	if kept := state.Credentials; r.Credentials.Secret == "" && kept.ClientID == id && kept.Server == r.Credentials.Server && kept.TokenURL == r.Credentials.TokenURL {
		r.Credentials.Secret = kept.Secret
	}
	if r.Credentials.Server == "" || r.Credentials.Secret == "" {
		return link.NewError(link.CodeRequestInvalid).At("client_secret", link.CodeRequestInvalid,
			link.Both("faltam o endereço do hub ou o client secret", "the hub's address or the client secret is missing"))
	}
	c.sessions.search(v.session, true, r)
	return v.redirect("/activation")
}

// execute does what was chosen to the apps that are ticked.
func (c *Console) execute(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	r := c.sessions.search(v.session, false, nil)
	if r == nil {
		return v.redirect("/activation")
	}
	action := form.Get("action")
	if form.Get("do") == "remove" {
		action = "remove"
	}
	asked := *r
	asked.Apps = form["app"]
	switch action {
	case "activate":
		_, err = v.wizard().Activate(v.r.Context(), asked)
	case "remove":
		if len(asked.Apps) == 0 {
			return c.refused(v, link.NewError(link.CodeRequestInvalid).At("app", link.CodeRequestInvalid, link.Both("nenhum aplicativo escolhido", "no app chosen")))
		}
		_, err = v.wizard().Remove(v.r.Context(), asked.Apps, false)
	case "run":
		err = c.runNow(v, asked.Apps)
	default:
		return link.NewError(link.CodeRequestInvalid).At("action", link.CodeRequestInvalid, link.OneOf("activate", "remove", "run"))
	}
	if err != nil {
		return c.refused(v, err)
	}
	return v.redirect("/activation")
}

// runNow makes due what waits of the apps' types.
func (c *Console) runNow(v *visit, apps []string) error {
	state, err := c.cfg.Wizard.Folder.Read()
	if err != nil {
		return err
	}
	var types []string
	for _, a := range state.Apps {
		if slices.Contains(apps, a.Code) {
			types = append(types, a.Types...)
		}
	}
	if len(types) == 0 {
		return link.NewError(link.CodeRequestInvalid).At("app", link.CodeRequestInvalid, link.Both("nenhum aplicativo ativo escolhido", "no active app chosen"))
	}
	box, err := c.inbox(v.r.Context())
	if err != nil {
		return err
	}
	_, err = box.Desk(by).Hasten(v.r.Context(), types)
	return err
}

// refused shows why, above what was found.
func (c *Console) refused(v *visit, err error) error {
	f, status := v.problem(err)
	if status == 0 {
		return err
	}
	return c.showActivation(v, status, &f)
}

// cancel forgets what was searched with.
func (c *Console) cancel(v *visit) error {
	c.sessions.search(v.session, true, nil)
	return v.redirect("/activation")
}

// option is one field of the options' form.
type option struct {
	Name    string
	Value   int // 0: not set
	Default any // as people read it
}

// fields are the options as the form has them.
func fields(o *activation.Options, file activation.RetryFigures) []option {
	return []option{
		{"batch_size", o.BatchSize, activation.DefaultBatch}, {"parallel", o.Parallel, "1 (PostgreSQL: 4)"}, {"minutes_interval", o.MinutesInterval, file.MinutesInterval},
		{"fator_tempo_execucao", o.FatorTempoExecucao, file.FatorTempoExecucao}, {"qtde_tentativas_exec", o.QtdeTentativasExec, file.QtdeTentativasExec},
	}
}

// optionsPage is what options.html shows.
type optionsPage struct {
	Ever   bool
	Fields []option
	Types  []typeLine
}

func (c *Console) options(v *visit) error {
	state, err := c.cfg.Wizard.Folder.Read()
	if err != nil {
		return err
	}
	file, err := activation.ReadConfig(c.cfg.Wizard.Folder.Dir())
	if err != nil {
		return err
	}
	types, err := c.types(v, &state)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "options", "options.title", "activation", optionsPage{state.Ever(), fields(&state.Options, file.Retry), types})
}

func (c *Console) setOptions(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	var o activation.Options
	for _, f := range []struct {
		name string
		into *int
	}{
		{"batch_size", &o.BatchSize}, {"parallel", &o.Parallel}, {"minutes_interval", &o.MinutesInterval},
		{"fator_tempo_execucao", &o.FatorTempoExecucao}, {"qtde_tentativas_exec", &o.QtdeTentativasExec},
	} {
		if err := number(form, f.name, f.into); err != nil {
			return err
		}
	}
	if err := v.wizard().SetOptions(o); err != nil {
		return err
	}
	return v.redirect("/options")
}

// wizard is the wizard that has the hub answer in the visit's language.
func (v *visit) wizard() *activation.Wizard {
	w := *v.c.cfg.Wizard
	w.Lang = v.lang
	return &w
}
