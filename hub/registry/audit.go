package registry

import (
	"context"
	"database/sql"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// System is the actor of what the hub does by itself.
const System = "hub"

// Record writes an audit entry of something that changes nothing in the registry, durably. Changes
// of the registry record themselves, in their own transaction. A zero At is the present moment.
func (s *Store) Record(ctx context.Context, e link.AuditEntry) error {
	s.write.Lock()
	defer s.write.Unlock()
	if e.At.IsZero() {
		e.At = s.clock.Now()
	}
	if err := s.back(ctx); err != nil {
		return err
	}
	if err := insertAudit(ctx, s.db(), e); err != nil {
		return s.failed(err)
	}
	if err := s.there(); err != nil {
		return link.NewError(link.CodeChangeUnknown).Because(err)
	}
	return nil
}

// AuditFilter picks audit entries. Empty fields pick all.
type AuditFilter struct {
	Actor  string    // exactly
	Action string    // or its beginning: message. picks message.redrive and message.copy
	Target string    // anywhere in it, without regard to case of ASCII letters
	From   time.Time // at or after
	To     time.Time // before
	// Tenant picks what was done to a tenant, its queues, messages and clients; Message what was done to a
	// message. An entry of several messages names the first of them.
	Tenant, Message uuid.UUID
}

// Audit lists changes, the newest first.
func (s *Store) Audit(ctx context.Context, l List) (link.Page[link.AuditEntry], error) {
	return s.AuditOf(ctx, AuditFilter{}, l)
}

// AuditOf lists the changes that a filter picks, the newest first.
func (s *Store) AuditOf(ctx context.Context, f AuditFilter, l List) (link.Page[link.AuditEntry], error) {
	type row struct {
		n int64
		link.AuditEntry
	}
	before, err := beforeNumber(l)
	if err != nil {
		return link.Page[link.AuditEntry]{}, err
	}
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	if !f.From.IsZero() {
		from = micros(f.From)
	}
	if !f.To.IsZero() {
		to = micros(f.To)
	}
	rows, err := collect(ctx, s.db(), func(rows *sql.Rows) (r row, err error) {
		var at int64
		err = rows.Scan(&r.n, &at, &r.Actor, &r.Action, &r.Target, &r.Detail)
		r.At = moment(at)
		return r, err
	}, `SELECT n, at, actor, action, target, detail FROM audit WHERE n < $1 AND at >= $2 AND at < $3 AND ($4 = '' OR actor = $4)
		AND lower(action) LIKE lower($5) ESCAPE '\' AND lower(target) LIKE lower($6) ESCAPE '\'
		AND ($7 = '' OR target LIKE $7 OR detail LIKE $7)
		AND ($8 = '' OR target LIKE $8 OR detail LIKE $8 OR target IN (SELECT id FROM client WHERE tenant = $9)) ORDER BY n DESC LIMIT $10`,
		before, from, to, f.Actor, likeable.Replace(f.Action)+"%", "%"+likeable.Replace(f.Target)+"%", about(f.Message), about(f.Tenant), f.Tenant[:], l.limit()+1)
	if err != nil {
		return link.Page[link.AuditEntry]{}, err
	}
	p := page(rows, l.limit(), func(r row) []string { return []string{strconv.FormatInt(r.n, 10)} })
	out := link.Page[link.AuditEntry]{Items: make([]link.AuditEntry, len(p.Items)), Next: p.Next}
	for i, r := range p.Items {
		out.Items[i] = r.AuditEntry
	}
	return out, nil
}

// about is the pattern of what names an id; "" without one.
func about(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return "%" + id.String() + "%"
}

// likeable takes from a text what LIKE would read as a pattern.
var likeable = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// beforeNumber reads a cursor that counts down.
func beforeNumber(l List) (int64, error) {
	key, err := l.after(1)
	if err != nil {
		return 0, err
	}
	if key[0] == "" {
		return math.MaxInt64, nil
	}
	n, err := strconv.ParseInt(key[0], 10, 64)
	if err != nil {
		return 0, badCursor(err)
	}
	return n, nil
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func insertAudit(ctx context.Context, x execer, e link.AuditEntry) error {
	_, err := x.ExecContext(ctx, `INSERT INTO audit (at, actor, action, target, detail) VALUES ($1, $2, $3, $4, $5)`,
		micros(e.At), e.Actor, e.Action, e.Target, e.Detail)
	return err
}
