package link

import (
	"bytes"
	"encoding/json"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Dialect names the form of a body. There is no single envelope: receivers define the format, the
// link reads from it only what routing and identity need.
type Dialect string

// The dialects senders use.
const (
	DialectData        Dialect = "header+data"    // Gesplan → RM
	DialectContent     Dialect = "header+content" // TOTVS standard
	DialectCloudEvents Dialect = "cloudevents"    // structured mode, id and source optional
	DialectDatasul     Dialect = "datasul"        // messageId, messageType, messageContent
	DialectJSON        Dialect = "json"           // any other JSON
	DialectOpaque      Dialect = "opaque"         // not JSON
)

// Envelope is what a body says about itself. Absent fields are empty.
type Envelope struct {
	Dialect       Dialect
	ID            string // the envelope's own id, for dedupe: CloudEvents source+id, Datasul messageId
	Type          string
	TenantID      string
	Audience      string // informative: the path decides
	BusinessKey   string
	OrderingKey   string
	CorrelationID string

	// Answers tells that the body's header names a message it answers.
	Answers bool

	// Where in the body these stand, as JSON Pointers.
	IDAt, TypeAt, TenantAt, BusinessKeyAt, OrderingKeyAt, CorrelationAt string
}

// IsJSON tells whether a content type promises JSON. An empty one promises nothing.
func IsJSON(contentType string) bool {
	if contentType == "application/json" { // the usual case
		return true
	}
	mt, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		mt = strings.ToLower(strings.TrimSpace(contentType))
	}
	return mt == "application/json" || mt == "text/json" || strings.HasSuffix(mt, "+json")
}

// ReadEnvelope finds out a body's dialect and what it says about itself. It never changes the body.
//
// A JSON object is read whatever the content type says: receivers read it too, and a business key
// that were passed over because of curl's default type would be booked twice.
//
// A body that is not JSON under a JSON content type is CodeBodyNotJSON; an envelope field that
// routing needs but is no string is CodeEnvelopeInvalid with a pointer to it. Everything else is
// accepted: receivers own their formats.
func ReadEnvelope(contentType string, body []byte) (Envelope, error) {
	promised := IsJSON(contentType)
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	object := len(trimmed) > 0 && trimmed[0] == '{'
	if !promised && !object {
		return Envelope{Dialect: DialectOpaque}, nil
	}
	var room [2][8]field // few envelopes have more
	top, valid := members(body, room[0][:0])
	if !valid || !utf8.Valid(body) {
		if !promised {
			return Envelope{Dialect: DialectOpaque}, nil
		}
		place := jsonErrorPlace(body)
		return Envelope{}, NewError(CodeBodyNotJSON, "where", place.EN, "wherePT", place.PT)
	}
	if !object {
		return Envelope{Dialect: DialectJSON}, nil
	}
	r := fieldReader{}
	e := Envelope{}
	switch {
	case r.isObject(top.get("header")):
		header := fieldsOf(top.get("header"), room[1][:0])
		e.Dialect = DialectJSON
		if top.get("data") != nil {
			e.Dialect = DialectData
		} else if top.get("content") != nil {
			e.Dialect = DialectContent
		}
		e.Type, e.TypeAt = r.text(header, "/header/type")
		e.TenantID, e.TenantAt = r.text(header, "/header/tenantId")
		e.BusinessKey, e.BusinessKeyAt = r.text(header, "/header/businessKey")
		e.OrderingKey, e.OrderingKeyAt = r.text(header, "/header/orderingKey")
		e.Answers = header.get("answerTo") != nil
		if r.isObject(top.get("content")) {
			e.CorrelationID, e.CorrelationAt = r.loose(fieldsOf(top.get("content"), nil), "/content/requestID")
		}
	case top.get("specversion") != nil:
		e.Dialect = DialectCloudEvents
		e.Type, e.TypeAt = r.text(top, "/type")
		e.TenantID, e.TenantAt = r.text(top, "/tenantid", "/tenantId")
		id, at := r.loose(top, "/id")
		if source, _ := r.loose(top, "/source"); id != "" {
			e.ID, e.IDAt = strings.TrimPrefix(source+"#"+id, "#"), at
		}
		e.CorrelationID, e.CorrelationAt = r.loose(top, "/correlationid", "/correlationId")
	case top.get("messageContent") != nil || top.get("messageType") != nil:
		e.Dialect = DialectDatasul
		e.ID, e.IDAt = r.loose(top, "/messageId")
		e.Type, e.TypeAt = r.text(top, "/messageType")
		// The documented sample writes the key with a stray colon; real senders copied it.
		e.Audience, _ = r.loose(top, "/audience", "/audience:")
		e.CorrelationID, e.CorrelationAt = r.loose(top, "/parentUUID")
	default:
		e.Dialect = DialectJSON
	}
	if r.err != nil {
		return Envelope{}, r.err
	}
	for _, f := range []struct{ at, value string }{
		{e.IDAt, e.ID}, {e.BusinessKeyAt, e.BusinessKey}, {e.OrderingKeyAt, e.OrderingKey}, {e.CorrelationAt, e.CorrelationID},
	} {
		if utf8.RuneCountInString(f.value) > MaxKey {
			return Envelope{}, NewError(CodeEnvelopeInvalid).At(f.at, CodeEnvelopeInvalid, AtMost(MaxKey))
		}
	}
	return e, nil
}

