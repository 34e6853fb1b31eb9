//go:build pages

package monitor

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/link"
)

// keeping makes rules, history of some days with rounds that kept it, an erased message, and jobs that
// erase what a tenant has.
func (w *world) keeping() {
	w.Helper()
	ctx := w.Context()
	enforce, off := link.SchemaEnforce, link.SchemaOff
	_, err := w.store.ChangeSchema(ctx, "ana", tenant, "Note", link.SchemaChange{Mode: &enforce, Schema: []byte(`{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["data"],"properties":{"data":{"type":"object","required":["number"]}}}`)})
	w.must(err)
	_, err = w.store.ChangeSchema(ctx, "ana", [16]byte{}, link.AnyType, link.SchemaChange{Mode: &off})
	w.must(err)
	_, err = w.store.ChangeSearch(ctx, "ana", [16]byte{}, "Order", link.SearchChange{Paths: []string{"/data/number"}})
	w.must(err)
	w.clock.Advance(12 * 24 * time.Hour)
	days := link.RetentionChange{HistoryDays: new(14), DeadDays: new(90)}
	_, err = w.store.ChangeRetention(ctx, "ana", tenant, days)
	w.must(err)
	for range 3 {
		for range 4 {
			w.publish()
		}
		got, err := w.engine.Get(ctx, queue.Get{Queue: w.queue, Max: 4})
		w.must(err)
		for _, d := range got {
			_, err := w.engine.Settle(ctx, w.queue, []queue.Settle{{Tag: d.Tag, How: queue.Ack}})
			w.must(err)
		}
		w.refused = got[0].Message.ID
		w.clock.Advance(5 * 24 * time.Hour)
		_, err = w.engine.Keep(ctx)
		w.must(err)
	}
	_, err = w.store.ChangeSearch(ctx, "ana", tenant, "Note", link.SearchChange{Paths: []string{"/data/number", "/data/customer/name"}})
	w.must(err)
	o := exchange.Operator{Name: "ana", Role: link.RoleAdministrator}
	w.must(w.exchange.EraseMessage(ctx, o, tenant, w.refused, link.EraseRequest{Reason: "pedido do titular dos dados"}))
}

// TestPagesRedriveADeadLetter chooses a dead letter, sends it on, and sees it delivered without loading
// the page again.
func TestPagesRedriveADeadLetter(t *testing.T) {
	w := newWorld(t)
	c := w.chromium()
	c.logIn("olga")
	c.open("queues/"+w.queue.String()+"?tab=dead", link.Portuguese, 1280)
	c.live()
	c.run(chromedp.Click(`input[name=id][value="`+w.dead.String()+`"]`), chromedp.Click(`button[form=chosen][value=redrive]`), chromedp.WaitVisible(".ask"))
	c.until(`document.querySelector('.ask h2').innerText === '1 mensagem'`)
	c.run(chromedp.Click(`.ask button.primary`), chromedp.WaitVisible(".alert.good"))
	c.live()
	c.until(`document.querySelector('.alert.good').innerText.includes('Devolvidas à fila: 1')`)
	c.run(chromedp.Click(`#tabs a[href="?tab=main"]`), chromedp.WaitVisible(`#list a[href$="`+w.dead.String()+`"]`))
	c.live()
	c.run(chromedp.Click(`#list a[href$="`+w.dead.String()+`"]`), chromedp.WaitVisible("#timeline"))
	c.live()
	got, err := w.engine.Get(t.Context(), queue.Get{Queue: w.queue, Max: 10})
	w.must(err)
	for _, d := range got {
		_, err := w.engine.Settle(t.Context(), w.queue, []queue.Settle{{Tag: d.Tag, How: queue.Ack}})
		w.must(err)
	}
	w.clock.Advance(lookEvery)
	c.until(`document.querySelector('#where').innerText.includes('O cliente a retirou da fila.')`)
	c.quiet()
}

