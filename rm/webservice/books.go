package webservice

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"smartlink/contracts"
	"smartlink/internal/clock"
	"smartlink/rm/ledger"
)

// books are RM's books as the rules read them. They implement desk.Books.
type books struct{ *Writer }

// Stored reads a record, without the marker of the call that wrote it.
func (b books) Stored(ctx context.Context, t *contracts.Table, key ...int64) (*contracts.Record, error) {
	for _, o := range b.objects {
		if o.table == t {
			r, err := b.readRecord(ctx, o, key)
			if r != nil {
				o.strip(r)
			}
			return r, err
		}
	}
	return nil, fmt.Errorf("RM has no records of %s", t.Name)
}

// readRecord reads a record as it stands in RM; nil when there is none.
func (w *Writer) readRecord(ctx context.Context, o *object, key []int64) (*contracts.Record, error) {
	if o.root == "" {
		return w.readEntry(ctx, key)
	}
	text, err := w.host.read(ctx, "ReadRecord", o.system, key[0], param{"DataServerName", o.server}, param{"PrimaryKey", joined(key)})
	if err != nil {
		return nil, err
	}
	return w.decodeRecord(o, text)
}

// view reads rows of a data server. What it leaves out, the user may not see.
func (w *Writer) view(ctx context.Context, server, system string, company int64, table, filter string) ([]row, error) {
	text, err := w.host.read(ctx, "ReadView", system, company, param{"DataServerName", server}, param{"Filtro", filter})
	if err != nil {
		return nil, err
	}
	rows, err := parseDataSet(text)
	if err != nil {
		return nil, unreadable("RM's view "+server, err)
	}
	return of(rows, table), nil
}

// masterTable says how a table of the master data is read.
type masterTable struct {
	company bool   // its rows belong to companies
	code    string // column of its code; empty: the company is the code
	number  bool   // the code is a number
}

var masterTables = map[string]masterTable{
	"GCOLIGADA": {company: true}, "GFILIAL": {true, "CODFILIAL", true}, "FCFO": {true, "CODCFO", false}, "FTDO": {true, "CODTDO", false},
	"FCXA": {true, "CODCXA", false}, "GMOEDA": {false, "SIMBOLO", false}, "GDEPTO": {true, "CODDEPARTAMENTO", false},
	"CHISTP": {true, "CODHISTP", false}, "SLCONTAGERENCIAL": {true, "CODGERENCIAL", false}, "GCCUSTO": {true, "CODCCUSTO", false},
	"TTBORCAMENTO": {true, "CODTBORCAMENTO", false}, "CCONTA": {true, "CODCONTA", false}, "CLOTE": {true, "CODLOTE", true},
	"SLFECHAMENTO": {true, "MODULO", false},
}

// LookUp answers what RM says of codes.
func (b books) LookUp(ctx context.Context, parts []ledger.Part) ([]ledger.Answer, error) {
	answers := make([]ledger.Answer, len(parts))
	for i, p := range parts {
		if a, ok := b.checked.get(p); ok {
			answers[i] = a
			continue
		}
		a, keep, err := b.lookUp(ctx, p)
		if err != nil {
			return nil, err
		}
		if keep {
			b.checked.put(p, a)
		}
		answers[i] = a
	}
	return answers, nil
}

