package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"smartlink/link"
)

// Browse bounds a look through a queue; zero values are the hub's defaults (waiting messages, the
// oldest first, of every type, a page of 50).
type Browse struct {
	List   link.QueueList
	Order  link.QueueOrder
	Type   string
	Limit  int
	Cursor string // Next of the page before, with the same other fields
}

func (b Browse) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"list": string(b.List), "order": string(b.Order), "type": b.Type, "cursor": b.Cursor} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if b.Limit > 0 {
		q.Set("limit", strconv.Itoa(b.Limit))
	}
	return q
}

// Queue tells about the caller's queue.
func (c *Client) Queue(ctx context.Context) (link.QueueDetail, error) {
	var out link.QueueDetail
	_, err := c.call(ctx, request{method: http.MethodGet, path: linkPath + "queue"}, &out)
	return out, err
}

// Browse looks through the caller's queue; nothing is leased.
func (c *Client) Browse(ctx context.Context, b Browse) (link.Page[link.QueueEntry], error) {
	var out link.Page[link.QueueEntry]
	_, err := c.call(ctx, request{method: http.MethodGet, path: linkPath + "queue/messages", query: b.query()}, &out)
	return out, err
}

// Queue tells about any queue, by its name.
func (a *Admin) Queue(ctx context.Context, name string) (link.QueueDetail, error) {
	var out link.QueueDetail
	err := a.do(ctx, request{method: http.MethodGet, path: linkPath + "queue", query: url.Values{"queue": {name}}}, &out)
	return out, err
}

// Browse looks through any queue, by its name; nothing is leased.
func (a *Admin) Browse(ctx context.Context, name string, b Browse) (link.Page[link.QueueEntry], error) {
	q := b.query()
	q.Set("queue", name)
	var out link.Page[link.QueueEntry]
	err := a.do(ctx, request{method: http.MethodGet, path: linkPath + "queue/messages", query: q}, &out)
	return out, err
}
