package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

const (
	findPath   = "/api/v1/link/messages"
	acrossPath = "/api/v1/admin/messages"
)

func (w *world) found(as, path string, q url.Values) link.FoundMessages {
	w.Helper()
	return into[link.FoundMessages](w, w.want(request{as: as, method: http.MethodGet, path: path + "?" + q.Encode()}, http.StatusOK, ""))
}

// finds expects exactly these messages, in order.
func (w *world) finds(as, path string, q url.Values, want ...uuid.UUID) link.FoundMessages {
	w.Helper()
	p := w.found(as, path, q)
	if len(p.Items) != len(want) {
		w.Fatalf("%s %v: found %d messages, want %d", as, q, len(p.Items), len(want))
	}
	for i, id := range want {
		if p.Items[i].ID != id {
			w.Fatalf("%s %v: message %d is %s, want %s", as, q, i, p.Items[i].ID, id)
		}
	}
	return p
}

func values(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return q
}

// TestMessagesAreFoundByEveryField: by a client what is its own, by people all of a tenant, across queues
// or in one.
func TestMessagesAreFoundByEveryField(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	w.setup("foreign", command)
	began := w.clock.Now()
	first := w.send(`{"data":1}`).MessageID
	w.clock.Advance(time.Hour)
	second := w.send(`{"data":2}`).MessageID
	d := w.get("rm", "?max=1")
	w.want(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,"dead":true,"reason":"no"}`, d[0].Tag)}, http.StatusNoContent, "")
	hour := began.Add(time.Hour).Format(time.RFC3339)
	for _, as := range []string{"gesplan", "rm", "vera"} {
		for _, tc := range []struct {
			q    url.Values
			want []uuid.UUID
		}{
			{values(), []uuid.UUID{second, first}},
			{values("id", first.String()), []uuid.UUID{first}},
			{values("id", link.NewID().String()), nil},
			{values("rootId", second.String()), []uuid.UUID{second}},
			{values("businessKey", "b", "type", command), []uuid.UUID{second, first}},
			{values("type", "Note"), nil},
			{values("state", "dead"), []uuid.UUID{first}},
			{values("state", "ready", "businessKey", "b"), []uuid.UUID{second}},
			{values("from", hour), []uuid.UUID{second}},
			{values("to", hour), []uuid.UUID{first}},
			{values("correlationId", "none"), nil},
		} {
			path := findPath
			if as == "vera" {
				tc.q.Set("tenant", tenant.String())
				path = acrossPath
			}
			if p := w.finds(as, path, tc.q, tc.want...); p.Next != "" || p.Upto != nil || p.Index != nil {
				t.Errorf("%s %v: %+v", as, tc.q, p)
			}
		}
	}
	inQueue := values("queue", w.queueOf("rm"), "state", "dead")
	w.finds("vera", acrossPath, inQueue, first)
	w.finds("vera", findPath, inQueue, first)
	w.finds("vera", acrossPath, values("queue", link.QueueName(tenant, link.NewClientID())))
	for _, as := range []string{"stranger", "foreign"} {
		w.finds(as, findPath, values())
		w.finds(as, findPath, values("id", first.String(), "tenant", tenant.String(), "queue", w.queueOf("rm")))
	}
}

// TestMessagesAreFoundByValuesOfTheirBodies: by the index where the type declares the path, by reading
// where it does not; the answer says which.
func TestMessagesAreFoundByValuesOfTheirBodies(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	body := func(doc, key string) string {
		return fmt.Sprintf(`{"header":{},"data":{"NumeroDocumento":%q,"CodCfo":"F001","chave":%q}}`, doc, key)
	}
	first := w.send(body("NF-1", "ação")).MessageID
	second := w.send(body("NF-2", "x")).MessageID
	all := values("tenant", tenant.String())
	with := func(pairs ...string) url.Values {
		q := values(pairs...)
		maps.Copy(q, all)
		return q
	}
	p := w.finds("olga", acrossPath, with("path", "/data/numerodocumento", "value", "nf-1"), first)
	if p.Index == nil || len(p.Index.Types) != 4 || p.Index.Since != nil {
		t.Errorf("index %+v", p.Index)
	}
	p = w.finds("olga", acrossPath, with("path", "/data/NumeroDocumento", "value", "NF-2", "type", command), second)
	if p.Index == nil || len(p.Index.Types) != 1 {
		t.Errorf("index %+v", p.Index)
	}
	w.finds("olga", acrossPath, with("path", "/data/CodCfo", "value", "F001"), second, first)
	w.finds("olga", acrossPath, with("path", "/data/CodCfo", "value", "F001", "id", first.String()), first)
	if p = w.finds("olga", acrossPath, with("path", "/data/chave", "value", "AÇÃO"), first); p.Index != nil {
		t.Errorf("index %+v", p.Index)
	}
	if p = w.finds("olga", acrossPath, with("path", "/data/CodCfo", "value", "F001", "scan", "true"), second, first); p.Index != nil {
		t.Errorf("index %+v", p.Index)
	}
	w.finds("olga", acrossPath, with("path", "/data/CodCfo", "value", strings.Repeat("ç", link.MaxSearchValue)))

	// A change holds for what is sent from then on, and the answer says so.
	w.clock.Advance(time.Minute)
	w.want(request{as: "ana", method: http.MethodPut, path: "/api/v1/admin/search/" + command + "?tenant=" + tenant.String(), body: `{"paths":["/data/chave"]}`}, http.StatusOK, "")
	third := w.send(body("NF-3", "x")).MessageID
	p = w.finds("olga", acrossPath, with("path", "/data/chave", "value", "x"), third)
	if p.Index == nil || p.Index.Since == nil || !p.Index.Since.Equal(w.clock.Now()) || len(p.Index.Types) != 1 {
		t.Errorf("index %+v", p.Index)
	}
	w.finds("olga", acrossPath, with("path", "/data/chave", "value", "x", "scan", "1"), third, second)
	w.finds("olga", acrossPath, with("path", "/data/NumeroDocumento", "value", "NF-1", "type", command), first) // read now

	audit := w.want(request{as: "ana", method: http.MethodGet, path: "/api/v1/admin/audit?limit=200"}, http.StatusOK, "")
	if s := string(audit.body); !strings.Contains(s, `"message.search"`) || !strings.Contains(s, "/data/chave") || strings.Contains(s, "NF-1") {
		t.Errorf("audit %s", s)
	}
}

// TestWhoMaySearchBodies: people who may read them, and of clients those who have sent or acknowledged the
// message.
func TestWhoMaySearchBodies(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	id := w.send(`{"data":{"CodCfo":"F-SECRETO"}}`).MessageID
	for _, scan := range []string{"false", "true"} {
		q := values("path", "/data/CodCfo", "value", "F-SECRETO", "scan", scan, "tenant", tenant.String())
		for _, path := range []string{findPath, acrossPath} {
			w.want(request{as: "vera", method: http.MethodGet, path: path + "?" + q.Encode()}, http.StatusForbidden, link.CodeRole)
			w.finds("olga", path, q, id)
		}
		w.finds("gesplan", findPath, q, id)
		w.finds("rm", findPath, q) // it waits: getting it is the way to read it
	}
	d := w.get("rm", "?max=1")
	q := values("path", "/data/CodCfo", "value", "F-SECRETO")
	w.finds("rm", findPath, q)
	w.want(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,"ack":true}`, d[0].Tag)}, http.StatusNoContent, "")
	w.finds("rm", findPath, q, id)
	for _, as := range []string{"stranger", "foreign"} {
		w.finds(as, findPath, q)
	}
}

