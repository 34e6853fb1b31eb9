package link

import (
	"encoding/base64"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// CallRequest is what the agent posts to a consumer outside of its process.
type CallRequest struct {
	Marker        string            `json:"marker" doc:"32 hexadecimal digits, the same in every call for one business fact"`
	Call          int               `json:"call" doc:"Number of the call with this marker; from 2 on an earlier one may have been executed"`
	Attempt       int               `json:"attempt"`
	ID            uuid.UUID         `json:"id"`
	RootID        uuid.UUID         `json:"rootId"`
	Type          string            `json:"type"`
	TenantID      uuid.UUID         `json:"tenantId"`
	BusinessKey   string            `json:"businessKey,omitempty"`
	OrderingKey   string            `json:"orderingKey,omitempty"`
	CorrelationID string            `json:"correlationId,omitempty"`
	Sender        Sender            `json:"sender"`
	Audience      string            `json:"audience"`
	CreatedAt     time.Time         `json:"createdAt"`
	Headers       map[string]string `json:"headers"`
	ContentType   string            `json:"contentType"`
	Content       *string           `json:"content,omitempty" doc:"The exact body"`
	ContentBase64 *string           `json:"contentBase64,omitempty" doc:"The same when it is not UTF-8"`
}

// NewCallRequest makes the call of a message.
func NewCallRequest(m *Message, marker string, call, attempt int) CallRequest {
	r := CallRequest{
		Marker: marker, Call: call, Attempt: attempt, ID: m.ID, RootID: m.RootID, Type: m.Type, TenantID: m.TenantID, BusinessKey: m.BusinessKey,
		OrderingKey: m.OrderingKey, CorrelationID: m.CorrelationID, Sender: m.Sender, Audience: m.Audience, CreatedAt: m.CreatedAt.UTC(),
		Headers: renamed(m.Headers, HeaderName), ContentType: m.ContentType,
	}
	if utf8.Valid(m.Body) {
		s := string(m.Body)
		r.Content = &s
	} else {
		s := base64.StdEncoding.EncodeToString(m.Body)
		r.ContentBase64 = &s
	}
	return r
}

// CallAnswer is what a consumer outside answers, to a call or to the question what a call came to.
type CallAnswer struct {
	Outcome  string         `json:"outcome" enum:"done,reject,retry,postpone"`
	Key      string         `json:"key,omitempty" doc:"done: the key of what was booked, its parts joined by ;"`
	Keys     map[string]any `json:"keys,omitempty" doc:"done: the same, part by part"`
	Errors   []Fault        `json:"errors,omitempty" doc:"reject: everything that is wrong, at once"`
	Warnings []Fault        `json:"warnings,omitempty" doc:"done or reject: remarks"`
	After    string         `json:"after,omitempty" doc:"retry, postpone: wait this long, as 90s or 10m"`
	Until    *time.Time     `json:"until,omitempty" doc:"postpone: not before"`
	Reason   string         `json:"reason,omitempty" doc:"retry, postpone: why, for people"`
	Log      []CallLine     `json:"log,omitempty"`
}

// CallLine is a line for the log of a message.
type CallLine struct {
	Level string `json:"level" enum:"info,warn,error"`
	Text  string `json:"text"`
}
