package agent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"smartlink/agent/activation"
	"smartlink/agent/console"
	"smartlink/agent/inbox"
	"smartlink/client"
	"smartlink/internal/checkup"
	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqlopen"
	"smartlink/link"
)

// Doctor looks at everything an agent needs, and changes nothing. Database, Installation and Types
// are needed.
type Doctor struct {
	Database     string
	Installation string
	Types        []string // that the agent can execute
	CA           string   // PEM file of authorities to trust besides the machine's; empty: none
	Lang         link.Lang
	Connect      func(c activation.Credentials) (activation.Hub, error) // nil: the client package
	HTTP         *http.Client                                           // nil: the client package's
	Clock        clock.Clock                                            // nil: clock.Real
}

const (
	doctorTime = 10 * time.Second // bounds each question to the hub
	// maxSkew is how far this machine's clock may be from the hub's: tokens last some minutes.
	maxSkew = time.Minute
)

// Examine looks at one thing after the other, the most basic first. What stands on something that is
// bad is left out.
func (d *Doctor) Examine(ctx context.Context) []checkup.Finding {
	e := &examination{Doctor: d, ctx: ctx}
	if d.Clock == nil {
		d.Clock = clock.Real
	}
	if e.installation() {
		e.console()
		if e.database() {
			e.messages()
		}
		if e.files() && e.activation() {
			e.proxy()
			if e.reach() {
				e.apps()
			}
		}
	}
	return e.Findings
}

type examination struct {
	checkup.Report
	*Doctor
	ctx    context.Context
	folder *activation.Folder
	state  activation.State
}

func (e *examination) installation() bool {
	what := link.Text{PT: "Instalação", EN: "Installation"}
	inst, err := inbox.ReadInstallation(e.Installation)
	if errors.Is(err, os.ErrNotExist) {
		return e.Say(what, checkup.Bad, link.Both("falta o arquivo %s; o agente o cria na primeira execução", "the file %s is missing; the agent makes it at its first start", e.Installation))
	}
	if err != nil {
		return e.Fail(what, err)
	}
	if info, err := os.Stat(e.Installation); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return e.Say(what, checkup.Bad, link.Both("outros podem ler %s (%v), que guarda a chave dos segredos: chmod 600",
			"others can read %s (%v), which holds the key of the secrets: chmod 600", e.Installation, info.Mode().Perm()))
	}
	probe, err := os.CreateTemp(filepath.Dir(e.Installation), ".doctor-*")
	if err != nil {
		return e.Fail(what, err)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return e.Fail(what, err)
	}
	if e.folder, err = activation.OpenFolder(e.Installation); err != nil {
		return e.Fail(what, err)
	}
	return e.Say(what, checkup.Good, link.Both("%s", "%s", inst.ID))
}

func (e *examination) console() {
	what := link.Text{PT: "Senha do console", EN: "Console password"}
	if _, err := os.Stat(filepath.Join(e.folder.Dir(), console.PasswordFile)); err != nil {
		e.Say(what, checkup.Note, link.Text{PT: "não há; crie com `smartlink agent password`", EN: "there is none; make it with `smartlink agent password`"})
		return
	}
	e.Say(what, checkup.Good, link.Text{PT: "definida", EN: "set"})
}

func (e *examination) database() bool {
	what := link.Text{PT: "Banco", EN: "Database"}
	if !e.server() {
		return false
	}
	there, err := inbox.Check(e.ctx, e.Database, e.Installation)
	shown := sqlopen.Redact(e.Database)
	switch {
	case err != nil:
		return e.Fail(what, err)
	case !there:
		e.Say(what, checkup.Note, link.Both("%s ainda não tem as tabelas do agente; ele as cria na primeira execução", "%s has no tables of the agent yet; it makes them at its first start", shown))
		return false
	}
	return e.Say(what, checkup.Good, link.Both("%s pertence a esta instalação", "%s belongs to this installation", shown))
}

// server looks at a database server: whether it answers, lets tables be made, and keeps what it says it
// has written.
func (e *examination) server() bool {
	if sqlopen.IsFile(e.Database) {
		return true
	}
	what := link.Text{PT: "Servidor de banco", EN: "Database server"}
	db, err := sqlopen.Open(e.ctx, e.Database, 1)
	if err != nil {
		return e.Fail(what, err)
	}
	s, err := sqldb.Describe(e.ctx, db)
	if err = errors.Join(err, db.Close()); err != nil {
		return e.Fail(what, err)
	}
	switch {
	case s.ReadOnly:
		return e.Say(what, checkup.Bad, link.Both("%s só permite leitura; aponte para o servidor principal", "%s can only be read; name the primary server", s.Version))
	case !s.SchemaThere && !s.MayCreate:
		return e.Say(what, checkup.Bad, link.Both("o esquema %s não existe e o usuário não pode criá-lo: CREATE SCHEMA %[1]s AUTHORIZATION …",
			"the schema %s is not there and the user may not make it: CREATE SCHEMA %[1]s AUTHORIZATION …", s.Schema))
	case !s.Durable:
		return e.Say(what, checkup.Bad, link.Both("%s confirma antes de gravar em disco; uma queda perderia mensagens já confirmadas ao hub (synchronous_commit, fsync, DELAYED_DURABILITY)",
			"%s confirms before it has written to the disk; a crash would lose messages that were acknowledged to the hub (synchronous_commit, fsync, DELAYED_DURABILITY)", s.Version))
	}
	return e.Say(what, checkup.Good, link.Both("%s, esquema %s", "%s, schema %s", s.Version, s.Schema))
}

