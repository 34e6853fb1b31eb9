// Package demo runs the whole of SmartLink in one process: hub, agent, the ERP's books and Gesplan's
// side, on a folder that can be opened again. It sends messages and shows what becomes of each.
package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/google/uuid"

	"smartlink/agent"
	"smartlink/agent/inbox"
	"smartlink/client"
	"smartlink/hub"
	"smartlink/internal/datadir"
	"smartlink/internal/lifecycle"
	"smartlink/internal/sqldb"
	"smartlink/link"
	"smartlink/rm"
	"smartlink/rm/books"
	"smartlink/rm/ledger"
	"smartlink/rm/schema"
)

// Config says where the demo keeps its data and how it runs.
type Config struct {
	Dir     string
	Listen  string        // empty: 127.0.0.1:8484, or any free port when that is taken
	Stay    bool          // serve until the context ends after the story was told
	Timeout time.Duration // for the whole story; 0 = 60 s
	Out     io.Writer     // the story
	Lang    link.Lang     // of what the ERP says in it; the story itself is English
	Logger  *slog.Logger
}

const defaultListen = "127.0.0.1:8484"

// stopTime bounds the stop of all parts together.
const stopTime = 15 * time.Second

// ErrOther says that the run did not come to what it should; the figures tell the truth.
var ErrOther = errors.New("the demo did not come to what it should")

// World is everything running on one folder.
type World struct {
	Env     Env
	Hub     *hub.Hub
	Agent   *agent.Agent
	Gesplan *client.Client // speaks as the client gesplan
	Admin   *client.Admin  // speaks as the administrator
	Books   string         // file of the inbox and the books

	lock  *datadir.Lock
	parts lifecycle.Group
}

// Open starts hub and agent on the folder and makes what is still missing of accounts and books. A
// folder in use by another process is link.CodeDataInUse. Close it.
func Open(ctx context.Context, cfg Config) (*World, error) {
	lock, err := datadir.Acquire(cfg.Dir)
	if err != nil {
		return nil, err
	}
	w := &World{lock: lock, Books: filepath.Join(cfg.Dir, "rm.db")}
	if err := w.start(ctx, cfg); err != nil {
		return nil, errors.Join(err, w.Close(ctx))
	}
	return w, nil
}

// Close stops everything, within a bounded time, also when ctx has ended.
func (w *World) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	return errors.Join(w.parts.Stop(ctx), w.lock.Release())
}

func (w *World) start(ctx context.Context, cfg Config) error {
	v, err := readEnv(cfg.Dir)
	if err != nil {
		return err
	}
	if w.Hub, err = openHub(ctx, cfg); err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	w.parts.Add("hub", w.Hub)
	if err := w.parts.Start(ctx); err != nil {
		return err
	}
	if v, err = openAccounts(ctx, cfg.Dir, w.Hub.URL(), w.Hub.StartCode(), v); err != nil {
		return err
	}
	w.Env = v
	if w.Gesplan, err = newClient(v.Server, v.Gesplan, uuid.Nil); err != nil {
		return err
	}
	if w.Admin, err = client.NewAdmin(client.AdminConfig{Server: v.Server, APIKey: v.APIKey, UserAgent: "smartlink-demo"}); err != nil {
		return err
	}
	if w.Agent, err = openAgent(cfg, v); err != nil {
		return fmt.Errorf("agent: %w", err)
	}
	w.parts.Add("agent", w.Agent)
	return w.parts.Start(ctx)
}

// Run tells the story once and, with Stay, serves until ctx ends. The figures are true also when it
// fails.
func Run(ctx context.Context, cfg Config) (figures Figures, err error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = time.Minute
	}
	w, err := Open(ctx, cfg)
	if err != nil {
		return figures, err
	}
	defer func() { err = errors.Join(err, w.Close(ctx)) }()
	if err := w.countRun(cfg.Dir); err != nil {
		return figures, err
	}
	fmt.Fprintf(cfg.Out, "SmartLink demo, run %s. Hub at %s, data in %s\n", w.Env.Run, w.Env.Server, cfg.Dir)

	t := &teller{out: cfg.Out, lang: cfg.Lang, gesplan: w.Gesplan, books: w.Books, run: w.Env.Run, answers: map[uuid.UUID]link.AnswerBody{}, events: map[string]link.Message{}}
	story, cancel := context.WithTimeout(ctx, cfg.Timeout)
	err = t.tell(story)
	cancel()
	if err == nil && t.figures != expected {
		err = ErrOther
	}
	if err == nil {
		err = showBooks(ctx, cfg.Out, w.Books)
	}
	if err == nil && cfg.Stay {
		guide(cfg, w.Env)
		<-ctx.Done()
	}
	return t.figures, err
}

