package registry

import (
	"context"
	"fmt"

	"smartlink/link"
)

// SetKey gives a person a new API key, which is in the answer and nowhere else; the keys they had are
// no longer good. An unknown name is link.CodeNotFound.
func (s *Store) SetKey(ctx context.Context, actor, name string) (link.KeySet, error) {
	key := newAPIKey()
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		if _, err := readUser(ctx, c, name); err != nil {
			return err
		}
		if _, err := c.ExecContext(ctx, `DELETE FROM api_key WHERE person = $1`, name); err != nil {
			return err
		}
		h := hashOf(key)
		if _, err := c.ExecContext(ctx, `INSERT INTO api_key (hash, person, created_at) VALUES ($1, $2, $3)`, h[:], name, micros(c.now)); err != nil {
			return err
		}
		return c.record(ctx, "person.key", name, "")
	})
	if err != nil {
		return link.KeySet{}, fmt.Errorf("set key: %w", err)
	}
	return link.KeySet{User: name, APIKey: key}, nil
}
