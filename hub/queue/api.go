package queue

import (
	"bytes"
	"cmp"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// Name names the one queue of a tenant and client.
type Name struct {
	Tenant uuid.UUID
	Client link.ClientID
}

// String is the queue's public name.
func (n Name) String() string { return link.QueueName(n.Tenant, n.Client) }

// Compare orders names as their texts are, without making them: a tenant's always has one length.
func (n Name) Compare(o Name) int {
	return cmp.Or(bytes.Compare(n.Tenant[:], o.Tenant[:]), cmp.Compare(n.Client, o.Client))
}

// Setup creates or changes a queue. The subscriptions replace the old ones; messages waiting for a
// removed type stay and are delivered; the limit applies to waiting ones too.
type Setup struct {
	Queue           Name
	Subscriptions   []string
	RequeueCountMax int
}

// SetupResult is the queue as it is now and what changed, each list sorted.
type SetupResult struct {
	Subscriptions, Added, Removed []string
	RequeueCountMax               int
}

// Publish stores one message. The engine sets CreatedAt; ID must be set and new.
type Publish struct {
	Message link.Message // its headers and body are not changed: others of a batch may have them in the same memory
	Route   Route
	Dedupe  *Dedupe  // nil: no repeat is recognised
	Answer  *Answer  // the message answers a command
	Report  []Report // states the ERP's side reports with this message
	Metrics *Metrics // the message is an installation's health
	Keys    [][]byte // by which Search finds the message, a few
}

// Route says which queues of the tenant get the message: those that subscribe to its type and whose
// client is listed.
type Route struct {
	All      bool            // every client (audience LinkProxy); Clients is ignored
	Clients  []link.ClientID // clients permitted the audience's app
	Optional bool            // no matching queue is fine
	// Transient: without a matching queue the message itself is not kept, only its effect (Report,
	// Metrics). Needs Optional.
	Transient bool
}

// Dedupe recognises repeats of one request: same Key and Hash within the window is a duplicate,
// same Key and another Hash is link.CodeIdempotency. Keys are per tenant and sender client.
type Dedupe struct {
	Key  string
	Hash [32]byte
}

// Answer says which message is answered and how. Of several answers to one delivery the highest
// Number counts. Only a client whose queue holds or held a delivery of To may answer it
// (link.CodeNotYourMessage); when To is unknown the answer is passed on and marked late. Unless
// Route.All, an answer goes to the queue of the client that sent To, if that is listed and
// subscribes, else to all that match Route.
type Answer struct {
	To     uuid.UUID
	Number int
	Status link.ERPState
	Key    string
	Errors []link.Fault
}

// Report is one state inside the customer's network; per message and queue the highest Seq counts.
type Report = link.StatusItem

// Metrics is the last health report of one installation.
type Metrics struct {
	Installation string
}

// PublishResult tells what became of a Publish.
type PublishResult struct {
	ID         uuid.UUID // the first id when Duplicate
	Queues     []Name
	Duplicate  bool
	AnswerLate bool // the answered message is not known any more
}

// Get leases ready messages of a queue: the first ones, as many as are ready within Max and MaxBytes.
type Get struct {
	Queue        Name
	Max          int           // at most so many, 1 to link.MaxGet
	MaxBytes     int           // of bodies; at least one message is given whatever its size
	Wait         time.Duration // how long to wait for the first one
	Lease        time.Duration
	Installation string // who asks, for the trace
}

// How says how a delivery is settled.
type How int

// The ways to settle.
const (
	Ack     How = iota + 1 // taken over
	Requeue                // failed: again later, or dead past the limit
	Dead                   // failed for good: to the dead letters
	Release                // given back; counts nothing
)

// Settle settles one delivery.
type Settle struct {
	Tag    int64
	How    How
	Reason string
	After  time.Duration // Requeue: delay; 0 = the engine's backoff
}

// Traced is a trace with what permission needs: the clients whose queues got the message.
type Traced struct {
	Trace   link.Trace
	Clients []link.ClientID
}

// Counts are how many messages of a queue stand in each state.
type Counts struct{ Ready, Leased, Behind, Delayed, Acked, Dead, Discarded int64 }

// Waiting is how many are to be delivered yet, those that are leased among them.
func (c Counts) Waiting() int64 { return c.Ready + c.Leased + c.Behind + c.Delayed }

// ByState is the counts by the names of the states, zeros too.
func (c Counts) ByState() map[link.State]int64 {
	return map[link.State]int64{
		link.StateReady: c.Ready, link.StateLeased: c.Leased, link.StateBehind: c.Behind, link.StateDelayed: c.Delayed,
		link.StateAcked: c.Acked, link.StateDead: c.Dead, link.StateDiscarded: c.Discarded,
	}
}

// Info is one queue as people see it.
type Info struct {
	Queue           Name
	Subscriptions   []string // sorted; not to be changed
	RequeueCountMax int
	Hold            bool    // a dead letter stops its ordering key
	Paused          *Paused // nil: it hands out
	CreatedAt       time.Time
	LastGet         time.Time // zero: never
	Installation    string    // of the last get
	Counts          Counts
}

// Health is the last metrics message of one installation.
type Health struct {
	Queue        Name
	Installation string
	At           time.Time
	ContentType  string
	Body         []byte
}
