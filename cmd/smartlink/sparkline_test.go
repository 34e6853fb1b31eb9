package main

import "testing"

func TestSparkline(t *testing.T) {
	for _, tc := range []struct {
		figures []int64
		want    string
	}{
		{nil, ""},
		{[]int64{0, 0}, "▁▁"},
		{[]int64{0, 1, 7, 0}, "▁▂█▁"},
		{[]int64{1, 1 << 62}, "▂█"},
		{[]int64{50, 100, 100_000}, "▂▂█"},
	} {
		if got := sparkline(tc.figures); got != tc.want {
			t.Errorf("%v: got %s, want %s", tc.figures, got, tc.want)
		}
	}
}
