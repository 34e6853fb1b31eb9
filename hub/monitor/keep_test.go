package monitor

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"smartlink/hub/queue"
	"smartlink/link"
)

// TestRetentionOfATenant: the page tells what holds and what a change would remove, saves it when it was
// asked for twice, and shows what a round then removed.
func TestRetentionOfATenant(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ana")
	page := "admin/tenants/" + tenant.String()
	b.want("admin/tenants", 200, `href="../admin/tenants/`+tenant.String())
	b.want(page, 200, "Retenção", `value="7"`, "A próxima rodada remove", "Nada passou do prazo", "Nenhuma ainda", "Apagar tudo")
	tile := func(name, n string) string { return "<dt>" + name + "</dt><dd>" + n + "</dd>" }
	b.want(page+"?see=1&history=1&waiting=10&dead=10", 200, "Gravado assim", tile("À espera", "1"), tile("Mortas", "1"), tile("Do histórico", "0"), "não volta", "Histórico: 1 dias. À espera: 10 dias. Mortas: 10 dias.")
	b.want(page+"?see=1&history=&waiting=20&dead=", 200, tile("À espera", "0"), "Histórico: 7 dias. À espera: 20 dias. Mortas: nunca.")
	if r := w.store.Current().Retention(tenant); r.WaitingDays != 0 {
		t.Errorf("looking changed it: %+v", r)
	}
	for query, says := range map[string]string{
		"history=31": "Histórico (dias): de 0 a 30", "waiting=-1": "À espera (dias): de 0 a 3650", "dead=x": "Mortas (dias): &#34;x&#34; não é um número inteiro",
	} {
		b.want(page+"?see=1&"+query, 422, says, "A próxima rodada remove")
		f, _ := url.ParseQuery(query) // our own
		if status, _, body := b.post(page+"/retention", f); status != 422 || strings.Count(body, says) != 1 {
			t.Errorf("%s: %d\n%s", query, status, body)
		}
	}
	b.want(b.sent(page+"/retention", url.Values{"history": {"3"}, "waiting": {"10"}}), 200, "Gravado.", `value="3"`, tile("À espera", "1"))
	if e := w.audit("tenant.retention"); len(e) != 1 || e[0].Actor != "ana" || e[0].Target != tenant.String() {
		t.Errorf("audit %+v", e)
	}
	keep := func() {
		t.Helper()
		_, err := w.engine.Keep(t.Context())
		w.must(err)
	}
	keep() // gives up what waits, and moves what has ended to days that are over already
	b.want(page, 200, tile("À espera", "0"), tile("Do histórico", "2"), "na próxima rodada", `data-label="Desistidas">1</td>`)
	keep()
	b.want(page, 200, "Nada passou do prazo", "1 dia inteiro", " KiB</td>")
	b.want("admin/tenants/"+link.NewID().String(), 404)
	b.want("admin/tenants/x", 404)
}

