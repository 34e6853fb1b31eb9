package monitor

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/link"
)

// state tells how a message stands in a queue.
func (w *world) state(q queue.Name, id uuid.UUID) link.State {
	w.Helper()
	t, err := w.engine.Trace(w.Context(), q.Tenant, id)
	w.must(err)
	for _, at := range t.Trace.Queues {
		if at.Queue == q.String() {
			return at.State
		}
	}
	return ""
}

// sent posts a form that has to be accepted, and answers where it leads, below the monitor.
func (b *browser) sent(path string, form url.Values) string {
	b.Helper()
	status, h, body := b.post(path, form)
	if status != http.StatusSeeOther {
		b.Fatalf("%s: %d\n%s", path, status, body)
	}
	return strings.TrimLeft(strings.ReplaceAll(h.Get("Location"), "../", ""), "./")
}

// ended waits until all jobs have.
func (w *world) ended() []link.Job {
	w.Helper()
	for {
		list, err := w.exchange.Jobs(w.Context(), exchangeViewer)
		w.must(err)
		running := false
		for _, j := range list {
			running = running || !j.State.Ended()
		}
		if !running {
			return list
		}
		runtime.Gosched()
	}
}

func TestRedriveChosen(t *testing.T) {
	w := newWorld(t)
	w.neighbour()
	b := w.browser("olga")
	page := "queues/" + w.queue.String()
	b.want(page+"?tab=dead", 200, `name="id" value="`+w.dead.String()+`"`, "Reenviar escolhidas", "Descartar todas…")
	if body := w.browser("vera").want(page+"?tab=dead", 200); strings.Contains(body, "checkbox") || strings.Contains(body, "Reenviar") {
		t.Error("a viewer is offered what a viewer may not do")
	}
	gone := link.NewID()
	ask := b.want(page+"/act?do=redrive&id="+w.dead.String()+"&id="+gone.String()+"&id="+w.foreign.String(), 200,
		"1 mensagem", "Voltam ao fim da fila", w.dead.String(), "não encontrada", "fica como está")
	if !strings.Contains(ask, `name="token"`) || w.state(w.queue, w.dead) != link.StateDead {
		t.Error("the page that asks has done it, or has no token")
	}
	form := url.Values{"do": {"redrive"}, "id": {w.dead.String(), gone.String(), w.foreign.String()}, "token": {newToken()}}
	to := b.sent(page+"/act", form)
	if w.state(w.queue, w.dead) != link.StateReady {
		t.Error("it was not redriven")
	}
	if w.state(w.other, w.foreign) != link.StateDead {
		t.Error("a message of another tenant was redriven")
	}
	b.want(to, 200, "Devolvidas à fila: 1.", "mudaram nesse meio-tempo: 2.")
	w.kill(w.queue, 2) // it and the one that waited before it
	if to = b.sent(page+"/act", form); w.state(w.queue, w.dead) != link.StateDead {
		t.Error("a form that was sent twice has worked twice")
	}
	b.want(to, 200, "já tinha sido enviado")
}

// TestRedriveIntoAPausedQueue: the page says why it cannot be, before and after.
func TestRedriveIntoAPausedQueue(t *testing.T) {
	w := newWorld(t)
	b := w.browser("olga")
	page := "queues/" + w.queue.String()
	b.want(b.sent(page+"/change", url.Values{"do": {"pause"}, "reason": {"fechamento do mês"}}), 200, "A fila está pausada.", "por olga: fechamento do mês")
	for _, do := range []string{"redrive&id=" + w.dead.String(), "redrive-all"} {
		if body := b.want(page+"/act?do="+do, 200, "A fila está pausada (fechamento do mês)"); strings.Contains(body, `<button class="button primary">`) {
			t.Error("the page offers what cannot be done")
		}
	}
	for _, form := range []url.Values{{"do": {"redrive"}, "id": {w.dead.String()}}, {"do": {"redrive-all"}}} {
		if status, _, body := b.post(page+"/act", form); status != http.StatusConflict || !strings.Contains(body, "A fila está pausada (fechamento do mês)") {
			t.Errorf("%v: %d\n%s", form, status, body)
		}
	}
	if w.state(w.queue, w.dead) != link.StateDead {
		t.Error("it was redriven all the same")
	}
	b.want(b.sent(page+"/change", url.Values{"do": {"resume"}}), 200, "voltou a entregar")
	b.sent(page+"/act", url.Values{"do": {"redrive"}, "id": {w.dead.String()}})
	if w.state(w.queue, w.dead) != link.StateReady {
		t.Error("it was not redriven")
	}
}

