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

// EraseRequest asks for the content of a message, or for all messages of a tenant, to be erased.
type EraseRequest struct {
	Reason string `json:"reason" doc:"Why; stands in the audit, and in the trace of a message"`
	Force  bool   `json:"force,omitempty" doc:"Of one message: give it up where it waits or is dead"`
}
