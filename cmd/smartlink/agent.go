package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/kardianos/service"

	"smartlink/agent"
	"smartlink/agent/activation"
	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/internal/clock"
	"smartlink/internal/logfile"
	"smartlink/internal/sqlopen"
	"smartlink/link"
)

type agentCmd struct {
	Database     string `help:"Inbox and books: a SQLite file, postgres://USER:PASSWORD@HOST/DATABASE or sqlserver://USER:PASSWORD@HOST?database=NAME; default rm.db. An address with a password is better told by the environment, where other users of the machine do not see it." default:"rm.db" env:"SMARTLINK_AGENT_DATABASE,SMARTLINK_DATABASE" placeholder:"FILE-OR-URL"`
	Installation string `help:"File of the installation; default installation.json beside the database file, or in the current folder. What is activated stands in the same folder." env:"SMARTLINK_INSTALLATION" placeholder:"FILE"`
	JSON         bool   `name:"json" help:"Answer as JSON, for scripts."`
	Writer       string `help:"Where the commands are booked: ledger, the reference schema in this database, or webservice, a live RM by its web services, which the section webservice of the configuration file describes; default ledger." enum:"ledger,webservice" default:"ledger" env:"SMARTLINK_WRITER"`
	webserviceFlags

	Consumers []consumerFlag `sep:"none" help:"A program of yours that executes a message type, as TYPE=URL; may be given several times. In a file a list of type, url and, if need be, timeout (default 30s), parallel (default 1) and remote: true for another machine." placeholder:"TYPE=URL"`

	Run         agentRunCmd         `cmd:"" help:"Run beside the ERP until stopped."`
	Activate    agentActivateCmd    `cmd:"" help:"Search the apps a client can use, and activate or remove them."`
	Options     agentOptionsCmd     `cmd:"" help:"Show or set how the activated agent works."`
	Password    agentPasswordCmd    `cmd:"" help:"Make the console's password; it is shown once."`
	Files       agentFilesCmd       `cmd:"" help:"Write totvsAppSaaS.json and totvsAppConfig_v2.json with their schemas, to be changed."`
	Install     agentInstallCmd     `cmd:"" help:"Install the agent as a service of this machine (Windows service, systemd)."`
	Uninstall   agentUninstallCmd   `cmd:"" help:"Remove the service; data stays."`
	Start       agentStartCmd       `cmd:"" help:"Start the installed service."`
	Stop        agentStopCmd        `cmd:"" help:"Stop the installed service."`
	Status      agentStatusCmd      `cmd:"" help:"Tell whether the service is installed and runs."`
	JoinCode    agentJoinCodeCmd    `cmd:"" help:"Make a code with which one further machine can join the installation; it is shown once."`
	Join        agentJoinCmd        `cmd:"" help:"Make this machine one more of the installation that the database belongs to."`
	Adopt       agentAdoptCmd       `cmd:"" help:"Make a restored or copied database a new installation's."`
	Doctor      agentDoctorCmd      `cmd:"" help:"Look at everything the agent needs, and tell what has to be mended."`
	Overview    agentOverviewCmd    `cmd:"" help:"Tell what waits, whether the execution is paused or in a window, and whether remote help is on."`
	Messages    agentMessagesCmd    `cmd:"" help:"List messages of the inbox."`
	Executions  agentExecutionsCmd  `cmd:"" help:"List executions, those of the newest messages first."`
	Show        agentShowCmd        `cmd:"" help:"Tell everything the inbox knows about one message."`
	Send        agentSendCmd        `cmd:"" help:"Send a message of other code at the ERP to the cloud, through the agent that runs here."`
	Try         agentTryCmd         `cmd:"" help:"Execute a message and undo everything, to see what would come of it."`
	Reprocess   agentReprocessCmd   `cmd:"" help:"Execute a rejected, blocked or waiting message again, as soon as the agent runs."`
	Edit        agentEditCmd        `cmd:"" help:"Change a message's body and execute it again; the body as it was is kept."`
	Discard     agentDiscardCmd     `cmd:"" help:"Give a rejected, blocked or waiting message up; its sender is told."`
	Release     agentReleaseCmd     `cmd:"" help:"Let messages that are on hold be executed."`
	RunNow      agentRunNowCmd      `cmd:"" name:"run-now" help:"Make every waiting message due now."`
	Pause       agentPauseCmd       `cmd:"" help:"Execute nothing until 'agent resume'; messages are received all the same."`
	Resume      agentResumeCmd      `cmd:"" help:"End a pause."`
	Windows     agentWindowsCmd     `cmd:"" help:"Times in which nothing is executed: maintenance, month-close."`
	Export      agentExportCmd      `cmd:"" help:"Write the rejected messages with their errors as CSV, for a spreadsheet."`
	RemoteHelp  agentRemoteHelpCmd  `cmd:"" name:"remote-help" help:"Let the hub's people ask for a reprocess or a discard; off by default."`
	Journal     agentJournalCmd     `cmd:"" help:"Tell who did what at this agent, the newest first."`
	NewConsumer agentNewConsumerCmd `cmd:"" help:"Write a project of a consumer outside of the agent, in Go, ready to run."`
}

