//go:build !race

package rm_test

const (
	usually = 11
	looks   = 1
)
