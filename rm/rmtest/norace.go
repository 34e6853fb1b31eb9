//go:build !race

package rmtest

// someOf tells of how many messages one is given to a desk, too: all of them.
const someOf = 1
