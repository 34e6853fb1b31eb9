package link

import "github.com/google/uuid"

// CountCheckRequest asks for a check of queues' counts.
type CountCheckRequest struct {
	TenantID *uuid.UUID `json:"tenantId,omitempty" doc:"Only queues of this tenant; absent: all"`
	Mend     bool       `json:"mend,omitempty" doc:"Put counts right that differ"`
}

// CountDifference is a count of a queue that is not what its messages add up to.
type CountDifference struct {
	Queue string `json:"queue"`
	State State  `json:"state" enum:"ready,behind,delayed,leased,acked,dead,discarded" doc:"On SQLite, ready includes leased"`
	Kept  int64  `json:"kept" doc:"What the hub had counted"`
	Found int64  `json:"found" doc:"How many messages there are"`
}

// CountCheck is what a check of queues' counts came to.
type CountCheck struct {
	Queues      int               `json:"queues" doc:"How many queues were checked"`
	Differences []CountDifference `json:"differences"`
	Mended      bool              `json:"mended" doc:"Whether the differences were put right"`
}
