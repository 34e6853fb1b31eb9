package agent

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/internal/durable"
	"smartlink/link"
)

// LocalFile is where, in the folder of the installation, the address and the token of the agent's local
// API stand. Only its owner may read it.
const LocalFile = "local-api.json"

// upstreamPath is the local API's one call.
const upstreamPath = "/api/v1/upstream"

// maxUpstream bounds a request: a body of link.MaxBody, in base64 or with what a JSON text escapes.
const maxUpstream = 2*link.MaxBody + 64<<10

// LocalAPI is where code on this machine reaches the agent, and with which token.
type LocalAPI struct {
	URL   string `json:"url"`
	Token string `json:"token"`
}

// ReadLocalAPI reads LocalFile beside the file of an installation. A folder without one is
// link.CodeNotFound: no agent with a console has run there.
func ReadLocalAPI(installation string) (LocalAPI, error) {
	file := filepath.Join(filepath.Dir(installation), LocalFile)
	var l LocalAPI
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return l, link.NewError(link.CodeNotFound, "what", file)
	}
	if err != nil {
		return l, err
	}
	if err := json.Unmarshal(b, &l); err != nil {
		return l, fmt.Errorf("%s: %w", file, err)
	}
	return l, nil
}

// local answers the local API.
type local struct {
	file  string // for the sentence
	token string
	agent func() *Agent // nil: none runs
	log   *slog.Logger
}

// openLocal makes the local API of the agent whose pages are at address. The token stays the same from
// one start to the next.
func openLocal(installation, address string, running func() *Agent, log *slog.Logger) (*local, error) {
	l, err := ReadLocalAPI(installation)
	if err != nil && link.CodeOf(err) != link.CodeNotFound || l.Token == "" {
		var token [32]byte
		if _, err := rand.Read(token[:]); err != nil {
			return nil, err
		}
		l.Token = hex.EncodeToString(token[:])
	}
	l.URL = strings.TrimSuffix(address, "/") + upstreamPath
	b, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := durable.Write(filepath.Join(filepath.Dir(installation), LocalFile), append(b, '\n')); err != nil {
		return nil, err
	}
	return &local{file: LocalFile, token: l.Token, agent: running, log: log}, nil
}

// LocalRequest is what the local API is asked.
type LocalRequest struct {
	Type           string            `json:"type"`
	Audience       string            `json:"audience,omitempty"`
	App            string            `json:"app,omitempty"`
	ContentType    string            `json:"contentType,omitempty"`
	Body           json.RawMessage   `json:"body,omitempty"`       // JSON, kept byte for byte; of another content type a string with the text
	BodyBase64     string            `json:"bodyBase64,omitempty"` // instead of Body: any bytes
	BusinessKey    string            `json:"businessKey,omitempty"`
	OrderingKey    string            `json:"orderingKey,omitempty"`
	CorrelationID  string            `json:"correlationId,omitempty"`
	IdempotencyKey string            `json:"idempotencyKey,omitempty"` // or header Idempotency-Key
	Headers        map[string]string `json:"headers,omitempty"`
}

// LocalResponse is what it answers, with 202.
type LocalResponse struct {
	ID        uuid.UUID `json:"id"`
	Duplicate bool      `json:"duplicate"`
}

// ServeHTTP implements http.Handler.
func (l *local) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	answer, err := l.serve(w, r)
	if err == nil {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(answer) // who asked has gone
		return
	}
	var e *link.Error
	if !errors.As(err, &e) {
		l.log.Error("the local API failed", "error", err)
		e = link.NewError(link.CodeInternal).Because(err)
	}
	maps.Copy(w.Header(), e.Header)
	lang := link.AcceptLanguage(r.Header.Get("Accept-Language"))
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Language", string(lang))
	w.WriteHeader(e.Status())
	_ = json.NewEncoder(w).Encode(e.Problem(lang, "urn:uuid:"+uuid.NewString()))
}

