// Package decimal stands in for the library in the tests of the rules.
package decimal

var (
	DivisionPrecision        = 16
	MarshalJSONWithoutQuotes = false
)

type Decimal struct{ value *int }

func New(value int64, exp int32) Decimal                   { return Decimal{} }
func NewFromFloat(f float64) Decimal                       { return Decimal{} }
func NewFromString(s string) (Decimal, error)              { return Decimal{}, nil }
func RequireFromString(s string) Decimal                   { return Decimal{} }
func (d Decimal) Div(o Decimal) Decimal                    { return d }
func (d Decimal) DivRound(o Decimal, places int32) Decimal { return d }
func (d Decimal) Equal(o Decimal) bool                     { return true }
func (d Decimal) InexactFloat64() float64                  { return 0 }
func (d Decimal) String() string                           { return "" }
