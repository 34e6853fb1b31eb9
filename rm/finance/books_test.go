package finance_test

import (
	"testing"

	"smartlink/consumer/consumertest"
	"smartlink/link"
	"smartlink/rm/finance"
	. "smartlink/rm/rmtest"
)

var (
	inc = finance.FinLanIncConsumerDataCommandMessage{}
	alt = finance.FinLanAltConsumerDataCommandMessage{}
)

// least is the smallest entry there is: a payable of 100 to supplier F00017.
func least() Object {
	return Object{
		"CodColigada": 1, "CodFilial": 1, "PagRec": 2, "CodTdo": "EMPR", "NumeroDocumento": "D-1", "CodColCfo": 1, "CodCfo": "F00017",
		"DataEmissao": "2026-03-02", "DataVencimento": "2026-04-01", "ValorOriginal": 100, "Historico": "Parcela",
	}
}

// incWith is a message that creates the smallest entry with changes.
func incWith(changes Object) string { return Body(inc.Type(), With(least(), changes)) }

// altWith is a message that edits an entry of company 1.
func altWith(id any, changes Object) string {
	return Body(alt.Type(), With(With(Object{"CodColigada": 1}, Object{"IdLan": id}), changes))
}

// books are seeded books with what the tests of one entry ask of them.
type books struct{ *Books }

func open(t *testing.T) books { return books{Open(t)} }

// create books an entry and answers its id.
func (b books) create(changes Object) int64 { return id(b.Booked(inc, incWith(changes))) }

func id(r consumertest.Result) int64 { return r.Keys["IdLan"].(int64) }

// entry answers an entry of company 1 by its columns.
func (b books) entry(id int64) map[string]any {
	return b.Row(`SELECT * FROM FLAN WHERE CODCOLIGADA = 1 AND IDLAN = ?`, id)
}

// rows answers the apportionment of an entry of company 1.
func (b books) rows(id int64) []map[string]any {
	return b.Rows(`SELECT * FROM FLANRATCCU WHERE CODCOLIGADA = 1 AND IDLAN = ? ORDER BY IDRATCCU`, id)
}

func message(body string) link.Message { return consumertest.Message(alt.Type(), body) }

// row is a row of an apportionment.
func row(id any, centre, nature, value any) Object {
	return Object{"IdRatCCu": id, "CodCCusto": centre, "CodNatFinanceira": nature, "Valor": value}
}
