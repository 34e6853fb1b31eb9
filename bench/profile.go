package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"syscall"

	"smartlink/hub"
)

// profiledHub is the first argument by which this program becomes a hub that writes profiles.
const profiledHub = "profiled-hub"

// runProfiledHub runs a hub as smartlink hub does, until it is told to end, and writes what it spent.
func runProfiledHub(args []string) (err error) {
	f := flag.NewFlagSet(profiledHub, flag.ContinueOnError)
	profile := f.String("profile", "", "folder of the profiles")
	data := f.String("data", "", "folder of the hub")
	listen := f.String("listen", "", "address")
	rate := f.Int("client-rate", 0, "as the hub's")
	tenantRate := f.Int("tenant-rate", 0, "as the hub's")
	if err := f.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := os.MkdirAll(*profile, 0o750); err != nil {
		return err
	}
	name := filepath.Join(*profile, fmt.Sprintf("hub-%d", os.Getpid()))
	cpu, err := os.Create(name + ".cpu")
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return errors.Join(err, cpu.Close())
	}
	untouched := make([]byte, 48<<20) // as smartlink hub has it
	defer runtime.KeepAlive(untouched)
	h, err := hub.Open(ctx, hub.Config{
		DataDir: *data, Database: os.Getenv(setDatabase), PublicURL: os.Getenv(setPublicURL), Listen: *listen, Limits: hub.Limits{ClientRate: *rate, TenantRate: *tenantRate},
	})
	if err != nil {
		return err
	}
	if err := h.Start(ctx); err != nil {
		return err
	}
	fmt.Printf("hub at %s\nmonitor at %s/monitor/\n", h.URL(), h.URL())
	if code := h.StartCode(); code != "" {
		fmt.Printf("  smartlink admin init --code %s \n", code)
	}
	<-ctx.Done()
	pprof.StopCPUProfile()
	heap, err := os.Create(name + ".heap")
	if err != nil {
		return err
	}
	runtime.GC()
	return errors.Join(cpu.Close(), pprof.WriteHeapProfile(heap), heap.Close(), h.Stop(context.Background()))
}
