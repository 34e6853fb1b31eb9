package inbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"smartlink/internal/sqldb"
	"smartlink/link"
)

// Outbound is a message that code at the ERP sends to the cloud: an event, not an answer.
type Outbound struct {
	Type          string
	Audience      string // app code; empty = link.LinkProxy
	App           string // the app to send as; empty: the hub finds the only one that may send the type
	ContentType   string // empty = application/json
	Body          []byte
	BusinessKey   string
	OrderingKey   string // those of one key are sent, and delivered, in their order
	CorrelationID string
	Headers       map[string]string // SL-Meta-…, traceparent
	// IdempotencyKey names the request: a repeat has the same id and is not sent twice. Empty: none.
	IdempotencyKey string
}

// complete fills in what may be left out.
func (o *Outbound) complete() {
	if o.Audience == "" {
		o.Audience = link.LinkProxy
	}
	if o.ContentType == "" {
		o.ContentType = jsonType
	}
}

const jsonType = "application/json"

// wrongs are places of a message with what is wrong there.
type wrongs []link.FieldError

func (w *wrongs) add(at, pt, en string, args ...any) {
	*w = append(*w, link.NewFieldError(at, link.CodeRequestInvalid, link.Both(pt, en, args...)))
}

// check finds everything that the hub would refuse whoever sends it. Places are named as in the API.
func (o *Outbound) check() wrongs {
	var w wrongs
	switch {
	case !link.ValidType(o.Type):
		w.add("/type", "%s não é um tipo: uma letra e até 99 letras, algarismos, pontos, hífens ou sublinhados",
			"%s is no type: a letter and up to 99 letters, digits, dots, hyphens or underscores", quote(o.Type))
	case o.Type == link.TypeStatus || o.Type == link.TypeMetrics && !strings.HasPrefix(o.ContentType, "text/plain"):
		w.add("/type", "%s é enviado só pelo agente", "%s is sent by the agent only", o.Type)
	}
	if !link.ValidAudience(o.Audience) {
		w.add("/audience", "%s não é código de produto nem LinkProxy", "%s is neither an app code nor LinkProxy", quote(o.Audience))
	}
	if o.App != "" && !link.ValidApp(o.App) {
		w.add("/app", "%s não é código de produto", "%s is no app code", quote(o.App))
	}
	switch {
	case len(o.Body) == 0:
		w.add("/body", "falta o corpo", "there is no body")
	case len(o.Body) > link.MaxBody:
		w.add("/body", "%d bytes; o máximo é %d", "%d bytes; the most is %d", len(o.Body), link.MaxBody)
	case link.IsJSON(o.ContentType) && !json.Valid(o.Body):
		w.add("/body", "não é JSON, como diz o tipo de conteúdo %s", "is not JSON, as the content type %s says", quote(o.ContentType))
	}
	for _, k := range []struct{ at, value string }{
		{"/contentType", o.ContentType}, {"/businessKey", o.BusinessKey}, {"/orderingKey", o.OrderingKey}, {"/correlationId", o.CorrelationID}, {"/idempotencyKey", o.IdempotencyKey},
	} {
		if n := utf8.RuneCountInString(k.value); n > link.MaxKey {
			w.add(k.at, "%d caracteres; o máximo é %d", "%d characters; the most is %d", n, link.MaxKey)
		} else if k.value != "" && !printable(k.value) {
			w.add(k.at, "tem caracteres que não passam em um cabeçalho: só ASCII visível, sem espaços nas pontas",
				"has characters that do not pass in a header: visible ASCII only, no spaces at the ends")
		}
	}
	o.checkHeaders(&w)
	return w
}

