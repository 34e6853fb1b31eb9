//go:build pages

package monitor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/link"
)

// These tests look at the pages in Chromium. `./ci/test pages` runs them; SMARTLINK_IMAGES names the
// folder that gets a picture of every page, SMARTLINK_AXE a file with axe-core.

// pageTimeout ends a browser that hangs. A busy machine takes a minute for what usually takes seconds.
const pageTimeout = 4 * time.Minute

// chromium is one browser with one page; what its console says wrong is kept.
type chromium struct {
	*world
	ctx   context.Context
	mu    sync.Mutex
	wrong []string
}

func (w *world) chromium() *chromium {
	w.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		w.Skip("Chromium is not installed: the monitor's pages are NOT tested")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(time.Minute))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, end := chromedp.NewExecAllocator(w.Context(), options...)
	w.Cleanup(end)
	ctx, end = chromedp.NewContext(ctx)
	w.Cleanup(end)
	ctx, end = context.WithTimeout(ctx, pageTimeout)
	w.Cleanup(end)
	c := &chromium{world: w, ctx: ctx}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			c.note(e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
				c.note(fmt.Sprint(e.Args))
			}
		case *log.EventEntryAdded:
			if e.Entry.Level == log.LevelError {
				c.note(e.Entry.Text + " " + e.Entry.URL)
			}
		}
	})
	c.run(log.Enable(), emulation.SetTimezoneOverride("America/Sao_Paulo"))
	return c
}

func (c *chromium) note(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = append(c.wrong, what)
}

func (c *chromium) run(actions ...chromedp.Action) {
	c.Helper()
	if err := chromedp.Run(c.ctx, actions...); err != nil {
		c.Fatal(err)
	}
}

// eval evaluates an expression into a value.
func (c *chromium) eval(expression string, into any) {
	c.Helper()
	c.run(chromedp.Evaluate(expression, into))
}

// until waits for an expression to be true in the page.
func (c *chromium) until(expression string) {
	c.Helper()
	if err := chromedp.Run(c.ctx, chromedp.Poll(expression, nil, chromedp.WithPollingTimeout(pageTimeout))); err != nil {
		c.Fatalf("%s: %v", expression, err)
	}
}

