package rmtest

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"reflect"
	"slices"
	"sync"

	"smartlink/consumer"
	"smartlink/consumer/consumertest"
	"smartlink/contracts"
	"smartlink/rm/ledger"
	"smartlink/rm/webservice/desk"
)

// reference are the reference schema's books as somebody else's, for a desk. It has queries of its own.
type reference struct{ tx consumer.Tx }

// flags are how the master data of a table are asked for: the column of the code, and what its flags are.
var flags = map[string]struct{ code, is string }{
	"GFILIAL": {"CODFILIAL", "ATIVO"}, "FCFO": {"CODCFO", "ATIVO"}, "FTDO": {"CODTDO", "ATIVO"}, "FCXA": {"CODCXA", "ATIVO"}, "GDEPTO": {"CODDEPARTAMENTO", "ATIVO"},
	"CHISTP": {"CODHISTP", "ATIVO"}, "SLCONTAGERENCIAL": {"CODGERENCIAL", "ATIVO"}, "CLOTE": {"CODLOTE", "ATIVO"}, "GCCUSTO": {"CODCCUSTO", "ATIVO, PERMITELANC"},
	"TTBORCAMENTO": {"CODTBORCAMENTO", "INATIVO, SINTETICOANALITICO"}, "CCONTA": {"CODCONTA", "INATIVA, ANALITICA, RATEIO"},
}

// LookUp answers master data, part by part.
func (r reference) LookUp(ctx context.Context, parts []ledger.Part) ([]ledger.Answer, error) {
	answers := make([]ledger.Answer, len(parts))
	for i, p := range parts {
		if p.What != "GMOEDA" && p.What != "GCOLIGADA" && p.Code == "" && p.What != ledger.ClosedFinance && p.What != ledger.ClosedAccounting {
			return nil, fmt.Errorf("asked for %q without a code", p.What)
		}
		var err error
		if answers[i], err = r.lookUp(ctx, p); err != nil {
			return nil, fmt.Errorf("%+v: %w", p, err)
		}
	}
	return answers, nil
}

func (r reference) lookUp(ctx context.Context, p ledger.Part) (ledger.Answer, error) {
	var found []map[string]any
	var err error
	query := func(query string, args ...any) {
		if err == nil {
			found, err = Query(ctx, r.tx, query, args...)
		}
	}
	is := func(column string, value any) bool { return len(found) > 0 && found[0][column] == value }
	date := func(column string) ledger.Answer {
		if err != nil || len(found) == 0 || found[0][column] == nil {
			return ledger.Answer{}
		}
		return ledger.DateIs(contracts.Date(found[0][column].(string)))
	}
	switch p.What {
	case "GCOLIGADA":
		query(`SELECT ATIVO FROM GCOLIGADA WHERE CODCOLIGADA = ?`, p.Company)
	case "GMOEDA":
		query(`SELECT ATIVO FROM GMOEDA WHERE SIMBOLO = ?`, p.Code)
	case ledger.BatchFrom:
		query(`SELECT DATAINICIO FROM CLOTE WHERE CODCOLIGADA = ? AND CAST(CODLOTE AS VARCHAR(9)) = ?`, p.Company, p.Code)
		return date("DATAINICIO"), err
	case ledger.BatchTo:
		query(`SELECT DATAFIM FROM CLOTE WHERE CODCOLIGADA = ? AND CAST(CODLOTE AS VARCHAR(9)) = ?`, p.Company, p.Code)
		return date("DATAFIM"), err
	case ledger.ClosedFinance, ledger.ClosedAccounting:
		module := map[string]string{ledger.ClosedFinance: "F", ledger.ClosedAccounting: "C"}[p.What]
		query(`SELECT DATAFECHAMENTO FROM SLFECHAMENTO WHERE CODCOLIGADA = ? AND MODULO = ? AND DATAFECHAMENTO IS NOT NULL ORDER BY DATAFECHAMENTO DESC`, p.Company, module)
		return date("DATAFECHAMENTO"), err
	case ledger.InPeriod:
		query(`SELECT 1 AS N FROM SLFECHAMENTO WHERE CODCOLIGADA = ? AND MODULO = 'C' AND DATAINICIO <= ? AND DATAFIM >= ?`, p.Company, p.Code, p.Code)
		return ledger.TrueIs(len(found) > 0), err
	case ledger.Settlement:
		query(`SELECT CONCAT(CODCOLIGADA, ';', IDLAN) AS ID FROM FLAN WHERE CODCOLXCX = ? AND CAST(IDXCX AS VARCHAR(20)) = ? ORDER BY 1`, p.Company, p.Code)
		if err != nil || len(found) == 0 {
			return ledger.Answer{}, err
		}
		return ledger.KeyIs(found[0]["ID"].(string)), nil
	default:
		table := p.What
		if p.What == ledger.AnyCentre {
			table = "GCCUSTO"
		}
		f, ok := flags[table]
		if !ok {
			return ledger.Answer{}, errors.New("nobody knows how to answer that")
		}
		ask := `SELECT ` + f.is + ` FROM ` + table + ` WHERE CODCOLIGADA = ? AND CAST(` + f.code + ` AS VARCHAR(60)) = ?`
		query(ask, p.Company, p.Code)
		if p.What == ledger.AnyCentre && len(found) == 0 {
			query(ask, 0, p.Code)
		}
	}
	switch {
	case err != nil || len(found) == 0:
		return ledger.Answer{}, err
	case p.What == ledger.AnyCentre || p.What == "GCCUSTO":
		return ledger.PostingIs(is("ATIVO", "T"), is("PERMITELANC", "T")), nil
	case p.What == "TTBORCAMENTO":
		return ledger.PostingIs(is("INATIVO", int64(0)), is("SINTETICOANALITICO", int64(1))), nil
	case p.What == "CCONTA":
		return ledger.AccountIs(is("INATIVA", int64(0)), is("ANALITICA", int64(1)), is("RATEIO", int64(1))), nil
	}
	return ledger.ActiveIs(is("ATIVO", "T")), nil
}

