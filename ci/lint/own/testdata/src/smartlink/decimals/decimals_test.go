package decimals

import "github.com/shopspring/decimal"

func amount(s string) decimal.Decimal { return decimal.RequireFromString(s) }
