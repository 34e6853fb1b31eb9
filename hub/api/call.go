package api

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"smartlink/hub/exchange"
	"smartlink/link"
)

const contentJSON = "application/json"

// json answers a value.
func (c *call) json(status int, v any) error {
	c.answer(status, contentJSON, v)
	return nil
}

func (c *call) answer(status int, contentType string, v any) {
	var b bytes.Buffer
	if err := encoder(&b).Encode(v); err != nil { // a value of ours that is no JSON
		c.cause, c.code = err, link.CodeInternal
		c.WriteHeader(http.StatusInternalServerError)
		return
	}
	c.write(status, contentType, b.Bytes())
}

// encoder writes values, each with a newline at its end.
func encoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // people read it too
	return e
}

// write answers a text.
func (c *call) write(status int, contentType string, text []byte) {
	c.Header().Set("Content-Type", contentType)
	c.Header().Set("Content-Length", strconv.Itoa(len(text)))
	c.WriteHeader(status)
	_, _ = c.Write(text) // a client that has gone misses it
}

// noContent answers that there is nothing to say.
func (c *call) noContent() error {
	c.WriteHeader(http.StatusNoContent)
	return nil
}

// body reads the whole body, at most limit bytes; of a longer one no more than the server has
// buffered. It stands in room if that is large enough, else in memory of its own, which is the caller's to keep.
func (c *call) body(limit int, room []byte) ([]byte, error) {
	if enc := c.r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return nil, link.NewError(link.CodeMediaType, "got", "Content-Encoding: "+enc, "want", "Content-Encoding: identity")
	}
	length := c.r.ContentLength
	if length > int64(limit) {
		return nil, c.tooLarge(limit)
	}
	most := length
	if most < 0 {
		most = int64(limit)
	}
	if err := c.hold(most); err != nil {
		return nil, err
	}
	if length >= 0 {
		return c.bodyOf(int(length), room)
	}
	b, err := io.ReadAll(io.LimitReader(c.r.Body, int64(limit)+1))
	if err != nil {
		return nil, link.NewError(link.CodeBodyIncomplete).Because(err)
	}
	if len(b) > limit {
		return nil, c.tooLarge(limit)
	}
	return bytes.Clone(b), nil // io.ReadAll leaves up to half of it unused
}

// bodyOf reads a body of a length that was announced. Memory of its own grows as it comes, in a few steps.
func (c *call) bodyOf(length int, room []byte) ([]byte, error) {
	if length <= len(room) {
		return room[:length], c.fill(room[:length])
	}
	var b []byte
	for room := atOnce; len(b) < length; room *= 4 {
		more := make([]byte, min(room, length))
		if err := c.fill(more[copy(more, b):]); err != nil {
			return nil, err
		}
		b = more
	}
	return b, nil
}

// fill reads as much of the body as there is room.
func (c *call) fill(room []byte) error {
	if _, err := io.ReadFull(c.r.Body, room); err != nil {
		return link.NewError(link.CodeBodyIncomplete).Because(err)
	}
	return nil
}

// atOnce is the largest body that gets its memory when it is announced, room for a batch of 64 commands; larger ones
// get it as they come.
const atOnce = 128 << 10

// tooLarge also ends the connection, so that the server does not read the rest of the body.
func (c *call) tooLarge(limit int) error {
	c.Header().Set("Connection", "close")
	return exchange.TooLarge(limit)
}

// smallBody bounds the bodies of calls that carry no messages.
const smallBody = link.MaxBody

// read reads a JSON object into a value. Unknown properties are refused: a mistyped one would
// silently mean something else.
func read[T any](c *call, limit int) (T, error) {
	var v T
	b, err := c.jsonBody(limit, nil)
	if err != nil {
		return v, err
	}
	return v, c.decode(b, "", '{', &v)
}

// jsonBody reads a body that must be JSON; without a Content-Type it is taken for that.
func (c *call) jsonBody(limit int, room []byte) ([]byte, error) {
	if got := c.r.Header.Get("Content-Type"); got != "" && !link.IsJSON(got) {
		return nil, link.NewError(link.CodeMediaType, "got", got, "want", contentJSON)
	}
	b, err := c.body(limit, room)
	if err == nil && len(bytes.TrimSpace(b)) == 0 {
		err = link.NewError(link.CodeRequestInvalid).At("", link.CodeRequestInvalid, link.Both("falta o corpo (JSON)", "the body (JSON) is missing"))
	}
	return b, err
}

// decode reads JSON strictly. place is the pointer of the value in the body, open the bracket it must
// begin with.
func (c *call) decode(b []byte, place string, open byte, v any) error {
	if !json.Valid(b) {
		var any any
		why := exchange.WrongJSON("", json.Unmarshal(b, &any)).Text()
		return link.NewError(link.CodeBodyNotJSON, "where", why.EN, "wherePT", why.PT)
	}
	invalid := func(f link.FieldError) error {
		e := link.NewError(link.CodeRequestInvalid)
		e.Errors = append(e.Errors, f)
		return e
	}
	if bytes.TrimLeft(b, " \t\r\n")[0] != open {
		return invalid(link.NewFieldError(place, link.CodeRequestInvalid, exchange.Expected(open)))
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		// encoding/json has no type for this error.
		if name, unknown := strings.CutPrefix(err.Error(), `json: unknown field "`); unknown {
			return invalid(link.NewFieldError(place+"/"+strings.TrimSuffix(name, `"`), link.CodeRequestInvalid,
				link.Both("propriedade desconhecida", "unknown property")))
		}
		return invalid(exchange.WrongJSON(place, err))
	}
	return nil
}

// bearer is the credential of the Authorization header, "" when there is none.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
