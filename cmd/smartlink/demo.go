package main

import (
	"fmt"
	"log/slog"

	"smartlink/internal/demo"
)

type demoCmd struct {
	Data   string `help:"Folder of the demo's data; made if needed, and opened again by a later run; default demo-data." default:"demo-data" placeholder:"DIR"`
	Once   bool   `help:"End after the story instead of staying."`
	Listen string `help:"Address of the hub; default 127.0.0.1:8484, or any free port when that is taken." placeholder:"HOST:PORT"`
}

// Help shows an example.
func (*demoCmd) Help() string {
	return "Example: smartlink demo --once --data ./d\n\nThe books are in DIR/rm.db, addresses and log-ins in DIR/demo.env."
}

func (c *demoCmd) Run(e *env) error {
	figures, err := demo.Run(e.ctx, demo.Config{Dir: c.Data, Listen: c.Listen, Stay: !c.Once, Out: e.out, Lang: e.lang(), Logger: e.logger(slog.LevelWarn)})
	fmt.Fprintf(e.out, "\n%s\n", figures)
	return err
}
