// Command bench measures SmartLink's speed on this machine, beside other queues and beside the disk alone:
// several interleaved rounds, since every promise here waits for the disk, and medians with their
// spread. It prints the table of docs/performance.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

const usage = `bench measures speed on this machine and prints a table, in the form of docs/performance.md.

  cd bench && go run .                      everything, three short rounds: some ten minutes
  cd bench && go run . -check               exit 1 when something is below targets.yaml
  cd bench && go run . -run '^sender|^rabbit' -rounds 5
                                            only the measures whose name matches
  cd bench && go run . -long -json > out.json
                                            five rounds, each three times as long; every value as JSON
  cd bench && go run . -run '^http$' -profile /tmp/p
                                            writes CPU and memory profiles of the hub into a folder
  cd bench && go run . -steady 2h -dir DIR  no speed: what becomes of PostgreSQL's tables under a steady load;
                                            DIR/steady.md is the table so far, DIR/steady.csv has each minute
  cd bench && go run . -list                the measures and what they mean

Each round begins with a probe of the disk: appends of 4 KiB, each followed by fdatasync. A target that
depends on the disk is not judged where the probe is below what targets.yaml asks of it.

RabbitMQ is measured where rabbitmq-server is installed (Debian's package; ./ci/test bench installs
it). It runs on ports and in a folder of its own, on loopback, and ends with the bench. What stands in
PostgreSQL is measured in the database that SMARTLINK_BENCH_POSTGRES names, a URL, with the settings its
server has; each measure makes a schema there and drops it. ./ci/test bench starts a server for it.

Flags:
`

func main() {
	if len(os.Args) > 1 && os.Args[1] == profiledHub {
		if err := runProfiledHub(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench hub:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options of a run.
type options struct {
	dir     string
	rounds  int
	long    bool
	check   bool
	json    bool
	profile string

	// Of a steady run: how long, commands a second, and from one look at the tables to the next. 0: none.
	steady time.Duration
	rate   int
	every  time.Duration
}

// load is how long one load is measured; what goes before to warm up takes a fourth of it on top.
func (o options) load() time.Duration {
	if o.long {
		return 6 * time.Second
	}
	return 2 * time.Second
}

// times is how much larger the counted work of a long round is.
func (o options) times() int {
	if o.long {
		return 3
	}
	return 1
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(progress)
	f.Usage = func() { fmt.Fprint(progress, usage); f.PrintDefaults() }
	var o options
	rounds := f.Int("rounds", 0, "`number` of rounds, interleaved; default 3, with -long 5")
	only := f.String("run", "", "measure only what matches this regular `expression`, beside the probe")
	list := f.Bool("list", false, "list the measures and end")
	f.StringVar(&o.dir, "dir", ".", "`folder` on the disk to measure; a memory file system would tell nothing")
	f.BoolVar(&o.check, "check", false, "fail when a measure misses its target")
	f.BoolVar(&o.long, "long", false, "more and longer rounds")
	f.BoolVar(&o.json, "json", false, "print every value as JSON instead of the table")
	f.StringVar(&o.profile, "profile", "", "`folder` for profiles of the hub, which then is this program's own")
	f.DurationVar(&o.steady, "steady", 0, "instead of measuring speed, look for so `long` what becomes of PostgreSQL's tables under a steady load")
	f.IntVar(&o.rate, "rate", 50, "`commands` a second of a steady run, each of which is answered")
	f.DurationVar(&o.every, "every", time.Minute, "how `often` a steady run looks at the tables")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("unknown argument %q; -h shows examples", f.Arg(0))
	}
	if o.steady > 0 {
		if o.rate < 1 || o.every <= 0 {
			return errors.New("-rate and -every must be above 0")
		}
		return runSteady(ctx, o, out)
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	chosen := choose(measures, match)
	if *list {
		return listTo(out, chosen)
	}
	if len(chosen) == 1 && *only != "" && !match.MatchString("probe") {
		return fmt.Errorf("-run %s matches no measure; -list shows them", *only)
	}
	targets, err := readTargets("targets.yaml")
	if err != nil {
		return err
	}
	o.rounds = 3
	if o.long {
		o.rounds = 5
	}
	if *rounds > 0 {
		o.rounds = *rounds
	}
	r, err := measureAll(ctx, o, chosen, newProgress(progress))
	if err != nil {
		return err
	}
	verdicts := judge(r, targets)
	if o.json {
		err = r.json(out, verdicts)
	} else {
		err = r.table(out, verdicts)
	}
	if err != nil || !o.check {
		return err
	}
	return missed(verdicts)
}