// TestEraseAMessage: nothing is erased before the end of the id was typed; then the page says so, and no
// page shows what it said. One that waits is given up with it, one that a reader has is refused.
func TestEraseAMessage(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ana")
	at := "messages/" + w.message.String()
	word := w.message.String()[28:]
	b.want(at, 200, "Apagar conteúdo", secret)
	if body := w.browser("olga").want(at, 200); strings.Contains(body, "Apagar conteúdo") {
		t.Error("an operator is offered to erase")
	}
	b.want(at+"/erase", 200, "Descartar e apagar", word, "O que fica")
	for name, f := range map[string]url.Values{
		"nothing typed": {"reason": {"pedido"}, "force": {"1"}}, "another id": {"reason": {"pedido"}, "force": {"1"}, "confirm": {w.dead.String()[28:]}},
		"no reason": {"force": {"1"}, "confirm": {word}},
	} {
		if status, _, body := b.post(at+"/erase", f); status != 422 || !strings.Contains(body, `role="alert"`) {
			t.Errorf("%s: %d\n%s", name, status, body)
		}
	}
	if status, _, body := b.post(at+"/erase", url.Values{"reason": {"pedido"}, "confirm": {word}}); status != 409 || !strings.Contains(body, `value="pedido"`) {
		t.Errorf("what came back to its queue after the question was erased: %d\n%s", status, body)
	}
	form := url.Values{"reason": {"pedido do titular"}, "force": {"1"}, "confirm": {" " + word + " "}, "token": {newToken()}}
	to := b.sent(at+"/erase", form)
	if body := b.want(to, 200, "O conteúdo foi apagado.", "pedido do titular", "não guarda mais o corpo"); strings.Contains(body, secret) || strings.Contains(body, at+"/erase") {
		t.Error("the page still shows what was erased, or offers to erase it again")
	}
	b.want(b.sent(at+"/erase", form), 200, "já tinha sido enviado")
	b.want(at+"/erase", 200, "já foi apagado")
	erased := slices.DeleteFunc(w.audit("message.erase"), func(e link.AuditEntry) bool { return e.Action != "message.erase" })
	if e := erased[0]; e.Actor != "ana" || !strings.HasSuffix(e.Target, w.message.String()) || e.Detail != "forced: pedido do titular" {
		t.Errorf("audit %+v", e)
	}

	id := w.publish()
	if _, err := w.engine.Get(t.Context(), queue.Get{Queue: w.queue, Max: 1}); err != nil {
		t.Fatal(err)
	}
	if body := b.want("messages/"+id.String()+"/erase", 200, "está agora com um leitor"); strings.Contains(body, "button danger") {
		t.Error("a message that a reader has is offered to be erased")
	}
	if status, _, _ := b.post("messages/"+id.String()+"/erase", url.Values{"reason": {"x"}, "force": {"1"}, "confirm": {id.String()[28:]}}); status != 409 {
		t.Errorf("erased while a reader has it: %d", status)
	}
	b.want("messages/"+link.NewID().String()+"/erase", 404)
}

// TestEraseATenant: nothing begins before the tenant's name was typed; then a job removes all of it and
// nothing of the neighbour's, and the tenant's page shows how it goes.
func TestEraseATenant(t *testing.T) {
	w := newWorld(t)
	w.neighbour()
	w.clock.Advance(time.Second) // the job takes what was made before it began
	b := w.browser("ana")
	page := "admin/tenants/" + tenant.String()
	b.want(page+"/erase", 200, "1 à espera, 1 mortas", "1 cliente deste tenant ainda pode enviar", "<b>Produção</b>", "auditoria")
	for name, f := range map[string]url.Values{
		"nothing typed": {"reason": {"fim"}}, "another name": {"reason": {"fim"}, "confirm": {"Homologação"}}, "no reason": {"confirm": {"Produção"}},
	} {
		if status, _, body := b.post(page+"/erase", f); status != 422 || !strings.Contains(body, `role="alert"`) {
			t.Errorf("%s: %d\n%s", name, status, body)
		}
	}
	if e := w.audit("tenant.erase"); len(e) != 0 {
		t.Fatalf("begun without a word: %+v", e)
	}
	form := url.Values{"reason": {"fim do contrato"}, "confirm": {"Produção"}, "token": {newToken()}}
	to := b.sent(page+"/erase", form)
	w.ended()
	b.want(to, 200, "<p>4 feitas</p>", "O trabalho começou", "Apagar as mensagens de um tenant", "Terminado", "fim do contrato")
	b.want(b.sent(page+"/erase", form), 200, "já tinha sido enviado")
	if jobs := w.ended(); len(jobs) != 1 || jobs[0].Done == 0 {
		t.Errorf("jobs %+v", jobs)
	}
	w.browser("vera").want("jobs", 200, "Fazenda Boa Vista S.A. · Produção", tenant.String())
	for _, id := range []string{w.message.String(), w.dead.String(), w.refused.String()} {
		b.want("messages/"+id, 404)
	}
	b.want("messages/"+w.foreign.String(), 200)
	if e := w.audit("tenant.erase"); len(e) != 1 || e[0].Target != tenant.String() || e[0].Detail != "fim do contrato" {
		t.Errorf("audit %+v", e)
	}
	b.want(page+"/erase", 200, "0 à espera, 0 mortas")
}

