package contracts

import (
	"errors"
	"time"
)

// Date is a business date without a zone, "2026-03-31". Dates compare as strings.
type Date string

// ErrDate says that a text is no date.
var ErrDate = errors.New("not a date")

// The years a date may have (ours; the books' own range is wider).
const (
	minYear = 1900
	maxYear = 2999
)

// ParseDate reads "2026-03-31", a local timestamp "2026-03-31T00:00:00" with or without a
// fraction, or an RFC 3339 moment. The date is taken as written: neither the time of day nor the
// offset moves it.
func ParseDate(text string) (Date, error) {
	if d, ok := plainDate(text); ok {
		return d, nil
	}
	if len(text) == len(time.DateOnly) {
		return checkDate(time.Parse(time.DateOnly, text))
	}
	if t, err := time.Parse("2006-01-02T15:04:05", text); err == nil {
		return checkDate(t, nil)
	}
	return checkDate(time.Parse(time.RFC3339, text))
}

// plainDate reads the two forms that most dates have, with and without a time to the second.
func plainDate(text string) (Date, bool) {
	if len(text) != len(time.DateOnly) && !(len(text) == len("2006-01-02T15:04:05") && isPlainTime(text[len(time.DateOnly):])) {
		return "", false
	}
	year, month, day := plainInt(text[:4]), plainInt(text[5:7]), plainInt(text[8:10])
	if text[4] != '-' || text[7] != '-' || year < minYear || year > maxYear || month < 1 || month > 12 || day < 1 {
		return "", false
	}
	if day > 28 && time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() != day {
		return "", false
	}
	return Date(text[:len(time.DateOnly)]), true
}

// isPlainTime tells whether a text of nine characters is as "T15:04:05".
func isPlainTime(text string) bool {
	hour, minute, second := plainInt(text[1:3]), plainInt(text[4:6]), plainInt(text[7:9])
	return text[0] == 'T' && text[3] == ':' && text[6] == ':' &&
		0 <= hour && hour < 24 && 0 <= minute && minute < 60 && 0 <= second && second < 60
}

// plainInt is the number that a text of digits says, -1 of another text.
func plainInt(text string) int {
	n := 0
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return -1
		}
		n = 10*n + int(text[i]-'0')
	}
	return n
}

func checkDate(t time.Time, err error) (Date, error) {
	if err != nil || t.Year() < minYear || t.Year() > maxYear {
		return "", ErrDate
	}
	return DateOf(t), nil
}

// DateOf is the date of a moment, in the moment's own zone.
func DateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

// parseMoment reads a timestamp into UTC seconds; without a zone it is taken as UTC.
func parseMoment(text string) (string, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		if t, err = time.Parse("2006-01-02T15:04:05", text); err != nil {
			return "", ErrDate
		}
	}
	if t.Year() < minYear || t.Year() > maxYear {
		return "", ErrDate
	}
	return FormatMoment(t), nil
}

// FormatMoment writes a moment the way books keep it: UTC, whole seconds.
func FormatMoment(t time.Time) string { return t.UTC().Format(time.RFC3339) }
