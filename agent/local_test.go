package agent

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smartlink/agent/inbox"
	"smartlink/client"
	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// call asks the local API.
func call(t *testing.T, api http.Handler, body string, change ...func(*http.Request)) (status int, answer LocalResponse, p link.Problem) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, upstreamPath, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+api.(*local).token)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	var into any = &answer
	if w.Code != http.StatusAccepted {
		into = &p
	}
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return w.Code, answer, p
}

func with(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// TestLocalAPISendsOnce: what code at the ERP gives is sent as it is, in the order of its key, and a
// repeated request is not sent twice.
func TestLocalAPISendsOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		api, err := openLocal(w.Installation, "http://127.0.0.1:1/", func() *Agent { return w.a }, w.cfg.Logger)
		if err != nil {
			t.Fatal(err)
		}
		const event = `{"type": "SettledEvent", "audience": "GESPLAN", "app": "GESPLAN-RM", "businessKey": "b", "orderingKey": "o", "correlationId": "c",
			"headers": {"SL-Meta-Source": "FLAN"}, "body": {"data": {"n":  1.0}}}`
		if status, _, p := call(t, api, event); status != http.StatusServiceUnavailable || p.Code != link.CodeAgentNotActive {
			t.Errorf("without an agent: %d %+v", status, p)
		}
		w.start()
		key := with("Idempotency-Key", "request 1")
		status, first, p := call(t, api, event, key)
		if status != http.StatusAccepted || first.Duplicate {
			t.Fatalf("%d %+v %+v", status, first, p)
		}
		if status, again, p := call(t, api, event, key); status != http.StatusAccepted || again.ID != first.ID {
			t.Errorf("repeated: %d %+v %+v", status, again, p)
		}
		synctest.Wait()
		status, again, _ := call(t, api, event, key) // it has been sent: the hub recognises it
		if status != http.StatusAccepted || again.ID != first.ID {
			t.Errorf("repeated later: %d %+v", status, again)
		}
		_, text, _ := call(t, api, `{"type": "NoteEvent", "contentType": "text/plain", "body": "olá\n"}`)
		_, raw, _ := call(t, api, `{"type": "NoteEvent", "contentType": "application/octet-stream", "bodyBase64": "/wA="}`)
		synctest.Wait()
		sent := w.hub.of("SettledEvent")
		if len(sent) < 1 || slices.ContainsFunc(sent, func(m client.Message) bool { return m.IdempotencyKey != first.ID.String() }) {
			t.Fatalf("sent %+v", sent)
		}
		m := sent[0]
		if m.Audience != "GESPLAN" || m.App != "GESPLAN-RM" || m.BusinessKey != "b" || m.OrderingKey != "o" || m.CorrelationID != "c" ||
			m.Headers["SL-Meta-Source"] != "FLAN" || m.ContentType != "application/json" || string(m.Body) != `{"data": {"n":  1.0}}` {
			t.Errorf("%+v", m)
		}
		for _, note := range w.hub.of("NoteEvent") {
			want := map[string]string{text.ID.String(): "olá\n", raw.ID.String(): "\xff\x00"}[note.IdempotencyKey]
			if string(note.Body) != want || note.Audience != link.LinkProxy {
				t.Errorf("%q to %s, want %q", note.Body, note.Audience, want)
			}
		}
		if page, err := w.a.box.List(t.Context(), inbox.Filter{Event: inbox.Upstream}); err != nil || len(page.Items) != 0 {
			t.Errorf("%+v are left, %v", page.Items, err)
		}
	})
}

