package inbox

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// LastRun is when a message of one of some types was last executed, whatever came of it; zero: never,
// as far as the history goes back. It reads the whole history: it is for a page that people open, not
// for every minute.
func (b *Box) LastRun(ctx context.Context, types []string) (time.Time, error) {
	var last time.Time
	if len(types) == 0 {
		return last, nil
	}
	args := make([]any, len(types))
	for i, t := range types {
		args[i] = t
	}
	err := b.read.QueryRowContext(ctx, `SELECT COALESCE(MAX(ENDEDON), '') FROM GTOTVSLINKMESSAGEEXEC WHERE TYPEMESSAGE IN (?`+
		strings.Repeat(`, ?`, len(types)-1)+`)`, args...).Scan(moment{&last})
	if err != nil {
		return last, fmt.Errorf("last execution: %w", err)
	}
	return last, nil
}