// showBooks shows the trial balance of the company the story is about.
func showBooks(ctx context.Context, out io.Writer, file string) (err error) {
	db, err := sqldb.OpenSQLite(ctx, file, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return books.Snapshot(ctx, db, func(q books.Querier) error {
		trial, err := books.TrialBalance(ctx, q, books.TrialQuery{Company: 1, Batch: -1})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\nThe trial balance of company 1 after it:\n")
		if err := books.PrintTrial(out, trial); err != nil {
			return err
		}
		if !trial.Ties() {
			return ErrOther
		}
		return nil
	})
}

// countRun raises the folder's run number, durably, before anything is sent with it.
func (w *World) countRun(dir string) error {
	run, _ := strconv.Atoi(w.Env.Run) // absent before the first run
	w.Env.Run = strconv.Itoa(run + 1)
	return writeEnv(dir, w.Env)
}

func openHub(ctx context.Context, cfg Config) (*hub.Hub, error) {
	listen := cfg.Listen
	if listen == "" {
		listen = defaultListen
		probe, err := net.Listen("tcp", listen)
		if err != nil {
			listen = "127.0.0.1:0"
		} else {
			_ = probe.Close()
		}
	}
	return hub.Open(ctx, hub.Config{DataDir: filepath.Join(cfg.Dir, "hub"), Listen: listen, Logger: cfg.Logger.With("part", "hub")})
}

func openAgent(cfg Config, v Env) (*agent.Agent, error) {
	file := filepath.Join(cfg.Dir, "installation.json")
	inst, err := inbox.OpenInstallation(file)
	if err != nil {
		return nil, err
	}
	c, err := newClient(v.Server, v.RM, inst.ID)
	if err != nil {
		return nil, err
	}
	return agent.New(agent.Config{
		Hub: c, Database: filepath.Join(cfg.Dir, "rm.db"), Installation: file, Consumers: rm.Consumers(), Prepare: prepareBooks, Watch: true,
		Logger: cfg.Logger.With("part", "agent"),
	})
}

// prepareBooks makes the reference schema and its master data, or brings them up to date.
func prepareBooks(ctx context.Context, db *sql.DB) error {
	if err := schema.Migrate(ctx, db); err != nil {
		return err
	}
	if err := ledger.CheckReference(ctx, db); err != nil {
		return err
	}
	return schema.Seed(ctx, db)
}

func newClient(server string, l Login, installation uuid.UUID) (*client.Client, error) {
	cfg := client.Config{Server: server, ClientID: link.ClientID(l.ID), Secret: l.Secret, UserAgent: "smartlink-demo"}
	if installation != uuid.Nil {
		cfg.Installation = installation.String()
	}
	return client.New(cfg)
}

// guide tells what there is to look at while the demo stays.
func guide(cfg Config, v Env) {
	dir := cfg.Dir
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	program := filepath.Base(os.Args[0])
	fmt.Fprintf(cfg.Out, `
What there is to look at (Ctrl-C ends the demo; the data stays):
   monitor    %[1]s/monitor/
              %[10]s (administrator) %[11]s, %[12]s (operator) %[13]s, %[14]s (viewer) %[15]s
   API        %[1]s/docs tells limits and problems, links to OpenAPI and metrics
   log-ins    %[2]s holds every client id, secret and the administrator's API key:
              set -a; . '%[2]s'; set +a
   clients    gesplan %[3]s (app %[6]s)
              rm      %[4]s (app %[7]s, the agent's)
              curl    %[5]s (app %[6]s, yours to play with)
   queues     %[8]s admin queue list
   Postman    import examples/postman/smartlink.postman_collection.json and '%[16]s'
   books      %[8]s rm entries --database '%[9]s' (and trial-balance, statement 001, entry '1;10;1')
`, v.Server, filepath.Join(dir, EnvFile), v.Gesplan.ID, v.RM.ID, v.Curl.ID, AppGesplan, AppRM, program, filepath.Join(dir, "rm.db"),
		v.Administrator.ID, v.Administrator.Secret, v.Operator.ID, v.Operator.Secret, v.Viewer.ID, v.Viewer.Secret, filepath.Join(dir, PostmanFile))
}
