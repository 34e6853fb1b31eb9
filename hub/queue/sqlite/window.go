package sqlite

import (
	"cmp"
	"math"
	"slices"
)

// entry is a ready delivery in memory, with what leasing and settling it need.
type entry struct {
	pos, mid          int64
	okey              string
	attempt, requeues int
	lost, size        int
}

// window holds the first ready deliveries of a queue in order. Up to the horizon it is complete:
// each committed ready delivery at or before it stands here or is leased. What is ready beyond
// stands in the file only, so that millions waiting cost no memory; fill moves the horizon.
type window struct {
	list    []entry // by pos
	horizon int64
	size    int // kept roughly
}

// everything is the horizon of a window that misses nothing.
const everything = math.MaxInt64

func (w *window) complete() bool { return w.horizon == everything }

// thin tells whether it is time to fill the window.
func (w *window) thin() bool { return !w.complete() && len(w.list) < w.size/2 }

// add takes a delivery that became ready, unless it lies beyond the horizon or is here already.
// When the window is full, the last ones are left to the file.
func (w *window) add(e entry) {
	if e.pos > w.horizon {
		return
	}
	i := len(w.list)
	if i > 0 && e.pos <= w.list[i-1].pos {
		var here bool
		if i, here = w.find(e.pos); here {
			return
		}
	}
	if i >= w.size { // what follows goes too: the list ends where the horizon is
		w.list = w.list[:i]
		w.horizon = w.list[i-1].pos
		return
	}
	w.list = slices.Insert(w.list, i, e)
	if n := len(w.list); n > w.size {
		w.list = w.list[:n-1]
		w.horizon = w.list[n-2].pos
	}
}

// take removes the first delivery.
func (w *window) take() entry {
	e := w.list[0]
	w.list[0] = entry{} // lets the key go
	w.list = w.list[1:]
	return e
}

// remove takes one delivery out and tells whether it was here.
func (w *window) remove(pos int64) (entry, bool) {
	i, here := w.find(pos)
	if !here {
		return entry{}, false
	}
	e := w.list[i]
	w.list = slices.Delete(w.list, i, i+1)
	return e, true
}

// fill adds what the file holds after the horizon, up to last; all tells that nothing is beyond.
func (w *window) fill(found []entry, last int64, all bool) {
	w.list = append(w.list, found...)
	w.horizon = last
	if all {
		w.horizon = everything
	}
}

func (w *window) find(pos int64) (int, bool) {
	return slices.BinarySearchFunc(w.list, pos, func(e entry, p int64) int { return cmp.Compare(e.pos, p) })
}
