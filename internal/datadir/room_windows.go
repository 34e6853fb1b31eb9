package datadir

import (
	"fmt"
	"syscall"
	"unsafe"
)

var diskFreeSpace = syscall.NewLazyDLL("kernel32.dll").NewProc("GetDiskFreeSpaceExW")

// RoomAt tells how much room there is where a folder stands.
func RoomAt(dir string) (Room, error) {
	name, err := syscall.UTF16PtrFromString(dir)
	if err != nil {
		return Room{}, fmt.Errorf("room at %s: %w", dir, err)
	}
	var r Room
	if ok, _, err := diskFreeSpace.Call(uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&r.Free)), uintptr(unsafe.Pointer(&r.Total)), 0); ok == 0 {
		return Room{}, fmt.Errorf("room at %s: %w", dir, err)
	}
	return r, nil
}
