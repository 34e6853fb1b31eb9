package console

import (
	"context"
	"encoding/csv"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"smartlink/agent/activation"
	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/link"
)

// TestNothingWithoutALogin tries every address.
func TestNothingWithoutALogin(t *testing.T) {
	w := newWorld(t)
	b := w.browser("en")
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, r := range w.c.table() {
		method, path, ok := strings.Cut(r.pattern, " ")
		if !ok || r.open {
			continue
		}
		path = strings.NewReplacer("{$}", "", "{id}", w.rejected.Message.ID.String(), "{type}", agenttest.Command).Replace(path)
		status, page, header := b.do(method, path, "reason=x&app=BOOKS&action=activate", nil)
		if status != http.StatusSeeOther || header.Get("Location") != "/login" || page != "" {
			t.Errorf("%s: %d %s", r.pattern, status, page)
		}
	}
	if w.state(w.rejected) != link.ERPRejected || len(w.asked) != 0 {
		t.Error("something was done")
	}
}

func TestLogin(t *testing.T) {
	w := newWorld(t)
	b := w.in("pt")
	if s, p := b.get("/"); s != http.StatusOK {
		t.Fatal(p)
	}
	idle := w.in("pt")
	w.clock.Advance(sessionIdle - time.Second)
	b.get("/") // goes on
	w.clock.Advance(time.Second)
	if _, p := idle.get("/"); !strings.Contains(p, "Senha do console") {
		t.Error("an idle session lives on")
	}
	if _, p := b.get("/"); !strings.Contains(p, "/logout") {
		t.Error("a used session ended")
	}
	second := w.in("pt")
	if _, p := second.post("/logout"); !strings.Contains(p, "Senha do console") {
		t.Error("not logged out")
	}
	if _, p := b.get("/"); !strings.Contains(p, "/logout") {
		t.Error("another's log-out ended this session")
	}
	for range 24 {
		w.clock.Advance(sessionMax / 24)
		b.get("/")
	}
	if _, p := b.get("/"); strings.Contains(p, "/logout") {
		t.Error("a session never ends")
	}
	b = w.in("pt")
	if _, err := NewPassword(w.c.cfg.Wizard.Folder.Dir()); err != nil {
		t.Fatal(err)
	}
	if _, p := b.get("/"); strings.Contains(p, "/logout") {
		t.Error("a new password does not end the sessions of the old one")
	}
}

func TestWrongPasswordsAreBounded(t *testing.T) {
	w := newWorld(t)
	b := w.browser("en")
	for range maxFailures {
		s, p := b.post("/login", "password", "AAAA-AAAA-AAAA-AAAA")
		b.wants(s, p, http.StatusUnauthorized, "The password is wrong.")
	}
	s, p := b.post("/login", "password", w.password)
	b.wants(s, p, http.StatusTooManyRequests, "Too many tries.")
	w.clock.Advance(failureTime)
	for range 2 * maxFailures { // right ones are not counted
		w.in("en")
	}
}

func TestWithoutAPasswordNobodyIsLetIn(t *testing.T) {
	w := newWorld(t)
	if err := os.Remove(w.c.cfg.Wizard.Folder.Dir() + "/" + PasswordFile); err != nil {
		t.Fatal(err)
	}
	b := w.browser("pt")
	s, p := b.get("/")
	b.wants(s, p, http.StatusOK, "Ainda não há senha", "smartlink agent password")
	if _, p := b.post("/login", "password", ""); strings.Contains(p, "/logout") {
		t.Error("let in with nothing")
	}
}

