package rmhost

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/rm/ledger"
)

// object is a record that data sets save: a head, perhaps rows under it, and columns of the customer.
type object struct {
	root, head, id string
	rows, rowID    string // empty: none
	custom         string
	nextID         func(ctx context.Context, tx consumer.Tx, company int64) (int64, error)
	nextRows       func(ctx context.Context, tx consumer.Tx, company, id int64, n int) (int64, error)
	complete       func(whole, given row)
	judge          func(ctx context.Context, b *books, r *record) error
}

var objects map[string]object

func init() { // judge leads back to the table
	objects = map[string]object{
		"FinLanDataBR": {
			root: "FinLAN", head: "FLAN", id: "IDLAN", rows: "FLANRATCCU", rowID: "IDRATCCU", custom: "FLANCOMPL",
			nextID: ledger.NextEntryID, nextRows: ledger.NextRowIDs, complete: completeEntry, judge: judgeEntry,
		},
		"FinXCXData": {
			root: "FinXCX", head: "FXCX", id: "IDXCX", custom: "FXCXCOMPL",
			nextID: ledger.NextStatementID, complete: completeStatement, judge: judgeStatement,
		},
	}
}

// record is what a save makes of the books.
type record struct {
	head, stored row // stored: before; nil when new
	rows         []row
	wrong        []string
}

