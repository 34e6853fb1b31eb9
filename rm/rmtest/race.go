//go:build race

package rmtest

// someOf tells of how many messages one is given to a desk, too: with the race detector, which finds nothing in
// that, some are enough.
const someOf = 5