func TestChangeOfAQueueIsChecked(t *testing.T) {
	w := newWorld(t)
	b := w.browser("olga")
	page := "queues/" + w.queue.String()
	for _, form := range []url.Values{{"do": {"pause"}}, {"do": {"pause"}, "reason": {strings.Repeat("x", link.MaxReason+1)}}, {"do": {"explode"}}, {}} {
		if status, _, body := b.post(page+"/change", form); status != http.StatusUnprocessableEntity || !strings.Contains(body, `href="../../queues/`) {
			t.Errorf("%v: %d\n%s", form, status, body)
		}
	}
	b.want(b.sent(page+"/change", url.Values{"do": {"hold"}}), 200, "retêm as seguintes", "Desligar a retenção")
	b.want(b.sent(page+"/change", url.Values{"do": {"let-go"}}), 200, "não retêm mais", "Ligar a retenção")
}

// TestDiscardAllIsAJob: all dead letters of a queue go, with the reason; sent twice the form starts one
// job; other queues keep theirs.
func TestDiscardAllIsAJob(t *testing.T) {
	w := newWorld(t)
	w.neighbour()
	for range 120 {
		w.publish()
	}
	w.kill(w.queue, 121)
	b := w.browser("olga")
	page := "queues/" + w.queue.String()
	b.want(page+"/act?do=discard-all&list=dead", 200, "Todas as mensagens mortas: 122", "não pode ser desfeito", "cancelado")
	if status, _, body := b.post(page+"/act", url.Values{"do": {"discard-all"}, "list": {"dead"}, "rate": {"7"}}); status != 422 || !strings.Contains(body, "diga o motivo") || !strings.Contains(body, `value="7"`) {
		t.Errorf("without a reason: %d\n%s", status, body)
	}
	for _, rate := range []string{"0", "x", fmt.Sprint(link.MaxJobRate + 1)} {
		if status, _, _ := b.post(page+"/act", url.Values{"do": {"discard-all"}, "reason": {"teste"}, "rate": {rate}}); status != 422 {
			t.Errorf("rate %s: %d", rate, status)
		}
	}
	form := url.Values{"do": {"discard-all"}, "list": {"dead"}, "reason": {"dados de teste"}, "token": {newToken()}}
	to := b.sent(page+"/act", form)
	b.sent(page+"/act", form)
	jobs := w.ended()
	if len(jobs) != 1 || jobs[0].State != link.JobDone || jobs[0].Done != 122 || jobs[0].By != "olga" {
		t.Errorf("%+v", jobs)
	}
	b.want(to, 200, "O trabalho começou", "122 de 122 feitas", "Terminado", "dados de teste", "Nenhuma mensagem morta")
	w.browser("vera").want("jobs", 200, w.queue.String(), "Terminado")
	b.want("messages/"+w.dead.String(), 200, "Descartada", "dados de teste")
	if w.state(w.other, w.foreign) != link.StateDead {
		t.Error("another queue's dead letter was discarded")
	}
}