// say notes something that is wrong; all of it is told at once.
func (r *record) say(format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

// refused is everything that is wrong, as one text.
func (r *record) refused() error {
	if len(r.wrong) == 0 {
		return nil
	}
	return refusal("O registro não pôde ser salvo:\n" + strings.Join(r.wrong, "\n"))
}

// saveRecord saves a data set and answers its key.
func (b *books) saveRecord(ctx context.Context, server, text string, c callContext) (string, error) {
	o, ok := objects[server]
	if !ok {
		return "", unknownServer(server)
	}
	root, sent, err := readSet(text)
	if err != nil {
		return "", refusal(err.Error())
	}
	r := &record{}
	read, tables, err := b.readRows(ctx, o, root, sent, r)
	if err != nil || len(r.wrong) > 0 {
		return "", orRefused(err, r)
	}
	head := read[o.head][0]
	company, id := head.int("CODCOLIGADA"), head.int(o.id)
	isNew := id == -1 || id == 0
	if r.head = tables[o.head].fresh(); !isNew {
		if r.stored, err = b.one(ctx, tables[o.head], company, id); err != nil {
			return "", err
		}
		if r.stored == nil {
			return "", refusal(fmt.Sprintf("O registro %d;%d não foi encontrado em %s.", company, id, o.head))
		}
		r.head = maps.Clone(r.stored)
	}
	maps.Copy(r.head, head)
	o.complete(r.head, head)
	b.stamp(tables[o.head], r.head, c.user, isNew)
	gone, err := b.overlayRows(ctx, o, tables, read[o.rows], r)
	if err != nil {
		return "", err
	}
	r.needs(tables[o.head], r.head)
	for _, each := range r.rows {
		r.needs(tables[o.rows], each)
	}
	if err := o.judge(ctx, b, r); err != nil || len(r.wrong) > 0 {
		return "", orRefused(err, r)
	}
	if isNew {
		if id, err = o.nextID(ctx, b, company); err != nil {
			return "", err
		}
		r.head[o.id] = id
	}
	if err := b.put(ctx, tables[o.head], r.head); err != nil {
		return "", err
	}
	if err := b.writeRows(ctx, o, tables, company, id, r.rows, gone); err != nil {
		return "", err
	}
	if custom := read[o.custom]; len(custom) > 0 {
		whole, err := b.one(ctx, tables[o.custom], company, id)
		if err != nil {
			return "", err
		}
		if whole == nil {
			whole = row{}
		}
		maps.Copy(whole, custom[0])
		whole["CODCOLIGADA"], whole[o.id] = company, id
		if err := b.put(ctx, tables[o.custom], whole); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d;%d", company, id), nil
}

func orRefused(err error, r *record) error {
	if err != nil {
		return err
	}
	return r.refused()
}

// readRows reads the rows of a data set by their tables.
func (b *books) readRows(ctx context.Context, o object, root string, sent []given, r *record) (map[string][]row, map[string]*table, error) {
	if root != o.root {
		r.say("O XML é de %s; esperado: %s.", root, o.root)
		return nil, nil, nil
	}
	tables := map[string]*table{}
	for _, name := range []string{o.head, o.rows, o.custom} {
		if name != "" {
			t, err := b.describe(ctx, name)
			if err != nil {
				return nil, nil, err
			}
			tables[name] = t
		}
	}
	read := map[string][]row{}
	for _, g := range sent {
		t := tables[g.table]
		if t == nil {
			r.say("A tabela %s não faz parte de %s.", g.table, o.root)
			continue
		}
		read[g.table] = append(read[g.table], b.readRow(t, g, r))
	}
	if n := len(read[o.head]); n != 1 {
		r.say("O XML tem %d registros de %s; esperado: 1.", n, o.head)
		return read, tables, nil
	}
	if len(read[o.custom]) > 1 {
		r.say("O XML tem %d registros de %s; esperado: 1.", len(read[o.custom]), o.custom)
	}
	head := read[o.head][0]
	if head.int("CODCOLIGADA") == 0 {
		r.say("CODCOLIGADA não foi informada.")
	}
	for _, name := range []string{o.rows, o.custom} {
		for _, child := range read[name] {
			if own := child["CODCOLIGADA"]; own != nil && own != head["CODCOLIGADA"] {
				r.say("%s é de outra coligada.", name)
			}
			if own := child.int(o.id); own != -1 && own != 0 && own != head.int(o.id) {
				r.say("%s é de outro registro: %s=%d.", name, o.id, own)
			}
		}
	}
	return read, tables, nil
}

// readRow reads the columns of a row that are given: a value, or nil where it is cleared.
func (b *books) readRow(t *table, g given, r *record) row {
	read := row{}
	for _, name := range slices.Sorted(maps.Keys(g.fields)) {
		c := t.column(name)
		if c == nil {
			r.say("A coluna %s não existe em %s.", name, t.name)
			continue
		}
		v, err := c.read(g.fields[name], b.culture)
		if err != nil {
			r.say("%s.%s: %s.", t.name, name, err)
			continue
		}
		read[name] = v
	}
	return read
}

// needs notes the columns that must have a value and have none.
func (r *record) needs(t *table, whole row) {
	for _, c := range t.columns {
		if c.needed && !whole.has(c.name) && !slices.Contains(t.keys, c.name) {
			r.say("O campo %s.%s é obrigatório.", t.name, c.name)
		}
	}
}

// stamp notes who saved a record, and when.
func (b *books) stamp(t *table, whole row, user string, isNew bool) {
	set := func(name string, value any) {
		if t.column(name) != nil {
			whole[name] = value
		}
	}
	now, today := contracts.FormatMoment(b.now), string(contracts.DateOf(b.now))
	set("RECMODIFIEDBY", user)
	set("RECMODIFIEDON", now)
	if !isNew {
		set("DATAALTERACAO", today)
		return
	}
	set("RECCREATEDBY", user)
	set("RECCREATEDON", now)
	if !whole.has("DATACRIACAO") {
		set("DATACRIACAO", today)
	}
}

// overlayRows puts the rows of a data set over the stored ones: when any is given the list is whole. It
// answers the ids of those that go.
func (b *books) overlayRows(ctx context.Context, o object, tables map[string]*table, given []row, r *record) ([]int64, error) {
	if o.rows == "" {
		return nil, nil
	}
	stored := map[int64]row{}
	if r.stored != nil {
		found, err := b.load(ctx, tables[o.rows], `CODCOLIGADA = ? AND `+o.id+` = ?`, r.head["CODCOLIGADA"], r.head[o.id])
		if err != nil {
			return nil, err
		}
		if len(given) == 0 {
			r.rows = found
			return nil, nil
		}
		for _, s := range found {
			stored[s.int(o.rowID)] = s
		}
	}
	for _, g := range given {
		id := g.int(o.rowID)
		whole := tables[o.rows].fresh()
		if id != -1 && id != 0 {
			old, ok := stored[id]
			if !ok {
				r.say("O rateio %d não foi encontrado em %s, ou foi informado duas vezes.", id, o.rows)
				continue
			}
			whole = old
			delete(stored, id)
		}
		maps.Copy(whole, g)
		r.rows = append(r.rows, whole)
	}
	return slices.Sorted(maps.Keys(stored)), nil
}

// writeRows writes the rows of a record; new ones get their ids.
func (b *books) writeRows(ctx context.Context, o object, tables map[string]*table, company, id int64, rows []row, gone []int64) error {
	for _, each := range gone {
		if err := b.remove(ctx, o.rows, `CODCOLIGADA = ? AND `+o.id+` = ? AND `+o.rowID+` = ?`, company, id, each); err != nil {
			return err
		}
	}
	for _, each := range rows {
		each["CODCOLIGADA"], each[o.id] = company, id
		if n := each.int(o.rowID); n == -1 || n == 0 {
			next, err := o.nextRows(ctx, b, company, id, 1)
			if err != nil {
				return err
			}
			each[o.rowID] = next
		}
		if err := b.put(ctx, tables[o.rows], each); err != nil {
			return err
		}
	}
	return nil
}
