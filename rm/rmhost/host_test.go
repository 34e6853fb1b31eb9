package rmhost_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"smartlink/internal/clock"
	"smartlink/rm/rmhost"
)

// rig is a host behind a server, and what a caller keeps.
type rig struct {
	t      *testing.T
	host   *rmhost.Host
	url    string
	client *http.Client
	cookie *http.Cookie
	ctx    context.Context // of the calls
	giveUp context.CancelFunc
}

func newRig(t *testing.T, opt rmhost.Options) *rig {
	t.Helper()
	host, err := rmhost.Open(t.Context(), ":memory:", opt)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(host)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		if err := host.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx, giveUp := context.WithCancel(t.Context())
	return &rig{t: t, host: host, url: server.URL, client: server.Client(), ctx: ctx, giveUp: giveUp}
}

// do sends a request and answers status and body.
func (g *rig) do(method, path string, headers map[string]string, body string) (int, string, error) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.ctx, method, g.url+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	r.SetBasicAuth(rmhost.DefaultUser, rmhost.DefaultPassword)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	if g.cookie != nil {
		r.AddCookie(g.cookie)
	}
	a, err := g.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	if cookies := a.Cookies(); len(cookies) > 0 {
		g.cookie = cookies[0]
	}
	return a.StatusCode, string(text), err
}

func escape(s string) string {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic(err)
	}
	return b.String()
}

const context1 = "<Contexto>CODSISTEMA=F;CODCOLIGADA=1;CODUSUARIO=ana</Contexto>"

// soap calls a service and answers its result, or the fault as an error.
func (g *rig) soap(service, name, parameters string) (string, error) {
	g.t.Helper()
	status, text, err := g.do(http.MethodPost, "/wsDataServer/IwsDataServer", map[string]string{
		"Content-Type": "text/xml; charset=utf-8", "SOAPAction": "http://www.totvs.com/" + service + "/" + name,
	}, `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:tot="http://www.totvs.com/"><soapenv:Body><tot:`+name+
		`>`+strings.NewReplacer("</", "</tot:", "<", "<tot:").Replace(parameters)+`</tot:`+name+`></soapenv:Body></soapenv:Envelope>`)
	if err != nil {
		return "", err
	}
	var e struct {
		Body struct {
			Fault *struct {
				Text string `xml:"faultstring"`
			}
			Response struct {
				Result string `xml:",any"`
			} `xml:",any"`
		}
	}
	if err := xml.Unmarshal([]byte(text), &e); err != nil {
		return "", fmt.Errorf("status %d: %w", status, err)
	}
	if e.Body.Fault != nil {
		if status != http.StatusInternalServerError {
			g.t.Errorf("a fault has status %d", status)
		}
		return "", errors.New(e.Body.Fault.Text)
	}
	return e.Body.Response.Result, nil
}

func (g *rig) save(server, set string) (string, error) {
	g.t.Helper()
	return g.soap("IwsDataServer", "SaveRecord", "<DataServerName>"+server+"</DataServerName><XML>"+escape(set)+"</XML>"+context1)
}

func (g *rig) saved(server, set string) string {
	g.t.Helper()
	key, err := g.save(server, set)
	if err != nil || !strings.Contains(key, ";") || strings.Contains(key, " ") {
		g.t.Fatalf("%s, %v", key, err)
	}
	return key
}

func (g *rig) read(server, key string) string {
	g.t.Helper()
	set, err := g.soap("IwsDataServer", "ReadRecord", "<DataServerName>"+server+"</DataServerName><PrimaryKey>"+key+"</PrimaryKey>"+context1)
	if err != nil {
		g.t.Fatal(err)
	}
	return set
}

func (g *rig) view(server, filter string) (string, error) {
	g.t.Helper()
	return g.soap("IwsDataServer", "ReadView", "<DataServerName>"+server+"</DataServerName><Filtro>"+escape(filter)+"</Filtro>"+context1)
}

