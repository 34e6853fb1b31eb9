//go:build unix

package hub_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"smartlink/internal/sqltest"
)

// TestFullDisk: sends by several callers until nothing fits any more; all is refused then, and nothing that
// was accepted is lost; with room the hub goes on by itself.
func TestFullDisk(t *testing.T) {
	w := newTroubled(t)
	lift := sqltest.FillDisk(t, 1<<20)
	var callers sync.WaitGroup
	for c := range 4 {
		callers.Go(func() {
			for i, failed := 0, 0; failed < 20 && i < 1000; i++ {
				if w.send(fmt.Sprint("caller ", c, " message ", i), 20_000) {
					failed = 0
				} else {
					failed++
				}
			}
		})
	}
	callers.Wait()
	if len(w.accepted) == 0 || len(w.refused) < 80 {
		t.Fatalf("%d accepted, %d refused", len(w.accepted), len(w.refused))
	}
	w.isDown()
	full := false
	for i := range 1000 { // until the registry's log is full too
		status, _ := w.call(w.key, "POST", "/api/v1/admin/companies", fmt.Sprintf(`{"name":"Company %d"}`, i), nil)
		if full = status != http.StatusCreated && status != http.StatusOK; full {
			break
		}
	}
	if !full {
		t.Error("the registry has room")
	}
	w.changesRefused()
	if w.ready() {
		t.Error("the hub says that it is ready")
	}
	lift()
	w.recovers()
}
