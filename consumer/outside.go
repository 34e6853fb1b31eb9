package consumer

import (
	"context"
	"fmt"
	"time"
)

// Outside is a consumer whose effects are not in the agent's database: another program executes the
// message. What that does and the result of the message cannot be one transaction. So the agent writes
// down, under a marker, that it is going to call, and commits that; then calls; then writes what the
// call came to. A call of which nobody knows whether it took effect is looked for before it is repeated.
//
// The methods are called at the same time for different messages, as many as Parallel allows.
type Outside interface {
	// Type is the message type.
	Type() string
	// Send makes the call. It answers Done, Retry, Reject or Postpone when the other side said so; Away
	// when the call certainly did not reach it; Unknown when it may have. A panic may have, too.
	Send(ctx context.Context, c Call, log Log) Outcome
	// Find looks for what an earlier call with this marker came to. It answers that, Absent when the other
	// side knows nothing of it, or Away or Unknown when that cannot be learnt now. It changes nothing.
	Find(ctx context.Context, c Call, log Log) Outcome
	// Settles is how long after its beginning a call may still take effect. A call that is absent for
	// longer is repeated: it must be twice the other side's time-out at least.
	Settles() time.Duration
}

// Parallel is implemented by outside consumers that take several calls at a time. Those of one ordering
// key come one after the other all the same.
type Parallel interface{ Parallel() int }

// Trier is implemented by outside consumers that can judge a message without making the call.
type Trier interface {
	// Try answers what Send would, as far as that can be told without it: Done without a key says that the call
	// would be made. It changes nothing.
	Try(ctx context.Context, x Execution, log Log) Outcome
}

// Call is one call of an outside consumer.
type Call struct {
	Execution
	// Marker is 32 hexadecimal digits, the same in every call for one business fact: in repeats, and in
	// copies and resends of the message.
	Marker string
	Number int       // of the call with this marker; from 2 on an earlier one may have taken effect
	Began  time.Time // when this call began, UTC; in Find, the last one
}

// What only calls of outside consumers come to.
const (
	KindUnknown Kind = "unknown" // Send: it may have taken effect; Find: it cannot be learnt now
	KindAway    Kind = "away"    // the other side is not there: no attempt is counted
	KindAbsent  Kind = "absent"  // Find: the other side knows nothing of the call
)

// Unknown says that a call may have taken effect, and why that is not known.
func Unknown(cause error) Outcome {
	return Outcome{Kind: KindUnknown, Cause: cause, Reason: fmt.Sprint(cause)}
}

// Away says that a call did not reach the other side. after 0 leaves the wait to the agent.
func Away(after time.Duration, cause error) Outcome {
	return Outcome{Kind: KindAway, After: after, Cause: cause, Reason: fmt.Sprint(cause)}
}

// Absent says that the other side knows nothing of a call.
func Absent() Outcome { return Outcome{Kind: KindAbsent} }
