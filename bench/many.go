package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"smartlink/client"
	"smartlink/hub/queue"
	"smartlink/hub/queue/sqlite"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

// How much there is.
const (
	queueCount      = 10_000
	tenantsOfQueues = 2_500
	millionCount    = 1_000_000
	stuckCount      = 100_000
	millionBody     = 512
	pageSize        = 50
)

// prepared is a hub's folder that is filled once in a run and then looked at in each round.
type prepared struct {
	dir     string
	world   world
	session *http.Cookie
	middle  string // cursor of a page in the middle
}

// prepare makes a hub with its world on a folder that stays for the whole run, and ends it.
func (s *stage) prepare(ctx context.Context, name string) (p *prepared, err error) {
	dir, err := os.MkdirTemp(s.dir, name+"-prepared-")
	if err != nil {
		return nil, err
	}
	h, w, err := s.fresh(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	session, err := h.login(ctx, w)
	return &prepared{dir: filepath.Join(dir, "hub"), world: w, session: session}, err
}

// withEngine opens the queues of a folder while no hub runs there.
func (p *prepared) withEngine(ctx context.Context, f func(e *queue.Engine) error) (err error) {
	store, err := sqlite.Open(ctx, filepath.Join(p.dir, "queue.db"), sqlite.Options{})
	if err != nil {
		return err
	}
	e := queue.New(store, queue.Options{})
	if err := e.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Stop(context.WithoutCancel(ctx))) }()
	return f(e)
}

