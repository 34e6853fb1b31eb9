package contracts_test

import (
	"errors"
	"testing"
	"time"

	"smartlink/contracts"
)

func TestParseDate(t *testing.T) {
	for text, want := range map[string]contracts.Date{
		"2026-03-31":                        "2026-03-31",
		"2026-03-31T00:00:00":               "2026-03-31",
		"2026-03-31T23:59:59":               "2026-03-31",
		"2026-03-31T00:00:00.000":           "2026-03-31",
		"2026-03-31T23:59:59.9999999":       "2026-03-31",
		"2026-03-31T00:00:00Z":              "2026-03-31",
		"2026-03-31T23:30:00-03:00":         "2026-03-31", // in UTC it is April already
		"2026-04-01T00:30:00+14:00":         "2026-04-01", // in UTC it is still March
		"2026-03-31T00:00:00.0000000-03:00": "2026-03-31",

		// Leap years.
		"2024-02-29": "2024-02-29",
		"2000-02-29": "2000-02-29",
		"2026-02-29": "",
		"2100-02-29": "",
		"2026-02-30": "",
		"2026-04-31": "",

		// The years a date may have.
		"1900-01-01":                "1900-01-01",
		"1899-12-31":                "",
		"2999-12-31":                "2999-12-31",
		"3000-01-01":                "",
		"0000-01-01":                "",
		"1900-01-01T00:00:00+14:00": "1900-01-01", // the year as written, too
		"2999-12-31T23:00:00-05:00": "2999-12-31",

		"":                           "",
		" 2026-03-31":                "",
		"2026-03-31 ":                "",
		"2026-3-31":                  "",
		"26-03-31":                   "",
		"20260331":                   "",
		"31/03/2026":                 "",
		"2026/03/31":                 "",
		"2026-13-01":                 "",
		"2026-00-10":                 "",
		"2026-01-00":                 "",
		"2026-03-31 00:00:00":        "",
		"2026-03-31T24:00:00":        "",
		"2026-03-31T00:00":           "",
		"2026-03-31T":                "",
		"2026-03-31T00:00:00+0300":   "",
		"2026-03-31T00:00:00 -03:00": "",
		"-2026-03-31":                "",
		"+12026-03-31":               "",
		"２０２６-03-31":                 "",
		"1774915200":                 "",
		"/Date(1774915200000)/":      "",
	} {
		got, err := contracts.ParseDate(text)
		if got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
		if (want == "") != errors.Is(err, contracts.ErrDate) {
			t.Errorf("%q: error %v", text, err)
		}
	}
}

func TestDatesOfMoments(t *testing.T) {
	late := time.Date(2026, 3, 31, 22, 15, 30, 999, time.FixedZone("BRT", -3*3600))
	if got := contracts.DateOf(late); got != "2026-03-31" {
		t.Errorf("in its own zone: %s", got)
	}
	if got := contracts.DateOf(late.UTC()); got != "2026-04-01" {
		t.Errorf("in UTC: %s", got)
	}
	if got := contracts.FormatMoment(late); got != "2026-04-01T01:15:30Z" {
		t.Errorf("as a moment: %s", got)
	}
}