// TestSearchCursors: a cursor is good for its own search, tenant and caller, and cannot be made up.
func TestSearchCursors(t *testing.T) {
	w := newWorld(t)
	w.people()
	w.setup("rm", command)
	var ids []uuid.UUID
	for range 3 {
		ids = append(ids, w.send(`{"data":{"CodCfo":"F001"}}`).MessageID)
	}
	for name, q := range map[string]url.Values{
		"all": values(), "state": values("state", "ready"), "value": values("path", "/data/CodCfo", "value", "F001"), "key": values("businessKey", "b"),
	} {
		q.Set("limit", "2")
		p := w.finds("gesplan", findPath, q, ids[2], ids[1])
		if p.Next == "" || p.Upto == nil {
			t.Fatalf("%s: %+v", name, p)
		}
		q.Set("cursor", p.Next)
		if p := w.finds("gesplan", findPath, q, ids[0]); p.Next != "" {
			t.Errorf("%s: %+v", name, p)
		}
		other := values("type", "Note", "cursor", p.Next)
		for as, q := range map[string]url.Values{"gesplan": other, "rm": q, "foreign": q} {
			w.want(request{as: as, method: http.MethodGet, path: findPath + "?" + q.Encode()}, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
		}
		q.Set("tenant", tenant.String())
		w.want(request{as: "olga", method: http.MethodGet, path: acrossPath + "?" + q.Encode()}, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
	}
	for _, forged := range []string{"x", "AAAA", strings.Repeat("A", 100), "ção", "%00"} {
		w.want(request{as: "gesplan", method: http.MethodGet, path: findPath + "?" + values("cursor", forged).Encode()}, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
	}
}

func TestEveryWrongParameterOfASearchIsNamed(t *testing.T) {
	w := newWorld(t)
	w.people()
	for query, want := range map[string]string{
		"id=x&rootId=y&type=1x&state=gone": "id rootId type state", "from=x&to=y": "from to", "limit=0": "limit", "limit=101": "limit", "limit=x&scan=perhaps": "scan limit",
		"from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z":                    "to",
		"businessKey=" + strings.Repeat("x", link.MaxKey+1):                    "businessKey",
		"correlationId=" + url.QueryEscape(strings.Repeat("é", 1+link.MaxKey)): "correlationId",
		"value=x": "path", "scan=true": "scan", "path=data&value=x": "path", "path=$.data.x&value=x": "path", "path=/a//b&value=x": "path", "path=/a~2&value=x": "path",
		"path=/a": "value", "path=/a&value=%20": "value", "path=/a&value=%ff": "value",
		"path=/a&value=" + strings.Repeat("x", link.MaxSearchValue+1): "value", "path=/" + strings.Repeat("x", 300) + "&value=x": "path",
	} {
		for as, path := range map[string]string{"gesplan": findPath, "olga": acrossPath} {
			a := w.want(request{as: as, method: http.MethodGet, path: path + "?tenant=" + tenant.String() + "&" + query}, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
			var got []string
			for _, e := range a.problem(t).Errors {
				got = append(got, e.Pointer)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %.60s: %v, want %s", as, query, got, want)
			}
		}
	}
	for _, query := range []string{"", "?tenant=x", "?queue=x", "?queue=" + link.QueueName(tenant, link.NewClientID()) + "&tenant=" + link.NewID().String()} {
		w.want(request{as: "olga", method: http.MethodGet, path: acrossPath + query}, http.StatusUnprocessableEntity, link.CodeRequestInvalid)
	}
}

func TestSearchPathsAreKeptByAdministrators(t *testing.T) {
	w := newWorld(t)
	w.people()
	path := "/api/v1/admin/search/Note"
	detail := func(query string) link.SearchDetail {
		t.Helper()
		return into[link.SearchDetail](t, w.want(request{as: "vera", method: http.MethodGet, path: path + query}, http.StatusOK, ""))
	}
	if d := detail(""); d.Source != link.SearchNone || d.Paths == nil || len(d.Paths) != 0 {
		t.Errorf("%+v", d)
	}
	set := func(as, query, body string, status int, code link.Code) answer {
		t.Helper()
		return w.want(request{as: as, method: http.MethodPut, path: path + query, body: body}, status, code)
	}
	of := "?tenant=" + tenant.String()
	set("ana", of, `{"paths":["/data/número","/data/a~1b"]}`, http.StatusOK, "")
	if d := detail(of); d.Source != link.SearchOwn || len(d.Paths) != 2 || d.Since == nil || *d.TenantID != tenant {
		t.Errorf("%+v", d)
	}
	if d := detail(""); d.Source != link.SearchNone {
		t.Errorf("%+v", d)
	}
	rules := into[link.Page[link.SearchRule]](t, w.want(request{as: "vera", method: http.MethodGet, path: "/api/v1/admin/search"}, http.StatusOK, ""))
	if len(rules.Items) != 1 || rules.Items[0].ChangedBy != "ana" {
		t.Errorf("%+v", rules)
	}
	for body, pointer := range map[string]string{
		`{}`: "/paths", `{"paths":null}`: "/paths", `{"paths":["$.data.x"]}`: "/paths/0", `{"paths":["/a",""]}`: "/paths/1", `{"paths":["/a","/A"]}`: "/paths/1",
		`{"paths":["/a","/b","/c","/d","/e","/f"]}`: "/paths", `{"paths":["/` + strings.Repeat("é", 300) + `"]}`: "/paths/0", `{"paths":"/a"}`: "/paths", `{"paths":["/a"],"x":1}`: "/x",
	} {
		p := set("ana", of, body, http.StatusUnprocessableEntity, link.CodeRequestInvalid).problem(t)
		if len(p.Errors) != 1 || p.Errors[0].Pointer != pointer {
			t.Errorf("%.60s: %+v", body, p.Errors)
		}
	}
	set("olga", of, `{"paths":[]}`, http.StatusForbidden, link.CodeRole)
	set("ana", "?tenant="+link.NewID().String(), `{"paths":[]}`, http.StatusNotFound, link.CodeNotFound)
	w.want(request{as: "ana", method: http.MethodDelete, path: path + of}, http.StatusNoContent, "")
	w.want(request{as: "ana", method: http.MethodDelete, path: path + of}, http.StatusNotFound, link.CodeNotFound)
}
