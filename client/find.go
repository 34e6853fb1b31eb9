package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// Find is what FindMessages looks for. Zero fields do not matter; what is given must all hold.
type Find struct {
	ID            uuid.UUID
	BusinessKey   string
	CorrelationID string
	RootID        uuid.UUID // a message and all its copies
	Type          string
	State         link.State // in some queue
	From, To      time.Time  // made at or after From, before To
	// Path and Value: a value of the body, at a JSON Pointer. Where a type declares the path, the hub's
	// index knows; else, and with Scan, the bodies are read.
	Path, Value string
	Scan        bool
	List
}

func (f Find) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{
		"businessKey": f.BusinessKey, "correlationId": f.CorrelationID, "type": f.Type, "state": string(f.State), "path": f.Path, "value": f.Value,
		"cursor": f.Cursor,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for name, id := range map[string]uuid.UUID{"id": f.ID, "rootId": f.RootID} {
		if id != uuid.Nil {
			q.Set(name, id.String())
		}
	}
	for name, at := range map[string]time.Time{"from": f.From, "to": f.To} {
		if !at.IsZero() {
			q.Set(name, at.Format(time.RFC3339Nano))
		}
	}
	if f.Scan {
		q.Set("scan", "true")
	}
	if f.Limit > 0 {
		q.Set("limit", strconv.Itoa(f.Limit))
	}
	return q
}

// FindMessages finds messages that the caller has sent or received, the newest first. A page may hold
// fewer than asked for, or none, and still have a Next.
func (c *Client) FindMessages(ctx context.Context, f Find) (link.FoundMessages, error) {
	var out link.FoundMessages
	_, err := c.call(ctx, request{method: http.MethodGet, path: linkPath + "messages", query: f.query()}, &out)
	return out, err
}

// FindMessages finds messages of a tenant in all its queues, or of one queue by its name, the newest first.
// One of tenant and queue is needed. A page may hold fewer than asked for, or none, and still have a Next.
func (a *Admin) FindMessages(ctx context.Context, tenant uuid.UUID, queue string, f Find) (link.FoundMessages, error) {
	q := f.query()
	if tenant != uuid.Nil {
		q.Set("tenant", tenant.String())
	}
	if queue != "" {
		q.Set("queue", queue)
	}
	var out link.FoundMessages
	err := a.do(ctx, request{method: http.MethodGet, path: adminPath + "messages", query: q}, &out)
	return out, err
}
