package contracts

import (
	"errors"
	"strconv"
	"strings"
)

// Numeric is the size of a decimal field: Digits in all, Places of them after the point. Digits
// is at most 18, so that every value fits 64 bits.
type Numeric struct {
	Digits, Places int
}

// The sizes in use. Source: RM's columns; amounts have 4 places, exchange rates 9.
var (
	Money   = Numeric{15, 4}
	Percent = Numeric{15, 4}
	Rate    = Numeric{18, 9}
)

// Why a text is no number of a size.
var (
	ErrNotNumber = errors.New("not a number")
	ErrPlaces    = errors.New("too many decimal places")
	ErrRange     = errors.New("out of range")
)

// Max is the largest number of the size.
func (n Numeric) Max() Decimal {
	units := int64(1)
	for range n.Digits {
		units *= 10
	}
	return Decimal{units - 1, n.Places}
}

// Decimal is an exact number with a fixed count of places: 1250.75 in money is 12507500 units of
// 1/10000.
type Decimal struct {
	Units  int64
	Places int
}

// String writes all places, "1250.7500", which is also how books keep it.
func (d Decimal) String() string {
	if d.Places == 0 {
		return strconv.FormatInt(d.Units, 10)
	}
	digits := strconv.FormatInt(d.Units, 10)
	sign := ""
	if d.Units < 0 {
		sign, digits = "-", digits[1:]
	}
	if missing := d.Places + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - d.Places
	return sign + digits[:point] + "." + digits[point:]
}

// MarshalJSON writes a JSON number with all places.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// Parse reads a JSON number ("1250.75", "1.25075e3") exactly. Zeros at the end do not count as
// places. It never rounds: ErrPlaces, ErrRange or ErrNotNumber instead.
func (n Numeric) Parse(text string) (Decimal, error) {
	if units, ok := n.plain(text); ok {
		return Decimal{units, n.Places}, nil
	}
	negative, digits, exp, ok := splitNumber(text)
	if !ok {
		return Decimal{}, ErrNotNumber
	}
	if digits == "" {
		return Decimal{Places: n.Places}, nil
	}
	if exp < -n.Places {
		return Decimal{}, ErrPlaces
	}
	if len(digits)+exp > n.Digits-n.Places {
		return Decimal{}, ErrRange
	}
	units, err := strconv.ParseInt(digits+strings.Repeat("0", exp+n.Places), 10, 64)
	if err != nil {
		return Decimal{}, ErrRange
	}
	if negative {
		units = -units
	}
	return Decimal{units, n.Places}, nil
}

// plain reads a number that is written as most are: digits, which fit, and perhaps a point among them.
func (n Numeric) plain(text string) (units int64, ok bool) {
	digits, negative := strings.CutPrefix(text, "-")
	if len(digits) > 18 { // could be more than 64 bits hold
		return 0, false
	}
	point := len(digits)
	for i := range len(digits) {
		switch c := digits[i]; {
		case c >= '0' && c <= '9':
			units = 10*units + int64(c-'0')
		case c == '.' && point == len(digits):
			point = i
		default:
			return 0, false
		}
	}
	places := max(len(digits)-point-1, 0)
	switch {
	case point == 0 || point > 1 && digits[0] == '0' || point == len(digits)-1: // not what JSON calls a number
		return 0, false
	case point > n.Digits-n.Places || places > n.Places:
		return 0, false
	}
	for range n.Places - places {
		units *= 10
	}
	if negative {
		units = -units
	}
	return units, true
}

// maxExponent bounds the exponents that are looked at. It is more than a body has digits, so that
// beyond it only the direction matters; and little enough to be added to in 32 bits.
const maxExponent = 1 << 30

// splitNumber reads the JSON number grammar into digits without zeros at either end and the power
// of ten of the last digit. Zero has no digits.
func splitNumber(text string) (negative bool, digits string, exp int, ok bool) {
	rest := text
	if negative = strings.HasPrefix(rest, "-"); negative {
		rest = rest[1:]
	}
	whole, rest := leadingDigits(rest)
	if whole == "" || len(whole) > 1 && whole[0] == '0' {
		return false, "", 0, false
	}
	fraction := ""
	if strings.HasPrefix(rest, ".") {
		if fraction, rest = leadingDigits(rest[1:]); fraction == "" {
			return false, "", 0, false
		}
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		rest = rest[1:]
		down := strings.HasPrefix(rest, "-")
		if down || strings.HasPrefix(rest, "+") {
			rest = rest[1:]
		}
		power := ""
		if power, rest = leadingDigits(rest); power == "" {
			return false, "", 0, false
		}
		e, err := strconv.Atoi(power)
		if err != nil || e > maxExponent {
			e = maxExponent
		}
		if down {
			e = -e
		}
		exp = e
	}
	if rest != "" {
		return false, "", 0, false
	}
	digits = strings.TrimLeft(whole+fraction, "0")
	exp -= len(fraction)
	short := strings.TrimRight(digits, "0")
	return negative, short, exp + len(digits) - len(short), true
}

func leadingDigits(s string) (digits, rest string) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return s[:i], s[i:]
}
