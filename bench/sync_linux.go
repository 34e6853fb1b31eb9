package main

import (
	"os"
	"syscall"
)

// syncData waits until a file's data are on the disk.
func syncData(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
