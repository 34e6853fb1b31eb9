package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// binding is a row of the table installation.
type binding struct {
	client                     link.ClientID
	installation, barred       string
	boundAt                    int64
	epoch                      int64
	instance, run, host        string
	since, until, lease, moves int64
	standbyHost                string
	standbyAt                  int64
	rivalRun, rivalHost        string
	conflictRun, conflictHost  string
	conflictAt                 int64
	refused, refusedHost       string
	refusedCode                link.Code
	refusedAt                  int64
	helpUntil                  int64
}

const bindingColumns = `i.client, i.installation, i.barred, i.bound_at, i.epoch, i.instance, i.run, i.host, i.since, i.until, i.lease, i.moves,
	i.standby_host, i.standby_at, i.rival_run, i.rival_host, i.conflict_run, i.conflict_host, i.conflict_at,
	i.refused, i.refused_host, i.refused_code, i.refused_at, i.help_until`

// fields are bindingColumns' places.
func (b *binding) fields() []any {
	return []any{
		&b.client, &b.installation, &b.barred, &b.boundAt, &b.epoch, &b.instance, &b.run, &b.host, &b.since, &b.until, &b.lease, &b.moves,
		&b.standbyHost, &b.standbyAt, &b.rivalRun, &b.rivalHost, &b.conflictRun, &b.conflictHost, &b.conflictAt,
		&b.refused, &b.refusedHost, &b.refusedCode, &b.refusedAt, &b.helpUntil,
	}
}

// readBinding answers a client's row; the zero binding when it has none.
func readBinding(ctx context.Context, q querier, id link.ClientID) (binding, error) {
	var b binding
	err := q.QueryRowContext(ctx, `SELECT `+bindingColumns+` FROM installation i WHERE i.client = $1`, id).Scan(b.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		return binding{}, nil
	}
	return b, err
}

const (
	makeBinding = `INSERT INTO installation (client, installation, barred, bound_at, epoch, instance, run, host, since, until, lease, moves,
		standby_host, standby_at, rival_run, rival_host, conflict_run, conflict_host, conflict_at, refused, refused_host, refused_code, refused_at)
		VALUES ($1, '', '', 0, 0, '', '', '', 0, 0, 0, 0, '', 0, '', '', '', '', 0, '', '', '', 0)`
	bindQueue = `UPDATE installation SET installation = $1, barred = $2, bound_at = $3, epoch = epoch + 1, instance = '', run = '', host = '', since = 0,
		until = 0, moves = 0, standby_host = '', standby_at = 0, rival_run = '', rival_host = '', conflict_run = '', conflict_host = '', conflict_at = 0,
		help_until = 0 WHERE client = $4`
	grantHold = `UPDATE installation SET epoch = $1, instance = $2, run = $3, host = $4, since = $5, until = $6, lease = $7, moves = $8, rival_run = '',
		rival_host = '' WHERE client = $9 AND epoch = $10 AND (run IN ('', $11) OR until <= $12)`
	renewHold = `UPDATE installation SET until = $1, lease = $2, moves = $3, rival_run = '', rival_host = '' WHERE client = $4 AND epoch = $5 AND run = $6`
	endHold   = `UPDATE installation SET run = '', until = 0, moves = $1, rival_run = '', rival_host = '' WHERE client = $2 AND epoch = $3 AND run = $4`
	noteCopy  = `UPDATE installation SET conflict_run = $1, conflict_host = $2, conflict_at = $3 WHERE client = $4`
	noteRival = `UPDATE installation SET rival_run = $1, rival_host = $2 WHERE client = $3 AND run <> ''`
	noteStand = `UPDATE installation SET standby_host = $1, standby_at = $2 WHERE client = $3`
	noteNo    = `UPDATE installation SET refused = $1, refused_host = $2, refused_code = $3, refused_at = $4 WHERE client = $5`
	putOff    = `UPDATE installation SET until = $1 + lease WHERE run <> '' AND until < $2 + lease`
)

// noteEvery is how often the same thing about an installation is noted anew.
const noteEvery = 10 * time.Second

// Hold lets a run of an agent be, or stay, the active one of an installation, or tells that another is.
// lease is how long it stays it without asking again. The first to come binds the client's queue.
//
// Errors: link.CodeInstallation, the queue belongs to another installation or was taken from this one;
// link.CodeDatabaseOld, a newer state of the run's database was seen.
func (s *Store) Hold(ctx context.Context, id link.ClientID, installation string, r link.HoldRequest, lease time.Duration) (link.HoldResponse, error) {
	var h hold
	err := s.change(ctx, string(id), func(ctx context.Context, c *change) error {
		h = hold{change: c, client: id, installation: installation, ask: r, lease: lease, log: s.log}
		return h.do(ctx)
	})
	if err != nil {
		return link.HoldResponse{}, fmt.Errorf("hold an installation: %w", err)
	}
	return h.answer, h.refused
}

