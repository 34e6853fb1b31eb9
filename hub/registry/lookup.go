package registry

import (
	"context"
	"fmt"

	"smartlink/link"
)

// Client answers one client, without its secrets' values. An unknown id is link.CodeNotFound.
func (s *Store) Client(ctx context.Context, id link.ClientID) (link.Client, error) {
	c, err := readClient(ctx, s.db(), id)
	if err != nil {
		return link.Client{}, fmt.Errorf("read client: %w", unavailable(err))
	}
	return s.withUses(c), nil
}

// User answers one person. An unknown name is link.CodeNotFound.
func (s *Store) User(ctx context.Context, name string) (link.User, error) {
	u, err := readUser(ctx, s.db(), name)
	if err != nil {
		return link.User{}, fmt.Errorf("read user: %w", unavailable(err))
	}
	return u, nil
}