// lookUp asks RM for one part. keep says that the answer lets a command pass: RM judges again when it saves, so it
// need not be new. What refuses one is asked for each time, since somebody may just have mended it.
func (b books) lookUp(ctx context.Context, p ledger.Part) (a ledger.Answer, keep bool, err error) {
	switch p.What {
	case ledger.AnyCentre:
		for _, company := range slices.Compact([]int64{p.Company, 0}) {
			p := ledger.Part{What: "GCCUSTO", Company: company, Code: p.Code}
			if a, keep, err = b.lookUp(ctx, p); err != nil || a.Valid {
				return a, keep, err
			}
		}
		return a, false, nil
	case ledger.BatchFrom, ledger.BatchTo:
		rows, open, err := b.masterRows(ctx, "CLOTE", p.Company, p.Code)
		if err != nil || open || len(rows) == 0 {
			return ledger.Answer{}, false, err
		}
		column := "DATAINICIO"
		if p.What == ledger.BatchTo {
			column = "DATAFIM"
		}
		d, err := rows[0].date(column)
		return ledger.DateIs(d), false, err
	case ledger.ClosedFinance:
		return b.closedUpTo(ctx, p.Company, "F")
	case ledger.ClosedAccounting:
		return b.closedUpTo(ctx, p.Company, "C")
	case ledger.InPeriod:
		return b.inPeriod(ctx, p)
	case ledger.Settlement:
		return b.settlement(ctx, p)
	}
	rows, open, err := b.masterRows(ctx, p.What, p.Company, p.Code)
	switch {
	case err != nil:
		return ledger.Answer{}, false, err
	case open:
		return passing(p.What), true, nil
	case len(rows) == 0:
		return ledger.Answer{}, false, nil
	}
	a = rows[0].flags(p.What)
	if p.What == "CCONTA" { // one that wants an apportionment refuses commands, too
		return a, a == ledger.AccountIs(true, true, false), nil
	}
	return a, a == passing(p.What), nil
}

// passing is the answer that lets every command pass.
func passing(what string) ledger.Answer {
	switch what {
	case "GCCUSTO", "TTBORCAMENTO":
		return ledger.PostingIs(true, true)
	case "CCONTA":
		return ledger.AccountIs(true, true, false)
	}
	return ledger.ActiveIs(true)
}

// flags reads what a row says of its code. A flag that is not there is one that lets it pass.
func (r row) flags(what string) ledger.Answer {
	switch what {
	case "GCCUSTO":
		return ledger.PostingIs(r.is("ATIVO", true), r.is("PERMITELANC", true))
	case "TTBORCAMENTO":
		return ledger.PostingIs(!r.is("INATIVO", false), r.is("SINTETICOANALITICO", true))
	case "CCONTA":
		return ledger.AccountIs(!r.is("INATIVA", false), r.is("ANALITICA", true), r.is("RATEIO", false))
	}
	return ledger.ActiveIs(r.is("ATIVO", true))
}

// is reads a flag.
func (r row) is(column string, otherwise bool) bool {
	switch strings.ToLower(strings.TrimSpace(r.cells[column])) {
	case "":
		return otherwise
	case "t", "1", "true", "s":
		return true
	}
	return false
}

func (r row) date(column string) (contracts.Date, error) {
	text := strings.TrimSpace(r.cells[column])
	if text == "" {
		return "", nil
	}
	d, err := contracts.ParseDate(text)
	if err != nil {
		return "", fmt.Errorf("RM's %s.%s holds %q: %w", r.table, column, contracts.Excerpt(text), err)
	}
	return d, nil
}

// masterRows reads the rows of a code. open says that the table is left to RM.
func (b books) masterRows(ctx context.Context, table string, company int64, code string) (rows []row, open bool, err error) {
	server := b.cfg.DataServers[table]
	if server == "" {
		return nil, true, nil
	}
	t, ok := masterTables[table]
	if !ok {
		return nil, false, fmt.Errorf("no data server is known for %s", table)
	}
	f := newFilter(table)
	if t.company {
		f.number("CODCOLIGADA", company)
	}
	switch {
	case t.number:
		n, err := strconv.ParseInt(code, 10, 64)
		if err != nil {
			return nil, false, err
		}
		f.number(t.code, n)
	case t.code != "":
		f.text(t.code, code)
	}
	rows, err = b.view(ctx, server, systemOf(table), cmp.Or(company, b.cfg.Company), table, f.String())
	return rows, false, err
}

// systemOf is the module in whose name a table is read.
func systemOf(table string) string {
	if strings.HasPrefix(table, "C") || table == "GCCUSTO" || table == "SLCONTAGERENCIAL" {
		return "C"
	}
	return "F"
}

