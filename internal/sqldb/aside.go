package sqldb

import "context"

// Aside asks a query of one row that writes what has to be there for others at once, whatever becomes of
// the transaction: numbers that are taken and may stay unused. A transaction that runs beside others has a
// method Aside of the same form, which asks on a connection of its own, so that nobody waits for the
// transaction's end; in all others the query is part of it. It is Harmless.
func Aside(ctx context.Context, on Runner, dest any, query string, args ...any) error {
	if a, ok := on.(interface {
		Aside(ctx context.Context, dest any, query string, args ...any) (bool, error)
	}); ok {
		if done, err := a.Aside(ctx, dest, query, args...); done {
			return err
		}
	}
	return on.QueryRowContext(Harmless(ctx), query, args...).Scan(dest)
}
