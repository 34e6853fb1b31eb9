package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"smartlink/hub"
	"smartlink/link"
)

type hubMigrateCmd struct{}

// Help shows an example.
func (*hubMigrateCmd) Help() string {
	return "Example: smartlink hub migrate --data ./hub-data --database postgres://smartlink@db.example.com/smartlink\n\n" +
		"The hub must be stopped, the database empty. Everything is moved in one transaction and compared: rows of each table, and a checksum over all " +
		"bodies. What fails leaves the database as it was. Afterwards start the hub with --database and the folder's hub.key; clients keep their ids, " +
		"secrets and queues."
}

// Run moves.
func (*hubMigrateCmd) Run(e *env, h *hubCmd) error {
	if h.Database == "" {
		return errors.New(link.Both("informe --database", "give --database").In(e.lang()))
	}
	moved, err := hub.Migrate(e.ctx, h.Data, h.Database)
	if err != nil {
		return err
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
	if moved.Forgotten > 0 {
		fmt.Fprintln(e.out, link.Both("%d requisições antigas não serão mais reconhecidas se repetidas: suas mensagens já não existem",
			"%d old requests will not be recognised when repeated: their messages are gone", moved.Forgotten).In(e.lang()))
	}
	fmt.Fprintln(e.out, link.Both("tudo foi movido e conferido; inicie o hub com --database", "everything was moved and compared; start the hub with --database").In(e.lang()))
	return nil
}
