package webservice

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"smartlink/contracts"
)

// TestDecodeAnswer: an envelope's result, whatever it is called by, or why it has none.
func TestDecodeAnswer(t *testing.T) {
	const head = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>`
	for _, tc := range []struct{ body, want, err string }{
		{`<?xml version="1.0" encoding="utf-8"?>` + head + `<ReadViewResponse xmlns="http://www.totvs.com/"><ReadViewResult>a &lt;b&gt;</ReadViewResult></ReadViewResponse></s:Body></s:Envelope>` + "\n", "a <b>", ""},
		{head + `<ReadViewResponse/></s:Body></s:Envelope>`, "", ""},
		{head + `<s:Fault><faultcode>s:Client</faultcode><faultstring xml:lang="pt-BR"> não </faultstring><detail><x/></detail></s:Fault></s:Body></s:Envelope>`, "", "RM: não"},
		{head + `<OtherResponse><OtherResult>x</OtherResult></OtherResponse></s:Body></s:Envelope>`, "", "no ReadViewResult"},
		{`<Envelope><Body/></Envelope>`, "", "not an envelope"},
		{head + `</s:Body></s:Envelope><more/>`, "", "behind"},
		{`<!DOCTYPE a [<!ENTITY e "eeee">]>` + head + `<ReadViewResponse><ReadViewResult>&e;</ReadViewResult></ReadViewResponse></s:Body></s:Envelope>`, "", "invalid character entity"},
		{"", "", "no envelope"},
		{strings.Repeat(" ", maxAnswer+1), "", "longer than"},
	} {
		got, err := decodeAnswer("ReadView", []byte(tc.body))
		if got != tc.want || (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%.200s\n%q, %v", tc.body, got, err)
		}
	}
}

// TestParseDataSet: rows and columns; a schema that comes along, and what stands deeper, is left out.
func TestParseDataSet(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []row
		err  string
	}{
		{"", nil, ""},
		{"<FinLAN />", nil, ""},
		{`<?xml version="1.0" encoding="utf-16"?><NewDataSet><xs:schema xmlns:xs="x"><xs:element><xs:a>t</xs:a></xs:element></xs:schema>
			<FLAN><A>1</A><B> x </B><C/><D><E>deep</E>y</D></FLAN><FLAN/></NewDataSet>`,
			[]row{{"FLAN", map[string]string{"A": "1", "B": " x ", "C": "", "D": "y"}}, {"FLAN", map[string]string{}}}, ""},
		{"<A><B><C>1</C><C>2</C></B></A>", nil, "stands twice"},
		{"Erro: sem permissão", nil, "outside"},
		{"<A/><B/>", nil, "no data set"},
		{"<A><B>", nil, "unexpected EOF"},
	} {
		got, err := parseDataSet(tc.text)
		if !reflect.DeepEqual(got, tc.want) || (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%s\n%v, %v", tc.text, got, err)
		}
	}
}

// TestDecodeRecord: every kind of column, and what is no value of it.
func TestDecodeRecord(t *testing.T) {
	s := newStand(t)
	w := s.writer(t, func(c *Config) {
		c.Culture = Auto
		c.Custom = map[string]map[string]int{"FLANCOMPL": {"CONTRATO": 40, "EVENTO": 0}}
	})
	o := w.objects["FinLanDataBR"]
	text := strings.Replace(entryOfRM(","), "</FinLAN>", "<FLANCOMPL><CODCOLIGADA>1</CODCOLIGADA><IDLAN>4711</IDLAN><CONTRATO>42</CONTRATO><OUTRO>x</OUTRO></FLANCOMPL></FinLAN>", 1)
	r, err := w.decodeRecord(o, text)
	if err != nil {
		t.Fatal(err)
	}
	o.strip(r)
	for name, want := range map[string]string{
		"IdLan": "4711", "ValorOriginal": "11250.7500", "DataEmissao": "2026-03-02", "RecCreatedOn": "2026-03-01T10:00:00Z", "Historico": "Juros & mais", "CampoAlfaOp1": "", "Parcela": "",
	} {
		if got := r.Display(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if r.State("Parcela") != contracts.Null || len(r.Rows("Rateios")) != 1 || r.Rows("Rateios")[0].Display("Valor") != "11250.7500" {
		t.Errorf("%+v", r.Rows("Rateios"))
	}
	if got := fmt.Sprint(r.Extras()); !strings.Contains(got, "CONTRATO") || !strings.Contains(got, "EVENTO") || strings.Contains(got, "OUTRO") {
		t.Errorf("custom columns %s", got)
	}
	for from, to := range map[string]string{
		"<IDLAN>4711": "<IDLAN>x", "11250,7500": "R$ 1", "2026-03-02T00:00:00": "02/03/2026", "T10:00:00.123": "", "</FLAN>": "</FLAN><FLAN></FLAN>",
	} {
		if r, err := w.decodeRecord(o, strings.Replace(entryOfRM(","), from, to, 1)); err == nil {
			t.Errorf("%s for %s: %v", to, from, r)
		}
	}
}

// TestAccountingEntries: what is read comes out as it was written; numbers go digit by digit.
func TestAccountingEntries(t *testing.T) {
	s := newStand(t)
	s.read = `{"companyId":1,"batchCode":10,"entryId":5,"description":"Juros 0123456789abcdef0123456789abcdef","reversal":false,"accountEntry":[
		{"entryNumberId":8,"branchId":1,"date":"2026-03-31T00:00:00","debitAccount":"4.1","companyIdDebitAccount":1,"creditAccount":null,"value":12345678901.2345,"historicCode":"010","complement":null,
		 "integrateApplication":"F","user":"ana","batchCodeOrigin":10,"value2":0,
		 "apportionmentDebit":[{"companyId":1,"companyIdAccountManagement":1,"accountManagementCode":"G1","value":12345678901.2345}],"apportionmentCredit":[]},
		{"entryNumberId":9,"branchId":1,"date":"2026-03-31","creditAccount":"2.1","companyIdCreditAccount":1,"value":12345678901.2345}]}`
	w := s.writer(t, nil)
	r, err := books{w}.Stored(t.Context(), contracts.CLANCAMENTO, 1, 10, 5)
	if err != nil {
		t.Fatal(err)
	}
	if r.Text("Descricao") != "Juros" || len(r.Rows("Partidas")) != 2 || r.Rows("Partidas")[0].Rows("Rateios")[0].Display("VlrDebito") != "12345678901.2345" {
		t.Fatalf("%v", r)
	}
	s.save = func(w http.ResponseWriter, _ string) { fmt.Fprint(w, `{"entryId":5}`) }
	o := w.objects["CtbLanData"]
	r.Rows("Partidas")[1].Set("IdPartida", contracts.Int(-1))
	key, err := w.saveEntry(t.Context(), o, r, r, nil)
	if err != nil || joined(key) != "1;10;5" {
		t.Fatal(key, err)
	}
	want := `PUT /api/ctb/v1/AccountingEntries/1%7C10%7C5 {"companyId":1,"batchCode":10,"entryId":5,"description":"Juros","accountEntry":[` +
		`{"entryNumberId":8,"branchId":1,"date":"2026-03-31T00:00:00","departmentCode":null,"costCenterCode":null,"document":null,"companyIdDebitAccount":1,"debitAccount":"4.1","companyIdCreditAccount":null,"creditAccount":null,` +
		`"companyIdAgainstEntry":null,"accountAgainstEntry":null,"value":12345678901.2345,"historicCode":"010","complement":null,"apportionmentDebit":[{"companyId":1,"companyIdAccountManagement":1,"accountManagementCode":"G1",` +
		`"accountManagementInactive":false,"value":12345678901.2345,"date":"2026-03-31T00:00:00"}],"apportionmentCredit":[]},` +
		`{"branchId":1,"date":"2026-03-31T00:00:00","departmentCode":null,"costCenterCode":null,"document":null,"companyIdDebitAccount":null,"debitAccount":null,"companyIdCreditAccount":1,"creditAccount":"2.1",` +
		`"companyIdAgainstEntry":null,"accountAgainstEntry":null,"value":12345678901.2345,"historicCode":null,"complement":null,"apportionmentDebit":[],"apportionmentCredit":[]}]}`
	if got := s.saves()[0]; got != want {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
	s.read = ""
	if r, err := (books{w}).Stored(t.Context(), contracts.CLANCAMENTO, 1, 10, 6); r != nil || err != nil {
		t.Errorf("%v, %v", r, err)
	}
}

// FuzzAnswer: whatever RM answers, it is read within bounds or refused, and what is read can be written again.
func FuzzAnswer(f *testing.F) {
	for _, mark := range []string{",", "."} {
		f.Add(`<s:Envelope xmlns:s="`+soapSpace+`"><s:Body><ReadRecordResponse xmlns="`+totvsSpace+`"><ReadRecordResult>`+escaped(entryOfRM(mark))+`</ReadRecordResult></ReadRecordResponse></s:Body></s:Envelope>`, `{}`)
	}
	f.Add(`<s:Envelope xmlns:s="`+soapSpace+`"><s:Body><s:Fault><faultstring>Sessão inválida</faultstring></s:Fault></s:Body></s:Envelope>`,
		`{"companyId":1,"batchCode":10,"entryId":5,"description":"a","accountEntry":[{"entryNumberId":8,"date":"2026-03-31","value":1.5,"apportionmentDebit":[{"value":1.5}]}]}`)
	f.Fuzz(func(t *testing.T, body, entry string) {
		w := &Writer{objects: newObjects(defaultMarkers)}
		if e, err := decodeEntry([]byte(entry)); err == nil {
			if r, err := e.record(); err == nil {
				if again, err := entryOf(r).record(); err == nil && len(again.Rows("Partidas")) != len(r.Rows("Partidas")) {
					t.Errorf("%d lines of %d", len(again.Rows("Partidas")), len(r.Rows("Partidas")))
				}
			}
		}
		text, err := decodeAnswer("ReadRecord", []byte(body))
		if err != nil {
			return
		}
		o := w.objects["FinLanDataBR"]
		r, err := w.decodeRecord(o, text)
		if err != nil || r == nil {
			return
		}
		culture := w.amounts.now
		if culture == "" {
			culture = PTBR
		}
		ch := newChange(o, r, nil)
		rows, err := parseDataSet(ch.dataSet(culture))
		if err != nil {
			t.Fatalf("what was read cannot be written: %v\n%s", err, ch.dataSet(culture))
		}
		again, err := decodeRow(o.table, of(rows, o.table.Name)[0], culture)
		if err != nil {
			t.Fatal(err)
		}
		if column, want, have, ok := (&change{o: o, record: r}).arrived(withRows(again, r)); !ok {
			t.Errorf("%s is %s, was %s", column, have, want)
		}
	})
}

// withRows gives a record another's rows.
func withRows(r, other *contracts.Record) *contracts.Record {
	r.SetRows("Rateios", other.Rows("Rateios"))
	return r
}
