//go:build linux || darwin

package datadir

import (
	"fmt"
	"syscall"
)

// RoomAt tells how much room there is where a folder stands.
func RoomAt(dir string) (Room, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return Room{}, fmt.Errorf("room at %s: %w", dir, err)
	}
	return Room{Free: s.Bavail * uint64(s.Bsize), Total: s.Blocks * uint64(s.Bsize)}, nil
}
