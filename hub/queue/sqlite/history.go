package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

//go:embed history/*.sql
var dayMigrations embed.FS

// dayReaders is how many connections read one day's file at the same time.
const dayReaders = 2

// history is the files of what has ended, one for each day (UTC). They hold what was moved out of
// queue.db; the store's step of keeping is their only writer.
type history struct {
	dir string

	// use is held shared while files are read, and exclusively while one is dropped.
	use sync.RWMutex

	mu   sync.Mutex
	days map[string]*dayFile // by name, YYYY-MM-DD
}

// dayFile is one day's file; it is opened when it is first read.
type dayFile struct {
	day, path string

	mu sync.Mutex
	db *sql.DB
}

const dayEnding = ".db"

// openHistory finds the files that are there.
func openHistory(dir string) (*history, error) {
	h := &history{dir: dir, days: map[string]*dayFile{}}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for history: %w", err)
	}
	for _, e := range entries {
		day, isFile := strings.CutSuffix(e.Name(), dayEnding)
		if _, err := time.Parse(time.DateOnly, day); isFile && err == nil {
			h.days[day] = &dayFile{day: day, path: filepath.Join(dir, e.Name())}
		}
	}
	return h, nil
}

func (h *history) close() error {
	if h == nil {
		return nil
	}
	var errs []error
	for _, f := range h.list() {
		errs = append(errs, f.close())
	}
	return errors.Join(errs...)
}

// list is all files, the oldest first.
func (h *history) list() []*dayFile {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*dayFile, 0, len(h.days))
	for _, f := range h.days {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b *dayFile) int { return strings.Compare(a.day, b.day) })
	return list
}

// has tells whether a day has a file.
func (h *history) has(day string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.days[day] != nil
}

// add makes a day known, whose file is there.
func (h *history) add(day string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.days[day] == nil {
		h.days[day] = &dayFile{day: day, path: h.path(day)}
	}
}

func (h *history) path(day string) string { return filepath.Join(h.dir, day+dayEnding) }

// drop unlinks a day's file, when nobody reads it, and answers its size.
func (h *history) drop(day string) (freed int64, err error) {
	h.use.Lock()
	defer h.use.Unlock()
	h.mu.Lock()
	f := h.days[day]
	delete(h.days, day)
	h.mu.Unlock()
	if f != nil {
		err = f.close()
	}
	for _, name := range []string{h.path(day), h.path(day) + "-wal", h.path(day) + "-shm"} {
		info, there := os.Stat(name)
		switch gone := os.Remove(name); {
		case gone == nil && there == nil:
			freed += info.Size()
		case gone != nil && !errors.Is(gone, fs.ErrNotExist):
			err = errors.Join(err, gone)
		}
	}
	if err != nil {
		return freed, fmt.Errorf("drop the history of %s: %w", day, err)
	}
	return freed, nil
}

// open gives a day's file for reading.
func (f *dayFile) open(ctx context.Context) (*sql.DB, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.db != nil {
		return f.db, nil
	}
	// It outlives the call that needs it first.
	ctx = context.WithoutCancel(ctx)
	db, err := sqldb.OpenSQLite(ctx, f.path, dayReaders)
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", f.day, err)
	}
	db.SetMaxIdleConns(1)
	if err := migrateDay(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("history of %s: %w", f.day, err), db.Close())
	}
	f.db = db
	return db, nil
}

func (f *dayFile) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.db == nil {
		return nil
	}
	err := f.db.Close()
	f.db = nil
	return err
}

func migrateDay(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(dayMigrations, "history")
	if err != nil {
		return err
	}
	return sqldb.MigrateSQLite(ctx, db, files, "history_schema")
}

// shrinks has a new file give free pages back. It says so before anything is made in it; an old file
// must be written anew for that, see compact.
func shrinks(ctx context.Context, db *sql.DB) error {
	var mode, pages int
	if err := db.QueryRowContext(ctx, `PRAGMA auto_vacuum`).Scan(&mode); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, `PRAGMA page_count`).Scan(&pages); err != nil {
		return err
	}
	if mode != 0 || pages > compactPages {
		return nil
	}
	for _, q := range []string{`PRAGMA auto_vacuum = INCREMENTAL`, `VACUUM`} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("let the file shrink: %w", err)
		}
	}
	return nil
}

