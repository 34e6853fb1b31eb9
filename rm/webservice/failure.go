package webservice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"smartlink/consumer"
	"smartlink/link"
)

// away says that RM did nothing, since it could not be asked or did not let us in.
type away struct {
	after time.Duration // how long RM wants to be left alone; 0: it does not say
	why   error
}

func (a *away) Error() string { return a.why.Error() }
func (a *away) Unwrap() error { return a.why }

// doubtful says that RM may have done what it was asked for.
type doubtful struct{ why error }

func (d *doubtful) Error() string { return d.why.Error() }
func (d *doubtful) Unwrap() error { return d.why }

// refusal is RM's no to a save, for a reason of the business.
type refusal string

func (r refusal) Error() string { return "RM refused: " + string(r) }

// said is an error in both languages.
func said(pt, en string, args ...any) error {
	why := link.Both(pt, en, args...)
	return link.NewError(link.CodeWriterAway, "why", why.EN, "whyPT", why.PT)
}

// standing says why nothing can be done until somebody acts.
func standing(pt, en string, args ...any) error { return &away{why: said(pt, en, args...)} }

// outcome is what an error of a call comes to. What is none of these is a fault of what was read or of our
// own: it counts as an attempt, and nothing was sent.
func outcome(ctx context.Context, now time.Time, err error) consumer.Outcome {
	var d *doubtful
	var a *away
	switch {
	case errors.As(err, &d):
		return consumer.Unknown(d)
	case ctx.Err() != nil:
		return consumer.Postpone(now, "the agent stops")
	case errors.As(err, &a):
		return consumer.Away(a.after, a)
	}
	return consumer.Retry(0, err)
}

// unreadable says that RM's answer is not what was asked for.
func unreadable(what string, err error) error { return fmt.Errorf("%s: %w", what, err) }
