package postgres

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// sheet is statements that go to the server together, in one round trip.
type sheet struct {
	batch pgx.Batch
	take  []func(pgx.BatchResults) error
}

// exec adds a statement without an answer.
func (s *sheet) exec(sql string, args ...any) {
	s.batch.Queue(sql, args...)
	s.take = append(s.take, func(r pgx.BatchResults) error {
		_, err := r.Exec()
		return err
	})
}

// each adds a query; row is called with each row of its answer.
func (s *sheet) each(row func(pgx.Rows) error, sql string, args ...any) {
	s.batch.Queue(sql, args...)
	s.take = append(s.take, func(r pgx.BatchResults) error {
		rows, err := r.Query()
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := row(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// send runs the statements and reads their answers.
func (s *sheet) send(ctx context.Context, c *pgx.Conn) error {
	_, err := s.run(ctx, c)
	return err
}

// run is send that tells how many statements the server has answered without an error.
func (s *sheet) run(ctx context.Context, c *pgx.Conn) (done int, err error) {
	if len(s.take) == 0 {
		return 0, nil
	}
	r := c.SendBatch(ctx, &s.batch)
	for _, take := range s.take {
		if err := take(r); err != nil {
			_ = r.Close() // says the same
			return done, err
		}
		done++
	}
	return done, r.Close()
}

// serverSaid answers the error that the server itself reported, or nil.
func serverSaid(err error) *pgconn.PgError {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e
	}
	return nil
}

// busy tells whether the same work may succeed when simply repeated.
func busy(err error) bool {
	e := serverSaid(err)
	return e != nil && (e.Code == "40P01" || e.Code == "40001")
}

// unavailable tells whether an error says that the database cannot be used now: it does not answer, is
// read-only, full, stopping, or broken.
func unavailable(err error) bool {
	e := serverSaid(err)
	return e == nil || e.Code == "25006" || slices.Contains([]string{"53", "57", "58", "F0", "XX"}, e.Code[:min(2, len(e.Code))])
}
