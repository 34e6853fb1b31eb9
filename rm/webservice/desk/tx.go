package desk

import (
	"context"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/internal/sqldb"
	"smartlink/rm/ledger"
)

// deskTx is what the consumer works with: the sheet, and the books' master data.
type deskTx struct {
	*run
	memo sqldb.Memo
	err  error // the first of the books' own
}

var (
	_ consumer.Tx         = (*deskTx)(nil)
	_ ledger.Master       = (*deskTx)(nil)
	_ ledger.CustomValues = (*deskTx)(nil)
)

// Memo keeps what was asked, so that it is asked once.
func (t *deskTx) Memo() *sqldb.Memo { return &t.memo }

// LookUp asks the books.
func (t *deskTx) LookUp(ctx context.Context, parts []ledger.Part) ([]ledger.Answer, error) {
	answers, err := t.books.LookUp(ctx, parts)
	return answers, t.fault(err)
}

// CustomColumns asks the books.
func (t *deskTx) CustomColumns(ctx context.Context, table string) ([]ledger.CustomColumn, error) {
	columns, err := t.books.CustomColumns(ctx, table)
	return columns, t.fault(err)
}

// fault remembers the first error, which consumers only know how to write down.
func (t *deskTx) fault(err error) error {
	if t.err == nil {
		t.err = err
	}
	return err
}

// SaveCustom takes custom columns.
func (t *deskTx) SaveCustom(_ string, values []ledger.CustomValue) { t.custom.saved = values }

// ClearCustom clears all of them.
func (t *deskTx) ClearCustom(string) { t.custom.cleared = true }

// custom is what became of the custom columns of the record.
type custom struct {
	saved   []ledger.CustomValue
	cleared bool
}

// over answers the custom columns of the result: what was stored, with what was written over it.
func (c custom) over(stored *contracts.Record) []contracts.Extra {
	var extras []contracts.Extra
	at := map[string]int{} // by folded name
	put := func(name string, v contracts.Value) {
		folded := contracts.FoldName(name)
		i, ok := at[folded]
		if !ok {
			i = len(extras)
			at[folded] = i
			extras = append(extras, contracts.Extra{Name: name})
		}
		extras[i].Value = v
	}
	if stored != nil {
		for _, x := range stored.Extras() {
			v := x.Value
			if c.cleared {
				v = contracts.Value{State: contracts.Null}
			}
			put(x.Name, v)
		}
	}
	for _, s := range c.saved {
		v := contracts.Value{State: contracts.Null}
		if s.Value.Valid {
			v = contracts.String(s.Value.String)
		}
		put(s.Column.Name, v)
	}
	return extras
}
