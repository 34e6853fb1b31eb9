package inbox_test

import (
	"fmt"
	"slices"
	"testing"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/link"
)

func TestExecutionsAreSearchedByPages(t *testing.T) {
	clk := clock.NewFake(agenttest.Start)
	box := agenttest.NewFiles(t).Open(t, clk)
	ways := map[string]agenttest.Way{"reject": agenttest.Reject}
	exec, err := executor.New(executor.Config{Box: box, Parallel: 1, Clock: clk, Consumers: []consumer.Consumer{&agenttest.Booker{Ways: ways}, &agenttest.Booker{Of: "OtherCommand"}}})
	if err != nil {
		t.Fatal(err)
	}
	first := agenttest.Delivery("0", agenttest.Do("reject"))
	deliveries := []link.Delivery{first, agenttest.Delivery("1"), agenttest.Delivery("2", func(m *link.Message) { m.Type = "OtherCommand" })}
	if _, err := box.Store(t.Context(), deliveries); err != nil {
		t.Fatal(err)
	}
	if _, err := exec.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := box.Desk("ana").Reprocess(t.Context(), first.Message.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := exec.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	search := func(f inbox.ExecutionFilter) (found []string) {
		t.Helper()
		for f.Limit = 1; ; {
			page, err := box.Executions(t.Context(), f)
			if err != nil || len(page.Items) > 1 {
				t.Fatal(page, err)
			}
			for _, e := range page.Items {
				n := slices.IndexFunc(deliveries, func(d link.Delivery) bool { return d.Message.ID == e.Message })
				found = append(found, fmt.Sprintf("%d %d %s", n, e.Attempt, e.Result))
			}
			if f.After = page.Next; f.After == "" {
				return found
			}
		}
	}
	for _, tc := range []struct {
		f    inbox.ExecutionFilter
		want []string
	}{
		{inbox.ExecutionFilter{}, []string{"2 1 done", "1 1 done", "0 2 rejected", "0 1 rejected"}},
		{inbox.ExecutionFilter{Message: first.Message.ID}, []string{"0 2 rejected", "0 1 rejected"}},
		{inbox.ExecutionFilter{Type: "OtherCommand"}, []string{"2 1 done"}},
		{inbox.ExecutionFilter{Result: "done", Type: agenttest.Command}, []string{"1 1 done"}},
		{inbox.ExecutionFilter{Key: "1;1"}, []string{"1 1 done"}},
		{inbox.ExecutionFilter{Key: "nothing"}, nil},
	} {
		if got := search(tc.f); !slices.Equal(got, tc.want) {
			t.Errorf("%+v: %v, want %v", tc.f, got, tc.want)
		}
	}
	if _, err := box.Executions(t.Context(), inbox.ExecutionFilter{After: "x"}); link.CodeOf(err) != link.CodeRequestInvalid {
		t.Errorf("a cursor that is none: %v", err)
	}
}
