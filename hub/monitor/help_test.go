package monitor

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// TestRemoteHelp: what the agent may be asked for is offered only while it takes it, and the timeline tells
// what was asked and what became of it.
func TestRemoteHelp(t *testing.T) {
	w := newWorld(t)
	b := w.browser("olga")
	page := "messages/" + w.refused.String()
	const offer = "Pedir reprocessamento no ERP"
	ask := link.HoldRequest{Instance: uuid.New(), Run: uuid.New(), Host: "erp-01"}
	hold := func(s *link.HelpState) []link.HelpRequest {
		t.Helper()
		ask.Help = s
		h, err := w.store.Hold(t.Context(), w.queue.Client, "11111111-2222-4333-8444-555555555555", ask, link.DefaultHold)
		w.must(err)
		return h.Help
	}
	hold(nil)
	if p := b.want(page, 200); strings.Contains(p, offer) {
		t.Error("offered before it was switched on")
	}
	until := w.clock.Now().Add(time.Hour)
	hold(&link.HelpState{Until: &until})
	b.want(page, 200, offer, "Pedir descarte no ERP")
	if p := w.browser("vera").want(page, 200); strings.Contains(p, offer) {
		t.Error("offered to a viewer")
	}
	form := url.Values{"do": {"discard"}, "queue": {w.queue.String()}, "token": {uuid.NewString()}}
	b.want(page+"/help?do=discard&queue="+w.queue.String(), 200, "não pode ser desfeito", `name="token"`)
	if status, _, p := b.post(page+"/help", form); status != 422 || !strings.Contains(p, "diga o motivo") || !strings.Contains(p, `name="reason"`) {
		t.Errorf("%d %s", status, p)
	}
	of := "?tenant=" + w.queue.Tenant.String()
	b.want(page+of, 200, `name="tenant" value="`+w.queue.Tenant.String())
	b.want(page+"/help"+of+"&do=discard&queue="+w.queue.String(), 200, page+"/help"+of, page+of)
	form.Set("reason", "pedido por telefone")
	b.want(b.sent(page+"/help", form), 200, "O agente recebe o pedido em segundos")
	b.sent(page+"/help", form) // sent twice, it is asked once
	b.want(page, 200, "Pedido ao agente", "descartar", "pedido por telefone", "olga")
	got := hold(&link.HelpState{Until: &until})
	if len(got) != 1 || got[0].Action != link.HelpDiscard || got[0].Message != w.refused || got[0].By != "olga" {
		t.Fatalf("%+v", got)
	}
	w.clock.Advance(time.Second)
	hold(&link.HelpState{Until: &until, Replies: []link.HelpReply{{ID: got[0].ID, Result: link.HelpFailed, Code: link.CodeNotNow, Detail: "já terminou", At: w.clock.Now()}}})
	b.want(page, 200, "O agente respondeu ao pedido", "não foi possível", "SL-NOT-NOW", "já terminou")
	w.clock.Advance(time.Hour)
	if p := b.want(page, 200); strings.Contains(p, offer) {
		t.Error("offered after its end")
	}
	form.Set("token", uuid.NewString())
	if status, _, p := b.post(page+"/help", form); status != 409 || !strings.Contains(p, "não aceita pedidos do hub") || strings.Contains(p, "ligou a ajuda remota") {
		t.Errorf("%d %s", status, p)
	}
	form.Set("do", "erase")
	if status, _, p := b.post(page+"/help", form); status != 400 && status != 422 || !strings.Contains(p, "reprocess") {
		t.Errorf("%d %s", status, p)
	}
}