// TestLocalAPIRefusesBadInput: everything that is wrong is told at once, and nothing is stored.
func TestLocalAPIRefusesBadInput(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.hub.onSend = func(m client.Message) error {
			if m.Type != link.TypeMetrics {
				return errGone
			}
			return nil
		}
		w.start()
		api, err := openLocal(w.Installation, "http://127.0.0.1:1/", func() *Agent { return w.a }, w.cfg.Logger)
		if err != nil {
			t.Fatal(err)
		}
		if status, _, p := call(t, api, `{"type": "E", "idempotencyKey": "k", "body": 1}`); status != http.StatusAccepted {
			t.Fatalf("%d %+v", status, p)
		}
		big := `{"type": "E", "body": "` + strings.Repeat("x", link.MaxBody) + `"}`
		none := func(*http.Request) {}
		for name, tc := range map[string]struct {
			body   string
			change func(*http.Request)
			status int
			code   link.Code
			at     string
		}{
			"no token":          {`{}`, func(r *http.Request) { r.Header.Del("Authorization") }, 401, link.CodeLocalToken, ""},
			"another token":     {`{}`, with("Authorization", "Bearer x"), 401, link.CodeLocalToken, ""},
			"a get":             {``, func(r *http.Request) { r.Method = http.MethodGet }, 405, link.CodeMethod, ""},
			"a form":            {`type=E`, with("Content-Type", "application/x-www-form-urlencoded"), 422, link.CodeRequestInvalid, "Content-Type"},
			"no JSON":           {`{"type": `, none, 422, link.CodeRequestInvalid, ""},
			"two":               {`{"type": "E", "body": 1}{}`, none, 422, link.CodeRequestInvalid, ""},
			"an unknown field":  {`{"type": "E", "body": 1, "to": "x"}`, none, 422, link.CodeRequestInvalid, ""},
			"everything wrong":  {`{"type": "9", "audience": "x y", "app": "?", "businessKey": "ã", "headers": {"X": "y"}}`, none, 422, link.CodeRequestInvalid, "/app /audience /body /businessKey /headers/X /type"},
			"a field as header": {`{"type": "E", "body": 1, "headers": {"sl-ordering-key": "x"}}`, none, 422, link.CodeRequestInvalid, "/headers/sl-ordering-key"},
			"the agent's own":   {`{"type": "SmartLinkStatus", "body": 1}`, none, 422, link.CodeRequestInvalid, "/type"},
			"no base64":         {`{"type": "E", "bodyBase64": "?"}`, none, 422, link.CodeRequestInvalid, "/bodyBase64"},
			"two bodies":        {`{"type": "E", "body": 1, "bodyBase64": "eA=="}`, none, 422, link.CodeRequestInvalid, "/bodyBase64"},
			"no text":           {`{"type": "E", "contentType": "text/plain", "body": 1}`, none, 422, link.CodeRequestInvalid, "/body"},
			"JSON that is none": {`{"type": "E", "bodyBase64": "eA=="}`, none, 422, link.CodeRequestInvalid, "/body"},
			"too large":         {big, none, 422, link.CodeRequestInvalid, "/body"},
			"far too large":     {`{"type": "E", "body": "` + strings.Repeat("x", 3*link.MaxBody) + `"}`, none, 422, link.CodeRequestInvalid, "/body"},
			"two keys":          {`{"type": "E", "body": 1, "idempotencyKey": "a"}`, with("Idempotency-Key", "b"), 422, link.CodeRequestInvalid, "/idempotencyKey"},
			"a key used again":  {`{"type": "E", "body": 2}`, with("Idempotency-Key", "k"), 409, link.CodeIdempotency, ""},
		} {
			status, _, p := call(t, api, tc.body, tc.change)
			var at []string
			for _, e := range p.Errors {
				at = append(at, e.Pointer)
			}
			slices.Sort(at)
			if status != tc.status || p.Code != tc.code || strings.Join(at, " ") != tc.at || p.Detail == "" {
				t.Errorf("%s: %d %s at %v", name, status, p.Code, at)
			}
		}
		if _, _, p := call(t, api, `{"type": "9", "body": 1}`, with("Accept-Language", "pt-BR")); !strings.Contains(p.Errors[0].Detail, "não é um tipo") {
			t.Errorf("in Portuguese: %+v", p)
		}
		page, err := w.a.box.List(t.Context(), inbox.Filter{Event: inbox.Upstream})
		if err != nil || len(page.Items) != 1 {
			t.Errorf("%+v, %v", page.Items, err)
		}
	})
}

