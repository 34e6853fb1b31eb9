package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"smartlink/link"
)

// Joining is what one join code opens, as it stands in the database.
type Joining struct {
	Salt    []byte
	Sealed  []byte // empty: it was used up
	Expires time.Time
	Used    bool // by a machine that has joined
}

// maxJoinFailures is how many wrong codes may be tried.
const maxJoinFailures = 5

const (
	clearJoin  = `DELETE FROM SMARTLINKJOIN`
	insertJoin = `INSERT INTO SMARTLINKJOIN (ONE, SALT, SEALED, EXPIRESON, FAILURES, USEDON) VALUES (1, ?1, ?2, ?3, 0, '')`
	readJoin   = `SELECT SALT, SEALED, EXPIRESON, USEDON FROM SMARTLINKJOIN WHERE ONE = 1`
	spendJoin  = `UPDATE SMARTLINKJOIN SET SEALED = ?1, USEDON = ?2 WHERE ONE = 1 AND SALT = ?3 AND USEDON = ''`
	failJoin   = `UPDATE SMARTLINKJOIN SET FAILURES = FAILURES + 1 WHERE ONE = 1 AND SALT = ?1`
	closeJoin  = `UPDATE SMARTLINKJOIN SET SEALED = ?1 WHERE ONE = 1 AND FAILURES >= ?2`
	readHash   = `SELECT INSTALLATIONHASH FROM SMARTLINKMARKER`
	markAnew   = `UPDATE SMARTLINKMARKER SET INSTALLATIONHASH = ?1`
)

// PutJoin puts what a further machine needs into the database, in place of what stood there.
func (b *Box) PutJoin(ctx context.Context, j Joining) error {
	return b.write(ctx, func(tx *Tx) error {
		if _, err := tx.ExecContext(ctx, clearJoin); err != nil {
			return fmt.Errorf("put a join code: %w", err)
		}
		if _, err := tx.ExecContext(ctx, insertJoin, j.Salt, j.Sealed, stamp(j.Expires)); err != nil {
			return fmt.Errorf("put a join code: %w", err)
		}
		return nil
	})
}

// Join reads it; false: there is none.
func (b *Box) Join(ctx context.Context) (Joining, bool, error) {
	var j Joining
	var used time.Time
	err := b.read.QueryRowContext(ctx, readJoin).Scan(&j.Salt, &j.Sealed, moment{&j.Expires}, moment{&used})
	if errors.Is(err, sql.ErrNoRows) {
		return j, false, nil
	}
	if err != nil {
		return j, false, fmt.Errorf("read the join code: %w", err)
	}
	j.Used = !used.IsZero()
	return j, true, nil
}

// SpendJoin uses the code with a salt up, and tells whether that is the first time.
func (b *Box) SpendJoin(ctx context.Context, salt []byte) (bool, error) {
	first := false
	err := b.write(ctx, func(tx *Tx) error {
		r, err := tx.ExecContext(ctx, spendJoin, []byte{}, stamp(b.clock.Now()), salt)
		if err != nil {
			return fmt.Errorf("use the join code up: %w", err)
		}
		n, err := r.RowsAffected()
		first = n == 1
		return err
	})
	return first, err
}

// FailJoin counts a wrong code; after some of them no code opens what stands there.
func (b *Box) FailJoin(ctx context.Context, salt []byte) error {
	return b.write(ctx, func(tx *Tx) error {
		if _, err := tx.ExecContext(ctx, failJoin, salt); err != nil {
			return fmt.Errorf("count a wrong join code: %w", err)
		}
		if _, err := tx.ExecContext(ctx, closeJoin, []byte{}, maxJoinFailures); err != nil {
			return fmt.Errorf("count a wrong join code: %w", err)
		}
		return nil
	})
}

// BelongsTo tells whether the database carries an installation's mark; otherwise it is
// link.CodeForeignDatabase.
func (b *Box) BelongsTo(ctx context.Context, inst Installation) error {
	tx, err := b.begin(ctx, false)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	return tx.belongsTo(ctx, inst)
}

func (t *Tx) belongsTo(ctx context.Context, inst Installation) error {
	var hash string
	if err := t.QueryRowContext(ctx, readHash).Scan(&hash); err != nil {
		return fmt.Errorf("read the mark: %w", err)
	}
	if hash != inst.hash() {
		return foreign(link.Both("o arquivo %s é de outra", "the file %s is another's", inst.path))
	}
	return nil
}

// adopt marks the database as an installation's, whosever it was. A run that is active on it is not any
// more.
func (b *Box) adopt(ctx context.Context, inst Installation) error {
	return b.write(ctx, func(tx *Tx) error {
		for _, step := range []struct {
			query string
			args  []any
		}{{markAnew, []any{inst.hash()}}, {fenceActive, nil}, {clearJoin, nil}} {
			if _, err := tx.ExecContext(ctx, step.query, step.args...); err != nil {
				return fmt.Errorf("adopt the database: %w", err)
			}
		}
		return nil
	})
}
