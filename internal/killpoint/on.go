//go:build killpoints

// Package killpoint lets crash tests kill or freeze the process at named places. Only builds with the
// tag killpoints can do that; in all others Hit is empty.
package killpoint

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
)

// place is where something happens, at its n-th hit.
type place struct {
	name string
	left atomic.Int64
}

// SMARTLINK_KILL_AT and SMARTLINK_FREEZE_AT are "name" or "name:n": the process kills or freezes itself
// at the n-th hit of that place.
var kill, frozen = placeOf("SMARTLINK_KILL_AT"), placeOf("SMARTLINK_FREEZE_AT")

func placeOf(variable string) *place {
	name, n, _ := strings.Cut(os.Getenv(variable), ":")
	count, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		count = 1
	}
	p := &place{name: name}
	p.left.Store(count)
	return p
}

// Hit kills the process, without any clean-up, or freezes it until it is woken from outside, when this is
// the place and its turn.
func Hit(name string) {
	if name == frozen.name && frozen.left.Add(-1) == 0 {
		freeze()
	}
	if name != kill.name || kill.left.Add(-1) != 0 {
		return
	}
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		_ = p.Kill()
	}
	select {} // the signal is on its way; nothing may run past this point
}

// Hurried tells whether something that usually comes after minutes or hours shall come at once, so that a
// test reaches the places in it: SMARTLINK_HURRY names it.
func Hurried(what string) bool { return os.Getenv("SMARTLINK_HURRY") == what }
