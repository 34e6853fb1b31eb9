package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"smartlink/internal/sqldb"
	"smartlink/internal/sqlopen"
	"smartlink/rm/ledger"
	"smartlink/rm/schema"
)

type rmCmd struct {
	Seed         rmSeedCmd      `cmd:"" help:"Make the reference schema and its master data, or bring them up to date."`
	Host         rmHostCmd      `cmd:"" help:"Run a stand-in for the web services of a live RM, to develop against."`
	Check        rmCheckCmd     `cmd:"" help:"Look whether a live RM can be worked with by its web services."`
	TrialBalance rmTrialCmd     `cmd:"" help:"Show the trial balance: per account opening, debits, credits, closing."`
	Entries      rmEntriesCmd   `cmd:"" help:"List financial, statement and accounting entries."`
	Statement    rmStatementCmd `cmd:"" help:"Show a cash account's statement with its balance."`
	Entry        rmEntryCmd     `cmd:"" help:"Show one entry in full."`
}

type rmSeedCmd struct {
	Database string `help:"Books, with the agent's inbox: a SQLite file, or an address as in 'agent run'; default rm.db." default:"rm.db" env:"SMARTLINK_AGENT_DATABASE,SMARTLINK_DATABASE" placeholder:"FILE-OR-URL"`
}

// Help shows an example.
func (*rmSeedCmd) Help() string {
	return "Example: smartlink rm seed --database rm.db"
}

func (c *rmSeedCmd) Run(e *env) (err error) {
	db, err := sqlopen.Open(e.ctx, c.Database, sqldb.MigrateConns)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := prepareBooks(e.ctx, db); err != nil {
		return err
	}
	if err := schema.Seed(e.ctx, db); err != nil {
		return err
	}
	fmt.Fprintf(e.out, "%s holds the reference schema and its master data\n", sqlopen.Redact(c.Database))
	return nil
}

// prepareBooks makes the reference schema, or brings it up to date, and refuses a live RM's.
func prepareBooks(ctx context.Context, db *sql.DB) error {
	if err := schema.Migrate(ctx, db); err != nil {
		return err
	}
	return ledger.CheckReference(ctx, db)
}