// customs are the tables of custom columns.
var customs = map[string]ledger.Custom{"FLANCOMPL": ledger.EntryCustom, "FXCXCOMPL": ledger.StatementCustom}

// CustomColumns lists those of the reference schema.
func (r reference) CustomColumns(ctx context.Context, table string) ([]ledger.CustomColumn, error) {
	columns, err := customs[table].Columns(ctx, r.tx)
	return slices.Collect(maps.Values(columns)), err
}

// Stored reads a record with all that belongs to it.
func (r reference) Stored(ctx context.Context, t *contracts.Table, key ...int64) (*contracts.Record, error) {
	whole, err := ledger.LoadWhole(ctx, r.tx, t, key...)
	if err != nil || whole == nil {
		return nil, err
	}
	keys := t.Keys()
	for i := range t.Fields {
		if t.Fields[i].Kind != contracts.Open {
			continue
		}
		table := t.Fields[i].Column
		columns, err := customs[table].Columns(ctx, r.tx)
		if err != nil {
			return nil, err
		}
		// A text of its own for each form of the table: PostgreSQL keeps the plan of one, which must not change.
		query := fmt.Sprintf(`SELECT * FROM %s WHERE CODCOLIGADA = ? AND %s = ? /* with %d columns */`, table, keys[1].Column, len(columns))
		rows, err := Query(ctx, r.tx, query, key[0], key[1])
		if err != nil {
			return nil, err
		}
		var extras []contracts.Extra
		for _, row := range rows {
			delete(row, keys[0].Column)
			delete(row, keys[1].Column)
			for _, name := range slices.Sorted(maps.Keys(row)) {
				x := contracts.Extra{Name: name, Value: contracts.Value{State: contracts.Null}}
				if text, ok := row[name].(string); ok {
					x.Value = contracts.String(text)
				}
				extras = append(extras, x)
			}
		}
		whole.SetExtras(extras)
	}
	return whole, nil
}

// desks is the one desk of all books.
var desks = sync.OnceValues(func() (*desk.Desk, error) { return desk.Open(context.Background()) })

// both is what came of a message at a desk, to be compared with what comes of it in the books.
type both struct {
	desk.Result
	err  error
	left bool // it was not tried at a desk
}

// atDesk gives a message to its consumer at a desk, which reads the books through tx and writes nothing there; of
// several messages one, the same ones in every run.
func atDesk(ctx context.Context, tx consumer.Tx, c consumer.Consumer, body string, of uint32) both {
	if crc32.ChecksumIEEE([]byte(body))%of != 0 {
		return both{left: true}
	}
	d, err := desks()
	if err != nil {
		return both{err: err}
	}
	r, err := d.Run(ctx, c, execution(c, body), reference{tx}, &lines{})
	return both{Result: r, err: err}
}

