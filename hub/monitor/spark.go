package monitor

import (
	"fmt"
	"html/template"
	"strings"

	"smartlink/link"
)

// A spark is a small chart of a queue's last day: a bar for what came in each hour, and in red what
// died.
const (
	sparkHeight = 24
	sparkStep   = 5 // from bar to bar
	sparkBar    = 4 // width of one
)

// spark draws what happened in each hour, and says the same in words.
func (w words) spark(points []link.SeriesPoint) (template.HTML, error) {
	var sum link.QueueFigures
	most := int64(1)
	for _, p := range points {
		sum.Add(p.QueueFigures)
		most = max(most, p.Published, p.Dead)
	}
	said, err := w.text("spark.says", w.number(sum.Published), w.number(sum.Acked), w.number(sum.Dead))
	if err != nil {
		return "", err
	}
	wide := max(1, len(points)*sparkStep-1)
	said = template.HTMLEscapeString(said)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="spark" role="img" aria-label="%s" viewBox="0 0 %d %d" width="%d" height="%d"><title>%s</title>`,
		said, wide, sparkHeight+1, wide, sparkHeight+1, said)
	bar := func(i int, n int64, class string) {
		if n == 0 {
			return
		}
		high := max(2, n*sparkHeight/most) // one must be seen beside a thousand
		fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d"/>`, class, i*sparkStep, sparkHeight-high, sparkBar, high)
	}
	for i, p := range points {
		bar(i, p.Published, "came")
		bar(i, p.Dead, "died")
	}
	fmt.Fprintf(&b, `<path d="M0 %d.5h%d"/></svg>`, sparkHeight, wide)
	return template.HTML(b.String()), nil //nolint:gosec // made of numbers and an escaped text of our own
}