// manyQueues measures a hub with many queues, each with a message.
func manyQueues(ctx context.Context, s *stage, _ string) (values []float64, err error) {
	if s.queues == nil {
		p, err := s.prepare(ctx, "queues")
		if err == nil {
			err = fillQueues(ctx, p)
		}
		if err != nil {
			return nil, err
		}
		s.queues = p
	}
	h, err := s.startHub(ctx, s.queues.dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	admin, err := h.admin(s.queues.world)
	if err != nil {
		return nil, err
	}
	page, err := several(11, func() (time.Duration, error) { return h.page(ctx, "/monitor/", s.queues.session) })
	if err != nil {
		return nil, err
	}
	list, err := several(11, func() (time.Duration, error) {
		return timed(func() error {
			got, err := admin.Queues(ctx, uuid.Nil, client.List{Limit: pageSize})
			if err == nil && len(got.Items) != pageSize {
				err = fmt.Errorf("%d queues on a page", len(got.Items))
			}
			return err
		})
	})
	return []float64{milliseconds(h.ready), page, list, h.memory()}, err
}

// fillQueues makes tenants and clients in the registry's file, since the admin API, made for people, would
// take minutes, and their queues by the engine.
func fillQueues(ctx context.Context, p *prepared) error {
	names, err := fillRegistry(ctx, filepath.Join(p.dir, "hub.db"))
	if err != nil {
		return fmt.Errorf("fill the registry: %w", err)
	}
	return p.withEngine(ctx, func(e *queue.Engine) error {
		for _, q := range names {
			if _, err := e.Setup(ctx, queue.Setup{Queue: q, Subscriptions: []string{command}, RequeueCountMax: link.DefaultRequeueCountMax}); err != nil {
				return err
			}
		}
		_, err := count(ctx, 64, len(names), func(ctx context.Context, caller int) (int, error) {
			for i := caller; i < len(names); i += 64 {
				if err := publishAll(ctx, e, names[i], 1, 0, ""); err != nil {
					return 0, err
				}
			}
			return len(names), nil
		})
		return err
	})
}

func fillRegistry(ctx context.Context, path string) (names []queue.Name, err error) {
	db, err := sqldb.OpenSQLite(ctx, path, 1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	now := time.Now().UnixMicro()
	for n := range tenantsOfQueues {
		company, tenant := link.NewID(), link.NewID()
		if err := all(ctx, tx,
			statement{`INSERT INTO company (id, name, created_at) VALUES (?, ?, ?)`, []any{company[:], fmt.Sprintf("Company %04d", n), now}},
			statement{`INSERT INTO tenant (id, company, name, created_at) VALUES (?, ?, 'Main', ?)`, []any{tenant[:], company[:], now}},
		); err != nil {
			return nil, err
		}
		for i := range queueCount / tenantsOfQueues {
			id := link.NewClientID()
			if err := all(ctx, tx,
				statement{`INSERT INTO client (id, tenant, name, epoch, created_at) VALUES (?, ?, ?, 0, ?)`, []any{string(id), tenant[:], fmt.Sprint("client ", i), now}},
				statement{`INSERT INTO client_app (client, place, app) VALUES (?, 0, ?)`, []any{string(id), receiverApp}},
			); err != nil {
				return nil, err
			}
			names = append(names, queue.Name{Tenant: tenant, Client: id})
		}
	}
	return names, tx.Commit()
}

type statement struct {
	sql  string
	args []any
}

func all(ctx context.Context, tx *sql.Tx, list ...statement) error {
	for _, s := range list {
		if _, err := tx.ExecContext(ctx, s.sql, s.args...); err != nil {
			return fmt.Errorf("%s: %w", s.sql, err)
		}
	}
	return nil
}

// publishAll puts n messages into a queue.
func publishAll(ctx context.Context, e *queue.Engine, q queue.Name, n, size int, key string) error {
	body := make([]byte, size+2)
	for i := range body {
		body[i] = ' '
	}
	copy(body, "{}")
	list := make([]queue.Publish, 0, link.MaxBatch)
	for n > 0 {
		list = list[:0]
		for range min(n, link.MaxBatch) {
			id := link.NewID()
			list = append(list, queue.Publish{
				Message: link.Message{
					ID: id, RootID: id, OrderingKey: key, TenantID: q.Tenant, Sender: link.Sender{App: senderApp, ClientID: link.NewClientID()},
					Type: command, Audience: receiverApp, ContentType: "application/json", Body: body,
				},
				Route: queue.Route{Clients: []link.ClientID{q.Client}},
			})
		}
		done, err := e.PublishAll(ctx, list)
		for _, d := range done {
			err = errors.Join(err, d.Err)
		}
		if err != nil {
			return err
		}
		n -= len(list)
	}
	return nil
}

// million measures a hub with a million messages waiting in one queue, the first of them stuck: a hundred
// thousand of one ordering key, of which the first is never acknowledged.
func million(ctx context.Context, s *stage, _ string) (values []float64, err error) {
	if s.million == nil {
		if s.million, err = s.prepareMillion(ctx); err != nil {
			return nil, err
		}
	}
	h, err := s.startHub(ctx, s.million.dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	reader, err := h.client(s.million.world.receiver, 1)
	if err != nil {
		return nil, err
	}
	if _, err := reader.Token(ctx); err != nil { // its cost is no page's
		return nil, err
	}
	look := func(cursor string) (float64, error) {
		return several(11, func() (time.Duration, error) {
			return timed(func() error {
				got, err := reader.Browse(ctx, client.Browse{Limit: pageSize, Cursor: cursor})
				if err == nil && len(got.Items) != pageSize {
					err = fmt.Errorf("%d messages on a page", len(got.Items))
				}
				return err
			})
		})
	}
	first, err := look("")
	if err != nil {
		return nil, err
	}
	middle, err := look(s.million.middle)
	if err != nil {
		return nil, err
	}
	var held []link.Delivery
	get := func() error {
		got, err := reader.Get(ctx, client.GetOptions{Max: 1})
		if err == nil && len(got) != 1 {
			err = fmt.Errorf("%d messages came", len(got))
		}
		held = append(held, got...)
		return err
	}
	if err := get(); err != nil { // the one that all of its key stand behind
		return nil, err
	}
	lease, err := several(21, func() (time.Duration, error) { return timed(get) })
	if err != nil {
		return nil, err
	}
	release := make([]link.Settlement, len(held))
	for i, d := range held {
		release[i] = link.Settlement{DeliveryTag: d.Tag, Release: true}
	}
	_, err = reader.Ack(ctx, release)
	return []float64{milliseconds(h.ready), first, middle, lease, h.memory()}, err
}

// prepareMillion fills a queue, and finds its middle page by page, as a person would have to.
func (s *stage) prepareMillion(ctx context.Context) (p *prepared, err error) {
	if p, err = s.prepare(ctx, "million"); err != nil {
		return nil, err
	}
	q := queue.Name{Tenant: uuid.MustParse(p.world.tenant), Client: p.world.receiver.ID}
	err = p.withEngine(ctx, func(e *queue.Engine) error {
		return errors.Join(publishAll(ctx, e, q, stuckCount, millionBody, "stuck"), publishAll(ctx, e, q, millionCount-stuckCount, millionBody, ""))
	})
	if err != nil {
		return nil, err
	}
	h, err := s.startHub(ctx, p.dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	reader, err := h.client(p.world.receiver, 1)
	if err != nil {
		return nil, err
	}
	for n := 0; n < millionCount/2; {
		page, err := reader.Browse(ctx, client.Browse{Limit: queue.MaxPage, Cursor: p.middle})
		if err != nil {
			return nil, err
		}
		if len(page.Items) == 0 || page.Next == "" {
			return nil, errors.New("the list ended before its middle")
		}
		n, p.middle = n+len(page.Items), page.Next
	}
	return p, nil
}
