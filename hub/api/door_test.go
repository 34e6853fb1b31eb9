package api_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"smartlink/link"
)

// TestLargeBodyIsNotReadOn: the refusal comes while most of the body has not been sent, and the
// connection ends.
func TestLargeBodyIsNotReadOn(t *testing.T) {
	w := newWorld(t)
	for name, framing := range map[string]struct {
		header string
		begin  string
	}{
		"announced":           {"Content-Length: 1000000000", "{"},
		"announced, expected": {"Content-Length: 1000000000\r\nExpect: 100-continue", ""},
		"chunked":             {"Transfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s\r\n", link.MaxBody+1, strings.Repeat("x", link.MaxBody+1))},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n%s\r\n\r\n%s",
				sendPath, w.keys["gesplan"], framing.header, framing.begin)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != http.StatusRequestEntityTooLarge || !resp.Close || !strings.Contains(string(body), string(link.CodeBodyTooLarge)) {
				t.Errorf("%d, close %v: %s", resp.StatusCode, resp.Close, body)
			}
		})
	}
}

// TestTruncatedBodyStoresNothing: a body that ends early is no message.
func TestTruncatedBodyStoresNothing(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	w.must(err)
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer %s\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nhalf", sendPath, w.keys["gesplan"])
	w.must(err)
	w.must(conn.(*net.TCPConn).CloseWrite())
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	w.must(err)
	defer func() { _ = resp.Body.Close(); _ = conn.Close() }()
	if resp.StatusCode != http.StatusRequestTimeout {
		t.Errorf("status %d", resp.StatusCode)
	}
	w.want(request{as: "rm", path: "/api/v1/link/get"}, http.StatusNoContent, "")
}

// waiting starts a long poll and returns when it waits. Its status comes later, 0 when there was no
// answer.
func (w *world) waiting(ctx context.Context, as string) <-chan int {
	w.Helper()
	done := make(chan int, 1)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/api/v1/link/get?wait=30s", nil)
	w.must(err)
	req.Header.Set("Authorization", "Bearer "+w.keys[as])
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			done <- 0
			return
		}
		_ = resp.Body.Close()
		done <- resp.StatusCode
	}()
	<-w.sleeps
	return done
}

func TestLongPoll(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	answered := w.waiting(t.Context(), "rm")
	w.send(`{"data":{}}`)
	if status := <-answered; status != http.StatusOK {
		t.Fatalf("a message came: %d", status)
	}
	answered = w.waiting(t.Context(), "rm")
	w.clock.Advance(link.MaxWait)
	if status := <-answered; status != http.StatusNoContent {
		t.Fatalf("nothing came: %d", status)
	}
	answered = w.waiting(t.Context(), "rm")
	w.door.EndWaits()
	if status := <-answered; status != http.StatusNoContent {
		t.Fatalf("the hub stops: %d", status)
	}
	// From then on nobody waits, and readiness says so.
	w.want(request{as: "rm", path: "/api/v1/link/get?wait=30s"}, http.StatusNoContent, "")
	w.want(request{method: "GET", path: "/readyz"}, http.StatusServiceUnavailable, link.CodeUnavailable)
}

// TestReaderThatGoesAwayLosesNothing: a message sent after its reader has gone is another reader's,
// at the first attempt.
func TestReaderThatGoesAwayLosesNothing(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	ctx, cancel := context.WithCancel(t.Context())
	gone := w.waiting(ctx, "rm")
	cancel()
	<-gone
	w.log.wait("status=499") // the hub has noticed
	w.send(`{"data":{}}`)
	if d := w.get("rm", ""); len(d) != 1 || d[0].Attempt != 1 {
		t.Errorf("got %+v", d)
	}
}

