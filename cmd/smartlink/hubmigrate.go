package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"smartlink/hub"
	"smartlink/internal/pgcopy"
	"smartlink/link"
)

type hubMigrateCmd struct {
	Anew bool `help:"Throw away what an unfinished move brought into the database, and begin again."`
	JSON bool `name:"json" help:"Answer as JSON, for scripts."`
}

// Help shows an example.
func (*hubMigrateCmd) Help() string {
	return "Example: smartlink hub migrate --data ./hub-data --database postgres://smartlink@db.example.com/smartlink\n\n" +
		"The hub must be stopped, the database empty. What was cut off goes on where it stopped when the same command is run again; until all is " +
		"there no hub opens the database. At the end what arrived is compared: rows of each table, and a checksum over all their columns. Afterwards " +
		"start the hub with --database and the folder's hub.key; clients keep their ids, secrets and queues."
}

// Run moves.
func (c *hubMigrateCmd) Run(e *env, h *hubCmd) error {
	if h.Database == "" {
		return errors.New(link.Both("informe --database", "give --database").In(e.lang()))
	}
	o := hub.MigrateOptions{Anew: c.Anew}
	shown := onTerminal(e.errOut)
	if shown {
		o.Told = func(p pgcopy.Progress) { showMove(e.errOut, e.lang(), p) }
	}
	moved, err := hub.Migrate(e.ctx, h.Data, h.Database, o)
	if shown {
		fmt.Fprint(e.errOut, "\r\x1b[K")
	}
	switch {
	case err != nil:
		return err
	case c.JSON:
		return printJSON(e.out, moved)
	}
	rows := [][]string{}
	for _, t := range slices.Sorted(maps.Keys(moved.Rows)) {
		if n := moved.Rows[t]; n > 0 {
			rows = append(rows, []string{t, strconv.FormatInt(n, 10)})
		}
	}
	if err := table(e.out, []string{"TABLE", "ROWS"}, rows); err != nil {
		return err
	}
	if moved.Resumed {
		fmt.Fprintln(e.out, link.Both("continuou de onde tinha parado", "it went on where it had stopped").In(e.lang()))
	}
	if moved.Forgotten > 0 {
		fmt.Fprintln(e.out, link.Both("%d requisições antigas não serão mais reconhecidas se repetidas: suas mensagens já não existem",
			"%d old requests will not be recognised when repeated: their messages are gone", moved.Forgotten).In(e.lang()))
	}
	fmt.Fprintln(e.out, link.Both("tudo foi movido e conferido; inicie o hub com --database", "everything was moved and compared; start the hub with --database").In(e.lang()))
	return nil
}

// showMove shows on one line how far a move is.
func showMove(w io.Writer, lang link.Lang, p pgcopy.Progress) {
	if p.Comparing {
		fmt.Fprint(w, "\r\x1b[K"+link.Both("conferindo %s", "comparing %s", p.Table).In(lang))
		return
	}
	fmt.Fprint(w, "\r\x1b[K"+link.Both("%d de %d linhas: %s de %s", "%d of %d rows: %s of %s", p.Rows, p.Total, p.Table, p.From).In(lang))
}