// TestPagesDiscardAll discards all dead letters at a rate, sees the job's bar move, and cancels it.
func TestPagesDiscardAll(t *testing.T) {
	w := newWorld(t)
	for range 300 { // at the rate below some minutes, however long the browser takes until it cancels
		w.publish()
	}
	w.kill(w.queue, 301)
	c := w.chromium()
	c.logIn("olga")
	c.open("queues/"+w.queue.String()+"?tab=dead", link.English, 1280)
	c.live()
	c.run(chromedp.Click(`button[value=discard-all]`), chromedp.WaitVisible(".ask"))
	c.until(`document.querySelector('.ask h2').innerText === 'All dead letters: 302'`)
	c.run(chromedp.SendKeys("#reason", "test data"), chromedp.SendKeys("#rate", "2"), chromedp.Click(`.ask button.danger`), chromedp.WaitVisible("#jobs progress"))
	c.live()
	var before float64
	c.eval(`document.querySelector('#jobs progress').value`, &before)
	jobs, err := w.exchange.Jobs(t.Context(), exchangeViewer)
	w.must(err)
	w.until(jobs[0].ID, func(j link.Job) bool { return float64(j.Done) > before+3 })
	w.clock.Advance(lookEvery)
	c.until(fmt.Sprintf(`document.querySelector('#jobs progress').value > %v`, before))
	c.run(chromedp.Click(`#jobs form button`), chromedp.WaitVisible("#jobs .job-cancelled"))
	c.live()
	c.run(chromedp.Click(`button[value=discard-all]`), chromedp.WaitVisible(".ask"), chromedp.SendKeys("#reason", "test data"), chromedp.Click(`.ask button.danger`), chromedp.WaitVisible("#jobs"))
	c.live()
	w.ended()
	w.clock.Advance(lookEvery)
	c.until(`document.querySelector('#jobs .job-done') && document.querySelector('#list').innerText.includes('No dead letters')`)
	c.quiet()
}

// TestPagesEditedCopy mends the body of a message that the ERP refused, on a narrow screen.
func TestPagesEditedCopy(t *testing.T) {
	w := newWorld(t)
	c := w.chromium()
	c.logIn("ana")
	c.open("messages/"+w.refused.String(), link.Portuguese, 390)
	c.live()
	c.run(chromedp.Click(`.tools a[href*="/copy"]`), chromedp.WaitVisible("#text"))
	c.run(chromedp.SetValue("#text", `{"header":{"type":"FinLanIncDataCommand"},"data":{"CodCfo":`), chromedp.Click(`button[value=check]`), chromedp.WaitVisible(".alert[role=alert]"))
	c.until(`document.querySelector('#text').value.endsWith('"CodCfo":')`)
	c.mu.Lock()
	c.wrong = nil // the browser says that the answer was a refusal, which it was
	c.mu.Unlock()
	c.run(chromedp.SetValue("#text", `{"header":{"type":"FinLanIncDataCommand"},"data":{"CodCfo":"F-NOVO"}}`), chromedp.SendKeys("#reason", "fornecedor errado"),
		chromedp.Click(`button[value=send]`), chromedp.WaitVisible("#timeline"))
	c.live()
	c.until(`document.querySelector('.alert.good').innerText.includes('A cópia foi enviada') && document.querySelector('#body').innerText.includes('F-NOVO')`)
	c.run(chromedp.Click(`a[href="../messages/`+w.refused.String()+`"]`), chromedp.WaitVisible("#answer .faults"))
	c.quiet()
}

// TestPagesSearch finds a message by its business key.
func TestPagesSearch(t *testing.T) {
	w := newWorld(t)
	c := w.chromium()
	c.logIn("vera")
	c.live()
	c.run(chromedp.SendKeys("#find", "contract 42/2024-03/accrual"), chromedp.Submit("#find"), chromedp.WaitVisible("#q"))
	c.until(`document.querySelectorAll('table.rows tbody tr').length === 3`)
	c.run(chromedp.Click(`a[href*="`+w.dead.String()+`"]`), chromedp.WaitVisible("#timeline"))
	c.live()
	c.quiet()
}

