package window

import (
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // a machine may have no time zones of its own, as Windows has none

	"smartlink/link"
)

func TestClosed(t *testing.T) {
	zone := time.FixedZone("BRT", -3*3600)
	night := Window{Name: "night", Kind: Weekly, Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "22:00", To: "06:00"}
	morning := Window{Name: "morning", Kind: Weekly, Days: []string{"tue"}, From: "06:00", To: "07:30"}
	sunday := Window{Name: "sunday", Kind: Weekly, Days: []string{"sun"}, From: "00:00", To: "24:00"}
	always := Window{Name: "always", Kind: Weekly, Days: Days(), From: "00:00", To: "24:00"}
	closing := Window{Name: "closing", Kind: Monthly, From: "last-1 18:00", To: "5 08:00"}
	middle := Window{Name: "middle", Kind: Monthly, From: "10 00:00", To: "12 24:00"}
	thirtyFirst := Window{Name: "31", Kind: Monthly, From: "31 12:00", To: "31 18:00"}
	once := Window{Name: "once", Kind: Dates, From: "2026-12-31 18:00", To: "2027-01-04 08:00"}
	for _, tc := range []struct {
		at, until, name string
		list            []Window
	}{
		{"2026-03-02 21:59", "", "", []Window{night}}, // a Monday
		{"2026-03-02 22:00", "2026-03-03 06:00", "night", []Window{night}},
		{"2026-03-03 05:59", "2026-03-03 06:00", "night", []Window{night}},
		{"2026-03-03 06:00", "", "", []Window{night}},
		{"2026-03-07 05:59", "2026-03-07 06:00", "night", []Window{night}}, // Friday's, on Saturday
		{"2026-03-07 23:00", "", "", []Window{night}},
		{"2026-03-02 05:00", "", "", []Window{night}}, // Sunday has none
		{"2026-03-02 23:00", "2026-03-03 07:30", "night", []Window{morning, night}},
		{"2026-03-03 06:10", "2026-03-03 07:30", "morning", []Window{morning, night}},
		{"2026-03-01 23:59", "2026-03-02 00:00", "sunday", []Window{sunday}},
		{"2026-03-02 00:00", "", "", []Window{sunday}},
		{"2026-02-27 17:59", "", "", []Window{closing}},
		{"2026-02-27 18:00", "2026-03-05 08:00", "closing", []Window{closing}},
		{"2026-03-05 07:59", "2026-03-05 08:00", "closing", []Window{closing}},
		{"2026-03-05 08:00", "", "", []Window{closing}},
		{"2027-01-02 12:00", "2027-01-05 08:00", "closing", []Window{closing}},
		{"2027-01-02 12:00", "2027-01-05 08:00", "once", []Window{once, {Name: "c", Kind: Monthly, From: "4 07:00", To: "último-26 08:00"}}},
		{"2026-03-12 23:59", "2026-03-13 00:00", "middle", []Window{middle}},
		{"2026-03-13 00:00", "", "", []Window{middle}},
		{"2026-04-30 12:30", "2026-04-30 18:00", "31", []Window{thirtyFirst}},
		{"2026-12-31 17:59", "", "", []Window{once}},
		{"2027-01-04 08:00", "", "", []Window{once}},
		{"2026-03-02 12:00", "", "", nil},
		{"2026-03-02 12:00", "never", "always", []Window{always}},
	} {
		at, err := time.ParseInLocation(dateLayout, tc.at, zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range tc.list {
			if err := w.Check(); err != nil {
				t.Fatalf("%+v: %v", w, err)
			}
		}
		until, name, closed := Closed(tc.list, at)
		got := ""
		switch {
		case closed && until.IsZero():
			got = "never"
		case closed:
			got = until.In(zone).Format(dateLayout)
		}
		if got != tc.until || name != tc.name {
			t.Errorf("%s: until %q by %q, want %q by %q", tc.at, got, name, tc.until, tc.name)
		}
	}
}

// TestClosedOnTheDayClocksAreSet: a window's ends are what the clock on the wall shows.
func TestClosedOnTheDayClocksAreSet(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	w := []Window{{Name: "n", Kind: Weekly, Days: []string{"sat"}, From: "22:00", To: "06:00"}}
	for _, day := range []time.Time{time.Date(2026, 3, 8, 5, 59, 0, 0, zone), time.Date(2026, 11, 1, 5, 59, 0, 0, zone)} {
		until, _, closed := Closed(w, day)
		if !closed || until.Hour() != 6 || until.Sub(day) != time.Minute {
			t.Errorf("%s: %s, %t", day, until, closed)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		w  Window
		at string
	}{
		{Window{Kind: Weekly, Days: []string{"mon"}, From: "1:00", To: "2:00"}, "name"},
		{Window{Name: strings.Repeat("x", MaxName+1), Kind: Weekly, Days: []string{"mon"}, From: "1:00", To: "2:00"}, "name"},
		{Window{Name: "x", From: "1:00", To: "2:00"}, "kind"},
		{Window{Name: "x", Kind: Weekly, From: "01:00", To: "02:00"}, "days"},
		{Window{Name: "x", Kind: Weekly, Days: []string{"lun"}, From: "01:00", To: "02:00"}, "days"},
		{Window{Name: "x", Kind: Weekly, Days: []string{"mon"}, From: "24:01", To: "2:60"}, "from to"},
		{Window{Name: "x", Kind: Weekly, Days: []string{"mon"}, From: "", To: "2"}, "from to"},
		{Window{Name: "x", Kind: Monthly, From: "32 10:00", To: "0 10:00"}, "from to"},
		{Window{Name: "x", Kind: Monthly, From: "last-28 10:00", To: "last10:00"}, "from to"},
		{Window{Name: "x", Kind: Dates, From: "31/03/2026 10:00", To: "2026-13-01 10:00"}, "from to"},
		{Window{Name: "x", Kind: Dates, From: "2026-03-31 10:00", To: "2026-03-31T10:00"}, "to"},
	} {
		err := tc.w.Check()
		e, ok := err.(*link.Error)
		if !ok || e.Code != link.CodeRequestInvalid {
			t.Errorf("%+v: %v", tc.w, err)
			continue
		}
		var at []string
		for _, f := range e.Errors {
			at = append(at, f.Pointer)
		}
		if got := strings.Join(slices.Compact(at), " "); got != tc.at {
			t.Errorf("%+v: %s, want %s", tc.w, got, tc.at)
		}
	}
}

func TestTell(t *testing.T) {
	for _, c := range []struct {
		kind        Kind
		end, pt, en string
	}{
		{Weekly, "22:00", "22:00", "22:00"},
		{Monthly, "28 18:00", "dia 28, 18:00", "day 28, 18:00"},
		{Monthly, "último 18:00", "último dia, 18:00", "last day, 18:00"},
		{Monthly, "last-1 24:00", "penúltimo dia, 24:00", "day before the last, 24:00"},
		{Monthly, "last-2 08:00", "2 dias antes do último, 08:00", "2 days before the last, 08:00"},
		{Monthly, "nonsense", "nonsense", "nonsense"},
		{Dates, "2026-03-31 18:00", "2026-03-31 18:00", "2026-03-31 18:00"},
	} {
		w := Window{Kind: c.kind}
		if pt, en := w.Tell(c.end, link.Portuguese), w.Tell(c.end, link.English); pt != c.pt || en != c.en {
			t.Errorf("%s: %q, %q", c.end, pt, en)
		}
	}
}
