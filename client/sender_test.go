package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// batchHub is a hub that takes batches: what each message comes to is decided by item, nil = stored.
type batchHub struct {
	*fakeHub
	item func(m link.BatchMessage) link.Code // empty: stored

	mu       sync.Mutex
	requests [][]link.BatchMessage
	apps     []string
}

func newBatchHub(t *testing.T, before http.HandlerFunc) *batchHub {
	h := &batchHub{item: func(link.BatchMessage) link.Code { return "" }}
	h.fakeHub = newFakeHub(t, func(w http.ResponseWriter, r *http.Request) {
		var in link.BatchRequest
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			problem(w, link.CodeBodyNotJSON)
			return
		}
		h.mu.Lock()
		h.requests, h.apps = append(h.requests, in.Messages), append(h.apps, r.Header.Get(link.HeaderApp))
		h.mu.Unlock()
		if before != nil {
			before(w, r)
		}
		out := link.BatchResponse{Results: make([]link.BatchResult, len(in.Messages))}
		for i, m := range in.Messages {
			if code := h.item(m); code != "" {
				p := link.NewError(code).Problem(link.English, "")
				out.Results[i] = link.BatchResult{Status: p.Status, Problem: p}
				continue
			}
			out.Results[i] = link.BatchResult{Status: http.StatusAccepted, SendResponse: &link.SendResponse{MessageID: idOf(m.IdempotencyKey), Queues: []string{"q"}}}
		}
		_ = json.NewEncoder(w).Encode(out)
	})
	return h
}

// idOf is the id that a batchHub gives a message.
func idOf(key string) uuid.UUID { return uuid.NewSHA1(uuid.Nil, []byte(key)) }

// seen lists the keys of each request so far.
func (h *batchHub) seen() [][]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	keys := make([][]string, len(h.requests))
	for i, r := range h.requests {
		for _, m := range r {
			keys[i] = append(keys[i], m.IdempotencyKey)
		}
	}
	return keys
}

func (h *batchHub) sender(t *testing.T, o SenderOptions) *Sender {
	s := NewSender(h.client(t), o)
	t.Cleanup(func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return s
}

func note(key string) Message {
	return Message{Type: "Note", Body: []byte(`{"n":1}`), IdempotencyKey: key}
}

// hold lets requests through one by one: arrived tells of each, a value in pass lets it go on.
func hold() (before http.HandlerFunc, arrived, pass chan struct{}) {
	arrived, pass = make(chan struct{}), make(chan struct{})
	return func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-pass:
		case <-r.Context().Done():
		}
	}, arrived, pass
}

// company sends messages while a first one is held under way, so that all of them wait.
func company(t *testing.T, s *Sender, arrived <-chan struct{}, list ...Message) (results func() (map[string]link.SendResponse, map[string]error)) {
	var all sync.WaitGroup
	var mu sync.Mutex
	done, failed := map[string]link.SendResponse{}, map[string]error{}
	send := func(m Message) {
		r, err := s.Send(t.Context(), m)
		mu.Lock()
		defer mu.Unlock()
		done[m.IdempotencyKey], failed[m.IdempotencyKey] = r, err
	}
	all.Go(func() { send(note("first")) })
	<-arrived
	for _, m := range list {
		all.Go(func() { send(m) })
	}
	s.waits(t, len(list))
	return func() (map[string]link.SendResponse, map[string]error) {
		all.Wait()
		return done, failed
	}
}

// waits returns when the messages of so many calls wait for a request.
func (s *Sender) waits(t *testing.T, n int) {
	t.Helper()
	for {
		s.mu.Lock()
		waiting := len(s.waiting)
		s.mu.Unlock()
		if waiting == n {
			return
		}
		if t.Context().Err() != nil {
			t.Fatal("the calls never came in")
		}
		select {
		case <-s.ended:
			t.Fatal("the sender has ended")
		default:
		}
	}
}

// letAll lets all requests through until stop is called.
func letAll(arrived, pass chan struct{}) (stop func()) {
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case pass <- struct{}{}:
			case <-arrived:
			case <-over:
				return
			}
		}
	}()
	return func() { close(over); <-ended }
}

// patient never starts a request beside another one unless it is full, or half of its callers wait.
var patient = SenderOptions{Linger: time.Hour}

