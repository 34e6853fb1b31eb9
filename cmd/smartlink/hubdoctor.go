package main

import "smartlink/hub"

type hubDoctorCmd struct {
	JSON bool `name:"json" help:"Answer as JSON, for scripts."`
}

// Help shows an example.
func (*hubDoctorCmd) Help() string {
	return "Example: smartlink hub doctor --database postgres://smartlink@db.example.com/smartlink\n\n" +
		"Looks at the database or the files, their schema, settings, connections, clock and upkeep, at the room on the disk, and at the key file, and changes nothing. Exit code 1 " +
		"when something has to be mended."
}

// Run looks.
func (c *hubDoctorCmd) Run(e *env, h *hubCmd) error {
	return printFindings(e, c.JSON, hub.Examine(e.ctx, hub.Config{DataDir: h.Data, Database: h.Database, KeyFile: h.KeyFile}))
}
