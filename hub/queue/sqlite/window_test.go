package sqlite

import (
	"testing"

	"pgregory.net/rapid"
)

// TestWindow compares a window with the file it looks into: up to the horizon it has exactly what is
// ready, in order, whatever comes, goes, and is filled in between.
func TestWindow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := &window{horizon: everything, size: rapid.IntRange(1, 5).Draw(rt, "size")}
		file := map[int64]bool{} // ready
		next := int64(1)
		var out []int64 // taken, to come back
		rt.Repeat(map[string]func(*rapid.T){
			"publish": func(*rapid.T) {
				file[next] = true
				w.add(entry{pos: next})
				next++
			},
			"take": func(rt *rapid.T) {
				if len(w.list) > 0 {
					e := w.take()
					delete(file, e.pos)
					out = append(out, e.pos)
				}
			},
			"come back": func(rt *rapid.T) {
				if len(out) > 0 {
					i := rapid.IntRange(0, len(out)-1).Draw(rt, "which")
					file[out[i]] = true
					w.add(entry{pos: out[i]})
					out = append(out[:i], out[i+1:]...)
				}
			},
			"remove": func(rt *rapid.T) {
				pos := rapid.Int64Range(1, next).Draw(rt, "pos")
				if _, here := w.remove(pos); here != (file[pos] && pos <= w.horizon) {
					rt.Fatalf("%d here: %v", pos, here)
				}
				delete(file, pos)
			},
			"add again": func(rt *rapid.T) {
				if len(w.list) > 0 {
					w.add(rapid.SampledFrom(w.list).Draw(rt, "entry"))
				}
			},
			"fill": func(rt *rapid.T) {
				if w.complete() {
					return
				}
				limit := max(w.size, rapid.IntRange(1, 8).Draw(rt, "want")) - len(w.list)
				if limit <= 0 {
					return
				}
				var found []entry
				last := w.horizon
				for pos := w.horizon + 1; pos < next && len(found) < limit; pos++ {
					if file[pos] {
						found, last = append(found, entry{pos: pos}), pos
					}
				}
				w.fill(found, last, len(found) < limit)
			},
			"": func(rt *rapid.T) {
				var want []int64
				for pos := int64(1); pos < next && pos <= w.horizon; pos++ {
					if file[pos] {
						want = append(want, pos)
					}
				}
				if len(want) != len(w.list) {
					rt.Fatalf("window %v up to %d, want %v", w.list, w.horizon, want)
				}
				for i, e := range w.list {
					if e.pos != want[i] {
						rt.Fatalf("window %v up to %d, want %v", w.list, w.horizon, want)
					}
				}
			},
		})
	})
}
