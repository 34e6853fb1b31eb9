//go:build race

package rm_test

// The race detector makes SQLite ten times slower, and sees the same code.
const (
	usually = 97 // of how many breakages one is tried
	looks   = 25 // steps between two looks at the books
)
