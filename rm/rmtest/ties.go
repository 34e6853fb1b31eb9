package rmtest

import (
	"context"
	"fmt"
	"math/big"
	"strings"

	"smartlink/rm/schema"
)

// Ties fails the test unless the books tie: debits equal credits per entry, branch and date; apportionments
// equal their amounts to the last place; statement entries have the sign of their kind.
func (b *Books) Ties() {
	b.t.Helper()
	for _, problem := range b.Untied() {
		b.t.Error(problem)
	}
}

// Untied lists what does not tie in the books.
func (b *Books) Untied() []string { return Untied(b.t, keptDB{b}) }

// Untied lists what does not tie in the books, seen through a database or a consumer's transaction.
func Untied(t interface{ Fatalf(string, ...any) }, db schema.Querier) []string {
	var wrong []string
	find := func(query string) []map[string]any {
		rows, err := Query(context.Background(), db, query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return rows
	}
	sums := map[string]*big.Rat{}
	add := func(key string, text any, sign int64) {
		if sums[key] == nil {
			sums[key] = new(big.Rat)
		}
		sums[key].Add(sums[key], new(big.Rat).Mul(Rat(t, fmt.Sprint(text)), big.NewRat(sign, 1)))
	}
	for _, r := range find(`SELECT * FROM CPARTIDA`) {
		for _, key := range []string{
			fmt.Sprintf("entry %v;%v;%v", r["CODCOLIGADA"], r["CODLOTE"], r["IDLANCAMENTO"]),
			fmt.Sprintf("entry %v;%v;%v, branch %v, date %v", r["CODCOLIGADA"], r["CODLOTE"], r["IDLANCAMENTO"], r["CODFILIAL"], r["DATA"]),
		} {
			if r["DEBITO"] != nil {
				add(key, r["VALOR"], 1)
			}
			if r["CREDITO"] != nil {
				add(key, r["VALOR"], -1)
			}
		}
	}
	for _, r := range find(`SELECT C.*, P.VALOR, P.DEBITO, P.CREDITO, P.DATA AS DIA FROM CRATEIOLC C JOIN CPARTIDA P USING (CODCOLIGADA, IDPARTIDA)`) {
		side, account := "debit", r["DEBITO"]
		if !strings.HasPrefix(fmt.Sprint(r["VLRDEBITO"]), "0.0000") {
			add(fmt.Sprintf("managerial debit of line %v;%v of %v", r["CODCOLIGADA"], r["IDPARTIDA"], r["VALOR"]), r["VLRDEBITO"], 1)
		} else {
			side, account = "credit", r["CREDITO"]
			add(fmt.Sprintf("managerial credit of line %v;%v of %v", r["CODCOLIGADA"], r["IDPARTIDA"], r["VALOR"]), r["VLRCREDITO"], 1)
		}
		if r["CODCONTA"] != account || r["DATA"] != r["DIA"] || account == nil {
			wrong = append(wrong, fmt.Sprintf("managerial %s row %v of %v on %v, its line is of %v on %v", side, r["IDRATEIO"], r["CODCONTA"], r["DATA"], account, r["DIA"]))
		}
	}
	for key := range sums {
		if _, value, ok := strings.Cut(key, " of line "); ok {
			add(key, value[strings.LastIndex(value, " of ")+4:], -1)
		}
	}
	for _, r := range find(`SELECT CODCOLIGADA, IDLAN, VALORORIGINAL FROM FLAN WHERE EXISTS (SELECT 1 FROM FLANRATCCU R WHERE R.CODCOLIGADA = FLAN.CODCOLIGADA AND R.IDLAN = FLAN.IDLAN)`) {
		add(fmt.Sprintf("apportionment of %v;%v", r["CODCOLIGADA"], r["IDLAN"]), r["VALORORIGINAL"], -1)
	}
	for _, r := range find(`SELECT * FROM FLANRATCCU`) {
		add(fmt.Sprintf("apportionment of %v;%v", r["CODCOLIGADA"], r["IDLAN"]), r["VALOR"], 1)
	}
	for key, sum := range sums {
		if sum.Sign() != 0 {
			wrong = append(wrong, fmt.Sprintf("%s: off by %s", key, sum.FloatString(4)))
		}
	}
	for _, r := range find(`SELECT * FROM FXCX`) {
		for _, name := range []string{"VALOR", "VALORCONTABIL"} {
			if (Rat(t, fmt.Sprint(r[name])).Sign() < 0) != (r["TIPO"] == int64(1)) {
				wrong = append(wrong, fmt.Sprintf("statement entry %v of kind %v: %s %v", r["IDXCX"], r["TIPO"], name, r[name]))
			}
		}
	}
	return wrong
}

// Rat reads a number exactly.
func Rat(t interface{ Fatalf(string, ...any) }, text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no number", text)
	}
	return r
}
