// Package schema makes and fills the reference schema: SmartLink's own books under RM's table
// names, which the ledger writes to.
//
// The master data of the seed stand in seed/*.sql; docs/master-data.md describes them.
package schema

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"slices"

	"smartlink/internal/sqldb"
	"smartlink/link"
)

//go:embed migrations
var migrations embed.FS

//go:embed seed/*.sql
var seeds embed.FS

// VersionTable remembers which migrations of the reference schema were applied. The agent keeps its
// own in the same file under another name.
const VersionTable = "rm_schema_version"

// Migrate brings the reference schema of a database up to date. It refuses a database that looks
// like a live RM before it touches anything: see Check.
func Migrate(ctx context.Context, db *sql.DB) error {
	if err := refuseLive(ctx, sqldb.BindDB(db)); err != nil {
		return err
	}
	if err := sqldb.MakeSchema(ctx, db); err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("reference schema: %w", err)
	}
	if err := sqldb.Migrate(ctx, db, files, VersionTable); err != nil {
		return fmt.Errorf("reference schema: %w", err)
	}
	return nil
}

// Querier is a database or a transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Check makes sure that db holds the reference schema and not a live RM, whose tables no program
// but RM may write: link.CodeLiveRM when it looks like one, link.CodeNoReference when the reference
// schema is missing.
func Check(ctx context.Context, db Querier) error {
	if err := refuseLive(ctx, db); err != nil {
		return err
	}
	tables, err := sqldb.Tables(ctx, db)
	if err != nil {
		return err
	}
	if !sqldb.Own(tables)[marker] {
		return link.NewError(link.CodeNoReference)
	}
	return nil
}

// marker is the table only the reference schema has.
const marker = "SLREFERENCIA"

// rmOwn are tables of RM's own administration: users, permissions, counters, parameters, dictionary. The
// reference schema never has them.
var rmOwn = []string{"GUSUARIO", "GPERMIS", "GPERFIL", "GAUTOINC", "GPARAMS", "GSISTEMA", "GLINKSREL", "GDIC"}

// business are tables both have.
var business = []string{"FLAN", "FXCX", "CPARTIDA", "GCOLIGADA", "FCFO"}

// refuseLive refuses a database with RM's own administration, or with business tables that are not
// marked as ours. It looks at all schemas: books beside a live RM's would be taken for them.
func refuseLive(ctx context.Context, db Querier) error {
	tables, err := sqldb.Tables(ctx, db)
	if err != nil {
		return err
	}
	marked := map[string]bool{}
	for _, t := range tables {
		if t.Name == marker {
			marked[t.Schema] = true
		}
	}
	for _, t := range tables {
		if slices.Contains(rmOwn, t.Name) || slices.Contains(business, t.Name) && !marked[t.Schema] {
			return link.NewError(link.CodeLiveRM, "table", t.String())
		}
	}
	return nil
}
