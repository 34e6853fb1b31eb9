package inbox

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"smartlink/internal/sqldb"
	"smartlink/internal/sqlopen"
	"smartlink/link"
)

//go:embed migrations
var migrations embed.FS

// VersionTable remembers which migrations of the agent's tables were applied. The ERP's reference
// tables in the same file have their own.
const VersionTable = "smartlink_agent_version"

const markerTable = "SMARTLINKMARKER"

// marker is the row that makes the tables an installation's.
var marker = sqldb.Insert{
	Table: markerTable, Columns: []string{"ONE", "INSTALLATIONHASH", "RECCREATEDON"}, Values: []string{"1", "?1", "?2"}, Keys: []string{"ONE"},
}

// mark is what a database says about whose it is.
type mark struct {
	ours bool   // there are tables, and they are SmartLink's
	hash string // of the installation; empty when the first start was cut short
}

// readMark looks whose database it is and changes nothing. Tables with our names that are not ours
// are link.CodeForeignTables.
func readMark(ctx context.Context, db sqldb.Bound, database string) (mark, error) {
	var m mark
	tables, err := sqldb.Tables(ctx, db)
	if err != nil {
		return m, err
	}
	var foreign []string
	for _, t := range tables {
		switch {
		case !t.Ours: // another schema's: RM has tables of these names, too
		case t.Name == markerTable:
			m.ours = true
		case strings.HasPrefix(t.Name, "GTOTVSLINK"):
			foreign = append(foreign, t.String())
		}
	}
	if len(foreign) > 0 && !m.ours {
		slices.Sort(foreign)
		return m, link.NewError(link.CodeForeignTables, "where", sqlopen.Redact(database), "tables", strings.Join(foreign, ", "))
	}
	if !m.ours {
		return m, nil
	}
	err = db.QueryRowContext(ctx, `SELECT INSTALLATIONHASH FROM SMARTLINKMARKER`).Scan(&m.hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return m, fmt.Errorf("read the mark: %w", err)
	}
	return m, nil
}

// current tells whether every migration was applied to tables that are ours.
func current(ctx context.Context, db sqldb.Bound) (bool, error) {
	var version int64
	err := db.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM `+VersionTable).Scan(&version)
	if err != nil {
		return false, fmt.Errorf("read the version of the tables: %w", err)
	}
	return version >= sqldb.NewestMigration(migrations, "migrations"), nil
}

// foreign says that a database is not the file's, and why.
func foreign(why link.Text) *link.Error {
	return link.NewError(link.CodeForeignDatabase, "why", why.EN, "whyPT", why.PT)
}

func missing(file string) *link.Error {
	return foreign(link.Both("falta o arquivo %s", "the file %s is missing", file))
}

// owner makes sure that the database is this installation's, or nobody's yet. A mark without the
// matching file is link.CodeForeignDatabase. It answers the installation of the file.
func (m mark) owner(file string) (Installation, error) {
	if m.hash == "" {
		return OpenInstallation(file)
	}
	inst, err := ReadInstallation(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return inst, missing(file).Because(err)
	case err != nil:
		return inst, err
	case inst.hash() == m.hash:
		return inst, nil
	case inst.bound:
		return inst, foreign(link.Both("o arquivo %s é de outra", "the file %s is another's", file))
	}
	// A fresh file, made because the right one was not there. It has served nothing yet; left in
	// place it would only hide what is missing.
	return inst, missing(file).Because(os.Remove(file))
}

// makeTables brings the agent's tables up to date and marks the database as the installation's. A
// crash at any place leaves something the next start completes: the marker table is made in one
// transaction with the others, and stays empty until the last step.
func makeTables(ctx context.Context, db *sql.DB, inst *Installation, now string) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("the agent's tables: %w", err)
	}
	if err := sqldb.Migrate(ctx, db, files, VersionTable); err != nil {
		return fmt.Errorf("the agent's tables: %w", err)
	}
	bound := sqldb.BindDB(db)
	_, err = bound.ExecContext(ctx, sqldb.DialectOf(bound).InsertNew(marker), inst.hash(), now)
	if err != nil {
		return fmt.Errorf("mark the database: %w", err)
	}
	var marked string
	if err := db.QueryRowContext(ctx, `SELECT INSTALLATIONHASH FROM SMARTLINKMARKER`).Scan(&marked); err != nil {
		return fmt.Errorf("mark the database: %w", err)
	}
	if marked != inst.hash() { // another first start was faster
		return foreign(link.Both("o arquivo %s é de outra", "the file %s is another's", inst.path))
	}
	return inst.bind()
}
