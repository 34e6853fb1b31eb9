package link

import (
	"time"

	"github.com/google/uuid"
)

// QueueChange changes how a queue behaves. Absent fields stay as they are.
type QueueChange struct {
	Paused *bool  `json:"paused,omitempty" doc:"true: nothing is handed out; open leases stay"`
	Hold   *bool  `json:"hold,omitempty" doc:"true: a dead letter stops the later messages of its ordering key, until it is redriven or discarded"`
	Reason string `json:"reason,omitempty" doc:"Why it is paused; needed to pause"`
}

// QueuePause tells since when, why, and by whom a queue hands nothing out.
type QueuePause struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
}

// RedriveRequest sends dead letters on: those named, or all in a job.
type RedriveRequest struct {
	IDs  []uuid.UUID `json:"ids,omitempty" doc:"Up to 500 messages, answered one by one"`
	All  bool        `json:"all,omitempty" doc:"All that are dead now, as a job"`
	Type string      `json:"type,omitempty" doc:"With all: only messages of this type"`
	Rate int         `json:"rate,omitempty" doc:"With all: messages per second at most, 1 – 10000; absent: as fast as it goes"`
}

// DiscardRequest gives messages up: those named, or all of a list in a job.
type DiscardRequest struct {
	IDs    []uuid.UUID `json:"ids,omitempty" doc:"Up to 500 messages, dead or waiting, answered one by one"`
	All    QueueList   `json:"all,omitempty" doc:"dead or waiting: all that stand in that list now, as a job; leased ones are left"`
	Type   string      `json:"type,omitempty" doc:"With all: only messages of this type"`
	Rate   int         `json:"rate,omitempty" doc:"With all: messages per second at most, 1 – 10000"`
	Reason string      `json:"reason" doc:"Why; stands in the trace"`
}

// ActResponse answers a list of messages, item by item, in order.
type ActResponse struct {
	Results []ActResult `json:"results"`
}

// ActResult is one item of ActResponse; Code is empty when it was done.
type ActResult struct {
	ID     uuid.UUID `json:"id"`
	Code   Code      `json:"code,omitempty"`
	Detail string    `json:"detail,omitempty"`
}

// JobState is how a job stands.
type JobState string

// The states of a job.
const (
	JobRunning     JobState = "running"
	JobInterrupted JobState = "interrupted" // its hub is gone; another goes on with it soon
	JobDone        JobState = "done"
	JobCancelled   JobState = "cancelled"
	JobFailed      JobState = "failed"
)

// Ended tells whether nothing more happens in a job.
func (s JobState) Ended() bool { return s != JobRunning && s != JobInterrupted }

// Job is work over many messages of a queue. Every hub of a database knows it; when the one that works on
// it is gone, another goes on, or the same one when it starts again.
type Job struct {
	ID        uuid.UUID  `json:"id"`
	Kind      string     `json:"kind" doc:"redrive, discard or erase"`
	Queue     string     `json:"queue,omitempty" doc:"Whose messages; not of erase"`
	TenantID  *uuid.UUID `json:"tenantId,omitempty" doc:"Whose messages, of erase"`
	By        string     `json:"by"`
	State     JobState   `json:"state"`
	StartedAt time.Time  `json:"startedAt"`
	EndedAt   *time.Time `json:"endedAt,omitempty"`
	Type      string     `json:"type,omitempty" doc:"Only messages of this type"`
	Rate      int        `json:"rate,omitempty" doc:"Messages per second at most"`
	Reason    string     `json:"reason,omitempty" doc:"Why messages are given up"`
	Total     int64      `json:"total" doc:"Messages in the list when it started; 0: nobody counts them, as with a type, or where a tenant is erased"`
	Done      int64      `json:"done"`
	Skipped   int64      `json:"skipped" doc:"Changed meanwhile, or with a reader"`
	Code      Code       `json:"code,omitempty" doc:"Why it failed"`
	Error     string     `json:"error,omitempty" doc:"Why it failed, in English"`
}

// Limits of jobs.
const (
	MaxAct     = 500
	MaxJobRate = 10000
)
