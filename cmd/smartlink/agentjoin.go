package main

import (
	"errors"
	"fmt"
	"time"

	"smartlink/agent/activation"
	"smartlink/agent/inbox"
	"smartlink/internal/clock"
)

type agentJoinCodeCmd struct{}

// Help shows an example.
func (*agentJoinCodeCmd) Help() string {
	return "Example: smartlink agent join-code --database rm.db\n\n" +
		"On a machine of the installation, beside a running agent or without one. The code is good for one machine and for 15 minutes; a new one " +
		"replaces it. On the other machine: 'smartlink agent join'."
}

func (*agentJoinCodeCmd) Run(e *env, a *agentCmd) error {
	if _, err := inbox.ReadInstallation(a.installation()); err != nil {
		return err
	}
	folder, err := activation.OpenFolder(a.installation())
	if err != nil {
		return err
	}
	return a.desk(e, func(box *inbox.Box) error {
		code, until, err := folder.JoinCode(e.ctx, box, clock.Real)
		if err != nil {
			return err
		}
		if a.JSON {
			return printJSON(e.out, map[string]any{"code": code, "until": until})
		}
		_, err = fmt.Fprintf(e.out, "%s\n\nGood until %s, for one machine, which uses the same database:\n  smartlink agent join --code %s --database …\n",
			code, until.Local().Format(time.TimeOnly), code)
		return err
	})
}

type agentJoinCmd struct {
	Code string `help:"The code, from 'smartlink agent join-code'." required:"" env:"SMARTLINK_JOIN_CODE" placeholder:"CODE"`
}

// Help shows an example.
func (*agentJoinCmd) Help() string {
	return "Example: smartlink agent join --code K3Q7-… --database rm.db --installation standby/installation.json\n\n" +
		"The database is the one that the other machine uses. This machine then has the installation's identity and what is activated there; " +
		"'smartlink agent run' stands by until the other one is gone."
}

func (c *agentJoinCmd) Run(e *env, a *agentCmd) error {
	return a.desk(e, func(box *inbox.Box) error {
		folder, err := activation.Join(e.ctx, box, a.installation(), c.Code, clock.Real)
		if err != nil {
			return err
		}
		inst := folder.Installation()
		if a.JSON {
			return printJSON(e.out, map[string]any{"installation": inst.ID, "instance": inst.Instance})
		}
		return fields(e.out, "installation", inst.ID.String(), "instance", inst.Instance.String(), "file", a.installation())
	})
}

type agentAdoptCmd struct {
	Yes bool `help:"Yes, make it a new installation's."`
}

// Help shows an example.
func (*agentAdoptCmd) Help() string {
	return "Example: smartlink agent adopt --yes --database rm.db\n\n" +
		"For a database that was restored from a backup, or copied on purpose, for instance for tests. It gets an installation of its own, and whatever " +
		"waits in it is executed by it. Afterwards activate anew. A client whose queue belongs to the installation before has to be released by an " +
		"administrator ('smartlink admin client installation release'); for a test base use a client of its own. An installation file that is " +
		"there is kept beside it."
}

var errAdopt = errors.New("what waits in this database will be executed by a new installation, also what its former one may have executed since: say --yes if that is wanted")

func (c *agentAdoptCmd) Run(e *env, a *agentCmd) error {
	if !c.Yes {
		return errAdopt
	}
	inst, err := inbox.Adopt(e.ctx, a.Database, a.installation())
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(e.out, map[string]any{"installation": inst.ID, "instance": inst.Instance})
	}
	return fields(e.out, "installation", inst.ID.String(), "file", a.installation(), "next", "activate anew: smartlink agent activate --help")
}