// installation is the file of the installation.
func (a *agentCmd) installation() string {
	if !sqlopen.IsFile(a.Database) {
		return cmp.Or(a.Installation, "installation.json")
	}
	return cmp.Or(a.Installation, filepath.Join(filepath.Dir(a.Database), "installation.json"))
}

// shown is the database without its secrets.
func (a *agentCmd) shown() string { return sqlopen.Redact(a.Database) }

type agentRunCmd struct {
	Server       string        `help:"Address of the hub; with it and a client the agent runs without an activation." env:"SMARTLINK_SERVER" placeholder:"URL"`
	ClientID     string        `name:"client-id" help:"The ERP side's client id. Without one the agent runs what is activated, and waits until something is." env:"SMARTLINK_CLIENT_ID" placeholder:"ID"`
	ClientSecret string        `name:"client-secret" secret:"" help:"Its secret; better given by the environment or the configuration file." env:"SMARTLINK_CLIENT_SECRET" placeholder:"SECRET"`
	Console      string        `help:"Loopback address of the pages for people, with an activation only; default 127.0.0.1:8686, off: none." default:"127.0.0.1:8686" env:"SMARTLINK_CONSOLE" placeholder:"HOST:PORT"`
	LogFile      string        `name:"log-file" help:"File for the log instead of the error output; a full one is renamed, six are kept." env:"SMARTLINK_LOG_FILE" placeholder:"FILE"`
	Service      string        `help:"Set by 'agent install': run under the service manager." hidden:""`
	Lease        time.Duration `help:"How long a fetched message is ours before it is stored, 5s to 15m." default:"60s"`
	Hold         time.Duration `help:"How long this instance may be silent before another takes over, 1s to 25s." default:"20s"`
	BatchSize    int           `name:"batch-size" help:"Messages executed in one transaction, of those that wait." default:"16"`
	Parallel     int           `help:"Transactions at the same time, of different ordering keys, where the database is PostgreSQL, at most 32; 0: four of them." default:"0"`

	MinutesInterval    int `name:"minutes-interval" help:"Retry: minutes of the formula MinutesInterval × FatorTempoExecucao × QtdeTentativasExec × attempt." default:"1"`
	FatorTempoExecucao int `name:"fator-tempo-execucao" help:"Retry: factor of the formula." default:"1"`
	QtdeTentativasExec int `name:"qtde-tentativas-exec" help:"Retry: attempts in all, and a factor of the formula." default:"5"`
}

// Help shows an example.
func (*agentRunCmd) Help() string {
	return "Example: smartlink agent run --database rm.db\n\n" +
		"It runs what 'smartlink agent activate' has activated, with the options set there, and follows changes of it. With --client-id it " +
		"runs for that client instead, with the options of this command; the secret comes from SMARTLINK_CLIENT_SECRET. Connections go " +
		"outwards only; proxies of the environment are respected."
}

func (c *agentRunCmd) Run(e *env, a *agentCmd) error {
	if c.LogFile != "" {
		file, err := logfile.Open(c.LogFile, 0, 0)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		logged := *e
		logged.errOut = file
		e = &logged
	}
	if c.Service == "" || runtime.GOOS != "windows" {
		return c.run(e, a)
	}
	// A manager shows nobody what goes wrong: the log does.
	p := &program{ctx: e.ctx, exit: os.Exit, run: func(ctx context.Context) error {
		under := *e
		under.ctx = ctx
		err := c.run(&under, a)
		if err != nil {
			e.logger(slog.LevelInfo).Error("the agent ends", "error", err)
		}
		return err
	}}
	s, err := service.New(p, &service.Config{Name: c.Service})
	if err != nil {
		return err
	}
	return s.Run()
}