// TestDiscardAllOfATypeThatWait: what is with a reader stays, and other types do.
func TestDiscardAllOfATypeThatWait(t *testing.T) {
	w := newWorld(t)
	b := w.browser("olga")
	page := "queues/" + w.queue.String()
	b.want(page, 200, "Descartar escolhidas", "Descartar todas…")
	b.want(page+"/act?do=discard-all&list=waiting", 200, "Todas as mensagens à espera: 1")
	b.want(page+"/act?do=discard-all&list=waiting&type=Other", 200, "à espera do tipo Other")
	b.sent(page+"/act", url.Values{"do": {"discard-all"}, "list": {"waiting"}, "type": {"Other"}, "reason": {"teste"}})
	w.ended()
	if got := w.state(w.queue, w.message); got != link.StateReady {
		t.Errorf("a message of another type is %s", got)
	}
	b.sent(page+"/act", url.Values{"do": {"discard-all"}, "list": {"waiting"}, "type": {command}, "reason": {"teste"}})
	w.ended()
	if got := w.state(w.queue, w.message); got != link.StateDiscarded {
		t.Errorf("it is %s", got)
	}
}

func TestJobIsCancelledFromItsQueue(t *testing.T) {
	w := newWorld(t)
	for range 20 {
		w.publish()
	}
	w.kill(w.queue, 21)
	b := w.browser("olga")
	page := "queues/" + w.queue.String()
	token := newToken()
	b.want(b.sent(page+"/act", url.Values{"do": {"redrive-all"}, "rate": {"1"}, "token": {token}}), 200, "Em andamento", "<progress", "até 1 por segundo", "jobs/"+token+"/cancel")
	if body := w.browser("vera").want(page, 200, "Em andamento"); strings.Contains(body, "/cancel") {
		t.Error("a viewer is offered to cancel")
	}
	to := b.sent("jobs/"+token+"/cancel", url.Values{"back": {page}})
	w.ended()
	b.want(to, 200, "O trabalho foi cancelado", "Cancelado")
	if to := b.sent("jobs/"+token+"/cancel", url.Values{"back": {"https://evil.example"}}); !strings.HasPrefix(to, "jobs?") {
		t.Errorf("leads to %s", to)
	}
	for _, id := range []string{"none", link.NewID().String()} {
		if status, _, _ := b.post("jobs/"+id+"/cancel", url.Values{}); status != http.StatusNotFound {
			t.Errorf("%s: %d", id, status)
		}
	}
}

func TestWorkOnOneMessage(t *testing.T) {
	w := newWorld(t)
	w.neighbour()
	b := w.browser("olga")
	b.want("messages/"+w.dead.String(), 200, "/act", `value="redrive"`)
	if body := w.browser("vera").want("messages/"+w.dead.String(), 200); strings.Contains(body, "/act") {
		t.Error("a viewer is offered what a viewer may not do")
	}
	if body := b.want("messages/"+w.refused.String(), 200); strings.Contains(body, "/act") {
		t.Error("a message that was taken is offered to be redriven")
	}
	page := "queues/" + w.queue.String()
	to := b.sent(page+"/act", url.Values{"do": {"redrive"}, "id": {w.dead.String()}, "from": {"message"}})
	b.want(to, 200, "Devolvidas à fila: 1.", "Reenviada das mensagens mortas")
	to = b.sent(page+"/act", url.Values{"do": {"discard"}, "list": {"waiting"}, "id": {w.dead.String()}, "from": {"message"}, "reason": {"engano"}})
	b.want(to, 200, "Descartadas: 1.", "engano")
	for _, q := range []string{"", "?do=explode&id=" + w.dead.String(), "?do=redrive", "?do=redrive&id=x", "?do=redrive-all&type=1x"} {
		b.want(page+"/act"+q, 422)
	}
	b.want("queues/"+w.queue.Tenant.String()+"."+string(w.other.Client)+"/act?do=redrive&id="+w.dead.String(), 404)
	b.want("messages/"+w.dead.String()+"?tenant="+w.other.Tenant.String(), 404)
}
