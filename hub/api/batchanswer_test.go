package api

import (
	"bytes"
	"testing"

	"smartlink/link"
)

// TestBatchAnswerIsThatOfEncodingJSON writes answers of every kind both ways.
func TestBatchAnswerIsThatOfEncodingJSON(t *testing.T) {
	stored := func(queues ...string) link.SendResponse {
		return link.SendResponse{MessageID: link.NewID(), Queues: append([]string{}, queues...), Warnings: []link.Warning{}}
	}
	none, one, two, again, remark, waited, odd := stored(), stored("a.0"), stored("a.0", "b.1"), stored("a.0"), stored("a.0"), stored("a.0"), link.SendResponse{}
	again.Duplicate = true
	remark.Warnings = []link.Warning{{Code: link.CodeNoBusinessKey, Detail: "<a> & \"b\""}}
	waited.Outcomes = []link.QueueOutcome{{Queue: "a.0", State: "done"}}
	all := []link.BatchResult{{Status: 422, Problem: link.NewError(link.CodeNoRoute).Problem(link.Portuguese, "x")}, {Status: 500}}
	for _, r := range []*link.SendResponse{&none, &one, &two, &again, &remark, &waited, &odd} {
		all = append(all, link.BatchResult{Status: 202, SendResponse: r})
	}
	for n := range len(all) + 1 {
		for _, list := range [][]link.BatchResult{all[:n], all[n:]} {
			var want bytes.Buffer
			if err := encoder(&want).Encode(link.BatchResponse{Results: list}); err != nil {
				t.Fatal(err)
			}
			if got, err := batchAnswer(list); err != nil || string(got) != want.String() {
				t.Errorf("%v, %s\nwant %s", err, got, want.String())
			}
		}
	}
}
