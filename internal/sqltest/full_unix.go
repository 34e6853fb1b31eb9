//go:build unix

package sqltest

import (
	"os/signal"
	"sync"
	"syscall"
	"testing"
)

// FillDisk lets no file of this process grow beyond a size in bytes, as on a full disk, until the answer is
// called or the test ends. It is the process's limit: tests beside it meet it too.
func FillDisk(t testing.TB, size uint64) (lift func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // a write beyond the limit is an error, and no end
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	now := old
	now.Cur = size
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
		t.Fatal(err)
	}
	lift = sync.OnceFunc(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(lift)
	return lift
}