// jsonErrorPlace says where a body stops being JSON.
func jsonErrorPlace(body []byte) Text {
	if !utf8.Valid(body) {
		return NotUTF8
	}
	var v any
	err := json.Unmarshal(body, &v)
	if s, ok := err.(*json.SyntaxError); ok {
		line := 1 + bytes.Count(body[:min(int(s.Offset), len(body))], []byte("\n"))
		return Both("byte %d, linha %d", "byte %d, line %d", s.Offset, line)
	}
	return Text{"?", "?"}
}

// fieldReader reads single fields and keeps the first error.
type fieldReader struct{ err error }

func (r *fieldReader) isObject(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '{' }

// text reads the first that is present of the members at some pointers; null counts as absent, anything but a
// string is an error. It answers the value and its pointer.
func (r *fieldReader) text(m fields, pointers ...string) (value, pointer string) {
	for _, pointer := range pointers {
		raw := m.at(pointer)
		if raw == nil || string(raw) == "null" {
			continue
		}
		if raw[0] != '"' {
			if r.err == nil {
				r.err = NewError(CodeEnvelopeInvalid).At(pointer, CodeEnvelopeInvalid, Text{"deve ser um texto entre aspas", "must be a text in quotes"})
			}
			return "", pointer
		}
		if value = string(unquoted(raw)); value != "" {
			return value, pointer
		}
	}
	return "", ""
}

// loose reads the first that is a string or number of the members at some pointers; anything else counts as absent.
// For fields that products fill freely. It answers the value and its pointer.
func (r *fieldReader) loose(m fields, pointers ...string) (value, pointer string) {
	for _, pointer := range pointers {
		raw := m.at(pointer)
		if len(raw) == 0 {
			continue
		}
		switch c := raw[0]; {
		case c == '"':
			if s := string(unquoted(raw)); s != "" {
				return s, pointer
			}
		case c == '-' || c >= '0' && c <= '9':
			return string(raw), pointer
		}
	}
	return "", ""
}

// Check compares what the body says with the path and the token. A type that contradicts the path
// is CodeTypeMismatch; a tenant that is not the token's is CodeTenantMismatch.
func (e Envelope) Check(pathType string, tenant uuid.UUID) error {
	if e.Type != "" && e.Type != pathType {
		return NewError(CodeTypeMismatch, "path", pathType, "body", e.Type).At(e.TypeAt, CodeTypeMismatch, Both("o caminho diz %s", "the path says %s", pathType))
	}
	if e.TenantID != "" {
		if t, err := ParseUUID(e.TenantID); err != nil || t != tenant {
			return NewError(CodeTenantMismatch, "body", e.TenantID).At(e.TenantAt, CodeTenantMismatch, Text{"não é o tenant do token", "is not the token's tenant"})
		}
	}
	return nil
}
