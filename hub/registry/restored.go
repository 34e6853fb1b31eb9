package registry

import (
	"context"
	"fmt"

	"smartlink/link"
)

// restoredBy is by how much the epochs of clients are raised after a restore: more than revocations that
// a backup does not know of.
const restoredBy = 1000

// Restored ends all tokens, log-ins and jobs, for a registry that comes from a backup: it does not know who was
// revoked, or logged out, since, and what jobs had come to.
func (s *Store) Restored(ctx context.Context, actor string) error {
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		if _, err := c.ExecContext(ctx, `UPDATE client SET epoch = epoch + $1`, restoredBy); err != nil {
			return err
		}
		if _, err := c.ExecContext(ctx, `UPDATE job SET state = $1, ended_at = $2 WHERE state = $3`, string(link.JobCancelled), micros(s.clock.Now()),
			string(link.JobRunning)); err != nil {
			return err
		}
		if _, err := c.ExecContext(ctx, `DELETE FROM login_session`); err != nil {
			return err
		}
		return c.record(ctx, "hub.restore", "hub", "tokens, log-ins and jobs ended")
	})
	if err != nil {
		return fmt.Errorf("registry restored: %w", err)
	}
	return nil
}
