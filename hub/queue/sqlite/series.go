package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"smartlink/hub/queue"
)

// units are the lengths that figures are kept by, and how long.
var units = []struct{ step, kept time.Duration }{{time.Minute, queue.MinutesKept}, {time.Hour, queue.HoursKept}}

// Bounds of letting old figures go.
const (
	tickTrim  = 2000
	trimEvery = time.Hour
)

// happened answers the figures that a group adds to a queue's.
func (g *group) happened(q *queueState) *queue.Figures {
	f := g.figures[q.id]
	if f == nil {
		g.touch(q)
		if g.figures == nil {
			g.figures = map[int64]*queue.Figures{}
		}
		f = &queue.Figures{}
		g.figures[q.id] = f
	}
	return f
}

// writeSeries adds what happened in a queue to the minute and the hour of the group.
func (g *group) writeSeries(q *queueState, d counts) error {
	f := queue.Figures{}
	if known := g.figures[q.id]; known != nil {
		f = *known
	}
	if f.Net = d.ready + d.behind + d.delayed; f == (queue.Figures{}) {
		return nil
	}
	g.m.mu.Lock()
	g.trims = g.trims || g.m.nextTrim == 0
	g.m.mu.Unlock()
	for _, u := range units {
		_, err := g.st.seriesAdd.exec(q.id, int64(u.step/time.Second), micros(moment(g.now).Truncate(u.step)), f.Published, f.Delivered, f.Acked, f.Requeued,
			f.Dead, f.Lost, f.Redriven, f.Discarded, f.Done, f.Rejected, f.Net)
		if err != nil {
			return err
		}
	}
	return nil
}

// trim lets figures go that are kept long enough.
func (g *group) trim() error {
	g.m.mu.Lock()
	due := g.m.nextTrim > 0 && g.m.nextTrim <= g.steady
	g.m.mu.Unlock()
	if !due {
		return nil
	}
	g.trims, g.nextTrim = true, g.steady+trimEvery.Microseconds()
	for _, u := range units {
		n, err := g.st.seriesTrim.exec(int64(u.step/time.Second), g.steady-u.kept.Microseconds(), int64(tickTrim))
		if err != nil {
			return err
		}
		if n == tickTrim {
			g.nextTrim = g.steady // there may be more
		}
	}
	return nil
}

// Recorded reads the figures of queues since a moment, and how many wait, from one state of the file.
func (s *Store) Recorded(ctx context.Context, queues []queue.Name, unit time.Duration, since time.Time) (map[queue.Name]queue.Recorded, error) {
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("read figures: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	all := make(map[queue.Name]queue.Recorded, len(queues))
	for _, name := range queues {
		r, err := recorded(ctx, tx, name, unit, since)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read figures of %s: %w", name, err)
		}
		all[name] = r
	}
	return all, nil
}

func recorded(ctx context.Context, tx *sql.Tx, name queue.Name, unit time.Duration, since time.Time) (queue.Recorded, error) {
	r := queue.Recorded{}
	var qid int64
	err := tx.QueryRowContext(ctx, `SELECT qid, ready + behind + delayed FROM queue WHERE tenant = ? AND client = ?`, name.Tenant[:], string(name.Client)).
		Scan(&qid, &r.Waiting)
	if err != nil {
		return r, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT at, published, delivered, acked, requeued, dead, lost, redriven, discarded, done, rejected, net FROM series
		WHERE qid = ? AND step = ? AND at >= ? ORDER BY at`, qid, int64(unit/time.Second), micros(since))
	if err != nil {
		return r, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var u queue.Unit
		var at int64
		if err := rows.Scan(&at, &u.Published, &u.Delivered, &u.Acked, &u.Requeued, &u.Dead, &u.Lost, &u.Redriven, &u.Discarded, &u.Done, &u.Rejected,
			&u.Net); err != nil {
			return r, err
		}
		u.At = moment(at)
		r.Units = append(r.Units, u)
	}
	return r, rows.Err()
}
