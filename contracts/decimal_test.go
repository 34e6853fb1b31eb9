package contracts_test

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"smartlink/contracts"
)

func TestNumericParse(t *testing.T) {
	zeros := strings.Repeat("0", 1<<20)
	for _, tc := range []struct {
		size contracts.Numeric
		text string
		want string // as String writes it
		err  error
	}{
		{contracts.Money, "1250.75", "1250.7500", nil},
		{contracts.Money, "0", "0.0000", nil},
		{contracts.Money, "-0", "0.0000", nil},
		{contracts.Money, "-0.0000", "0.0000", nil},
		{contracts.Money, "0e99", "0.0000", nil},
		{contracts.Money, "0.0001", "0.0001", nil},
		{contracts.Money, "-0.0001", "-0.0001", nil},
		{contracts.Money, "-12.5", "-12.5000", nil},
		{contracts.Money, "1.25075e3", "1250.7500", nil},
		{contracts.Money, "125075E-2", "1250.7500", nil},
		{contracts.Money, "1.25e+1", "12.5000", nil},
		{contracts.Money, "1e-4", "0.0001", nil},
		{contracts.Money, "10e-5", "0.0001", nil}, // zeros at the end are no places

		// Five places, and zeros that are none.
		{contracts.Money, "1.00001", "", contracts.ErrPlaces},
		{contracts.Money, "1.00010", "1.0001", nil},
		{contracts.Money, "1.0000000000000000000000000", "1.0000", nil},
		{contracts.Money, "1e-5", "", contracts.ErrPlaces},
		{contracts.Money, "0.00000000000000000000000001", "", contracts.ErrPlaces},
		{contracts.Money, "1e-99999999999999999999", "", contracts.ErrPlaces},
		{contracts.Percent, "88.88290", "88.8829", nil},
		{contracts.Percent, "88.88295", "", contracts.ErrPlaces},

		// The edges of (15,4) and (18,9).
		{contracts.Money, "99999999999.9999", "99999999999.9999", nil},
		{contracts.Money, "-99999999999.9999", "-99999999999.9999", nil},
		{contracts.Money, "100000000000", "", contracts.ErrRange},
		{contracts.Money, "-100000000000.0", "", contracts.ErrRange},
		{contracts.Money, "1e10", "10000000000.0000", nil},
		{contracts.Money, "1e11", "", contracts.ErrRange},
		{contracts.Money, "1e99999999999999999999", "", contracts.ErrRange},
		{contracts.Money, strings.Repeat("9", 400), "", contracts.ErrRange},
		{contracts.Rate, "999999999.999999999", "999999999.999999999", nil},
		{contracts.Rate, "1000000000", "", contracts.ErrRange},
		{contracts.Rate, "0.000000001", "0.000000001", nil},
		{contracts.Rate, "5.123456789", "5.123456789", nil},
		{contracts.Rate, "5.1234567891", "", contracts.ErrPlaces},
		{contracts.Numeric{Digits: 18}, "999999999999999999", "999999999999999999", nil},
		{contracts.Numeric{Digits: 18}, "1.0", "1", nil},
		{contracts.Numeric{Digits: 18}, "1.5", "", contracts.ErrPlaces},

		// An exponent that takes back what a long fraction put off.
		{contracts.Money, "0." + zeros + "125e1048578", "12.5000", nil},
		{contracts.Money, "125" + zeros + "e-1048577", "12.5000", nil},

		// What JSON does not call a number.
		{contracts.Money, "", "", contracts.ErrNotNumber},
		{contracts.Money, " 1", "", contracts.ErrNotNumber},
		{contracts.Money, "1 ", "", contracts.ErrNotNumber},
		{contracts.Money, "+1", "", contracts.ErrNotNumber},
		{contracts.Money, "-", "", contracts.ErrNotNumber},
		{contracts.Money, "--1", "", contracts.ErrNotNumber},
		{contracts.Money, ".5", "", contracts.ErrNotNumber},
		{contracts.Money, "5.", "", contracts.ErrNotNumber},
		{contracts.Money, "01", "", contracts.ErrNotNumber},
		{contracts.Money, "1e", "", contracts.ErrNotNumber},
		{contracts.Money, "1e+", "", contracts.ErrNotNumber},
		{contracts.Money, "1e1.5", "", contracts.ErrNotNumber},
		{contracts.Money, "1,5", "", contracts.ErrNotNumber},
		{contracts.Money, "1.000,50", "", contracts.ErrNotNumber},
		{contracts.Money, "1_000", "", contracts.ErrNotNumber},
		{contracts.Money, "0x10", "", contracts.ErrNotNumber},
		{contracts.Money, "NaN", "", contracts.ErrNotNumber},
		{contracts.Money, "Infinity", "", contracts.ErrNotNumber},
		{contracts.Money, "١٢", "", contracts.ErrNotNumber}, // digits of another script
	} {
		name := tc.text
		if len(name) > 40 {
			name = name[:40] + "…"
		}
		t.Run(name, func(t *testing.T) {
			d, err := tc.size.Parse(tc.text)
			if !errors.Is(err, tc.err) {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			if err == nil && d.String() != tc.want {
				t.Errorf("%s, want %s", d, tc.want)
			}
			if err != nil && d != (contracts.Decimal{}) {
				t.Errorf("an error comes with the number %s", d)
			}
		})
	}
}

func TestDecimalWritesAllPlaces(t *testing.T) {
	for want, d := range map[string]contracts.Decimal{
		"12507500":            {Units: 12507500},
		"-7":                  {Units: -7},
		"1250.7500":           {Units: 12507500, Places: 4},
		"0.0001":              {Units: 1, Places: 4},
		"-0.0001":             {Units: -1, Places: 4},
		"0.0000":              {Places: 4},
		"-10.0000":            {Units: -100000, Places: 4},
		"-99999999999.9999":   {Units: -999999999999999, Places: 4},
		"999999999.999999999": {Units: 999999999999999999, Places: 9},
	} {
		if d.String() != want {
			t.Errorf("%+v is written %s, want %s", d, d, want)
		}
		if b, err := d.MarshalJSON(); err != nil || string(b) != want {
			t.Errorf("%+v in JSON: %s, %v", d, b, err)
		}
	}
	for size, want := range map[contracts.Numeric]string{
		contracts.Money: "99999999999.9999", contracts.Rate: "999999999.999999999", {Digits: 18}: "999999999999999999",
	} {
		if got := size.Max().String(); got != want {
			t.Errorf("largest of %v: %s, want %s", size, got, want)
		}
	}
}

// Every JSON number is read exactly or refused, for the right reason; what was read is written so
// that it reads the same.
func TestNumericNeverRounds(t *testing.T) {
	grammar := rapid.StringMatching(`-?(0|[1-9][0-9]{0,13})(\.[0-9]{1,11})?([eE][+-]?[0-9]{1,2})?`)
	sizes := rapid.SampledFrom([]contracts.Numeric{contracts.Money, contracts.Rate, {Digits: 18}})
	rapid.Check(t, func(t *rapid.T) {
		text, size := grammar.Draw(t, "text"), sizes.Draw(t, "size")
		exact, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("big.Rat does not read %q", text)
		}
		unit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(size.Places)), nil))
		whole := new(big.Rat).Mul(exact, unit)
		inRange := new(big.Rat).Abs(exact).Cmp(rat(t, size.Max().String())) <= 0
		d, err := size.Parse(text)
		switch {
		case !whole.IsInt():
			if !errors.Is(err, contracts.ErrPlaces) && (inRange || !errors.Is(err, contracts.ErrRange)) {
				t.Fatalf("%s in %v: %v %v, it has more places", text, size, d, err)
			}
		case !inRange:
			if !errors.Is(err, contracts.ErrRange) {
				t.Fatalf("%s in %v: %v %v, it is too large", text, size, d, err)
			}
		case err != nil || rat(t, d.String()).Cmp(exact) != 0:
			t.Fatalf("%s in %v became %v, %v", text, size, d, err)
		default:
			if again, err := size.Parse(d.String()); err != nil || again != d {
				t.Fatalf("%s was written %s and read as %v, %v", text, d, again, err)
			}
		}
	})
}

func rat(t interface{ Fatalf(string, ...any) }, text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no number", text)
	}
	return r
}
