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
	if len(text) == len(time.DateOnly) {
		return checkDate(time.Parse(time.DateOnly, text))
	}
	if t, err := time.Parse("2006-01-02T15:04:05", text); err == nil {
		return checkDate(t, nil)
	}
	return checkDate(time.Parse(time.RFC3339, text))
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
