//go:build !linux

package sqlvfs

// Gathering makes nothing here: SQLite writes its logs page by page.
func Gathering() (name string, err error) { return "", nil }