func (o *Outbound) checkHeaders(w *wrongs) {
	size := 0
	for name, value := range o.Headers {
		size += len(name) + len(value)
		at := "/headers/" + strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
		switch canonical := textproto.CanonicalMIMEHeaderKey(name); {
		case !strings.HasPrefix(canonical, "Sl-") && canonical != link.HeaderTraceparent:
			w.add(at, "não viaja com a mensagem: só SL-… e traceparent", "does not travel with the message: only SL-… and traceparent do")
		case slices.Contains(ownHeaders, canonical):
			w.add(at, "tem um campo próprio", "has a field of its own")
		case value != "" && !printable(value):
			w.add(at, "tem caracteres que não passam em um cabeçalho", "has characters that do not pass in a header")
		}
	}
	if len(o.Headers) > link.MaxHeaders || size > link.MaxHeaderBytes {
		w.add("/headers", "%d cabeçalhos com %d bytes; o máximo é %d com %d", "%d headers with %d bytes; the most is %d with %d",
			len(o.Headers), size, link.MaxHeaders, link.MaxHeaderBytes)
	}
}

// ownHeaders are headers that a message has fields for, or that are the agent's.
var ownHeaders = []string{
	link.HeaderApp, link.HeaderInstallation, link.HeaderEpoch, link.HeaderBusinessKey, link.HeaderOrderingKey, link.HeaderCorrelationID,
}

// printable tells whether a text can travel in a header.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s == strings.TrimSpace(s)
}

// quote is a value of somebody else's for a sentence.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.Quote(s)
}

// outboundRow is a message that code at the ERP sends.
var outboundRow = sqldb.Insert{
	Table: "GTOTVSLINKMESSAGE", Keys: []string{"ID"},
	Columns: []string{"ID", "TYPEMESSAGE", "TYPEEVENT", "STATE", "ROOTID", "TENANTID", "BUSINESSKEY", "ORDERINGKEY", "CORRELATEDID", "SENDERAPP",
		"AUDIENCE", "HEADERS", "CONTENTTYPE", "SENTON", "DATA", "RECCREATEDBY", "RECCREATEDON", "RECMODIFIEDBY", "RECMODIFIEDON"},
	Values: []string{"?1", "?2", "'Upstream'", "'stored'", "?1", "''", "?3", "?4", "?5", "?6", "?7", "?8", "?9", "?10", "?11", "?12", "?10", "?12", "?10"},
}

// outboundNamespace is that of ids made from an installation and an idempotency key.
var outboundNamespace = uuid.MustParse("6f0d5b9e-3d0c-4b7e-9a55-1f3a5c8f2e71")

// outboundAuthor stands in RECCREATEDBY of messages that came by the agent's API.
const outboundAuthor = "upstream-api"

// Put puts a message up for sending: when it returns without an error it is durable, and is sent as soon
// as the hub takes it. Everything that is wrong with it is link.CodeRequestInvalid, with a place each.
//
// With an idempotency key the id comes from the key. A repeat changes nothing and answers the same id;
// one with other content is link.CodeIdempotency while the first has not been sent. Afterwards the hub
// recognises repeats, for as long as it recognises any: it takes the same content once, and a message
// with other content is blocked.
func (b *Box) Put(ctx context.Context, o Outbound) (message uuid.UUID, duplicate bool, err error) {
	o.complete()
	if w := o.check(); len(w) > 0 {
		e := link.NewError(link.CodeRequestInvalid)
		e.Errors = w
		return uuid.Nil, false, e
	}
	message = link.NewID()
	if o.IdempotencyKey != "" {
		message = uuid.NewSHA1(outboundNamespace, []byte(b.inst.ID.String()+" "+o.IdempotencyKey))
	}
	err = b.write(ctx, func(tx *Tx) error {
		now := stamp(b.clock.Now())
		n, err := sqldb.Affected(tx.ExecContext(ctx, tx.w.texts.insertOutbound, message.String(), o.Type, o.BusinessKey, o.OrderingKey, o.CorrelationID,
			o.App, o.Audience, headerText(o.Headers), o.ContentType, now, tx.w.data(o.Body), outboundAuthor))
		if err != nil {
			return fmt.Errorf("put a message up: %w", err)
		}
		if duplicate = n == 0; !duplicate {
			return nil
		}
		r, err := scanRow(tx.QueryRowContext(ctx, rowByID, message.String()))
		if err != nil {
			return fmt.Errorf("read %s: %w", message, err)
		}
		if there := r.outbound(); !there.same(&o) {
			return link.NewError(link.CodeIdempotency, "first", message.String())
		}
		return nil
	})
	return message, duplicate, err
}

