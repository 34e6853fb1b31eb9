package link

// State is where one delivery stands at the hub.
type State string

// The states of a delivery at the hub.
const (
	StateReady     State = "ready"     // may be leased
	StateBehind    State = "behind"    // waits for an earlier message of its ordering key
	StateDelayed   State = "delayed"   // failed, tried again at a time
	StateLeased    State = "leased"    // handed out, not settled
	StateAcked     State = "acked"     // taken over by the receiver
	StateDead      State = "dead"      // a dead letter
	StateDiscarded State = "discarded" // given up by a person, with a reason
)

// Final tells whether the hub has nothing more to do for a delivery in this state.
func (s State) Final() bool { return s == StateAcked || s == StateDiscarded }

// ERPState is where a message stands on the ERP's side, as its agent tells.
type ERPState string

// The states of a message at the ERP.
const (
	ERPStored    ERPState = "stored"    // in the inbox, not tried yet
	ERPRunning   ERPState = "running"   // being executed
	ERPWaiting   ERPState = "waiting"   // failed or postponed, has a next try
	ERPBlocked   ERPState = "blocked"   // out of attempts: a person must look
	ERPRejected  ERPState = "rejected"  // the business's no; may be reprocessed
	ERPDone      ERPState = "done"      // booked
	ERPDuplicate ERPState = "duplicate" // had been booked already
	ERPDiscarded ERPState = "discarded" // given up by a person
)

// Answered tells whether an answer for this state exists. Blocked and rejected are answered but may
// change later with a higher outcome number.
func (s ERPState) Answered() bool {
	switch s {
	case ERPDone, ERPDuplicate, ERPRejected, ERPBlocked, ERPDiscarded:
		return true
	}
	return false
}

// Closed tells whether the ERP has nothing more to do: its row is gone.
func (s ERPState) Closed() bool { return s == ERPDone || s == ERPDuplicate || s == ERPDiscarded }

// DeadReason says why a delivery became a dead letter.
type DeadReason string

// Reasons of dead letters.
const (
	DeadRequeueLimit   DeadReason = "requeue-limit"    // more failed deliveries than requeueCountMax
	DeadLeaseLostLimit DeadReason = "lease-lost-limit" // more lost leases than the queue allows
	DeadByReceiver     DeadReason = "receiver"         // the receiver said dead:true
)

// EventName names a step in a message's trace.
type EventName string

// The steps of a trace, in the order they usually happen.
const (
	EventAccepted     EventName = "accepted"      // the hub stored the message
	EventQueued       EventName = "queued"        // it stands in a queue
	EventDelivered    EventName = "delivered"     // handed out under a lease
	EventRequeued     EventName = "requeued"      // the receiver could not take it
	EventReleased     EventName = "released"      // the receiver gave it back, uncounted
	EventLeaseLost    EventName = "lease-lost"    // the lease ended unsettled
	EventHubRestarted EventName = "hub-restarted" // the hub restarted while it was leased
	EventAcknowledged EventName = "acknowledged"  // the receiver took it over
	EventDeadLettered EventName = "dead-lettered" // it went to the dead letters
	EventRedriven     EventName = "redriven"      // a person sent it on from the dead letters
	EventDiscarded    EventName = "discarded"     // a person gave it up
	EventERP          EventName = "erp"           // the ERP's side reported a state
	EventOutcome      EventName = "outcome"       // the ERP answered
	EventHelpAsked    EventName = "help-asked"    // a person asked the agent for something
	EventHelpAnswered EventName = "help-answered" // the agent said what became of it
	EventErased       EventName = "erased"        // a person had its content erased
)