// TestSchemasInTheMonitor: a rule is made by text and by file, shown with what holds, and removed; what
// is wrong with a schema is said, and what was typed stays.
func TestSchemasInTheMonitor(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ana")
	b.want("admin/schemas", 200, "Ainda não há regras", "Tipos com esquema do hub", command)
	b.want("admin/schema?type="+command, 200, "do hub", "Avisar", "&#34;$schema&#34;")
	for name, c := range map[string]struct {
		form   url.Values
		status int
		says   []string
	}{
		"no JSON":       {url.Values{"type": {"Note"}, "schema": {"{\r\n  \"type\": \"object\",\r\n}"}}, 422, []string{"linha 3, coluna 1", "&#34;object&#34;,"}},
		"no schema":     {url.Values{"type": {"Note"}, "schema": {`{"type":"thing"}`}}, 422, []string{"não é um JSON Schema que se possa usar", "thing"}},
		"to outside":    {url.Values{"type": {"Note"}, "schema": {`{"$ref":"http://example.com/s.json"}`}}, 422, []string{"não é um JSON Schema que se possa usar"}},
		"nothing":       {url.Values{"type": {"Note"}}, 422, []string{"informe mode, schema, ou ambos"}},
		"no type":       {url.Values{"type": {"no type"}, "mode": {"off"}}, 422, []string{"no type"}},
		"schema of all": {url.Values{"type": {"*"}, "schema": {`{}`}}, 422, []string{"pertence a um tipo"}},
		"no mode":       {url.Values{"type": {"Note"}, "mode": {"loud"}}, 422, []string{"off, warn, enforce"}},
		"no tenant":     {url.Values{"type": {"Note"}, "mode": {"off"}, "tenant": {"x"}}, 422, []string{"não é um UUID", `value="x"`}},
		"unknown":       {url.Values{"type": {"Note"}, "mode": {"off"}, "tenant": {link.NewID().String()}}, 404, []string{`role="alert"`}},
	} {
		if status, _, body := b.post("admin/schemas", c.form); status != c.status {
			t.Errorf("%s: %d\n%s", name, status, body)
		} else {
			for _, text := range c.says {
				if !strings.Contains(body, text) {
					t.Errorf("%s does not say %q\n%s", name, text, body)
				}
			}
		}
	}
	to := b.sent("admin/schemas", url.Values{"type": {"Note"}, "mode": {"enforce"}, "schema": {`{"type":"object","required":["text"]}`}})
	b.want(to, 200, "Gravado.", "Recusar", "próprio", "&#34;required&#34;", "Todos os tenants", "Remover a regra")
	if s, mode := w.store.Current().SchemaOf(tenant, "Note"); s == nil || mode != link.SchemaEnforce {
		t.Errorf("holds: %v, %s", s, mode)
	}
	of := "admin/schema?tenant=" + tenant.String() + "&type=Note"
	if body := b.want(of, 200, "Produção", "Recusar"); strings.Contains(body, "Remover a regra") {
		t.Error("a rule that is not there is offered to be removed")
	}

	// By file, of the tenant alone.
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	for name, value := range map[string]string{"type": "Note", "tenant": tenant.String(), "mode": "warn", "schema": ""} {
		w.must(m.WriteField(name, value))
	}
	file, err := m.CreateFormFile("file", "note.schema.json")
	w.must(err)
	_, err = file.Write([]byte(`{"type":"object","required":["from a file"]}`))
	w.must(err)
	w.must(m.Close())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"admin/schema", &form)
	w.must(err)
	req.Header.Set("Content-Type", m.FormDataContentType())
	resp, err := b.Do(req)
	w.must(err)
	w.must(resp.Body.Close())
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("by file: %d", resp.StatusCode)
	}
	b.want(of, 200, "from a file", "Avisar")
	b.want("admin/schemas", 200, "Note", "Todos os tenants", "próprio, ", "Recusar", "Avisar")
	b.want(b.sent("admin/schema/remove", url.Values{"type": {"Note"}, "tenant": {tenant.String()}}), 200, "Removido.")
	b.want(of, 200, "&#34;text&#34;", "Recusar")
	if status, _, _ := b.post("admin/schema/remove", url.Values{"type": {"Note"}, "tenant": {tenant.String()}}); status != 404 {
		t.Errorf("removed twice: %d", status)
	}
	if e := w.audit("schema."); len(e) != 3 || e[0].Action != "schema.remove" || e[0].Actor != "ana" {
		t.Errorf("audit %+v", e)
	}
	b.want("admin/schema?type=Note&tenant="+link.NewID().String(), 404)
	for _, page := range []string{"admin/schema", "admin/search"} { // not what holds for all, to be changed by mistake
		b.want(page+"?type=Note&tenant=x", 422, "SL-REQUEST-INVALID")
	}
	b.want("admin/schema", 404)
}

