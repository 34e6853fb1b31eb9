package console

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"smartlink/agent/activation"
	"smartlink/internal/clock"
	"smartlink/internal/durable"
	"smartlink/link"
)

// PasswordFile is the file beside the installation's that holds the hash of the console's password.
const PasswordFile = "console.password"

// NewPassword makes the console's password, in place of an earlier one, and answers it: it is kept
// only as a hash. Nobody chooses it; its 80 random bits are why a plain hash is enough.
func NewPassword(dir string) (string, error) {
	var b [10]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails since Go 1.24
	l := base32.StdEncoding.EncodeToString(b[:])
	password := strings.Join([]string{l[:4], l[4:8], l[8:12], l[12:]}, "-")
	hash := sha256.Sum256([]byte(password))
	if err := durable.Write(filepath.Join(dir, PasswordFile), []byte(hex.EncodeToString(hash[:])+"\n")); err != nil {
		return "", fmt.Errorf("console's password: %w", err)
	}
	return password, nil
}

// readPassword answers the hash of the password; nil: none was made yet.
func readPassword(dir string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(dir, PasswordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("console's password: %w", err)
	}
	hash, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(hash) != sha256.Size {
		return nil, errors.Join(errors.New("the console's password file is not what an agent wrote; make a new one"), err)
	}
	return hash, nil
}

const (
	sessionCookie = "smartlink-console"
	sessionIdle   = 30 * time.Minute
	sessionMax    = 12 * time.Hour
	maxFailures   = 10 // wrong passwords in failureTime, from anybody: there is one machine only
	failureTime   = time.Minute
)

// session is one log-in.
type session struct {
	password    []byte // hash it was made with: a new password ends it
	began, used time.Time
	// pending are the credentials that were searched with, until they are activated or given up.
	// They wait here so that no page has to carry a secret.
	pending *activation.Request
}

// sessions are the open ones, by the hash of their token. They end with the agent.
type sessions struct {
	clock clock.Clock
	mu    sync.Mutex
	open  map[[32]byte]*session
}

func (s *sessions) begin(password []byte) string {
	token := rand.Text()
	now := s.clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, x := range s.open {
		if x.over(now) {
			delete(s.open, k)
		}
	}
	s.open[sha256.Sum256([]byte(token))] = &session{password: password, began: now, used: now}
	return token
}

func (x *session) over(now time.Time) bool {
	return now.Sub(x.used) >= sessionIdle || now.Sub(x.began) >= sessionMax
}

// find answers a session that is still open, and keeps it so; nil: there is none.
func (s *sessions) find(token string, password []byte) *session {
	now := s.clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.open[sha256.Sum256([]byte(token))]
	if x == nil || x.over(now) || subtle.ConstantTimeCompare(x.password, password) != 1 {
		return nil
	}
	x.used = now
	return x
}

func (s *sessions) end(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, sha256.Sum256([]byte(token)))
}

// search reads or sets what a session searched with.
func (s *sessions) search(x *session, set bool, r *activation.Request) *activation.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if set {
		x.pending = r
	}
	return x.pending
}

// failures counts wrong passwords.
type failures struct {
	mu    sync.Mutex
	since time.Time
	n     int
}

// add counts one more try and tells whether it is allowed.
func (f *failures) add(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.since) >= failureTime {
		f.since, f.n = now, 0
	}
	f.n++
	return f.n <= maxFailures
}

func (f *failures) forgive() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n--
}

// admitted lets a handler serve who is logged in, and sends others to the log-in.
func (c *Console) admitted(serve handler) handler {
	return func(v *visit) error {
		password, err := readPassword(c.cfg.Wizard.Folder.Dir())
		if err != nil {
			return err
		}
		if cookie, err := v.r.Cookie(sessionCookie); err == nil && password != nil {
			v.session = c.sessions.find(cookie.Value, password)
		}
		if v.session == nil {
			return v.redirect("/login")
		}
		return serve(v)
	}
}

// loginForm is what login.html shows.
type loginForm struct {
	None    bool // there is no password yet
	Problem string
}

func (c *Console) loginPage(v *visit) error {
	password, err := readPassword(c.cfg.Wizard.Folder.Dir())
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "login", "login.title", "", loginForm{None: password == nil})
}

func (c *Console) login(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	password, err := readPassword(c.cfg.Wizard.Folder.Dir())
	if err != nil {
		return err
	}
	if password == nil {
		return v.redirect("/login")
	}
	if !c.failures.add(v.now) {
		return v.show(http.StatusTooManyRequests, "login", "login.title", "", loginForm{Problem: v.text("login.often")})
	}
	given := sha256.Sum256([]byte(strings.ToUpper(strings.TrimSpace(form.Get("password")))))
	if subtle.ConstantTimeCompare(given[:], password) != 1 {
		return v.show(http.StatusUnauthorized, "login", "login.title", "", loginForm{Problem: v.text("login.wrong")})
	}
	c.failures.forgive()
	v.setCookie(sessionCookie, c.sessions.begin(password), sessionMax)
	return v.redirect("/")
}

func (c *Console) logout(v *visit) error {
	if cookie, err := v.r.Cookie(sessionCookie); err == nil {
		c.sessions.end(cookie.Value)
	}
	v.setCookie(sessionCookie, "", -time.Second)
	return v.redirect("/login")
}

// language keeps the language somebody chose.
func (c *Console) language(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	switch l := link.Lang(form.Get("lang")); l {
	case link.Portuguese, link.English:
		v.setCookie(languageCookie, string(l), 365*24*time.Hour)
	default:
		return link.NewError(link.CodeRequestInvalid).At("lang", link.CodeRequestInvalid, link.OneOf("pt", "en"))
	}
	back := form.Get("back")
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.Contains(back, `\`) {
		back = "/"
	}
	return v.redirect(back)
}
