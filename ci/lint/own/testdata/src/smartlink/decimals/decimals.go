// Package decimals tries the rule of the same name.
package decimals

import "github.com/shopspring/decimal"

var one = decimal.RequireFromString("1.0000")

func parse(s string) decimal.Decimal {
	return decimal.RequireFromString(s) // want `RequireFromString panics on bad input`
}

func share(total, parts decimal.Decimal) decimal.Decimal {
	if total == parts { // want `== compares decimals by pointer`
		return one
	}
	if total != one { // want `!= compares decimals by pointer`
		return total.Div(parts) // want `decimal's Div rounds to a global number of places`
	}
	f := decimal.Decimal.Div // want `decimal's Div rounds`
	if total.Equal(parts) {
		return f(total, parts)
	}
	return total.DivRound(parts, 4)
}

var byAmount map[decimal.Decimal]string // want `a decimal as map key`

func init() {
	decimal.DivisionPrecision = 4           // want `decimal.DivisionPrecision changes every amount`
	decimal.MarshalJSONWithoutQuotes = true // want `decimal.MarshalJSONWithoutQuotes changes every amount`
}

func toFloat(d decimal.Decimal) any {
	_ = decimal.NewFromFloat(0.1) // want `decimal's NewFromFloat takes a binary fraction`
	return d.InexactFloat64()     // want `decimal's InexactFloat64 makes a binary fraction`
}

func unknown(f func(decimal.Decimal) bool) bool { return f(one) }
