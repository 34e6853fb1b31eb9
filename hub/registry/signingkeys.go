package registry

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// SigningKey is a key that signs tokens, as package identity sealed it.
type SigningKey struct {
	ID        string
	Sealed    []byte
	CreatedAt time.Time
	UseFrom   time.Time // it signs from then on, until the next one's UseFrom
}

// SigningKeys lists all signing keys in the order in which they sign.
func (s *Store) SigningKeys(ctx context.Context) ([]SigningKey, error) {
	keys, err := loadSigningKeys(ctx, s.db())
	if err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	return keys, nil
}

// ReadSigningKeys is SigningKeys on a database that no Store has open, as it is.
func ReadSigningKeys(ctx context.Context, db *sql.DB) ([]SigningKey, error) {
	return loadSigningKeys(ctx, db)
}

func loadSigningKeys(ctx context.Context, q querier) ([]SigningKey, error) {
	return collect(ctx, q, func(rows *sql.Rows) (k SigningKey, err error) {
		var created, use int64
		err = rows.Scan(&k.ID, &k.Sealed, &created, &use)
		k.CreatedAt, k.UseFrom = moment(created), moment(use)
		return k, err
	}, `SELECT id, sealed, created_at, use_from FROM signing_key ORDER BY use_from, id`)
}

// AddSigningKey stores a signing key if the newest one is still that of the id after, "" for none, and
// tells whether it did: of several hubs that replace a key at the same time one does.
func (s *Store) AddSigningKey(ctx context.Context, actor string, k SigningKey, after string) (added bool, err error) {
	err = s.change(ctx, actor, func(ctx context.Context, c *change) error {
		keys, err := loadSigningKeys(ctx, c)
		if err != nil {
			return err
		}
		newest := ""
		if len(keys) > 0 {
			newest = keys[len(keys)-1].ID
		}
		if newest != after {
			return errNothing
		}
		if _, err := c.ExecContext(ctx, `INSERT INTO signing_key (id, sealed, created_at, use_from) VALUES ($1, $2, $3, $4)`,
			k.ID, k.Sealed, micros(k.CreatedAt), micros(k.UseFrom)); err != nil {
			return err
		}
		added = true
		return c.record(ctx, "signing-key.create", k.ID, "signs from "+k.UseFrom.Format(time.RFC3339))
	})
	if err != nil {
		return false, fmt.Errorf("add signing key: %w", err)
	}
	return added, nil
}

// EraseSigningKeys erases signing keys that no token needs any more.
func (s *Store) EraseSigningKeys(ctx context.Context, actor string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		for _, id := range ids {
			r, err := c.ExecContext(ctx, `DELETE FROM signing_key WHERE id = $1`, id)
			if err != nil {
				return err
			}
			if n, err := r.RowsAffected(); err != nil || n == 0 {
				if err != nil {
					return err
				}
				continue // another hub did
			}
			if err := c.record(ctx, "signing-key.erase", id, ""); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("erase signing keys: %w", err)
	}
	return nil
}
