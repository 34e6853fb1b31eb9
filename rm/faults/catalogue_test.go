package faults

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"smartlink/contracts"
	"smartlink/link"
)

// declared lists the constants of type Code in the files of a folder.
func declared(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" && len(spec.Values) == 1 {
				if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
					code, err := strconv.Unquote(literal.Value)
					if err != nil {
						t.Fatal(err)
					}
					codes[code] = true
				}
			}
			return true
		})
	}
	if len(codes) == 0 {
		t.Fatalf("no codes in %s", folder)
	}
	return codes
}

func TestEveryCodeHasItsTexts(t *testing.T) {
	codes := declared(t, ".")
	for code := range declared(t, filepath.Join("..", "..", "contracts")) {
		if codes[code] {
			t.Errorf("%s is a code of contracts and a code of rules", code)
		}
		codes[code] = true
	}
	for code := range codes {
		if _, ok := catalogue[Code(code)]; !ok {
			t.Errorf("%s has no text", code)
		}
	}
	for code := range catalogue {
		if !codes[string(code)] {
			t.Errorf("the text of %s is nobody's", code)
		}
	}
}

func TestTextsOfBothLanguagesSayTheSame(t *testing.T) {
	places := func(s string) []string {
		found := placeholder.FindAllString(s, -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	for code, text := range catalogue {
		for what, pair := range map[string][2]string{"description": {text.pt, text.en}, "help": {text.helpPT, text.helpEN}} {
			for _, s := range pair {
				if !strings.HasSuffix(s, ".") || strings.TrimSpace(s) != s || strings.Contains(s, "  ") {
					t.Errorf("%s: %s %q is no sentence", code, what, s)
				}
			}
			if pair[0] == pair[1] {
				t.Errorf("%s: the %s is the same in both languages: %q", code, what, pair[0])
			}
			if !slices.Equal(places(pair[0]), places(pair[1])) {
				t.Errorf("%s: %s with %v in Portuguese, %v in English", code, what, places(pair[0]), places(pair[1]))
			}
		}
	}
}

func TestCodesAreListedInOrder(t *testing.T) {
	codes := Codes()
	if len(codes) != len(catalogue) || !slices.IsSorted(codes) || !slices.Contains(codes, "RM-CFO-UNKNOWN") {
		t.Errorf("%v", codes)
	}
}

func TestNewOfAnUnknownCode(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a fault without a text")
		}
	}()
	New("NOBODY", "", "", nil)
}