func TestReadiness(t *testing.T) {
	w := newWorld(t)
	w.want(request{method: "GET", path: "/healthz"}, http.StatusOK, "")
	w.want(request{method: "GET", path: "/readyz"}, http.StatusOK, "")
	err := errors.New("disk full")
	w.sick.Store(&err)
	a := w.want(request{method: "GET", path: "/readyz"}, http.StatusServiceUnavailable, link.CodeUnavailable)
	if a.Header.Get("Retry-After") == "" || strings.Contains(string(a.body), "disk full") {
		t.Errorf("%v %s", a.Header, a.body)
	}
	w.want(request{method: "GET", path: "/healthz"}, http.StatusOK, "")
	w.sick.Store(nil)
	w.want(request{method: "GET", path: "/readyz"}, http.StatusOK, "")
}

// TestLogTellsNoSecretAndNoBody looks for credentials and bodies in everything logged, at the most
// talkative level, while calls succeed and fail.
func TestLogTellsNoSecretAndNoBody(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	w.send(`{"data":{"secretive":"body"}}`)
	w.do(request{as: "gesplan", path: sendPath, body: `{"secretive":`})
	w.do(request{as: "gesplan", path: sendPath + "?token=secretive", body: `{"header":{"type":"secretive"},"data":{}}`})
	w.do(request{as: "Bearer secretive", method: "GET", path: "/api/v1/admin/apps"})
	w.do(request{path: "/api/v1/admin/init", body: `{"code":"secretive","user":"x"}`})
	created := into[link.ClientCreated](t, w.want(request{as: "ana", path: "/api/v1/admin/clients", body: `{"tenantId":"` + tenant.String() + `","name":"new","apps":["GESPLAN"]}`}, 201, ""))
	log := w.log.String()
	for name, secret := range map[string]string{"body or wrong credential": "secretive", "secret": created.Secret, "API key": w.keys["ana"], "token": w.keys["gesplan"]} {
		if strings.Contains(log, secret) {
			t.Errorf("the log tells a %s", name)
		}
	}
	for _, attr := range []string{"tenant=" + tenant.String(), "type=" + command, "messageId=", "queue=", "code=SL-BODY-NOT-JSON", "path=/api/v1/link/send/{type}/{audience}"} {
		if !strings.Contains(log, attr) {
			t.Errorf("the log lacks %s", attr)
		}
	}
}

// TestPanicIsAnInternalError: one broken request is answered, told in the log, and hurts no other.
func TestPanicIsAnInternalError(t *testing.T) {
	w := newWorld(t)
	a := w.want(request{path: "/totvs.rac/anything"}, http.StatusInternalServerError, link.CodeInternal)
	if strings.Contains(string(a.body), "secretive") {
		t.Errorf("the caller sees the cause: %s", a.body)
	}
	w.log.wait("panic: secretive")
	w.want(request{method: "GET", path: "/healthz"}, http.StatusOK, "")
}

// TestHeadLeasesNothing: a HEAD has no body, so its messages would be lost until their leases end.
func TestHeadLeasesNothing(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	w.send(`{"data":{}}`)
	if a := w.do(request{as: "rm", method: http.MethodHead, path: "/api/v1/link/get"}); a.StatusCode != http.StatusMethodNotAllowed || a.Header.Get("Allow") == "" {
		t.Errorf("HEAD answered %d", a.StatusCode)
	}
	if d := w.get("rm", ""); d[0].Attempt != 1 {
		t.Errorf("attempt %d", d[0].Attempt)
	}
}

