package exchange

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/link"
)

// Send is one message as a client hands it in. Body is kept as it is: it must not be changed after
// the call.
type Send struct {
	Type           string
	Audience       string // empty = link.LinkProxy
	ContentType    string
	Body           []byte
	IdempotencyKey string            // empty = the envelope's own id, if it has one
	Headers        map[string]string // those that travel with the message; see link.KeepHeaders
}

// Send stores one message; it is durable when Send returns without an error. A command or event that
// nobody hears is link.CodeNoRoute and not stored; an answer is always accepted; reports of the
// ERP's side (link.TypeStatus, link.TypeMetrics) are read by the hub itself.
func (x *Exchange) Send(ctx context.Context, c Caller, s Send) (link.SendResponse, error) {
	p, err := prepare(c, s, nil)
	if err != nil {
		return link.SendResponse{}, err
	}
	done, err := x.engine.Publish(ctx, p.Publish)
	if err != nil {
		return link.SendResponse{}, err
	}
	return sendResponse(c.Lang, &p.Publish, p.wrong, done), nil
}

// prepared is what the engine has to do, and what the sender is to be told about its message's form.
type prepared struct {
	queue.Publish
	wrong []link.FieldError // where the body does not match its schema
}

// prepare checks a message and answers what the engine has to do. before are the headers of another message of the same
// batch, if there is one: two may have them in common.
func prepare(c Caller, s Send, before map[string]string) (prepared, error) {
	if !link.ValidType(s.Type) {
		return prepared{}, link.NewError(link.CodeTypeInvalid, "type", s.Type)
	}
	if s.Audience == "" {
		s.Audience = link.LinkProxy
	}
	if !link.ValidAudience(s.Audience) {
		return prepared{}, link.NewError(link.CodeAudienceInvalid, "audience", s.Audience)
	}
	app, err := senderApp(c, s.Type)
	if err != nil {
		return prepared{}, err
	}
	if err := checkSize(s); err != nil {
		return prepared{}, err
	}
	if err := checkInstallation(c); err != nil {
		return prepared{}, err
	}
	id := link.NewID()
	d := draft{snapshot: c.Snapshot, installation: c.Installation, message: link.Message{
		ID: id, RootID: id, TenantID: c.Client.Tenant, Sender: link.Sender{App: app, ClientID: c.Client.ID},
		Type: s.Type, Audience: s.Audience, Headers: s.Headers, ContentType: s.ContentType, Body: s.Body,
	}}
	p, err := d.publish()
	if err != nil {
		return prepared{}, err
	}
	// A report repeated is the same report again; remembering each would only fill the store.
	if key := cmp.Or(s.IdempotencyKey, d.envelope.ID); key != "" && !consumed(s.Type) {
		p.Dedupe = &queue.Dedupe{Key: key, Hash: contentHash(&p.Message)}
	}
	wrong, err := checkSchema(c.Snapshot, p, d.envelope)
	if err != nil {
		return prepared{}, err
	}
	p.Message.Headers = withOrigin(p.Message.Headers, app, s.Audience, c.Source, before)
	return prepared{p, wrong}, nil
}

// sendResponse tells a sender what became of a message, with the remarks it deserves.
func sendResponse(lang link.Lang, p *queue.Publish, wrong []link.FieldError, done queue.PublishResult) link.SendResponse {
	r := link.SendResponse{MessageID: done.ID, Queues: make([]string, len(done.Queues)), Duplicate: done.Duplicate, Warnings: []link.Warning{}}
	for i, q := range done.Queues {
		r.Queues[i] = q.String()
	}
	if isCommand(p.Message.Type) && p.Message.BusinessKey == "" {
		r.Warnings = append(r.Warnings, warning(lang, link.CodeNoBusinessKey))
	}
	if done.AnswerLate {
		r.Warnings = append(r.Warnings, warning(lang, link.CodeAnswerLate, "id", p.Answer.To.String()))
	}
	if len(wrong) > 0 {
		r.Warnings = append(r.Warnings, schemaWarning(lang, p.Message.Type, wrong))
	}
	return r
}

// draft is a message on its way to be published: what its headers and body say is read, compared and
// put where it belongs.
type draft struct {
	snapshot     *registry.Snapshot
	installation string // of the sender
	message      link.Message
	envelope     link.Envelope
}

// publish reads the message's envelope and answers what the engine has to do.
func (d *draft) publish() (queue.Publish, error) {
	m := &d.message
	var err error
	if d.envelope, err = link.ReadEnvelope(m.ContentType, m.Body); err != nil {
		return queue.Publish{}, err
	}
	e := d.envelope
	if err := e.Check(m.Type, m.TenantID); err != nil {
		return queue.Publish{}, err
	}
	if m.BusinessKey, err = agree(m.Headers, link.HeaderBusinessKey, e.BusinessKey, e.BusinessKeyAt); err != nil {
		return queue.Publish{}, err
	}
	if m.OrderingKey, err = agree(m.Headers, link.HeaderOrderingKey, e.OrderingKey, e.OrderingKeyAt); err != nil {
		return queue.Publish{}, err
	}
	if m.CorrelationID, err = d.correlation(); err != nil {
		return queue.Publish{}, err
	}
	p := queue.Publish{Route: route(d.snapshot, *m)}
	if d.envelope.Dialect != link.DialectOpaque && !consumed(m.Type) {
		p.Keys = d.snapshot.SearchPathsOf(m.TenantID, m.Type).KeysOfValid(m.Body)
	}
	switch m.Type {
	case link.TypeStatus:
		if p.Report, err = readReport(m.Body, d.installation); err != nil {
			return queue.Publish{}, err
		}
		p.Route.Optional, p.Route.Transient = true, true
	case link.TypeMetrics:
		p.Metrics = &queue.Metrics{Installation: d.installation}
		p.Route.Optional, p.Route.Transient = true, true
	default:
		if p.Answer, err = d.answer(); err != nil {
			return queue.Publish{}, err
		}
		if p.Answer != nil {
			m.CorrelationID = p.Answer.To.String()
			p.Route.Optional = true
			if m.Headers[link.HeaderOutcomeOnly] == "true" {
				p.Route.All, p.Route.Clients = false, nil
			}
		}
	}
	p.Message = *m
	return p, nil
}