func (l *local) serve(w http.ResponseWriter, r *http.Request) (*LocalResponse, error) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if subtle.ConstantTimeCompare([]byte(token), []byte(l.token)) != 1 {
		e := link.NewError(link.CodeLocalToken, "file", l.file)
		e.Header = http.Header{"Www-Authenticate": {"Bearer"}}
		return nil, e
	}
	if r.Method != http.MethodPost {
		e := link.NewError(link.CodeMethod, "method", r.Method, "allowed", http.MethodPost)
		e.Header = http.Header{"Allow": {http.MethodPost}}
		return nil, e
	}
	o, err := outboundOf(w, r)
	if err != nil {
		return nil, err
	}
	a := l.agent()
	if a == nil {
		return nil, link.NewError(link.CodeAgentNotActive)
	}
	id, duplicate, err := a.Put(r.Context(), *o)
	if err != nil {
		return nil, err
	}
	return &LocalResponse{id, duplicate}, nil
}

// outboundOf reads a request.
func outboundOf(w http.ResponseWriter, r *http.Request) (*inbox.Outbound, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, wrong("Content-Type", "o pedido é JSON: application/json", "the request is JSON: application/json")
	}
	var q LocalRequest
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxUpstream))
	dec.DisallowUnknownFields()
	err := dec.Decode(&q)
	if err == nil && dec.More() {
		err = errors.New("more than one JSON value")
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, wrong("/body", "o pedido passa de %d bytes; uma mensagem tem no máximo %d", "the request has more than %d bytes; a message has at most %d", maxUpstream, link.MaxBody)
	case err != nil:
		return nil, wrong("", "não é o JSON esperado: %v", "not the JSON that is expected: %v", err)
	}
	if header := r.Header.Get(link.HeaderIdempotencyKey); header != "" {
		if q.IdempotencyKey != "" && q.IdempotencyKey != header {
			return nil, wrong("/idempotencyKey", "diz outra coisa que o cabeçalho Idempotency-Key", "says something else than the header Idempotency-Key")
		}
		q.IdempotencyKey = header
	}
	body, err := q.bytes()
	if err != nil {
		return nil, err
	}
	return &inbox.Outbound{
		Type: q.Type, Audience: q.Audience, App: q.App, ContentType: q.ContentType, Body: body, BusinessKey: q.BusinessKey, OrderingKey: q.OrderingKey,
		CorrelationID: q.CorrelationID, IdempotencyKey: q.IdempotencyKey, Headers: q.Headers,
	}, nil
}

// bytes is the body of the message.
func (q *LocalRequest) bytes() ([]byte, error) {
	switch {
	case q.BodyBase64 != "" && q.Body != nil:
		return nil, wrong("/bodyBase64", "body e bodyBase64 não vêm juntos", "body and bodyBase64 do not come together")
	case q.BodyBase64 != "":
		b, err := base64.StdEncoding.DecodeString(q.BodyBase64)
		if err != nil {
			return nil, wrong("/bodyBase64", "não é base64", "is not base64")
		}
		return b, nil
	case q.Body == nil || q.ContentType == "" || link.IsJSON(q.ContentType):
		return q.Body, nil
	}
	var text string
	if err := json.Unmarshal(q.Body, &text); err != nil {
		return nil, wrong("/body", "com o tipo de conteúdo %s, é um texto entre aspas; outros bytes vêm em bodyBase64", "with the content type %s it is a text in quotes; other bytes come in bodyBase64", q.ContentType)
	}
	return []byte(text), nil
}

func wrong(at, pt, en string, args ...any) error {
	return link.NewError(link.CodeRequestInvalid).At(at, link.CodeRequestInvalid, link.Both(pt, en, args...))
}

// Put puts a message up for sending: see inbox.Box.Put. An agent that cannot write now is
// link.CodeAgentNotActive.
func (a *Agent) Put(ctx context.Context, o inbox.Outbound) (message uuid.UUID, duplicate bool, err error) {
	g := a.guard.Load()
	if g == nil { // it does not run
		return uuid.Nil, false, link.NewError(link.CodeAgentNotActive)
	}
	message, duplicate, err = g.box.Put(ctx, o)
	var known *link.Error
	switch {
	case err == nil:
		if w := a.work.Load(); w != nil {
			w.up.Wake()
		}
	case !errors.As(err, &known):
		err = link.NewError(link.CodeAgentNotActive).Because(err)
	}
	return message, duplicate, err
}
