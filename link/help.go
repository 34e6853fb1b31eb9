package link

import (
	"time"

	"github.com/google/uuid"
)

// HelpAction is what the hub's people may ask an agent for.
type HelpAction string

// What may be asked for.
const (
	HelpReprocess HelpAction = "reprocess"
	HelpDiscard   HelpAction = "discard"
)

// HelpResult is what became of a request.
type HelpResult string

// The results. An empty one: the agent has not answered yet.
const (
	HelpDone    HelpResult = "done"
	HelpFailed  HelpResult = "failed"  // not possible as the message stands
	HelpRefused HelpResult = "refused" // remote help is off
)

// HelpRequest asks an agent to do something to a message.
type HelpRequest struct {
	ID      uuid.UUID  `json:"id"`
	Message uuid.UUID  `json:"message" doc:"Id of the message"`
	Action  HelpAction `json:"action" doc:"reprocess or discard" example:"reprocess"`
	Reason  string     `json:"reason" doc:"Why; of a discard the sender is told" example:"supplier created"`
	By      string     `json:"by" doc:"Who asks" example:"ana"`
	At      time.Time  `json:"at"`
}

// HelpReply is what became of a request.
type HelpReply struct {
	ID     uuid.UUID  `json:"id" doc:"Of the request"`
	Result HelpResult `json:"result" doc:"done, failed or refused" example:"done"`
	Code   Code       `json:"code,omitempty" doc:"Why it was not done"`
	Detail string     `json:"detail,omitempty" doc:"The same for people, in Portuguese"`
	At     time.Time  `json:"at"`
}

// HelpState is how an installation stands to requests of the hub's people.
type HelpState struct {
	Until   *time.Time  `json:"until,omitempty" doc:"It takes them until then; absent: it does not"`
	Replies []HelpReply `json:"replies,omitempty" doc:"What became of those it was asked for"`
}

// HelpWish is what a person at the hub asks an agent for.
type HelpWish struct {
	ID     uuid.UUID  `json:"id,omitzero" doc:"Names the wish: the same one again asks once; absent: a new one"`
	Queue  string     `json:"queue" doc:"The queue that the message was delivered from" example:"b991502e-6faa-4e3a-aaf4-967c4fe2a196.0123456789abcdef0123456789abcdef"`
	Action HelpAction `json:"action" doc:"reprocess or discard" example:"reprocess"`
	Reason string     `json:"reason" doc:"Why; of a discard the sender is told" example:"supplier created"`
}

// HelpEntry is a request with what became of it.
type HelpEntry struct {
	HelpRequest
	Queue string     `json:"queue"`
	Reply *HelpReply `json:"reply,omitempty" doc:"Absent: the agent has not answered yet"`
}
