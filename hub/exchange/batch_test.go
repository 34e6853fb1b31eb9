package exchange_test

import (
	"maps"
	"math/rand/v2"
	"testing"

	"smartlink/hub/exchange"
	"smartlink/link"
)

// TestBatchKeepsHeadersApart: of messages that follow each other in any order each has the headers of its own app and
// audience, and its own besides.
func TestBatchKeepsHeadersApart(t *testing.T) {
	var list []exchange.Send
	var want []map[string]string
	random := rand.New(rand.NewPCG(1, 2))
	for range link.MaxBatch {
		s := exchange.Send{Type: cmd, Audience: "GESPLAN-RM", ContentType: "application/json", Body: []byte("{}")}
		w := map[string]string{link.MetaAppCode: "GESPLAN", link.MetaAudience: s.Audience, link.MetaSourceType: link.SourceHTTP}
		switch random.IntN(4) {
		case 1:
			s.Audience, w[link.MetaAudience] = "GESPLAN", "GESPLAN"
		case 2:
			s.Type, w[link.MetaAppCode] = response, "GESPLAN-RM"
		case 3:
			s.Headers = map[string]string{link.HeaderBusinessKey: "k"}
			w[link.HeaderBusinessKey] = "k"
		}
		list, want = append(list, s), append(want, w)
	}
	e := &engine{}
	sent, err := newExchange(e, &directory{}).SendBatch(t.Context(), caller(both), list)
	if err != nil || len(e.batch) != len(list) {
		t.Fatalf("%v, %d of %d published: %+v", err, len(e.batch), len(list), sent)
	}
	for i, p := range e.batch {
		if !maps.Equal(p.Message.Headers, want[i]) {
			t.Errorf("message %d has the headers %v, want %v", i, p.Message.Headers, want[i])
		}
	}
}
