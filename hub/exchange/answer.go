package exchange

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// answer reads what a message answers and how, from its SL-* headers, from its body (protocol §6), or
// from both, then in agreement. Nil: it is no answer.
func (d *draft) answer() (*queue.Answer, error) {
	h := d.message.Headers
	inHeader := h[link.HeaderAnswerTo]
	if inHeader == "" && !d.envelope.Answers { // the usual case
		return nil, nil
	}
	body, err := d.answerBody()
	if err != nil {
		return nil, err
	}
	if inHeader == "" && body.to == "" {
		return nil, nil
	}
	to, err := sameID(h, link.HeaderAnswerTo, body.to, "/header/answerTo")
	if err != nil {
		return nil, err
	}
	if _, err := sameID(h, link.HeaderRoot, body.root, "/header/rootId"); err != nil {
		return nil, err
	}
	a := &queue.Answer{To: to, Errors: body.Errors}
	status, err := agree(h, link.HeaderOutcome, string(body.Status), "/data/status")
	if err != nil {
		return nil, err
	}
	if a.Status = link.ERPState(status); !a.Status.Answered() {
		return nil, link.NewError(link.CodeEnvelopeInvalid).At(placeOf(body.Status != "", "/data/status", link.HeaderOutcome),
			link.CodeEnvelopeInvalid, link.Both("deve ser um de %s", "must be one of %s", "done, rejected, duplicate, blocked, discarded"))
	}
	if a.Number, err = outcomeNumber(h[link.HeaderOutcomeNumber], body.OutcomeNumber); err != nil {
		return nil, err
	}
	if a.Key, err = agree(h, link.HeaderKey, body.Key, "/data/key"); err != nil {
		return nil, err
	}
	if tooLong(a.Key, link.MaxKey) {
		return nil, link.NewError(link.CodeEnvelopeInvalid).At("/data/key", link.CodeEnvelopeInvalid, link.AtMost(link.MaxKey))
	}
	return a, nil
}

// answerBody is what a body says about itself as an answer. Absent fields are empty.
type answerBody struct {
	to, root string
	link.AnswerData
}

// answerBody reads the body as an answer. Only a body that names what it answers, or whose headers
// do, is looked at; and only with those headers may its data have a form of the product's own.
func (d *draft) answerBody() (answerBody, error) {
	b := answerBody{}
	h := d.message.Headers
	byHeader := h[link.HeaderAnswerTo] != ""
	if !hasHeader(d.envelope) || !byHeader && !d.envelope.Answers {
		return b, nil
	}
	top, header := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	// The body is valid JSON; if it, or its header, is no object, there is nothing to find.
	_ = json.Unmarshal(d.message.Body, &top)
	_ = json.Unmarshal(top["header"], &header)
	for name, into := range map[string]*string{"answerTo": &b.to, "rootId": &b.root} {
		raw, ok := header[name]
		if !ok || string(raw) == "null" {
			continue
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return b, link.NewError(link.CodeEnvelopeInvalid).At("/header/"+name, link.CodeEnvelopeInvalid, link.NotUUID).Because(err)
		}
	}
	data, ok := top["data"]
	if !ok || b.to == "" && !byHeader {
		return b, nil
	}
	if err := json.Unmarshal(data, &b.AnswerData); err != nil {
		if h[link.HeaderOutcome] == "" {
			e := link.NewError(link.CodeEnvelopeInvalid).Because(err)
			e.Errors = append(e.Errors, WrongJSON("/data", err))
			return b, e
		}
		b.AnswerData = link.AnswerData{}
	}
	return b, nil
}

// sameID reads an id that may stand in a header, in the body, or in both; with or without dashes it
// is the same id. uuid.Nil: in neither.
func sameID(headers map[string]string, header, inBody, pointer string) (uuid.UUID, error) {
	var ids [2]uuid.UUID
	for i, f := range []struct{ at, value string }{{link.HeaderName(header), headers[header]}, {pointer, inBody}} {
		if f.value == "" {
			continue
		}
		id, err := parseID(f.at, f.value)
		if err != nil {
			return uuid.Nil, err
		}
		ids[i] = id
	}
	if ids[0] != uuid.Nil && ids[1] != uuid.Nil && ids[0] != ids[1] {
		return uuid.Nil, contradiction(header, headers[header], inBody, pointer)
	}
	if ids[0] != uuid.Nil {
		return ids[0], nil
	}
	return ids[1], nil
}

var notANumber = link.Both("deve ser um número inteiro a partir de 1", "must be a whole number from 1 on")

// outcomeNumber is the header's number, else the body's, else 1.
func outcomeNumber(header string, inBody int) (int, error) {
	n := inBody
	if header != "" {
		var err error
		if n, err = strconv.Atoi(strings.TrimSpace(header)); err != nil {
			return 0, link.NewError(link.CodeEnvelopeInvalid).At(placeOf(false, "", link.HeaderOutcomeNumber), link.CodeEnvelopeInvalid, notANumber).Because(err)
		}
		if inBody != 0 && n != inBody {
			return 0, contradiction(link.HeaderOutcomeNumber, header, strconv.Itoa(inBody), "/data/outcomeNumber")
		}
	} else if n == 0 {
		n = 1
	}
	if n < 1 || n > math.MaxInt32 {
		return 0, link.NewError(link.CodeEnvelopeInvalid).
			At(placeOf(header == "", "/data/outcomeNumber", link.HeaderOutcomeNumber), link.CodeEnvelopeInvalid, notANumber)
	}
	return n, nil
}

func placeOf(inBody bool, pointer, header string) string {
	if inBody {
		return pointer
	}
	return link.HeaderName(header)
}

// hasHeader tells whether a body may carry an object named header.
func hasHeader(e link.Envelope) bool {
	return e.Dialect == link.DialectData || e.Dialect == link.DialectContent || e.Dialect == link.DialectJSON
}
