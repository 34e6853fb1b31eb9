package pgcopy

import (
	"context"
	"crypto/md5"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// total is what is compared of a table: how many rows, and the sum of their checksums, which does not
// depend on their order.
type total struct {
	rows int64
	sum  uint64
}

// A row's checksum is the first half of the MD5 of its values, written as text one after the other. It
// finds what was lost, repeated or mangled, and is no protection against malice.
const (
	between = "\x1f"
	noValue = "-"
	aValue  = "+"
)

// checksum is that of a row as it is stored.
func checksum(values []any) (uint64, error) {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteString(between)
		}
		if v == nil {
			b.WriteString(noValue)
			continue
		}
		b.WriteString(aValue)
		switch v := v.(type) {
		case string:
			b.WriteString(v)
		case []byte:
			sum := md5.Sum(v)
			b.WriteString(hex.EncodeToString(sum[:]))
		case [16]byte:
			b.WriteString(uuid.UUID(v).String())
		case int64:
			b.WriteString(strconv.FormatInt(v, 10))
		case int16:
			b.WriteString(strconv.FormatInt(int64(v), 10))
		case bool:
			b.WriteString(strconv.FormatBool(v))
		case time.Time:
			b.WriteString(strconv.FormatInt(v.UnixMicro(), 10))
		default:
			return 0, fmt.Errorf("a value of type %T", v)
		}
	}
	sum := md5.Sum([]byte(b.String()))
	return binary.BigEndian.Uint64(sum[:8]), nil
}

// asText writes a column as checksum does, by its type.
func asText(column, kind string) string {
	switch kind {
	case "bytea":
		return `md5(` + column + `)`
	case "timestamp with time zone":
		return `(extract(epoch FROM ` + column + `) * 1000000)::bigint::text`
	}
	return column + `::text`
}

// there reads what a table has.
func (c *Copy) there(ctx context.Context, table string) (total, error) {
	rows, err := c.conn.Query(ctx, `SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0`, name(table))
	if err != nil {
		return total{}, err
	}
	kinds := map[string]string{}
	var column, kind string
	if _, err := pgx.ForEachRow(rows, []any{&column, &kind}, func() error { kinds[column] = kind; return nil }); err != nil {
		return total{}, err
	}
	values := make([]string, len(c.columns[table]))
	for i, column := range c.columns[table] {
		values[i] = `coalesce('` + aValue + `' || ` + asText(name(column), kinds[column]) + `, '` + noValue + `')`
	}
	var n int64
	var sum string
	err = c.conn.QueryRow(ctx, `SELECT count(*), coalesce(sum(('x' || left(md5(concat_ws(chr(31), `+strings.Join(values, ", ")+`)), 16))::bit(64)::bigint), 0)::text FROM `+
		name(table)).Scan(&n, &sum)
	if err != nil {
		return total{}, err
	}
	b, ok := new(big.Int).SetString(sum, 10)
	if !ok {
		return total{}, fmt.Errorf("the checksum %q", sum)
	}
	return total{n, b.And(b, new(big.Int).SetUint64(1<<64-1)).Uint64()}, nil
}

// sent reads what was noted of each table.
func (c *Copy) sent(ctx context.Context) (map[string]total, error) {
	rows, err := c.conn.Query(ctx, `SELECT tbl, rows, checksum FROM copy_part`)
	if err != nil {
		return nil, fmt.Errorf("read what was copied: %w", err)
	}
	sent := map[string]total{}
	var table string
	var n, sum int64
	if _, err := pgx.ForEachRow(rows, []any{&table, &n, &sum}, func() error {
		t := sent[table]
		sent[table] = total{t.rows + n, t.sum + uint64(sum)}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read what was copied: %w", err)
	}
	return sent, nil
}

// piece gives PostgreSQL some rows of a part.
type piece struct {
	part  Part
	rows  *sql.Rows
	left  int // rows it may have
	bytes int

	n    int64
	sum  uint64 // of the part
	over bool   // there are no more
}

func (s *piece) Next() bool {
	if s.left == 0 || s.bytes >= pieceBytes {
		return false
	}
	if !s.rows.Next() {
		s.over = s.rows.Err() == nil
		return false
	}
	s.left--
	s.n++
	return true
}

func (s *piece) Err() error { return s.rows.Err() }

func (s *piece) Values() ([]any, error) {
	values, into := make([]any, len(s.part.Columns)), make([]any, len(s.part.Columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := s.rows.Scan(into...); err != nil {
		return nil, err
	}
	for i, v := range values {
		if s.part.Value != nil {
			var err error
			if values[i], err = s.part.Value(i, v); err != nil {
				return nil, fmt.Errorf("column %s: %w", s.part.Columns[i], err)
			}
		}
		switch v := values[i].(type) {
		case string:
			s.bytes += len(v)
		case []byte:
			s.bytes += len(v)
		}
	}
	sum, err := checksum(values)
	s.sum += sum
	return values, err
}
