package desk

import (
	"fmt"

	"smartlink/consumer"
)

// lines keeps what a consumer logs until it is known what came of it.
type lines []line

type line struct{ level, text string }

// Info keeps a line.
func (l *lines) Info(format string, args ...any) { l.add("info", format, args) }

// Warn keeps a line.
func (l *lines) Warn(format string, args ...any) { l.add("warn", format, args) }

// Error keeps a line.
func (l *lines) Error(format string, args ...any) { l.add("error", format, args) }

func (l *lines) add(level, format string, args []any) {
	*l = append(*l, line{level, fmt.Sprintf(format, args...)})
}

// tell logs the lines, but of what is done only the warnings.
func (l lines) tell(log consumer.Log, kind consumer.Kind) {
	for _, line := range l {
		switch {
		case line.level == "warn":
			log.Warn("%s", line.text)
		case kind == consumer.KindDone:
		case line.level == "error":
			log.Error("%s", line.text)
		default:
			log.Info("%s", line.text)
		}
	}
}
