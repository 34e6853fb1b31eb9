package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"smartlink/hub/queue"
	"smartlink/hub/queue/postgres"
	"smartlink/hub/queue/sqlite"
	"smartlink/hub/registry"
	"smartlink/internal/clock"
	"smartlink/internal/datadir"
	"smartlink/internal/pgcopy"
	"smartlink/internal/pgdb"
	"smartlink/link"
)

// readyTime bounds the question to the stores behind /readyz: a database that does not answer is away.
const readyTime = 5 * time.Second

// openStores opens where the hub keeps things: files in its data folder, which it locks, or a PostgreSQL
// database that others share. What it opens is closed by Stop; the driver is the engine's.
func (h *Hub) openStores(ctx context.Context) (*registry.Store, queue.Driver, error) {
	if h.cfg.Database != "" {
		return h.openDatabase(ctx)
	}
	if err := notMoved(h.cfg.DataDir); err != nil {
		return nil, nil, err
	}
	lock, err := datadir.Acquire(h.cfg.DataDir)
	if err != nil {
		return nil, nil, err
	}
	h.undo = append(h.undo, lock.Release)
	store, err := registry.Open(ctx, h.file("hub.db"), registry.Options{Clock: h.cfg.Clock, Logger: h.cfg.Logger, Keep: lock.Keep})
	if err != nil {
		return nil, nil, err
	}
	h.undo = append(h.undo, store.Close)
	driver, err := sqlite.Open(ctx, h.file("queue.db"), sqlite.Options{Clock: h.cfg.Clock, Keep: lock.Keep})
	if err != nil {
		return nil, nil, err
	}
	return store, driver, nil
}

func (h *Hub) openDatabase(ctx context.Context) (*registry.Store, queue.Driver, error) {
	if h.cfg.PublicURL == "" {
		return nil, nil, errors.New("hubs that share a database need the public URL: the address at which clients reach any of them is part of the tokens")
	}
	if err := os.MkdirAll(filepath.Dir(h.keyFile()), 0o700); err != nil {
		return nil, nil, fmt.Errorf("folder of the hub's key: %w", err)
	}
	if _, err := os.Stat(h.file("hub.db")); err == nil && notMoved(h.cfg.DataDir) == nil {
		h.cfg.Logger.Warn("the data folder has a registry of its own, which is not read beside a database; smartlink hub migrate moves it there",
			"data", h.cfg.DataDir, "database", pgdb.Name(h.cfg.Database))
	}
	switch moved, err := pgcopy.Look(ctx, h.cfg.Database); {
	case err != nil:
		return nil, nil, err
	case moved == pgcopy.Unfinished:
		return nil, nil, link.NewError(link.CodeMoveUnfinished, "database", pgdb.Name(h.cfg.Database))
	}
	store, err := registry.OpenPostgres(ctx, h.cfg.Database, registry.Options{Clock: h.cfg.Clock, Logger: h.cfg.Logger})
	if err != nil {
		return nil, nil, err
	}
	h.undo = append(h.undo, store.Close)
	o := postgres.Options{Logger: h.cfg.Logger}
	if h.cfg.Clock != clock.Real {
		o.Clock = h.cfg.Clock // otherwise the database's, so that hubs agree
	}
	driver, err := postgres.Open(ctx, h.cfg.Database, o)
	if err != nil {
		return nil, nil, err
	}
	return store, driver, nil
}

// keyFile is where the key is that seals what the registry must not tell.
func (h *Hub) keyFile() string { return cmp.Or(h.cfg.KeyFile, h.file("hub.key")) }

// ready tells whether the hub can store, for /readyz.
func (h *Hub) ready(ctx context.Context, store *registry.Store) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	return errors.Join(h.engine.Ready(ctx), store.Check(ctx))
}