// open opens a page at a width, in a language.
func (c *chromium) open(path string, lang link.Lang, width int64) {
	c.Helper()
	accept := map[link.Lang]string{link.Portuguese: "pt-BR", link.English: "en"}[lang]
	c.run(emulation.SetDeviceMetricsOverride(width, 800, 1, width < 800),
		network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": accept}), chromedp.Navigate(c.url+path))
}

func (c *chromium) logIn(user string) {
	c.Helper()
	c.open("login", link.Portuguese, 1280)
	c.run(chromedp.SendKeys("#user", user), chromedp.SendKeys("#password", password), chromedp.Submit("#password"), chromedp.WaitVisible("#queues"))
}

// checks find, in the page, what people with impairments stumble over; they stand in for axe-core where
// that is not to be had.
const checks = `(() => {
  const found = [];
  const name = (e) => (e.getAttribute('aria-label') || e.textContent || e.title || '').trim() || [...e.querySelectorAll('img[alt]')].map((i) => i.alt).join('');
  if (!document.documentElement.lang) found.push('no language');
  if (!document.title) found.push('no title');
  for (const tag of ['main', 'header', 'footer', 'h1']) if (document.querySelectorAll(tag).length !== 1) found.push(document.querySelectorAll(tag).length + ' times ' + tag);
  for (const e of document.querySelectorAll('input:not([type=hidden]), select, textarea')) if (!e.labels.length && !e.getAttribute('aria-label')) found.push('no label: ' + e.outerHTML);
  for (const e of document.querySelectorAll('a[href], button, summary')) if (!name(e)) found.push('no name: ' + e.outerHTML);
  for (const e of document.querySelectorAll('img:not([alt])')) found.push('no alt: ' + e.outerHTML);
  for (const e of document.querySelectorAll('table')) if (!e.caption || [...e.querySelectorAll('th')].some((h) => !h.scope)) found.push('table without caption or scope');
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push('id twice: ' + id);
  const rgb = (s) => s.match(/[\d.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] === 1) return c; } return [255, 255, 255]; };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) {
    const e = n.parentElement;
    if (!n.data.trim() || !e.checkVisibility() || e.closest('.unseen, .skip, svg')) continue;
    const s = getComputedStyle(e), a = light(rgb(s.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    const large = parseFloat(s.fontSize) >= 24 || parseFloat(s.fontSize) >= 18.66 && +s.fontWeight >= 700;
    if (ratio < (large ? 3 : 4.5)) found.push('contrast ' + ratio.toFixed(2) + ': ' + n.data.trim().slice(0, 40));
  }
  return [...new Set(found)];
})()`

// inspect looks for what is wrong with the page that is open.
func (c *chromium) inspect(axe string) []string {
	c.Helper()
	var found []string
	c.eval(checks, &found)
	var wide int
	c.eval(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &wide)
	if wide > 0 {
		found = append(found, fmt.Sprintf("%d pixels wider than the window", wide))
	}
	if axe != "" {
		var loaded bool
		c.eval(axe+"\n;true", &loaded)
		var serious []string
		c.run(chromedp.Evaluate(`axe.run().then((r) => r.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => 'axe ' + v.id + ': ' + v.nodes.map((n) => n.target).join(' ')))`,
			&serious, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
		found = append(found, serious...)
	}
	var text string
	c.eval(`document.body.innerText`, &text)
	for key := range texts {
		if strings.Contains(key, ".") && strings.Contains(text, key) && !strings.Contains(text, "."+key) {
			found = append(found, "untranslated "+key)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	found, c.wrong = append(found, c.wrong...), nil
	return found
}

// busy adds what a hub in use has: more customers, messages in every state.
func (w *world) busy() {
	w.Helper()
	ctx := w.Context()
	for i, name := range []string{"Usina São João Ltda.", "Cooperativa Vale Verde"} {
		company, err := w.store.CreateCompany(ctx, "ana", link.CompanyRequest{Name: name})
		w.must(err)
		t, err := w.store.CreateTenant(ctx, "ana", link.TenantRequest{Company: company.ID.String(), Name: []string{"Homologação", "Produção"}[i]})
		w.must(err)
		c, err := w.store.CreateClient(ctx, "ana", link.ClientRequest{TenantID: t.ID.String(), Name: "rm", Apps: []string{"GESPLAN-RM"}})
		w.must(err)
		_, err = w.engine.Setup(ctx, queue.Setup{Queue: queue.Name{Tenant: t.ID, Client: c.ID}, Subscriptions: []string{command}, RequeueCountMax: 10})
		w.must(err)
	}
	for range 6 {
		w.publish()
		w.clock.Advance(97 * time.Second)
	}
	_, err := w.engine.Setup(ctx, queue.Setup{Queue: w.queue, RequeueCountMax: 10, Subscriptions: []string{
		command, "FinLanAltDataCommand", "FinXCXIncDataCommand", "FinXCXAltDataCommand", "CtbLanIncDataCommand", "CtbLanAltDataCommand",
	}})
	w.must(err)
	got, err := w.engine.Get(ctx, queue.Get{Queue: w.queue, Max: 2, Lease: link.MaxLease, Installation: "11111111-2222-4333-8444-555555555555"})
	w.must(err)
	_, err = w.engine.Settle(ctx, w.queue, []queue.Settle{{Tag: got[1].Tag, How: queue.Requeue, Reason: "o banco não responde", After: time.Hour}})
	w.must(err)
	w.clock.Advance(40 * time.Second)
}

// atWork starts jobs: one that runs on, one that is done, and one that was cancelled; the queue's dead
// letters hold their key.
func (w *world) atWork() {
	w.Helper()
	ctx, o := w.Context(), exchange.Operator{Name: "olga", Role: link.RoleOperator}
	for range 12 {
		w.publish()
	}
	w.kill(w.queue, 12)
	done, err := w.exchange.StartJob(ctx, o, exchange.Work{Kind: exchange.JobDiscard, Queue: w.queue, List: link.ListDead, Type: "CtbLanIncDataCommand", Reason: "dados de teste"})
	w.must(err)
	w.until(done.ID, func(j link.Job) bool { return j.State == link.JobDone })
	slow := exchange.Work{Kind: exchange.JobRedrive, Queue: w.queue, List: link.ListDead, Rate: 1}
	stopped, err := w.exchange.StartJob(ctx, o, slow)
	w.must(err)
	_, err = w.exchange.CancelJob(ctx, o, stopped.ID)
	w.must(err)
	w.until(stopped.ID, func(j link.Job) bool { return j.State == link.JobCancelled })
	slow.Kind, slow.Reason = exchange.JobDiscard, "enviadas em duplicidade"
	running, err := w.exchange.StartJob(ctx, o, slow)
	w.must(err)
	w.until(running.ID, func(j link.Job) bool { return j.Done >= 1 })
	_, err = w.exchange.ChangeQueue(ctx, o, w.queue, link.QueueChange{Hold: new(true)})
	w.must(err)
}

// until waits for a job to be as wanted.
func (w *world) until(id uuid.UUID, ok func(link.Job) bool) {
	w.Helper()
	for {
		j, err := w.exchange.Job(w.Context(), exchangeViewer, id)
		w.must(err)
		if ok(j) {
			return
		}
		goruntime.Gosched()
	}
}

// TestPagesInBothLanguagesAndWidths looks at every page, and keeps a picture of each.
func TestPagesInBothLanguagesAndWidths(t *testing.T) {
	images := os.Getenv("SMARTLINK_IMAGES")
	axe := ""
	if file := os.Getenv("SMARTLINK_AXE"); file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		axe = string(b)
	} else {
		t.Log("without axe-core: labels, names, landmarks, tables and contrast are looked at by checks of our own")
	}
	w := newWorld(t)
	w.busy()
	full := "queues/" + w.queue.String()
	c := w.chromium()
	look := func(page, path string, prepare ...chromedp.Action) {
		for _, lang := range languages {
			for _, width := range []int64{1280, 390} {
				c.open(path, lang, width)
				var live bool
				if c.eval(`!!document.querySelector('#live')`, &live); live {
					c.live()
				}
				c.run(prepare...)
				var picture []byte
				c.run(chromedp.FullScreenshot(&picture, 100))
				for _, found := range c.inspect(axe) {
					if page == "error" && strings.Contains(found, "status of 404") {
						continue // what the page is about
					}
					t.Errorf("%s %s %d: %s", page, lang, width, found)
				}
				if images != "" {
					w.must(os.WriteFile(filepath.Join(images, fmt.Sprintf("%s-%s-%d.png", page, lang, width)), picture, 0o644))
				}
			}
		}
	}
	look("login", "login")
	c.logIn("ana")
	look("queues", "")
	look("queues-none", "?company=Nobody")
	look("queue-main", full, chromedp.Click("#list summary", chromedp.ByQuery))
	look("queue-subscriptions", full+"?tab=subscriptions")
	look("queue-dead", full+"?tab=dead")
	look("queue-history", full+"?tab=history")
	look("queue-empty", full+"?type=CtbLanIncDataCommand")
	look("message", "messages/"+w.message.String())
	look("message-refused", "messages/"+w.refused.String())
	look("message-dead", "messages/"+w.dead.String())
	look("act-redrive", full+"/act?do=redrive&id="+w.dead.String()+"&id="+w.message.String())
	look("act-redrive-all", full+"/act?do=redrive-all")
	look("act-discard-all", full+"/act?do=discard-all&list=dead")
	look("copy", "messages/"+w.refused.String()+"/copy")
	look("search", "search?q="+url.QueryEscape("contract 42/2024-03/accrual"))
	look("search-by", "search?tenant="+tenant.String()+"&path=/data/CodCfo&value=F-SECRETO&scan=true")
	look("search-index", "search?tenant="+tenant.String()+"&path=/data/CodCfo&value=F001")
	look("search-none", "search?q=nothing")
	look("jobs-none", "jobs")
	w.atWork()
	look("queue-jobs", full+"?tab=dead&did=redriven&n=3&left=1", chromedp.Click("#work summary", chromedp.ByQuery))
	look("jobs", "jobs")
	look("installations", "installations")
	const bound = "11111111-2222-4333-8444-555555555555" // which has told of its health
	instance, active := uuid.New(), uuid.New()
	for _, x := range []struct {
		installation, host string
		instance, run      uuid.UUID
	}{
		{bound, "erp-01", instance, active}, {bound, "erp-02", uuid.New(), uuid.New()}, {bound, "clone-01", instance, uuid.New()}, {bound, "erp-01", instance, active},
		{"22222222-2222-4333-8444-555555555555", "test-01", uuid.New(), uuid.New()},
	} {
		w.hold(x.installation, x.host, x.instance, x.run)
	}
	look("installations-guard", "installations")
	w.asksForHelp(bound, instance, active)
	look("message-help", "messages/"+w.refused.String())
	look("help", "messages/"+w.refused.String()+"/help?do=discard&queue="+w.queue.String())
	look("admin-tenants", "admin/tenants", chromedp.Click(".work summary", chromedp.ByQuery))
	look("admin-apps", "admin/apps?code=GESPLAN-RM")
	look("admin-clients", "admin/clients?tenant="+tenant.String(), chromedp.Click(".work summary", chromedp.ByQuery))
	look("admin-client", "admin/clients/"+string(w.client), chromedp.Click("table summary", chromedp.ByQuery))
	look("admin-users", "admin/users", chromedp.Click(".work summary", chromedp.ByQuery))
	look("admin-user", "admin/user?name=olga")
	look("admin-audit", "admin/audit?action=message.")
	w.keeping() // in weeks, after which nobody is logged in
	c.logIn("ana")
	look("admin-tenant", "admin/tenants/"+tenant.String())
	look("admin-tenant-preview", "admin/tenants/"+tenant.String()+"?see=1&history=3&waiting=10&dead=10")
	look("admin-tenant-erase", "admin/tenants/"+tenant.String()+"/erase")
	look("message-erase", "messages/"+w.dead.String()+"/erase")
	look("message-erased", "messages/"+w.refused.String())
	look("admin-schemas", "admin/schemas", chromedp.Click(".work summary", chromedp.ByQuery))
	look("admin-schema", "admin/schema?type=Note&tenant="+tenant.String())
	look("admin-search", "admin/search?type=Note&tenant="+tenant.String())
	_, err := w.exchange.EraseTenant(t.Context(), exchange.Operator{Name: "ana", Role: link.RoleAdministrator}, tenant, "fim do contrato")
	w.must(err)
	w.ended()
	look("admin-tenant-erased", "admin/tenants/"+tenant.String())
	look("account", "account")
	look("error", "messages/"+uuid.Nil.String())
}

// TestFollowAMessage does what a support analyst does: log in, filter, open the queue, its dead
// letters, a message, and read why.
func TestFollowAMessage(t *testing.T) {
	w := newWorld(t)
	c := w.chromium()
	c.logIn("olga")
	c.live()
	c.run(chromedp.SendKeys("#f-company", "boa vista"), chromedp.Submit("#f-company"), chromedp.WaitVisible(`.filters a.button`))
	c.live()
	c.run(chromedp.Click(`#queues a.id`), chromedp.WaitVisible("#tabs"))
	c.live()
	c.run(chromedp.Click(`#tabs a[href="?tab=dead"]`), chromedp.WaitVisible(`#list a[href$="`+w.dead.String()+`"]`))
	c.live()
	c.run(chromedp.Click(`#list a[href$="`+w.dead.String()+`"]`), chromedp.WaitVisible("#timeline"))
	c.live()
	c.until(`document.querySelector('#where').innerText.includes('sem espaço em disco') && document.querySelector('#body').innerText.includes('` + secret + `')`)
	c.run(chromedp.SendKeys("#find", w.refused.String()), chromedp.Submit("#find"), chromedp.WaitVisible("#answer .faults"))
	c.live()
	c.run(chromedp.Click(`.languages button[value=en]`), chromedp.WaitVisible("html[lang=en] #answer .faults"))
	c.live()
	c.until(`document.querySelector('#answer').innerText.includes('Unknown supplier.')`)
	c.run(chromedp.Submit(`.who form button`), chromedp.WaitVisible("#user"))
	c.quiet()
}

// live waits until the page's script has done all it does by itself.
func (c *chromium) live() {
	c.Helper()
	c.until(`document.readyState === 'complete' && document.querySelector('#live').dataset.state === 'on'`)
}

// quiet checks that the console had nothing to complain about.
func (c *chromium) quiet() {
	c.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.wrong) > 0 {
		b, _ := json.Marshal(c.wrong) // strings always marshal
		c.Errorf("the console says %s", b)
	}
}

// TestPageIsLive: what changes at the hub appears by itself, unless the reader has paused it; what the
// reader has opened stays open.
func TestPageIsLive(t *testing.T) {
	w := newWorld(t)
	c := w.chromium()
	c.logIn("vera")
	c.open("queues/"+w.queue.String(), link.Portuguese, 1280)
	c.live()
	c.run(chromedp.Click("#list summary", chromedp.ByQuery), chromedp.Evaluate(`document.activeElement.blur()`, nil))
	w.publish()
	w.clock.Advance(lookEvery)
	c.until(`document.querySelectorAll('#list tbody tr').length === 2`)
	c.until(`document.querySelector('#list details').open`)
	c.run(chromedp.Click("#live"))
	c.until(`document.querySelector('#live').dataset.state === 'off'`)
	w.publish()
	w.clock.Advance(lookEvery)
	c.run(chromedp.Click("#live"), chromedp.Evaluate(`document.activeElement.blur()`, nil))
	c.until(`document.querySelectorAll('#list tbody tr').length === 3`)
	c.quiet()
}

// TestWithoutScripts: the pages say everything without scripts, and the language can be changed.
func TestWithoutScripts(t *testing.T) {
	w := newWorld(t)
	c := w.chromium()
	c.run(emulation.SetScriptExecutionDisabled(true))
	c.logIn("vera")
	c.open("queues/"+w.queue.String(), link.Portuguese, 390)
	c.run(chromedp.WaitVisible(`#list a[href$="`+w.message.String()+`"]`), chromedp.WaitReady("#live[hidden]"), chromedp.Click(`.languages button[value=en]`),
		chromedp.WaitVisible(`html[lang=en] #list`))
	c.quiet()
}
