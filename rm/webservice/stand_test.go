package webservice

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/link"
	"smartlink/rm/webservice/desk"
)

// stand is an RM of a few lines: every code exists, and saves answer as a test says. What RM really does, as far as
// it is known, is rmhost's to play.
type stand struct {
	*httptest.Server
	save func(w http.ResponseWriter, body string) // nil: the key 1;4711
	read string                                   // the record that ReadRecord answers, and GET of an accounting entry
	key  string                                   // what a search for a marker finds: rows of a view
	view func(w http.ResponseWriter) bool         // true: it has answered

	mu    sync.Mutex
	calls []string // each call's name, saves with what they said
}

var (
	filterOf = regexp.MustCompile(`<Filtro>([A-Z]+)\.`)
	xmlOf    = regexp.MustCompile(`(?s)<XML>(.*)</XML>`)
)

func newStand(t *testing.T) *stand {
	s := &stand{}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	body := string(raw)
	_, action, _ := strings.Cut(strings.Trim(r.Header.Get("Soapaction"), `"`), "http://www.totvs.com/")
	_, name, _ := strings.Cut(action, "/")
	said := name
	switch name {
	case "SaveRecord":
		said += " " + unescaped(xmlOf.FindStringSubmatch(body)[1])
	case "":
		name = r.Method
		said = r.Method + " " + r.URL.EscapedPath() + " " + body
	}
	s.mu.Lock()
	s.calls = append(s.calls, said)
	s.mu.Unlock()
	user, password, _ := r.BasicAuth()
	switch {
	case user != "smartlink" || password != "secret":
		http.Error(w, "who are you?", http.StatusUnauthorized)
	case name == "SaveRecord" || name == "POST" || name == "PUT":
		if s.save != nil {
			s.save(w, body)
			return
		}
		result(w, name, "1;4711")
	case name == "ReadRecord":
		result(w, name, s.read)
	case name == "GET":
		if s.read == "" {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"code":"CTB-404","message":"não encontrado"}`)
			return
		}
		_, _ = io.WriteString(w, s.read)
	case name == "ReadView" && s.view != nil && s.view(w):
	case name == "ReadView":
		table := filterOf.FindStringSubmatch(body)[1]
		rows := "<" + table + "/>"
		if table == "FLAN" || table == "FXCX" || table == "CLANCAMENTO" {
			rows = s.key
		}
		result(w, name, "<NewDataSet>"+rows+"</NewDataSet>")
	default:
		result(w, name, "1")
	}
}

// saves lists what was saved, or tried to be.
func (s *stand) saves() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, c := range s.calls {
		if strings.HasPrefix(c, "SaveRecord ") || strings.HasPrefix(c, "POST ") || strings.HasPrefix(c, "PUT ") {
			list = append(list, c)
		}
	}
	return list
}

func result(w http.ResponseWriter, name, text string) {
	fmt.Fprintf(w, `<s:Envelope xmlns:s="%s"><s:Body><%[2]sResponse xmlns="%[3]s"><%[2]sResult>%[4]s</%[2]sResult></%[2]sResponse></s:Body></s:Envelope>`,
		soapSpace, name, totvsSpace, escaped(text))
}

func fault(w http.ResponseWriter, text string) {
	w.WriteHeader(http.StatusInternalServerError)
	fmt.Fprintf(w, `<s:Envelope xmlns:s="%s"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>%s</faultstring></s:Fault></s:Body></s:Envelope>`, soapSpace, escaped(text))
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

func unescaped(text string) string {
	var v struct {
		Text string `xml:",chardata"`
	}
	if err := xml.Unmarshal([]byte("<a>"+text+"</a>"), &v); err != nil {
		return err.Error()
	}
	return v.Text
}

// writer is a writer to the stand, with a clock that stands still.
func (s *stand) writer(t *testing.T, change func(*Config)) *Writer {
	t.Helper()
	cfg := Config{URL: s.URL, User: "smartlink", Password: "secret", Culture: Invariant, Clock: clock.NewFake(now)}
	if change != nil {
		change(&cfg)
	}
	w, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.opened, err = oneDesk()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// oneDesk is the desk of all tests: opening one takes its time.
var oneDesk = sync.OnceValues(func() (*desk.Desk, error) { return desk.Open(context.Background()) })

var now = time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)

// consumerOf is the consumer of a type.
func consumerOf(t *testing.T, w *Writer, messageType string) consumer.Outside {
	t.Helper()
	for _, c := range w.Consumers() {
		if c.Type() == messageType {
			return c
		}
	}
	t.Fatalf("no consumer of %s", messageType)
	return nil
}

const marker = "52429d99395e3ab87b6c1f1b9e507974"

func callOf(messageType, body string) consumer.Call {
	return consumer.Call{
		Execution: consumer.Execution{Message: link.Message{Type: messageType, Body: []byte(body)}, Attempt: 1, Now: now},
		Marker:    marker, Number: 1, Began: now,
	}
}

// send sends a message.
func send(ctx context.Context, t *testing.T, w *Writer, messageType, body string) consumer.Outcome {
	t.Helper()
	return consumerOf(t, w, messageType).Send(ctx, callOf(messageType, body), &lines{t: t})
}

// lines is a log that tests read.
type lines struct {
	t    *testing.T
	text []string
}

func (l *lines) add(level, format string, args []any) {
	l.text = append(l.text, level+" "+fmt.Sprintf(format, args...))
}
func (l *lines) Info(format string, args ...any)  { l.add("info", format, args) }
func (l *lines) Warn(format string, args ...any)  { l.add("warn", format, args) }
func (l *lines) Error(format string, args ...any) { l.add("error", format, args) }