// differs says where the two ways differ: the books' outcome, what stands there afterwards, seen through tx.
func (at both) differs(ctx context.Context, tx consumer.Tx, c consumer.Consumer, body string, result consumertest.Result) []string {
	if at.left {
		return nil
	}
	if at.err != nil {
		return []string{fmt.Sprintf("at a desk: %v", at.err)}
	}
	var wrong []string
	compare := func(what string, books, desk any) {
		if !reflect.DeepEqual(books, desk) {
			wrong = append(wrong, fmt.Sprintf("%s at a desk: %v, in the books: %v", what, desk, books))
		}
	}
	compare("outcome", result.Kind, at.Outcome.Kind)
	compare("errors", result.Errors, at.Outcome.Errors)
	compare("warnings", result.Warnings, at.Outcome.Warnings)
	if result.Kind != consumer.KindDone || at.Record == nil {
		compare("a record", result.Kind == consumer.KindDone, at.Record != nil)
		return wrong
	}
	command := contracts.CommandOf(c.Type())
	var key []int64
	keys := map[string]any{}
	for _, f := range command.Table.Keys() {
		id, _ := result.Keys[f.Name].(int64)
		key = append(key, id)
		keys[f.Name] = id
		if f.Generated && command.Insert {
			keys[f.Name] = int64(-1)
		}
	}
	compare("keys", keys, at.Outcome.Keys)
	whole, err := reference{tx}.Stored(ctx, command.Table, key...)
	if err != nil || whole == nil {
		return append(wrong, fmt.Sprintf("read what was booked: %v, %v", whole, err))
	}
	books, desk := map[string]string{}, map[string]string{}
	given, _ := command.Decode([]byte(body))
	unborn(whole, nil, given, command.Insert, command.Insert)
	flatten(whole, "", books)
	flatten(at.Record, "", desk)
	for name := range maps.Keys(books) {
		if desk[name] != books[name] {
			wrong = append(wrong, fmt.Sprintf("%s at a desk: %q, in the books: %q", name, desk[name], books[name]))
		}
	}
	compare("fields", len(books), len(desk))
	return wrong
}

// unborn takes the ids that the books have given out of a record: of a new one, and of rows that the message
// has and names no id of. given is the message's record, nil where it says nothing of it.
func unborn(r, parent, given *contracts.Record, isNew, all bool) {
	for i := range r.Table.Fields {
		switch f := &r.Table.Fields[i]; {
		case f.Generated && isNew:
			r.Set(f.Name, contracts.Int(-1))
		case f.FromParent:
			r.Set(f.Name, parent.Value(f.Name))
		case f.Column == "LCTREF" && all:
			r.Set(f.Name, contracts.Value{})
		}
	}
	for i := range r.Table.Fields {
		f := &r.Table.Fields[i]
		if f.Kind != contracts.List {
			continue
		}
		for _, row := range r.Rows(f.Name) {
			said := given != nil && given.State(f.Name) != contracts.Absent
			var named *contracts.Record
			if said {
				named = sameRow(row, given.Rows(f.Name))
			}
			unborn(row, r, named, isNew || said && named == nil, all)
		}
	}
}

// flatten writes a record with its rows, field by field.
func flatten(r *contracts.Record, at string, into map[string]string) {
	for i := range r.Table.Fields {
		f := &r.Table.Fields[i]
		switch f.Kind {
		case contracts.List:
			for n, row := range r.Rows(f.Name) {
				flatten(row, fmt.Sprintf("%s/%s/%d", at, f.Name, n), into)
			}
		case contracts.Open:
			for _, x := range r.Extras() {
				if x.Value.State == contracts.Present {
					into[at+"/"+f.Name+"/"+contracts.FoldName(x.Name)] = x.Value.Text
				}
			}
		default:
			into[at+"/"+f.Name] = r.Display(f.Name)
		}
	}
}

// sameRow is the one of some rows that has the id of another.
func sameRow(row *contracts.Record, rows []*contracts.Record) *contracts.Record {
	for _, other := range rows {
		for _, key := range row.Table.Keys() {
			if other.Int(key.Name) == row.Int(key.Name) {
				return other
			}
		}
	}
	return nil
}
