package link

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Sender tells who sent a message: the app it spoke for and the client whose token it carried.
type Sender struct {
	App      string   `json:"app" doc:"Code of the app the sender spoke for" example:"GESPLAN"`
	ClientID ClientID `json:"clientId" doc:"Client whose token sent the message"`
}

// Message is one message as the hub keeps it. Body is what the sender wrote, byte for byte.
//
// It has three identities: ID names this message, RootID the first of a chain of copies (equal to
// ID unless it is a copy), BusinessKey the one business change it asks for, the same in every
// resend, copy and reprocess.
type Message struct {
	ID            uuid.UUID
	RootID        uuid.UUID
	BusinessKey   string
	OrderingKey   string
	CorrelationID string
	TenantID      uuid.UUID
	Sender        Sender
	Type          string
	Audience      string
	CreatedAt     time.Time // UTC
	CreatedBy     string    // the operator who made a copy; empty for what a client sent
	Headers       map[string]string
	ContentType   string
	Body          []byte
}

// Delivery is a message handed out under a lease. Tag names this one delivery and is what ack wants.
type Delivery struct {
	Tag          int64
	Message      Message
	Attempt      int // 1 + earlier unreleased deliveries from this queue
	RequeueCount int // failed deliveries: ack false
	LostCount    int // leases that ended unsettled
	LeaseUntil   time.Time
}

// deliveryJSON is a Delivery on the wire (protocol §3).
type deliveryJSON struct {
	DeliveryTag   int64             `json:"deliveryTag"`
	ID            uuid.UUID         `json:"id"`
	RootID        uuid.UUID         `json:"rootId"`
	BusinessKey   string            `json:"businessKey,omitempty"`
	OrderingKey   string            `json:"orderingKey,omitempty"`
	CorrelationID string            `json:"correlationId,omitempty"`
	TenantID      uuid.UUID         `json:"tenantId"`
	Sender        Sender            `json:"sender"`
	Type          string            `json:"type"`
	Audience      string            `json:"audience"`
	Attempt       int               `json:"attempt"`
	RequeueCount  int               `json:"requeueCount"`
	LostCount     int               `json:"lostCount"`
	CreatedAt     time.Time         `json:"createdAt"`
	CreatedBy     string            `json:"createdBy,omitempty"`
	LeaseUntil    time.Time         `json:"leaseUntil"`
	Headers       map[string]string `json:"headers"`
	ContentType   string            `json:"contentType"`
	Content       *string           `json:"content,omitempty"`
	ContentBase64 *string           `json:"contentBase64,omitempty"`
}

// MarshalJSON writes the delivery as `get` answers it: the exact body as a JSON string in
// "content", or base64 in "contentBase64" when it is not UTF-8.
func (d Delivery) MarshalJSON() ([]byte, error) {
	m := d.Message
	j := deliveryJSON{
		DeliveryTag: d.Tag, ID: m.ID, RootID: m.RootID, BusinessKey: m.BusinessKey, OrderingKey: m.OrderingKey,
		CorrelationID: m.CorrelationID, TenantID: m.TenantID, Sender: m.Sender, Type: m.Type, Audience: m.Audience,
		Attempt: d.Attempt, RequeueCount: d.RequeueCount, LostCount: d.LostCount, CreatedAt: m.CreatedAt.UTC(),
		CreatedBy: m.CreatedBy, LeaseUntil: d.LeaseUntil.UTC(), Headers: renamed(m.Headers, HeaderName), ContentType: m.ContentType,
	}
	if utf8.Valid(m.Body) {
		s := string(m.Body)
		j.Content = &s
	} else {
		s := base64.StdEncoding.EncodeToString(m.Body)
		j.ContentBase64 = &s
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote. A delivery without a tag, an id, a tenant or a body
// is an error: a receiver must never take half a message for a whole one.
func (d *Delivery) UnmarshalJSON(b []byte) error {
	var j deliveryJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	var body []byte
	switch {
	case j.Content != nil && j.ContentBase64 != nil:
		return fmt.Errorf("delivery %d carries both content and contentBase64", j.DeliveryTag)
	case j.Content != nil:
		body = []byte(*j.Content)
	case j.ContentBase64 != nil:
		var err error
		if body, err = base64.StdEncoding.DecodeString(*j.ContentBase64); err != nil {
			return fmt.Errorf("contentBase64 of delivery %d: %w", j.DeliveryTag, err)
		}
	default:
		return fmt.Errorf("delivery %d carries no content", j.DeliveryTag)
	}
	if j.DeliveryTag <= 0 || j.ID == uuid.Nil || j.TenantID == uuid.Nil {
		return fmt.Errorf("delivery %d lacks its tag, id or tenant", j.DeliveryTag)
	}
	if j.RootID == uuid.Nil {
		j.RootID = j.ID
	}
	*d = Delivery{
		Tag: j.DeliveryTag, Attempt: j.Attempt, RequeueCount: j.RequeueCount, LostCount: j.LostCount, LeaseUntil: j.LeaseUntil,
		Message: Message{
			ID: j.ID, RootID: j.RootID, BusinessKey: j.BusinessKey, OrderingKey: j.OrderingKey, CorrelationID: j.CorrelationID,
			TenantID: j.TenantID, Sender: j.Sender, Type: j.Type, Audience: j.Audience, CreatedAt: j.CreatedAt,
			CreatedBy: j.CreatedBy, Headers: renamed(j.Headers, canonicalName), ContentType: j.ContentType, Body: body,
		},
	}
	return nil
}

func renamed(headers map[string]string, name func(string) string) map[string]string {
	m := make(map[string]string, len(headers))
	for k, v := range headers {
		m[name(k)] = v
	}
	return m
}