func (g *rig) count(table string) int {
	g.t.Helper()
	var n int
	if err := g.host.DB().QueryRowContext(g.t.Context(), `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil {
		g.t.Fatal(err)
	}
	return n
}

// entry is a data set of a financial entry. changes replace columns; "-" leaves one out.
func entry(changes map[string]string, rows ...string) string {
	columns := map[string]string{
		"CODCOLIGADA": "1", "IDLAN": "-1", "CODFILIAL": "1", "PAGREC": "2", "CODTDO": "EMPR", "NUMERODOCUMENTO": "CT-1", "CODCOLCFO": "1", "CODCFO": "F00017",
		"DATAEMISSAO": "2026-03-01T00:00:00", "DATAVENCIMENTO": "2026-04-01T00:00:00", "VALORORIGINAL": "1250,7500", "HISTORICO": "Juros & mora",
	}
	return set("FinLAN", "FLAN", columns, changes, rows...)
}

func statement(changes map[string]string) string {
	return set("FinXCX", "FXCX", map[string]string{
		"CODCOLIGADA": "1", "IDXCX": "-1", "CODFILIAL": "1", "CODCOLCXA": "1", "CODCXA": "001", "TIPO": "1", "NUMERODOCUMENTO": "CT-1",
		"DATA": "2026-03-01T00:00:00", "VALOR": "10,5000", "HISTORICO": "Tarifa",
	}, changes)
}

func set(root, table string, columns, changes map[string]string, rows ...string) string {
	maps.Copy(columns, changes)
	var b strings.Builder
	b.WriteString("<" + root + "><" + table + ">")
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		if v := columns[name]; v != "-" {
			b.WriteString("<" + name + ">" + escape(v) + "</" + name + ">")
		}
	}
	b.WriteString("</" + table + ">" + strings.Join(rows, "") + "</" + root + ">")
	return b.String()
}

// only is an edit of these columns.
func only(root, table string, columns map[string]string, rows ...string) string {
	return set(root, table, map[string]string{}, columns, rows...)
}

// has fails when a data set lacks one of these, or has one that begins with "!".
func has(t *testing.T, in string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if unwanted, not := strings.CutPrefix(want, "!"); strings.Contains(in, unwanted) == not {
			t.Errorf("%s in\n%s", want, in)
		}
	}
}

func ratio(id, centre, value string) string {
	return "<FLANRATCCU><CODCOLIGADA>1</CODCOLIGADA><IDLAN>-1</IDLAN><IDRATCCU>" + id + "</IDRATCCU><CODCCUSTO>" + centre +
		"</CODCCUSTO><CODCOLNATFINANCEIRA>1</CODCOLNATFINANCEIRA><CODNATFINANCEIRA>02.01</CODNATFINANCEIRA><VALOR>" + value + "</VALOR></FLANRATCCU>"
}

func TestFinancialEntry(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC))
	g := newRig(t, rmhost.Options{Clock: clk})
	key := g.saved("FinLanDataBR", entry(map[string]string{"CAMPOALFAOP1": "o'marker"}, ratio("-1", "01.002", "1000,0000"), ratio("-1", "01.001", "250,7500"),
		"<FLANCOMPL><CONTRATO>42</CONTRATO></FLANCOMPL>"))
	if key != "1;1" {
		t.Fatal(key)
	}
	has(t, g.read("FinLanDataBR", key), "<FinLAN><FLAN>", "<IDLAN>1</IDLAN>", "<VALORORIGINAL>1250,7500</VALORORIGINAL>", "<HISTORICO>Juros &amp; mora</HISTORICO>",
		"<SERIEDOCUMENTO>@@@</SERIEDOCUMENTO>", "<DATAPREVBAIXA>2026-04-01T00:00:00</DATAPREVBAIXA>", "<STATUSLAN>0</STATUSLAN>", "<RECCREATEDBY>ana</RECCREATEDBY>", "<DATACRIACAO>2026-03-31T00:00:00<", "!DATAALTERACAO",
		"<IDRATCCU>1</IDRATCCU>", "<VALOR>250,7500</VALOR>", "<CONTRATO>42</CONTRATO>", "!<PARCELA>", "!<EVENTO>")

	clk.Advance(24 * time.Hour)
	// What an edit leaves out stays; empty clears; a list that is given is whole.
	g.saved("FinLanDataBR", only("FinLAN", "FLAN", map[string]string{"CODCOLIGADA": "1", "IDLAN": "1", "CAMPOALFAOP1": "", "PARCELA": "3"}))
	has(t, g.read("FinLanDataBR", key), "!CAMPOALFAOP1", "<PARCELA>3</PARCELA>", "<VALORORIGINAL>1250,7500</VALORORIGINAL>", "<VALOR>250,7500</VALOR>",
		"<DATACRIACAO>2026-03-31T00:00:00<", "<DATAALTERACAO>2026-04-01T00:00:00<", "<RECMODIFIEDON>2026-04-01T12:00:00<", "<RECCREATEDON>2026-03-31T12:00:00<")
	g.saved("FinLanDataBR", only("FinLAN", "FLAN", map[string]string{"CODCOLIGADA": "1", "IDLAN": "1", "CAMPOALFAOP1": "o'marker"},
		"<FLANRATCCU><IDRATCCU>2</IDRATCCU><VALOR>1200,7500</VALOR></FLANRATCCU>", ratio("-1", "01.002", "50,0000"), "<FLANCOMPL><EVENTO>x</EVENTO></FLANCOMPL>"))
	has(t, g.read("FinLanDataBR", key), "!<IDRATCCU>1</IDRATCCU>", "<CODCCUSTO>01.001</CODCCUSTO>", "<VALOR>1200,7500</VALOR>", "<IDRATCCU>3</IDRATCCU>", "<CONTRATO>42</CONTRATO>",
		"<EVENTO>x</EVENTO>")

	// It is found by what it says.
	for filter, found := range map[string]bool{
		"FLAN.CAMPOALFAOP1='o''marker'":                           true,
		"FLAN.CAMPOALFAOP1 LIKE '%marker' and FLAN.CODCOLIGADA=1": true,
		"FLAN.CAMPOALFAOP1='marker'":                              false,
		"FLAN.CODCOLIGADA=2 AND FLAN.CAMPOALFAOP1='o''marker'":    false,
	} {
		rows, err := g.view("FinLanDataBR", filter)
		if err != nil || !strings.HasPrefix(rows, "<NewDataSet>") || strings.Contains(rows, "<FLAN>") != found {
			t.Errorf("%s: %s, %v", filter, rows, err)
		}
	}
	if set := g.read("FinLanDataBR", "1;99"); set != "<FinLAN></FinLAN>" {
		t.Errorf("no record: %s", set)
	}
	if g.count("FLAN") != 1 {
		t.Error("an edit made an entry")
	}
}

// TestWrongCultureBooksAnotherAmount: a host does not refuse the other culture's numbers.
func TestWrongCultureBooksAnotherAmount(t *testing.T) {
	t.Parallel()
	for culture, wants := range map[rmhost.Culture][2]string{
		rmhost.PTBR: {"<VALORORIGINAL>1250,7500<", "<VALORORIGINAL>12507500,0000<"}, rmhost.Invariant: {"<VALORORIGINAL>12507500.0000<", "<VALORORIGINAL>1250.7500<"},
	} {
		g := newRig(t, rmhost.Options{Culture: culture})
		for i, amount := range []string{"1250,7500", "1250.7500"} {
			has(t, g.read("FinLanDataBR", g.saved("FinLanDataBR", entry(map[string]string{"VALORORIGINAL": amount}))), wants[i])
		}
	}
}

func TestStatementEntry(t *testing.T) {
	t.Parallel()
	g := newRig(t, rmhost.Options{})
	key := g.saved("FinXCXData", statement(nil))
	has(t, g.read("FinXCXData", key), "<FinXCX><FXCX>", "<VALOR>-10,5000</VALOR>", "<VALORCONTABIL>-10,5000</VALORCONTABIL>", "<VALOREMREAIS>10,5000</VALOREMREAIS>")
	g.saved("FinXCXData", only("FinXCX", "FXCX", map[string]string{"CODCOLIGADA": "1", "IDXCX": "1", "TIPO": "2"}, "<FXCXCOMPL><EVENTO>x</EVENTO></FXCXCOMPL>"))
	has(t, g.read("FinXCXData", key), "<VALOR>10,5000</VALOR>", "<VALORCONTABIL>10,5000</VALORCONTABIL>", "<EVENTO>x</EVENTO>")
	g.saved("FinXCXData", only("FinXCX", "FXCX", map[string]string{"CODCOLIGADA": "1", "IDXCX": "1", "COMPENSADO": "1", "DATACOMPENSACAO": "2026-03-02T00:00:00"}))
	if text, err := g.save("FinXCXData", only("FinXCX", "FXCX", map[string]string{"CODCOLIGADA": "1", "IDXCX": "1", "HISTORICO": "x"})); err != nil || !strings.Contains(text, "não pode ser alterado") {
		t.Errorf("%s, %v", text, err)
	}
}

// TestRefusedSavesNothing: what is wrong is told at once, as a text in place of the key.
func TestRefusedSavesNothing(t *testing.T) {
	t.Parallel()
	g := newRig(t, rmhost.Options{})
	settled := g.saved("FinLanDataBR", entry(nil))
	if _, err := g.host.DB().ExecContext(t.Context(), `UPDATE FLAN SET STATUSLAN = 1`); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		server, set string
		wants       []string
	}{
		"all gaps at once": {"FinLanDataBR", entry(map[string]string{"CODCFO": "F1", "CODTDO": "X", "CODFILIAL": "3", "CODCCUSTO": "01", "CODCXA": "9"}, ratio("-1", "77", "1250,7500")), []string{
			"Cliente/fornecedor 1;F1 não cadastrado", "Tipo de documento 1;X não cadastrado", "Filial 1;3 está inativo", "Centro de custo 1;01 não permite",
			"Conta/caixa 1;9 não", "Centro de custo 1;77 não"}},
		"needed":               {"FinLanDataBR", entry(map[string]string{"HISTORICO": "", "NUMERODOCUMENTO": "-"}), []string{"FLAN.HISTORICO é obrigatório", "FLAN.NUMERODOCUMENTO é obrigatório"}},
		"a zone":               {"FinLanDataBR", entry(map[string]string{"DATAEMISSAO": "2026-03-01T00:00:00Z"}), []string{"FLAN.DATAEMISSAO", "sem fuso"}},
		"five places":          {"FinLanDataBR", entry(map[string]string{"VALORORIGINAL": "1,00001"}), []string{"FLAN.VALORORIGINAL", "4 casas"}},
		"too long":             {"FinLanDataBR", entry(map[string]string{"CAMPOALFAOP3": strings.Repeat("ç", 21)}), []string{"tem 21 caracteres, o máximo é 20"}},
		"no such column":       {"FinLanDataBR", entry(map[string]string{"VALOR": "1"}), []string{"A coluna VALOR não existe em FLAN"}},
		"no such table":        {"FinLanDataBR", entry(nil, "<FLANRATDEP/>"), []string{"A tabela FLANRATDEP não faz parte de FinLAN"}},
		"another root":         {"FinXCXData", entry(nil), []string{"O XML é de FinLAN; esperado: FinXCX"}},
		"rows of another":      {"FinLanDataBR", entry(nil, "<FLANRATCCU><IDLAN>1</IDLAN><VALOR>1250,7500</VALOR></FLANRATCCU>"), []string{"outro registro: IDLAN=1"}},
		"rows that do not sum": {"FinLanDataBR", entry(nil, ratio("-1", "01.002", "1,0000")), []string{"A soma do rateio"}},
		"no such row":          {"FinLanDataBR", entry(nil, ratio("7", "01.002", "1250,7500")), []string{"O rateio 7 não foi encontrado"}},
		"no such record":       {"FinLanDataBR", entry(map[string]string{"IDLAN": "99"}), []string{"O registro 1;99 não foi encontrado"}},
		"settled":              {"FinLanDataBR", only("FinLAN", "FLAN", map[string]string{"CODCOLIGADA": "1", "IDLAN": strings.TrimPrefix(settled, "1;"), "PARCELA": "1"}), []string{"não está em aberto"}},
		"closed":               {"FinLanDataBR", entry(map[string]string{"DATAEMISSAO": "2020-01-01T00:00:00"}), []string{"período fechado"}},
		"no XML":               {"FinLanDataBR", "<FinLAN><FLAN>", []string{"O XML é inválido"}},
		"twice":                {"FinLanDataBR", "<FinLAN><FLAN><IDLAN>-1</IDLAN><IDLAN>-1</IDLAN></FLAN></FinLAN>", []string{"IDLAN duas vezes"}},
	} {
		text, err := g.save(c.server, c.set)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, want := range c.wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q lacks %q", name, text, want)
			}
		}
	}
	if g.count("FLAN") != 1 || g.count("FLANRATCCU") != 0 || g.count("FLAN WHERE PARCELA IS NOT NULL") != 0 {
		t.Error("something was saved")
	}
}

// TestFaults: what a host cannot understand it answers with a fault, and does nothing.
func TestFaults(t *testing.T) {
	t.Parallel()
	g := newRig(t, rmhost.Options{})
	for filter, want := range map[string]string{
		"": "Sintaxe", "FLAN.IDLAN>1": "Sintaxe", "IDLAN=1": "Sintaxe", "FLAN.IDLAN=1 OR 1=1": "Sintaxe", "FLAN.HISTORICO='x": "Sintaxe",
		"FLAN.IDLAN=1; DROP TABLE FLAN": "Sintaxe", "FLAN.NADA=1": "FLAN.NADA", "FXCX.IDXCX=1": "FXCX.IDXCX", "FLAN.IDLAN=99999999999999999999": "Estouro",
	} {
		if rows, err := g.view("FinLanDataBR", filter); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s, %v", filter, rows, err)
		}
	}
	if _, err := g.save("FinLanData", entry(nil)); err == nil || !strings.Contains(err.Error(), "FinLanData não foi encontrado") {
		t.Error(err)
	}
	if _, err := g.soap("IwsDataServer", "SaveRecord", "<DataServerName>FinLanDataBR</DataServerName><Contexto>CODSISTEMA=F;CODCOLIGADA=1</Contexto>"); err == nil || !strings.Contains(err.Error(), "CODUSUARIO") {
		t.Error(err)
	}
	if _, err := g.soap("IwsDataServer", "ReadRecord", "<DataServerName>FinLanDataBR</DataServerName><PrimaryKey>1</PrimaryKey>"+context1); err == nil || !strings.Contains(err.Error(), "2 partes") {
		t.Error(err)
	}
	if _, err := g.soap("IwsDataServer", "DeleteRecord", context1); err == nil {
		t.Error("DeleteRecord was taken")
	}
	for name, headers := range map[string]map[string]string{"other password": {"Authorization": "Basic eDp5"}, "none": {"Authorization": ""}} {
		if status, _, err := g.do(http.MethodPost, "/wsDataServer/IwsDataServer", headers, ""); err != nil || status != http.StatusUnauthorized {
			t.Errorf("%s: %d, %v", name, status, err)
		}
	}
}

func TestMasterData(t *testing.T) {
	t.Parallel()
	g := newRig(t, rmhost.Options{})
	for server, c := range map[string]struct{ filter, want string }{
		"GlbColigadaDataBR":       {"GCOLIGADA.CODCOLIGADA=1", "<GCOLIGADA><CODCOLIGADA>1<"},
		"GlbFilialDataBR":         {"GFILIAL.CODCOLIGADA=1 AND GFILIAL.CODFILIAL=3", "<ATIVO>F<"},
		"FinCFODataBR":            {"FCFO.CODCOLIGADA=1 AND FCFO.CODCFO='F00017'", "<NOME>Banco Nascente S.A.<"},
		"FinTDODataBR":            {"FTDO.CODCOLIGADA=1 AND FTDO.CODTDO='EMPR'", "<FTDO>"},
		"FinCXADataBR":            {"FCXA.CODCOLIGADA=1 AND FCXA.CODCXA='001'", "<FCXA>"},
		"GlbMoedaDataBR":          {"GMOEDA.SIMBOLO='R$'", "<GMOEDA>"},
		"CtbCCustoDataBR":         {"GCCUSTO.CODCOLIGADA=1 AND GCCUSTO.CODCCUSTO='01'", "<PERMITELANC>F<"},
		"GlbDeptoDataBR":          {"GDEPTO.CODCOLIGADA=1", "<GDEPTO>"},
		"FinTTBOrcamentoDataBR":   {"TTBORCAMENTO.CODCOLIGADA=1 AND TTBORCAMENTO.CODTBORCAMENTO='02.01'", "<SINTETICOANALITICO>1<"},
		"CtbContaDataBR":          {"CCONTA.CODCOLIGADA=1 AND CCONTA.CODCONTA='1.1.01.001'", "<ANALITICA>1<"},
		"CtbHistPDataBR":          {"CHISTP.CODCOLIGADA=1 AND CHISTP.CODHISTP='010'", "<CHISTP>"},
		"CtbLoteDataBR":           {"CLOTE.CODCOLIGADA=1 AND CLOTE.CODLOTE=10", "T00:00:00</DATAFIM>"},
		"CtbContaGerencialDataBR": {"SLCONTAGERENCIAL.CODCOLIGADA=1", "<SLCONTAGERENCIAL>"},
	} {
		rows, err := g.view(server, c.filter)
		if err != nil || !strings.Contains(rows, c.want) {
			t.Errorf("%s: %s, %v", server, rows, err)
		}
	}
}