func TestSendsAtTheSameTimeShareARequest(t *testing.T) {
	before, arrived, pass := hold()
	h := newBatchHub(t, before)
	s := h.sender(t, patient)
	var list []Message
	for i := range 30 {
		list = append(list, note(fmt.Sprint("k", i)))
	}
	results := company(t, s, arrived, list...)
	stop := letAll(arrived, pass)
	done, failed := results()
	stop()
	for key, r := range done {
		if failed[key] != nil || r.MessageID != idOf(key) {
			t.Errorf("%s: %v, %v", key, r.MessageID, failed[key])
		}
	}
	if n := len(h.seen()); n > 10 {
		t.Errorf("31 messages took %d requests", n)
	}
	if keys := slices.Concat(h.seen()...); len(keys) != 31 || len(slices.Compact(slices.Sorted(slices.Values(keys)))) != 31 {
		t.Errorf("keys %q", keys)
	}
}

// TestTwoHalvesTakeTurns has each request answered only when another one is there: with many callers two are under way,
// and none takes more than half of them.
func TestTwoHalvesTakeTurns(t *testing.T) {
	const callers, each, pairs = 4 * minHalf, 5, 4 // some are always between two sends
	var mu sync.Mutex
	begun := 0
	meet := make(chan struct{})
	h := newBatchHub(t, func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		begun++
		alone := begun > 2*pairs
		mu.Unlock()
		if alone || t.Failed() {
			return
		}
		select {
		case meet <- struct{}{}:
		case <-meet:
		case <-time.After(10 * time.Second):
			t.Error("no second request comes while one is under way")
		}
	})
	s := h.sender(t, patient)
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for n := range each {
				if _, err := s.Send(t.Context(), note(fmt.Sprintf("%d of %d", n, c))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	stored := 0
	for _, r := range h.seen() {
		if stored += len(r); len(r) > callers/2 {
			t.Errorf("a request takes %d of %d callers", len(r), callers)
		}
	}
	if stored != callers*each {
		t.Errorf("%d messages of %d were sent", stored, callers*each)
	}
}

func TestABatchIsNeverOverItsBounds(t *testing.T) {
	before, arrived, pass := hold()
	h := newBatchHub(t, before)
	s := h.sender(t, SenderOptions{Batch: 5, Flights: 1, Linger: time.Hour})
	var list []Message
	for i := range 23 {
		list = append(list, note(fmt.Sprint("k", i)))
	}
	for i := range 5 { // 3 MiB each as JSON
		m := note(fmt.Sprint("large", i))
		m.Body = []byte(strings.Repeat("\x01", link.MaxBody))
		list = append(list, m)
	}
	other := note("other app")
	other.App = "OTHER"
	list = append(list, other)
	results := company(t, s, arrived, list...)
	stop := letAll(arrived, pass)
	defer stop()
	if _, failed := results(); len(failed) != 1+len(list) {
		t.Errorf("%d answers", len(failed))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, r := range h.requests {
		large := 0
		for _, m := range r {
			if strings.HasPrefix(m.IdempotencyKey, "large") {
				large++
			}
			if (m.IdempotencyKey == "other app") != (h.apps[i] == "OTHER") {
				t.Errorf("%s was sent for the app %q", m.IdempotencyKey, h.apps[i])
			}
		}
		if len(r) > 5 || large > 2 {
			t.Errorf("a request with %d messages, %d of them large", len(r), large)
		}
	}
}

// TestOneMessageRefusedHurtsNoOther: also when the outcome of one is unknown, only that one is repeated.
func TestOneMessageRefusedHurtsNoOther(t *testing.T) {
	before, arrived, pass := hold()
	h := newBatchHub(t, before)
	tries := map[string]int{} // one request at a time
	h.item = func(m link.BatchMessage) link.Code {
		tries[m.IdempotencyKey]++
		switch n := tries[m.IdempotencyKey]; {
		case m.IdempotencyKey == "refused":
			return link.CodeNoRoute
		case m.IdempotencyKey == "unknown" && n < 3:
			return link.CodeOutcomeUnknown
		case m.IdempotencyKey == "never":
			return link.CodeUnavailable
		}
		return ""
	}
	s := h.sender(t, SenderOptions{Flights: 1, Linger: time.Hour})
	bad := note("not UTF-8")
	bad.BusinessKey = "\xff"
	if _, err := s.Send(t.Context(), bad); link.CodeOf(err) != link.CodeRequestInvalid {
		t.Error(err)
	}
	results := company(t, s, arrived, note("a"), note("refused"), note("unknown"), note("never"), note("b"))
	stop := letAll(arrived, pass)
	defer stop()
	done, failed := results()
	want := map[string]link.Code{"first": "", "a": "", "b": "", "refused": link.CodeNoRoute, "unknown": "", "never": link.CodeUnavailable}
	for key, code := range want {
		if link.CodeOf(failed[key]) != code || code == "" && done[key].MessageID != idOf(key) {
			t.Errorf("%s: %v, %v", key, done[key].MessageID, failed[key])
		}
	}
	if times := map[string]int{"first": 1, "a": 1, "b": 1, "refused": 1, "unknown": 3, "never": 3}; !maps.Equal(tries, times) {
		t.Errorf("tries %v, want %v", tries, times)
	}
}

// TestARefusalOfTheWholeHurtsOnlyWhoIsMeant: a proxy that stops a request does not say because of which message.
func TestARefusalOfTheWholeHurtsOnlyWhoIsMeant(t *testing.T) {
	h := newFakeHub(t, func(w http.ResponseWriter, r *http.Request) {
		var in link.BatchRequest
		_ = json.NewDecoder(r.Body).Decode(&in)
		out := link.BatchResponse{}
		for _, m := range in.Messages {
			if strings.Contains(*m.Content, "evil") {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			out.Results = append(out.Results, link.BatchResult{Status: 202, SendResponse: &link.SendResponse{MessageID: idOf(m.IdempotencyKey)}})
		}
		_ = json.NewEncoder(w).Encode(out)
	})
	c := h.client(t)
	f := newFlight(NewSender(c, SenderOptions{}), 3)
	for _, body := range []string{"good", "evil", "fine"} {
		item, err := c.batchItem(nil, Message{Type: "Note", Body: []byte(body), IdempotencyKey: body})
		if err != nil {
			t.Fatal(err)
		}
		f.take(&outgoing{item: item, done: make(chan struct{}, 1)})
	}
	all := slices.Clone(f.left)
	if err := f.try(); err != nil || len(f.left) != 0 {
		t.Fatalf("%d left, %v", len(f.left), err)
	}
	for i, o := range all {
		<-o.done
		if _, err := o.told(); (err != nil) != (i == 1) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestEachCallersMessagesKeepTheirOrder(t *testing.T) {
	h := newBatchHub(t, nil)
	s := h.sender(t, SenderOptions{Batch: 8, Linger: time.Microsecond})
	var all sync.WaitGroup
	const callers, each = 20, 30
	for c := range callers {
		all.Go(func() {
			for i := range each {
				key := fmt.Sprintf("%02d-%03d", c, i)
				if r, err := s.Send(t.Context(), note(key)); err != nil || r.MessageID != idOf(key) {
					t.Errorf("%s: %+v, %v", key, r, err)
				}
			}
		})
	}
	all.Wait()
	last := map[string]string{}
	keys := slices.Concat(h.seen()...)
	for _, key := range keys {
		if caller := key[:2]; last[caller] >= key {
			t.Errorf("%s came after %s", key, last[caller])
		} else {
			last[caller] = key
		}
	}
	if len(keys) != callers*each {
		t.Errorf("%d messages", len(keys))
	}
}

func TestARequestThatMayPassIsRepeatedWhole(t *testing.T) {
	for _, code := range []link.Code{link.CodeRateLimited, link.CodeUnavailable} {
		var keys []string
		h := newFakeHub(t, func(w http.ResponseWriter, r *http.Request) {
			var in link.BatchRequest
			_ = json.NewDecoder(r.Body).Decode(&in)
			keys = append(keys, in.Messages[0].IdempotencyKey)
			if len(keys) < 3 {
				problem(w, code)
				return
			}
			fmt.Fprint(w, `{"results":[{"status":202,"messageId":"01890000-0000-7000-8000-000000000001","queues":[]}]}`)
		})
		s := NewSender(h.client(t), SenderOptions{})
		_, err := s.Send(t.Context(), Message{Type: "Note", Body: []byte("{}")})
		if err != nil || len(keys) != 3 || keys[0] == "" || keys[0] != keys[1] || keys[1] != keys[2] {
			t.Errorf("%s: keys %q, %v", code, keys, err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestACallerThatGoesKnowsWhatItLeaves(t *testing.T) {
	before, arrived, pass := hold()
	gone := make(chan struct{})
	h := newBatchHub(t, func(w http.ResponseWriter, r *http.Request) {
		before(w, r)
		if r.Context().Err() != nil {
			close(gone)
		}
	})
	s := h.sender(t, SenderOptions{Flights: 1, Linger: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	flying, waiting := make(chan error), make(chan error)
	go func() { _, err := s.Send(ctx, note("flying")); flying <- err }()
	<-arrived
	waitCtx, leave := context.WithCancel(t.Context())
	go func() { _, err := s.Send(waitCtx, note("waiting")); waiting <- err }()
	s.waits(t, 1)
	leave()
	if err := <-waiting; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "not sent") || Retryable(err) {
		t.Error(err)
	}
	cancel()
	if err := <-flying; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "unknown") {
		t.Error(err)
	}
	<-gone // nobody waits for the request any more
	go func() { <-arrived; pass <- struct{}{} }()
	if _, err := s.Send(t.Context(), note("next")); err != nil {
		t.Error(err)
	}
	if got := h.seen(); !slices.EqualFunc(got, [][]string{{"flying"}, {"next"}}, slices.Equal) {
		t.Errorf("requests %q", got)
	}
}

func TestCloseWaitsForWhatIsIn(t *testing.T) {
	before, arrived, pass := hold()
	h := newBatchHub(t, before)
	s := NewSender(h.client(t), SenderOptions{Flights: 1, Linger: time.Hour})
	results := company(t, s, arrived, note("a"), note("b"))
	closed := make(chan error)
	go func() { closed <- s.Close(t.Context()) }()
	stop := letAll(arrived, pass)
	defer stop()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if _, failed := results(); failed["first"] != nil || failed["a"] != nil || failed["b"] != nil {
		t.Error(failed)
	}
	if _, err := s.Send(t.Context(), note("late")); !errors.Is(err, ErrSenderClosed) {
		t.Error(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

func TestCloseThatCannotWaitCutsOff(t *testing.T) {
	before, arrived, _ := hold()
	h := newBatchHub(t, before)
	s := NewSender(h.client(t), SenderOptions{Flights: 1, Linger: time.Hour})
	results := company(t, s, arrived, note("a"))
	ended, end := context.WithCancel(t.Context())
	end()
	if err := s.Close(ended); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	_, failed := results()
	if !errors.Is(failed["first"], ErrSenderClosed) || !errors.Is(failed["a"], ErrSenderClosed) {
		t.Error(failed)
	}
}

// TestASenderCarriesWhatASendCarries: headers that a single send would drop on its way do not make a
// message fail, and one that waits for its outcome goes alone.
func TestASenderCarriesWhatASendCarries(t *testing.T) {
	h := newBatchHub(t, nil)
	s := h.sender(t, SenderOptions{})
	_, err := s.Send(t.Context(), Message{
		Type: "Note", Audience: "GESPLAN-RM", ContentType: "application/octet-stream", Body: []byte{0xff, 0}, BusinessKey: "key", OrderingKey: "o",
		CorrelationID: "c", Headers: map[string]string{"X-Own": "1", "sl-meta-batch": " 7 "},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := h.requests[0][0]
	want := map[string]string{link.HeaderBusinessKey: "key", link.HeaderOrderingKey: "o", link.HeaderCorrelationID: "c", "Sl-Meta-Batch": "7"}
	if got.Audience != "GESPLAN-RM" || got.ContentType != "application/octet-stream" || !maps.Equal(got.Headers, want) || got.ContentBase64 == nil ||
		*got.ContentBase64 != base64.StdEncoding.EncodeToString([]byte{0xff, 0}) || got.IdempotencyKey == "" {
		t.Errorf("%+v", got)
	}

	var asked string
	single := newFakeHub(t, func(w http.ResponseWriter, r *http.Request) { asked = r.URL.String(); fmt.Fprint(w, stored) })
	alone := NewSender(single.client(t), SenderOptions{})
	m := note("k")
	m.Wait = time.Second
	if _, err := alone.Send(t.Context(), m); err != nil || asked != "/api/v1/link/send/Note?wait=1s" {
		t.Errorf("%s, %v", asked, err)
	}
	if err := alone.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// BenchmarkSender is what the sender's side costs, against a hub that only answers.
func BenchmarkSender(b *testing.B) {
	c, err := New(Config{Server: "http://hub", ClientID: link.NewClientID(), Secret: "right", HTTPClient: &http.Client{Transport: answering{}}})
	if err != nil {
		b.Fatal(err)
	}
	s := NewSender(c, SenderOptions{})
	body := []byte(`{"data":{"Historico":"` + strings.Repeat("x", 1000) + `"}}`)
	b.SetParallelism(64)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := s.Send(b.Context(), Message{Type: "FinLanIncDataCommand", Body: body}); err != nil {
				b.Error(err)
			}
		}
	})
	if err := s.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// answering is a hub without a network that stores everything.
type answering struct{}

func (answering) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	var w http.ResponseWriter = answer
	if r.URL.Path == tokenPath {
		fmt.Fprint(w, `{"access_token":"t","expires_in":900}`)
		return answer.Result(), nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	fmt.Fprint(w, `{"results":[`)
	for i := range bytes.Count(body, []byte(`"type":`)) {
		if i > 0 {
			fmt.Fprint(w, ",")
		}
		fmt.Fprint(w, `{"status":202,"messageId":"01890000-0000-7000-8000-000000000001","queues":["q"],"duplicate":false,"warnings":[]}`)
	}
	fmt.Fprint(w, `]}`)
	return answer.Result(), nil
}
