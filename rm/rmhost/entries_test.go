package rmhost_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"smartlink/rm/rmhost"
)

// rest calls the service of accounting entries.
func (g *rig) rest(method, key string, entry any) (int, map[string]any) {
	g.t.Helper()
	body, err := json.Marshal(entry)
	if err != nil {
		g.t.Fatal(err)
	}
	path := "/api/ctb/v1/AccountingEntries"
	if key != "" {
		path += "/" + strings.ReplaceAll(key, "|", "%7C")
	}
	status, text, err := g.do(method, path, map[string]string{"Content-Type": "application/json"}, string(body))
	if err != nil {
		g.t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var said map[string]any
	if err := d.Decode(&said); err != nil {
		g.t.Fatalf("%d %s: %v", status, text, err)
	}
	return status, said
}

type properties = map[string]any

func line(changes properties) properties {
	l := properties{"branchId": 1, "date": "2026-03-31T00:00:00", "value": json.Number("1250.75"), "historicCode": "010"}
	maps.Copy(l, changes)
	return l
}

func TestAccountingEntry(t *testing.T) {
	t.Parallel()
	g := newRig(t, rmhost.Options{})
	status, said := g.rest(http.MethodPost, "", properties{"companyId": 1, "batchCode": 10, "description": "Juros 9f", "accountEntry": []properties{
		line(properties{"debitAccount": "4.2.01.001", "costCenterCode": nil}), line(properties{"creditAccount": "2.1.02.004", "apportionmentCredit": nil}),
	}})
	if status != http.StatusCreated || said["entryId"] != json.Number("1") {
		t.Fatal(status, said)
	}
	lines := said["accountEntry"].([]any)
	first := lines[0].(properties)
	if first["value"] != json.Number("1250.7500") || first["companyIdDebitAccount"] != json.Number("1") || first["companyIdCreditAccount"] != nil ||
		first["date"] != "2026-03-31T00:00:00" || first["batchCodeOrigin"] != json.Number("10") || first["user"] != rmhost.DefaultUser {
		t.Errorf("%v", first)
	}
	rows, err := g.view("CtbLanData", "CLANCAMENTO.DESCRICAO LIKE '%9f'")
	if err != nil || strings.Count(rows, "<CLANCAMENTO_CPARTIDA>") != 2 {
		t.Errorf("%s, %v", rows, err)
	}
	has(t, rows, "<IDLANCAMENTO>1</IDLANCAMENTO>", "<DESCRICAO>Juros 9f</DESCRICAO>", "<IDPARTIDA>2</IDPARTIDA>", "<VALOR>1250,7500</VALOR>")

	// An edit says the whole entry: the second line goes, another comes.
	share := properties{"companyId": 1, "companyIdAccountManagement": 1, "accountManagementCode": "G.01", "accountManagementInactive": false, "value": json.Number("1250.75")}
	var managerial string
	if err := g.host.DB().QueryRowContext(t.Context(), `SELECT MIN(CODGERENCIAL) FROM SLCONTAGERENCIAL WHERE CODCOLIGADA = 1`).Scan(&managerial); err != nil {
		t.Fatal(err)
	}
	share["accountManagementCode"] = managerial
	first["complement"] = "x"
	first["apportionmentDebit"] = []properties{share}
	edit := properties{"companyId": 1, "batchCode": 10, "entryId": 1, "description": "Juros aa", "accountEntry": []any{first, line(properties{"creditAccount": "2.1.02.005"})}}
	for range 2 {
		if status, said = g.rest(http.MethodPut, "1|10|1", edit); status != http.StatusOK || said["description"] != "Juros aa" {
			t.Fatal(status, said)
		}
		edit["accountEntry"] = said["accountEntry"]
	}
	status, read := g.rest(http.MethodGet, "1|10|1", nil)
	if status != http.StatusOK || fmt.Sprint(read) != fmt.Sprint(said) {
		t.Errorf("%d\n%v\n%v", status, read, said)
	}
	lines = read["accountEntry"].([]any)
	if l := lines[0].(properties); l["entryNumberId"] != json.Number("1") || l["complement"] != "x" || l["apportionmentDebit"].([]any)[0].(properties)["accountManagementCode"] != managerial {
		t.Errorf("%v", l)
	}
	if lines[1].(properties)["entryNumberId"] != json.Number("3") || g.count("CPARTIDA") != 2 || g.count("CRATEIOLC") != 1 {
		t.Errorf("%v", lines[1])
	}
	if status, _ := g.rest(http.MethodGet, "1|10|9", nil); status != http.StatusNotFound {
		t.Error(status)
	}
	if status, _ := g.rest(http.MethodPut, "1|10|9", edit); status != http.StatusNotFound {
		t.Error(status)
	}
	if status, _ := g.rest(http.MethodGet, "1|10", nil); status != http.StatusBadRequest {
		t.Error(status)
	}
	g.refusedEntries()
}

// refusedEntries are refused and change nothing.
func (g *rig) refusedEntries() {
	g.t.Helper()
	both := properties{"debitAccount": "4.2.01.001", "creditAccount": "2.1.02.004"}
	with := func(changes properties) properties {
		l := line(both)
		maps.Copy(l, changes)
		return l
	}
	for want, c := range map[string]struct {
		head  properties
		lines []properties
	}{
		"débito difere":          {nil, []properties{line(properties{"debitAccount": "4.2.01.001"})}},
		"não tem partidas":       {nil, []properties{}},
		"não tem conta":          {nil, []properties{line(nil)}},
		"1;4.2 não permite":      {nil, []properties{with(properties{"debitAccount": "4.2"})}},
		"Histórico padrão 1;X":   {nil, []properties{with(properties{"historicCode": "X"})}},
		"está fora do lote":      {nil, []properties{with(properties{"date": "2031-01-01T00:00:00"})}},
		"Lote 1;77":              {properties{"batchCode": 77}, []properties{line(both)}},
		"O lote 0":               {properties{"batchCode": 0}, []properties{line(both)}},
		"CLANCAMENTO.DESCRICAO":  {properties{"description": nil}, []properties{line(both)}},
		"difere da chave":        {properties{"entryId": 2}, []properties{line(both)}},
		"nada não é suportada":   {properties{"nada": 1}, []properties{line(both)}},
		"value2 não é suportada": {nil, []properties{with(properties{"value2": 1})}},
		"value: o tipo":          {nil, []properties{with(properties{"value": "1250,75"})}},
		"sem fuso":               {nil, []properties{with(properties{"date": "2026-03-31T00:00:00Z"})}},
		"A partida 99":           {nil, []properties{with(properties{"entryNumberId": 99})}},
		"accountManagementInactive não foi informado": {nil, []properties{with(properties{"apportionmentDebit": []properties{{"companyId": 1, "companyIdAccountManagement": 1, "accountManagementCode": "x"}}})}},
	} {
		e := properties{"companyId": 1, "batchCode": 10, "entryId": 1, "description": "x", "accountEntry": c.lines}
		maps.Copy(e, c.head)
		key := "1|10|1"
		if _, moved := c.head["batchCode"]; moved {
			e["entryId"], key = -1, ""
		}
		method := http.MethodPut
		if key == "" {
			method = http.MethodPost
		}
		status, said := g.rest(method, key, e)
		if detail, _ := said["detailedMessage"].(string); status != http.StatusBadRequest || !strings.Contains(detail, want) {
			g.t.Errorf("%s: %d %v", want, status, said)
		}
	}
	if g.count("CLANCAMENTO") != 1 || g.count("CPARTIDA") != 2 || g.count("CLANCAMENTO WHERE DESCRICAO = 'Juros aa'") != 1 {
		g.t.Error("something was saved")
	}
}
