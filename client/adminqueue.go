package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"smartlink/link"
)

// SetKey gives a user a new API key; the keys they had are no longer good.
func (a *Admin) SetKey(ctx context.Context, name string) (link.KeySet, error) {
	return adminSend[link.KeySet](ctx, a, http.MethodPost, "users/"+url.PathEscape(name)+"/key", nil)
}

// ChangeQueue pauses or resumes a queue, or lets its dead letters hold their ordering key.
func (a *Admin) ChangeQueue(ctx context.Context, queue string, c link.QueueChange) (link.QueueDetail, error) {
	return queueSend[link.QueueDetail](ctx, a, http.MethodPatch, "queue", queue, c)
}

// Redrive sends named dead letters of a queue on, up to link.MaxAct; one result for each, in order.
func (a *Admin) Redrive(ctx context.Context, queue string, ids []uuid.UUID) ([]link.ActResult, error) {
	r, err := queueSend[link.ActResponse](ctx, a, http.MethodPost, "queue/redrive", queue, link.RedriveRequest{IDs: ids})
	return r.Results, err
}

// RedriveAll starts a job that sends on all that is dead in a queue now; of one type, unless that is
// empty, and at most rate messages per second, unless that is 0.
func (a *Admin) RedriveAll(ctx context.Context, queue, typ string, rate int) (link.Job, error) {
	return queueSend[link.Job](ctx, a, http.MethodPost, "queue/redrive", queue, link.RedriveRequest{All: true, Type: typ, Rate: rate})
}

// Discard gives named messages of a queue up, up to link.MaxAct; one result for each, in order.
func (a *Admin) Discard(ctx context.Context, queue string, ids []uuid.UUID, reason string) ([]link.ActResult, error) {
	r, err := queueSend[link.ActResponse](ctx, a, http.MethodPost, "queue/discard", queue, link.DiscardRequest{IDs: ids, Reason: reason})
	return r.Results, err
}

// DiscardAll starts a job that gives up all that stands in a list of a queue now; as RedriveAll.
func (a *Admin) DiscardAll(ctx context.Context, queue string, list link.QueueList, typ, reason string, rate int) (link.Job, error) {
	return queueSend[link.Job](ctx, a, http.MethodPost, "queue/discard", queue,
		link.DiscardRequest{All: list, Type: typ, Reason: reason, Rate: rate})
}

// Jobs lists the hub's jobs, the newest first.
func (a *Admin) Jobs(ctx context.Context) (link.Page[link.Job], error) {
	return adminSend[link.Page[link.Job]](ctx, a, http.MethodGet, "jobs", nil)
}

// Job tells how a job stands.
func (a *Admin) Job(ctx context.Context, id uuid.UUID) (link.Job, error) {
	return adminSend[link.Job](ctx, a, http.MethodGet, "jobs/"+id.String(), nil)
}

// CancelJob cancels a job; what was done stays done.
func (a *Admin) CancelJob(ctx context.Context, id uuid.UUID) (link.Job, error) {
	return adminSend[link.Job](ctx, a, http.MethodDelete, "jobs/"+id.String(), nil)
}

// queueSend is a call about one queue.
func queueSend[T any](ctx context.Context, a *Admin, method, path, queue string, in any) (T, error) {
	var out T
	body, err := json.Marshal(in)
	if err != nil {
		return out, err
	}
	err = a.do(ctx, request{
		method: method, path: adminPath + path, query: url.Values{"queue": {queue}}, contentType: "application/json", body: body,
	}, &out)
	return out, err
}
