package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"smartlink/examples"
	"smartlink/hub/api"
	"smartlink/hub/exchange"
	"smartlink/hub/queue"
	"smartlink/link"
)

// nowhere takes an answer and forgets it.
type nowhere struct {
	h      http.Header
	status int
}

func (n *nowhere) Header() http.Header         { return n.h }
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n *nowhere) WriteHeader(status int)      { n.status = status }

// BenchmarkSend is the door and the exchange without a network: a message of 1 KiB, many at a time,
// into the engine on a file.
func BenchmarkSend(b *testing.B) {
	w := newWorld(b)
	w.setup("rm", command)
	benchmarkSend(b, w, http.StatusAccepted)
}

// BenchmarkSendRefused is the same without the engine's part: nobody hears the message's audience.
func BenchmarkSendRefused(b *testing.B) {
	benchmarkSend(b, newWorld(b), http.StatusUnprocessableEntity)
}

// BenchmarkSendHTTP is BenchmarkSend through a server and a client on the same cores.
func BenchmarkSendHTTP(b *testing.B) {
	w := newWorld(b)
	w.setup("rm", command)
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	b.SetParallelism(64)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, w.url+sendPath, bytes.NewReader(oneKiB))
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+w.keys["gesplan"])
			r.Header.Set("Content-Type", "application/json")
			resp, err := c.Do(r)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusAccepted {
				b.Fatalf("status %d", resp.StatusCode)
			}
		}
	})
}

// BenchmarkSendBatch is 64 whole commands in a request, as client.Sender sends them; told by message.
func BenchmarkSendBatch(b *testing.B) {
	w := newWorld(b)
	w.setup("rm", command)
	const batch = 64
	var number atomic.Int64
	b.SetParallelism(2)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for more := p.Next(); more; {
			var in link.BatchRequest
			for ; more && len(in.Messages) < batch; more = p.Next() {
				content := strings.Replace(string(examples.Body(examples.FinLanInc)), "payable", fmt.Sprint("payable-", number.Add(1)), 1)
				in.Messages = append(in.Messages, link.BatchMessage{Type: command, Audience: "GESPLAN-RM", Content: &content, IdempotencyKey: link.NewID().String()})
			}
			body, err := json.Marshal(in)
			if err != nil {
				b.Fatal(err)
			}
			r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/api/v1/link/send", nil)
			r.Header.Set("Authorization", "Bearer "+w.keys["gesplan"])
			r.Header.Set("Content-Type", "application/json")
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			out := &nowhere{h: http.Header{}}
			w.door.ServeHTTP(out, r)
			if out.status != http.StatusOK {
				b.Fatalf("status %d", out.status)
			}
		}
	})
}

// BenchmarkBatchAlone is what the door and the exchange do with 64 whole commands in a request, as
// client.Sender writes them, before the engine; told by message. -cpu 1 tells the processor's time.
func BenchmarkBatchAlone(b *testing.B) {
	w := newWorld(b)
	door, err := api.New(api.Config{
		Exchange: exchange.New(stored{w.engine}, w.store, slog.New(slog.DiscardHandler)), Clients: tokens{w.store}, Registry: w.store, Queues: w.engine,
		Identity: http.NotFoundHandler(), Metrics: prometheus.NewRegistry(),
	})
	w.must(err)
	const batch = 64
	var in link.BatchRequest
	for i := range batch {
		content := strings.Replace(string(examples.Body(examples.FinLanInc)), "payable", fmt.Sprint("payable-", i), 1)
		in.Messages = append(in.Messages, link.BatchMessage{Type: command, Audience: "GESPLAN-RM", Content: &content, IdempotencyKey: link.NewID().String()})
	}
	body, err := json.Marshal(in)
	w.must(err)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%batch > 0 {
			continue
		}
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/api/v1/link/send", nil)
		r.Header.Set("Authorization", "Bearer "+w.keys["gesplan"])
		r.Header.Set("Content-Type", "application/json")
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		out := &nowhere{h: http.Header{}}
		if door.ServeHTTP(out, r); out.status != http.StatusOK {
			b.Fatalf("status %d", out.status)
		}
	}
}

// stored is an engine that says of every batch that it is stored.
type stored struct{ *queue.Engine }

func (stored) PublishAll(_ context.Context, list []queue.Publish) ([]queue.Published, error) {
	done := make([]queue.Published, len(list))
	for i, p := range list {
		done[i].ID, done[i].Queues = p.Message.ID, []queue.Name{{Tenant: p.Message.TenantID, Client: p.Message.Sender.ClientID}}
	}
	return done, nil
}

var oneKiB = []byte(`{"header":{"type":"FinLanIncDataCommand","businessKey":"b"},"data":{"text":"` + strings.Repeat("x", 930) + `"}}`)

func benchmarkSend(b *testing.B, w *world, want int) {
	b.SetParallelism(64)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, sendPath, nil)
			r.Header.Set("Authorization", "Bearer "+w.keys["gesplan"])
			r.Header.Set("Content-Type", "application/json")
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(oneKiB)), int64(len(oneKiB))
			out := &nowhere{h: http.Header{}}
			w.door.ServeHTTP(out, r)
			if out.status != want {
				b.Fatalf("status %d", out.status)
			}
		}
	})
}
