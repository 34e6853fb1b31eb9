package link

import (
	"encoding/base64"
	"time"

	"github.com/google/uuid"
)

// SetupRequest creates or changes the caller's queue. The list replaces the old one.
type SetupRequest struct {
	Subscriptions   []string `json:"subscriptions" doc:"Message types this queue wants; replaces the old list" example:"[\"FinLanIncDataCommand\"]"`
	RequeueCountMax *int     `json:"requeueCountMax,omitempty" minimum:"0" maximum:"1000" doc:"Failed deliveries before a message becomes a dead letter; default 10"`
}

// SetupResponse tells the queue as it is now and what the call changed.
type SetupResponse struct {
	Queue           string    `json:"queue"`
	Subscriptions   []string  `json:"subscriptions"`
	RequeueCountMax int       `json:"requeueCountMax"`
	Added           []string  `json:"added"`
	Removed         []string  `json:"removed"`
	Warnings        []Warning `json:"warnings"`
}

// Warning is a remark on a call that went through.
type Warning struct {
	Code   Code         `json:"code"`
	Detail string       `json:"detail"`
	Errors []FieldError `json:"errors,omitempty" doc:"The places in the body that the remark is about"`
}

// SendResponse tells the message's id and the queues it stands in.
type SendResponse struct {
	MessageID uuid.UUID `json:"messageId"`
	Queues    []string  `json:"queues"`
	Duplicate bool      `json:"duplicate"`
	Warnings  []Warning `json:"warnings"`
	// Outcomes are there when the call waited: how each copy stands, final or not.
	Outcomes []QueueOutcome `json:"outcomes,omitempty"`
}

// QueueOutcome is how one copy of a message stands: at the ERP when its side has told, else at the
// hub.
type QueueOutcome struct {
	Queue  string  `json:"queue"`
	State  string  `json:"state" doc:"done, duplicate, rejected, blocked, discarded …: the ERP's state; before that the hub's"`
	Final  bool    `json:"final" doc:"Nothing more comes by itself"`
	Key    string  `json:"key,omitempty" doc:"The ERP's key of what was booked"`
	Errors []Fault `json:"errors,omitempty"`
}

// BatchRequest is several messages of one send. Each is taken or refused on its own, in their order.
type BatchRequest struct {
	Messages []BatchMessage `json:"messages"`
}

// BatchMessage is one message of a batch, with what a single send has in its path and headers.
type BatchMessage struct {
	Type           string            `json:"type"`
	Audience       string            `json:"audience,omitempty" doc:"Absent: LinkProxy"`
	ContentType    string            `json:"contentType,omitempty" doc:"Absent: application/json"`
	Content        *string           `json:"content,omitempty" doc:"The exact body, as a JSON string"`
	ContentBase64  *string           `json:"contentBase64,omitempty" doc:"A body that is not UTF-8"`
	IdempotencyKey string            `json:"idempotencyKey,omitempty"`
	Headers        map[string]string `json:"headers,omitempty" doc:"SL-Business-Key, SL-Ordering-Key, SL-Correlation-Id, SL-Answer-To, traceparent …"`
}

// BatchResponse answers a batch, item by item, in order.
type BatchResponse struct {
	Results []BatchResult `json:"results"`
}

// BatchResult is what one message came to: Status 202 with the fields of SendResponse, or the status
// of its Problem.
type BatchResult struct {
	Status int `json:"status"`
	*SendResponse
	Problem *Problem `json:"problem,omitempty"`
}

// GetResponse carries leased messages.
type GetResponse struct {
	Messages []Delivery `json:"messages"`
}

// Settlement settles one delivery. Exactly one of the ways applies: Release, else Dead, else Ack
// true (taken over) or false (requeue). Ack is required unless Release or Dead is set.
type Settlement struct {
	DeliveryTag int64  `json:"deliveryTag" doc:"The tag get gave"`
	Ack         *bool  `json:"ack,omitempty" doc:"true: taken over; false: requeue"`
	Dead        bool   `json:"dead,omitempty" doc:"Send to the dead letters"`
	Release     bool   `json:"release,omitempty" doc:"Give the lease back; counts nothing"`
	Reason      string `json:"reason,omitempty" doc:"Why it failed; shown in the trace"`
	// RequeueAfter is the delay of a requeue, a duration up to 24h; absent, the hub's backoff.
	RequeueAfter string `json:"requeueAfter,omitempty" doc:"With ack false: how long to wait, e.g. 30s or 5m, at most 24h; absent: the hub's backoff"`
}

// Extension lengthens one lease: it ends so long after now.
type Extension struct {
	DeliveryTag int64  `json:"deliveryTag" doc:"The tag get gave"`
	Lease       string `json:"lease,omitempty" doc:"5s – 15m; absent: 60s"`
}

// ExtendResponse answers a list of extensions, item by item, in order.
type ExtendResponse struct {
	Results []ExtendResult `json:"results"`
}

// ExtendResult is one item of ExtendResponse: the lease's new end, or why not.
type ExtendResult struct {
	DeliveryTag int64      `json:"deliveryTag"`
	LeaseUntil  *time.Time `json:"leaseUntil,omitempty"`
	Code        Code       `json:"code,omitempty"`
}

