package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"smartlink/contracts"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqlopen"
	"smartlink/link"
	"smartlink/rm/books"
	"smartlink/rm/ledger"
)

// booksFlags are what all commands that show the books take.
type booksFlags struct {
	Database string `help:"Books: a SQLite file, or an address as in 'agent run'." default:"rm.db" env:"SMARTLINK_AGENT_DATABASE,SMARTLINK_DATABASE" placeholder:"FILE-OR-URL"`
	JSON     bool   `name:"json" help:"Print JSON for scripts."`
}

// read opens the books and lets f see one state of them.
func (b *booksFlags) read(ctx context.Context, f func(q books.Querier) error) (err error) {
	if there, err := sqlopen.Exists(b.Database); err != nil || !there { // SQLite would make an empty file
		return errors.Join(err, link.NewError(link.CodeNotFound, "what", b.Database))
	}
	db, err := sqlopen.Open(ctx, b.Database, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := checkBooks(ctx, db); err != nil {
		return err
	}
	return books.Snapshot(ctx, db, f)
}

// checkBooks refuses a file without the reference schema, or with an older one.
func checkBooks(ctx context.Context, db *sql.DB) error {
	if err := ledger.CheckReference(ctx, db); err != nil {
		return err
	}
	tables, err := sqldb.Tables(ctx, db)
	if err != nil {
		return err
	}
	if !sqldb.Own(tables)["CPARTIDA"] {
		return errors.New("the books are of an older version: run smartlink rm seed")
	}
	return nil
}

// period is a span of dates on the command line.
type period struct {
	From string `help:"First date, YYYY-MM-DD." placeholder:"DATE"`
	To   string `help:"Last date, YYYY-MM-DD." placeholder:"DATE"`
}

func (p period) dates() (from, to contracts.Date, err error) {
	for _, d := range []struct {
		name, text string
		into       *contracts.Date
	}{{"--from", p.From, &from}, {"--to", p.To, &to}} {
		if d.text == "" {
			continue
		}
		if *d.into, err = contracts.ParseDate(d.text); err != nil {
			return "", "", fmt.Errorf("%s %s: %w", d.name, d.text, err)
		}
	}
	return from, to, nil
}

// page is the part of a long list that is shown.
type page struct {
	Limit int    `help:"Items at most." default:"100"`
	After string `help:"Go on after this; the list before says after what." placeholder:"CURSOR"`
}

func (p page) check() error {
	if p.Limit < 1 || p.Limit > 10_000 {
		return fmt.Errorf("--limit %d: from 1 to 10000", p.Limit)
	}
	return nil
}

// more tells how to go on.
func (e *env) more(next string) {
	if next != "" {
		fmt.Fprintf(e.out, "there are more: go on with --after '%s'\n", next)
	}
}

type rmTrialCmd struct {
	booksFlags
	period
	Company   int64 `help:"Company." default:"1"`
	Branch    int64 `help:"Only this branch."`
	Batch     int64 `help:"Only this batch; below zero: all." default:"-1"`
	Synthetic bool  `help:"Also the accounts that sum."`
}

// Help shows an example.
func (*rmTrialCmd) Help() string {
	return "Example: smartlink rm trial-balance --database rm.db --company 1 --from 2026-03-01 --to 2026-03-31\nExit code 1 when it does not tie."
}

var errNotTied = errors.New("the books do not tie")

// Run prints the trial balance.
func (c *rmTrialCmd) Run(e *env) error {
	from, to, err := c.dates()
	if err != nil {
		return err
	}
	var t *books.Trial
	err = c.read(e.ctx, func(q books.Querier) (err error) {
		t, err = books.TrialBalance(e.ctx, q, books.TrialQuery{Company: c.Company, Branch: c.Branch, Batch: c.Batch, From: from, To: to, Synthetic: c.Synthetic})
		return err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(e.out, t)
	} else {
		err = books.PrintTrial(e.out, t)
	}
	if err == nil && !t.Ties() {
		return errNotTied
	}
	return err
}

type rmEntriesCmd struct {
	booksFlags
	period
	page
	Company int64  `help:"Only this company."`
	Kind    string `help:"Only this kind: FLAN (financial), FXCX (cash statement) or CLANCAMENTO (accounting)." enum:",FLAN,FXCX,CLANCAMENTO" default:""`
}

// Help shows an example.
func (*rmEntriesCmd) Help() string {
	return "Example: smartlink rm entries --database rm.db --kind FLAN --from 2026-03-01"
}

// Run prints a page of entries.
func (c *rmEntriesCmd) Run(e *env) error {
	from, to, err := c.dates()
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return err
	}
	var list *books.Entries
	err = c.read(e.ctx, func(q books.Querier) (err error) {
		list, err = books.ListEntries(e.ctx, q, books.EntriesQuery{
			Company: c.Company, Kind: books.Kind(c.Kind), From: from, To: to, After: c.After, Limit: c.Limit,
		})
		return err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(e.out, list)
	}
	rows := make([][]string, len(list.Items))
	for i, x := range list.Items {
		rows[i] = []string{string(x.Kind), x.Key, string(x.Date), x.Document, x.Amount.String(), x.State, x.Text}
	}
	if err := table(e.out, []string{"KIND", "KEY", "DATE", "DOCUMENT", "AMOUNT", "STATE", "TEXT"}, rows); err != nil {
		return err
	}
	e.more(list.Next)
	return nil
}

type rmStatementCmd struct {
	booksFlags
	period
	page
	Cash    string `arg:"" help:"Cash account, e.g. 001."`
	Company int64  `help:"Company of the cash account." default:"1"`
}

// Help shows an example.
func (*rmStatementCmd) Help() string {
	return "Example: smartlink rm statement 001 --database rm.db --company 1 --from 2026-03-01"
}

// Run prints a cash account's statement.
func (c *rmStatementCmd) Run(e *env) error {
	from, to, err := c.dates()
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return err
	}
	var s *books.Statement
	err = c.read(e.ctx, func(q books.Querier) (err error) {
		s, err = books.CashStatement(e.ctx, q, books.StatementQuery{Company: c.Company, Cash: c.Cash, From: from, To: to, After: c.After, Limit: c.Limit})
		return err
	})
	if err != nil {
		return err
	}
	if s == nil {
		return fmt.Errorf("company %d has no cash account %s", c.Company, c.Cash)
	}
	if c.JSON {
		return printJSON(e.out, s)
	}
	rows := [][]string{{"", "", "", "", s.Opening.String(), "", "opening balance"}}
	for _, m := range s.Movements {
		rows = append(rows, []string{string(m.Date), m.Key, m.Document, m.Amount.String(), m.Balance.String(), m.State, m.History})
	}
	rows = append(rows, []string{"", "", "", "", s.Closing.String(), "", "closing balance"})
	fmt.Fprintf(e.out, "%d;%s %s\n", s.Company, s.Cash, s.Name)
	if err := table(e.out, []string{"DATE", "KEY", "DOCUMENT", "AMOUNT", "BALANCE", "STATE", "TEXT"}, rows); err != nil {
		return err
	}
	e.more(s.Next)
	return nil
}

type rmEntryCmd struct {
	booksFlags
	ID string `arg:"" help:"Key as the answer gave it, 1;5 (quoted) or 1/5; of an accounting entry with its batch, 1;10;5."`
}

// Help shows an example.
func (*rmEntryCmd) Help() string {
	return "Example: smartlink rm entry '1;10;5' --database rm.db\nA key of two parts may name a financial and a statement entry; both are shown."
}

// Run prints every entry of the key.
func (c *rmEntryCmd) Run(e *env) error {
	key, err := books.ParseKey(c.ID)
	if err != nil {
		return err
	}
	var found []books.Full
	err = c.read(e.ctx, func(q books.Querier) (err error) {
		found, err = books.Find(e.ctx, q, key)
		return err
	})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("no entry %s", c.ID)
	}
	if c.JSON {
		return printJSON(e.out, found)
	}
	for i, f := range found {
		if i > 0 {
			fmt.Fprintln(e.out)
		}
		if err := printEntry(e, f); err != nil {
			return err
		}
	}
	return nil
}

func printEntry(e *env, f books.Full) error {
	fmt.Fprintf(e.out, "%s %s\n", f.Kind, f.Key)
	rows := make([][]string, len(f.Fields))
	for i, c := range f.Fields {
		rows[i] = []string{"  " + c.Name, c.Value, c.Meaning}
	}
	if err := table(e.out, []string{"  COLUMN", "VALUE", "MEANING"}, rows); err != nil {
		return err
	}
	for _, r := range f.Rows {
		fmt.Fprintf(e.out, "  %s %s\n", f.RowsOf, oneLine(r.Fields))
		for _, below := range r.Rows {
			fmt.Fprintf(e.out, "    CRATEIOLC %s\n", oneLine(below.Fields))
		}
	}
	if f.Balance != nil {
		fmt.Fprintf(e.out, "  debits %s, credits %s\n", f.Balance.Debit, f.Balance.Credit)
	}
	return nil
}

func oneLine(columns []books.Column) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = c.Name + "=" + c.Value
	}
	return strings.Join(parts, " ")
}
