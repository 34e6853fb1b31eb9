package exchange_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// TestAnOutcomeIsFinalWithItsAnswer: the ERP's report that a message was refused may come before the
// answer with the reasons; whoever waits wants the reasons.
func TestAnOutcomeIsFinalWithItsAnswer(t *testing.T) {
	rejected := link.QueueTrace{State: link.StateAcked, ERP: &link.ERPStatus{State: link.ERPRejected}}
	answered := rejected
	answered.Outcome = &link.Outcome{Number: 1, Status: link.ERPRejected, Errors: []link.Fault{{Code: "RM-X"}}}
	for name, tc := range map[string]struct {
		queue link.QueueTrace
		final bool
	}{
		"reported": {rejected, false}, "answered": {answered, true}, "dead": {link.QueueTrace{State: link.StateDead}, true}, "ready": {link.QueueTrace{State: link.StateReady}, false},
	} {
		e := &engine{traces: map[uuid.UUID]queue.Traced{tenant: {Trace: link.Trace{Queues: []link.QueueTrace{tc.queue}}}}}
		r := link.SendResponse{MessageID: command, Queues: []string{"q"}}
		final := newExchange(e, &directory{}).Await(t.Context(), caller(gesplan), &r, time.Second)
		if final != tc.final || len(r.Outcomes) != 1 || r.Outcomes[0].Final != tc.final || final && tc.queue.Outcome != nil && len(r.Outcomes[0].Errors) != 1 {
			t.Errorf("%s: final %t, %+v", name, final, r.Outcomes)
		}
	}
}