// closedUpTo answers the last closing date of a module.
func (b books) closedUpTo(ctx context.Context, company int64, module string) (ledger.Answer, bool, error) {
	rows, open, err := b.masterRows(ctx, "SLFECHAMENTO", company, module)
	if err != nil || open {
		return ledger.Answer{}, open, err
	}
	last := contracts.Date("")
	for _, r := range rows {
		d, err := r.date("DATAFECHAMENTO")
		if err != nil {
			return ledger.Answer{}, false, err
		}
		last = max(last, d)
	}
	return ledger.DateIs(last), false, nil
}

func (b books) inPeriod(ctx context.Context, p ledger.Part) (ledger.Answer, bool, error) {
	rows, open, err := b.masterRows(ctx, "SLFECHAMENTO", p.Company, "C")
	if err != nil || open {
		return ledger.TrueIs(true), open, err
	}
	for _, r := range rows {
		from, err := r.date("DATAINICIO")
		if err != nil {
			return ledger.Answer{}, false, err
		}
		to, err := r.date("DATAFIM")
		if err != nil {
			return ledger.Answer{}, false, err
		}
		if d := contracts.Date(p.Code); from <= d && d <= to {
			return ledger.TrueIs(true), true, nil
		}
	}
	return ledger.TrueIs(false), false, nil
}

// settlement finds the financial entry whose settlement made a statement entry.
func (b books) settlement(ctx context.Context, p ledger.Part) (ledger.Answer, bool, error) {
	id, err := strconv.ParseInt(p.Code, 10, 64)
	if err != nil {
		return ledger.Answer{}, false, err
	}
	o := b.objects[financeServer]
	keys, err := b.keysOf(ctx, o, p.Company, newFilter(o.table.Name).number("CODCOLXCX", p.Company).number("IDXCX", id).String())
	if err != nil || len(keys) == 0 {
		return ledger.Answer{}, false, err
	}
	return ledger.KeyIs(joined(keys[0])), false, nil
}

// keysOf lists the records that a filter finds, the lowest key first.
func (w *Writer) keysOf(ctx context.Context, o *object, company int64, filter string) ([][]int64, error) {
	rows, err := w.view(ctx, o.server, o.system, company, o.rows(), filter)
	if err != nil {
		return nil, err
	}
	var keys [][]int64
	for _, r := range rows {
		var parts []string
		for _, f := range o.table.Keys() {
			parts = append(parts, strings.TrimSpace(r.cells[f.Column]))
		}
		key, ok := o.parseKey(strings.Join(parts, ";"))
		if !ok {
			return nil, fmt.Errorf("RM's view %s has a row whose key is %q", o.server, strings.Join(parts, ";"))
		}
		keys = append(keys, key)
	}
	slices.SortFunc(keys, slices.Compare)
	return slices.CompactFunc(keys, slices.Equal), nil
}

// rows is what a view calls the rows of an object.
func (o *object) rows() string {
	if o.table == contracts.CLANCAMENTO {
		return "CLANCAMENTO_CPARTIDA"
	}
	return o.table.Name
}

// CustomColumns lists the columns that the configuration names.
func (b books) CustomColumns(_ context.Context, table string) ([]ledger.CustomColumn, error) {
	return b.customColumns(table), nil
}

func (w *Writer) customColumns(table string) []ledger.CustomColumn {
	var list []ledger.CustomColumn
	for _, name := range slices.Sorted(maps.Keys(w.cfg.Custom[table])) {
		list = append(list, ledger.CustomColumn{Name: name, Size: w.cfg.Custom[table][name]})
	}
	return list
}

// cache keeps answers that let commands pass, for a while.
type cache struct {
	clock clock.Clock

	mu      sync.Mutex
	answers map[ledger.Part]ledger.Answer
	since   time.Duration // of the oldest
}

// Bounds of the cache.
const (
	cacheFor = time.Minute
	cacheMax = 10_000
)

func (c *cache) get(p ledger.Part) (ledger.Answer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clock.Elapsed()-c.since > cacheFor {
		return ledger.Answer{}, false
	}
	a, ok := c.answers[p]
	return a, ok
}

func (c *cache) put(p ledger.Part, a ledger.Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.clock.Elapsed(); c.answers == nil || now-c.since > cacheFor || len(c.answers) >= cacheMax {
		c.answers, c.since = map[ledger.Part]ledger.Answer{}, now
	}
	c.answers[p] = a
}