func (c *agentRunCmd) run(e *env, a *agentCmd) error {
	for _, file := range a.open(e) {
		e.logger(slog.LevelInfo).Warn("others can read a file with RM's password: chmod 600", "file", file)
	}
	if c.ClientID == "" {
		return c.activated(e, a)
	}
	if c.Server == "" || c.ClientSecret == "" {
		return errors.New("--client-id needs --server and --client-secret; without all three the agent runs what is activated")
	}
	id, err := link.ParseClientID(c.ClientID)
	if err != nil {
		return err
	}
	inside, out, _, err := a.consumers(e)
	if err != nil {
		return err
	}
	inst, err := inbox.OpenInstallation(a.installation())
	if err != nil {
		return err
	}
	hub, err := activation.Connect(activation.Credentials{Server: c.Server, ClientID: id, Secret: c.ClientSecret}, inst.ID.String(), e.ca(), e.lang())
	if err != nil {
		return err
	}
	run, err := agent.New(agent.Config{
		Hub: hub, Database: a.Database, Installation: a.installation(), Consumers: inside, Outside: out, Prepare: a.prepare(),
		Retry:     executor.Retry{MinutesInterval: c.MinutesInterval, FatorTempoExecucao: c.FatorTempoExecucao, QtdeTentativasExec: c.QtdeTentativasExec},
		BatchSize: c.BatchSize, Parallel: c.Parallel, Lease: c.Lease, Hold: c.Hold, Watch: true, Logger: e.logger(slog.LevelInfo),
	})
	if err != nil {
		return err
	}
	return serve(e, run, func() {
		fmt.Fprintf(e.out, "agent of installation %s, hub %s, database %s%s\n", inst.ID, c.Server, a.shown(), standing(run))
	})
}

// activated runs what is activated.
func (c *agentRunCmd) activated(e *env, a *agentCmd) error {
	inside, out, _, err := a.consumers(e)
	if err != nil {
		return err
	}
	host, err := agent.NewHost(agent.HostConfig{
		Database: a.Database, Installation: a.installation(), Consumers: inside, Outside: out, Prepare: a.prepare(), Lease: c.Lease, Hold: c.Hold, Watch: true,
		Check: a.ready(e), CA: e.ca(), Lang: e.lang(), Console: strings.TrimPrefix(c.Console, "off"), Logger: e.logger(slog.LevelInfo),
	})
	if err != nil {
		return err
	}
	return serve(e, host, func() {
		what := "nothing is activated yet; see 'smartlink agent activate --help'"
		if run := host.Agent(); run != nil {
			what = "what is activated" + standing(run)
		}
		fmt.Fprintf(e.out, "agent of %s, database %s: %s\n", a.installation(), a.shown(), what)
		if at := host.Console(); at != "" {
			fmt.Fprintf(e.out, "console at %s\n", at)
		}
	})
}

// standing tells that an agent is not the active one of its installation.
func standing(a *agent.Agent) string {
	switch s := a.Standing(); {
	case s.Active:
		return ""
	case s.Host != "":
		return "; stands by: the active instance is on " + s.Host
	}
	return "; stands by until the hub has answered"
}

// desk opens the inbox to look at it or to change one message, beside a running agent or without one.
func (a *agentCmd) desk(e *env, do func(*inbox.Box) error) error {
	box, err := inbox.Attach(e.ctx, a.Database, clock.Real)
	if err != nil {
		return err
	}
	return errors.Join(do(box), box.Close(e.ctx))
}

type agentMessagesCmd struct {
	Type     string   `help:"Only of this type." placeholder:"TYPE"`
	OnHold   bool     `name:"on-hold" help:"Only those that wait for a person's release."`
	State    []string `help:"Only in these states: stored, running, waiting, blocked, rejected." enum:"stored,running,waiting,blocked,rejected"`
	Upstream bool     `help:"What is to be sent to the hub, instead of what came from there: answers that the hub refused are blocked."`
	Limit    int      `help:"Items of a page." default:"50"`
	Cursor   string   `help:"Go on where the page before ended."`
}

// Help shows an example.
func (*agentMessagesCmd) Help() string {
	return "Example: smartlink agent messages --database rm.db --state rejected,blocked"
}

func (c *agentMessagesCmd) Run(e *env, a *agentCmd) error {
	f := inbox.Filter{Limit: c.Limit, After: c.Cursor, Event: inbox.Downstream, Type: c.Type, OnHold: c.OnHold}
	if c.Upstream {
		f.Event = inbox.Upstream
	}
	for _, s := range c.State {
		f.States = append(f.States, link.ERPState(s))
	}
	return a.desk(e, func(box *inbox.Box) error {
		page, err := box.List(e.ctx, f)
		if err != nil {
			return err
		}
		if a.JSON {
			return printJSON(e.out, page)
		}
		rows := make([][]string, len(page.Items))
		for i, x := range page.Items {
			reason := x.Code.Reason(x.Reason, e.lang())
			if x.Held && reason == "" {
				reason = "behind an earlier one of its ordering key " + x.OrderingKey
			}
			rows[i] = []string{x.ID.String(), x.Type, string(x.State), strconv.Itoa(x.Attempt), when(x.NextTry), string(x.Code), reason}
		}
		if err := table(e.out, []string{"ID", "TYPE", "STATE", "ATTEMPT", "NEXT TRY", "CODE", "REASON"}, rows); err != nil {
			return err
		}
		if err := tellClosed(e, box); err != nil {
			return err
		}
		moreHere(e, page.Next)
		return nil
	})
}

