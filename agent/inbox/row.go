package inbox

import (
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// Event is the direction of a message.
type Event string

// The directions, in the original's words.
const (
	Downstream Event = "Downstream" // cloud to ERP
	Upstream   Event = "Upstream"   // ERP to cloud
)

// author stands in RECCREATEDBY and RECMODIFIEDBY of what the agent writes.
const author = "smartlink"

// Row is one message of the inbox with how far it has come.
type Row struct {
	Seq        int64 // arrival
	Message    link.Message
	Event      Event
	State      link.ERPState
	Code       link.Code // why it waits or is blocked
	Reason     string
	Held       bool // waits for an earlier one of its ordering key
	NextTry    time.Time
	Attempt    int // since it was stored or reprocessed
	Executions int // attempts over its whole life
	Deaths     int // times the agent died while executing it
	Outcomes   int // answered so far
	Job        string
	Since      time.Time // running since
	StatusSeq  int64
	ModifiedAt time.Time
	Unreadable []string // columns of a message to be sent that hold what they cannot: code in the database wrote it
	OnHold     bool     // waits for a person's release
	Edits      int      // times a person has changed the body

	Options TypeOptions // of its type, as of the claim
}

// timeLayout has a fixed width, so that moments sort as text.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// stamp writes a moment; the zero time is ”.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeLayout)
}

// moment reads what stamp wrote.
type moment struct{ to *time.Time }

// Scan implements sql.Scanner.
func (m moment) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("a moment is a %T", src)
	}
	if s == "" {
		*m.to = time.Time{}
		return nil
	}
	t, err := time.Parse(timeLayout, s)
	*m.to = t
	return err
}

// id reads a UUID; ” is uuid.Nil.
type id struct{ to *uuid.UUID }

// Scan implements sql.Scanner.
func (i id) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("an id is a %T", src)
	}
	if s == "" {
		*i.to = uuid.Nil
		return nil
	}
	u, err := link.ParseUUID(s)
	*i.to = u
	return err
}

// headers reads and writes a message's headers as a JSON object.
type headers struct{ to *map[string]string }

// Scan implements sql.Scanner.
func (h headers) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("headers are a %T", src)
	}
	*h.to = nil
	if s == "" {
		return nil
	}
	return json.Unmarshal([]byte(s), h.to)
}

func headerText(h map[string]string) string {
	if len(h) == 0 {
		return ""
	}
	b, err := json.Marshal(maps.Clone(h))
	if err != nil {
		return "" // a map of strings can always be written
	}
	return string(b)
}

// rowColumns are the columns scanRow reads, in its order.
const rowColumns = `SEQ, ID, TYPEMESSAGE, TYPEEVENT, STATE, STATECODE, STATEREASON, HELD, DATATENTATIVAEXEC, QTDETENTATIVAEXEC,
	EXECUTIONS, DEATHS, OUTCOMENUMBER, IDJOB, RUNNINGSINCE, STATUSSEQ, RECMODIFIEDON, ROOTID, TENANTID, BUSINESSKEY, ORDERINGKEY,
	CORRELATEDID, SENDERAPP, SENDERCLIENT, AUDIENCE, HEADERS, CONTENTTYPE, SENTON, SENTBY, ONHOLD, EDITS, DATA`

// scanner is a row of a result.
type scanner interface{ Scan(dest ...any) error }

func scanRow(s scanner) (*Row, error) {
	r := &Row{}
	m := &r.Message
	err := s.Scan(&r.Seq, r.may("ID", id{&m.ID}), &m.Type, &r.Event, &r.State, &r.Code, &r.Reason, r.may("HELD", plain[bool]{&r.Held}),
		r.may("DATATENTATIVAEXEC", moment{&r.NextTry}), r.may("QTDETENTATIVAEXEC", plain[int]{&r.Attempt}), r.may("EXECUTIONS", plain[int]{&r.Executions}),
		r.may("DEATHS", plain[int]{&r.Deaths}), r.may("OUTCOMENUMBER", plain[int]{&r.Outcomes}), &r.Job, r.may("RUNNINGSINCE", moment{&r.Since}),
		r.may("STATUSSEQ", plain[int64]{&r.StatusSeq}), r.may("RECMODIFIEDON", moment{&r.ModifiedAt}), r.may("ROOTID", id{&m.RootID}),
		r.may("TENANTID", id{&m.TenantID}), &m.BusinessKey, &m.OrderingKey, &m.CorrelationID, &m.Sender.App, &m.Sender.ClientID, &m.Audience,
		r.may("HEADERS", headers{&m.Headers}), &m.ContentType, r.may("SENTON", moment{&m.CreatedAt}), &m.CreatedBy, r.may("ONHOLD", plain[bool]{&r.OnHold}),
		r.may("EDITS", plain[int]{&r.Edits}), &m.Body)
	if err != nil {
		return nil, err
	}
	if m.ID == uuid.Nil && !slices.Contains(r.Unreadable, "ID") {
		r.Unreadable = append(r.Unreadable, "ID")
	}
	if len(r.Unreadable) > 0 && r.Event != Upstream { // only the agent writes those
		return nil, fmt.Errorf("row %d: %s cannot be read", r.Seq, strings.Join(r.Unreadable, ", "))
	}
	return r, nil
}

// may reads a column that others may have written: what cannot be read is noted, and stays empty.
func (r *Row) may(column string, to sql.Scanner) sql.Scanner { return lenient{r, column, to} }

type lenient struct {
	row    *Row
	column string
	to     sql.Scanner
}

// Scan implements sql.Scanner.
func (l lenient) Scan(src any) error {
	if err := l.to.Scan(src); err != nil {
		l.row.Unreadable = append(l.row.Unreadable, l.column)
	}
	return nil
}

// plain reads a number or a truth value.
type plain[T any] struct{ to *T }

// Scan implements sql.Scanner.
func (p plain[T]) Scan(src any) error {
	var v sql.Null[T]
	err := v.Scan(src)
	*p.to = v.V
	return err
}

// Hashes are what results remember of a message beside its ids.
type Hashes struct {
	Data        []byte // SHA-256 of the body
	BusinessKey []byte // SHA-256; nil without a business key
}

// HashesOf computes them.
func HashesOf(m *link.Message) Hashes {
	body := sha256.Sum256(m.Body)
	h := Hashes{Data: body[:]}
	if m.BusinessKey != "" {
		key := sha256.Sum256([]byte(m.BusinessKey))
		h.BusinessKey = key[:]
	}
	return h
}
