package rmhost

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
)

// sessionCookie is the name under which RM's web server keeps a session.
const sessionCookie = "ASP.NET_SessionId"

// sessions are those that log-ins began, in memory: a host that starts anew knows none.
type sessions struct {
	calls int // of one session; 0: none is needed

	mu   sync.Mutex
	left map[string]int
}

// begin starts a session.
func (s *sessions) begin() string {
	id := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == nil {
		s.left = map[string]int{}
	}
	s.left[id] = s.calls
	return id
}

// use takes a call of the request's session, and tells whether there was one.
func (s *sessions) use(r *http.Request) bool {
	if s.calls == 0 {
		return true
	}
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left[c.Value] < 1 {
		delete(s.left, c.Value)
		return false
	}
	s.left[c.Value]--
	return true
}

// end forgets the request's session.
func (s *sessions) end(r *http.Request) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.left, c.Value)
	}
}

// logsIn tells whether a request is AutenticaAcesso, which user and password have come to already.
func logsIn(r *http.Request) bool {
	return strings.Trim(r.Header.Get("SOAPAction"), `"`) == baseAction+"AutenticaAcesso"
}

func (h *Host) logIn(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: h.sessions.begin(), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	a := soapAnswer("AutenticaAcesso", "1")
	w.Header().Set("Content-Type", a.kind)
	_, _ = w.Write(a.body)
}
