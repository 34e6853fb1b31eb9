package main

import (
	"errors"

	"smartlink/hub"
	"smartlink/link"
)

type hubDoctorCmd struct {
	JSON bool `name:"json" help:"Answer as JSON, for scripts."`
}

// Help shows an example.
func (*hubDoctorCmd) Help() string {
	return "Example: smartlink hub doctor --database postgres://smartlink@db.example.com/smartlink\n\n" +
		"Looks at the database or the files, their schema, settings, connections and clock, and at the key file, and changes nothing. Exit code 1 " +
		"when something has to be mended."
}

// Run looks.
func (c *hubDoctorCmd) Run(e *env, h *hubCmd) error {
	type shown struct {
		What   string     `json:"what"`
		Health hub.Health `json:"health"`
		Detail string     `json:"detail"`
	}
	found := hub.Examine(e.ctx, hub.Config{DataDir: h.Data, Database: h.Database, KeyFile: h.KeyFile})
	list, rows, sick := make([]shown, len(found)), make([][]string, len(found)), false
	for i, f := range found {
		list[i] = shown{f.What.In(e.lang()), f.Health, f.Detail.In(e.lang())}
		rows[i] = []string{string(f.Health), list[i].What, list[i].Detail}
		sick = sick || f.Health == hub.Bad
	}
	var err error
	if c.JSON {
		err = printJSON(e.out, link.Page[shown]{Items: list})
	} else {
		err = table(e.out, []string{"HEALTH", "WHAT", "DETAIL"}, rows)
	}
	if err == nil && sick {
		err = errors.New(link.Both("há o que corrigir", "something has to be mended").In(e.lang()))
	}
	return err
}
