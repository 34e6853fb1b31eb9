package main

import (
	"strings"
	"testing"
	"time"

	"smartlink/internal/clock"
)

// TestShortDays: a day is over in two minutes, and no moment comes twice.
func TestShortDays(t *testing.T) {
	began := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	real := clock.NewFake(began)
	days := shortDays{real, began}
	for _, step := range []struct {
		passed time.Duration
		want   string
	}{
		{0, "03-01 10:00:00"}, {steadyDay - time.Second, "03-01 10:01:59"}, {time.Second, "03-02 10:00:00"},
		{time.Second, "03-02 10:00:01"}, {30*steadyDay - time.Second, "04-01 10:00:00"},
	} {
		real.Advance(step.passed)
		if got := days.Now().Format("01-02 15:04:05"); got != step.want {
			t.Errorf("after %s more it is %s, want %s", step.passed, got, step.want)
		}
	}
}

// TestSizesTable: quarters of the time so far, the most there was, and what is small only counted.
func TestSizesTable(t *testing.T) {
	const mib = 1 << 20
	s := &sizes{length: 2 * time.Hour, rate: 50, counts: "Sent 1."}
	for i, bytes := range []int64{1, 2, 9, 4, 5} {
		s.at = append(s.at, time.Duration(i)*10*time.Minute)
		s.seen = append(s.seen, map[string]size{
			"message":         {parts: 1, rows: bytes * mib, live: 7, dead: bytes, updates: 4, hot: 3, vacuums: int64(i)},
			"history_message": {parts: 8, rows: mib, indexes: mib / 2},
			"meta":            {parts: 1, rows: 8192},
		})
	}
	var b strings.Builder
	if err := s.table(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"40m0s of 2h0m0s, 50 commands a second. Sent 1.", "MiB at 10 min", "MiB at 40 min", "1 more tables"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
	var got []string
	for line := range strings.Lines(b.String()) {
		if strings.HasPrefix(line, "| message") || strings.HasPrefix(line, "| history") {
			got = append(got, strings.Join(strings.Fields(line), " "))
		}
	}
	want := []string{"| message | 2.0 | 9.0 | 4.0 | 5.0 | 9.0 | 7 | 5 | 9 | 75 % | 4 |", "| history_message (8 days) | 1.5 | 1.5 | 1.5 | 1.5 | 1.5 | 0 | 0 | 0 | | 0 |"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("rows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
