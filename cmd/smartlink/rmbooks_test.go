package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"smartlink/contracts"
	"smartlink/internal/sqldb"
)

// seeded makes books with two accounting entries and a deposit.
func seeded(t *testing.T) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "rm.db")
	if code, _, errOut := smartlink("rm", "seed", "--database", file); code != 0 {
		t.Fatal(errOut)
	}
	exec(t, file, `
		INSERT INTO CLANCAMENTO (CODCOLIGADA, CODLOTE, IDLANCAMENTO, DESCRICAO) VALUES (1, 10, 1, 'Juros'), (1, 10, 2, 'Juros de abril');
		INSERT INTO CPARTIDA (CODCOLIGADA, CODLOTE, IDLANCAMENTO, IDPARTIDA, CODFILIAL, DATA, CODCOLDEBITO, DEBITO, CODCOLCREDITO, CREDITO, VALOR) VALUES
			(1, 10, 1, 1, 1, '2026-03-31', 1, '4.1.03.001', 1, '2.1.02.004', '1250.7500'), (1, 10, 2, 2, 1, '2026-04-30', 1, '4.1.03.001', 1, '2.1.02.004', '10.0000');
		INSERT INTO CRATEIOLC (CODCOLIGADA, IDPARTIDA, IDRATEIO, CODGERENCIAL, VLRDEBITO) VALUES (1, 1, 1, 'G01', '1250.7500');
		INSERT INTO FXCX (CODCOLIGADA, IDXCX, CODCOLCXA, CODCXA, CODFILIAL, TIPO, NUMERODOCUMENTO, DATA, VALOR, VALORCONTABIL, VALOREMREAIS, HISTORICO) VALUES
			(1, 1, 1, '001', 1, 1, 'CT42', '2026-03-02', '-500.0000', '-500.0000', '500.0000', 'Tarifa')`)
	return file
}

func exec(t *testing.T, file, query string) {
	t.Helper()
	db, err := sqldb.OpenSQLite(t.Context(), file, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

func TestBooksOnTheCommandLine(t *testing.T) {
	file := seeded(t)
	for _, c := range []struct {
		args []string
		want []string // words of lines, in order
	}{
		{[]string{"trial-balance"}, []string{"ACCOUNT DESCRIPTION OPENING DEBIT CREDIT CLOSING", "2.1.02.004 Juros a pagar sobre empréstimos 0.0000 0.0000 1260.7500 1260.7500 C",
			"4.1.03.001 Juros sobre empréstimos 0.0000 1260.7500 0.0000 1260.7500 D", "TOTAL 0.0000 1260.7500 1260.7500 0.0000"}},
		{[]string{"trial-balance", "--from", "2026-04-01", "--to", "2026-04-30"}, []string{"4.1.03.001 Juros sobre empréstimos 1250.7500 D 10.0000 0.0000 1260.7500 D", "TOTAL 0.0000 10.0000 10.0000 0.0000"}},
		{[]string{"entries"}, []string{"FXCX 1;1 2026-03-02 CT42 -500.0000 Not cleared 001: Tarifa", "CLANCAMENTO 1;10;1 2026-03-31 1250.7500 Juros"}},
		{[]string{"entries", "--limit", "1"}, []string{"FXCX 1;1", "there are more: go on with --after 'FXCX 1;1'"}},
		{[]string{"entries", "--kind", "CLANCAMENTO", "--after", "CLANCAMENTO 1;10;1"}, []string{"CLANCAMENTO 1;10;2 2026-04-30 10.0000 Juros de abril"}},
		{[]string{"statement", "001"}, []string{"1;001 Banco Nascente, conta corrente", "0.0000 opening balance", "2026-03-02 1;1 CT42 -500.0000 -500.0000 open Tarifa", "-500.0000 closing balance"}},
		{[]string{"entry", "1;10;1"}, []string{"CLANCAMENTO 1;10;1", "DESCRICAO Juros Description", "CPARTIDA CODCOLIGADA=1", "CRATEIOLC CODCOLIGADA=1", "debits 1250.7500, credits 1250.7500"}},
		{[]string{"entry", "1/1"}, []string{"FXCX 1;1", "VALOR -500.0000 Amount"}},
	} {
		code, out, errOut := smartlink(append(append([]string{"rm"}, c.args...), "--database", file)...)
		if code != 0 {
			t.Errorf("%v: exit %d, %s", c.args, code, errOut)
		}
		rest := strings.Join(strings.Fields(out), " ")
		for _, want := range c.want {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%v: no %q in\n%s", c.args, want, out)
				break
			}
			rest = after
		}
	}
}

func TestBooksAsJSON(t *testing.T) {
	file := seeded(t)
	for _, args := range [][]string{{"trial-balance"}, {"entries"}, {"statement", "001"}, {"entry", "1;1"}} {
		code, out, errOut := smartlink(append(append([]string{"rm"}, args...), "--json", "--database", file)...)
		if code != 0 || !json.Valid([]byte(out)) || !strings.Contains(out, "00") {
			t.Errorf("%v: exit %d, %s %s", args, code, out, errOut)
		}
	}
	_, out, _ := smartlink("rm", "entries", "--json", "--database", file, "--limit", "2")
	if e := decode[struct {
		Entries []any
		Next    string
	}](t, out); len(e.Entries) != 2 || e.Next != "CLANCAMENTO 1;10;1" {
		t.Errorf("%+v", e)
	}
}

func TestBooksThatCannotBeShown(t *testing.T) {
	file := seeded(t)
	missing := filepath.Join(t.TempDir(), "none.db")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"trial-balance", "--database", missing}, "none.db"},
		{[]string{"trial-balance", "--database", file, "--from", "31/03/2026"}, "--from"},
		{[]string{"entries", "--database", file, "--limit", "0"}, "--limit"},
		{[]string{"entries", "--database", file, "--after", "x"}, "cursor"},
		{[]string{"statement", "777", "--database", file}, "777"},
		{[]string{"entry", "1;99", "--database", file}, "1;99"},
		{[]string{"entry", "5", "--database", file}, "company"},
	} {
		if code, _, errOut := smartlink(append([]string{"rm"}, c.args...)...); code != 1 || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: exit %d, %q", c.args, code, errOut)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("looking at books that are not there made them")
	}
	exec(t, file, `UPDATE CPARTIDA SET CREDITO = NULL WHERE IDPARTIDA = 2`)
	code, out, errOut := smartlink("rm", "trial-balance", "--database", file)
	if code != 1 || !strings.Contains(errOut, "do not tie") || !strings.Contains(out, "TOTAL") {
		t.Errorf("books that do not tie: exit %d, %s%s", code, out, errOut)
	}
}