func TestMetrics(t *testing.T) {
	w := newWorld(t)
	w.setup("rm", command)
	w.send(`{"data":{}}`)
	w.do(request{as: "gesplan", path: "/api/v1/link/send/MOVreadXGsp", body: `{}`})
	d := w.get("rm", "")[0]
	w.do(request{as: "rm", path: "/api/v1/link/ack", body: fmt.Sprintf(`{"deliveryTag":%d,"dead":true}`, d.Tag)})
	w.do(request{path: "/no/such/path"})
	read := w.clock.Now()
	w.clock.Advance(time.Hour)
	sent := w.clock.Now()
	w.send(`{"data":{}}`)
	at := func(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMicro())/1e6, 'g', -1, 64) }
	ofQueue := `{client="` + string(w.ids["rm"]) + `",tenant="` + tenant.String() + `"} `
	body := string(w.want(request{method: "GET", path: "/metrics"}, http.StatusOK, "").body)
	for _, line := range []string{
		`smartlink_sends_total{result="stored"} 2`, `smartlink_sends_total{result="SL-NO-ROUTE"} 1`, `smartlink_deliveries_total 1`,
		`smartlink_settlements_total{result="dead"} 1`,
		`smartlink_http_requests_total{method="POST",path="/api/v1/link/send/{type}/{audience}",status="202"} 2`,
		`smartlink_http_requests_total{method="POST",path="none",status="404"} 1`,
		`smartlink_queue_messages{client="` + string(w.ids["rm"]) + `",state="dead",tenant="` + tenant.String() + `"} 1`,
		"smartlink_queue_oldest_timestamp_seconds" + ofQueue + at(sent), "smartlink_queue_last_get_timestamp_seconds" + ofQueue + at(read),
		`smartlink_queues_not_shown 0`, `smartlink_history_round_failed 0`,
	} {
		if !strings.Contains(body, line) {
			t.Errorf("metrics lack %s", line)
		}
	}
	if strings.Contains(body, "/no/such/path") {
		t.Error("a caller's path became a label")
	}
}

// TestDocsPage: the page shows every limit in both languages, and everything it links to is there.
func TestDocsPage(t *testing.T) {
	w := newWorld(t)
	if a := w.want(request{method: "GET", path: "/"}, http.StatusOK, ""); a.Request.URL.Path != "/docs" {
		t.Errorf("the hub's address leads to %s", a.Request.URL)
	}
	for lang, word := range map[link.Lang]string{link.Portuguese: "Limites", link.English: "Limits"} {
		page := string(w.want(request{method: "GET", path: "/docs?lang=" + string(lang)}, http.StatusOK, "").body)
		if !strings.Contains(page, `<html lang="`+string(lang)+`">`) || !strings.Contains(page, word) {
			t.Errorf("%s: %s", lang, page)
		}
		for _, l := range link.Limits() {
			if !strings.Contains(page, l.Name+`</th><td>`+l.Value+`</td><td>`+l.Meaning.In(lang)) {
				t.Errorf("%s lacks %+v", lang, l)
			}
		}
		links := regexp.MustCompile(`<a href="([^?#"]+)"`).FindAllStringSubmatch(page, -1)
		if len(links) < 6 {
			t.Errorf("links %q", links)
		}
		for _, l := range links {
			if strings.HasPrefix(l[1], "totvs.rac/") {
				continue // served by the identity, which is not real here
			}
			if a := w.do(request{method: "GET", path: "/" + l[1]}); a.StatusCode != http.StatusOK {
				t.Errorf("%s: %d", l[1], a.StatusCode)
			}
		}
	}
}

func TestProblemsPage(t *testing.T) {
	w := newWorld(t)
	for query, words := range map[string][]string{
		"?lang=pt": {`<html lang="pt">`, "Ninguém recebe este tipo", "status HTTP 422"},
		"?lang=en": {`<html lang="en">`, "Nobody hears this type", "HTTP status 422"},
		"":         {`<html lang="en">`},
	} {
		a := w.want(request{method: "GET", path: "/docs/problems" + query}, http.StatusOK, "")
		for _, word := range words {
			if !strings.Contains(string(a.body), word) {
				t.Errorf("%s lacks %s", query, word)
			}
		}
		for _, e := range link.Entries() {
			if !strings.Contains(string(a.body), `id="`+string(e.Code)+`"`) {
				t.Errorf("%s has no place for %s", query, e.Code)
			}
		}
	}
}
