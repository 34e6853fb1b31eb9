package books

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"smartlink/contracts"
)

// Kind is a kind of entry, by its table.
type Kind string

// The kinds, in the order lists have them.
const (
	Financial  Kind = "FLAN"
	CashEntry  Kind = "FXCX"
	Accounting Kind = "CLANCAMENTO"
)

// Kinds lists all kinds.
var Kinds = []Kind{Financial, CashEntry, Accounting}

// EntriesQuery says which entries are listed. What is zero or empty does not narrow.
type EntriesQuery struct {
	Company  int64
	Kind     Kind
	From, To contracts.Date // both included; of an accounting entry the date of its first line
	After    string         // cursor: the last entry of the page before
	Limit    int
}

// Entries is a page of entries, by kind and key.
type Entries struct {
	Items []Entry `json:"entries"`
	Next  string  `json:"next,omitempty"` // cursor, when there are more
}

// Entry is one entry in a list.
type Entry struct {
	Kind     Kind           `json:"kind"`
	Key      string         `json:"key"`
	Date     contracts.Date `json:"date"`
	Document string         `json:"document,omitempty"`
	Text     string         `json:"text"`
	Amount   Amount         `json:"amount"` // payables and money out below zero; of an accounting entry its debits
	State    string         `json:"state,omitempty"`
}

// entryList is how the entries of a kind are listed: what is read, the columns of the key, and the date.
type entryList struct {
	columns, from string
	key           []string
	date          string
}

var entryLists = map[Kind]entryList{
	Financial: {
		columns: "CONCAT(CODCOLIGADA, ';', IDLAN), DATAEMISSAO, NUMERODOCUMENTO, HISTORICO, VALORORIGINAL, STATUSLAN, PAGREC, ''", from: "FLAN",
		key: []string{"CODCOLIGADA", "IDLAN"}, date: "DATAEMISSAO",
	},
	CashEntry: {
		columns: "CONCAT(CODCOLIGADA, ';', IDXCX), DATA, NUMERODOCUMENTO, HISTORICO, VALOR, COMPENSADO, 1, CODCXA", from: "FXCX",
		key: []string{"CODCOLIGADA", "IDXCX"}, date: "DATA",
	},
	Accounting: {
		columns: "CONCAT(CODCOLIGADA, ';', CODLOTE, ';', IDLANCAMENTO), DIA, '', DESCRICAO, '0', 0, 1, ''",
		from: "(SELECT L.*, (SELECT MIN(DATA) FROM CPARTIDA P WHERE P.CODCOLIGADA = L.CODCOLIGADA AND P.CODLOTE = L.CODLOTE AND P.IDLANCAMENTO = L.IDLANCAMENTO)" +
			" AS DIA FROM CLANCAMENTO L) E",
		key: []string{"CODCOLIGADA", "CODLOTE", "IDLANCAMENTO"}, date: "DIA",
	},
}

// query is the statement of a list behind a key, and its parameters.
func (l entryList) query(q EntriesQuery, after [3]int64, limit int) (text string, args []any) {
	where, args := beyond(l.key, after[:len(l.key)])
	add := func(condition string, value any) {
		where += " AND " + condition
		args = append(args, value)
	}
	if q.Company != 0 {
		add("CODCOLIGADA = ?", q.Company)
	}
	if q.From != "" {
		add(l.date+" >= ?", string(q.From))
	}
	if q.To != "" {
		add(l.date+" <= ?", string(q.To))
	}
	text = "SELECT " + l.columns + " FROM " + l.from + " WHERE " + where + " ORDER BY " + strings.Join(l.key, ", ") + " {limit ?}"
	return text, append(args, limit)
}

// beyond is the condition that a key of several columns comes behind another. Its first part lets the
// index be used.
func beyond(columns []string, key []int64) (condition string, args []any) {
	condition, args = columns[0]+" >= ?", []any{key[0]}
	var ways []string
	for i := range columns {
		var parts []string
		for j := range i {
			parts = append(parts, columns[j]+" = ?")
			args = append(args, key[j])
		}
		ways = append(ways, strings.Join(append(parts, columns[i]+" > ?"), " AND "))
		args = append(args, key[i])
	}
	return condition + " AND (" + strings.Join(ways, " OR ") + ")", args
}

