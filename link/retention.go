package link

import (
	"time"

	"github.com/google/uuid"
)

// Limits of retention, in days. History is never kept longer than repeats are recognised, so that a
// repeat of a message that can still be traced is one.
const (
	MaxHistoryDays = int(DedupeWindow / (24 * time.Hour))
	MaxKeepDays    = 3650
)

// PreviewMost is up to how many messages a RetentionPreview counts in a list of a tenant, and in a day of
// its history: to look at more would take longer than anybody waits for an answer.
const PreviewMost = 10_000

// TenantRetention is how long messages of a tenant are kept.
type TenantRetention struct {
	TenantID    uuid.UUID `json:"tenantId"`
	HistoryDays int       `json:"historyDays" doc:"How long what has ended can be looked at, from its end; then it is gone"`
	WaitingDays int       `json:"waitingDays" doc:"After how many days waiting messages are given up; 0: never"`
	DeadDays    int       `json:"deadDays" doc:"After how many days dead letters are given up; 0: never"`
}

// RetentionChange changes it. Absent fields stay as they are.
type RetentionChange struct {
	HistoryDays *int `json:"historyDays,omitempty" doc:"1 – 30; 0: as the hub does, 7"`
	WaitingDays *int `json:"waitingDays,omitempty" doc:"1 – 3650; 0: never"`
	DeadDays    *int `json:"deadDays,omitempty" doc:"1 – 3650; 0: never"`
}

// RetentionPreview is what the next round of keeping would remove of a tenant's messages if they were kept
// as long as it says.
type RetentionPreview struct {
	TenantID    uuid.UUID    `json:"tenantId"`
	HistoryDays int          `json:"historyDays" doc:"The days that the counts are for"`
	WaitingDays int          `json:"waitingDays" doc:"0: never"`
	DeadDays    int          `json:"deadDays" doc:"0: never"`
	Waiting     int64        `json:"waiting" doc:"Waiting messages that would be given up; 10,000: that many or more"`
	Dead        int64        `json:"dead" doc:"Dead letters that would be given up; 10,000: that many or more"`
	History     int64        `json:"history" doc:"Messages of the history that would be gone"`
	Days        []HistoryDay `json:"days" doc:"All that the history has, the oldest day first"`
}

// HistoryDay is what the history has of one day.
type HistoryDay struct {
	Day      string    `json:"day" example:"2026-03-20" doc:"UTC"`
	Messages int64     `json:"messages" doc:"That ended on it; 10,000: that many or more"`
	Until    time.Time `json:"until" doc:"From then on they cannot be looked at any more, and the next round removes them"`
	Over     bool      `json:"over" doc:"That moment has come"`
}

// KeepingRound is one round in which a hub moved what has ended to the history and removed what is past
// its time, of all tenants.
type KeepingRound struct {
	BeganAt   time.Time `json:"beganAt"`
	EndedAt   time.Time `json:"endedAt"`
	Moved     int       `json:"moved" doc:"Messages, to the history"`
	Days      int       `json:"days" doc:"Of history dropped whole"`
	Erased    int       `json:"erased" doc:"Messages of the history whose tenant keeps them shorter than others of their day"`
	Discarded int       `json:"discarded" doc:"Waiting and dead messages given up by age"`
	Freed     int64     `json:"freedBytes" doc:"Given back to the disk"`
	Code      Code      `json:"code,omitempty" doc:"Why it ended early; absent: it did not"`
}

// EraseRequest asks for the content of a message, or for all messages of a tenant, to be erased.
type EraseRequest struct {
	Reason string `json:"reason" doc:"Why; stands in the audit, and in the trace of a message"`
	Force  bool   `json:"force,omitempty" doc:"Of one message: give it up where it waits or is dead"`
}