// hold is one question of a run.
type hold struct {
	*change
	client       link.ClientID
	installation string
	ask          link.HoldRequest
	lease        time.Duration
	log          logger

	answer  link.HoldResponse
	refused error // what the run is told; what was noted about it stays
}

// logger is what a hold tells about copies.
type logger interface{ Warn(msg string, args ...any) }

func (h *hold) do(ctx context.Context) error {
	b, err := h.bind(ctx, h.client, h.installation)
	if err != nil || h.refused != nil {
		return err
	}
	now := micros(h.now)
	switch {
	case h.ask.Moves < b.moves:
		return h.refuse(ctx, &b, link.NewError(link.CodeDatabaseOld, "host", b.host, "at", moment(b.since).Format(time.RFC3339)))
	case b.run == h.ask.Run.String() && h.ask.Release:
		_, err := h.ExecContext(ctx, endHold, h.ask.Moves, h.client, b.epoch, b.run)
		h.answer = link.HoldResponse{Epoch: b.epoch, Lease: time.Duration(0).String()}
		h.quiet = true
		return err
	case b.run == h.ask.Run.String() && h.ask.Epoch <= b.epoch:
		return h.renew(ctx, &b)
	case h.ask.Release: // it is not the active one any more
		h.answer = h.standBy(&b)
		h.quiet = true
		return nil
	case b.run == "" || b.until <= now || b.run == h.ask.Run.String(): // its own, but its database knows a later epoch
		return h.grant(ctx, &b)
	}
	return h.wait(ctx, &b)
}

// bind makes sure that the queue is the installation's, or makes it so when it is nobody's.
func (c *change) bindTo(ctx context.Context, id link.ClientID, installation string) (b binding, bound bool, err error) {
	if b, err = readBinding(ctx, c, id); err != nil {
		return b, false, err
	}
	if b.client == "" {
		if _, err := c.ExecContext(ctx, makeBinding, id); err != nil {
			return b, false, err
		}
	}
	if b.installation != "" || b.barred != "" && b.barred == installation {
		return b, b.installation == installation, nil
	}
	if _, err := c.ExecContext(ctx, bindQueue, installation, "", micros(c.now), id); err != nil {
		return b, false, err
	}
	if err := c.record(ctx, "client.bind", string(id), "installation "+installation); err != nil {
		return b, false, err
	}
	b, err = readBinding(ctx, c, id)
	return b, true, err
}

func (h *hold) bind(ctx context.Context, id link.ClientID, installation string) (binding, error) {
	b, bound, err := h.bindTo(ctx, id, installation)
	if err != nil || bound {
		return b, err
	}
	return b, h.refuse(ctx, &b, ForeignInstallation(b.installation, installation))
}

// ForeignInstallation says that a queue belongs to an installation, or, when bound is empty, that it
// was taken from the one that asks.
func ForeignInstallation(bound, asks string) *link.Error {
	switch {
	case bound == "":
		return link.NewError(link.CodeInstallation, "bound", "–", "why", "an administrator has taken the queue from this one",
			"whyPT", "um administrador tirou a fila desta instalação")
	case asks == "":
		return link.NewError(link.CodeInstallation, "bound", bound, "why", "the request names none (SL-Installation)",
			"whyPT", "o pedido não diz nenhuma (SL-Installation)")
	}
	return link.NewError(link.CodeInstallation, "bound", bound, "why", "the request comes from "+asks, "whyPT", "o pedido vem de "+asks)
}

// refuse notes for people who was refused, and why.
func (h *hold) refuse(ctx context.Context, b *binding, e *link.Error) error {
	h.refused, h.quiet = e, true
	if b.refused == h.installation && b.refusedHost == h.ask.Host && b.refusedCode == e.Code && micros(h.now)-b.refusedAt < noteEvery.Microseconds() {
		return nil
	}
	_, err := h.ExecContext(ctx, noteNo, h.installation, h.ask.Host, string(e.Code), micros(h.now), h.client)
	return err
}

