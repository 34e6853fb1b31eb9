package hub

import (
	"testing"

	"smartlink/internal/checkup"
	"smartlink/internal/datadir"
)

func TestEnoughRoom(t *testing.T) {
	const mib, gib = 1 << 20, 1 << 30
	for _, tc := range []struct {
		free, total uint64
		want        checkup.Health
	}{
		{0, 100 * gib, checkup.Bad}, {512*mib - 1, gib, checkup.Bad}, {512 * mib, gib, checkup.Note}, {5*gib - 1, 20 * gib, checkup.Note},
		{9 * gib, 100 * gib, checkup.Note}, {10 * gib, 100 * gib, checkup.Good}, {5 * gib, 20 * gib, checkup.Good},
	} {
		if got := enough(datadir.Room{Free: tc.free, Total: tc.total}); got != tc.want {
			t.Errorf("%s free of %s is %s, want %s", size(tc.free), size(tc.total), got, tc.want)
		}
	}
}
