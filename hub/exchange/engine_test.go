package exchange_test

import (
	"context"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

func (e *engine) PublishAll(ctx context.Context, list []queue.Publish) ([]queue.Published, error) {
	e.batch = list
	out := make([]queue.Published, len(list))
	for i, p := range list {
		out[i].PublishResult, out[i].Err = e.Publish(ctx, p)
	}
	return out, nil
}

func (e *engine) Await(ctx context.Context, tenant, id uuid.UUID, _ time.Duration, _ func(link.Trace) bool) (queue.Traced, error) {
	return e.Trace(ctx, tenant, id)
}

func (e *engine) Extend(_ context.Context, _ queue.Name, items []queue.Extend) ([]queue.Extended, error) {
	return make([]queue.Extended, len(items)), e.err
}

func (e *engine) Health(_ context.Context, tenant uuid.UUID) ([]queue.Health, error) {
	var list []queue.Health
	for _, h := range e.health {
		if h.Queue.Tenant == tenant {
			list = append(list, h)
		}
	}
	return list, e.err
}

func (e *engine) Pause(context.Context, queue.Pause) error { return e.err }

func (e *engine) Hold(context.Context, queue.Hold) error { return e.err }

func (e *engine) Redrive(_ context.Context, r queue.Redrive) ([]error, error) {
	return make([]error, len(r.IDs)), e.err
}

func (e *engine) Discard(_ context.Context, d queue.Discard) ([]error, error) {
	return make([]error, len(d.IDs)), e.err
}

func (e *engine) Find(_ context.Context, f queue.Find) (queue.Found, error) {
	if e.find == nil {
		return queue.Found{}, e.err
	}
	return e.find(f), e.err
}

func (e *engine) Search(context.Context, queue.Search) (queue.SearchResult, error) {
	return queue.SearchResult{}, e.err
}

func (e *engine) Recount(context.Context, uuid.UUID, bool) (int, []queue.Drift, error) {
	return 0, nil, e.err
}

func (e *engine) Series(_ context.Context, s queue.Series) (map[queue.Name][]link.SeriesPoint, error) {
	return map[queue.Name][]link.SeriesPoint{}, e.err
}

func (e *engine) Erase(context.Context, queue.Erase) error { return e.err }

func (e *engine) Purge(_ context.Context, p queue.Purge) error { return p.Progress(1, 0) }

func (e *engine) Due(context.Context, uuid.UUID, queue.Retention) (queue.Due, error) {
	return queue.Due{}, e.err
}

func (e *engine) Rounds() []queue.Round { return nil }
