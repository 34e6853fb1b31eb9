package main

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"smartlink/rm/rmhost"
)

type rmHostCmd struct {
	Listen       string        `help:"Loopback address." default:"127.0.0.1:8051" placeholder:"HOST:PORT"`
	Data         string        `help:"Folder of its books; made with the master data where it is missing." default:"rm-host" type:"path" placeholder:"DIR"`
	Culture      string        `help:"How it reads and writes numbers in data sets: pt-BR (1250,75) or invariant (1250.75)." enum:"pt-BR,invariant" default:"pt-BR"`
	User         string        `help:"Its only user." default:"smartlink" placeholder:"NAME"`
	Password     string        `help:"The user's password; default smartlink." secret:"" default:"smartlink" env:"SMARTLINK_RM_HOST_PASSWORD" placeholder:"PASSWORD"`
	SessionCalls int           `name:"session-calls" help:"Want a log-in (AutenticaAcesso), and forget it after so many calls; 0: want none." default:"0" placeholder:"N"`
	Misbehave    string        `help:"Of a hundred calls, how many meet which trouble." placeholder:"NAME=PERCENT,…"`
	Seed         uint64        `help:"What is drawn, is drawn by this: the same calls meet the same troubles." default:"1" placeholder:"N"`
	Slow         time.Duration `help:"How long a slow call takes." default:"1s"`
	Late         time.Duration `help:"How long after its caller has given up a late save is in the books." default:"30s"`
}

// Help tells the troubles.
func (*rmHostCmd) Help() string {
	names := make([]string, 0, len(rmhost.AllTroubles()))
	for _, t := range rmhost.AllTroubles() {
		names = append(names, string(t))
	}
	return "Example: smartlink rm host --data rm-host --misbehave fault-after=5,late=2\n\n" +
		"A stand-in for the web services of a live RM, to develop against: SOAP at /wsDataServer/IwsDataServer, REST at /api/ctb/v1/AccountingEntries. " +
		"Its books are its own: 'smartlink rm entries --database DIR/" + rmhost.BooksFile + "' shows them.\n\n" +
		"Troubles: " + strings.Join(names, ", ") + ". What was saved before a trouble is in the books, whatever the caller heard."
}

func (c *rmHostCmd) Run(e *env) error {
	troubles, err := rmhost.ParseTroubles(c.Misbehave)
	if err != nil {
		return fmt.Errorf("--misbehave: %w", err)
	}
	if c.SessionCalls < 0 || c.Slow < 0 || c.Late < 0 {
		return fmt.Errorf("--session-calls, --slow and --late are not below zero")
	}
	s := rmhost.NewServer(c.Listen, c.Data, rmhost.Options{
		Culture: rmhost.Culture(c.Culture), User: c.User, Password: c.Password, SessionCalls: c.SessionCalls,
		Troubles: troubles, Seed: c.Seed, Slow: c.Slow, Late: c.Late, Logger: e.logger(slog.LevelInfo),
	})
	return serve(e, s, func() {
		fmt.Fprintf(e.out, "stand-in for an RM at %s, culture %s, user %s\nbooks in %s\n", s.URL(), c.Culture, c.User, s.Books())
	})
}
