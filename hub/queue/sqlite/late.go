package sqlite

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// What is told of messages after they have moved to the history stands in queue.db, under their numbers,
// until it is moved after them: the transaction that tells it writes one file only.

// late notes that something is told of a message in the history.
func (g *group) late(mid int64, day string) error {
	if day == "" {
		return nil
	}
	_, err := g.st.lateAdd.exec(mid, day)
	return err
}

// answersMoved finds what an answer belongs to in the history, if it is there: who sent that message, and
// whether the answering client's queue had it.
func (g *group) answersMoved(p *queue.Publish, a *answered) (asker string, holds bool, err error) {
	err = g.s.inHistory(p.Message.TenantID, p.Answer.To, func(ctx context.Context, m *moved) error {
		a.mid, a.day, asker = m.mid, m.day, m.client
		if a.queue == nil {
			return nil
		}
		_, holds = slices.BinarySearch(m.queues, a.queue.id)
		return m.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM outcome WHERE mid = ? AND qid = ? AND number = ?)`,
			m.mid, a.queue.id, p.Answer.Number).Scan(&a.again)
	})
	return asker, holds, err
}

// reportMoved finds the message of a report in the history: 0 when the report says nothing new, or
// nothing that is its sender's to tell.
func (g *group) reportMoved(tenant uuid.UUID, q *queueState, r *queue.Report) (int64, error) {
	var mid int64
	var day string
	err := g.s.inHistory(tenant, r.ID, func(ctx context.Context, m *moved) error {
		if _, holds := slices.BinarySearch(m.queues, q.id); !holds {
			return nil
		}
		var last int64
		if err := m.tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), -1) FROM report WHERE mid = ? AND qid = ?`, m.mid, q.id).Scan(&last); err != nil {
			return err
		}
		if r.Seq > last {
			mid, day = m.mid, m.day
		}
		return nil
	})
	if err != nil || mid == 0 {
		return 0, err
	}
	return mid, g.late(mid, day)
}

// notNowMoved refuses to work on a message in the history, which has ended, or is not known any more.
func (g *group) notNowMoved(q *queueState, id uuid.UUID, wanted []link.State) (refusal, err error) {
	refusal = link.NewError(link.CodeMessageUnknown)
	err = g.s.inHistory(q.name.Tenant, id, func(ctx context.Context, m *moved) error {
		if _, holds := slices.BinarySearch(m.queues, q.id); !holds {
			return nil
		}
		var state link.State
		err := m.tx.QueryRowContext(ctx, `SELECT state FROM delivery WHERE mid = ? AND qid = ?`, m.mid, q.id).Scan(&state)
		refusal = notNow(id, state, wanted)
		return err
	})
	return refusal, err
}

// queuesMoved lists the queues that a message in the history went to.
func (g *group) queuesMoved(tenant, id uuid.UUID) ([]queue.Name, error) {
	var list []queue.Name
	err := g.s.inHistory(tenant, id, func(_ context.Context, m *moved) error {
		for _, qid := range m.queues {
			list = append(list, g.m.byID[qid].name)
		}
		return nil
	})
	return list, err
}