// inboxArg names a message of the inbox.
type inboxArg struct {
	ID string `arg:"" help:"Id of the message."`
}

// on does something to the named message in the inbox.
func (c inboxArg) on(e *env, a *agentCmd, do func(*inbox.Box, uuid.UUID) error) error {
	id, err := link.ParseUUID(c.ID)
	if err != nil {
		return err
	}
	return a.desk(e, func(box *inbox.Box) error { return do(box, id) })
}

// say tells that a message changed.
func (a *agentCmd) say(e *env, id uuid.UUID, what string) error {
	if a.JSON {
		return printJSON(e.out, map[string]string{"id": id.String(), "done": what})
	}
	_, err := fmt.Fprintf(e.out, "%s: %s\n", id, what)
	return err
}

type agentShowCmd struct{ inboxArg }

// Help shows an example.
func (*agentShowCmd) Help() string { return "Example: smartlink agent show ID --database rm.db" }

func (c *agentShowCmd) Run(e *env, a *agentCmd) error {
	return c.on(e, a, func(box *inbox.Box, id uuid.UUID) error {
		d, err := box.Show(e.ctx, id)
		if err != nil {
			return err
		}
		if a.JSON {
			return printJSON(e.out, d)
		}
		state := "finished; its row is gone"
		if d.Item != nil {
			state = words(string(d.Item.State), string(d.Item.Code), d.Item.Code.Reason(d.Item.Reason, e.lang()))
		}
		said := []string{"message", id.String(), "state", state}
		if c := d.Calls; c != nil {
			how := "answered"
			if c.Pending {
				how = "outcome not known"
			}
			said = append(said, "marker", c.Marker, "calls", fmt.Sprintf("%d, the last at %s, %s", c.Number, when(&c.Last), how))
		}
		if err := fields(e.out, said...); err != nil {
			return err
		}
		rows := make([][]string, 0, len(d.Executions)+len(d.Results)+len(d.Log))
		for _, x := range d.Executions {
			rows = append(rows, []string{when(&x.EndedAt), "attempt " + strconv.Itoa(x.Attempt), x.Result, words(x.Key, string(x.Code), x.Code.Reason(x.Reason, e.lang()))})
		}
		for _, x := range d.Results {
			rows = append(rows, []string{when(&x.At), "outcome " + strconv.Itoa(x.Number), string(x.Outcome), x.Key})
		}
		for _, x := range d.Edits {
			rows = append(rows, []string{when(&x.At), "body " + strconv.Itoa(x.Number), "before the edit of " + x.By, x.Body})
		}
		for _, x := range d.Actions {
			rows = append(rows, []string{when(&x.At), string(x.Action), words(string(x.Result), string(x.Code)), words(x.By, x.Reason)})
		}
		for _, x := range d.Log {
			rows = append(rows, []string{when(&x.At), "log", fmt.Sprint(x.Type), x.Text})
		}
		return table(e.out, []string{"AT", "WHAT", "RESULT", "DETAIL"}, rows)
	})
}

type agentReprocessCmd struct{ inboxArg }

// Help shows an example.
func (*agentReprocessCmd) Help() string {
	return "Example: smartlink agent reprocess ID --database rm.db\n\nWorks beside a running agent."
}

func (c *agentReprocessCmd) Run(e *env, a *agentCmd) error {
	return c.on(e, a, func(box *inbox.Box, id uuid.UUID) error {
		if err := box.Desk(whoAmI()).Reprocess(e.ctx, id); err != nil {
			return err
		}
		return a.say(e, id, "will be executed again")
	})
}

type agentDiscardCmd struct {
	inboxArg
	Reason string `help:"Why; the sender is told." required:""`
}

// Help shows an example.
func (*agentDiscardCmd) Help() string {
	return "Example: smartlink agent discard ID --database rm.db --reason 'sent by mistake'"
}

func (c *agentDiscardCmd) Run(e *env, a *agentCmd) error {
	return c.on(e, a, func(box *inbox.Box, id uuid.UUID) error {
		if err := box.Desk(whoAmI()).Discard(e.ctx, id, c.Reason); err != nil {
			return err
		}
		return a.say(e, id, "discarded")
	})
}