func TestSchemaCommands(t *testing.T) {
	for _, c := range contracts.Commands {
		code, out, errOut := smartlink("schema", "show", c.Type)
		if code != 0 || !json.Valid([]byte(out)) || !strings.Contains(out, "urn:smartlink:command:"+c.Type) {
			t.Errorf("%s: exit %d %s", c.Type, code, errOut)
		}
	}
	if code, _, errOut := smartlink("schema", "show", "Nothing"); code != 1 || !strings.Contains(errOut, "FinXCXAltDataCommand") {
		t.Errorf("exit %d, %q", code, errOut)
	}
	write := func(body string) string {
		file := filepath.Join(t.TempDir(), "body.json")
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"../../examples/finlan-inc.json"}, 0, "FinLanIncDataCommand: in order"},
		{[]string{write(`{"header":{"type":"FinXCXAltDataCommand"},"data":{"CodColigada":1,"IdXcx":3,"Valor":1e999999999,"Nada":1}}`)}, 1, "RM-RANGE /data/Valor"},
		{[]string{write(`{"header":{"type":"FinXCXAltDataCommand"},"data":{"CodColigada":1,"IdXcx":3,"Nada":1}}`)}, 0, "warning RM-PROPERTY-UNKNOWN /data/Nada"},
		{[]string{write(`{"type":"CtbLanAltDataCommand","specversion":"1.0","data":{"CodLote":1,"IdLancamento":-1}}`), "--lang", "pt"}, 1, "Informe em IdLancamento"},
		{[]string{write(`{"CodColigada":1,"IdXcx":3}`), "--type", "FinXCXAltDataCommand"}, 0, "in order"},
		{[]string{write(`{"CodColigada":1,"IdXcx":3}`)}, 1, ""},
		{[]string{write(`not json`), "--type", "FinXCXAltDataCommand", "--json"}, 1, `"code": "RM-BODY-NOT-JSON"`},
	} {
		code, out, errOut := smartlink(append([]string{"schema", "check"}, c.args...)...)
		if code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%v: exit %d\n%s%s", c.args, code, out, errOut)
		}
	}
}
