// Command smartlink is the whole program: hub, agent, administration and demo in one binary, a file
// per command.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
)

// cli is the command line. Values come from flags, then the environment (SMARTLINK_…), then the
// YAML file, then defaults.
type cli struct {
	Config   kong.ConfigFlag `help:"YAML file with values for the flags below." placeholder:"FILE" env:"SMARTLINK_CONFIG"`
	LogLevel slog.Level      `help:"debug, info, warn or error." default:"info" env:"SMARTLINK_LOG_LEVEL"`
	LogJSON  bool            `name:"log-json" help:"Log lines as JSON." env:"SMARTLINK_LOG_JSON"`

	Demo  demoCmd  `cmd:"" help:"Run hub, agent, books and Gesplan in one process and show a message's whole way."`
	Hub   hubCmd   `cmd:"" help:"Run the cloud side: identity, queues, API."`
	Agent agentCmd `cmd:"" help:"Run the side beside the ERP, or look after its messages."`
	Admin adminCmd `cmd:"" help:"Administer a hub: companies, tenants, apps, clients."`
}

// env is what commands share.
type env struct {
	ctx    context.Context
	out    io.Writer
	errOut io.Writer
	log    *slog.Logger
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run executes one command line and answers the exit code: 0 done, 1 failed, 2 wrong usage.
func run(args []string, out, errOut io.Writer) int {
	var c cli
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("smartlink"),
		kong.Description("The link between cloud products and the ERPs inside companies' own networks."),
		kong.UsageOnError(),
		kong.Writers(out, errOut),
		kong.Exit(func(code int) { exit = code }),
		kong.Configuration(yamlFile),
		kong.DefaultEnvars("SMARTLINK"),
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
	opts := &slog.HandlerOptions{Level: c.LogLevel}
	var h slog.Handler = slog.NewTextHandler(errOut, opts)
	if c.LogJSON {
		h = slog.NewJSONHandler(errOut, opts)
	}
	e := &env{ctx: ctx, out: out, errOut: errOut, log: slog.New(h)}
	if err := k.Run(e); err != nil {
		fmt.Fprintf(errOut, "smartlink: %v\n", err)
		return 1
	}
	return 0
}

// yamlFile reads the configuration file. Its keys are the flags' names, nested by command.
func yamlFile(r io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	if err := yaml.NewDecoder(r).Decode(&values); err != nil && err != io.EOF {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	var find kong.ResolverFunc = func(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
		at := values
		for n := parent.Node(); n != nil && n.Type == kong.CommandNode; n = nil {
			if sub, ok := at[n.Name].(map[string]any); ok {
				if v, ok := sub[flag.Name]; ok {
					return v, nil
				}
			}
		}
		return at[flag.Name], nil
	}
	return find, nil
}