// AckResponse answers a list of settlements, item by item, in order.
type AckResponse struct {
	Results []AckResult `json:"results"`
}

// AckResult is one item of AckResponse; Code is empty when the delivery was settled.
type AckResult struct {
	DeliveryTag int64 `json:"deliveryTag"`
	Code        Code  `json:"code,omitempty"`
}

// CopyRequest makes a copy of a message. Without Content the body is the original's.
type CopyRequest struct {
	Content       *string `json:"content,omitempty" doc:"Edited body; absent = the original's"`
	ContentBase64 *string `json:"contentBase64,omitempty" doc:"Edited body that is not UTF-8"`
	Reason        string  `json:"reason,omitempty" doc:"Why the copy was made; kept in the audit"`
}

// MessageBody is what a message says: Content when that is UTF-8, else ContentBase64.
type MessageBody struct {
	ID            uuid.UUID `json:"id"`
	TenantID      uuid.UUID `json:"tenantId"`
	Type          string    `json:"type"`
	ContentType   string    `json:"contentType"`
	Content       *string   `json:"content,omitempty" doc:"The body, when it is UTF-8"`
	ContentBase64 *string   `json:"contentBase64,omitempty" doc:"The body, when it is not"`
}

// Bytes is the body byte for byte.
func (b MessageBody) Bytes() ([]byte, error) {
	switch {
	case b.Content != nil:
		return []byte(*b.Content), nil
	case b.ContentBase64 != nil:
		return base64.StdEncoding.DecodeString(*b.ContentBase64)
	}
	return nil, nil
}

// Trace tells everything the hub knows about one message.
type Trace struct {
	ID            uuid.UUID    `json:"id"`
	RootID        uuid.UUID    `json:"rootId"`
	BusinessKey   string       `json:"businessKey,omitempty"`
	OrderingKey   string       `json:"orderingKey,omitempty"`
	CorrelationID string       `json:"correlationId,omitempty"`
	Type          string       `json:"type"`
	Audience      string       `json:"audience"`
	Sender        Sender       `json:"sender"`
	CreatedAt     time.Time    `json:"createdAt"`
	CreatedBy     string       `json:"createdBy,omitempty"`
	Erased        *Erasure     `json:"erased,omitempty" doc:"Who had the content erased; absent: nobody"`
	Queues        []QueueTrace `json:"queues"`
}

// Erasure tells when, by whom and why the content of a message was erased.
type Erasure struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// QueueTrace is the way of a message through one queue.
type QueueTrace struct {
	Queue        string       `json:"queue"`
	State        State        `json:"state"`
	Attempt      int          `json:"attempt"`
	RequeueCount int          `json:"requeueCount"`
	LostCount    int          `json:"lostCount"`
	NextTry      *time.Time   `json:"nextTry,omitempty"`
	DeadReason   DeadReason   `json:"deadReason,omitempty"`
	Reason       string       `json:"reason,omitempty"`
	ERP          *ERPStatus   `json:"erp,omitempty"`
	Outcome      *Outcome     `json:"outcome,omitempty"`
	Events       []TraceEvent `json:"events"`
}

// ERPStatus is the last state the ERP's side reported.
type ERPStatus struct {
	State   ERPState   `json:"state"`
	Attempt int        `json:"attempt"`
	At      time.Time  `json:"at"`
	NextTry *time.Time `json:"nextTry,omitempty"`
	Code    string     `json:"code,omitempty"`
	Reason  string     `json:"reason,omitempty"`
}

// Outcome is the ERP's answer with the highest number.
type Outcome struct {
	Number int       `json:"number"`
	Status ERPState  `json:"status"`
	Key    string    `json:"key,omitempty"`
	At     time.Time `json:"at"`
	Errors []Fault   `json:"errors,omitempty"`
}

// TraceEvent is one step of a message.
type TraceEvent struct {
	At           time.Time  `json:"at"`
	Event        EventName  `json:"event"`
	Attempt      int        `json:"attempt,omitempty"`
	Client       ClientID   `json:"client,omitempty"`
	Installation string     `json:"installation,omitempty"`
	By           string     `json:"by,omitempty"` // the person
	Detail       string     `json:"detail,omitempty"`
	NextTry      *time.Time `json:"nextTry,omitempty"`
}

// StatusReport is the body of SmartLinkStatus: states inside the customer's network.
type StatusReport struct {
	InstallationID string       `json:"installationId"`
	Items          []StatusItem `json:"items"`
}

// StatusItem is the state of one message at the ERP; per id the highest Seq counts.
type StatusItem struct {
	ID      uuid.UUID  `json:"id"`
	Seq     int64      `json:"seq"`
	State   ERPState   `json:"state"`
	Attempt int        `json:"attempt"`
	At      time.Time  `json:"at"`
	NextTry *time.Time `json:"nextTry,omitempty"`
	Code    string     `json:"code,omitempty"`
	Reason  string     `json:"reason,omitempty"`
}
