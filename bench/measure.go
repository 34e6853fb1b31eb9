package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"text/tabwriter"
)

// figure is one number that a measure answers, a row of the table.
type figure struct {
	name, unit, what string
}

// measure is something that is measured in each round, in an empty folder of its own. run answers one
// value for each figure.
type measure struct {
	name    string
	figures []figure
	run     func(ctx context.Context, s *stage, dir string) ([]float64, error)
	// needs tells why it cannot be measured here; nil or "": it can.
	needs func(s *stage) string
	// loads is how many loads of options.load it runs, for the estimate of the time left.
	loads int
}

// Callers of the loads.
var callers = []int{1, 16, 128}

// each makes a figure for each number of callers.
func each(name, what string, counts ...int) []figure {
	list := make([]figure, len(counts))
	for i, n := range counts {
		s := "s"
		if n == 1 {
			s = ""
		}
		list[i] = figure{fmt.Sprintf("%s-%d", name, n), "/s", fmt.Sprintf("%s, %d caller%s", what, n, s)}
	}
	return list
}

var measures = []measure{
	{
		name: "probe", run: probe, loads: 1, figures: []figure{
			{"probe", "/s", "the disk alone: 4 KiB append + fdatasync, one after the other"},
			{"probe-p99", "ms", "the same: 99th percentile of one"},
		},
	},
	{
		name: "engine", run: engine, loads: 5, figures: append(each("engine", "SQLite engine in process, durable sends of 1 KiB", callers...),
			figure{"engine-getack", "/s", "SQLite engine in process, get and ack in batches of 32, 4 readers"}),
	},
	{
		name: "engine-keys", run: engineKeys, loads: 2, figures: each("engine-keys", "the same with three search keys a message, one growing, one of 2,000, one random", callers[1:]...),
	},
	{
		name: "engine-kept", run: engineKept, loads: 1,
		figures: []figure{{"engine-kept-getack", "/s", "SQLite engine in process, get and ack in batches of 32, 4 readers, while history is kept"}},
	},
	{
		name: "jetstream", run: jetStream, loads: 5, figures: append(each("jetstream", "NATS JetStream in process, sync always, publishes of 1 KiB", callers...),
			figure{"jetstream-getack", "/s", "NATS JetStream in process, sync always, fetch and confirmed ack in batches of 32, 4 readers"}),
	},
	{
		name: "http", run: overHTTP, loads: 6, figures: append(each("http", "hub over HTTP, single sends of a FinLanInc command, schema warn", 1, 16, 64, 128),
			figure{"http-batch", "/s", "hub over HTTP, batches of 100, 4 callers, messages"},
			figure{"http-getack", "/s", "hub over HTTP, get and ack in batches of 32, 4 readers"}),
	},
	{
		name: "sender", run: overSender, loads: 3, figures: each("sender", "hub over HTTP, client.Sender, the same command", callers...),
	},
	{
		name: "rabbit", run: overRabbit, needs: noRabbit, loads: 5, figures: append(each("rabbit", "RabbitMQ, quorum queue, publisher confirms, the same bytes", callers...),
			figure{"rabbit-getack", "/s", "RabbitMQ, quorum queue, consume and ack 32 at a time, 4 consumers"}),
	},
	{
		name: "latency", run: latency, loads: 3, figures: []figure{
			{"latency-p50", "ms", "hub over HTTP, single sends begun 1,000 times a second, from when they were due: median"},
			{"latency-p99", "ms", "the same: 99th percentile"},
		},
	},
	{
		name: "queues", run: manyQueues, loads: 2, figures: []figure{
			{"queues-start", "ms", "10,000 queues with messages: start of the hub until it is ready"},
			{"queues-page", "ms", "10,000 queues: first page of the list in the monitor"},
			{"queues-api", "ms", "10,000 queues: first page of the list by the admin API"},
			{"queues-memory", "MiB", "10,000 queues: the most memory the hub had"},
		},
	},
	{
		name: "million", run: million, loads: 2, figures: []figure{
			{"million-start", "ms", "1,000,000 waiting: start of the hub until it is ready"},
			{"million-first", "ms", "1,000,000 waiting: first page of browse"},
			{"million-middle", "ms", "1,000,000 waiting: a page in the middle"},
			{"million-lease", "ms", "1,000,000 waiting, 100,000 behind a stuck one: get of another key"},
			{"million-memory", "MiB", "1,000,000 waiting: the most memory the hub had"},
		},
	},
	{
		name: "engine-postgres", run: enginePostgres, needs: noPostgres, loads: 5,
		figures: append(each("engine-postgres", "PostgreSQL engine in process, durable sends of 1 KiB", callers...),
			figure{"engine-postgres-getack", "/s", "PostgreSQL engine in process, get and ack in batches of 32, 4 readers"}),
	},
	{
		name: "latency-postgres", run: latencyPostgres, needs: noPostgres, loads: 3, figures: []figure{
			{"latency-postgres-p50", "ms", "hub on PostgreSQL over HTTP, single sends begun 500 times a second, from when they were due: median"},
			{"latency-postgres-p99", "ms", "the same: 99th percentile"},
		},
	},
	{
		name: "hubs-postgres", run: hubsPostgres, needs: noPostgres, loads: 12, figures: []figure{
			{"hub-postgres", "/s", "a hub on PostgreSQL over HTTP, single sends, 64 connections"},
			{"hubs-postgres", "/s", "two hubs on one PostgreSQL, the same 64 connections, half to each"},
			{"hub-postgres-getack", "/s", "a hub on PostgreSQL over HTTP, get and ack in batches of 32, 4 readers of one queue"},
			{"hubs-postgres-getack", "/s", "two hubs on one PostgreSQL, the same readers, half at each"},
		},
	},
	{
		name: "executor", run: executorCommands, loads: 2, figures: []figure{
			{"executor", "/s", "executor, FinLanInc, batch size 1, claim and execute commits included, commands"},
		},
	},
	{
		name: "mixed", run: executorMixed, loads: 3, figures: []figure{
			{"mixed", "/s", "executor, all six commands in turn, batches of 50, commits included, commands"},
		},
	},
	{
		name: "booked", run: booked, loads: 4, figures: []figure{
			{"booked-p50", "ms", "hub and agent, each a process, SQLite: FinLanInc sent 200 times a second until the sender knows that it is booked, median"},
			{"booked-p99", "ms", "the same: 99th percentile"},
		},
	},
	{
		name: "idle", run: idle, needs: noProc, loads: 20, figures: []figure{
			{"idle-memory", "MiB", "an agent with nothing to do, SQLite: resident memory"},
			{"idle-cpu", "%", "the same, over 35 s: share of a core"},
		},
	},
	{
		name: "postgres", run: executorPostgres, needs: noPostgres, loads: 2, figures: []figure{
			{"mixed-postgres", "/s", "executor with its books in PostgreSQL, all six commands in turn, batches of 50, commits included, commands"},
		},
	},
}

// choose picks the measures that match by their own name or a figure's, and always the probe.
func choose(list []measure, match *regexp.Regexp) []measure {
	return slices.DeleteFunc(slices.Clone(list), func(m measure) bool {
		return m.name != "probe" && !match.MatchString(m.name) &&
			!slices.ContainsFunc(m.figures, func(f figure) bool { return match.MatchString(f.name) })
	})
}

func listTo(out io.Writer, list []measure) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "MEASURE\tFIGURE\tUNIT\tWHAT")
	for _, m := range list {
		for _, f := range m.figures {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", m.name, f.name, f.unit, f.what)
		}
	}
	return t.Flush()
}
