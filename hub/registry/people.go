package registry

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"smartlink/internal/pgdb"
	"smartlink/link"
)

// Wrong first-start codes: so many at once, then one per guessEvery.
const (
	guessBurst = 5
	guessEvery = 10 * time.Second
)

// startGuard lets one first-start code be tried at a time, and not too often.
type startGuard struct {
	mu      sync.Mutex
	guesses *rate.Limiter
}

// StartCode makes the code with which the first administrator is made, when there is neither an
// administrator nor a code. It is answered in clear this once, with fresh, to be printed; later
// calls answer "". Who lost it starts with a new data folder: without an administrator there is
// nothing in the old one.
func (s *Store) StartCode(ctx context.Context) (code string, fresh bool, err error) {
	err = s.change(ctx, System, func(ctx context.Context, c *change) error {
		var n int
		if err := c.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM start_code) + (SELECT count(*) FROM person)`).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return errNothing
		}
		code = newStartCode()
		h := hashOf(plainCode(code))
		if _, err := c.ExecContext(ctx, `INSERT INTO start_code (one, hash, created_at) VALUES (1, $1, $2)`, h[:], micros(c.now)); err != nil {
			return err
		}
		return c.record(ctx, "start-code.create", "start-code", "")
	})
	if err != nil {
		return "", false, fmt.Errorf("first-start code: %w", err)
	}
	return code, code != "", nil
}

// newStartCode makes a code for people: 120 random bits in six groups of four letters and digits,
// none of which looks like another.
func newStartCode() string {
	var b [15]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	letters := base32.StdEncoding.EncodeToString(b[:])
	groups := make([]string, 0, 6)
	for ; letters != ""; letters = letters[4:] {
		groups = append(groups, letters[:4])
	}
	return strings.Join(groups, "-")
}

// plainCode takes from a code what people change while copying it: case, dashes, spaces.
func plainCode(code string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(strings.TrimSpace(code)))
}

// Init spends the first-start code and makes the first administrator, whose API key is in the
// answer and nowhere else. A wrong or spent code is link.CodeStartCode, and after some of them
// every further one link.CodeRateLimited for a while.
func (s *Store) Init(ctx context.Context, r link.InitRequest) (link.InitResponse, error) {
	s.start.mu.Lock()
	defer s.start.mu.Unlock()
	now := s.clock.Now()
	if s.start.guesses.TokensAt(now) < 1 {
		e := link.NewError(link.CodeRateLimited)
		e.Header = http.Header{"Retry-After": {strconv.Itoa(int(guessEvery / time.Second))}}
		return link.InitResponse{}, e
	}
	var in checks
	made := link.InitResponse{User: in.name("/user", r.User), Role: link.RoleAdministrator, APIKey: newAPIKey()}
	err := s.change(ctx, made.User, func(ctx context.Context, c *change) error {
		if err := spendCode(ctx, c, r.Code); err != nil {
			return err
		}
		if err := in.err(); err != nil { // only who has the code is told more
			return err
		}
		return insertPerson(ctx, c, made)
	})
	if link.CodeOf(err) == link.CodeStartCode {
		s.start.guesses.AllowN(now, 1)
	}
	if err != nil {
		return link.InitResponse{}, fmt.Errorf("make the first administrator: %w", err)
	}
	return made, nil
}

func spendCode(ctx context.Context, c *change, code string) error {
	var stored []byte
	err := c.QueryRowContext(ctx, `UPDATE start_code SET spent_at = $1 WHERE spent_at IS NULL RETURNING hash`, micros(c.now)).Scan(&stored)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	given := hashOf(plainCode(code))
	if subtle.ConstantTimeCompare(stored, given[:]) != 1 {
		return link.NewError(link.CodeStartCode)
	}
	return nil
}

func insertPerson(ctx context.Context, c *change, p link.InitResponse) error {
	_, err := c.ExecContext(ctx, `INSERT INTO person (name, role, created_at) VALUES ($1, $2, $3)`, p.User, p.Role, micros(c.now))
	if pgdb.IsUnique(err) {
		return link.NewError(link.CodeConflict, "what", quoted(p.User))
	}
	if err != nil {
		return err
	}
	h := hashOf(p.APIKey)
	if _, err := c.ExecContext(ctx, `INSERT INTO api_key (hash, person, created_at) VALUES ($1, $2, $3)`, h[:], p.User, micros(c.now)); err != nil {
		return err
	}
	return c.record(ctx, "person.create", p.User, string(p.Role)+"; by the first-start code")
}

// apiKeyPrefix marks an API key, so that people and secret scanners know one when they see it.
const apiKeyPrefix = "slk_"

// newAPIKey makes an API key of 256 random bits.
func newAPIKey() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return apiKeyPrefix + hex.EncodeToString(b[:])
}

// AuthenticateKey answers whose API key this is; an unknown one is link.CodeKeyInvalid. Its hash is
// looked up, so that nothing can be learnt from the time it takes, and no store is read for one that is known.
func (s *Store) AuthenticateKey(ctx context.Context, key string) (User, error) {
	u, ok := s.Current().keys[hashOf(key)]
	if !ok && s.CaughtUp(ctx) {
		u, ok = s.Current().keys[hashOf(key)]
	}
	if !ok {
		return User{}, link.NewError(link.CodeKeyInvalid)
	}
	return u, nil
}
