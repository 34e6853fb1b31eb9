package rmhost

import (
	"context"
	"strconv"
	"strings"
)

// views are the data servers of master data, and the tables behind them.
var views = map[string]string{
	"GlbColigadaDataBR": "GCOLIGADA", "GlbFilialDataBR": "GFILIAL", "FinCFODataBR": "FCFO", "FinTDODataBR": "FTDO", "FinCXADataBR": "FCXA",
	"GlbMoedaDataBR": "GMOEDA", "CtbCCustoDataBR": "GCCUSTO", "GlbDeptoDataBR": "GDEPTO", "FinTTBOrcamentoDataBR": "TTBORCAMENTO",
	"CtbContaDataBR": "CCONTA", "CtbHistPDataBR": "CHISTP", "CtbLoteDataBR": "CLOTE", "CtbContaGerencialDataBR": "SLCONTAGERENCIAL",
	"FinLanDataBR": "FLAN", "FinXCXData": "FXCX",
}

// accountingView is the data server of accounting entries, whose rows are those of two tables.
const accountingView = "CtbLanData"

func unknownServer(name string) error {
	return says("O DataServer %s não foi encontrado.", name)
}

// readRecord answers a whole record by its key, "1;4711"; of an unknown one an empty data set.
func (b *books) readRecord(ctx context.Context, server, key string) (string, error) {
	o, ok := objects[server]
	if !ok {
		return "", unknownServer(server)
	}
	ids, err := readKey(key, 2)
	if err != nil {
		return "", err
	}
	s := newSet(o.root)
	for _, name := range []string{o.head, o.rows, o.custom} {
		if name == "" {
			continue
		}
		t, err := b.describe(ctx, name)
		if err != nil {
			return "", err
		}
		found, err := b.load(ctx, t, `CODCOLIGADA = ? AND `+o.id+` = ?`, ids[0], ids[1])
		if err != nil {
			return "", err
		}
		for _, r := range found {
			s.add(name, t.columns, r, b.culture)
		}
	}
	return s.end(), nil
}

// readKey reads numbers that a semicolon joins.
func readKey(text string, n int) ([]any, error) {
	var ids []any
	for part := range strings.SplitSeq(text, ";") {
		id, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil {
			return nil, says("A chave primária %q é inválida.", text)
		}
		ids = append(ids, id)
	}
	if len(ids) != n {
		return nil, says("A chave primária %q não tem %d partes.", text, n)
	}
	return ids, nil
}

// readView answers the rows that a filter is true of.
func (b *books) readView(ctx context.Context, server, filter string) (string, error) {
	name, from := views[server], views[server]
	tables := []string{name}
	if server == accountingView {
		name, tables = "CLANCAMENTO_CPARTIDA", []string{"CPARTIDA", "CLANCAMENTO"}
		from = "CPARTIDA JOIN CLANCAMENTO USING (CODCOLIGADA, CODLOTE, IDLANCAMENTO)"
	}
	if name == "" {
		return "", unknownServer(server)
	}
	known := map[string]*table{}
	var columns []column
	var selected, order []string
	for _, each := range tables {
		t, err := b.describe(ctx, each)
		if err != nil {
			return "", err
		}
		known[each] = t
		for _, c := range t.columns {
			if each == tables[0] || c.name == "DESCRICAO" { // of the head the lines have all but its text
				columns, selected = append(columns, c), append(selected, each+`."`+c.name+`"`)
			}
		}
	}
	for _, k := range known[tables[0]].keys {
		order = append(order, tables[0]+"."+k)
	}
	conditions, err := readFilter(filter)
	if err != nil {
		return "", err
	}
	var where []string
	var args []any
	for _, c := range conditions {
		t := known[c.table]
		if t == nil || t.column(c.column) == nil {
			return "", says("O identificador de várias partes \"%s.%s\" não pôde ser associado.", c.table, c.column)
		}
		is := " = ?"
		if c.like {
			is = " LIKE ?"
		}
		where, args = append(where, c.table+`."`+c.column+`"`+is), append(args, c.value)
	}
	rows, err := b.QueryContext(ctx, `SELECT `+strings.Join(selected, ", ")+` FROM `+from+` WHERE `+strings.Join(where, " AND ")+
		` ORDER BY `+strings.Join(order, ", "), args...)
	if err != nil {
		return "", err
	}
	found, err := scan(rows, columns)
	if err != nil {
		return "", err
	}
	s := newSet("NewDataSet")
	for _, r := range found {
		s.add(name, columns, r, b.culture)
	}
	return s.end(), nil
}
