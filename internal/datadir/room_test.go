package datadir_test

import (
	"path/filepath"
	"testing"

	"smartlink/internal/datadir"
)

func TestRoomAt(t *testing.T) {
	r, err := datadir.RoomAt(t.TempDir())
	if err != nil || r.Free == 0 || r.Total < r.Free {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := datadir.RoomAt(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("room where nothing is")
	}
}
