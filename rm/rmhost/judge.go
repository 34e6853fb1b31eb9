package rmhost

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"smartlink/contracts"
)

// reference says that columns of a record hold a code of the master data.
type reference struct {
	what   string // in Portuguese
	table  string
	from   []string // columns of the record; that of the company first, "" for the record's own
	shared bool     // or one of company 0
}

var (
	company    = reference{"Coligada", "GCOLIGADA", []string{""}, false}
	branch     = reference{"Filial", "GFILIAL", []string{"", "CODFILIAL"}, false}
	centre     = reference{"Centro de custo", "GCCUSTO", []string{"", "CODCCUSTO"}, true}
	department = reference{"Departamento", "GDEPTO", []string{"", "CODDEPARTAMENTO"}, false}
	cash       = reference{"Conta/caixa", "FCXA", []string{"CODCOLCXA", "CODCXA"}, false}

	ofEntry = []reference{
		company, branch, cash, department,
		{"Cliente/fornecedor", "FCFO", []string{"CODCOLCFO", "CODCFO"}, false},
		{"Tipo de documento", "FTDO", []string{"", "CODTDO"}, false},
		{"Moeda", "GMOEDA", []string{"CODMOEVALORORIGINAL"}, false},
		{"Centro de custo", "GCCUSTO", []string{"CODCOLCCUSTO", "CODCCUSTO"}, false},
	}
	ofEntryRow  = []reference{centre, {"Natureza financeira", "TTBORCAMENTO", []string{"CODCOLNATFINANCEIRA", "CODNATFINANCEIRA"}, false}}
	ofStatement = []reference{company, branch, cash}
	ofHead      = []reference{company, {"Lote", "CLOTE", []string{"", "CODLOTE"}, false}}
	ofLine      = []reference{
		branch, centre, department,
		{"Histórico padrão", "CHISTP", []string{"", "CODHISTP"}, false},
		{"Conta de débito", "CCONTA", []string{"CODCOLDEBITO", "DEBITO"}, false},
		{"Conta de crédito", "CCONTA", []string{"CODCOLCREDITO", "CREDITO"}, false},
		{"Contrapartida", "CCONTA", []string{"CODCOLPARTIDA", "PARTIDA"}, false},
	}
	ofManagerial = []reference{{"Conta gerencial", "SLCONTAGERENCIAL", []string{"", "CODGERENCIAL"}, false}}
)

// judgeCodes notes each code of a row that does not exist or takes no entries.
func (b *books) judgeCodes(ctx context.Context, r *record, own int64, whole row, references []reference) error {
	for _, ref := range references {
		code := make([]any, len(ref.from))
		for i, name := range ref.from {
			if code[i] = whole[name]; name == "" || i == 0 && len(ref.from) > 1 && code[i] == nil {
				code[i] = own
			}
		}
		last := code[len(code)-1]
		if last == nil {
			continue
		}
		t, err := b.describe(ctx, ref.table)
		if err != nil {
			return err
		}
		found, err := b.load(ctx, t, strings.Join(t.keys, " = ? AND ")+" = ?", code...)
		if err == nil && len(found) == 0 && ref.shared {
			found, err = b.load(ctx, t, strings.Join(t.keys, " = ? AND ")+" = ?", int64(0), last)
		}
		if err != nil {
			return err
		}
		parts := make([]string, len(code))
		for i, c := range code {
			parts[i] = fmt.Sprint(c)
		}
		named := strings.Join(parts, ";")
		switch {
		case len(found) == 0:
			r.say("%s %s não cadastrado(a).", ref.what, named)
		case found[0].text("ATIVO") == "F" || found[0].int("INATIVO") == 1 || found[0].int("INATIVA") == 1:
			r.say("%s %s está inativo(a).", ref.what, named)
		case found[0].text("PERMITELANC") == "F" || zero(found[0]["ANALITICA"]) || zero(found[0]["SINTETICOANALITICO"]):
			r.say("%s %s não permite lançamentos.", ref.what, named)
		}
	}
	return nil
}

func zero(v any) bool { return v == int64(0) }

