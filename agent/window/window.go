// Package window says at which times an agent executes nothing, or nothing of some types: for maintenance, or
// while a month is closed.
package window

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"smartlink/link"
)

// Kind is how a window repeats.
type Kind string

// The kinds of windows.
const (
	Weekly  Kind = "weekly"  // on days of the week
	Monthly Kind = "monthly" // from a day of the month to another, also of the next month
	Dates   Kind = "dates"   // once
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Weekly, Monthly, Dates} }

// Window is a time in which nothing is executed. Its times are those of a clock on the wall: the zone is
// given where it is asked for.
type Window struct {
	Name string   `json:"name"`
	Kind Kind     `json:"kind"`
	Days []string `json:"days,omitempty"` // of a weekly one: mon … sun
	// From and To are times of the day for a weekly window ("22:00"; a To that is not later is on the next
	// day), day and time for a monthly one ("28 18:00", "last 18:00" or "último 18:00", "last-2 18:00"; a To that is not later is
	// in the next month), and date and time for one of dates ("2026-03-31 18:00"). From is within the
	// window, To is not. 24:00 is the end of a day.
	From string `json:"from"`
	To   string `json:"to"`
	// Types are the message types that wait; none: all do.
	Types []string `json:"types,omitempty"`
}

// MaxTypes bounds the types of a window.
const MaxTypes = 50

// Of are the windows that close a type: those of all, and those of its own. With none they are those that
// close all types.
func Of(list []Window, messageType string) []Window {
	var of []Window
	for _, w := range list {
		if len(w.Types) == 0 || slices.Contains(w.Types, messageType) {
			of = append(of, w)
		}
	}
	return of
}

// MaxName bounds the name of a window, in characters.
const MaxName = 60

// days are the names of the days of the week.
var days = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Days lists the names of the days, Monday first.
func Days() []string { return append(slices.Clone(days[1:]), days[0]) }

var (
	notTime  = link.Both("não é uma hora como 22:00", "not a time such as 22:00")
	notDay   = link.Both("não é dia e hora do mês, como 28 18:00, last 18:00 ou last-2 18:00", "no day of the month with a time, such as 28 18:00, last 18:00 or last-2 18:00")
	notDate  = link.Both("não é data e hora, como 2026-03-31 18:00", "no date with a time, such as 2026-03-31 18:00")
	notLater = link.Both("deve ser depois do início", "must be after the beginning")
)

// Check refuses a window that says nothing, or not in the form of its kind, with link.CodeRequestInvalid
// and the field's name.
func (w Window) Check() error {
	e := link.NewError(link.CodeRequestInvalid)
	if strings.TrimSpace(w.Name) == "" || utf8.RuneCountInString(w.Name) > MaxName || !utf8.ValidString(w.Name) {
		e.At("name", link.CodeRequestInvalid, link.Both("de 1 a %d caracteres", "1 to %d characters", MaxName))
	}
	if len(w.Types) > MaxTypes {
		e.At("types", link.CodeRequestInvalid, link.Range(0, MaxTypes))
	}
	for _, t := range w.Types {
		if !link.ValidType(t) {
			e.At("types", link.CodeRequestInvalid, link.Both("%q não é um tipo de mensagem", "%q is no message type", t))
		}
	}
	switch w.Kind {
	case Weekly:
		if len(w.Days) == 0 {
			e.At("days", link.CodeRequestInvalid, link.Both("escolha ao menos um dia", "choose at least one day"))
		}
		for _, d := range w.Days {
			if !slices.Contains(days, d) {
				e.At("days", link.CodeRequestInvalid, link.OneOf(Days()...))
			}
		}
		each(w, e, notTime, func(s string) bool { _, ok := clockTime(s); return ok })
	case Monthly:
		each(w, e, notDay, func(s string) bool { _, ok := monthDay(s); return ok })
	case Dates:
		each(w, e, notDate, func(s string) bool { _, ok := date(s, time.UTC); return ok })
		if len(e.Errors) == 0 && !w.after() {
			e.At("to", link.CodeRequestInvalid, notLater)
		}
	default:
		e.At("kind", link.CodeRequestInvalid, link.OneOf(string(Weekly), string(Monthly), string(Dates)))
	}
	if len(e.Errors) > 0 {
		return e
	}
	return nil
}

// each looks at both ends of a window.
func each(w Window, e *link.Error, wrong link.Text, good func(string) bool) {
	for _, end := range []struct{ name, value string }{{"from", w.From}, {"to", w.To}} {
		if !good(end.value) {
			e.At(end.name, link.CodeRequestInvalid, wrong)
		}
	}
}

func (w Window) after() bool {
	from, _ := date(w.From, time.UTC)
	to, _ := date(w.To, time.UTC)
	return to.After(from)
}

