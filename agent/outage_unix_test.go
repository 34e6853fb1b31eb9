//go:build unix

package agent

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/internal/agenttest"
	"smartlink/client"
	"smartlink/consumer"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// TestTenMinutesAway has commands of several ordering keys come every five seconds while first the hub and then
// the database is away for ten minutes: each is booked once, in the order of its key, in its first
// attempt, and answered once.
func TestTenMinutesAway(t *testing.T) {
	sqltest.On(t, sqldb.SQLite) // its disk is full; a server that goes away is internal/chaos's
	const outage, every, keys = 10 * time.Minute, 5 * time.Second, 4
	inBubble(t, func(t *testing.T, w *world) {
		w.cfg.BatchSize = 3
		var away atomic.Bool
		gone := func() error {
			if away.Load() {
				return errGone
			}
			return nil
		}
		w.hub.onSetup = gone
		sent := map[int64]link.Delivery{}
		w.hub.onAck = func(list []link.Settlement) error {
			if err := gone(); err != nil {
				return err
			}
			for _, s := range list {
				if s.Ack == nil || !*s.Ack {
					w.hub.put(sent[s.DeliveryTag])
				}
			}
			w.hub.sort()
			return nil
		}
		w.hub.onSend = func(client.Message) error { return gone() }
		w.hub.onHold = func(r link.HoldRequest) (link.HoldResponse, error) {
			return link.HoldResponse{Active: true, Epoch: 1, Lease: r.Lease}, gone()
		}
		w.hub.onGet = func(ctx context.Context) ([]link.Delivery, error) {
			if away.Load() {
				return nil, refusal(http.StatusBadGateway, "")
			}
			return w.hub.lease(ctx, 10, 10*time.Second)
		}
		var ids []uuid.UUID
		add := func(change ...func(*link.Message)) {
			n := len(ids)
			m := agenttest.Delivery(fmt.Sprintf("%d-%05d", n%keys, n), append(change, agenttest.OrderingKey(fmt.Sprint("key ", n%keys)))...)
			ids, sent[m.Tag] = append(ids, m.Message.ID), m
			w.hub.put(m)
			after(every)
		}
		feed := func(d time.Duration) {
			for range int(d / every) {
				add()
			}
		}
		w.start()
		feed(time.Minute)

		away.Store(true)
		feed(outage)
		if n := len(w.hub.of(response)); n >= len(ids)/2 {
			t.Fatalf("%d answers of %d while the hub was away", n, len(ids))
		}
		away.Store(false)
		feed(2 * time.Minute)

		var lift func() // the outage begins in the middle of an execution
		w.ways["last"] = func(context.Context, consumer.Tx, consumer.Execution, consumer.Log) consumer.Outcome {
			if lift == nil {
				lift = sqltest.FillDisk(t, 1)
			}
			return consumer.Done("1;1", nil) // cannot be committed
		}
		before := len(w.hub.of(response))
		add(agenttest.Do("last"))
		feed(outage)
		if n := len(w.hub.of(response)) - before; n > 2*keys {
			t.Fatalf("%d answers while the database was away", n)
		}
		lift()
		feed(3 * time.Minute)
		after(10 * time.Minute)

		booked := w.Rows(t, `SELECT DOC FROM BOOK ORDER BY `+agenttest.Order())
		if len(booked) != len(ids) {
			t.Errorf("%d of %d are booked", len(booked), len(ids))
		}
		last := map[string]string{}
		for _, doc := range booked {
			key, _, _ := strings.Cut(doc, "-")
			if doc <= last[key] {
				t.Errorf("%s was booked after %s", doc, last[key])
			}
			last[key] = doc
		}
		if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGEEXEC`); n != len(ids) {
			t.Errorf("%d attempts for %d commands", n, len(ids))
		}
		answered := map[string]int{}
		for _, m := range w.hub.of(response) {
			answered[m.CorrelationID]++
		}
		if wrong := slices.DeleteFunc(ids, func(id uuid.UUID) bool { return answered[id.String()] == 1 }); len(wrong) > 0 {
			t.Errorf("%d commands are not answered once, the first is answered %d times", len(wrong), answered[wrong[0].String()])
		}
		if n := w.Int(t, `SELECT COUNT(*) FROM GTOTVSLINKMESSAGE WHERE TYPEEVENT = 'Downstream'`); n != 0 {
			t.Errorf("%d commands wait", n)
		}
	})
}
