// Command smartlink is the whole program: hub, agent, administration and demo in one binary, a file
// per command.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"smartlink/link"
)

// cli is the command line. Values come from flags, then the environment, then the YAML file, then
// defaults.
type cli struct {
	Config   kong.ConfigFlag `help:"YAML file with values for the flags, nested by command." placeholder:"FILE" env:"SMARTLINK_CONFIG"`
	LogLevel string          `help:"debug, info, warn or error; default info, in the demo warn." enum:",debug,info,warn,error" default:"" placeholder:"LEVEL" env:"SMARTLINK_LOG_LEVEL"`
	LogJSON  bool            `name:"log-json" help:"Log lines as JSON." env:"SMARTLINK_LOG_JSON"`
	CA       string          `name:"ca" help:"PEM file of authorities to trust besides the machine's, for a hub whose certificate is of one's own." placeholder:"FILE" env:"SMARTLINK_CA"`
	Lang     string          `help:"Language of problems: pt or en; default en." enum:"pt,en" default:"en" placeholder:"LANG" env:"SMARTLINK_LANG"`

	Demo       demoCmd       `cmd:"" help:"Run hub, agent, books and Gesplan in one process and show a message's whole way."`
	Hub        hubCmd        `cmd:"" help:"Run the cloud side: identity, queues, API."`
	Agent      agentCmd      `cmd:"" help:"Run the side beside the ERP, or look after its messages."`
	RM         rmCmd         `cmd:"" name:"rm" help:"The ERP's books on the reference schema."`
	Token      tokenCmd      `cmd:"" help:"Get a client's access token."`
	Setup      setupCmd      `cmd:"" help:"Create or change a client's queue."`
	Send       sendCmd       `cmd:"" help:"Send a message, and follow it to the ERP's answer."`
	Get        getCmd        `cmd:"" help:"Take messages of the queue under a lease."`
	Ack        ackCmd        `cmd:"" help:"Settle deliveries."`
	Message    messageCmd    `cmd:"" help:"Tell where a message is and what happened to it."`
	Queue      queueCmd      `cmd:"" help:"Queues: list, show, look through."`
	Schema     schemaCmd     `cmd:"" help:"JSON Schemas of the messages, and checking a message."`
	Admin      adminCmd      `cmd:"" help:"Administer a hub: companies, tenants, apps, clients, messages."`
	ConfigFile configCmd     `cmd:"" name:"config" help:"What can be configured, and what is."`
	Completion completionCmd `cmd:"" help:"Print a shell's completion script."`
	Complete   completeCmd   `cmd:"" name:"__complete" hidden:"" help:"Answer what may come next on a command line."`
}

// env is what commands share.
type env struct {
	ctx    context.Context
	out    io.Writer
	errOut io.Writer
	cli    *cli
	model  *kong.Application
	line   []*kong.Path // the command line
	file   yamlConfig   // the configuration file; empty without one
}

// logger writes to the error output, at the level asked for or else at level.
func (e *env) logger(level slog.Level) *slog.Logger {
	if e.cli.LogLevel != "" {
		_ = level.UnmarshalText([]byte(e.cli.LogLevel)) // one of the enum
	}
	opts := &slog.HandlerOptions{Level: level}
	if e.cli.LogJSON {
		return slog.New(slog.NewJSONHandler(e.errOut, opts))
	}
	return slog.New(slog.NewTextHandler(e.errOut, opts))
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run executes one command line and answers the exit code: 0 done, 1 failed, 2 wrong usage.
func run(args []string, out, errOut io.Writer) int {
	var c cli
	file := yamlConfig{}
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("smartlink"),
		kong.Description("The link between cloud products and the ERPs inside companies' own networks."),
		kong.UsageOnError(),
		kong.Writers(out, errOut),
		kong.Exit(func(code int) { exit = code }),
		kong.Configuration(file.read),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 110}),
	)
	if err != nil {
		fmt.Fprintln(errOut, err)
		return 1
	}
	k, err := parser.Parse(args)
	if exit >= 0 { // --help
		return exit
	}
	if err != nil {
		fmt.Fprintf(errOut, "smartlink: %v\n", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	e := &env{ctx: ctx, out: out, errOut: errOut, cli: &c, model: parser.Model, line: k.Path, file: file}
	if err := k.Run(e); err != nil {
		fmt.Fprintf(errOut, "smartlink: %s\n", e.say(err))
		return 1
	}
	return 0
}

// say writes an error for the user. Problems of the catalogue come in the language asked for; where
// they happened inside the program is for developers, who read English.
func (e *env) say(err error) string {
	var problem *link.Error
	if e.lang() == link.Portuguese && errors.As(err, &problem) {
		return problem.Problem(link.Portuguese, "").Error()
	}
	return err.Error()
}

func (e *env) lang() link.Lang { return link.Lang(e.cli.Lang) }

// ca is the file of further authorities; "" for none.
func (e *env) ca() string { return e.cli.CA }
