package executor

import (
	"fmt"
	"unicode/utf8"

	"smartlink/agent/inbox"
	"smartlink/internal/clock"
)

// Bounds of what one execution may log: a consumer in a loop must not fill the database.
const (
	maxLines    = 1000
	maxLineSize = 4000 // bytes
)

// memory keeps log lines until it is decided what becomes of the execution. It implements
// consumer.Log.
type memory struct {
	clock   clock.Clock
	lines   []inbox.Line
	dropped int
}

func (m *memory) Info(format string, args ...any)  { m.add(inbox.LineInfo, format, args) }
func (m *memory) Warn(format string, args ...any)  { m.add(inbox.LineWarn, format, args) }
func (m *memory) Error(format string, args ...any) { m.add(inbox.LineError, format, args) }

func (m *memory) add(t inbox.LineType, format string, args []any) {
	if len(m.lines) >= maxLines {
		m.dropped++
		return
	}
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	m.lines = append(m.lines, inbox.Line{At: m.clock.Now(), Type: t, Text: clip(text, maxLineSize)})
}

// all answers the lines and, if some had no room, says how many.
func (m *memory) all() []inbox.Line {
	if m.dropped == 0 {
		return m.lines
	}
	return append(m.lines, inbox.Line{At: m.clock.Now(), Type: inbox.LineWarn, Text: fmt.Sprintf("%d more lines had no room", m.dropped)})
}

// clip shortens a text to n bytes and shows that it did.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = s[:n]
	for len(s) > 0 && !utf8.ValidString(s) && !utf8.RuneStart(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	if r, size := utf8.DecodeLastRuneInString(s); r == utf8.RuneError && size == 1 {
		s = s[:len(s)-1]
	}
	return s + "…"
}
