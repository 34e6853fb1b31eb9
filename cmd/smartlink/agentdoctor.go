package main

import (
	"context"
	"database/sql"
	"errors"

	"smartlink/agent"
	"smartlink/agent/outside"
	"smartlink/consumer"
	"smartlink/internal/checkup"
	"smartlink/internal/sqlopen"
	"smartlink/link"
	"smartlink/rm/ledger"
)

type agentDoctorCmd struct{ serviceFlags }

// Help shows an example.
func (*agentDoctorCmd) Help() string {
	return "Example: smartlink agent doctor --database rm.db\n\n" +
		"Looks at installation, database, files, activation, consumers outside, service, proxy, hub, clock and permissions, and changes nothing. With the writer " +
		"webservice it looks at RM too, as 'rm check' does. Exit code 1 when something has to be mended."
}

func (c *agentDoctorCmd) Run(e *env, a *agentCmd) error {
	_, out, types, err := a.consumers(e)
	if err != nil {
		return err
	}
	d := agent.Doctor{Database: a.Database, Installation: a.installation(), Types: types, CA: e.ca(), Lang: e.lang()}
	found := d.Examine(e.ctx)
	if a.live() {
		found = append(found, a.findings(e.ctx, e)...)
	} else {
		found = append(found, booksFinding(e.ctx, a.Database))
	}
	found = append(found, consumerFindings(e.ctx, out)...)
	return printFindings(e, a.JSON, append(found, c.service()))
}

// consumerFindings say which consumers outside answer.
func consumerFindings(ctx context.Context, list []consumer.Outside) []checkup.Finding {
	var found []checkup.Finding
	for _, o := range list {
		c, ok := o.(*outside.Consumer)
		if !ok {
			continue
		}
		f := checkup.Finding{What: link.Text{PT: "Consumidor de " + c.Type(), EN: "Consumer of " + c.Type()}, Health: checkup.Good}
		f.Detail = link.Both("%s responde", "%s answers", c.URL())
		if err := c.Reach(ctx); err != nil {
			f.Health = checkup.Bad
			f.Detail = link.Both("não responde; nada do tipo é executado até que responda: %v", "does not answer; nothing of the type is executed until it does: %v", err)
		}
		found = append(found, f)
	}
	return found
}

// booksFinding says how the books are.
func booksFinding(ctx context.Context, database string) checkup.Finding {
	f := checkup.Finding{What: link.Text{PT: "Livros", EN: "Books"}, Health: checkup.Note, Detail: link.Text{
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
		f.Health, f.Detail = checkup.Bad, known.Text()
	case err != nil:
		f.Health, f.Detail = checkup.Bad, link.Text{PT: err.Error(), EN: err.Error()}
	case there:
		f.Health, f.Detail = checkup.Good, link.Text{PT: "esquema de referência", EN: "the reference schema"}
	}
	return f
}

// service says how the service is. An agent can run without one.
func (c *agentDoctorCmd) service() checkup.Finding {
	f := checkup.Finding{What: link.Text{PT: "Serviço", EN: "Service"}, Health: checkup.Note}
	status, err := serviceStatus(c.Name)
	switch {
	case err != nil:
		f.Detail = link.Both("não foi possível consultar %s: %v", "%s could not be asked for: %v", c.Name, err)
	case status == "running":
		f.Health, f.Detail = checkup.Good, link.Both("%s em execução", "%s runs", c.Name)
	case status == "stopped":
		f.Detail = link.Both("%s está parado", "%s is stopped", c.Name)
	default:
		f.Detail = link.Both("%s não está instalado", "%s is not installed", c.Name)
	}
	return f
}
