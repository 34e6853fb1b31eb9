package registry

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"smartlink/link"
)

// How long a log-in holds: SessionIdle without a page asked for, SessionMax whatever happens.
const (
	SessionIdle = 2 * time.Hour
	SessionMax  = 12 * time.Hour
)

// seenEvery is how exactly the last use of a session is known; a page asked for within it writes
// nothing.
const seenEvery = time.Minute

// ErrNoSession says that a token is of no session, or of one that has ended.
var ErrNoSession = errors.New("no session")

// Login checks a person's password and begins a session; its token is in the answer and nowhere else.
// An unknown person, a wrong password, somebody without one or disabled: all are link.CodeLogin, and
// take the same time. The audit gets an entry either way.
func (s *Store) Login(ctx context.Context, name, password, address string) (string, User, error) {
	user, stored, err := s.loginOf(ctx, name)
	if err != nil {
		return "", User{}, fmt.Errorf("log in: %w", unavailable(err))
	}
	ok, err := samePassword(ctx, stored, password)
	if err != nil {
		return "", User{}, fmt.Errorf("log in: %w", err)
	}
	if !ok || user.Name == "" {
		if err := s.Record(ctx, link.AuditEntry{Actor: clipped(name), Action: "login.refused", Target: clipped(name), Detail: "from " + address}); err != nil {
			return "", User{}, err
		}
		return "", User{}, link.NewError(link.CodeLogin)
	}
	token, err := s.beginSession(ctx, user.Name, address)
	if err != nil {
		return "", User{}, fmt.Errorf("log in: %w", unavailable(err))
	}
	return token, user, nil
}

// loginOf answers the person who may log in under a name, with what is stored of the password; for
// everybody else nobody, with a hash that no password has.
func (s *Store) loginOf(ctx context.Context, name string) (User, string, error) {
	var u User
	var stored sql.NullString
	err := s.db().QueryRowContext(ctx, `SELECT name, role, password FROM person WHERE name = $1 AND disabled_at IS NULL`, name).Scan(&u.Name, &u.Role, &stored)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return u, "", err
	}
	if !stored.Valid {
		return User{}, nobody, nil
	}
	return u, stored.String, nil
}

// clipped bounds a name that a stranger typed.
func clipped(name string) string {
	if r := []rune(name); len(r) > maxName {
		return string(r[:maxName]) + "…"
	}
	return name
}

func (s *Store) beginSession(ctx context.Context, person, address string) (string, error) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	token := base64.RawURLEncoding.EncodeToString(b[:])
	h := hashOf(token)
	err := s.small(ctx, func(tx *sql.Tx, now time.Time) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM login_session WHERE seen_at <= $1 OR created_at <= $2`,
			micros(now.Add(-SessionIdle)), micros(now.Add(-SessionMax))); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO login_session (hash, person, created_at, seen_at, address) VALUES ($1, $2, $3, $4, $5)`,
			h[:], person, micros(now), micros(now), address); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE person SET last_login = $1 WHERE name = $2`, micros(now), person); err != nil {
			return err
		}
		return insertAudit(ctx, tx, link.AuditEntry{At: now, Actor: person, Action: "login", Target: person, Detail: "from " + address})
	})
	return token, err
}

// Session answers whose session a token is, with the role of this moment, else ErrNoSession. With
// touch it counts as use, which keeps the session from ending idle; what a page does by itself is
// no use.
func (s *Store) Session(ctx context.Context, token string, touch bool) (User, error) {
	var u User
	var created, seen int64
	h := hashOf(token)
	err := s.db().QueryRowContext(ctx, `SELECT p.name, p.role, l.created_at, l.seen_at FROM login_session l JOIN person p ON p.name = l.person
		WHERE l.hash = $1 AND p.disabled_at IS NULL`, h[:]).Scan(&u.Name, &u.Role, &created, &seen)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, ErrNoSession
	}
	if err != nil {
		return User{}, fmt.Errorf("session: %w", unavailable(err))
	}
	now := s.clock.Now()
	if now.Sub(moment(seen)) >= SessionIdle || now.Sub(moment(created)) >= SessionMax {
		return User{}, ErrNoSession
	}
	if touch && now.Sub(moment(seen)) >= seenEvery {
		err := s.small(ctx, func(tx *sql.Tx, now time.Time) error {
			_, err := tx.ExecContext(ctx, `UPDATE login_session SET seen_at = $1 WHERE hash = $2`, micros(now), h[:])
			return err
		})
		if err != nil {
			return User{}, fmt.Errorf("session: %w", unavailable(err))
		}
	}
	return u, nil
}

// Logout ends a session; one that has ended already is no error.
func (s *Store) Logout(ctx context.Context, token string) error {
	h := hashOf(token)
	err := s.small(ctx, func(tx *sql.Tx, now time.Time) error {
		var person string
		err := tx.QueryRowContext(ctx, `DELETE FROM login_session WHERE hash = $1 RETURNING person`, h[:]).Scan(&person)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		return insertAudit(ctx, tx, link.AuditEntry{At: now, Actor: person, Action: "logout", Target: person})
	})
	if err != nil {
		return fmt.Errorf("log out: %w", unavailable(err))
	}
	return nil
}

func endSessions(ctx context.Context, c *change, person string) error {
	_, err := c.ExecContext(ctx, `DELETE FROM login_session WHERE person = $1`, person)
	return err
}

// small runs do in a transaction that changes nothing a Snapshot shows.
func (s *Store) small(ctx context.Context, do func(*sql.Tx, time.Time) error) error {
	s.write.Lock()
	defer s.write.Unlock()
	tx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx, s.clock.Now()); err != nil {
		return s.failed(err)
	}
	return s.commit(tx)
}
