package rmtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"smartlink/contracts"
)

// Breakage is a valid data object with one property changed.
type Breakage struct {
	Pointer string // of the property, below the data object: "/Partidas/0/Valor"
	What    string // the new value as JSON, or "left out"
	Value   any
	Data    Object
}

// Breakages changes every property of a table's object in every way we can think of, one at a time:
// also those that the object does not have, and those of its rows.
func Breakages(data Object, t *contracts.Table) []Breakage {
	var all []Breakage
	breakObject(data, t, "", func(pointer string, value any, changed Object) {
		what := "left out"
		if value != any(Left) {
			what = jsonOf(value)
		}
		all = append(all, Breakage{pointer, what, value, changed})
	})
	return all
}

func breakObject(o Object, t *contracts.Table, at string, yield func(string, any, Object)) {
	seen := map[string]bool{}
	for i := range t.Fields {
		f := &t.Fields[i]
		values := valuesFor(f)
		if seen[shape(f)] { // one of a form is broken in every way, the others in some
			values = append(append(List(nil), some...), values[len(anything)+1:]...)
		}
		seen[shape(f)] = true
		for _, value := range values {
			yield(at+"/"+f.Name, value, With(o, Object{f.Name: value}))
		}
		rows, _ := o[f.Name].(List)
		if f.Kind != contracts.List {
			continue
		}
		for n, row := range rows {
			object, ok := row.(Object)
			if !ok {
				continue
			}
			breakObject(object, f.Child, fmt.Sprintf("%s/%s/%d", at, f.Name, n), func(pointer string, value any, changed Object) {
				others := append(List(nil), rows...)
				others[n] = changed
				yield(pointer, value, With(o, Object{f.Name: others}))
			})
		}
	}
}

// anything are values that are wrong somewhere: every type, sign and size, and texts nobody expects.
var anything = func() List {
	raw := func(texts ...string) (l List) {
		for _, t := range texts {
			l = append(l, json.RawMessage(t))
		}
		return l
	}
	return append(raw(
		`null`, `true`, `false`, `{}`, `[]`, `[{}]`, `[null]`, `[[[[[]]]]]`, `{"a":{"b":[1]}}`, `{"a":1}`,
		`0`, `-0`, `1`, `-1`, `-2`, `2`, `3`, `5`, `6`, `9`, `18`, `1.0`, `1.5`, `100.0001`, `0.00001`, `100.00001`, `1e1`, `1E+2`, `1e-4`, `1e-5`, `-1e-30`,
		`70000`, `32768`, `100000`, `2147483647`, `2147483648`, `-2147483649`, `9223372036854775808`, `99999999999.9999`, `99999999999.99991`, `100000000000`,
		`-99999999999.9999`, `999999999.999999999`, `1000000000`, `1e40`, `1e400`, `-1e400`, `1e-400`, `1e999999999999`,
	), "", " ", " \t\n", "\u3000", "x", "0", "-0", "1", "-1", "01", "+1", "1.0", "1.5", "1,5", "1.00001", "-0.5", "1e2", "1e-9", "0x10", " 1", "١", "NaN", "Infinity",
		"99999999999.9999", "100000000000", "2147483648", "99999999999999999999", "TRUE", "false", "False", "null",
		"2026-03-30", "2026-03-30T00:00:00", "2026-03-30T23:59:59.999", "2026-03-30T22:00:00-03:00", "2026-03-30T10:00:00Z", "2026-02-29", "2028-02-29", "2026-04-31",
		"2026-13-01", "2026-3-1", "30/03/2026", "20260330", "1899-12-31", "1900-01-01", "2999-12-31", "3000-01-01", "2025-12-31", "2026-03-30T24:00:00", "2026-03-30 10:00",
		"999.999", "F99999", "4.1.03.001", "1.1.01.002", "4.1.01", "\x00", "a\x00b", "a\nb", "\u0085", "\ufffd", "a\ufffdb", "😀", "e\u0301", "\u202e", "'; DROP TABLE FLAN; --", strings.Repeat("é", 10_000),
	)
}()

// some are a few of anything.
var some = List{
	any(Left), nil, true, Object{}, List{}, -1, 1, Number("1.5"), Number("0.00001"), Number("1e400"), "", "x", "1", "F99999", "2025-12-31", "2026-03-30", "a\x00b",
}

// shape tells fields apart that are judged differently.
func shape(f *contracts.Field) string {
	return fmt.Sprint(f.Kind, f.Size, f.Numeric, f.Sign, f.Min, f.Max, f.Values, f.Settable, f.Key, f.Generated, f.FromParent, f.Required, f.NotNull,
		f.Default, f.DefaultFrom, f.CompanyOf != "", f.ReadOnly, f.InsertOnly, f.Locked)
}

func valuesFor(f *contracts.Field) List {
	values := append(List{any(Left)}, anything...)
	if f.Size > 0 {
		values = append(values, strings.Repeat("é", f.Size), strings.Repeat("é", f.Size+1), strings.Repeat(" ", f.Size+1))
	}
	if f.Kind == contracts.Integer {
		for _, n := range []int64{f.Min, f.Min - 1, f.Max, f.Max + 1} {
			values = append(values, n, fmt.Sprint(n))
		}
		for _, o := range f.Values {
			values = append(values, o.Value, fmt.Sprint(o.Value))
		}
	}
	if f.Kind == contracts.List {
		values = append(values, make(List, f.MaxRows+1), List{Object{}}, List{1, "x"})
	}
	if f.Kind == contracts.Open {
		values = append(values, Object{"Contrato": strings.Repeat("é", 41)}, Object{"Contrato": Object{}}, Object{"Contrato": nil}, Object{"Contrato": Number("1e400")})
	}
	return values
}

