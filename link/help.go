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
