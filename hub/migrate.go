package hub

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"smartlink/hub/queue/postgres"
	"smartlink/hub/queue/sqlite"
	"smartlink/hub/registry"
	"smartlink/internal/datadir"
	"smartlink/internal/durable"
	"smartlink/internal/pgcopy"
	"smartlink/internal/pgdb"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

// movedFile stands in a data folder whose content was moved to a database.
const movedFile = "moved.txt"

// movingState names what a move goes by: a later run goes on only if all of it is the same.
type movingState struct {
	Files   []movingFile
	Epoch   int64    // of the queues: every hub that opens the folder raises it
	Schemas [3]int64 // that the program knows
}

type movingFile struct {
	Name    string
	Size    int64
	Changed time.Time
}

// MigrateOptions say how a move is done; the zero value is good.
type MigrateOptions struct {
	// Anew throws away what an unfinished move brought into the database, and begins again.
	Anew bool
	// Told is called after each piece, from the caller's goroutine, and may be nil.
	Told func(pgcopy.Progress)
	// Piece is how many rows are committed at once; default some thousands.
	Piece int
}

// Moved tells what Migrate brought into a database.
type Moved struct {
	Rows map[string]int64 `json:"rows"` // of each table
	// Forgotten is how many requests cannot be recognised any more when they are repeated: their messages
	// are gone.
	Forgotten int64 `json:"forgotten"`
	// Resumed tells that it went on where an earlier run had stopped.
	Resumed bool `json:"resumed"`
}

// Migrate moves the data folder of a stopped hub into an empty PostgreSQL database: registry, people,
// audit, queues, history. It goes piece by piece, and a run that was cut off, by whatever, is gone on with by
// the next one where it stopped; no hub opens the database before all is there. At the end what arrived
// is compared with what was read: rows of each table, and a checksum over all of their columns. The folder
// stays as it is, with a note that keeps a hub from opening it; its hub.key is the key file of the hubs to
// come. Errors: link.CodeDataInUse, link.CodeMoveChanged when the folder is not what it was when an
// unfinished move began, pgcopy.ErrNotEmpty.
func Migrate(ctx context.Context, dataDir, database string, o MigrateOptions) (Moved, error) {
	for _, name := range []string{"hub.db", "queue.db", "hub.key"} {
		if _, err := os.Stat(filepath.Join(dataDir, name)); err != nil {
			return Moved{}, fmt.Errorf("no hub's data folder: %w", err)
		}
	}
	if err := notMoved(dataDir); err != nil {
		return Moved{}, err
	}
	lock, err := datadir.Acquire(dataDir)
	if err != nil {
		return Moved{}, err
	}
	moved, err := migrate(ctx, dataDir, database, o)
	return moved, errors.Join(err, lock.Release())
}

func migrate(ctx context.Context, dataDir, database string, o MigrateOptions) (Moved, error) {
	before, err := pgcopy.Look(ctx, database)
	if err != nil {
		return Moved{}, err
	}
	if before == pgcopy.Ended && o.Anew { // hubs may use it: nothing is touched, here or there
		return Moved{}, pgcopy.ErrNotEmpty
	}
	if before == pgcopy.None || o.Anew {
		if err := settle(ctx, dataDir); err != nil {
			return Moved{}, err
		}
		if err := makeSchema(ctx, database); err != nil {
			return Moved{}, err
		}
	}
	moved, err := copyFolder(ctx, dataDir, database, o)
	switch {
	case errors.Is(err, pgcopy.ErrChanged):
		return Moved{}, link.NewError(link.CodeMoveChanged, "dir", dataDir, "database", pgdb.Name(database)).Because(err)
	case err != nil:
		return Moved{}, err
	}
	note := fmt.Sprintf("Moved to the database %s. A hub that opens these files again would go its own way.\n", pgdb.Name(database))
	if err := durable.Write(filepath.Join(dataDir, movedFile), []byte(note)); err != nil {
		return moved, fmt.Errorf("everything was moved, but the note in the old folder failed; do not start a hub there: %w", err)
	}
	return moved, nil
}

