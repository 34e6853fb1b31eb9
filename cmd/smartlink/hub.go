package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"time"

	"smartlink/hub"
)

// stopTime bounds the stop of a server after a signal.
const stopTime = 20 * time.Second

type hubCmd struct {
	Data        string `help:"Folder of hub.db, queue.db and hub.key; default hub-data." default:"hub-data" env:"SMARTLINK_HUB_DATA" placeholder:"DIR"`
	Database    string `help:"PostgreSQL database that hubs share, instead of files in the folder: postgres://USER:PASSWORD@HOST/DATABASE. Better told by the environment, where other users of the machine do not see it." env:"SMARTLINK_HUB_DATABASE" secret:"" placeholder:"URL"`
	KeyFile     string `help:"File that seals the signing keys, the same for all hubs of a database; default hub.key in the folder." env:"SMARTLINK_HUB_KEY_FILE" placeholder:"FILE"`
	Listen      string `help:"Address to listen on. The default, 127.0.0.1:8484, takes connections from this machine only." default:"127.0.0.1:8484" env:"SMARTLINK_HUB_LISTEN" placeholder:"HOST:PORT"`
	PublicURL   string `name:"public-url" help:"Address clients use; part of the tokens' issuer. Without --tls-cert it says that a proxy stands in front." env:"SMARTLINK_HUB_PUBLIC_URL" placeholder:"URL"`
	Environment string `help:"What the monitor's pages say this hub is: local, dev, staging or production; default local." enum:"local,dev,staging,production" default:"local" env:"SMARTLINK_HUB_ENVIRONMENT" placeholder:"NAME"`

	TLSCert        string `name:"tls-cert" help:"PEM file with the certificate and its chain. Read anew when it changes." env:"SMARTLINK_HUB_TLS_CERT" placeholder:"FILE"`
	TLSKey         string `name:"tls-key" help:"PEM file with the certificate's key." env:"SMARTLINK_HUB_TLS_KEY" placeholder:"FILE"`
	InsecureListen bool   `help:"Take connections from other machines by plain HTTP. Only with a proxy in front that has TLS." env:"SMARTLINK_HUB_INSECURE_LISTEN"`

	MaxConnections           int `help:"Connections at the same time; default 20000, -1 for no limit." default:"20000" env:"SMARTLINK_HUB_MAX_CONNECTIONS" placeholder:"N"`
	MaxConnectionsPerAddress int `help:"Of one address, loopback left out; default 2000, behind a proxy no limit; -1 for no limit." env:"SMARTLINK_HUB_MAX_CONNECTIONS_PER_ADDRESS" placeholder:"N"`
	ClientRate               int `help:"Calls and messages of one client in a second; default 20000, -1 for no limit." default:"20000" env:"SMARTLINK_HUB_CLIENT_RATE" placeholder:"N"`
	TenantRate               int `help:"Of all clients of one tenant; default 40000, -1 for no limit." default:"40000" env:"SMARTLINK_HUB_TENANT_RATE" placeholder:"N"`

	Run     hubRunCmd     `cmd:"" default:"1" help:"Run the hub until stopped; also without the word run."`
	Backup  hubBackupCmd  `cmd:"" help:"Copy the data folder of a hub, also of one that runs."`
	Restore hubRestoreCmd `cmd:"" help:"Make a data folder of a backup, or make a restored PostgreSQL database ready."`
	Migrate hubMigrateCmd `cmd:"" help:"Move a stopped hub's data folder into an empty PostgreSQL database."`
	Doctor  hubDoctorCmd  `cmd:"" help:"Look at what a hub needs, and tell what has to be mended."`
}

// Help shows an example.
func (*hubCmd) Help() string {
	return "Example: smartlink hub --data ./hub-data --listen 127.0.0.1:8484\n\n" +
		"The first start prints a code once; spend it with: smartlink admin init --code CODE --user NAME"
}

type hubRunCmd struct{}

// Help shows an example.
func (*hubRunCmd) Help() string {
	return "Example: smartlink hub run --data ./hub-data --listen 127.0.0.1:8484"
}

// Run runs the hub.
func (*hubRunCmd) Run(e *env, c *hubCmd) error {
	defer fewerCollections()()
	h, err := hub.Open(e.ctx, hub.Config{
		DataDir: c.Data, Database: c.Database, KeyFile: c.KeyFile, Listen: c.Listen, PublicURL: c.PublicURL, Environment: c.Environment, Logger: e.logger(slog.LevelInfo),
		TLSCert: c.TLSCert, TLSKey: c.TLSKey, InsecureListen: c.InsecureListen,
		Limits: hub.Limits{
			Connections: c.MaxConnections, PerAddress: c.MaxConnectionsPerAddress, ClientRate: c.ClientRate, TenantRate: c.TenantRate,
		},
	})
	if err != nil {
		return err
	}
	return serve(e, h, func() {
		fmt.Fprintf(e.out, "hub at %s\nmonitor at %s/monitor/\n", h.URL(), h.URL())
		if code := h.StartCode(); code != "" {
			fmt.Fprintf(e.out, "first start: make the administrator with\n  smartlink admin init --server %s --code %s --user NAME\n", h.URL(), code)
		}
	})
}

// idleHeap is how much garbage a hub may gather before the first collection.
const idleHeap = 48 << 20

// fewerCollections lets the garbage collector run seldom while little is alive: a hub's heap is a few MiB, so
// each few MiB of requests would be a collection. Memory that nobody touches costs nothing, but counts as
// alive: up to so much more garbage may gather, whatever is alive, and no more. Who has set GOGC or
// GOMEMLIMIT is asked nothing.
func fewerCollections() (end func()) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	untouched := make([]byte, idleHeap)
	return func() { runtime.KeepAlive(untouched) }
}

// part is what serve runs.
type part interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
}

// serve runs a part until the program is told to end.
func serve(e *env, p part, started func()) error {
	startErr := p.Start(e.ctx)
	if startErr == nil {
		started()
		<-e.ctx.Done()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.ctx), stopTime)
	defer cancel()
	stopErr := p.Stop(ctx)
	if startErr != nil {
		return startErr
	}
	return stopErr
}
