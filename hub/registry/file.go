package registry

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"smartlink/internal/sqldb"
	"smartlink/link"
)

// openFile is the open database, or the place of one that is gone.
type openFile struct {
	db    *sql.DB
	files *sqldb.Files
	old   *sql.DB // not nil: this one is gone, and may still be read from by somebody
}

// away stands for a database that is gone: who asks it learns that the registry is unavailable.
type away struct{ why error }

// Connect never does.
func (a away) Connect(context.Context) (driver.Conn, error) {
	return nil, link.NewError(link.CodeUnavailable).Because(a.why)
}

// Driver is none.
func (away) Driver() driver.Driver { return nil }

// db is what the registry reads from at this moment.
func (s *Store) db() *sql.DB { return s.file.Load().db }

// there tells whether the names still stand for the open files: a write into files that nobody finds
// again is worth nothing.
func (s *Store) there() error {
	if f := s.file.Load(); f.files != nil {
		return f.files.Check()
	}
	return nil
}

// back sees to it that the file is the one under its name, and the snapshot what it holds; s.write is
// held. Errors: link.CodeUnavailable.
func (s *Store) back(ctx context.Context) error {
	if s.closed {
		return link.NewError(link.CodeUnavailable).Because(sql.ErrConnDone)
	}
	f := s.file.Load()
	if f.files == nil { // not a file's
		return nil
	}
	if gone := f.files.Check(); gone != nil && f.old == nil {
		// Closed before another is opened: both would share what SQLite knows of the log.
		s.log.ErrorContext(ctx, "the registry's file is gone; it is opened again as soon as it is back", slog.Any("error", gone))
		f = &openFile{db: sql.OpenDB(away{gone}), files: f.files, old: f.db}
		s.file.Store(f)
		_ = f.old.Close() // there is nothing in it to lose
	}
	if f.old != nil {
		if err := s.reopen(ctx, f); err != nil {
			return link.NewError(link.CodeUnavailable).Because(err)
		}
		s.log.InfoContext(ctx, "registry opened again", slog.String("file", s.path))
	}
	if s.stale.Load() {
		if err := s.refresh(ctx); err != nil {
			return unavailable(err)
		}
	}
	return nil
}

func (s *Store) reopen(ctx context.Context, gone *openFile) error {
	if n := gone.old.Stats().OpenConnections; n > 0 {
		return fmt.Errorf("%d still read from the file that is gone", n)
	}
	if _, err := os.Stat(s.path); err != nil {
		return err
	}
	if err := s.keep(); err != nil {
		return err
	}
	db, err := sqldb.ReopenSQLite(ctx, s.path, connections)
	if err != nil {
		return err
	}
	next, err := s.load(ctx, db)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	files, err := sqldb.FilesOf(s.path)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	s.file.Store(&openFile{db: db, files: files})
	s.showing.Lock()
	defer s.showing.Unlock()
	s.current.Store(next)
	s.stale.Store(false)
	return nil
}
