package link

import "github.com/google/uuid"

// Fault is one thing wrong with a message, in the words of both languages, Portuguese first. It is
// an item of `warnings` and `errors` in an answer.
type Fault struct {
	Code          string   `json:"code" doc:"Stable code" example:"RM-CFO-UNKNOWN"`
	Pointer       string   `json:"pointer,omitempty" doc:"JSON Pointer into the body" example:"/data/CodCfo"`
	Related       []string `json:"related,omitempty" doc:"Further pointers of a rule over several fields"`
	Field         string   `json:"field,omitempty" doc:"The ERP's own name of the field" example:"CODCFO"`
	Description   string   `json:"description" doc:"What is wrong, Portuguese"`
	Help          string   `json:"help,omitempty" doc:"What to do, Portuguese"`
	DescriptionEn string   `json:"descriptionEn,omitempty" doc:"What is wrong, English"`
	HelpEn        string   `json:"helpEn,omitempty" doc:"What to do, English"`
}

// AnswerBody is the body of an answer (protocol §6).
type AnswerBody struct {
	Header AnswerHeader `json:"header"`
	Data   AnswerData   `json:"data"`
}

// AnswerHeader tells which message an answer belongs to.
type AnswerHeader struct {
	Type        string    `json:"type"`
	TenantID    uuid.UUID `json:"tenantId"`
	AnswerTo    uuid.UUID `json:"answerTo"`
	RootID      uuid.UUID `json:"rootId"`
	BusinessKey string    `json:"businessKey,omitempty"`
}

// AnswerData is what the ERP did with a command.
type AnswerData struct {
	Status        ERPState       `json:"status"`
	OutcomeNumber int            `json:"outcomeNumber"`
	Key           string         `json:"key,omitempty"`
	Keys          map[string]any `json:"keys,omitempty"`
	FirstID       *uuid.UUID     `json:"firstId"` // of a duplicate: the message that was booked
	Warnings      []Fault        `json:"warnings"`
	Errors        []Fault        `json:"errors"`
}

// Types the hub consumes itself; every client may send them.
const (
	TypeMetrics = "metrics"
	TypeStatus  = "SmartLinkStatus"
)