// ListEntries lists entries of the books.
func ListEntries(ctx context.Context, q Querier, query EntriesQuery) (*Entries, error) {
	from, after, err := parseEntryCursor(query.After)
	if err != nil {
		return nil, err
	}
	list := &Entries{Items: []Entry{}}
	for _, kind := range Kinds[from:] {
		if query.Kind != "" && query.Kind != kind {
			after = [3]int64{}
			continue
		}
		text, args := entryLists[kind].query(query, after, query.Limit-len(list.Items)+1)
		err := each(ctx, q, func(c []cell) error {
			if len(list.Items) == query.Limit {
				last := list.Items[query.Limit-1]
				list.Next = string(last.Kind) + " " + last.Key
				return nil
			}
			e, err := newEntry(kind, c)
			list.Items = append(list.Items, e)
			return err
		}, text, args...)
		if err != nil {
			return nil, err
		}
		if list.Next != "" {
			break
		}
		after = [3]int64{}
	}
	for i := range list.Items {
		if err := list.Items[i].sumDebits(ctx, q); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// sumDebits fills in the amount of an accounting entry.
func (e *Entry) sumDebits(ctx context.Context, q Querier) error {
	if e.Kind != Accounting {
		return nil
	}
	key, err := ParseKey(e.Key)
	if err != nil {
		return err
	}
	return each(ctx, q, func(v []cell) error {
		value, err := ParseAmount(v[0].String)
		e.Amount.Add(value, 1)
		return err
	}, `SELECT VALOR FROM CPARTIDA WHERE CODCOLIGADA = ? AND CODLOTE = ? AND IDLANCAMENTO = ? AND DEBITO IS NOT NULL`, key[0], key[1], key[2])
}

// parseEntryCursor reads "FLAN 1;5" into the kind's place among Kinds and the key's parts.
func parseEntryCursor(cursor string) (from int, after [3]int64, err error) {
	if cursor == "" {
		return 0, after, nil
	}
	kind, key, _ := strings.Cut(cursor, " ")
	for i, k := range Kinds {
		if string(k) == kind {
			parts, err := ParseKey(key)
			copy(after[:], parts)
			return i, after, err
		}
	}
	return 0, after, fmt.Errorf("cursor %q is none of this list", cursor)
}

// ParseKey reads a key as RM writes it, "1;5" or "1;10;5"; for shells also with slashes, "1/10/5".
func ParseKey(key string) ([]int64, error) {
	var parts []int64
	for text := range strings.SplitSeq(strings.ReplaceAll(key, "/", ";"), ";") {
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil || n < 0 || len(parts) == 3 {
			return nil, fmt.Errorf("key %q: write its numbers joined by \";\", as in 1;5", key)
		}
		parts = append(parts, n)
	}
	if len(parts) < 2 {
		return nil, fmt.Errorf("key %q: it begins with the company, as in 1;5", key)
	}
	return parts, nil
}

func newEntry(kind Kind, c []cell) (Entry, error) {
	e := Entry{Kind: kind, Key: c[0].String, Date: contracts.Date(c[1].String), Document: c[2].String, Text: c[3].String}
	amount, err := ParseAmount(c[4].String)
	if err != nil {
		return e, err
	}
	switch kind {
	case Financial:
		e.State = option(contracts.FLAN.Field("StatusLan"), c[5].String)
		if c[6].String == "2" { // a payable
			e.Amount.Add(amount, -1)
			return e, nil
		}
	case CashEntry:
		e.State = option(contracts.FXCX.Field("Compensado"), c[5].String)
		e.Text = c[7].String + ": " + e.Text
	}
	e.Amount.Add(amount, 1)
	return e, nil
}

// option names a value of an enumeration in English.
func option(f *contracts.Field, value string) string {
	for _, o := range f.Values {
		if strconv.FormatInt(o.Value, 10) == value {
			return o.EN
		}
	}
	return value
}
