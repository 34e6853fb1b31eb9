package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// size is what PostgreSQL tells of a table and its partitions at a moment. Bytes are of rows, of those too
// large for a page, and of indexes.
type size struct {
	parts                 int
	rows, toast, indexes  int64
	live, dead            int64
	updates, hot, vacuums int64 // so far
}

func (s size) bytes() int64 { return s.rows + s.toast + s.indexes }

// What is told of beside the tables of the schema.
const (
	catalogue     = "(PostgreSQL's catalogue)"
	wholeDatabase = "(the whole database)"
)

// smallTable is in bytes what a table must have had to be told of.
const smallTable = 1 << 18

// lookAtSizes reads what all tables have come to. Partitions that were dropped take their counts with them.
const lookAtSizes = `SELECT coalesce(p.relname, c.relname), count(*), sum(pg_relation_size(c.oid)), sum(coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0)),
	sum(pg_indexes_size(c.oid)), sum(s.n_live_tup), sum(s.n_dead_tup), sum(s.n_tup_upd), sum(s.n_tup_hot_upd), sum(s.autovacuum_count)
	FROM pg_stat_user_tables AS s JOIN pg_class AS c ON c.oid = s.relid LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
	LEFT JOIN pg_class AS p ON p.oid = i.inhparent WHERE s.schemaname = current_schema() AND c.relkind = 'r' GROUP BY 1
	UNION ALL SELECT $1, count(*), sum(pg_relation_size(s.relid)), 0, sum(pg_indexes_size(s.relid)), sum(s.n_live_tup), sum(s.n_dead_tup), sum(s.n_tup_upd),
	sum(s.n_tup_hot_upd), sum(s.autovacuum_count) FROM pg_stat_sys_tables AS s WHERE s.schemaname = 'pg_catalog'
	UNION ALL SELECT $2, 1, pg_database_size(current_database()), 0, 0, 0, 0, 0, 0, 0`

// sizes are what was seen in a run, and where it is written.
type sizes struct {
	folder string
	file   *os.File
	csv    *csv.Writer
	length time.Duration
	rate   int
	began  time.Time
	at     []time.Duration
	seen   []map[string]size
	counts string // of what was done, at the last look
}

func newSizes(folder string, length time.Duration, rate int) (*sizes, error) {
	f, err := os.Create(filepath.Join(folder, "steady.csv"))
	if err != nil {
		return nil, err
	}
	s := &sizes{folder: folder, file: f, csv: csv.NewWriter(f), length: length, rate: rate, began: time.Now()}
	return s, s.csv.Write([]string{"second", "table", "parts", "rows_bytes", "toast_bytes", "index_bytes", "live", "dead", "updates", "hot_updates", "autovacuums"})
}

func (s *sizes) close() error { return errors.Join(s.csv.Error(), s.file.Close()) }

// look notes what there is now, and writes the table so far.
func (s *sizes) look(ctx context.Context, c *pgx.Conn, done *steadyCounts) error {
	rows, err := c.Query(ctx, lookAtSizes, catalogue, wholeDatabase)
	if err != nil {
		return fmt.Errorf("look at the tables: %w", err)
	}
	now, at := map[string]size{}, time.Since(s.began)
	var name string
	var n size
	_, err = pgx.ForEachRow(rows, []any{&name, &n.parts, &n.rows, &n.toast, &n.indexes, &n.live, &n.dead, &n.updates, &n.hot, &n.vacuums}, func() error {
		now[name] = n
		return nil
	})
	if err != nil {
		return fmt.Errorf("look at the tables: %w", err)
	}
	s.at, s.seen = append(s.at, at), append(s.seen, now)
	s.counts = done.String()
	for _, name := range slices.Sorted(maps.Keys(now)) {
		n, line := now[name], []string{fmt.Sprint(int(at.Seconds())), name}
		for _, v := range []int64{int64(n.parts), n.rows, n.toast, n.indexes, n.live, n.dead, n.updates, n.hot, n.vacuums} {
			line = append(line, strconv.FormatInt(v, 10))
		}
		if err := s.csv.Write(line); err != nil {
			return err
		}
	}
	if s.csv.Flush(); s.csv.Error() != nil {
		return s.csv.Error()
	}
	return s.writeTable()
}

// writeTable replaces the table in the folder.
func (s *sizes) writeTable() (err error) {
	path := filepath.Join(s.folder, "steady.md")
	f, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	if err := errors.Join(s.table(f), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// table prints each table's size at the quarters of the time that has passed, the most dead rows there
// were, which part of its updates were HOT, and how often vacuum came by itself. The largest stands first,
// small ones are only counted.
func (s *sizes) table(out io.Writer) error {
	last := len(s.seen) - 1
	if last < 0 {
		return nil
	}
	quarter := func(n int) int {
		i, _ := slices.BinarySearch(s.at, s.at[last]*time.Duration(n)/4)
		return i
	}
	columns := []int{quarter(1), quarter(2), quarter(3), last}
	rows := [][]string{{"table"}, {"---"}}
	for _, i := range columns {
		rows[0] = append(rows[0], fmt.Sprintf("MiB at %.0f min", s.at[i].Minutes()))
		rows[1] = append(rows[1], "---:")
	}
	rows[0] = append(rows[0], "most MiB", "rows", "dead", "most dead", "HOT", "autovacuums")
	rows[1] = append(rows[1], "---:", "---:", "---:", "---:", "---:", "---:")
	names := slices.SortedFunc(maps.Keys(s.seen[last]), func(a, b string) int {
		return int(s.seen[last][b].bytes() - s.seen[last][a].bytes())
	})
	small := 0
	for _, name := range names {
		now, row := s.seen[last][name], []string{name}
		if now.parts > 1 && name != catalogue {
			row[0] += fmt.Sprintf(" (%d days)", now.parts)
		}
		for _, i := range columns {
			row = append(row, mebibytes(s.seen[i][name].bytes()))
		}
		var most, dead int64
		for _, n := range s.seen {
			most, dead = max(most, n[name].bytes()), max(dead, n[name].dead)
		}
		if most < smallTable {
			small++
			continue
		}
		hot := ""
		if now.updates > 0 {
			hot = fmt.Sprintf("%.0f %%", 100*float64(now.hot)/float64(now.updates))
		}
		rows = append(rows, append(row, mebibytes(most), fmt.Sprint(now.live), fmt.Sprint(now.dead), fmt.Sprint(dead), hot, fmt.Sprint(now.vacuums)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s, %d commands a second. %s\n\n", s.at[last].Round(time.Second), s.length, s.rate, s.counts)
	writeTable(&b, rows)
	fmt.Fprintf(&b, "\n%d more tables never had %s MiB.\n", small, mebibytes(smallTable))
	_, err := io.WriteString(out, b.String())
	return err
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f", float64(n)/(1<<20)) }

// String tells what was done.
func (c *steadyCounts) String() string {
	return fmt.Sprintf("Sent %d, acknowledged %d, answered %d, requeued %d, died %d, redriven %d, leases lost %d, settled too late %d.",
		c.Sent.Load(), c.Acked.Load(), c.Answered.Load(), c.Requeued.Load(), c.Dead.Load(), c.Redriven.Load(), c.Lost.Load(), c.Late.Load())
}