// renew puts the end of the lease off. A rival that asked in the meantime is a copy: both are alive.
func (h *hold) renew(ctx context.Context, b *binding) error {
	h.quiet = true
	r, err := h.ExecContext(ctx, renewHold, micros(h.now.Add(h.lease)), h.lease.Microseconds(), h.ask.Moves, h.client, b.epoch, b.run)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 { // another hub was faster
		h.answer = h.standBy(b)
		return err
	}
	h.answer = link.HoldResponse{Active: true, Epoch: b.epoch, Lease: h.lease.String()}
	if err := h.help(ctx, b); err != nil {
		return err
	}
	if b.rivalRun == "" {
		return nil
	}
	if _, err := h.ExecContext(ctx, noteCopy, b.rivalRun, b.rivalHost, micros(h.now), h.client); err != nil {
		return err
	}
	if b.conflictRun == b.rivalRun {
		return nil
	}
	h.log.Warn("an installation runs twice: one of the two is a copy", "client", h.client, "installation", b.installation, "active", b.host, "copy", b.rivalHost)
	return h.record(ctx, "client.copy", string(h.client), fmt.Sprintf("installation %s; active on %s; a copy on %s", b.installation, b.host, b.rivalHost))
}

// grant makes the run the active one.
func (h *hold) grant(ctx context.Context, b *binding) error {
	epoch := max(b.epoch, h.ask.Epoch) + 1
	now := micros(h.now)
	r, err := h.ExecContext(ctx, grantHold, epoch, h.ask.Instance.String(), h.ask.Run.String(), h.ask.Host, now, micros(h.now.Add(h.lease)),
		h.lease.Microseconds(), h.ask.Moves, h.client, b.epoch, h.ask.Run.String(), now)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 { // another hub has given it away
		h.answer = h.standBy(b)
		return err
	}
	h.answer = link.HoldResponse{Active: true, Epoch: epoch, Lease: h.lease.String()}
	return nil
}

// wait tells a run that another is the active one, and notes it for people.
func (h *hold) wait(ctx context.Context, b *binding) error {
	h.answer = h.standBy(b)
	h.quiet = true
	if b.instance == h.ask.Instance.String() {
		h.answer.Copy = b.conflictRun == h.ask.Run.String()
		if b.rivalRun == h.ask.Run.String() {
			return nil
		}
		_, err := h.ExecContext(ctx, noteRival, h.ask.Run.String(), h.ask.Host, h.client)
		return err
	}
	if b.standbyHost == h.ask.Host && micros(h.now)-b.standbyAt < noteEvery.Microseconds() {
		return nil
	}
	_, err := h.ExecContext(ctx, noteStand, h.ask.Host, micros(h.now), h.client)
	return err
}

func (h *hold) standBy(b *binding) link.HoldResponse {
	left := max(moment(b.until).Sub(h.now), 0).Round(time.Millisecond)
	return link.HoldResponse{Epoch: b.epoch, Lease: left.String(), Holder: &link.Holder{Host: b.host, Since: moment(b.since)}}
}

// PutOffHolds gives every active run its whole lease again, from now on: none could ask while there was
// no hub. Where several hubs share the store nothing is done: another was there.
func (s *Store) PutOffHolds(ctx context.Context) error {
	if !s.alone {
		return nil
	}
	s.write.Lock()
	defer s.write.Unlock()
	now := micros(s.clock.Now())
	_, err := s.db().ExecContext(ctx, putOff, now, now)
	return unavailable(err)
}

// Bind gives a client's queue to an installation if it is nobody's. Otherwise an error of
// link.CodeInstallation, unless it is that one's.
func (s *Store) Bind(ctx context.Context, id link.ClientID, installation string) error {
	var refused error
	err := s.change(ctx, string(id), func(ctx context.Context, c *change) error {
		b, bound, err := c.bindTo(ctx, id, installation)
		if err == nil && !bound {
			refused, c.quiet = ForeignInstallation(b.installation, installation), true
		}
		return err
	})
	return errors.Join(err, refused)
}

// BindTo gives a client's queue to an installation, whosever it was. A run of the one before is not
// the active one any more.
func (s *Store) BindTo(ctx context.Context, actor string, id link.ClientID, installation string) (link.Binding, error) {
	return s.rebind(ctx, actor, "client.rebind", id, func(string) (string, string) { return installation, "" })
}

// Release takes a client's queue from its installation: the next one to come gets it, and not the one
// it was taken from.
func (s *Store) Release(ctx context.Context, actor string, id link.ClientID) (link.Binding, error) {
	return s.rebind(ctx, actor, "client.release", id, func(bound string) (string, string) { return "", bound })
}

