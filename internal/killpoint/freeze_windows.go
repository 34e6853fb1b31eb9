//go:build killpoints && windows

package killpoint

// freeze does nothing: there is no such signal.
func freeze() {}