// correlation is the header's id, else the body's. Only CloudEvents' correlationid is the header's
// field under another roof and must agree; the others are the products' own.
func (d *draft) correlation() (string, error) {
	if d.envelope.Dialect == link.DialectCloudEvents {
		return agree(d.message.Headers, link.HeaderCorrelationID, d.envelope.CorrelationID, "/correlationid")
	}
	return cmp.Or(d.message.Headers[link.HeaderCorrelationID], d.envelope.CorrelationID), nil
}

// agree gives the value of a field that may stand in a header, in the body, or in both, then with
// the same value.
func agree(headers map[string]string, header, inBody, pointer string) (string, error) {
	inHeader := headers[header]
	if inHeader != "" && inBody != "" && inHeader != inBody {
		return "", contradiction(header, inHeader, inBody, pointer)
	}
	return cmp.Or(inHeader, inBody), nil
}

func contradiction(header, inHeader, inBody, pointer string) error {
	name := link.HeaderName(header)
	return link.NewError(link.CodeFieldContradicts, "header", name, "inHeader", inHeader, "inBody", inBody).
		At(pointer, link.CodeFieldContradicts, link.Both("o cabeçalho %s diz %q", "the header %s says %q", name, inHeader))
}

// checkSize refuses what is over the limits of a message.
func checkSize(s Send) error {
	if len(s.Body) == 0 {
		return link.NewError(link.CodeBodyEmpty)
	}
	if len(s.Body) > link.MaxBody {
		return TooLarge(link.MaxBody)
	}
	if !utf8.ValidString(s.ContentType) {
		return link.NewError(link.CodeRequestInvalid).At("Content-Type", link.CodeRequestInvalid, link.NotUTF8)
	}
	size := 0
	for name, value := range s.Headers {
		size += len(name) + len(value)
		if !utf8.ValidString(value) {
			return link.NewError(link.CodeRequestInvalid).At(link.HeaderName(name), link.CodeRequestInvalid, link.NotUTF8)
		}
	}
	if len(s.Headers) > link.MaxHeaders || size > link.MaxHeaderBytes {
		return link.NewError(link.CodeHeadersTooLarge)
	}
	for _, f := range []struct{ name, value string }{
		{"Content-Type", s.ContentType},
		{link.HeaderIdempotencyKey, s.IdempotencyKey},
		{link.HeaderBusinessKey, s.Headers[link.HeaderBusinessKey]},
		{link.HeaderOrderingKey, s.Headers[link.HeaderOrderingKey]},
		{link.HeaderCorrelationID, s.Headers[link.HeaderCorrelationID]},
		{link.HeaderKey, s.Headers[link.HeaderKey]},
	} {
		if tooLong(f.value, link.MaxKey) {
			return link.NewError(link.CodeRequestInvalid).At(link.HeaderName(f.name), link.CodeRequestInvalid, link.AtMost(link.MaxKey))
		}
	}
	return nil
}

// TooLarge says that a body is over a limit. Doors use it for bodies they do not read on.
func TooLarge(limit int) *link.Error {
	return link.NewError(link.CodeBodyTooLarge, "limit", fmt.Sprintf("%d KiB", limit>>10))
}

// contentHash covers what a repeat must have in common with the first: body, type, audience,
// businessKey, orderingKey (protocol §2). Each part is preceded by its length, so that no two
// different messages run together to the same bytes.
func contentHash(m *link.Message) [32]byte {
	parts := make([]byte, 0, 256)
	for _, part := range []string{m.Type, m.Audience, m.BusinessKey, m.OrderingKey} {
		parts = append(binary.BigEndian.AppendUint64(parts, uint64(len(part))), part...)
	}
	h := sha256.New()
	h.Write(parts)
	h.Write(m.Body)
	return [32]byte(h.Sum(parts[:0]))
}

// withOrigin adds the headers by which a receiver, and a person at the monitor, sees where a message
// comes from. The answer is before when that says the same.
func withOrigin(kept map[string]string, app, audience, source string, before map[string]string) map[string]string {
	const added = 3
	if len(kept) == 0 && len(before) == added && before[link.MetaAppCode] == app && before[link.MetaAudience] == audience &&
		before[link.MetaSourceType] == source {
		return before
	}
	h := make(map[string]string, len(kept)+added)
	maps.Copy(h, kept)
	h[link.MetaAppCode], h[link.MetaAudience], h[link.MetaSourceType] = app, audience, source
	return h
}

// parseID reads a message id that a header or body carries.
func parseID(pointer, s string) (uuid.UUID, error) {
	id, err := link.ParseUUID(strings.TrimSpace(s))
	if err != nil {
		return uuid.Nil, link.NewError(link.CodeEnvelopeInvalid).At(pointer, link.CodeEnvelopeInvalid, link.NotUUID).Because(err)
	}
	return id, nil
}