// TestTokenOfTheLocalAPI: it stays, and only its owner may read it.
func TestTokenOfTheLocalAPI(t *testing.T) {
	installation := filepath.Join(t.TempDir(), "installation.json")
	if _, err := ReadLocalAPI(installation); link.CodeOf(err) != link.CodeNotFound {
		t.Errorf("%v", err)
	}
	for _, address := range []string{"http://127.0.0.1:1/", "http://127.0.0.1:2/"} {
		l, err := openLocal(installation, address, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadLocalAPI(installation)
		if err != nil || got.Token != l.token || len(got.Token) != 64 || got.URL != address+"api/v1/upstream" {
			t.Errorf("%+v, %v", got, err)
		}
	}
	file := filepath.Join(filepath.Dir(installation), LocalFile)
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	first, _ := os.ReadFile(file)
	if err := os.WriteFile(file, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openLocal(installation, "http://127.0.0.1:2/", nil, nil); err != nil {
		t.Fatal(err)
	}
	if second, _ := os.ReadFile(file); bytes.Equal(first, second) || !json.Valid(second) {
		t.Errorf("%s", second)
	}
}

// TestInsertedRowsAreSentAndWrongOnesBlocked: code in the database inserts by the contract, or not.
func TestInsertedRowsAreSentAndWrongOnesBlocked(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start()
		examples := insertExamples(t)
		w.Exec(t, examples[sqltest.Kind()])
		wrongRows := map[string]string{ // columns of the contract, and what is said of them
			`'x', 'SettledEvent', 'Upstream', 'stored', '{}', '', ''`:                                   "ID: não pode ser lida",
			`'0198f2d4-0000-7000-8000-000000000001', 'no type', 'Upstream', 'stored', '{}', '', ''`:     "TYPEMESSAGE: ",
			`'0198f2d4-0000-7000-8000-000000000002', 'E', 'Upstream', 'stored', 'not json', '', ''`:     "DATA: ",
			`'0198f2d4-0000-7000-8000-000000000003', 'E', 'Upstream', 'stored', '{}', 'not an app', ''`: "AUDIENCE: ",
			`'0198f2d4-0000-7000-8000-000000000004', 'E', 'Upstream', 'stored', '{}', '', '{"X": "y"}'`: "HEADERS X: ",
			`'0198f2d4-0000-7000-8000-000000000005', 'E', 'Upstream', 'stored', '{}', '', 'not json'`:   "HEADERS: não pode ser lida",
			`'0198f2d4-0000-7000-8000-000000000006', 'E', 'upstream', 'stored', '{}', '', ''`:           "TYPEEVENT deve ser Upstream",
			`'0198f2d4-0000-7000-8000-000000000007', 'E', 'Upstream', 'new', '{}', '', ''`:              "TYPEEVENT deve ser Upstream",
			`'', 'E', 'Upstream', 'stored', '', '', ''`:                                                 "ID: não pode ser lida; DATA: ",
		}
		for values := range wrongRows {
			w.Exec(t, `INSERT INTO GTOTVSLINKMESSAGE (ID, TYPEMESSAGE, TYPEEVENT, STATE, DATA, AUDIENCE, HEADERS, RECCREATEDBY, RECCREATEDON, RECMODIFIEDBY, RECMODIFIEDON)
				VALUES (`+values+`, 'test', 'yesterday', 'test', '')`)
		}
		w.Exec(t, examples[sqltest.Kind()])
		after(time.Minute + 2*time.Second)
		sent := w.hub.of("FinLanBaixadoEvent")
		if len(sent) != 2 || sent[0].Audience != "GESPLAN" || sent[0].BusinessKey == "" || !json.Valid(sent[0].Body) || sent[0].IdempotencyKey == sent[1].IdempotencyKey {
			t.Errorf("sent %+v", sent)
		}
		page, err := w.a.box.List(t.Context(), inbox.Filter{Event: inbox.Upstream, Limit: 100})
		if err != nil || len(page.Items) != len(wrongRows) {
			t.Fatalf("%d blocked of %d, %v", len(page.Items), len(wrongRows), err)
		}
		for _, i := range page.Items {
			if i.State != link.ERPBlocked || i.Code != link.CodeUpstreamWrong {
				t.Errorf("%+v", i)
			}
			said := slices.ContainsFunc(slices.Collect(maps.Values(wrongRows)), func(want string) bool { return strings.Contains(i.Reason, want) })
			if !said {
				t.Errorf("reason %q", i.Reason)
			}
			if _, err := w.a.box.Show(t.Context(), i.ID); err != nil {
				t.Errorf("show %s: %v", i.ID, err)
			}
			if err := w.a.box.Desk("ana").Discard(t.Context(), i.ID, "wrong"); err != nil {
				t.Errorf("discard %s: %v", i.ID, err)
			}
		}
		if n := w.a.alarms.all()[link.CodeUpstreamWrong]; n == 0 {
			t.Error("no alarm")
		}
	})
}

var insertShape = regexp.MustCompile("(?s)<!-- insert: (\\w+) -->\n```sql\n(.*?)```")

// insertExamples are the statements of the page for developers, the same in both languages.
func insertExamples(t *testing.T) map[sqldb.Dialect]string {
	t.Helper()
	var found [2]map[sqldb.Dialect]string
	for i, lang := range []string{"en", "pt"} {
		page, err := os.ReadFile(filepath.Join("..", "docs", lang, "upstream.md"))
		if err != nil {
			t.Fatal(err)
		}
		found[i] = map[sqldb.Dialect]string{}
		for _, m := range insertShape.FindAllStringSubmatch(strings.ReplaceAll(string(page), "\r\n", "\n"), -1) {
			found[i][sqldb.Dialect(m[1])] = m[2]
		}
	}
	if len(found[0]) != 3 || !maps.Equal(found[0], found[1]) {
		t.Fatalf("the pages have %d and %d examples, or others", len(found[0]), len(found[1]))
	}
	return found[0]
}