// What is wrong with the form of a body becomes a fault that names the field as people call it.
func TestFromViolation(t *testing.T) {
	money := contracts.FLAN.Field("ValorOriginal")
	for _, tc := range []struct {
		violation contracts.Violation
		want      link.Fault
	}{
		{
			contracts.Violation{Code: contracts.Required, Pointer: "/data/ValorOriginal", Field: "VALORORIGINAL", Of: money},
			link.Fault{Description: "Valor original é obrigatório.", DescriptionEn: "Face value is required.",
				Help: "Informe ValorOriginal.", HelpEn: "Give ValorOriginal."},
		}, {
			contracts.Violation{Code: contracts.OutOfRange, Pointer: "/data/ValorOriginal", Of: money, Args: map[string]string{"value": "1e11"}},
			link.Fault{Description: "Valor original: 1e11 está fora do intervalo (até 99999999999.9999).",
				DescriptionEn: "Face value: 1e11 is out of range (up to 99999999999.9999).", Help: "Corrija ValorOriginal.", HelpEn: "Correct ValorOriginal."},
		}, {
			contracts.Violation{Code: contracts.OutOfRange, Pointer: "/data/CodFilial", Of: contracts.FLAN.Field("CodFilial"), Args: map[string]string{"value": "0"}},
			link.Fault{Description: "Filial: 0 está fora do intervalo (1 a 32767).", DescriptionEn: "Branch: 0 is out of range (1 to 32767).",
				Help: "Corrija CodFilial.", HelpEn: "Correct CodFilial."},
		}, {
			contracts.Violation{Code: contracts.WrongType, Pointer: "/data/CodCfo", Of: contracts.FLAN.Field("CodCfo"), Args: map[string]string{"want": "text"}},
			link.Fault{Description: "Cliente/fornecedor: o valor deve ser um texto entre aspas.", DescriptionEn: "Customer/supplier: the value must be a text in quotes.",
				Help: "Corrija CodCfo; códigos vão sempre entre aspas.", HelpEn: "Correct CodCfo; codes always stand in quotes."},
		}, { // what came, and what holds, may be nothing
			contracts.Violation{Code: contracts.ReadOnly, Pointer: "/data/StatusLan", Of: contracts.FLAN.Field("StatusLan"), Args: map[string]string{"value": "", "expected": "0"}},
			link.Fault{Description: "Situação é mantido pelo ERP e não pode ser alterado: veio vazio, vale 0.",
				DescriptionEn: "State is kept by the ERP and cannot be changed: empty came, 0 holds.",
				Help:          "Deixe StatusLan fora da mensagem.", HelpEn: "Leave StatusLan out of the message."},
		}, {
			contracts.Violation{Code: contracts.Locked, Pointer: "/data/CodCxa", Of: contracts.FLAN.Field("CodCxa"), Args: map[string]string{"value": "001", "stored": ""}},
			link.Fault{Description: "Conta/caixa não pode mudar: o lançamento já foi contabilizado (está vazio).",
				DescriptionEn: "Cash account cannot change: the entry is accounted (it holds empty).",
				Help:          "Estorne a contabilização no ERP antes, ou não altere CodCxa.", HelpEn: "Reverse the accounting in the ERP first, or leave CodCxa as it is."},
		}, { // a property nobody knows has no label
			contracts.Violation{Code: contracts.Unknown, Pointer: "/data/Foo", Args: map[string]string{"name": "Foo"}},
			link.Fault{Description: "A propriedade Foo não é conhecida; foi guardada com a mensagem e não foi lançada.",
				DescriptionEn: "The property Foo is not known; it was kept with the message and not booked.",
				Help:          "Confira o nome; se não for preciso, deixe de enviar.", HelpEn: "Check the name; leave it out if it is not needed."},
		}, { // what a sender wrote is not taken for a placeholder
			contracts.Violation{Code: contracts.NotDate, Pointer: "/data/DataEmissao", Of: contracts.FLAN.Field("DataEmissao"), Args: map[string]string{"value": "{name}"}},
			link.Fault{Description: "Data de emissão: {name} não é uma data válida.", DescriptionEn: "Issue date: {name} is no valid date.",
				Help:   "Use AAAA-MM-DD ou AAAA-MM-DDThh:mm:ss em DataEmissao, de 1900 a 2999.",
				HelpEn: "Use YYYY-MM-DD or YYYY-MM-DDThh:mm:ss in DataEmissao, from 1900 to 2999."},
		},
	} {
		t.Run(string(tc.violation.Code)+tc.violation.Pointer, func(t *testing.T) {
			tc.violation.Related = []string{"/data/X"}
			got := FromViolation(tc.violation)
			if got.Code != "RM-"+string(tc.violation.Code) || got.Pointer != tc.violation.Pointer || got.Field != tc.violation.Field || !slices.Equal(got.Related, tc.violation.Related) {
				t.Errorf("fault %+v", got)
			}
			for what, pair := range map[string][2]string{
				"description": {got.Description, tc.want.Description}, "English description": {got.DescriptionEn, tc.want.DescriptionEn},
				"help": {got.Help, tc.want.Help}, "English help": {got.HelpEn, tc.want.HelpEn},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s:\n got %s\nwant %s", what, pair[0], pair[1])
				}
			}
		})
	}
}

func TestDatesInBothLanguages(t *testing.T) {
	args := Args{}.Date("due", "2026-03-31").Date("none", "")
	if args["due"] != "31/03/2026" || args["due.en"] != "2026-03-31" || args["none"] != "" || args["none.en"] != "" {
		t.Errorf("%v", args)
	}
}

// An answer never outgrows a message: faults beyond the bound are counted in a last one.
func TestListIsBounded(t *testing.T) {
	var l List
	if l.Any() || len(l.Faults()) != 0 {
		t.Error("an empty list has faults")
	}
	for range contracts.MaxFindings {
		l.Add(New(DueBeforeIssue, "/data/DataVencimento", "DATAVENCIMENTO", nil))
	}
	if got := l.Faults(); len(got) != contracts.MaxFindings || got[len(got)-1].Code != "RM-DUE-BEFORE-ISSUE" {
		t.Errorf("as many as fit: %d, the last %s", len(got), got[len(got)-1].Code)
	}
	l.AddViolations([]contracts.Violation{{Code: contracts.NotJSON}, {Code: contracts.NoData}})
	l.AddMore(5)
	for range 2 { // asking changes nothing
		got := l.Faults()
		last := got[len(got)-1]
		if len(got) != contracts.MaxFindings+1 || last.Code != "RM-MORE" || last.Description != "Há mais 7 além dos listados." || last.DescriptionEn != "There are 7 more beyond those listed." {
			t.Errorf("%d faults, the last %+v", len(got), last)
		}
	}
}
