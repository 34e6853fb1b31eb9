//go:build !linux && !darwin && !windows

package datadir

import (
	"errors"
	"fmt"
)

// RoomAt tells how much room there is where a folder stands.
func RoomAt(dir string) (Room, error) {
	return Room{}, fmt.Errorf("room at %s: %w", dir, errors.ErrUnsupported)
}