// settle brings a folder's files up to date and ends what was leased, as a hub's start does. A move changes
// nothing in them after it.
func settle(ctx context.Context, dataDir string) error {
	store, err := registry.Open(ctx, filepath.Join(dataDir, "hub.db"), registry.Options{})
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		return err
	}
	driver, err := sqlite.Open(ctx, filepath.Join(dataDir, "queue.db"), sqlite.Options{})
	if err == nil {
		err = driver.Close()
	}
	return err
}

// makeSchema makes the tables.
func makeSchema(ctx context.Context, database string) error {
	store, err := registry.OpenPostgres(ctx, database, registry.Options{})
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		return err
	}
	driver, err := postgres.Open(ctx, database, postgres.Options{Alone: true})
	if err != nil {
		return err
	}
	return driver.Close()
}

// folder is what is read of a data folder.
type folder struct {
	people, queues *sql.DB
	files          postgres.Files
	total          int64
	tables         []string // of the database, that it fills
	state          movingState
}

// openFolder opens a folder's files to be read.
func openFolder(ctx context.Context, dataDir string) (f *folder, err error) {
	f = &folder{}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.close())
		}
	}()
	if f.files.Days, err = filepath.Glob(filepath.Join(dataDir, "history", "*.db")); err != nil {
		return f, err
	}
	for _, path := range append([]string{filepath.Join(dataDir, "hub.db"), filepath.Join(dataDir, "queue.db")}, f.files.Days...) {
		i, err := os.Stat(path)
		if err != nil {
			return f, err
		}
		f.state.Files = append(f.state.Files, movingFile{filepath.Base(path), i.Size(), i.ModTime().UTC()})
	}
	if f.people, err = sqldb.OpenSQLite(ctx, filepath.Join(dataDir, "hub.db"), 1); err != nil {
		return f, err
	}
	if f.queues, err = sqldb.OpenSQLite(ctx, filepath.Join(dataDir, "queue.db"), 1); err != nil {
		return f, err
	}
	f.files.Queue = f.queues
	if err := f.queues.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'epoch'`).Scan(&f.state.Epoch); err != nil {
		return f, err
	}
	f.state.Schemas = [3]int64{registry.Schema(false), sqlite.Schema(), postgres.Schema()}
	if f.tables, err = registry.Tables(ctx, f.people); err != nil {
		return f, err
	}
	for _, t := range f.tables {
		var n int64
		if err := f.people.QueryRowContext(ctx, `SELECT count(*) FROM "`+t+`"`).Scan(&n); err != nil {
			return f, err
		}
		f.total += n
	}
	n, err := f.files.Rows(ctx)
	f.tables, f.total = append(f.tables, postgres.CopiedTables()...), f.total+n
	return f, err
}

func (f *folder) close() error {
	var errs []error
	for _, db := range []*sql.DB{f.people, f.queues} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

func copyFolder(ctx context.Context, dataDir, database string, o MigrateOptions) (moved Moved, err error) {
	f, err := openFolder(ctx, dataDir)
	if err != nil {
		return Moved{}, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	state, err := json.Marshal(f.state)
	if err != nil {
		return Moved{}, err
	}
	c, err := pgcopy.Begin(ctx, database, pgcopy.Options{Source: string(state), Tables: f.tables, Anew: o.Anew, Total: f.total, Told: o.Told, Piece: o.Piece})
	if err != nil {
		return Moved{}, err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	moved.Resumed = c.Resumed()
	err = registry.CopyToPostgres(ctx, f.people, "hub.db", c) // what is there already is not copied
	if err == nil {
		err = postgres.CopyFromSQLite(ctx, f.files, c)
	}
	if err != nil {
		return Moved{}, fmt.Errorf("the move was cut off; run it again, and it goes on where it stopped: %w", err)
	}
	if moved.Forgotten, err = f.files.Forgotten(ctx); err != nil {
		return Moved{}, err
	}
	moved.Rows, err = c.Finish(ctx, func(tx pgx.Tx) error {
		if err := registry.Copied(ctx, tx); err != nil {
			return err
		}
		return postgres.Copied(ctx, f.queues, tx)
	})
	return moved, err
}

// notMoved refuses a folder whose content went to a database.
func notMoved(dataDir string) error {
	note, err := os.ReadFile(filepath.Join(dataDir, movedFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%s: %s (smartlink hub --database)", filepath.Join(dataDir, movedFile), string(note[:max(len(note)-1, 0)]))
}
