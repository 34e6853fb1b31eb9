package sqldb

import (
	"context"
	"database/sql"
)

// Statement is a statement whose result nobody waits for.
type Statement struct {
	Query string
	Args  []any
	// Result judges what became of it: the rows it changed, or its error. What it answers is the
	// statement's error. Nil: an error is one, and nothing else.
	Result func(rows int64, err error) error
}

// Judge answers the statement's error.
func (s Statement) Judge(rows int64, err error) error {
	if s.Result != nil {
		return s.Result(rows, err)
	}
	return err
}

// Later runs a statement in its order among the others of a transaction, at the latest before the
// transaction ends. A transaction with a method Later of the same form may keep it until something is
// waited for, and then send several in one go; its error is then that of a later statement. All others
// run it at once.
func Later(ctx context.Context, on Runner, s Statement) error {
	if l, ok := on.(interface {
		Later(ctx context.Context, s Statement) error
	}); ok {
		return l.Later(ctx, s)
	}
	return s.Judge(Affected(on.ExecContext(ctx, s.Query, s.Args...)))
}

// Affected is how many rows a statement changed.
func Affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}
