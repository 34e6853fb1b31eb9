package outside_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/agent/outside"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/link"
)

// program is a consumer written for Node.
type program struct {
	t    *testing.T
	file string
	port string
	cmd  *exec.Cmd
}

// start runs the program, at the port it had before.
func (p *program) start() {
	p.t.Helper()
	p.cmd = exec.Command("node", filepath.Join("testdata", "consumer.mjs"), p.file, p.port)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.t.Fatal(err)
	}
	p.port = strings.TrimSpace(line)
}

func (p *program) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// TestConsumerInAnotherLanguage books, refuses, and dies before and after it has booked. Each document is
// booked once.
func TestConsumerInAnotherLanguage(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed: a consumer in another language is NOT tested")
	}
	p := &program{t: t, file: filepath.Join(t.TempDir(), "booked.jsonl"), port: "0"}
	p.start()
	defer func() { p.stop() }()
	c, err := outside.New(outside.Config{Type: agenttest.Command, URL: "http://127.0.0.1:" + p.port + "/"})
	if err != nil {
		t.Fatal(err)
	}
	files, clk := agenttest.NewFiles(t), clock.NewFake(agenttest.Start)
	box := files.Open(t, clk)
	e, err := executor.New(executor.Config{Box: box, Clock: clk, Outside: []consumer.Outside{c}})
	if err != nil {
		t.Fatal(err)
	}
	run := func() {
		t.Helper()
		for {
			n, err := e.RunOutside(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				return
			}
		}
	}
	ways := []string{"", "reject", "die-before", "die-after"}
	for i, way := range ways {
		d := agenttest.Delivery(string(rune('a'+i)), agenttest.Do(way))
		if _, err := box.Store(t.Context(), []link.Delivery{d}); err != nil {
			t.Fatal(err)
		}
		run()
		if strings.HasPrefix(way, "die") {
			_ = p.cmd.Wait()
			clk.Advance(c.Settles()) // it is away, and what it did is not known
			run()
			page, err := box.List(t.Context(), inbox.Filter{States: []link.ERPState{link.ERPWaiting}})
			if err != nil || len(page.Items) != 1 || page.Items[0].Code != link.CodeCallUnknown {
				t.Fatalf("%s: %+v, %v", way, page.Items, err)
			}
			p.start()
			clk.Advance(time.Minute)
			run()
		}
		detail, err := box.Show(t.Context(), d.Message.ID)
		if err != nil || len(detail.Results) != 1 {
			t.Fatalf("%s: %+v, %v", way, detail, err)
		}
		var a link.AnswerBody
		if err := json.Unmarshal([]byte(detail.Results[0].Answer), &a); err != nil {
			t.Fatal(err)
		}
		if way == "reject" {
			if a.Data.Status != link.ERPRejected || a.Data.Errors[0].Code != "NODE-NO" {
				t.Errorf("%+v", a.Data)
			}
			continue
		}
		if a.Data.Status != link.ERPDone || a.Data.Key != "1;"+string(rune('a'+i)) || a.Data.Keys["Doc"] != string(rune('a'+i)) {
			t.Errorf("%s: %+v", way, a.Data)
		}
		if last := detail.Log[len(detail.Log)-1]; !strings.HasSuffix(last.Text, "by node") {
			t.Errorf("%s: log %+v", way, detail.Log)
		}
	}
	booked, err := os.ReadFile(p.file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(booked), "\n"); n != 3 {
		t.Errorf("booked %d documents:\n%s", n, booked)
	}
}
