package monitor

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/internal/clock"
	"smartlink/link"
)

const (
	lookEvery  = 2 * time.Second // how often a stream looks whether something changed
	keepAlive  = 8               // looks without a change after which a line is sent all the same
	maxStreams = 500
	// streamWrite is how long one line may take to a reader that is slow.
	streamWrite = 15 * time.Second
)

// fingerprint tells two states of what a page shows apart.
type fingerprint [sha256.Size]byte

// events tells a page, over server-sent events, that what it shows has changed. The page then fetches
// itself anew: what is shown and who may see it is decided in one place. The stream ends with the
// session.
func (m *Monitor) events(v *visit) error {
	look, err := m.watched(v, v.r.URL.Query().Get("topic"))
	if err != nil {
		return err
	}
	before, err := look(v.r.Context())
	if err != nil {
		return err
	}
	if m.streams.Add(1) > maxStreams {
		m.streams.Add(-1)
		return link.NewError(link.CodeUnavailable).Because(errors.New("too many pages listen"))
	}
	defer m.streams.Add(-1)
	v.answered = true
	v.w.Header().Set("Content-Type", "text/event-stream")
	v.w.Header().Set("X-Accel-Buffering", "no") // a proxy must not keep lines back
	s := stream{v.w, http.NewResponseController(v.w)}
	if s.send("event: open\ndata: \n\n") != nil {
		return nil
	}
	for quiet := 0; ; {
		t := m.cfg.Clock.NewTimer(lookEvery)
		select {
		case <-v.r.Context().Done():
		case <-m.ended.Done():
		case <-t.C():
		}
		t.Stop()
		if v.r.Context().Err() != nil || m.ended.Err() != nil {
			return nil
		}
		line := ""
		now, err := m.lookAgain(v, look)
		switch {
		case errors.Is(err, registry.ErrNoSession):
			_ = s.send("event: logout\ndata: \n\n")
			return nil
		case err != nil:
			return nil // the page connects again, and learns why
		case now != before:
			before, line = now, "event: change\ndata: \n\n"
		case quiet >= keepAlive:
			line = ": \n\n"
		}
		quiet++
		if line == "" {
			continue
		}
		if quiet = 0; s.send(line) != nil {
			return nil
		}
	}
}

// lookAgain looks whether the person may still see, then what there is to see.
func (m *Monitor) lookAgain(v *visit, look func(context.Context) (fingerprint, error)) (fingerprint, error) {
	c, err := v.r.Cookie(sessionCookie)
	if err != nil {
		return fingerprint{}, registry.ErrNoSession
	}
	if _, err := m.cfg.Registry.Session(v.r.Context(), c.Value, false); err != nil {
		return fingerprint{}, err
	}
	return look(v.r.Context())
}

// watched answers what looks at a topic.
func (m *Monitor) watched(v *visit, topic string) (func(context.Context) (fingerprint, error), error) {
	x, o := m.cfg.Exchange, v.operator()
	kind, name, _ := strings.Cut(topic, ":")
	switch kind {
	case "queues":
		return func(ctx context.Context) (fingerprint, error) {
			p, totals, err := x.Overview(ctx, o, exchange.QueueList{Limit: queue.MaxPage})
			return digest(err, p, totals)
		}, nil
	case "queue":
		tenant, client, err := link.ParseQueueName(name)
		if err != nil {
			break
		}
		return func(ctx context.Context) (fingerprint, error) {
			row, err := x.QueueRow(ctx, o, queue.Name{Tenant: tenant, Client: client})
			if err != nil {
				return fingerprint{}, err
			}
			jobs, err := x.Jobs(ctx, o)
			jobs = slices.DeleteFunc(jobs, func(j link.Job) bool { return j.Queue != row.Queue })
			return digest(err, row, jobs)
		}, nil
	case "message":
		id, err := link.ParseUUID(name)
		if err != nil {
			break
		}
		return func(ctx context.Context) (fingerprint, error) {
			t, err := x.TraceAny(ctx, o, [16]byte{}, id)
			return digest(err, t)
		}, nil
	case "jobs":
		return func(ctx context.Context) (fingerprint, error) {
			jobs, err := x.Jobs(ctx, o)
			return digest(err, jobs)
		}, nil
	case "installations":
		return func(ctx context.Context) (fingerprint, error) {
			list, err := x.Installations(ctx, o)
			return digest(err, list)
		}, nil
	}
	return nil, link.NewError(link.CodeRequestInvalid).At("topic", link.CodeRequestInvalid,
		link.OneOf("queues", "queue:…", "message:…", "jobs", "installations"))
}

// digest makes a fingerprint of values.
func digest(err error, values ...any) (fingerprint, error) {
	if err != nil {
		return fingerprint{}, err
	}
	b, err := json.Marshal(values)
	if err != nil {
		return fingerprint{}, fmt.Errorf("fingerprint: %w", err)
	}
	return sha256.Sum256(b), nil
}

// stream writes lines to a reader that may be slow or gone.
type stream struct {
	w http.ResponseWriter
	c *http.ResponseController
}

func (s stream) send(line string) error {
	_ = s.c.SetWriteDeadline(clock.Real.Now().Add(streamWrite)) // real time; where it cannot be set, the server's own limit holds
	if _, err := s.w.Write([]byte(line)); err != nil {
		return err
	}
	return s.c.Flush()
}
