package monitor

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"smartlink/link"
)

// form reads what a form has sent, of at most so many bytes.
func (v *visit) form(most int64) (url.Values, error) {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, most)
	err := v.r.ParseForm()
	if err == nil {
		err = v.r.ParseMultipartForm(most) // keeps all in memory: it is no more than most
	}
	if errors.Is(err, http.ErrNotMultipart) {
		err = nil
	}
	if err == nil {
		err = v.uploads()
	}
	if err != nil {
		return nil, link.NewError(link.CodeBodyTooLarge, "limit", strconv.FormatInt(most, 10)).Because(err)
	}
	return v.r.PostForm, nil
}

// uploads puts what files say under the names of their fields. A field without a file is left out.
func (v *visit) uploads() error {
	if v.r.MultipartForm == nil {
		return nil
	}
	for name, files := range v.r.MultipartForm.File {
		f, err := files[0].Open()
		if err != nil {
			return err
		}
		text, err := io.ReadAll(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		if len(text) > 0 {
			v.r.PostForm.Set(name, string(text))
		}
	}
	return nil
}

// day reads a day, UTC, from the page's address, some days later; the zero time without one. What is no
// day is added to what is wrong.
func (v *visit) day(name string, add int, wrong *link.Error) time.Time {
	text := v.r.URL.Query().Get(name)
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		wrong.At(name, link.CodeRequestInvalid, link.Both("%q não é um dia: AAAA-MM-DD", "%q is no day: YYYY-MM-DD", clip(text, 40)))
	}
	return at.AddDate(0, 0, add)
}

// did is what a page says first about what somebody has just done.
type did struct {
	What    string // did.… in the texts
	N, Left string // how many messages, and how many stayed as they were; "" when that is not counted, or none
}

// doings are what did knows, and whether it is counted. An address may carry no other.
var doings = map[string]bool{
	"redriven": true, "discarded": true, "started": false, "paused": false, "resumed": false, "held": false, "let-go": false, "cancelled": false,
	"copied": false, "saved": false, "created": false, "removed": false, "revoked": false, "repeated": false,
	"erased": false, "asked": false,
}

// done reads from the page's address what was just done.
func (v *visit) done() *did {
	q := v.r.URL.Query()
	counted, known := doings[q.Get("did")]
	if !known {
		return nil
	}
	d := did{What: q.Get("did")}
	w := words{v.lang}
	if !counted {
		return &d
	}
	n, err := strconv.ParseInt(q.Get("n"), 10, 64)
	if err != nil {
		return nil
	}
	d.N = w.number(n)
	if n, err := strconv.ParseInt(q.Get("left"), 10, 64); err == nil && n > 0 {
		d.Left = w.number(n)
	}
	return &d
}

// told is the address of a page that says what was done.
func told(to, what string, counts ...int) string {
	q := url.Values{"did": {what}}
	for i, name := range []string{"n", "left"}[:len(counts)] {
		q.Set(name, strconv.Itoa(counts[i]))
	}
	if strings.Contains(to, "?") {
		return to + "&" + q.Encode()
	}
	return to + "?" + q.Encode()
}

// onceKept is for how long a form that was sent is known again.
const onceKept = time.Hour

// onces remembers forms that were sent, so that one that comes twice works once.
type onces struct {
	mu   sync.Mutex
	sent map[string]*sent
}

// sent is one form that was sent. to is where its repeat leads; it is known when ready is closed.
type sent struct {
	at    time.Time
	ready chan struct{}
	to    string // "": it failed, and may be sent again
}

// newToken makes the token of a form.
func newToken() string { return link.NewID().String() }

// once does what a form asks for, unless the same form was sent before: then it leads where that one
// led. do answers where to go; it may have answered by itself.
func (v *visit) once(token string, do func() (string, error)) error {
	if token == "" {
		to, err := do()
		return v.leave(to, err)
	}
	token = v.user.Name + "\x00" + token
	for {
		s, first := v.m.onces.take(token, v.now)
		if first {
			to, err := do()
			if err != nil {
				v.m.onces.fail(token, s)
				return err
			}
			s.to = to
			close(s.ready)
			return v.leave(to, nil)
		}
		select {
		case <-s.ready:
		case <-v.r.Context().Done():
			return v.r.Context().Err()
		}
		if s.to != "" {
			return v.redirect(told(bare(s.to), "repeated"))
		}
	}
}

func (v *visit) leave(to string, err error) error {
	if err != nil || v.answered {
		return err
	}
	return v.redirect(to)
}

// bare takes from an address what was told there.
func bare(to string) string {
	path, query, _ := strings.Cut(to, "?")
	q, _ := url.ParseQuery(query) // our own; what is none says nothing
	for _, name := range []string{"did", "n", "left"} {
		q.Del(name)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

func (o *onces) take(token string, now time.Time) (*sent, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s, ok := o.sent[token]; ok {
		return s, false
	}
	if o.sent == nil {
		o.sent = map[string]*sent{}
	}
	for t, s := range o.sent { // few: people send forms
		if now.Sub(s.at) > onceKept {
			delete(o.sent, t)
		}
	}
	s := &sent{at: now, ready: make(chan struct{})}
	o.sent[token] = s
	return s, true
}

func (o *onces) fail(token string, s *sent) {
	o.mu.Lock()
	delete(o.sent, token)
	o.mu.Unlock()
	close(s.ready)
}

// problems says an error's public texts, for a form that is shown again. It answers nothing for an
// error that is not the person's to mend.
func (v *visit) problems(err error) (int, []string) {
	e, ok := publicError(err)
	if !ok {
		return 0, nil
	}
	p := e.Problem(v.lang, "")
	if len(p.Errors) == 0 {
		return p.Status, []string{p.Detail}
	}
	said := make([]string, len(p.Errors))
	for i, f := range p.Errors {
		said[i] = f.Detail
	}
	switch e.Code {
	case link.CodeRequestInvalid, link.CodeConflict, link.CodeNotFound: // the places say it all
		return p.Status, said
	}
	for i, f := range p.Errors {
		said[i] = f.Pointer + ": " + f.Detail
	}
	return p.Status, append([]string{p.Detail}, said...)
}
