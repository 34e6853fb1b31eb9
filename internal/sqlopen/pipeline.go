package sqlopen

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"smartlink/internal/sqldb"
)

// Pipeline runs statements of the common form on a connection of PostgreSQL, in their order and in one
// round trip. It stops at the first that fails or whose result is not as it should be, and answers its
// place and its error; what stood behind a failed one was not run, behind one with a wrong result it
// may have been.
func Pipeline(ctx context.Context, conn *sql.Conn, statements []sqldb.Statement) (at int, err error) {
	batch := &pgx.Batch{}
	for _, s := range statements {
		batch.Queue(sqldb.Postgres.SQL(s.Query), sqldb.Postgres.Args(s.Args)...)
	}
	raw := conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("a pipeline on a %T", driver)
		}
		results := c.Conn().SendBatch(ctx, batch)
		for at = range statements {
			tag, failed := results.Exec()
			if err = statements[at].Judge(tag.RowsAffected(), failed); err != nil {
				break
			}
		}
		closed := results.Close()
		if err == nil {
			err = closed
		}
		return nil
	})
	if err == nil {
		err = raw
	}
	return at, err
}
