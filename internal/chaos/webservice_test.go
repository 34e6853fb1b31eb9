//go:build killpoints

package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"smartlink/examples"
	"smartlink/link"
)

// What the host of RM does to its callers while it is killed again and again: of a hundred calls so many.
const hostTroubles = "fault-before=4,fault-after=8,close-before=4,close-after=8,torn-after=4,late=4,slow=2,unavailable=1,session-ends=2,read-fault=1,read-close=1"

// rmHost is a stand-in for RM's web services, in a process that dies and comes back.
type rmHost struct {
	t        *testing.T
	bin, dir string
	listen   string
	seed     int
	troubles int // that it made before its last start
	*process
}

// start starts the host where it was before, with other draws.
func (h *rmHost) start() {
	h.t.Helper()
	h.count()
	h.seed++
	h.process = launch(h.t, h.bin, nil, "rm", "host", "--listen", h.listen, "--data", h.dir, "--session-calls", "40",
		"--misbehave", hostTroubles, "--seed", strconv.Itoa(h.seed), "--slow", "200ms", "--late", "400ms")
}

// count adds up the troubles of a run that is over.
func (h *rmHost) count() {
	if h.process != nil {
		h.troubles += strings.Count(h.log(), "msg=trouble ")
	}
}

// TestAgentAndRMKilledWithAWebService kills the agent at every point of a call, and the host of RM at random
// moments, while commands are saved through a host that misbehaves. What is in the host's books afterwards is
// what was answered, each once.
func TestAgentAndRMKilledWithAWebService(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	host := &rmHost{t: t, bin: build(t), dir: filepath.Join(dir, "rm-host"), listen: l.Addr().String()}
	w := newWorld(t, host.bin, dir, filepath.Join(dir, "rm.db"))
	w.config = filepath.Join(dir, "smartlink.yaml")
	yaml := fmt.Sprintf(`agent:
  writer: webservice
  webservice: {url: "http://%s", user: smartlink, password: smartlink, culture: pt-BR, timeout: 2s, parallel: 2,
    customFields: {FLANCOMPL: {CONTRATO: 40}, FXCXCOMPL: {CONTRATO: 40}}}
`, host.listen)
	if err := os.WriteFile(w.config, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	if !w.agent.stop() {
		t.Fatal(w.agent.log())
	}
	_ = l.Close() // only now, so that nobody else is given the port
	host.start()
	t.Cleanup(func() { host.kill() })
	w.start(false, "")
	var answers []string
	for _, example := range []string{examples.FinLanInc, examples.FinXCXInc, examples.CtbLanInc} {
		answers = append(answers, link.ResponseType(examples.Type(example)))
	}
	if _, err := w.gesplan.Setup(t.Context(), link.SetupRequest{Subscriptions: answers}); err != nil {
		t.Fatal(err)
	}
	repeats := 1
	if os.Getenv("SMARTLINK_CHAOS_LONG") != "" {
		repeats = 10
	}
	rounds := 0
	for range repeats {
		for _, point := range callPoints {
			began := time.Now()
			w.hostRound(host, round{point: point, n: 1 + rand.IntN(3)}, rounds%2 == 1)
			w.t.Logf("%s: survived, %s", point, time.Since(began).Round(time.Millisecond))
			rounds++
		}
	}
	w.books = filepath.Join(host.dir, "rm.db")
	w.finish("chaos with a web service", rounds)
	if !host.stop() {
		t.Errorf("no clean stop:\n%s", host.log())
	}
	if host.count(); host.troubles == 0 {
		t.Error("the host never misbehaved")
	}
	t.Logf("the host made trouble %d times", host.troubles)
}

// hostRound sends commands while the agent dies once in a call, and the host once at a random moment. Every
// second round ends with an answer to each command: one that dies three times with its agent waits for a
// person.
func (w *world) hostRound(host *rmHost, r round, settle bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), roundTime)
	defer cancel()
	victim := w.arm(r)
	if err := w.send(ctx, 12); err != nil {
		w.fail(r, err)
	}
	for range 2 {
		w.serial++
		if err := w.sendOne(ctx, examples.FinXCXInc, w.serial, "statement"); err != nil {
			w.fail(r, err)
		}
	}
	pause := time.NewTimer(rand.N(500 * time.Millisecond))
	<-pause.C
	host.kill()
	host.start()
	w.awaitAgent(ctx, r, victim)
	if !settle {
		return
	}
	if err := w.settle(ctx); err != nil {
		w.fail(r, err)
	}
}
