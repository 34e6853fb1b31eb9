package client

import (
	"encoding/json"
	"reflect"
	"testing"

	"smartlink/link"
)

// FuzzBatchAnswer: what the quick reading takes, encoding/json reads alike.
func FuzzBatchAnswer(f *testing.F) {
	for _, text := range []string{
		`{"results":[]}`, `{"results":[{"status":202,"messageId":"019f0000-0000-7000-8000-000000000001","queues":[],"duplicate":false,"warnings":[]}]}` + "\n",
		`{"results":[{"status":202,"messageId":"019f0000-0000-7000-8000-000000000001","queues":["a","b"],"duplicate":true,"warnings":[]},` +
			`{"status":202,"messageId":"019f0000-0000-7000-8000-000000000002","queues":["c"],"duplicate":false,"warnings":[]}]}`,
		`{"results":[{"status":202,"messageId":"019f0000-0000-7000-8000-000000000001","queues":["\u0061"],"duplicate":false,"warnings":[]}]}`,
		`{"results":[{"status":202,"messageId":"019f0000-0000-7000-8000-000000000001","queues":["ç"],"duplicate":false,"warnings":[]}]}`,
		`{"results":[{"status":202,"messageId":"{019f0000-0000-7000-8000-000000000001}","queues":[],"duplicate":false,"warnings":[]}]}`,
		`{"results":[{"status":202,"messageId":"x","queues":[],"duplicate":false,"warnings":[]}]}`,
		`{"results":[{"status":202,"messageId":"019f0000-0000-7000-8000-000000000001","queues":[],"duplicate":false,"warnings":[{"code":"C","detail":"d"}]}]}`,
		`{"results":[{"status":422,"problem":{"code":"C"}}]}`, `{"results":[{"status":202,"messageId":"019f0000-0000-7000-8000-000000000001"`, ``, `{"results":[`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var quick batchAnswer
		if !quick.readQuick(text) {
			if quick.Results != nil {
				t.Errorf("%q is not taken, but %d results are there", text, len(quick.Results))
			}
			return
		}
		var want batchAnswer
		if err := json.Unmarshal(text, &want); err != nil || !reflect.DeepEqual(quick, want) {
			t.Errorf("%q is read as %+v, want %+v, %v", text, quick, want, err)
		}
	})
}

// TestUsualAnswerIsReadQuickly: what a hub writes is of the form.
func TestUsualAnswerIsReadQuickly(t *testing.T) {
	answer := link.BatchResponse{Results: make([]link.BatchResult, 2)}
	for i := range answer.Results {
		answer.Results[i] = link.BatchResult{Status: 202, SendResponse: &link.SendResponse{MessageID: link.NewID(), Queues: []string{"tenant.client"}, Warnings: []link.Warning{}}}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	var got batchAnswer
	if !got.readQuick(text) || !reflect.DeepEqual(got.BatchResponse, answer) {
		t.Errorf("%s is read as %+v", text, got)
	}
}