// TestPagesCreateAClient makes clients without scripts, and sees the secret of each once. No picture is
// kept: a secret in one would look like a leak.
func TestPagesCreateAClient(t *testing.T) {
	w := newWorld(t)
	c := w.chromium()
	c.run(emulation.SetScriptExecutionDisabled(true))
	c.logIn("ana")
	for _, lang := range languages {
		for _, width := range []int64{1280, 390} {
			c.open("admin/clients?tenant="+tenant.String(), lang, width)
			var open bool
			if c.eval(`document.querySelector('.work').open`, &open); !open {
				c.run(chromedp.Click(".work summary", chromedp.ByQuery))
			}
			c.run(chromedp.SendKeys("#name", "gesplan"), chromedp.Click(`input[name=apps][value="GESPLAN-RM"]`), chromedp.Submit("#name"), chromedp.WaitVisible(".secrets"))
			for _, found := range c.inspect("") {
				t.Errorf("%s %d: %s", lang, width, found)
			}
			var values []string
			c.eval(`[...document.querySelectorAll('.secrets code')].map((e) => e.textContent)`, &values)
			if len(values) != 3 {
				t.Fatalf("%v", values)
			}
			if _, err := w.store.AuthenticateClient(t.Context(), link.ClientID(values[1]), values[2]); err != nil {
				t.Error(err)
			}
			c.run(chromedp.Click(`.once a.button`), chromedp.WaitVisible(".facts"))
			var text string
			c.eval(`document.documentElement.innerText`, &text)
			if !strings.Contains(text, values[1]) || strings.Contains(text, values[2]) {
				t.Error("the client's page does not show its id, or shows the secret again")
			}
		}
	}
	c.quiet()
}

// TestPagesKeepWhatIsChosen: a list that refreshes itself keeps the boxes that were ticked, and one box
// ticks all.
func TestPagesKeepWhatIsChosen(t *testing.T) {
	w := newWorld(t)
	w.publish()
	c := w.chromium()
	c.logIn("olga")
	c.open("queues/"+w.queue.String(), link.Portuguese, 1280)
	c.live()
	c.run(chromedp.Click(`input[name=id][value="`+w.message.String()+`"]`), chromedp.Evaluate(`document.activeElement.blur()`, nil))
	w.publish()
	w.clock.Advance(lookEvery)
	c.until(`document.querySelectorAll('#list tbody tr').length === 3`)
	c.until(`[...document.querySelectorAll('input[name=id]:checked')].map((i) => i.value).join() === '` + w.message.String() + `'`)
	c.run(chromedp.Click(`[data-all] input`))
	c.until(`document.querySelectorAll('input[name=id]:checked').length === 3`)
	c.quiet()
}

// asksForHelp has the agent take requests, and one be asked and answered.
func (w *world) asksForHelp(installation string, instance, run uuid.UUID) {
	w.Helper()
	ctx, until := w.Context(), w.clock.Now().Add(time.Hour)
	tell := func(replies ...link.HelpReply) {
		_, err := w.store.Hold(ctx, w.queue.Client, installation, link.HoldRequest{
			Instance: instance, Run: run, Host: "erp-01", Help: &link.HelpState{Until: &until, Replies: replies},
		}, link.DefaultHold)
		w.must(err)
	}
	tell()
	asked, err := w.exchange.AskHelp(ctx, exchange.Operator{Name: "olga", Role: link.RoleOperator}, tenant, w.refused, link.HelpWish{
		Queue: w.queue.String(), Action: link.HelpReprocess, Reason: "fornecedor cadastrado",
	})
	w.must(err)
	tell(link.HelpReply{ID: asked.ID, Result: link.HelpDone, At: w.clock.Now()})
}
