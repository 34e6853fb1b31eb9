package monitor

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"smartlink/hub/registry"
	"smartlink/link"
)

// audit answers what the audit holds of one action, the newest first.
func (w *world) audit(action string) []link.AuditEntry {
	w.Helper()
	p, err := w.store.AuditOf(w.Context(), registry.AuditFilter{Action: action}, registry.List{})
	w.must(err)
	return p.Items
}

// copied is the id of the message that an address shows.
func (w *world) copied(to string) uuid.UUID {
	w.Helper()
	id, err := uuid.Parse(strings.TrimPrefix(to, "messages/")[:36])
	w.must(err)
	return id
}

// TestEditedCopyOfARefusedMessage: a new message with the mended body, of the same chain and key; sent
// twice, the form makes one.
func TestEditedCopyOfARefusedMessage(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ana")
	page := "messages/" + w.refused.String() + "/copy?tenant=" + tenant.String()
	b.want("messages/"+w.refused.String(), 200, page[strings.Index(page, "messages"):])
	ask := b.want(page, 200, "O que fica igual", w.refused.String(), "contract 42/2024-03/accrual", "LinkProxy", command, secret, "F-SECRETO&#34;")
	if !strings.Contains(ask, "\n  &#34;data&#34;: {") {
		t.Error("JSON is not laid out for people")
	}
	w.browser("olga").want("messages/"+w.refused.String(), 200, "Um administrador pode enviar uma cópia")

	edited := strings.ReplaceAll("{\r\n  \"header\":{\"type\":\"FinLanIncDataCommand\"},\r\n  \"data\":{\"CodCfo\":\"F-OUTRO\",\"ValorOriginal\":15000.0000}}", "F-OUTRO", "F-NOVO")
	status, _, body := b.post(page, url.Values{"body": {edited}, "do": {"check"}})
	if status != 200 || !strings.Contains(body, "Nada foi enviado ainda") || !strings.Contains(body, "F-NOVO") || len(w.audit("message.copy")) != 0 {
		t.Fatalf("checked: %d\n%s", status, body)
	}
	form := url.Values{"body": {edited}, "reason": {"fornecedor errado"}, "do": {"send"}, "token": {newToken()}}
	to := b.sent(page, form)
	b.want(to, 200, "A cópia foi enviada", "Copiada por", "ana", "F-NOVO")
	id := w.copied(to)
	m, err := w.engine.Message(t.Context(), tenant, id)
	if err != nil || m.RootID != w.refused || m.BusinessKey != "contract 42/2024-03/accrual" || m.Type != command || m.CreatedBy != "ana" ||
		string(m.Body) != strings.ReplaceAll(edited, "\r\n", "\n") {
		t.Errorf("%+v, %v\n%s", m, err, m.Body)
	}
	if e := w.audit("message.copy"); len(e) != 1 || !strings.Contains(e[0].Detail, "body edited: fornecedor errado") {
		t.Errorf("%+v", e)
	}
	if again := b.sent(page, form); w.copied(again) != id {
		t.Error("sent twice, the form made two copies")
	}
	b.want("search?q="+w.refused.String(), 200, id.String(), "Primeira da cadeia", "cópia · ana")
}

// TestCopyAsItIs: what nobody edited goes byte for byte, also when it is no text.
func TestCopyAsItIs(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ana")
	page := "messages/" + w.dead.String() + "/copy"
	original, err := w.engine.Message(t.Context(), tenant, w.dead)
	w.must(err)
	to := b.sent(page, url.Values{"body": {strings.ReplaceAll(editable(original.Body), "\n", "\r\n")}})
	if m, err := w.engine.Message(t.Context(), tenant, w.copied(to)); err != nil || string(m.Body) != string(original.Body) {
		t.Errorf("%v\n%s", err, m.Body)
	}
	if e := w.audit("message.copy"); len(e) != 1 || strings.Contains(e[0].Detail, "edited") {
		t.Errorf("%+v", e)
	}
	binary := w.publishBody("application/octet-stream", []byte{0xff, 0, 1})
	b.want("messages/"+binary.String()+"/copy", 200, "O corpo não é texto")
	to = b.sent("messages/"+binary.String()+"/copy", url.Values{"reason": {"de novo"}})
	if m, err := w.engine.Message(t.Context(), tenant, w.copied(to)); err != nil || string(m.Body) != "\xff\x00\x01" {
		t.Errorf("%v\n%q", err, m.Body)
	}
}

func TestCopiesAreChecked(t *testing.T) {
	w := newWorld(t)
	w.neighbour()
	b := w.browser("ana")
	page := "messages/" + w.refused.String() + "/copy"
	for name, c := range map[string]struct {
		form   url.Values
		status int
		says   string
	}{
		"no JSON any more": {url.Values{"body": {`{"a":`}}, http.StatusBadRequest, "JSON"},
		"no body":          {url.Values{"body": {""}}, http.StatusBadRequest, ""},
		"another type":     {url.Values{"body": {`{"header":{"type":"CtbLanIncDataCommand"},"data":{}}`}}, 422, "CtbLanIncDataCommand"},
		"another tenant":   {url.Values{"body": {`{"header":{"tenantId":"` + w.other.Tenant.String() + `"},"data":{}}`}}, 403, ""},
		"another key":      {url.Values{"body": {`{"header":{"businessKey":"x"},"data":{}}`}}, 422, "contract 42/2024-03/accrual"},
		"long reason":      {url.Values{"body": {`{}`}, "reason": {strings.Repeat("x", link.MaxReason+1)}}, 422, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, do := range []string{"check", "send"} {
				c.form.Set("do", do)
				status, _, body := b.post(page, c.form)
				if status != c.status || !strings.Contains(body, `role="alert"`) || !strings.Contains(body, c.says) || !strings.Contains(body, `name="body"`) {
					t.Errorf("%s: %d\n%s", do, status, body)
				}
			}
		})
	}
	if e := w.audit("message.copy"); len(e) != 0 {
		t.Errorf("%+v", e)
	}
	b.want("messages/"+link.NewID().String()+"/copy", 404)
	b.want(page+"?tenant="+w.other.Tenant.String(), 404)
}

