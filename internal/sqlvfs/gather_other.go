//go:build !linux

package sqlvfs

// GatherLogs does nothing here: SQLite writes its logs page by page.
func GatherLogs() error { return nil }
