package link

import (
	"time"

	"github.com/google/uuid"
)

// SearchRule is by which values of their bodies an administrator has messages of a type found.
type SearchRule struct {
	Type      string     `json:"type" example:"FinLanIncDataCommand"`
	TenantID  *uuid.UUID `json:"tenantId,omitempty" doc:"Absent: every tenant"`
	Paths     []string   `json:"paths" doc:"Search paths; empty: none"`
	ChangedAt time.Time  `json:"changedAt"`
	ChangedBy string     `json:"changedBy"`
}

// SearchChange sets the search paths of a type.
type SearchChange struct {
	Paths []string `json:"paths" doc:"Up to 5 JSON Pointers into the body, e.g. /data/CodCfo; a first segment data stands for the business part of any envelope"`
}

// Where the search paths of a type come from.
const (
	SearchBuiltIn = "built-in"
	SearchOwn     = "own"
	SearchNone    = "none"
)

// SearchDetail is by which values of their bodies messages of a type are found, all rules taken together.
type SearchDetail struct {
	Type     string     `json:"type"`
	TenantID *uuid.UUID `json:"tenantId,omitempty" doc:"Absent: tenants without a rule of their own"`
	Paths    []string   `json:"paths"`
	Source   string     `json:"source" enum:"built-in,own,none"`
	Since    *time.Time `json:"since,omitempty" doc:"Since when these hold, where that is known: what was sent before is found by looking through the bodies only"`
}

// FoundMessages is a page of messages that were found.
type FoundMessages struct {
	Items []Trace      `json:"items"`
	Next  string       `json:"next,omitempty" doc:"Cursor of the next page; absent: everything was looked at"`
	Upto  *time.Time   `json:"searchedUpTo,omitempty" doc:"With next: messages made before this moment were not looked at yet"`
	Index *SearchIndex `json:"index,omitempty" doc:"A value was looked up in the index; absent: bodies were not looked at, or all were read"`
}

// SearchIndex tells what an index knows: only messages of these types, sent since their paths hold.
type SearchIndex struct {
	Types []string   `json:"types" doc:"Types that declare the path, and no others were looked at"`
	Since *time.Time `json:"since,omitempty" doc:"What was sent before may be missing; scan=true reads the bodies instead"`
}