// TestSearchPathsInTheMonitor: paths are declared and removed, and the page tells what the index has.
func TestSearchPathsInTheMonitor(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ana")
	b.want("admin/search", 200, "Ainda não há caminhos declarados", "Tipos com caminhos do hub", "/data/CodCfo")
	form := func(paths ...string) url.Values {
		return url.Values{"type": {"Note"}, "tenant": {tenant.String()}, "paths": {strings.Join(paths, "\r\n")}}
	}
	for says, f := range map[string]url.Values{
		"data.number: um caminho é um JSON Pointer": form("/data/ok", "data.number"), "/data/ok: aparece duas vezes": form("/data/ok", "/DATA/OK", "/data/ok"),
		"no máximo 5 caminhos": form("/a", "/b", "/c", "/d", "/e", "/f"), "não é um UUID": {"type": {"Note"}, "tenant": {"x"}, "paths": {"/a"}},
	} {
		if status, _, body := b.post("admin/search", f); status != 422 || !strings.Contains(body, says) || !strings.Contains(body, `value="Note"`) {
			t.Errorf("%s: %d\n%s", says, status, body)
		}
	}
	b.want(b.sent("admin/search", form("/data/number", "", "/data/customer name")), 200, "Gravado.", "<code>/data/customer name</code>", "Enchendo", "tem o que foi enviado desde", "Produção")
	if got := w.store.Current().SearchDetail(tenant, "Note").Paths; !slices.Equal(got, []string{"/data/number", "/data/customer name"}) {
		t.Errorf("%q", got)
	}
	b.want("admin/search?type=Note&tenant="+tenant.String(), 200, "Mudar os caminhos de Note", "/data/number\n/data/customer name</textarea>")
	w.clock.Advance(8*24*time.Hour - time.Hour) // the day on which they were declared is past its retention
	w.clock.Advance(24 * time.Hour)
	if body := w.browser("ana").want("admin/search", 200, "Cheio"); strings.Contains(body, "Enchendo") {
		t.Error("full and filling")
	}
	b = w.browser("ana")
	b.want(b.sent("admin/search", form()), 200, "nenhum caminho")
	b.want(b.sent("admin/search/remove", url.Values{"type": {"Note"}, "tenant": {tenant.String()}}), 200, "Removido.", "Ainda não há caminhos declarados")
	if status, _, _ := b.post("admin/search/remove", url.Values{"type": {"Note"}, "tenant": {tenant.String()}}); status != 404 {
		t.Errorf("removed twice: %d", status)
	}
}

// TestAuditOfAMessageAndATenant: the audit's page is filtered by both.
func TestAuditOfAMessageAndATenant(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ana")
	b.want("messages/"+w.dead.String(), 200)
	b.want("messages/"+w.refused.String(), 200)
	if body := b.want("admin/audit?message="+w.dead.String(), 200, "message.read"); strings.Contains(body, w.refused.String()) {
		t.Error("another message is shown")
	}
	b.want("admin/audit?tenant="+tenant.String(), 200, w.dead.String(), "client.create", "tenant.create")
	b.want("admin/audit?tenant="+link.NewID().String(), 200, "Nada corresponde")
	b.want("admin/audit?message=x&tenant=y", 422, "&#34;x&#34; não é um UUID", "&#34;y&#34; não é um UUID", `value="y"`)
}