// compactPages is how large an old file may be, in pages of 4 KiB, to be written anew when it is opened,
// so that it can shrink from then on. A larger one would keep the hub from starting for long.
const compactPages = 256 << 20 / 4096

// snapshot is the history as one call reads it. Its read locks are let go by end.
type snapshot struct {
	h   *history
	txs []*sql.Tx // the oldest day first
	day []string
}

// historyOf opens the days of a tenant whose retention is not over. What the caller read of queue.db
// before it is there, or has moved to one of them.
func (s *Store) historyOf(ctx context.Context, tenant uuid.UUID) (*snapshot, error) {
	return s.historyBut(ctx, func(day string) bool {
		return queue.DayOver(day, s.retention(tenant).History, s.now())
	})
}

// historyBut opens the days that hidden does not leave out.
func (s *Store) historyBut(ctx context.Context, hidden func(day string) bool) (*snapshot, error) {
	x := &snapshot{h: s.history}
	x.h.use.RLock()
	for _, f := range x.h.list() {
		if hidden(f.day) {
			continue
		}
		db, err := f.open(ctx)
		if err != nil {
			x.end()
			return nil, err
		}
		tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			x.end()
			return nil, fmt.Errorf("history of %s: %w", f.day, err)
		}
		x.txs, x.day = append(x.txs, tx), append(x.day, f.day)
	}
	return x, nil
}

// HistoryOf counts a tenant's messages in each day's file.
func (s *Store) HistoryOf(ctx context.Context, tenant uuid.UUID, most int64) ([]queue.HistoryDay, error) {
	x, err := s.historyBut(ctx, func(string) bool { return false })
	if err != nil {
		return nil, err
	}
	defer x.end()
	var list []queue.HistoryDay
	for i, tx := range x.txs {
		d := queue.HistoryDay{Day: x.day[i]}
		err := tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM message WHERE tenant = ? LIMIT ?)`, tenant[:], most).Scan(&d.Messages)
		if err != nil {
			return nil, fmt.Errorf("history of %s: %w", d.Day, err)
		}
		if d.Messages > 0 {
			list = append(list, d)
		}
	}
	return list, nil
}

func (x *snapshot) end() {
	for _, tx := range x.txs {
		_ = tx.Rollback()
	}
	x.h.use.RUnlock()
}

// find looks for a message, in the newest days first.
func (x *snapshot) find(ctx context.Context, tenant, id uuid.UUID, columns string, into ...any) (*sql.Tx, string, error) {
	for i, tx := range slices.Backward(x.txs) {
		err := tx.QueryRowContext(ctx, `SELECT `+columns+` FROM message WHERE tenant = ? AND id = ?`, tenant[:], id[:]).Scan(into...)
		if err == nil {
			return tx, x.day[i], nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return nil, "", fmt.Errorf("history of %s: %w", x.day[i], err)
		}
	}
	return nil, "", sql.ErrNoRows
}

// Retain registers who tells how long a tenant's messages are kept.
func (s *Store) Retain(of func(tenant uuid.UUID) queue.Retention) { s.retention = of }

// forever is what holds until somebody says more.
func forever(uuid.UUID) queue.Retention { return queue.Retention{History: link.Retention} }

// moved is a message of the history as a writer needs to know it.
type moved struct {
	mid    int64
	day    string
	client string
	queues []int64 // that have a delivery, sorted
	tx     *sql.Tx
}

// inHistory has f look at a message that has left queue.db; it is not called when the history does not
// have the message either.
func (s *Store) inHistory(tenant, id uuid.UUID, f func(context.Context, *moved) error) error {
	ctx := context.Background()
	x, err := s.historyOf(ctx, tenant)
	if err != nil {
		return err
	}
	defer x.end()
	m := &moved{}
	m.tx, m.day, err = x.find(ctx, tenant, id, `mid, client`, &m.mid, &m.client)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	rows, err := m.tx.QueryContext(ctx, `SELECT qid FROM delivery WHERE mid = ? ORDER BY qid`, m.mid)
	if err != nil {
		return err
	}
	for rows.Next() {
		var qid int64
		if err := rows.Scan(&qid); err != nil {
			return errors.Join(err, rows.Close())
		}
		m.queues = append(m.queues, qid)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	return f(ctx, m)
}

// fileURI names a file in a statement, to be read only.
func fileURI(path string) string {
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?mode=ro"
}