// TestReadsOfBodiesAreAudited: opening a message as operator is written down, what the page fetches by
// itself and what shows no body is not.
func TestReadsOfBodiesAreAudited(t *testing.T) {
	w := newWorld(t)
	page := "messages/" + w.message.String()
	w.browser("vera").want(page, 200)
	olga := w.browser("olga")
	if _, _, body := olga.do("GET", page, nil, map[string]string{byScript: "1"}); strings.Contains(body, secret) || !strings.Contains(body, `id="timeline"`) {
		t.Error("what a page fetches by itself carries the body, or not the rest")
	}
	if e := w.audit("message.read"); len(e) != 0 {
		t.Errorf("%+v", e)
	}
	olga.want(page, 200, secret)
	olga.want(page, 200, secret)
	olga.want(page+"/body", 200, secret)
	if e := w.audit("message.read"); len(e) != 1 || e[0].Actor != "olga" || !strings.HasSuffix(e[0].Target, w.message.String()) {
		t.Errorf("%+v", e)
	}
}

func TestSearchPage(t *testing.T) {
	w := newWorld(t)
	w.neighbour()
	b := w.browser("vera")
	b.want("search", 200, "Procurar mensagens")
	key := "search?q=" + url.QueryEscape("contract 42/2024-03/accrual")
	b.want(key, 200, w.message.String(), w.dead.String(), w.refused.String(), w.foreign.String(), "Chave de negócio", "Morta", "Recusada", "Homologação", "Fazenda Boa Vista S.A.")
	b.want("search?q="+w.dead.String(), 200, w.dead.String(), "sem espaço", "Id")
	b.want("search?q=contract", 200, "Nenhuma mensagem encontrada")
	b.want(key+"&cursor=x", 422, `role="alert"`)
	b.want("search?q="+strings.Repeat("x", 300), 422, `role="alert"`)
	for range 30 {
		w.publish()
	}
	seen := 0
	for path, pages := key, 0; path != "" && pages < 5; pages++ {
		body := b.want(path, 200)
		seen += strings.Count(body, `href="messages/`)
		path = ""
		if m := nextPage.FindStringSubmatch(body); m != nil {
			path = "search" + html.UnescapeString(m[1])
		}
	}
	if seen != 34 {
		t.Errorf("the pages show %d messages", seen)
	}
}

// TestSearchByCriteria: type, state, time and values of bodies, in one tenant; a viewer is not offered
// the bodies and not given them.
func TestSearchByCriteria(t *testing.T) {
	w := newWorld(t)
	w.neighbour()
	b := w.browser("olga")
	by := func(pairs ...string) string {
		q := url.Values{"tenant": {tenant.String()}}
		for i := 0; i < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		return "search?" + q.Encode()
	}
	for name, c := range map[string]struct {
		path  string
		finds []string
		not   []string
	}{
		"tenant":     {by(), []string{w.message.String(), w.dead.String(), w.refused.String()}, []string{w.foreign.String()}},
		"state":      {by("state", "dead"), []string{w.dead.String(), "sem espaço em disco"}, []string{w.message.String()}},
		"type":       {by("type", "Other"), []string{"Nenhuma mensagem encontrada"}, []string{w.message.String()}},
		"queue":      {"search?queue=" + w.other.String(), []string{w.foreign.String()}, []string{w.message.String()}},
		"day":        {by("from", "2024-03-27", "to", "2024-03-27"), []string{w.message.String()}, nil},
		"day before": {by("to", "2024-03-26"), []string{"Nenhuma mensagem encontrada"}, nil},
		"value":      {by("path", "/data/CodCfo", "value", secret, "scan", "true"), []string{w.message.String()}, nil},
		"index":      {by("path", "/data/CodCfo", "value", "F001"), []string{"Procurado no índice", command, "scan=true"}, []string{w.message.String()}},
		"no value":   {by("path", "/data/CodCfo", "value", "none", "scan", "true"), []string{"Nenhuma mensagem encontrada"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			body := b.want(c.path, 200, c.finds...)
			for _, not := range c.not {
				if strings.Contains(body, `href="messages/`+not) {
					t.Errorf("it shows %s", not)
				}
			}
		})
	}
	for path, says := range map[string]string{
		"search?type=" + command: "falta o UUID do tenant", by("state", "king"): `role="alert"`, by("from", "x"): "AAAA-MM-DD", "search?tenant=x": `role="alert"`,
		by("queue", "x"): "não é um nome de fila", by("queue", w.other.String()): "não é uma fila deste tenant", by("value", "x"): "falta o caminho", by("cursor", "x"): `role="alert"`,
	} {
		b.want(path, 422, says)
	}
	v := w.browser("vera")
	if body := v.want(by("state", "dead"), 200, w.dead.String()); strings.Contains(body, `name="path"`) {
		t.Error("a viewer is offered to look into bodies")
	}
	v.want(by("path", "/data/CodCfo", "value", secret), 403)
	if e := w.audit("message.search"); len(e) == 0 || strings.Contains(e[0].Detail, secret) {
		t.Errorf("%+v", e)
	}
	for range 30 {
		w.publish()
	}
	body := b.want(by("type", command), 200, "Procurado até", "Continuar")
	next := nextPage.FindStringSubmatch(body)
	b.want("search"+html.UnescapeString(next[1]), 200, w.refused.String(), "Primeira página")
}
