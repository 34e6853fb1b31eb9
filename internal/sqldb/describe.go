package sqldb

import (
	"context"
	"database/sql"
	"fmt"
)

// Server is what a database server says about itself and its database.
type Server struct {
	Version     string // for people
	Schema      string // that statements without one mean
	SchemaThere bool
	MayCreate   bool // schemas, where the log-in has to
	ReadOnly    bool // a stand-by, or a database that takes no writes
	Durable     bool // a commit is on the disk when it returns
}

// describeSQL reads version, whether schemas may be made, read-only, durable.
var describeSQL = map[Dialect]string{
	Postgres: `SELECT 'PostgreSQL ' || current_setting('server_version'),
		CASE WHEN has_database_privilege(current_database(), 'CREATE') THEN 1 ELSE 0 END,
		CASE WHEN pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' THEN 1 ELSE 0 END,
		CASE WHEN current_setting('fsync') = 'on' AND current_setting('synchronous_commit') <> 'off' THEN 1 ELSE 0 END`,
	SQLServer: `SELECT CONCAT('SQL Server ', CAST(SERVERPROPERTY('ProductVersion') AS NVARCHAR(50))), 0,
		CASE WHEN DATABASEPROPERTYEX(DB_NAME(), 'Updateability') = 'READ_ONLY' THEN 1 ELSE 0 END,
		CASE WHEN delayed_durability_desc = 'FORCED' THEN 0 ELSE 1 END FROM sys.databases WHERE database_id = DB_ID()`,
}

// Describe asks a server about itself. A schema that is everybody's is link.CodeSharedSchema.
func Describe(ctx context.Context, db *sql.DB) (Server, error) {
	var s Server
	err := db.QueryRowContext(ctx, describeSQL[DialectOf(db)]).Scan(&s.Version, &s.MayCreate, &s.ReadOnly, &s.Durable)
	if err != nil {
		return s, fmt.Errorf("ask the server about itself: %w", err)
	}
	s.Schema, s.SchemaThere, err = CurrentSchema(ctx, db)
	return s, err
}
