package inbox_test

import (
	"testing"
	"time"

	"smartlink/agent/executor"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/link"
)

func TestLastRunIsOfItsTypesOnly(t *testing.T) {
	clk := clock.NewFake(agenttest.Start)
	box := agenttest.NewFiles(t).Open(t, clk)
	exec, err := executor.New(executor.Config{Box: box, Clock: clk, Consumers: []consumer.Consumer{&agenttest.Booker{}, &agenttest.Booker{Of: "OtherCommand"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{agenttest.Command, "OtherCommand"} {
		if _, err := box.Store(t.Context(), []link.Delivery{agenttest.Delivery(typ, func(m *link.Message) { m.Type = typ })}); err != nil {
			t.Fatal(err)
		}
		if n, err := exec.Drain(t.Context()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		clk.Advance(time.Hour)
	}
	for _, tc := range []struct {
		types []string
		want  time.Time
	}{
		{[]string{agenttest.Command}, agenttest.Start},
		{[]string{agenttest.Command, "OtherCommand"}, agenttest.Start.Add(time.Hour)},
		{[]string{"NeverCommand"}, time.Time{}},
		{nil, time.Time{}},
	} {
		if got, err := box.LastRun(t.Context(), tc.types); err != nil || !got.Equal(tc.want) {
			t.Errorf("%v: %v, %v, want %v", tc.types, got, err, tc.want)
		}
	}
}