// closedUpTo is the date up to which a module is closed; "" when it is not.
func (b *books) closedUpTo(ctx context.Context, company int64, module string) (string, error) {
	var date *string
	err := b.QueryRowContext(ctx, `SELECT MAX(DATAFECHAMENTO) FROM SLFECHAMENTO WHERE CODCOLIGADA = ? AND MODULO = ?`, company, module).Scan(&date)
	if err != nil || date == nil {
		return "", err
	}
	return *date, nil
}

// judgeClosed notes dates in a closed period.
func (b *books) judgeClosed(ctx context.Context, r *record, company int64, module string, dates ...string) error {
	closed, err := b.closedUpTo(ctx, company, module)
	if err != nil {
		return err
	}
	slices.Sort(dates)
	for _, date := range slices.Compact(dates) {
		if date != "" && date <= closed {
			r.say("A data %s está em período fechado (até %s).", date, closed)
		}
	}
	return nil
}

// completeEntry fills in what RM does for a financial entry.
func completeEntry(whole, given row) {
	if _, ok := given["DATAPREVBAIXA"]; !ok && !whole.has("DATAPREVBAIXA") {
		whole["DATAPREVBAIXA"] = whole["DATAVENCIMENTO"]
	}
}

func judgeEntry(ctx context.Context, b *books, r *record) error {
	own := r.head.int("CODCOLIGADA")
	dates := []string{r.head.text("DATAEMISSAO")}
	if r.stored != nil {
		if state := r.stored.int("STATUSLAN"); state != contracts.EntryOpen {
			r.say("O lançamento %d;%d não está em aberto (STATUSLAN=%d) e não pode ser alterado.", own, r.stored.int("IDLAN"), state)
		}
		dates = append(dates, r.stored.text("DATAEMISSAO"))
	}
	if r.head.units("VALORORIGINAL") <= 0 {
		r.say("O valor original deve ser maior que zero.")
	}
	if r.head.text("DATAVENCIMENTO") < r.head.text("DATAEMISSAO") {
		r.say("A data de vencimento é anterior à data de emissão.")
	}
	if err := b.judgeCodes(ctx, r, own, r.head, ofEntry); err != nil {
		return err
	}
	sum := int64(0)
	for _, each := range r.rows {
		sum += each.units("VALOR")
		if err := b.judgeCodes(ctx, r, own, each, ofEntryRow); err != nil {
			return err
		}
	}
	if len(r.rows) > 0 && sum != r.head.units("VALORORIGINAL") {
		r.say("A soma do rateio por centro de custo difere do valor original.")
	}
	return b.judgeClosed(ctx, r, own, "F", dates...)
}

// outgoing are the kinds of statement entry by which money goes out.
var outgoing = []int64{1, 3, 6, 7, 9, 11, 13}

// completeStatement fills in what RM does for an entry of the cash statement: amounts that follow VALOR, and the
// sign of the kind.
func completeStatement(whole, given row) {
	for _, name := range []string{"VALORCONTABIL", "VALOREMREAIS"} {
		if _, ok := given[name]; !ok && !whole.has(name) {
			whole[name] = whole["VALOR"]
		}
	}
	for _, name := range []string{"VALOR", "VALORCONTABIL"} {
		if s := strings.TrimPrefix(whole.text(name), "-"); s != "" {
			if slices.Contains(outgoing, whole.int("TIPO")) && whole.units(name) != 0 {
				s = "-" + s
			}
			whole[name] = s
		}
	}
}

func judgeStatement(ctx context.Context, b *books, r *record) error {
	own := r.head.int("CODCOLIGADA")
	dates := []string{r.head.text("DATA")}
	if s := r.stored; s != nil {
		if s.int("COMPENSADO") != 0 || s.int("RECONCILIADO") != 0 || s.int("CONTABIL") != 0 || s.int("ESTORNADO") != 0 {
			r.say("O lançamento de extrato %d;%d está compensado, conciliado, contabilizado ou estornado e não pode ser alterado.", own, s.int("IDXCX"))
		}
		dates = append(dates, s.text("DATA"))
	}
	if r.head.units("VALOR") == 0 {
		r.say("O valor deve ser diferente de zero.")
	}
	if err := b.judgeCodes(ctx, r, own, r.head, ofStatement); err != nil {
		return err
	}
	return b.judgeClosed(ctx, r, own, "F", dates...)
}