func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	if len(b) > 100 {
		return string(b[:100]) + "…"
	}
	return string(b)
}

// Names tells whether a fault's pointers name a property, one inside of it, or, for a property of a row
// that is gone or is none, the row.
func Names(pointers []string, property string) bool {
	for _, p := range pointers {
		if p == property || strings.HasPrefix(p, property+"/") {
			return true
		}
	}
	return false
}

// Valid are data objects that the seeded books take as they are: by message type, the commands' most
// complete ones. Those of edits edit what the ones of the same object created, once each in empty books.
func Valid() map[string]Object {
	number := Number
	line := func(more Object) Object {
		o := Object{"IdPartida": -1, "CodFilial": 1, "Data": "2026-03-31T00:00:00", "Documento": "CT0042", "CodHistP": "010", "Complemento": "Contrato 42", "CodDepartamento": "FIN"}
		maps.Copy(o, more)
		return o
	}
	flan := Object{
		"CodColigada": 1, "IdLan": -1, "CodFilial": 1, "PagRec": "2", "CodTdo": "EMPR", "NumeroDocumento": "CT-0042/03", "SerieDocumento": "@@@", "Parcela": 3,
		"CodColCfo": 1, "CodCfo": "F00017", "DataEmissao": "2026-03-02T00:00:00", "DataVencimento": "2026-04-01T00:00:00", "ValorOriginal": number("11250.75"),
		"CodMoeValorOriginal": "R$", "CodColCxa": 1, "CodCxa": "001", "CodCCusto": "01.002", "CodDepartamento": "FIN", "Historico": "Contrato 42, parcela 3",
		"CodAplicacao": "F", "TipoContabilLan": 0, "UsuarioInclusao": "mestre", "CodUsuario": "mestre", "Complementos": Object{"Contrato": "42"},
		"Rateios": List{
			Object{"IdRatCCu": -1, "CodCCusto": "01.002", "CodColNatFinanceira": 1, "CodNatFinanceira": "02.02", "Valor": number("10000.00"), "Percentual": number("88.8829")},
			Object{"IdRatCCu": -1, "CodCCusto": "01.002", "CodNatFinanceira": "02.01", "Valor": number("1250.75"), "Percentual": number("11.1171")},
		},
	}
	fxcx := Object{
		"CodColigada": 1, "IdXcx": -1, "CodFilial": 1, "CodColCxa": 1, "CodCxa": "001", "Tipo": 2, "NumeroDocumento": "CT0042", "Data": "2026-03-02T00:00:00",
		"Valor": number("500000.00"), "Compensado": 0, "DataCompensacao": "2026-03-03", "Historico": "Captação contrato 42", "UsuarioInclusao": "mestre", "CodUsuario": "mestre",
		"Complementos": Object{"Contrato": "42"},
	}
	entry := Object{
		"CodColigada": 1, "CodLote": 10, "IdLancamento": -1, "Descricao": "Apropriação de juros 03/2026", "UsuarioInclusao": "mestre", "CodUsuario": "mestre",
		"Partidas": List{
			line(Object{"Debito": "4.1.03.001", "Valor": number("1250.75"), "CodCCusto": "01.002", "Partida": "2.1.02.004"}),
			line(Object{"CodColCredito": 1, "Credito": "2.1.02.004", "Valor": number("1250.75")}),
			line(Object{"CodFilial": 2, "Debito": "4.1.02.002", "Credito": "2.1.01.001", "Valor": 100, "Rateios": List{
				Object{"IdRateio": -1, "CodGerencial": "G01", "VlrDebito": 60}, Object{"CodGerencial": "G02", "VlrDebito": 40, "VlrCredito": 0},
			}}),
		},
	}
	return map[string]Object{
		"FinLanIncDataCommand": flan,
		"FinLanAltDataCommand": With(flan, Object{"IdLan": 1, "ValorOriginal": 11000, "Historico": "Alterado", "Rateios": List{
			Object{"IdRatCCu": 1, "Valor": number("9000"), "Percentual": nil}, Object{"IdRatCCu": -1, "CodCCusto": "01.001", "CodNatFinanceira": "02.03", "Valor": 2000},
		}}),
		"FinXCXIncDataCommand": fxcx,
		"FinXCXAltDataCommand": With(fxcx, Object{"IdXcx": 1, "Tipo": 1, "Valor": 300, "Historico": "Alterado"}),
		"CtbLanIncDataCommand": entry,
		"CtbLanAltDataCommand": With(entry, Object{"IdLancamento": 1, "Descricao": "Alterado", "Partidas": List{
			Object{"IdPartida": 1, "Valor": 1000}, line(Object{"Credito": "2.1.02.004", "Valor": 1000}),
			Object{"IdPartida": 3, "Valor": 150, "Rateios": List{Object{"IdRateio": 1, "VlrDebito": 90}, Object{"IdRateio": -1, "CodGerencial": "G03", "VlrDebito": 60}}},
		}}),
	}
}
