package inbox

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"
)

// source is an inotify of one file.
type source struct {
	f      *os.File
	closed chan struct{}
	buf    [4096]byte // room for many events: those of one file without a name are 16 bytes
}

func openSource(path string) (*source, error) {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	f := os.NewFile(uintptr(fd), "inotify") // of the runtime's poller, as it does not block
	if _, err := syscall.InotifyAddWatch(fd, path, syscall.IN_MODIFY|syscall.IN_DELETE_SELF|syscall.IN_MOVE_SELF); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, os.NewSyscallError("inotify_add_watch", err))
	}
	return &source{f: f, closed: make(chan struct{})}, nil
}

// wait waits for a change; false: there will be none.
func (s *source) wait() bool {
	n, err := s.f.Read(s.buf[:])
	if err != nil {
		return false
	}
	const last = syscall.IN_DELETE_SELF | syscall.IN_MOVE_SELF | syscall.IN_IGNORED | syscall.IN_UNMOUNT
	for at := 0; at+syscall.SizeofInotifyEvent <= n; {
		mask := binary.NativeEndian.Uint32(s.buf[at+4:])
		length := binary.NativeEndian.Uint32(s.buf[at+12:])
		if mask&last != 0 {
			return false
		}
		at += syscall.SizeofInotifyEvent + int(length)
	}
	return true
}

func (s *source) close() error {
	close(s.closed)
	return s.f.Close()
}
