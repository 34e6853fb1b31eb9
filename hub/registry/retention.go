package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

const dayLength = 24 * time.Hour

// Retention tells how long messages of a tenant are kept.
func (s *Snapshot) Retention(tenant uuid.UUID) link.TenantRetention {
	return withDefaults(tenant, s.retention[tenant])
}

func withDefaults(tenant uuid.UUID, r link.TenantRetention) link.TenantRetention {
	if r.TenantID = tenant; r.HistoryDays == 0 {
		r.HistoryDays = int(link.Retention / dayLength)
	}
	return r
}

const retentionColumns = `tenant, history_days, waiting_days, dead_days`

func (s *Snapshot) loadRetention(ctx context.Context, q querier) error {
	list, err := collect(ctx, q, func(rows *sql.Rows) (r link.TenantRetention, err error) {
		err = rows.Scan(&r.TenantID, &r.HistoryDays, &r.WaitingDays, &r.DeadDays)
		return r, err
	}, `SELECT `+retentionColumns+` FROM retention`)
	for _, r := range list {
		s.retention[r.TenantID] = r
	}
	return err
}

// ChangeRetention changes how long messages of a tenant are kept. A change that changes nothing leaves no
// audit entry. Errors: link.CodeRequestInvalid, link.CodeNotFound for an unknown tenant.
func (s *Store) ChangeRetention(ctx context.Context, actor string, tenant uuid.UUID, r link.RetentionChange) (link.TenantRetention, error) {
	in := checkRetention(r)
	if r == (link.RetentionChange{}) {
		in.add("", link.CodeRequestInvalid, link.Both("diga historyDays, waitingDays ou deadDays", "say historyDays, waitingDays or deadDays"))
	}
	if err := in.err(); err != nil {
		return link.TenantRetention{}, err
	}
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		if tenant == uuid.Nil {
			return unknownTenant(tenant)
		}
		if err := findTenant(ctx, c, tenant); err != nil {
			return err
		}
		now := link.TenantRetention{TenantID: tenant}
		err := c.QueryRowContext(ctx, `SELECT `+retentionColumns+` FROM retention WHERE tenant = $1`, tenant[:]).
			Scan(&now.TenantID, &now.HistoryDays, &now.WaitingDays, &now.DeadDays)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		old := now
		if now = changed(now, r); now == old {
			return errNothing
		}
		if _, err := c.ExecContext(ctx, `INSERT INTO retention (`+retentionColumns+`) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant) DO UPDATE SET
			history_days = excluded.history_days, waiting_days = excluded.waiting_days, dead_days = excluded.dead_days`,
			tenant[:], now.HistoryDays, now.WaitingDays, now.DeadDays); err != nil {
			return err
		}
		return c.record(ctx, "tenant.retention", tenant.String(), fmt.Sprintf("history %d, waiting %d, dead %d days; before: %d, %d, %d",
			now.HistoryDays, now.WaitingDays, now.DeadDays, old.HistoryDays, old.WaitingDays, old.DeadDays))
	})
	if err != nil {
		return link.TenantRetention{}, fmt.Errorf("change retention: %w", err)
	}
	return s.Current().Retention(tenant), nil
}

// checkRetention looks at the days of a change.
func checkRetention(r link.RetentionChange) *checks {
	var in checks
	days := func(name string, v *int, most int) {
		if v != nil && (*v < 0 || *v > most) {
			in.add("/"+name, link.CodeRequestInvalid, link.Range(0, most))
		}
	}
	days("historyDays", r.HistoryDays, link.MaxHistoryDays)
	days("waitingDays", r.WaitingDays, link.MaxKeepDays)
	days("deadDays", r.DeadDays, link.MaxKeepDays)
	return &in
}

// changed is a retention after a change.
func changed(now link.TenantRetention, r link.RetentionChange) link.TenantRetention {
	for _, f := range []struct{ to, from *int }{{&now.HistoryDays, r.HistoryDays}, {&now.WaitingDays, r.WaitingDays}, {&now.DeadDays, r.DeadDays}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	return now
}

// RetentionAfter tells how long messages of a tenant would be kept after a change, which may be none.
// Errors: link.CodeRequestInvalid, link.CodeNotFound for an unknown tenant.
func (s *Snapshot) RetentionAfter(tenant uuid.UUID, r link.RetentionChange) (link.TenantRetention, error) {
	if _, known := s.Tenant(tenant); !known {
		return link.TenantRetention{}, unknownTenant(tenant)
	}
	if err := checkRetention(r).err(); err != nil {
		return link.TenantRetention{}, err
	}
	return withDefaults(tenant, changed(s.retention[tenant], r)), nil
}

// TenantRetention tells how long messages of a tenant are kept. Errors: link.CodeNotFound.
func (s *Store) TenantRetention(tenant uuid.UUID) (link.TenantRetention, error) {
	now := s.Current()
	if _, known := now.Tenant(tenant); !known {
		return link.TenantRetention{}, unknownTenant(tenant)
	}
	return now.Retention(tenant), nil
}

func unknownTenant(tenant uuid.UUID) error {
	return link.NewError(link.CodeNotFound, "what", "Tenant "+tenant.String(), "whatPT", "O tenant "+tenant.String())
}