// TestNoOtherSiteReachesTheConsole: neither by a name that points to this machine nor by a form of its
// own page.
func TestNoOtherSiteReachesTheConsole(t *testing.T) {
	w := newWorld(t)
	b := w.in("en")
	if s, p, _ := b.do(http.MethodGet, "/", "", map[string]string{"Host": "evil.example"}); s != http.StatusMisdirectedRequest {
		t.Errorf("%d %s", s, p)
	}
	path := "/messages/" + w.rejected.Message.ID.String() + "/reprocess"
	for _, header := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}} {
		if s, _, _ := b.do(http.MethodPost, path, "", header); s != http.StatusForbidden || w.state(w.rejected) != link.ERPRejected {
			t.Errorf("%v: %d", header, s)
		}
	}
	for _, host := range []string{"localhost:1", "127.0.0.1", "[::1]:8686"} {
		if s, _, h := b.do(http.MethodGet, "/", "", map[string]string{"Host": host}); s != http.StatusOK || !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %d", host, s)
		}
	}
	for address, want := range map[string]bool{"127.0.0.1:8686": true, "[::1]:0": true, "0.0.0.0:8686": false, ":8686": false, "192.168.0.1:1": false, "localhost": false} {
		if err := CheckAddress(address); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestOverview(t *testing.T) {
	w := newWorld(t)
	b := w.in("pt")
	s, p := b.get("/")
	b.wants(s, p, http.StatusOK, "service_state_up 1", "Em execução", "Nenhum aplicativo está ativado",
		`<div class="bad"><dt><a href="/messages?state=blocked">Bloqueada</a></dt><dd>1</dd>`, `<a href="/messages?state=running">Em execução</a></dt><dd>0</dd>`)
	w.status = Status{Contact: time.Date(2024, 3, 27, 9, 14, 13, 0, time.UTC), Trouble: errors.New("hub not reached: no route")}
	s, p = w.in("en").get("/")
	b.wants(s, p, http.StatusOK, "2024-03-27 09:14:13", "The hub does not answer", "no route", "Runs nothing")
	w.status.Failure = link.NewError(link.CodeForeignTables, "where", "rm.db")
	s, p = b.get("/")
	b.wants(s, p, http.StatusOK, "SL-FOREIGN-TABLES", "Tabelas de outro programa", "rm.db")
	w.status = Status{Running: true, StandBy: true, Active: "erp-01"}
	s, p = b.get("/")
	b.wants(s, p, http.StatusOK, "Em espera", "a instância ativa está em erp-01")
	w.status.Copy = true
	s, p = b.get("/")
	b.wants(s, p, http.StatusOK, "Esta pasta é cópia")
}

func TestMessages(t *testing.T) {
	w := newWorld(t)
	b := w.in("en")
	id := func(d link.Delivery) string { return d.Message.ID.String() }
	s, p := b.get("/messages")
	b.wants(s, p, http.StatusOK, id(w.rejected), id(w.blocked), id(w.waiting), "contract 42", "Waiting to retry", "SL-ATTEMPTS-EXHAUSTED")
	if strings.Contains(p, id(w.booked)) {
		t.Error("a booked message is in the inbox")
	}
	s, p = b.get("/messages?state=blocked")
	b.wants(s, p, http.StatusOK, id(w.blocked))
	if strings.Contains(p, id(w.rejected)) {
		t.Error("the filter does nothing")
	}
	s, p = b.get("/messages?id=" + id(w.rejected))
	b.wants(s, p, http.StatusOK, "unknown &lt;b&gt;supplier", "Create it.", "/data/CodCfo", "nor this", "two \\u003cscript\\u003e", "Reprocess", "Discard", "source-type")
	if strings.Contains(p, "<b>supplier") || strings.Contains(p, "<script") {
		t.Error("what came from outside is markup")
	}
	s, p = b.get("/messages/" + id(w.booked))
	b.wants(s, p, http.StatusOK, "Finished", "1;1", "booked one", "its body is gone", "Nothing to do in this state.")
	s, p = b.get("/messages/" + id(w.waiting))
	b.wants(s, p, http.StatusOK, "it failed", "2026-03-01 12:0")
	s, p = b.get("/messages/00000000-0000-0000-0000-000000000001")
	b.wants(s, p, http.StatusConflict, "SL-NOT-IN-INBOX")
	s, p = b.get("/messages/x")
	b.wants(s, p, http.StatusNotFound, "SL-NOT-FOUND")
}

func TestReprocessAndDiscard(t *testing.T) {
	w := newWorld(t)
	b := w.in("pt")
	at := func(d link.Delivery, action string) string {
		return "/messages/" + d.Message.ID.String() + "/" + action
	}
	s, p := b.post(at(w.blocked, "reprocess"))
	b.wants(s, p, http.StatusOK, "Na fila")
	if got := w.state(w.blocked); got != link.ERPStored {
		t.Errorf("reprocessed: %s", got)
	}
	s, p = b.post(at(w.rejected, "discard"))
	b.wants(s, p, http.StatusUnprocessableEntity, "diga por quê")
	s, p = b.post(at(w.rejected, "discard"), "reason", "enviada por engano")
	b.wants(s, p, http.StatusOK, "Descartada", "enviada por engano")
	if got := w.state(w.rejected); got != link.ERPDiscarded {
		t.Errorf("discarded: %s", got)
	}
	s, p = b.post(at(w.booked, "reprocess"))
	b.wants(s, p, http.StatusConflict, "SL-NOT-NOW")
}

// TestTry: the rules are run and shown, and the message is as it was.
func TestTry(t *testing.T) {
	w := newWorld(t)
	b := w.in("en")
	at := "/messages/" + w.rejected.Message.ID.String() + "/try"
	s, p := b.get("/messages/" + w.rejected.Message.ID.String())
	b.wants(s, p, http.StatusOK, "Try without booking")
	if strings.Contains(p, "What the trial came to") {
		t.Error("tried before anybody asked")
	}
	s, p = b.post(at)
	_, trial, _ := strings.Cut(p, "What the trial came to")
	b.wants(s, trial, http.StatusOK, "Rejected", "unknown &lt;b&gt;supplier")
	w.ways["reject"] = func(context.Context, consumer.Tx, consumer.Execution, consumer.Log) consumer.Outcome { // the master data is mended
		return consumer.Done("1;77", nil)
	}
	s, p = b.post(at)
	_, trial, _ = strings.Cut(p, "What the trial came to")
	b.wants(s, trial, http.StatusOK, "Done", "1;77")
	if w.state(w.rejected) != link.ERPRejected || w.Int(t, `SELECT COUNT(*) FROM BOOK`) != 1 {
		t.Error("a trial changed something")
	}
	s, p = b.post("/messages/" + w.booked.Message.ID.String() + "/try")
	b.wants(s, p, http.StatusConflict, "SL-NOT-NOW")
}

func TestRejectedAsCSV(t *testing.T) {
	w := newWorld(t)
	for lang, want := range map[string][2]string{"pt": {"'=fornecedor <b>desconhecido", "Cadastre-o."}, "en": {"unknown <b>supplier", "Create it."}} {
		s, p, h := w.in(lang).do(http.MethodGet, "/rejected.csv", "", nil)
		if s != http.StatusOK || !strings.HasPrefix(h.Get("Content-Type"), "text/csv") || !strings.Contains(h.Get("Content-Disposition"), "rejected-20260301-") {
			t.Fatal(s, h)
		}
		r := csv.NewReader(strings.NewReader(strings.TrimPrefix(p, "\ufeff")))
		r.Comma = ';'
		lines, err := r.ReadAll()
		if err != nil || len(lines) != 3 {
			t.Fatalf("%v, %v", lines, err)
		}
		if l := lines[1]; l[0] != w.rejected.Message.ID.String() || l[3] != "contract 42" || l[7] != "TEST-NO" || l[8] != "/data/CodCfo" || l[9] != want[0] || l[10] != want[1] {
			t.Errorf("%s: %q", lang, l)
		}
		if l := lines[2]; l[7] != "TEST-NEITHER" {
			t.Errorf("%s: %q", lang, l)
		}
	}
}

func TestExecutions(t *testing.T) {
	w := newWorld(t)
	b := w.in("en")
	s, p := b.get("/executions")
	b.wants(s, p, http.StatusOK, w.booked.Message.ID.String(), w.rejected.Message.ID.String(), "Failed; is repeated")
	for query, want := range map[string]link.Delivery{"q=1%3B1": w.booked, "result=rejected": w.rejected, "q=" + w.blocked.Message.ID.String(): w.blocked} {
		_, p := b.get("/executions?" + query)
		for _, d := range []link.Delivery{w.booked, w.rejected, w.blocked, w.waiting} {
			if got := strings.Contains(p, "/messages/"+d.Message.ID.String()); got != (d.Tag == want.Tag) {
				t.Errorf("%s: %s shown: %t", query, d.Message.Body, got)
			}
		}
	}
}

func TestActivation(t *testing.T) {
	w := newWorld(t)
	b := w.in("pt")
	s, p := b.get("/activation")
	b.wants(s, p, http.StatusOK, "Client Secret", "Pesquisar", "Opções")
	if strings.Contains(p, "Executar") || len(w.asked) != 0 {
		t.Error("searched before anybody asked")
	}
	s, p = b.post("/activation/search", "server", "http://hub.example", "client_id", "nonsense", "client_secret", secret)
	b.wants(s, p, http.StatusUnprocessableEntity, "não é um client id")
	search := []string{"server", "http://hub.example", "client_id", clientID, "client_secret", secret}
	s, p = b.post("/activation/search", search...)
	b.wants(s, p, http.StatusOK, "Aplicativo não ativado; pode ser ativado.", "ATIVAR", "Remover Integração", "Cancelar", "Opções", "Executar",
		"não tem permissão no RAC para o aplicativo DENIED", "não conhece o aplicativo STRANGE", "não o conhece")
	s, p = b.post("/activation/execute", "action", "activate", "do", "execute")
	b.wants(s, p, http.StatusUnprocessableEntity, "nenhum aplicativo escolhido", "Executar")
	s, p = b.post("/activation/execute", "action", "activate", "do", "execute", "app", "DENIED")
	b.wants(s, p, http.StatusConflict, "SL-APP-NO-PERMISSION", "Executar")
	s, p = b.post("/activation/execute", "action", "activate", "do", "execute", "app", "BOOKS")
	b.wants(s, p, http.StatusOK, "Aplicativo ativo, última execução em 01/03/2026 12:0")
	state, err := w.c.cfg.Wizard.Folder.Read()
	if err != nil || len(state.Apps) != 1 || state.Apps[0].By != by || state.Credentials.Secret != secret {
		t.Fatalf("%+v, %v", state, err)
	}
	s, p = b.get("/")
	b.wants(s, p, http.StatusOK, "Books (BOOKS)", clientID)

	// The kept secret serves at the address it was given for, and at no other.
	other := w.in("en")
	s, p = other.post("/activation/search", "server", "http://evil.example", "client_id", clientID)
	b.wants(s, p, http.StatusUnprocessableEntity, "missing")
	s, p = other.post("/activation/search", "server", "http://hub.example", "client_id", clientID)
	b.wants(s, p, http.StatusOK, "App active, last run on 2026-03-01 12:0")
	for _, c := range w.asked {
		if c.Server != "http://hub.example" {
			t.Errorf("the secret went to %s", c.Server)
		}
	}

	s, p = b.post("/options", "batch_size", "8", "minutes_interval", "", "qtde_tentativas_exec", "7")
	b.wants(s, p, http.StatusOK, `value="8"`, `value="7"`)
	if state, err = w.c.cfg.Wizard.Folder.Read(); err != nil || state.Options != (activation.Options{BatchSize: 8, RetryFigures: activation.RetryFigures{QtdeTentativasExec: 7}}) {
		t.Errorf("%+v, %v", state.Options, err)
	}
	before := w.Text(t, `SELECT DATATENTATIVAEXEC FROM GTOTVSLINKMESSAGE WHERE ID = ?`, w.waiting.Message.ID.String())
	s, p = b.post("/activation/execute", "action", "run", "do", "execute", "app", "DENIED")
	b.wants(s, p, http.StatusUnprocessableEntity, "nenhum aplicativo ativo escolhido")
	s, p = b.post("/activation/execute", "action", "run", "do", "execute", "app", "BOOKS")
	b.wants(s, p, http.StatusOK, "Executar")
	if after := w.Text(t, `SELECT DATATENTATIVAEXEC FROM GTOTVSLINKMESSAGE WHERE ID = ?`, w.waiting.Message.ID.String()); after != "" || before == "" {
		t.Errorf("due at %q, before at %q", after, before)
	}
	s, p = b.post("/options", "batch_size", "many")
	b.wants(s, p, http.StatusUnprocessableEntity, "não é um número inteiro")

	s, p = b.post("/activation/execute", "do", "remove", "action", "activate", "app", "BOOKS")
	b.wants(s, p, http.StatusOK, "Aplicativo não ativado; pode ser ativado.")
	if last := w.hub.setups[len(w.hub.setups)-1]; len(last.Subscriptions) != 0 {
		t.Errorf("still subscribed: %v", last)
	}
	s, p = b.post("/activation/cancel")
	b.wants(s, p, http.StatusOK, "Pesquisar")
	if !hidden(p, "Executar", "BOOKS") {
		t.Error("cancelled, and the answer is still there")
	}
	w.hub.away = true
	s, p = b.post("/activation/search", search...)
	b.wants(s, p, http.StatusBadGateway, "O hub não pôde ser consultado", "Pesquisar")
}

// TestEditReprocessRelease: what is refused is shown with what was typed, and what was there before is kept.
func TestEditReprocessRelease(t *testing.T) {
	w := newWorld(t)
	b := w.in("en")
	at := "/messages/" + w.rejected.Message.ID.String()
	s, p := b.get(at)
	b.wants(s, p, http.StatusOK, `href="`+at+`/edit"`)
	s, p = b.get(at + "/edit")
	b.wants(s, p, http.StatusOK, "two \\u003cscript", "<textarea")
	laid := laidOut(string(w.rejected.Message.Body))
	s, p = b.post(at+"/edit", "body", strings.ReplaceAll(laid, "\n", "\r\n"), "reason", "r")
	b.wants(s, p, http.StatusUnprocessableEntity, "nothing was changed", "<textarea")
	s, p = b.post(at+"/edit", "body", `{"doc":"<mended`, "reason", "why & not")
	b.wants(s, p, http.StatusBadRequest, "SL-BODY-NOT-JSON", "&lt;mended", "why &amp; not")
	s, p = b.post(at+"/edit", "body", "{\r\n\"doc\":\"mended\"}", "reason", " ")
	b.wants(s, p, http.StatusUnprocessableEntity, "say why")
	s, p = b.post(at+"/edit", "body", "{\r\n\"doc\":\"mended\"}", "reason", "the supplier's new code")
	b.wants(s, p, http.StatusOK, "Stored", "SL-EDITED", "console changed the content of the message at the ERP", "Body before change 1", "new code", "mended", "two \\u003cscript", "Edited", "console")
	if got := w.Text(t, `SELECT CAST(DATA AS TEXT) FROM GTOTVSLINKMESSAGE WHERE ID = ?`, w.rejected.Message.ID.String()); got != "{\n\"doc\":\"mended\"}" {
		t.Errorf("%q", got)
	}
	s, p = b.get("/messages/" + w.booked.Message.ID.String() + "/edit")
	b.wants(s, p, http.StatusConflict, "SL-NOT-NOW", "Finished")
	for change, says := range map[string][]string{
		`STATE = 'running'`: {"SL-NOT-NOW", "Running"}, `DATA = X'FF00'`: {"SL-REQUEST-INVALID", "no text"}, `TYPEEVENT = 'Upstream'`: {"SL-NOT-IN-INBOX"},
	} {
		back := w.Text(t, `SELECT STATE FROM GTOTVSLINKMESSAGE WHERE ID = ?`, w.rejected.Message.ID.String())
		w.Exec(t, `UPDATE GTOTVSLINKMESSAGE SET `+change+` WHERE ID = ?`, w.rejected.Message.ID.String())
		s, p = b.get(at + "/edit")
		b.wants(s, p, s, says...)
		w.Exec(t, `UPDATE GTOTVSLINKMESSAGE SET STATE = ?, TYPEEVENT = 'Downstream', DATA = ? WHERE ID = ?`, back, []byte("{\n\"doc\":\"mended\"}"), w.rejected.Message.ID.String())
	}

	s, p = b.post("/options/"+agenttest.Command, "hold_next", "1001", "answers", "on")
	b.wants(s, p, http.StatusUnprocessableEntity, "HoldNext")
	s, p = b.post("/options/"+agenttest.Command, "hold_next", "2", "minutes_interval", "7", "answers", "off")
	b.wants(s, p, http.StatusOK, "Options of each type", "MinutesInterval 7", "to the hub only", `<td data-label="Next messages to hold">2`)
	s, p = b.get("/options/" + agenttest.Command)
	b.wants(s, p, http.StatusOK, `value="7"`, `value="off" selected`, "console")
	held, other := agenttest.Delivery("held"), agenttest.Delivery("other")
	_, err := w.box.Store(t.Context(), []link.Delivery{held, other})
	w.must(err)
	s, p = b.get("/messages?state=onhold")
	b.wants(s, p, http.StatusOK, held.Message.ID.String(), other.Message.ID.String())
	if strings.Contains(p, w.blocked.Message.ID.String()) {
		t.Error("the filter does nothing")
	}
	s, p = b.get("/")
	b.wants(s, p, http.StatusOK, `<a href="/messages?state=onhold">On hold</a></dt><dd>2</dd>`)
	s, p = b.post("/messages/" + held.Message.ID.String() + "/release")
	b.wants(s, p, http.StatusOK, "Released")
	s, p = b.post("/control/release", "type", agenttest.Command)
	b.wants(s, p, http.StatusOK, "No message waits for a release.")
}

// TestControl: a pause, a window and remote help are told on every page, and can be ended.
func TestControl(t *testing.T) {
	w := newWorld(t)
	b := w.in("pt")
	s, p := b.get("/control")
	b.wants(s, p, http.StatusOK, "Pausar", "Desligada", "Nenhuma janela.", "Nada ainda.")
	s, p = b.post("/control/pause")
	b.wants(s, p, http.StatusUnprocessableEntity, "diga por quê")
	s, p = b.post("/control/pause", "reason", "inventário <1>")
	b.wants(s, p, http.StatusOK, "Retomar", "Execução pausada", "inventário &lt;1&gt;", "Pausou")
	s, p = b.get("/messages")
	b.wants(s, p, http.StatusOK, "Execução pausada", "01/03/2026 12:0")
	if _, p := w.browser("pt").get("/login"); strings.Contains(p, "inventário") {
		t.Error("told to somebody who is not logged in")
	}
	s, p = b.post("/control/resume")
	b.wants(s, p, http.StatusOK, "Pausar", "Retomou")
	s, p = b.post("/control/resume")
	b.wants(s, p, http.StatusConflict, "a execução não está pausada")

	s, p = b.post("/windows", "name", "noites", "kind", "weekly", "from", "10:00", "to", "6")
	b.wants(s, p, http.StatusUnprocessableEntity, "escolha ao menos um dia", "não é uma hora")
	s, p = b.post("/windows", "name", "noites", "kind", "weekly", "day", "sun", "day", "mon", "from", "10:00", "to", "13:30")
	b.wants(s, p, http.StatusOK, "noites", "dom, seg", "Nada é executado: janela", "01/03/2026 13:30")
	s, p = b.post("/windows", "name", "fechamento", "kind", "monthly", "day", "sun", "from", "last 18:00", "to", "5 08:00")
	b.wants(s, p, http.StatusOK, "fechamento", "05/03/2026 08:00")
	s, p = b.post("/windows/remove", "name", "fechamento")
	b.wants(s, p, http.StatusOK, "01/03/2026 13:30")
	s, p = b.post("/windows/remove", "name", "fechamento")
	b.wants(s, p, http.StatusNotFound, "SL-NOT-FOUND")
	s, p = b.post("/windows", "name", "de um", "kind", "weekly", "day", "sun", "from", "10:00", "to", "14:30", "types", agenttest.Command+"; OtherCommand")
	b.wants(s, p, http.StatusOK, agenttest.Command+", OtherCommand", "todos os tipos")
	s, p = b.post("/windows", "name", "de um", "kind", "weekly", "day", "sun", "from", "10:00", "to", "14:30", "types", "1x")
	b.wants(s, p, http.StatusUnprocessableEntity, "não é um tipo de mensagem")
	s, p = b.post("/windows/remove", "name", "noites")
	b.wants(s, p, http.StatusOK, "Nada é executado de OtherCommand: janela", "01/03/2026 14:30")
	if strings.Contains(p, "Nada é executado: janela") {
		t.Error("a window of one type is told as one of all")
	}
	s, p = b.get("/options/" + agenttest.Command)
	b.wants(s, p, http.StatusOK, "de um: dom 10:00 – 14:30")
	s, p = b.get("/windows?type=" + agenttest.Command)
	b.wants(s, p, http.StatusOK, `name="types" autocomplete="off" value="`+agenttest.Command+`"`)
	s, p = b.post("/windows/remove", "name", "de um")
	if b.wants(s, p, http.StatusOK, "Nenhuma janela."); strings.Contains(p, "Nada é executado") {
		t.Error("the window that was removed is told")
	}

	s, p = b.post("/control/help", "help", "on", "hours", "0")
	b.wants(s, p, http.StatusUnprocessableEntity, "hours")
	s, p = b.post("/control/help", "help", "on", "hours", "4")
	b.wants(s, p, http.StatusOK, "Ligada", "01/03/2026 16:0", "Ligou ajuda remota")
	s, p = b.post("/control/help", "help", "on", "hours", "")
	b.wants(s, p, http.StatusOK, "até ser desligada")
	_, err := w.box.Help(t.Context(), link.HelpRequest{ID: link.NewID(), Message: w.rejected.Message.ID, Action: link.HelpDiscard, Reason: "por telefone", By: "olga"})
	w.must(err)
	s, p = b.get("/control")
	b.wants(s, p, http.StatusOK, "hub: olga", "Descartou", "feito", "por telefone")
	s, p = b.post("/control/help", "help", "off")
	b.wants(s, p, http.StatusOK, "Desligada", "Desligou ajuda remota")
}

// TestTexts: every key that code or a page uses is there, in both languages, and none is left over.
func TestTexts(t *testing.T) {
	used := map[string]bool{}
	direct := regexp.MustCompile(`(?:\bt |text\(|"(?:[a-z]+)", )"([a-z]+(?:\.[A-Za-z_]+)+)"|show\([^"]*"[a-z]+", "([a-z.]+)"`)
	made := regexp.MustCompile(`printf "([a-z]+\.)%s"`)
	var prefixes []string
	look := func(text string) {
		for _, m := range direct.FindAllStringSubmatch(text, -1) {
			used[m[1]+m[2]] = true
		}
		for _, m := range made.FindAllStringSubmatch(text, -1) {
			prefixes = append(prefixes, m[1])
		}
	}
	names, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, pages...) {
		if strings.HasSuffix(name, "_test.go") || name == "texts.go" {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		look(string(b))
	}
	for key := range used {
		if texts[key].PT == "" || texts[key].EN == "" {
			t.Errorf("%s is used and lacks a language", key)
		}
	}
	for key, text := range texts {
		if text.PT == "" || text.EN == "" {
			t.Errorf("%s lacks a language", key)
		}
		if !used[key] && !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) }) {
			t.Errorf("nothing uses %s", key)
		}
	}
	for _, a := range []inbox.ActionName{inbox.ActionReprocess, inbox.ActionDiscard, inbox.ActionEdit, inbox.ActionRelease, inbox.ActionHasten, inbox.ActionPause,
		inbox.ActionResume, inbox.ActionWindow, inbox.ActionNoWindow, inbox.ActionOptions, inbox.ActionHelpOn, inbox.ActionHelpOff, inbox.ActionOther} {
		if texts["action."+string(a)].PT == "" {
			t.Errorf("no word for %s", a)
		}
	}
	for _, s := range slices.Concat([]string{"done", "duplicate", "discarded"}, executionResults) {
		if texts["state."+s].PT == "" {
			t.Errorf("no word for %s", s)
		}
	}
}
