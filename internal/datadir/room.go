package datadir

// Room is how much a file system has room for, in bytes.
type Room struct {
	Free  uint64 // for this process; an administrator may have more
	Total uint64
}
