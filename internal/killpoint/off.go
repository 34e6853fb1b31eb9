//go:build !killpoints

// Package killpoint lets crash tests kill the process at named places. Only builds with the tag
// killpoints can do that; in all others Hit is empty.
package killpoint

// Hit does nothing in a normal build.
func Hit(string) {}

// Hurried is false in a normal build.
func Hurried(string) bool { return false }
