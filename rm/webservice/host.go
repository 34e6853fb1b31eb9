package webservice

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"

	"smartlink/internal/httpcall"
)

// host makes the calls. It logs in when RM asks for a session, and repeats what RM did not do for want of
// one.
type host struct {
	cfg   Config
	reads *http.Client // keeps its connections: a read that is lost with one is read again
	saves *http.Client

	mu      sync.Mutex
	session int // counts the log-ins
}

func newHost(cfg Config) (*host, error) {
	authorities, err := cfg.authorities()
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := func(kept bool) *http.Client {
		t := httpcall.NewTransport(kept, false)
		t.TLSClientConfig = authorities.Clone()
		t.MaxIdleConnsPerHost = cfg.Parallel * 6
		t.MaxResponseHeaderBytes = 64 << 10
		c := httpcall.NewClient(t)
		c.Jar = jar
		return c
	}
	return &host{cfg: cfg, reads: client(true), saves: client(false)}, nil
}

// request is one call of RM.
type request struct {
	save         bool
	method, path string
	rest         bool
	header       http.Header
	body         []byte
}

// read asks a data server. Errors are *away, but for those of an answer that cannot be read.
func (h *host) read(ctx context.Context, name, system string, company int64, params ...param) (string, error) {
	return h.soap(ctx, false, name, system, company, nil, params...)
}

// save saves a data set and answers what RM does: the key, or why not. ready is asked before each time that it
// is sent. Errors are *away, *doubtful or ready's.
func (h *host) save(ctx context.Context, o *object, company int64, data string, ready func() error) (string, error) {
	return h.soap(ctx, true, "SaveRecord", o.system, company, ready, param{"DataServerName", o.server}, param{"XML", data})
}

func (h *host) soap(ctx context.Context, save bool, name, system string, company int64, ready func() error, params ...param) (string, error) {
	where := fmt.Sprintf("CODSISTEMA=%s;CODCOLIGADA=%d;CODUSUARIO=%s", system, company, h.cfg.User)
	r := request{
		save: save, method: http.MethodPost, path: h.cfg.URL + dataPath, header: soapHeader(dataAction + name),
		body: envelope(name, append(params, param{"Contexto", where})...),
	}
	reply, err := h.call(ctx, r, ready)
	if err != nil {
		return "", err
	}
	result, err := decodeAnswer(name, reply.Body)
	switch _, fault := errors.AsType[soapFault](err); {
	case err == nil && reply.Status == http.StatusOK:
		return result, nil
	case fault && save: // nobody knows whether before or after
		return "", &doubtful{err}
	case fault:
		return "", &away{why: err}
	case reply.Status != http.StatusOK:
		return "", r.refused(reply)
	case save:
		return "", &doubtful{err}
	}
	return "", err
}

// call makes a call, with a new session where RM wants one. Every answer of RM's that is not about sessions
// or being let in is answered; errors are *away, *doubtful or ready's.
func (h *host) call(ctx context.Context, r request, ready func() error) (httpcall.Reply, error) {
	for again := false; ; again = true {
		h.mu.Lock()
		session := h.session
		h.mu.Unlock()
		if ready != nil {
			if err := ready(); err != nil {
				return httpcall.Reply{}, err
			}
		}
		reply, err := h.once(ctx, r)
		switch {
		case err != nil && (!reply.Sent || !r.save):
			return reply, &away{why: err}
		case err != nil:
			return reply, &doubtful{err}
		case reply.Status == http.StatusServiceUnavailable || reply.Status == http.StatusTooManyRequests:
			return reply, &away{reply.After, reply.Refusal(r.path)}
		case reply.Status == http.StatusForbidden:
			return reply, h.forbidden(r, reply)
		case !r.lostSession(reply):
			return reply, nil
		case again:
			return reply, h.refusedLogIn(reply)
		}
		if err := h.logIn(ctx, session); err != nil {
			return reply, err
		}
	}
}

// lostSession tells whether RM did nothing for want of a session, or of being told who calls.
func (r request) lostSession(reply httpcall.Reply) bool {
	if reply.Status == http.StatusUnauthorized {
		return true
	}
	if r.rest || !bytes.Contains(reply.Body, []byte("Fault")) {
		return false
	}
	_, err := decodeAnswer("", reply.Body)
	fault, ok := errors.AsType[soapFault](err)
	return ok && saysSession(string(fault))
}

func (h *host) once(ctx context.Context, r request) (httpcall.Reply, error) {
	client := h.saves
	header := r.header.Clone()
	if !r.save {
		client = h.reads
		header["Idempotency-Key"] = nil // says to net/http that it may be repeated on a new connection; is not sent
	}
	req := http.Request{Header: header}
	req.SetBasicAuth(h.cfg.User, h.cfg.Password)
	return httpcall.Do(ctx, client, httpcall.Call{
		Method: r.method, URL: r.path, Header: header, Body: r.body, Timeout: h.cfg.Timeout, MaxAnswer: maxAnswer,
	})
}

// logIn begins a session, unless another call has begun one since.
func (h *host) logIn(ctx context.Context, known int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.session != known {
		return nil
	}
	reply, err := h.once(ctx, request{method: http.MethodPost, path: h.cfg.URL + logInPath, header: soapHeader(logIn), body: envelope("AutenticaAcesso")})
	switch {
	case err != nil:
		return &away{why: err}
	case reply.Status == http.StatusUnauthorized || reply.Status == http.StatusForbidden:
		return h.refusedLogIn(reply)
	}
	result, err := decodeAnswer("AutenticaAcesso", reply.Body)
	switch {
	case err == nil && (reply.Status != http.StatusOK || result == "0" || strings.EqualFold(result, "false")):
		return h.refusedLogIn(reply)
	case err != nil:
		return &away{why: fmt.Errorf("%s: log-in: %w", h.cfg.URL, err)}
	}
	h.session++
	return nil
}

// refusedLogIn says that RM does not know the user.
func (h *host) refusedLogIn(reply httpcall.Reply) error {
	return standing("%[2]s não aceita o usuário %[1]s (%[3]d %[4]s): confira usuário e senha, se o usuário está ativo e pode usar os serviços web",
		"%[2]s does not accept the user %[1]s (%[3]d %[4]s): check user and password, and that the user is active and may use the web services",
		h.cfg.User, hostOf(h.cfg.URL), reply.Status, told(reply))
}

// forbidden says that RM does not let the user do something.
func (h *host) forbidden(r request, reply httpcall.Reply) error {
	return standing("o usuário %[1]s não tem permissão em %[2]s (%[3]d %[4]s): confira o perfil dele no RM",
		"the user %[1]s lacks a permission at %[2]s (%[3]d %[4]s): check the user's profile in RM", h.cfg.User, r.path, reply.Status, told(reply))
}

// refused is an answer that is none of RM's. A save that a server in between, or RM's own, refused for its form was
// not done.
func (r request) refused(reply httpcall.Reply) error {
	err := reply.Refusal(r.path)
	if r.save && (reply.Status < 400 || reply.Status >= 500 || reply.Status == http.StatusRequestTimeout) {
		return &doubtful{err}
	}
	return &away{reply.After, err}
}

// told is what RM says to a call in words: the text of a fault, the message of REST, or the beginning.
func told(reply httpcall.Reply) string {
	_, err := decodeAnswer("", reply.Body)
	if fault, ok := errors.AsType[soapFault](err); ok {
		return string(fault)
	}
	var problem restProblem
	if json.Unmarshal(reply.Body, &problem) == nil && problem.text() != "" {
		return problem.text()
	}
	return httpcall.Excerpt(reply.Body)
}
