package client

import (
	"bytes"
	"encoding/json"

	"github.com/google/uuid"

	"smartlink/link"
)

// quickReader is an answer that knows a form of its JSON in which it is usually written, and reads that in a
// fraction of the time of encoding/json. False: the text is of another form; nothing is read then.
type quickReader interface{ readQuick(text []byte) bool }

// readAnswer reads an answer that is JSON.
func readAnswer(text []byte, out any) error {
	if q, ok := out.(quickReader); ok && q.readQuick(text) {
		return nil
	}
	return json.Unmarshal(text, out)
}

// batchAnswer is a link.BatchResponse.
type batchAnswer struct{ link.BatchResponse }

// readQuick reads an answer of which every message is stored without a remark, as a hub of ours writes it.
func (a *batchAnswer) readQuick(text []byte) bool {
	r := answerReader{rest: text}
	r.pass(`{"results":[`)
	var list []link.BatchResult
	for first := true; !r.failed && !r.is(`]`); first = false {
		if !first {
			r.pass(`,`)
		}
		list = append(list, link.BatchResult{Status: 202, SendResponse: r.stored()})
	}
	r.pass(`]}`)
	if r.failed || len(bytes.TrimSpace(r.rest)) > 0 || len(list) == 0 {
		return false
	}
	a.Results = list
	return true
}

// answerReader reads a text piece by piece; once one is not as expected, it has failed.
type answerReader struct {
	rest   []byte
	failed bool
}

// is tells whether a piece comes next.
func (r *answerReader) is(piece string) bool {
	return len(r.rest) >= len(piece) && string(r.rest[:len(piece)]) == piece
}

// pass passes over a piece that has to come next.
func (r *answerReader) pass(piece string) {
	if r.failed = r.failed || !r.is(piece); !r.failed {
		r.rest = r.rest[len(piece):]
	}
}

// plain passes over a text in quotes in which every character stands for itself.
func (r *answerReader) plain() []byte {
	r.pass(`"`)
	for i, c := range r.rest {
		switch {
		case r.failed || c == '\\' || c < ' ' || c >= 0x80:
			r.failed = true
			return nil
		case c == '"':
			text := r.rest[:i]
			r.rest = r.rest[i+1:]
			return text
		}
	}
	r.failed = true
	return nil
}

// stored reads what became of one message.
func (r *answerReader) stored() *link.SendResponse {
	s := &link.SendResponse{Queues: []string{}, Warnings: []link.Warning{}}
	r.pass(`{"status":202,"messageId":`)
	id, err := uuid.ParseBytes(r.plain())
	r.failed = r.failed || err != nil
	s.MessageID = id
	r.pass(`,"queues":[`)
	for first := true; !r.failed && !r.is(`]`); first = false {
		if !first {
			r.pass(`,`)
		}
		s.Queues = append(s.Queues, string(r.plain()))
	}
	r.pass(`],"duplicate":`)
	if s.Duplicate = r.is(`true`); s.Duplicate {
		r.pass(`true`)
	} else {
		r.pass(`false`)
	}
	r.pass(`,"warnings":[]}`)
	return s
}
