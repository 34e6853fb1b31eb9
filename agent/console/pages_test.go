//go:build pages

package console

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/agent/window"
	"smartlink/link"
)

// These tests look at the pages in Chromium. `./ci/test pages` runs them; SMARTLINK_IMAGES names the
// folder that gets a picture of every page, SMARTLINK_AXE a file with axe-core.

// lacks finds what people with impairments stumble over, and what does not fit.
const lacks = `(() => {
  const found = [];
  for (const tag of ['main', 'header', 'footer', 'h1']) if (document.querySelectorAll(tag).length !== 1) found.push(document.querySelectorAll(tag).length + ' times ' + tag);
  for (const e of document.querySelectorAll('input:not([type=hidden]), select, textarea')) if (!e.labels.length) found.push('no label: ' + e.outerHTML);
  for (const e of document.querySelectorAll('a[href], button')) if (!e.textContent.trim()) found.push('no name: ' + e.outerHTML);
  for (const e of document.querySelectorAll('table')) if (!e.caption || [...e.querySelectorAll('th')].some((h) => !h.scope)) found.push('table without caption or scope');
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push('id twice: ' + id);
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) found.push(wide + ' pixels wider than the window');
  const rgb = (s) => s.match(/[\d.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] === 1) return c; } return [255, 255, 255]; };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) {
    const e = n.parentElement;
    if (!n.data.trim() || !e.checkVisibility() || e.closest('.unseen, .skip')) continue;
    const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e)), ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) found.push('contrast ' + ratio.toFixed(2) + ': ' + n.data.trim().slice(0, 40));
  }
  return [...new Set(found)];
})()`

const seriousOnes = `axe.run().then((r) => r.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => 'axe ' + v.id + ': ' + v.nodes.map((n) => n.target).join(' ')))`

// pageTimeout ends a browser that hangs. A busy machine takes a minute for what usually takes seconds.
const pageTimeout = 4 * time.Minute

// TestPagesInBothLanguagesAndWidths goes an administrator's way in a browser: log in, search, activate,
// look; it looks at every page and keeps a picture of each.
func TestPagesInBothLanguagesAndWidths(t *testing.T) {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("Chromium is not installed: the console's pages are NOT tested")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(time.Minute))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	ctx, end = chromedp.NewContext(ctx)
	t.Cleanup(end)
	ctx, end = context.WithTimeout(ctx, pageTimeout)
	t.Cleanup(end)
	w := newWorld(t)
	w.status.Contact = w.clock.Now()
	unknown := w.outside()
	axe := ""
	if file := os.Getenv("SMARTLINK_AXE"); file != "" {
		b, err := os.ReadFile(file)
		w.must(err)
		axe = string(b)
	}
	page := ""
	chromedp.ListenTarget(ctx, func(event any) {
		if e, ok := event.(*log.EventEntryAdded); ok && e.Entry.Level == log.LevelError && !strings.Contains(e.Entry.Text, "status of 409") {
			t.Errorf("%s: the console says %s %s", page, e.Entry.Text, e.Entry.URL)
		}
	})
	run := func(actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(ctx, actions...); err != nil {
			t.Fatalf("%s: %v", page, err)
		}
	}
	speak := func(lang string) chromedp.Action {
		return network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": lang})
	}
	look := func(name, address string) {
		t.Helper()
		page = name
		for _, lang := range []string{"pt", "en"} {
			for _, width := range []int64{1280, 390} {
				var how []chromedp.EmulateViewportOption
				if width < 800 {
					how = append(how, chromedp.EmulateMobile)
				}
				var picture []byte
				var found []string
				run(chromedp.EmulateViewport(width, 800, how...), speak(lang),
					chromedp.Navigate(w.front.URL+address), chromedp.FullScreenshot(&picture, 100), chromedp.Evaluate(lacks, &found))
				if axe != "" {
					var loaded bool
					var serious []string
					run(chromedp.Evaluate(axe+"\n;true", &loaded), chromedp.Evaluate(seriousOnes, &serious,
						func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
					found = append(found, serious...)
				}
				var spoken string
				run(chromedp.Evaluate(`document.documentElement.lang`, &spoken))
				if !strings.HasPrefix(spoken, lang) {
					found = append(found, "speaks "+spoken)
				}
				for _, f := range found {
					t.Errorf("%s %s %d: %s", name, lang, width, f)
				}
				if images := os.Getenv("SMARTLINK_IMAGES"); images != "" {
					w.must(os.WriteFile(filepath.Join(images, fmt.Sprintf("console-%s-%s-%d.png", name, lang, width)), picture, 0o644)) //nolint:gosec // a public picture
				}
			}
		}
	}
	run(log.Enable())
	look("login", "/login")
	run(chromedp.SendKeys("#password", w.password), chromedp.Submit("#password"), chromedp.WaitVisible("nav.parts"))
	look("options-none", "/options")
	page = "the steps of an activation"
	run(speak("en"), chromedp.Navigate(w.front.URL+"/activation"), chromedp.SetValue("#server", "http://hub.example"), chromedp.SetValue("#environment", ""),
		chromedp.SendKeys("#client_id", clientID), chromedp.SendKeys("#client_secret", secret), chromedp.Submit("#client_secret"),
		chromedp.WaitVisible("#app-BOOKS"), chromedp.Click("#app-BOOKS"), chromedp.Click(`button[value=execute]`), chromedp.WaitVisible(`//td[contains(., "last run on")]`))
	look("activation", "/activation")
	look("options", "/options")
	look("overview", "/")
	look("messages", "/messages")
	look("message-rejected", "/messages/"+w.rejected.Message.ID.String())
	look("message-blocked", "/messages/"+w.blocked.Message.ID.String())
	look("message-outside", "/messages/"+unknown.Message.ID.String())
	look("message-done", "/messages/"+w.booked.Message.ID.String())
	look("executions", "/executions")
	look("edit", "/messages/"+w.rejected.Message.ID.String()+"/edit")
	d := w.box.Desk("ana")
	w.must(d.SetType(t.Context(), agenttest.Command, inbox.TypeOptions{HoldNext: 2, MinutesInterval: 7}))
	look("options-types", "/options")
	_, err := w.box.Store(t.Context(), []link.Delivery{agenttest.Delivery("held"), agenttest.Delivery("held, too")})
	w.must(err)
	w.must(d.Edit(t.Context(), w.rejected.Message.ID, []byte(`{"doc":"mended"}`), "the supplier's new code"))
	w.must(d.SetWindow(t.Context(), window.Window{Name: "nights", Kind: window.Weekly, Days: []string{"mon", "fri"}, From: "22:00", To: "06:00"}))
	w.must(d.SetWindow(t.Context(), window.Window{Name: "month-close", Kind: window.Monthly, From: "last 18:00", To: "5 08:00"}))
	w.must(d.SetWindow(t.Context(), window.Window{
		Name: "supplier-review", Kind: window.Weekly, Days: window.Days(), From: "00:00", To: "24:00", Types: []string{agenttest.Command, "OtherCommand"},
	}))
	look("windows", "/windows")
	look("options-type", "/options/"+agenttest.Command)
	w.must(d.RemoveWindow(t.Context(), "supplier-review"))
	w.must(d.AllowHelp(t.Context(), 4*time.Hour))
	w.must(d.Pause(t.Context(), "inventory until noon"))
	look("control", "/control")
	look("message-edited", "/messages/"+w.rejected.Message.ID.String())
	look("messages-onhold", "/messages?state=onhold")
	look("error", "/messages/00000000-0000-0000-0000-000000000001")
}