// clockTime reads 22:00 as minutes since midnight.
func clockTime(s string) (int, bool) {
	h, m, ok := strings.Cut(s, ":")
	hour, err1 := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(m)
	if !ok || err1 != nil || err2 != nil || len(m) != 2 || hour < 0 || hour > 24 || minute < 0 || minute > 59 || hour == 24 && minute > 0 {
		return 0, false
	}
	return hour*60 + minute, true
}

// dayTime is a moment of any month.
type dayTime struct {
	day    int // 1 – 31; not above 0: so many days before the last
	minute int
}

func monthDay(s string) (dayTime, bool) {
	d, t, ok := strings.Cut(strings.TrimSpace(s), " ")
	if !ok {
		return dayTime{}, false
	}
	at, ok := clockTime(strings.TrimSpace(t))
	if !ok {
		return dayTime{}, false
	}
	if d = strings.Replace(d, "último", "last", 1); d == "last" {
		return dayTime{0, at}, true
	}
	if back, is := strings.CutPrefix(d, "last-"); is {
		n, err := strconv.Atoi(back)
		return dayTime{-n, at}, err == nil && n >= 1 && n <= 27
	}
	n, err := strconv.Atoi(d)
	return dayTime{n, at}, err == nil && n >= 1 && n <= 31
}

// in is the moment in a month; a day that a month does not have is its last.
func (d dayTime) in(year int, month time.Month, zone *time.Location) time.Time {
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	day := min(d.day, last)
	if d.day <= 0 {
		day = last + d.day
	}
	return time.Date(year, month, day, 0, d.minute, 0, 0, zone)
}

const dateLayout = "2006-01-02 15:04"

func date(s string, zone *time.Location) (time.Time, bool) {
	t, err := time.ParseInLocation(dateLayout, strings.Replace(strings.TrimSpace(s), "T", " ", 1), zone)
	return t, err == nil
}

// around answers the window's latest occurrence that began at or before now, and its end; false: there
// was none.
func (w Window) around(now time.Time) (from, to time.Time, ok bool) {
	zone := now.Location()
	switch w.Kind {
	case Weekly:
		begin, _ := clockTime(w.From)
		end, _ := clockTime(w.To)
		if end <= begin {
			end += 24 * 60
		}
		for back := range 8 {
			day := time.Date(now.Year(), now.Month(), now.Day()-back, 0, 0, 0, 0, zone)
			from = time.Date(day.Year(), day.Month(), day.Day(), 0, begin, 0, 0, zone)
			if slices.Contains(w.Days, days[day.Weekday()]) && !from.After(now) {
				return from, time.Date(day.Year(), day.Month(), day.Day(), 0, end, 0, 0, zone), true
			}
		}
	case Monthly:
		begin, _ := monthDay(w.From)
		end, _ := monthDay(w.To)
		for back := range 2 {
			first := time.Date(now.Year(), now.Month()-time.Month(back), 1, 0, 0, 0, 0, zone)
			if from = begin.in(first.Year(), first.Month(), zone); from.After(now) {
				continue
			}
			if to = end.in(first.Year(), first.Month(), zone); !to.After(from) {
				to = end.in(first.Year(), first.Month()+1, zone)
			}
			return from, to, true
		}
	case Dates:
		from, ok = date(w.From, zone)
		to, _ = date(w.To, zone)
		return from, to, ok && !from.After(now)
	}
	return from, to, false
}

// horizon is how far Closed looks for an end.
const horizon = 400 * 24 * time.Hour

// Closed tells whether one of some windows is open at now, whose zone is the windows'. until is when the
// last of those that follow each other without a gap ends; zero: there is no end in sight. name is
// the window's that is open now.
func Closed(list []Window, now time.Time) (until time.Time, name string, closed bool) {
	at := now
	for at.Sub(now) < horizon {
		var end time.Time
		for _, w := range list {
			if _, to, ok := w.around(at); ok && to.After(at) && to.After(end) {
				end = to
				if !closed {
					name = w.Name
				}
			}
		}
		if end.IsZero() {
			return until, name, closed
		}
		closed, until, at = true, end, end
	}
	return time.Time{}, name, true
}

// Tell writes From or To of the window as people say it.
func (w Window) Tell(end string, lang link.Lang) string {
	d, ok := monthDay(end)
	if w.Kind != Monthly || !ok {
		return end
	}
	_, at, _ := strings.Cut(strings.TrimSpace(end), " ")
	day := link.Both("dia %d, %s", "day %d, %s", d.day, at)
	switch {
	case d.day == 0:
		day = link.Both("último dia, %s", "last day, %s", at)
	case d.day == -1:
		day = link.Both("penúltimo dia, %s", "day before the last, %s", at)
	case d.day < 0:
		day = link.Both("%d dias antes do último, %s", "%d days before the last, %s", -d.day, at)
	}
	return day.In(lang)
}
