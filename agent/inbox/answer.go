package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/google/uuid"

	"smartlink/internal/sqldb"
	"smartlink/link"
)

// Answer is one outcome of a message as it is sent back.
type Answer struct {
	ID     uuid.UUID // link.AnswerID of the message and the number
	Number int
	Status link.ERPState
	Key    string
	Body   []byte // link.AnswerBody
}

// NewAnswer makes the answer to a message. Number, empty lists and the ids are filled in; lists too
// long for one message are cut, and say so.
func NewAnswer(m *link.Message, number int, d link.AnswerData) (*Answer, error) {
	d.OutcomeNumber = number
	if d.Warnings == nil {
		d.Warnings = []link.Fault{}
	}
	if d.Errors == nil {
		d.Errors = []link.Fault{}
	}
	body := link.AnswerBody{
		Header: link.AnswerHeader{
			Type: link.ResponseType(m.Type), TenantID: m.TenantID, AnswerTo: m.ID, RootID: m.RootID, BusinessKey: m.BusinessKey,
		},
		Data: d,
	}
	for {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("answer to %s: %w", m.ID, err)
		}
		if len(b) <= link.MaxBody {
			return &Answer{ID: link.AnswerID(m.ID, number), Number: number, Status: d.Status, Key: d.Key, Body: b}, nil
		}
		// The longer list first: one that names every row of a huge document helps nobody.
		if len(body.Data.Errors) >= len(body.Data.Warnings) {
			body.Data.Errors, err = cut(body.Data.Errors, len(d.Errors))
		} else {
			body.Data.Warnings, err = cut(body.Data.Warnings, len(d.Warnings))
		}
		if err != nil {
			return nil, fmt.Errorf("answer to %s: %d bytes: %w", m.ID, len(b), err)
		}
	}
}

// cut halves a list and says at its end how many of all are missing.
func cut(list []link.Fault, all int) ([]link.Fault, error) {
	keep := len(list) / 2
	if keep == 0 {
		return nil, fmt.Errorf("a single item does not fit")
	}
	return append(list[:keep:keep], FaultOf(link.NewError(link.CodeAnswerCut, "n", strconv.Itoa(all-keep)))), nil
}

// FaultOf writes an error of the catalogue as an item of an answer, in both languages.
func FaultOf(e *link.Error) link.Fault {
	pt, en := e.Problem(link.Portuguese, ""), e.Problem(link.English, "")
	return link.Fault{Code: string(e.Code), Description: pt.Title, Help: pt.Detail, DescriptionEn: en.Title, HelpEn: en.Detail}
}

const insertResult = `INSERT INTO SMARTLINKRESULT (IDMESSAGE, OUTCOMENUMBER, OUTCOME, TENANTID, ROOTID, SENDERAPP, TYPEMESSAGE, BUSINESSKEYHASH,
	DATAHASH, ERPKEY, ANSWERID, ANSWER, RECCREATEDBY, RECCREATEDON) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// writeResult remembers an answered outcome. A second one with status done for the same id, root or
// business key violates a unique index: see sqldb.IsUnique.
func (t *Tx) writeResult(ctx context.Context, m *link.Message, h Hashes, a *Answer, now string) error {
	return t.then(ctx, "write the result", insertResult, m.ID.String(), a.Number, string(a.Status), m.TenantID.String(), m.RootID.String(), m.Sender.App,
		m.Type, t.w.null(h.BusinessKey), h.Data, a.Key, a.ID.String(), string(a.Body), author, now)
}

// upstreamRow is a message to be sent.
var upstreamRow = sqldb.Insert{
	Table: "GTOTVSLINKMESSAGE", Keys: []string{"ID"},
	Columns: []string{"ID", "TYPEMESSAGE", "TYPEEVENT", "STATE", "ROOTID", "TENANTID", "ORDERINGKEY", "CORRELATEDID", "SENDERAPP",
		"AUDIENCE", "HEADERS", "CONTENTTYPE", "SENTON", "DATA", "RECCREATEDBY", "RECCREATEDON", "RECMODIFIEDBY", "RECMODIFIEDON"},
	Values: []string{"?1", "?2", "'Upstream'", "'stored'", "?3", "?4", "?5", "?6", "?7", "?8", "?9", "?10", "?12", "?11", "?13", "?12", "?13", "?12"},
}

// sendAnswer puts an answer up for sending; quiet, only the hub is to know it. One that stands there
// already is not put up twice.
func (t *Tx) sendAnswer(ctx context.Context, m *link.Message, a *Answer, quiet bool, now string) error {
	h := map[string]string{
		link.HeaderAnswerTo: m.ID.String(), link.HeaderRoot: m.RootID.String(), link.HeaderOutcome: string(a.Status),
		link.HeaderOutcomeNumber: strconv.Itoa(a.Number),
	}
	if headerSafe(a.Key) {
		h[link.HeaderKey] = a.Key
	}
	if quiet {
		h[link.HeaderOutcomeOnly] = "true"
	}
	app := "" // the hub finds the only app that may send the answer
	if m.Audience != link.LinkProxy {
		app = m.Audience // the app that was addressed answers
	}
	audience := m.Sender.App
	if audience == "" {
		audience = link.LinkProxy
	}
	key := m.OrderingKey
	if key == "" {
		key = m.ID.String() // the outcomes of one message go in their order
	}
	return t.then(ctx, "put the answer up", t.w.texts.insertUpstream, a.ID.String(), link.ResponseType(m.Type), m.RootID.String(), m.TenantID.String(), key,
		m.ID.String(), app, audience, headerText(h), "application/json", t.w.data(a.Body), now, author)
}

// headerSafe tells whether a value can travel in a header; the body carries it in any case.
func headerSafe(s string) bool {
	if s == "" || utf8.RuneCountInString(s) > link.MaxKey {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s[0] != ' ' && s[len(s)-1] != ' '
}
