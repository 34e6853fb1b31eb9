package main

import (
	"context"
	"database/sql"
	"errors"

	"smartlink/agent"
	"smartlink/internal/sqlopen"
	"smartlink/link"
	"smartlink/rm"
	"smartlink/rm/ledger"
)

type agentDoctorCmd struct{ serviceFlags }

// Help shows an example.
func (*agentDoctorCmd) Help() string {
	return "Example: smartlink agent doctor --database rm.db\n\n" +
		"Looks at installation, database, files, activation, service, proxy, hub, clock and permissions, and changes nothing. Exit code 1 when " +
		"something has to be mended."
}

// shownFinding is a finding for scripts.
type shownFinding struct {
	What   string       `json:"what"`
	Health agent.Health `json:"health"`
	Detail string       `json:"detail"`
}

func (c *agentDoctorCmd) Run(e *env, a *agentCmd) error {
	d := agent.Doctor{Database: a.Database, Installation: a.installation(), CA: e.ca(), Lang: e.lang()}
	for _, x := range rm.Consumers() {
		d.Types = append(d.Types, x.Type())
	}
	found := append(d.Examine(e.ctx), booksFinding(e.ctx, a.Database), c.service())
	shown, rows, sick := make([]shownFinding, len(found)), make([][]string, len(found)), false
	for i, f := range found {
		shown[i] = shownFinding{f.What.In(e.lang()), f.Health, f.Detail.In(e.lang())}
		rows[i] = []string{string(f.Health), shown[i].What, shown[i].Detail}
		sick = sick || f.Health == agent.Bad
	}
	err := printFindings(e, a, shown, rows)
	if err == nil && sick {
		err = errors.New(link.Both("há o que corrigir", "something has to be mended").In(e.lang()))
	}
	return err
}

// booksFinding says how the books are.
func booksFinding(ctx context.Context, database string) agent.Finding {
	f := agent.Finding{What: link.Text{PT: "Livros", EN: "Books"}, Health: agent.Note, Detail: link.Text{
		PT: "ainda não existem; o agente os cria na primeira execução, e `smartlink rm seed` os cadastros",
		EN: "there are none yet; the agent makes them at its first start, and `smartlink rm seed` the master data",
	}}
	there, err := sqlopen.Exists(database)
	if err == nil && there {
		var db *sql.DB
		if db, err = sqlopen.Open(ctx, database, 1); err == nil {
			err = errors.Join(ledger.CheckReference(ctx, db), db.Close())
		}
	}
	known, _ := errors.AsType[*link.Error](err)
	switch {
	case known != nil && known.Code == link.CodeNoReference:
	case known != nil:
		f.Health, f.Detail = agent.Bad, known.Text()
	case err != nil:
		f.Health, f.Detail = agent.Bad, link.Text{PT: err.Error(), EN: err.Error()}
	case there:
		f.Health, f.Detail = agent.Good, link.Text{PT: "esquema de referência", EN: "the reference schema"}
	}
	return f
}

func printFindings(e *env, a *agentCmd, shown []shownFinding, rows [][]string) error {
	if a.JSON {
		return printJSON(e.out, link.Page[shownFinding]{Items: shown})
	}
	return table(e.out, []string{"HEALTH", "WHAT", "DETAIL"}, rows)
}

// service says how the service is. An agent can run without one.
func (c *agentDoctorCmd) service() agent.Finding {
	f := agent.Finding{What: link.Text{PT: "Serviço", EN: "Service"}, Health: agent.Note}
	status, err := serviceStatus(c.Name)
	switch {
	case err != nil:
		f.Detail = link.Both("não foi possível consultar %s: %v", "%s could not be asked for: %v", c.Name, err)
	case status == "running":
		f.Health, f.Detail = agent.Good, link.Both("%s em execução", "%s runs", c.Name)
	case status == "stopped":
		f.Detail = link.Both("%s está parado", "%s is stopped", c.Name)
	default:
		f.Detail = link.Both("%s não está instalado", "%s is not installed", c.Name)
	}
	return f
}