// same tells whether two messages say the same.
func (o *Outbound) same(p *Outbound) bool {
	return o.Type == p.Type && o.Audience == p.Audience && o.App == p.App && o.ContentType == p.ContentType && bytes.Equal(o.Body, p.Body) &&
		o.BusinessKey == p.BusinessKey && o.OrderingKey == p.OrderingKey && o.CorrelationID == p.CorrelationID
}

// outbound is a row's message, as code at the ERP might have given it.
func (r *Row) outbound() *Outbound {
	m := &r.Message
	o := &Outbound{
		Type: m.Type, Audience: m.Audience, App: m.Sender.App, ContentType: m.ContentType, Body: m.Body, BusinessKey: m.BusinessKey,
		OrderingKey: m.OrderingKey, CorrelationID: m.CorrelationID, Headers: m.Headers,
	}
	o.complete()
	return o
}

// outboundColumns are the columns of what Outbound.check names.
var outboundColumns = map[string]string{
	"type": "TYPEMESSAGE", "audience": "AUDIENCE", "app": "SENDERAPP", "body": "DATA", "contentType": "CONTENTTYPE", "businessKey": "BUSINESSKEY",
	"orderingKey": "ORDERINGKEY", "correlationId": "CORRELATEDID", "headers": "HEADERS",
}

// Complete fills in what a row may leave out, and answers what is wrong with it: nil, or
// link.CodeUpstreamWrong, which names each column. Code in the database may have inserted anything.
func (r *Row) Complete() *link.Error {
	o := r.outbound()
	r.Message.Audience, r.Message.ContentType = o.Audience, o.ContentType
	var pt, en []string
	for _, column := range r.Unreadable {
		pt, en = append(pt, column+": não pode ser lida"), append(en, column+": cannot be read")
	}
	for _, w := range o.check() {
		field, of, _ := strings.Cut(strings.TrimPrefix(w.Pointer, "/"), "/")
		column := strings.TrimSpace(outboundColumns[field] + " " + of)
		pt, en = append(pt, column+": "+w.Text().PT), append(en, column+": "+w.Text().EN)
	}
	if len(pt) == 0 {
		return nil
	}
	return link.NewError(link.CodeUpstreamWrong, "reason", strings.Join(en, "; "), "reasonPT", strings.Join(pt, "; "))
}

// What was inserted with another direction, or in a state that no message to be sent has, would stand for
// ever without anybody noticing.
const (
	findStray = `SELECT COUNT(*) FROM GTOTVSLINKMESSAGE WHERE ` + isStray
	stopStray = `UPDATE GTOTVSLINKMESSAGE SET TYPEEVENT = 'Upstream', STATE = 'blocked', STATECODE = ?, STATEREASON = ?, HELD = 0,
		OUTSIDE = '', DATATENTATIVAEXEC = '', RECMODIFIEDBY = ?, RECMODIFIEDON = ? WHERE ` + isStray
	isStray = `TYPEEVENT NOT IN ('Upstream', 'Downstream') OR TYPEEVENT = 'Upstream' AND (STATE NOT IN ('stored', 'blocked')
		OR STATE = 'stored' AND (HELD <> 0 OR OUTSIDE <> '' OR DATATENTATIVAEXEC <> ''))`
)

// BlockStrays blocks messages that nobody would ever send, with a reason, and answers how many.
func (b *Box) BlockStrays(ctx context.Context) (int, error) {
	var n int
	if err := b.read.QueryRowContext(ctx, findStray).Scan(&n); err != nil || n == 0 {
		return 0, err
	}
	e := link.NewError(link.CodeUpstreamWrong, "reason", "TYPEEVENT must be Upstream, STATE stored, HELD 0, and OUTSIDE and DATATENTATIVAEXEC ''",
		"reasonPT", "TYPEEVENT deve ser Upstream, STATE stored, HELD 0, e OUTSIDE e DATATENTATIVAEXEC ''")
	err := b.write(ctx, func(tx *Tx) error {
		rows, err := sqldb.Affected(tx.ExecContext(ctx, stopStray, string(e.Code), e.Text().PT, author, stamp(b.clock.Now())))
		n = int(rows)
		return err
	})
	return n, err
}
