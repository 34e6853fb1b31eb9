package link

import (
	"time"

	"github.com/google/uuid"
)

// HoldRequest asks, for one run of an agent, to be or to stay the active one of its installation, which
// SL-Installation names.
type HoldRequest struct {
	Instance uuid.UUID  `json:"instance" doc:"The installation on this machine; other machines of it have others"`
	Run      uuid.UUID  `json:"run" doc:"This run of the agent"`
	Host     string     `json:"host" doc:"Name of its machine, for people" example:"erp-01"`
	Lease    string     `json:"lease,omitempty" doc:"How long it stays the active one without asking again, 1s – 25s; default 20s" example:"20s"`
	Epoch    int64      `json:"epoch" doc:"The highest epoch that its database knows; 0: none"`
	Moves    int64      `json:"moves" doc:"How far its database has moved on; a figure below the one told last shows an older state"`
	Release  bool       `json:"release,omitempty" doc:"true: the run ends; another may be active at once"`
	Help     *HelpState `json:"help,omitempty" doc:"Whether the installation takes requests of the hub's people; absent: nothing changes"`
}

// HoldResponse says whether the run is the active one.
type HoldResponse struct {
	Active bool          `json:"active" doc:"false: it stands by"`
	Epoch  int64         `json:"epoch" doc:"Of the active run; goes with get, ack and extend as SL-Epoch"`
	Lease  string        `json:"lease" doc:"How long the active run stays it without asking again, from now on; 0s: it has ended" example:"20s"`
	Holder *Holder       `json:"holder,omitempty" doc:"The active run, when it is another"`
	Copy   bool          `json:"copy,omitempty" doc:"true: the active run is alive and has the same instance: one of the two is a copy"`
	Help   []HelpRequest `json:"help,omitempty" doc:"What the hub's people ask the active run for; told again until it is answered"`
}

// Holder is the active run of an installation.
type Holder struct {
	Host  string    `json:"host" example:"erp-01"`
	Since time.Time `json:"since"`
}

// Binding says to which installation a client's queue belongs, and which run of it is active.
type Binding struct {
	ClientID     ClientID   `json:"clientId"`
	Client       string     `json:"client" doc:"Name of the client"`
	TenantID     uuid.UUID  `json:"tenantId"`
	Installation string     `json:"installation" doc:"Empty: released, the next one to come gets it"`
	BoundAt      time.Time  `json:"boundAt" doc:"When it was bound or released"`
	Epoch        int64      `json:"epoch" doc:"Raised whenever another run becomes the active one"`
	Active       *Holder    `json:"active,omitempty" doc:"The active run; absent: none"`
	LeaseUntil   *time.Time `json:"leaseUntil,omitempty" doc:"When another run may take over"`
	StandBy      *Seen      `json:"standBy,omitempty" doc:"The last run that stood by"`
	Conflict     *Seen      `json:"conflict,omitempty" doc:"The last copy of the active instance: both were alive"`
	Refused      *Seen      `json:"refused,omitempty" doc:"The last run or request that was refused"`
	HelpUntil    *time.Time `json:"helpUntil,omitempty" doc:"Remote help is on until then; absent: off"`
}

// Seen is a run that was not the active one.
type Seen struct {
	Installation string    `json:"installation,omitempty" doc:"When it is another one"`
	Host         string    `json:"host,omitempty"`
	At           time.Time `json:"at"`
	Code         Code      `json:"code,omitempty" doc:"Why it was refused"`
}

// BindingRequest gives a client's queue to an installation.
type BindingRequest struct {
	Installation string `json:"installation" doc:"Its id, as 'smartlink agent doctor' tells it" example:"11111111-2222-4333-8444-555555555555"`
}