func (e *examination) messages() {
	what := link.Text{PT: "Mensagens", EN: "Messages"}
	box, err := inbox.Attach(e.ctx, e.Database, e.Clock)
	if err != nil {
		e.Fail(what, err)
		return
	}
	counts, err := box.Counts(e.ctx)
	active, unread := box.Active(e.ctx)
	if err = errors.Join(err, unread, box.Close(e.ctx)); err != nil {
		e.Fail(what, err)
		return
	}
	if active.Run != "" {
		at := active.Since.Local().Format("2006-01-02 15:04:05")
		e.Say(link.Text{PT: "Instância ativa", EN: "Active instance"}, checkup.Good,
			link.Both("a última foi a da máquina %s, desde %s", "the last one was that of machine %s, since %s", active.Host, at))
	}
	n := map[link.ERPState]int64{}
	for _, c := range counts {
		n[c.State] += c.N
	}
	h := checkup.Good
	if n[link.ERPBlocked]+n[link.ERPRejected] > 0 {
		h = checkup.Note
	}
	e.Say(what, h, link.Both("%d na fila, %d aguardam, %d bloqueadas, %d rejeitadas", "%d stored, %d waiting, %d blocked, %d rejected",
		n[link.ERPStored]+n[link.ERPRunning], n[link.ERPWaiting], n[link.ERPBlocked], n[link.ERPRejected]))
}

func (e *examination) files() bool {
	what := link.Text{PT: activation.SaaSFile + ", " + activation.ConfigFile, EN: activation.SaaSFile + ", " + activation.ConfigFile}
	if _, err := activation.ReadSaaS(e.folder.Dir()); err != nil {
		return e.Fail(what, err)
	}
	if _, err := activation.ReadConfig(e.folder.Dir()); err != nil {
		return e.Fail(what, err)
	}
	return e.Say(what, checkup.Good, link.Text{PT: "conferem com os esquemas", EN: "match their schemas"})
}

func (e *examination) activation() bool {
	what := link.Text{PT: "Ativação", EN: "Activation"}
	var err error
	if e.state, err = e.folder.Read(); err != nil {
		return e.Fail(what, err)
	}
	if !e.state.Ever() {
		return e.Fail(what, link.NewError(link.CodeNotActivated, "file", filepath.Join(e.folder.Dir(), activation.File)))
	}
	list := make([]string, len(e.state.Apps))
	for i, a := range e.state.Apps {
		list[i] = a.Code
	}
	if len(list) == 0 {
		return e.Say(what, checkup.Note, link.Text{PT: "todos os aplicativos foram removidos; nada novo chega", EN: "all apps were removed; nothing new comes"})
	}
	return e.Say(what, checkup.Good, link.Both("%s, cliente %s", "%s, client %s", strings.Join(list, ", "), e.state.Credentials.ClientID))
}

func (e *examination) proxy() {
	what := link.Text{PT: "Proxy", EN: "Proxy"}
	at, err := url.Parse(e.state.Credentials.Server)
	if err != nil {
		e.Fail(what, err)
		return
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: at})
	switch {
	case err != nil:
		e.Fail(what, err)
	case proxy == nil:
		e.Say(what, checkup.Good, link.Text{PT: "nenhum; conexão direta", EN: "none; a direct connection"})
	default:
		e.Say(what, checkup.Good, link.Both("%s", "%s", proxy.Redacted()))
	}
}

// reach looks whether the hub answers, and whether its clock and this machine's agree.
func (e *examination) reach() bool {
	what := link.Text{PT: "Hub", EN: "Hub"}
	ctx, cancel := context.WithTimeout(e.ctx, doctorTime)
	defer cancel()
	server := e.state.Credentials.Server
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(server, "/")+"/readyz", nil)
	if err != nil {
		return e.Fail(what, err)
	}
	web := e.HTTP
	if web == nil {
		if web, err = client.NewHTTPClient(e.CA); err != nil {
			return e.Fail(what, err)
		}
	}
	resp, err := web.Do(r)
	if err != nil {
		return e.Fail(what, err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return e.Say(what, checkup.Bad, link.Both("%s responde %s", "%s answers %s", server, resp.Status))
	}
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		if skew := e.Clock.Now().Sub(at); skew.Abs() > maxSkew {
			return e.Say(what, checkup.Bad, link.Both("o relógio desta máquina difere do hub em %s; acerte-o", "this machine's clock differs from the hub's by %s; set it", skew.Round(time.Second)))
		}
	}
	return e.Say(what, checkup.Good, link.Both("%s responde", "%s answers", server))
}

// apps logs in and looks whether what is activated still may be.
func (e *examination) apps() {
	what := link.Text{PT: "Aplicativos", EN: "Apps"}
	wizard := activation.Wizard{Folder: e.folder, Types: e.Types, CA: e.CA, Lang: e.Lang, Connect: e.Connect, Clock: e.Clock}
	ctx, cancel := context.WithTimeout(e.ctx, doctorTime)
	defer cancel()
	found, err := wizard.Search(ctx, e.state.Credentials)
	if err != nil {
		e.Fail(what, fmt.Errorf("%s: %w", e.state.Credentials.Server, err))
		return
	}
	for _, a := range found {
		if !a.Active {
			continue
		}
		name := link.Text{PT: what.PT + ": " + a.Code, EN: what.EN + ": " + a.Code}
		if a.Refused != nil {
			e.Fail(name, a.Refused)
			continue
		}
		e.Say(name, checkup.Good, link.Both("%d tipos inscritos", "%d types subscribed", len(a.Types)))
	}
}