// rebind changes whose a queue is; to answers the new installation and the one that may not come back,
// for the present one.
func (s *Store) rebind(ctx context.Context, actor, action string, id link.ClientID, to func(bound string) (string, string)) (link.Binding, error) {
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		if _, err := readClient(ctx, c, id); err != nil {
			return err
		}
		b, err := readBinding(ctx, c, id)
		if err != nil {
			return err
		}
		next, barred := to(b.installation)
		if b.installation == next && (b.client != "" || next == "") {
			return errNothing
		}
		if b.client == "" {
			if _, err := c.ExecContext(ctx, makeBinding, id); err != nil {
				return err
			}
		}
		if _, err := c.ExecContext(ctx, bindQueue, next, barred, micros(c.now), id); err != nil {
			return err
		}
		return c.record(ctx, action, string(id), "installation "+shown(b.installation)+" -> "+shown(next))
	})
	if err != nil {
		return link.Binding{}, fmt.Errorf("%s: %w", action, err)
	}
	return s.Binding(ctx, id)
}

// shown writes an installation for the audit.
func shown(installation string) string {
	if installation == "" {
		return "–"
	}
	return installation
}

// refusals are those that were noted lately, so that a client that asks all the time does not write all
// the time.
type refusals struct {
	mu    sync.Mutex
	noted map[link.ClientID]time.Time
}

// NoteRefused notes for people that a request of an installation (” = none was named) was refused,
// if the client's queue is bound. It does so at most once in some seconds for a client.
func (s *Store) NoteRefused(ctx context.Context, id link.ClientID, installation string, code link.Code) error {
	now := s.clock.Now()
	s.refusals.mu.Lock()
	again := now.Sub(s.refusals.noted[id]) < noteEvery
	if !again {
		if s.refusals.noted == nil {
			s.refusals.noted = map[link.ClientID]time.Time{}
		}
		s.refusals.noted[id] = now
	}
	s.refusals.mu.Unlock()
	if again {
		return nil
	}
	s.write.Lock()
	defer s.write.Unlock()
	_, err := s.db().ExecContext(ctx, noteNo, installation, "", string(code), micros(now), id)
	return unavailable(err)
}

const bindingQuery = `SELECT ` + bindingColumns + `, c.name, c.tenant FROM installation i JOIN client c ON c.id = i.client`

func (s *Store) scanBinding(row interface{ Scan(...any) error }) (link.Binding, error) {
	var b binding
	var name string
	var tenant uuid.UUID
	if err := row.Scan(append(b.fields(), &name, &tenant)...); err != nil {
		return link.Binding{}, err
	}
	out := link.Binding{ClientID: b.client, Client: name, TenantID: tenant, Installation: b.installation, BoundAt: moment(b.boundAt), Epoch: b.epoch}
	if b.run != "" {
		until := moment(b.until)
		out.Active, out.LeaseUntil = &link.Holder{Host: b.host, Since: moment(b.since)}, &until
	}
	if s.clock.Now().Before(moment(b.helpUntil)) {
		until := moment(b.helpUntil)
		out.HelpUntil = &until
	}
	if b.standbyAt != 0 {
		out.StandBy = &link.Seen{Host: b.standbyHost, At: moment(b.standbyAt)}
	}
	if b.conflictAt != 0 {
		out.Conflict = &link.Seen{Host: b.conflictHost, At: moment(b.conflictAt)}
	}
	if b.refusedAt != 0 {
		out.Refused = &link.Seen{Host: b.refusedHost, At: moment(b.refusedAt), Code: b.refusedCode}
		if b.refused != b.installation {
			out.Refused.Installation = b.refused
		}
	}
	return out, nil
}

// Binding tells whose a client's queue is. A client that never had an agent is link.CodeNotFound.
func (s *Store) Binding(ctx context.Context, id link.ClientID) (link.Binding, error) {
	b, err := s.scanBinding(s.db().QueryRowContext(ctx, bindingQuery+` WHERE i.client = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return b, link.NewError(link.CodeNotFound, "what", "An installation of client "+string(id), "whatPT", "Uma instalação do cliente "+string(id))
	}
	if err != nil {
		return b, fmt.Errorf("read an installation: %w", err)
	}
	return b, nil
}

// Bindings lists the clients that have or had an agent, by client id.
func (s *Store) Bindings(ctx context.Context, l List) (link.Page[link.Binding], error) {
	after, err := l.after(1)
	if err != nil {
		return link.Page[link.Binding]{}, err
	}
	rows, err := collect(ctx, s.db(), func(rows *sql.Rows) (link.Binding, error) { return s.scanBinding(rows) },
		bindingQuery+` WHERE i.client > $1 ORDER BY i.client LIMIT $2`, after[0], l.limit()+1)
	if err != nil {
		return link.Page[link.Binding]{}, fmt.Errorf("list installations: %w", err)
	}
	return page(rows, l.limit(), func(b link.Binding) []string { return []string{string(b.ClientID)} }), nil
}
