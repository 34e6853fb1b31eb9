package sqldb

import (
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Dialect is the SQL that a kind of database speaks. Statements are written once, in a common form that
// SQL turns into the dialect's own; what the common form cannot say has a method here.
type Dialect string

// The dialects.
const (
	SQLite    Dialect = "sqlite"
	Postgres  Dialect = "postgres"
	SQLServer Dialect = "sqlserver"
)

// DialectOf tells which SQL a database or a transaction speaks: one with a method Dialect says so
// itself, a *sql.DB is known by its driver. Everything else is SQLite's.
func DialectOf(db any) Dialect {
	switch d := db.(type) {
	case interface{ Dialect() string }:
		return Dialect(d.Dialect())
	case *sql.DB: // by name: those who use only SQLite shall not carry the other drivers
		switch fmt.Sprintf("%T", d.Driver()) {
		case "*stdlib.Driver":
			return Postgres
		case "*mssql.Driver":
			return SQLServer
		}
	}
	return SQLite
}

// texts remembers what SQL made of a statement, by dialect and text. Statements are a few hundred
// constants; a consumer that writes values into its texts must not fill the memory with them.
var (
	texts sync.Map
	room  atomic.Int64
)

const maxTexts = 4096

type textKey struct {
	dialect Dialect
	query   string
}

// SQL writes a statement of the common form in the dialect:
//
//   - parameters are ? or, to use one twice, ?1, as SQLite has them;
//   - "{limit n}" at the end of a SELECT with an ORDER BY, n a number or a parameter, keeps the first n
//     rows;
//   - "{lock}" at the end of a SELECT locks the rows that are found, where several write at the same time:
//     see inbox.Box.Beside. That is PostgreSQL;
//   - "{skip locked}" behind the name of the only table of a SELECT, together with "{for update}" at
//     its end, locks the rows that are found and passes over those that others have locked.
//
// Text in quotes and comments stay as they are. A parameter in a dialect's own form ($1, @p1) does too.
func (d Dialect) SQL(query string) string {
	key := textKey{d, query}
	if text, ok := texts.Load(key); ok {
		return text.(string)
	}
	text := d.write(query)
	if room.Add(1) <= maxTexts {
		texts.Store(key, text)
	}
	return text
}

func (d Dialect) write(query string) string {
	var out strings.Builder
	last := 0 // the highest parameter so far
	for i := 0; i < len(query); {
		switch c := query[i]; {
		case c == '?' && d != SQLite:
			n := i + 1
			for n < len(query) && query[n] >= '0' && query[n] <= '9' {
				n++
			}
			number, err := strconv.Atoi(query[i+1 : n])
			if err != nil {
				number = last + 1
			}
			last = max(last, number)
			out.WriteString(d.parameter(number))
			i = n
		case c == '{':
			end := strings.IndexByte(query[i:], '}')
			if end < 0 {
				out.WriteString(query[i:])
				return out.String()
			}
			// What a mark stands for may hold a parameter: it is written with the rest.
			query = query[:i] + d.mark(query[i+1:i+end], query[i:i+end+1]) + query[i+end+1:]
			if query[i] == '{' { // no mark of ours
				out.WriteByte('{')
				i++
			}
		default:
			n := i + quoted(query[i:])
			out.WriteString(query[i:n])
			i = n
		}
	}
	return out.String()
}

func (d Dialect) parameter(n int) string {
	if d == Postgres {
		return "$" + strconv.Itoa(n)
	}
	return "@p" + strconv.Itoa(n)
}

// mark answers what a mark stands for; other text in braces stays. No answer is empty.
func (d Dialect) mark(name, other string) string {
	limit, isLimit := strings.CutPrefix(name, "limit ")
	switch {
	case isLimit && d == SQLServer:
		return "OFFSET 0 ROWS FETCH NEXT " + limit + " ROWS ONLY"
	case isLimit:
		return "LIMIT " + limit
	case name == "skip locked" && d == SQLServer:
		return "WITH (UPDLOCK, READPAST, ROWLOCK)"
	case name == "for update" && d == Postgres:
		return "FOR UPDATE SKIP LOCKED"
	case name == "lock" && d == Postgres:
		return "FOR UPDATE"
	case name == "skip locked", name == "for update", name == "lock":
		return " "
	}
	return other
}

// quoted is the length of what must stay as it is at the beginning of a text: a literal, a quoted name,
// a comment; 1 for any other character.
func quoted(s string) int {
	until := func(end string, from int) int {
		if n := strings.Index(s[from:], end); n >= 0 {
			return from + n + len(end)
		}
		return len(s)
	}
	switch {
	case s[0] == '\'', s[0] == '"', s[0] == '`':
		return until(s[:1], 1) // a doubled quote reads as two literals, which does no harm
	case strings.HasPrefix(s, "--"):
		return until("\n", 2)
	case strings.HasPrefix(s, "/*"):
		return until("*/", 2)
	}
	return 1
}

// Insert says which row is put into which table.
type Insert struct {
	Table   string
	Columns []string
	Values  []string // expressions in the order of Columns; nil: the parameters ?1, ?2 …
	Keys    []string // the columns of the unique key that the row may already be there by
}

func (i Insert) values() []string {
	if i.Values != nil {
		return i.Values
	}
	v := make([]string, len(i.Columns))
	for n := range v {
		v[n] = "?" + strconv.Itoa(n+1)
	}
	return v
}

func (i Insert) head() string {
	return "INSERT INTO " + i.Table + " (" + strings.Join(i.Columns, ", ") + ")"
}

func (i Insert) conflict() string { return " ON CONFLICT (" + strings.Join(i.Keys, ", ") + ") DO " }

// isKey tells whether a column belongs to the key.
func (i Insert) isKey(column string) bool { return slices.Contains(i.Keys, column) }

// InsertNew is a statement, in the common form, that puts a row in and leaves one that is there as it
// is: it then changes no row.
func (d Dialect) InsertNew(i Insert) string {
	values := i.values()
	if d != SQLServer {
		return i.head() + " VALUES (" + strings.Join(values, ", ") + ")" + i.conflict() + "NOTHING"
	}
	var same []string
	for n, c := range i.Columns {
		if i.isKey(c) {
			same = append(same, c+" = "+values[n])
		}
	}
	return i.head() + " SELECT " + strings.Join(values, ", ") + " WHERE NOT EXISTS (SELECT 1 FROM " + i.Table +
		" WITH (UPDLOCK, HOLDLOCK) WHERE " + strings.Join(same, " AND ") + ")"
}

// InsertOrUpdate is a statement, in the common form, that puts a row in or writes it over the one that
// is there.
func (d Dialect) InsertOrUpdate(i Insert) string {
	values := i.values()
	var sets, on, fresh []string
	from := "excluded."
	if d == SQLServer {
		from = "N."
	}
	for _, c := range i.Columns {
		fresh = append(fresh, from+c)
		if i.isKey(c) {
			on = append(on, "T."+c+" = N."+c)
			continue
		}
		sets = append(sets, c+" = "+from+c)
	}
	if d == SQLServer {
		matched := ""
		if len(sets) > 0 {
			matched = " WHEN MATCHED THEN UPDATE SET " + strings.Join(sets, ", ")
		}
		return "MERGE INTO " + i.Table + " WITH (HOLDLOCK) AS T USING (SELECT " + strings.Join(values, ", ") + ") AS N (" + strings.Join(i.Columns, ", ") +
			") ON " + strings.Join(on, " AND ") + matched + " WHEN NOT MATCHED THEN INSERT (" + strings.Join(i.Columns, ", ") +
			") VALUES (" + strings.Join(fresh, ", ") + ");"
	}
	if len(sets) == 0 {
		return d.InsertNew(i)
	}
	return i.head() + " VALUES (" + strings.Join(values, ", ") + ")" + i.conflict() + "UPDATE SET " + strings.Join(sets, ", ")
}
