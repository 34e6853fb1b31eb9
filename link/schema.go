package link

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// SchemaMode says what a hub does with a message that does not match the schema of its type.
type SchemaMode string

// The modes. DefaultSchemaMode holds where no rule says otherwise.
const (
	SchemaOff     SchemaMode = "off"     // not checked
	SchemaWarn    SchemaMode = "warn"    // stored, the sender is told
	SchemaEnforce SchemaMode = "enforce" // refused, nothing is stored

	DefaultSchemaMode = SchemaWarn
)

// Valid tells whether it is one of the modes.
func (m SchemaMode) Valid() bool { return m == SchemaOff || m == SchemaWarn || m == SchemaEnforce }

// AnyType stands for every type in a rule about schemas. It is no type: a rule for it has no schema.
const AnyType = "*"

// SchemaRule is what an administrator has said about the schema of a type.
type SchemaRule struct {
	Type      string     `json:"type" doc:"Message type; * stands for every type" example:"FinLanIncDataCommand"`
	TenantID  *uuid.UUID `json:"tenantId,omitempty" doc:"Absent: every tenant"`
	Mode      SchemaMode `json:"mode,omitempty" enum:"off,warn,enforce" doc:"Absent: as the wider rule says"`
	SHA256    string     `json:"sha256,omitempty" doc:"Of the own schema; absent: there is none"`
	Bytes     int        `json:"bytes,omitempty" doc:"Of the own schema"`
	ChangedAt time.Time  `json:"changedAt"`
	ChangedBy string     `json:"changedBy"`
}

// SchemaChange changes the rule of a type; absent properties stay.
type SchemaChange struct {
	Mode   *SchemaMode     `json:"mode,omitempty" enum:"off,warn,enforce"`
	Schema json.RawMessage `json:"schema,omitempty" doc:"A JSON Schema of the whole body, envelope included; wins over a built-in one"`
}

// Where the schema of a type comes from.
const (
	SchemaBuiltIn = "built-in"
	SchemaOwn     = "own"
	SchemaNone    = "none"
)

// SchemaDetail is what holds for messages of a type, all rules taken together.
type SchemaDetail struct {
	Type     string          `json:"type"`
	TenantID *uuid.UUID      `json:"tenantId,omitempty" doc:"Absent: tenants without a rule of their own"`
	Mode     SchemaMode      `json:"mode" enum:"off,warn,enforce"`
	Source   string          `json:"source" enum:"built-in,own,none"`
	Schema   json.RawMessage `json:"schema,omitempty" doc:"The JSON Schema; absent: the type has none and is not checked"`
}
