package registry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"smartlink/link"
)

// MaxSecrets is how many live secrets a client has at most: one in use, and one that replaces it.
const MaxSecrets = 2

// ErrCredentials says that a client id or its secret is wrong, without saying which.
var ErrCredentials = errors.New("client id or secret is wrong")

// newSecret makes a client secret: 128 random bits as 32 hex digits, the shape RAC's secrets have.
func newSecret() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return hex.EncodeToString(b[:])
}

// hashOf is what is stored of a secret. Our secrets are random, so that a plain hash cannot be
// guessed backwards and a slow one would only slow every token request; see
// docs/decisions/0010-secrets-stored-as-plain-hashes.md.
func hashOf(secret string) hash { return sha256.Sum256([]byte(secret)) }

// AddSecret adds a secret to a client, so that it can be replaced without a pause. A third live
// one is link.CodeSecretLimit.
func (s *Store) AddSecret(ctx context.Context, actor string, id link.ClientID) (link.SecretCreated, error) {
	created := link.SecretCreated{Secret: newSecret()}
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		client, err := readClient(ctx, c, id)
		if err != nil {
			return err
		}
		if len(client.Secrets) >= MaxSecrets {
			return link.NewError(link.CodeSecretLimit, "client", string(id))
		}
		secret, err := insertSecret(ctx, c, id, created.Secret)
		if err != nil {
			return err
		}
		created.ID = secret.ID
		return c.record(ctx, "secret.add", string(id), "secret "+secret.ID)
	})
	if err != nil {
		return link.SecretCreated{}, fmt.Errorf("add secret: %w", err)
	}
	return created, nil
}

// RemoveSecret ends a secret at once, also the last one. Tokens already given live on until they
// expire; Revoke ends those.
func (s *Store) RemoveSecret(ctx context.Context, actor string, id link.ClientID, secret string) error {
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		var gone string
		err := c.QueryRowContext(ctx, `DELETE FROM secret WHERE client = $1 AND id = $2 RETURNING id`, id, secret).Scan(&gone)
		if errors.Is(err, sql.ErrNoRows) {
			return link.NewError(link.CodeNotFound, "what", quoted(secret))
		}
		if err != nil {
			return err
		}
		return c.record(ctx, "secret.remove", string(id), "secret "+gone)
	})
	if err != nil {
		return fmt.Errorf("remove secret: %w", err)
	}
	return nil
}

func insertSecret(ctx context.Context, c *change, id link.ClientID, secret string) (link.Secret, error) {
	h := hashOf(secret)
	s := link.Secret{ID: link.NewID().String(), CreatedAt: c.now}
	_, err := c.ExecContext(ctx, `INSERT INTO secret (id, client, hash, created_at) VALUES ($1, $2, $3, $4)`, s.ID, id, h[:], micros(c.now))
	return s, err
}

// AuthenticateClient checks a client's secret and answers the client, else ErrCredentials. It
// takes the same time for an unknown client as for a wrong secret, and reads no store for a good one.
func (s *Store) AuthenticateClient(ctx context.Context, id link.ClientID, secret string) (Client, error) {
	c, err := s.authenticate(id, secret)
	if err != nil && s.CaughtUp(ctx) {
		return s.authenticate(id, secret)
	}
	return c, err
}

func (s *Store) authenticate(id link.ClientID, secret string) (Client, error) {
	snapshot := s.Current()
	given := hashOf(secret)
	var stored [MaxSecrets]secretHash // what is not there stays zero, which no secret hashes to
	copy(stored[:], snapshot.secrets[id])
	match := 0
	for i := range stored {
		match |= subtle.ConstantTimeCompare(stored[i].hash[:], given[:]) * (i + 1)
	}
	client, known := snapshot.clients[id]
	if match == 0 || !known {
		return Client{}, ErrCredentials
	}
	s.uses.note(stored[match-1].id, s.clock.Now())
	return client, nil
}
