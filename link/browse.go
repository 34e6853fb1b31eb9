package link

import (
	"time"

	"github.com/google/uuid"
)

// QueueList names one part of a queue.
type QueueList string

// The parts of a queue.
const (
	ListWaiting QueueList = "waiting" // ready, leased, behind, delayed
	ListDead    QueueList = "dead"    // the dead letters
	ListHistory QueueList = "history" // acked, discarded
)

// QueueOrder says at which end of a list its first page begins.
type QueueOrder string

// The orders of a list.
const (
	OrderOldest QueueOrder = "oldest"
	OrderNewest QueueOrder = "newest"
)

// QueueDetail is one queue with the age of what waits in it.
type QueueDetail struct {
	QueueInfo
	Oldest *time.Time `json:"oldest,omitempty" doc:"When the oldest waiting message was made; absent: none waits"`
}

// QueueEntry is one message in a list of a queue, without its body.
type QueueEntry struct {
	Position      int64             `json:"position" doc:"Place in the list, from 1, counted from the end the list begins with"`
	ID            uuid.UUID         `json:"id" doc:"The message"`
	RootID        uuid.UUID         `json:"rootId" doc:"The first of a chain of copies; the id unless a copy"`
	BusinessKey   string            `json:"businessKey,omitempty" doc:"The one business change the message asks for"`
	OrderingKey   string            `json:"orderingKey,omitempty" doc:"Messages of one key come one at a time, in order"`
	CorrelationID string            `json:"correlationId,omitempty" doc:"The sender's correlation; in answers the command's id"`
	Type          string            `json:"type" example:"FinLanIncDataCommand"`
	Audience      string            `json:"audience" example:"LinkProxy"`
	Sender        Sender            `json:"sender"`
	CreatedAt     time.Time         `json:"createdAt"`
	CreatedBy     string            `json:"createdBy,omitempty" doc:"The operator who made a copy"`
	Headers       map[string]string `json:"headers" doc:"SL-* headers, traceparent, and appCode, audience, source-type of the hub"`
	ContentType   string            `json:"contentType" example:"application/json"`
	Size          int               `json:"size" doc:"Bytes of the body"`
	State         State             `json:"state" enum:"ready,behind,delayed,leased,acked,dead,discarded"`
	Attempt       int               `json:"attempt" doc:"Unreleased deliveries from this queue so far"`
	RequeueCount  int               `json:"requeueCount" doc:"Failed deliveries (ack false)"`
	LostCount     int               `json:"lostCount" doc:"Leases that ended unsettled"`
	NextTry       *time.Time        `json:"nextTry,omitempty" doc:"Of a delayed one: when it is ready again"`
	LeaseUntil    *time.Time        `json:"leaseUntil,omitempty" doc:"Of a leased one"`
	Installation  string            `json:"installation,omitempty" doc:"Which installation holds the lease"`
	SettledAt     *time.Time        `json:"settledAt,omitempty" doc:"When it died, was acknowledged or discarded"`
	DeadReason    DeadReason        `json:"deadReason,omitempty" enum:"requeue-limit,lease-lost-limit,receiver"`
	Reason        string            `json:"reason,omitempty" doc:"Why it failed last, or was discarded"`
	ERP           *ERPStatus        `json:"erp,omitempty" doc:"How it stands at the ERP, where known"`
	Outcome       *Outcome          `json:"outcome,omitempty" doc:"What the ERP answered"`
}

// HeadersForPeople writes the names of a message's headers as the documentation does.
func HeadersForPeople(headers map[string]string) map[string]string {
	return renamed(headers, HeaderName)
}
