package registry

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"smartlink/link"
)

// usesInterval is how often the last uses of secrets are written.
const usesInterval = time.Minute

// uses remembers when secrets were last used until they are written together, so that a token
// request costs no fsync. A crash loses a minute of them: they tell an administrator which of two
// secrets is still needed, nothing more.
type uses struct {
	mu sync.Mutex
	at map[string]time.Time // by the secret's id
}

func (u *uses) note(secret string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.at == nil {
		u.at = map[string]time.Time{}
	}
	u.at[secret] = at
}

// of answers the use of a secret that is not written yet.
func (u *uses) of(secret string) (time.Time, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	at, ok := u.at[secret]
	return at, ok
}

// copy answers all that is not written yet.
func (u *uses) copy() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return maps.Clone(u.at)
}

// forget drops what was written, unless the secret was used again meanwhile.
func (u *uses) forget(written map[string]time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for k, v := range written {
		if u.at[k].Equal(v) {
			delete(u.at, k)
		}
	}
}

// withUses puts uses into a client that are not written yet.
func (s *Store) withUses(c link.Client) link.Client {
	for i, secret := range c.Secrets {
		if at, ok := s.uses.of(secret.ID); ok {
			c.Secrets[i].LastUsed = &at
		}
	}
	return c
}

// writeUses writes the uses every minute until ctx ends.
func (s *Store) writeUses(ctx context.Context) {
	for {
		t := s.clock.NewTimer(usesInterval)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C():
			if err := s.flushUses(ctx); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "last use of secrets not written; trying again", slog.Any("error", err))
			}
		}
	}
}

// flushUses writes the uses in one transaction; without any it touches nothing.
func (s *Store) flushUses(ctx context.Context) error {
	pending := s.uses.copy()
	if len(pending) == 0 {
		return nil
	}
	s.write.Lock()
	defer s.write.Unlock()
	tx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for secret, at := range pending {
		if _, err := tx.ExecContext(ctx, `UPDATE secret SET last_used = $1 WHERE id = $2`, micros(at), secret); err != nil {
			return s.failed(err)
		}
	}
	if err := s.commit(tx); err != nil {
		return err
	}
	s.uses.forget(pending)
	return nil
}
