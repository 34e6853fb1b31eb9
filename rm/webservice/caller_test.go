package webservice

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"smartlink/consumer"
	"smartlink/examples"
	"smartlink/internal/clock"
)

// finlan is a message that passes all rules.
func finlan(change ...string) string {
	return strings.NewReplacer(append(change, `"Complementos"`, `"Unknown"`)...).Replace(string(examples.Body(examples.FinLanInc)))
}

// entryOfRM is a financial entry as a host of a culture writes it.
func entryOfRM(mark string) string {
	return strings.ReplaceAll(`<FinLAN><FLAN><CODCOLIGADA>1</CODCOLIGADA><IDLAN>4711</IDLAN><CODFILIAL>1</CODFILIAL><PAGREC>2</PAGREC><STATUSLAN>0</STATUSLAN>`+
		`<CODTDO>EMPR</CODTDO><NUMERODOCUMENTO>CT-1</NUMERODOCUMENTO><SERIEDOCUMENTO>@@@</SERIEDOCUMENTO><CODCOLCFO>1</CODCOLCFO><CODCFO>F00017</CODCFO>`+
		`<DATAEMISSAO>2026-03-02T00:00:00</DATAEMISSAO><DATAVENCIMENTO>2026-04-01T00:00:00</DATAVENCIMENTO><VALORORIGINAL>11250_7500</VALORORIGINAL>`+
		`<VALORBAIXADO>0_0000</VALORBAIXADO><CODMOEVALORORIGINAL>R$</CODMOEVALORORIGINAL><CAMPOALFAOP1>0123456789abcdef0123456789abcdef</CAMPOALFAOP1><HISTORICO>Juros &amp; mais</HISTORICO>`+
		`<CODAPLICACAO>F</CODAPLICACAO><TIPOCONTABILLAN>0</TIPOCONTABILLAN><RECCREATEDON>2026-03-01T10:00:00.123</RECCREATEDON></FLAN>`+
		`<FLANRATCCU><CODCOLIGADA>1</CODCOLIGADA><IDLAN>4711</IDLAN><IDRATCCU>7</IDRATCCU><CODCCUSTO>01.002</CODCCUSTO><VALOR>11250_7500</VALOR></FLANRATCCU></FinLAN>`, "_", mark)
}

// TestWhatRMAnswersToASave: each answer, and whether it leaves anybody in doubt.
func TestWhatRMAnswersToASave(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer func(w http.ResponseWriter)
		want   consumer.Kind
		reason string
	}{
		{"a key", func(w http.ResponseWriter) { result(w, "SaveRecord", "1;4711") }, consumer.KindDone, ""},
		{"an error text", func(w http.ResponseWriter) {
			result(w, "SaveRecord", "O fornecedor está bloqueado.\r\nFale com o financeiro.")
		}, consumer.KindReject, ""},
		{"a fault", func(w http.ResponseWriter) { fault(w, "Object reference not set") }, consumer.KindUnknown, "Object reference not set"},
		{"nothing", func(w http.ResponseWriter) { result(w, "SaveRecord", "") }, consumer.KindUnknown, "with nothing"},
		{"another company's key", func(w http.ResponseWriter) { result(w, "SaveRecord", "2;4711") }, consumer.KindUnknown, "2;4711"},
		{"no XML", func(w http.ResponseWriter) { fmt.Fprint(w, "<html>ok") }, consumer.KindUnknown, "no envelope"},
		{"another call's answer", func(w http.ResponseWriter) { result(w, "ReadRecord", "1;4711") }, consumer.KindUnknown, "no SaveRecordResult"},
		{"broken", func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, consumer.KindUnknown, "EOF"},
		{"500", func(w http.ResponseWriter) { http.Error(w, "oops", http.StatusInternalServerError) }, consumer.KindUnknown, "oops"},
		{"502", func(w http.ResponseWriter) { http.Error(w, "proxy", http.StatusBadGateway) }, consumer.KindUnknown, "proxy"},
		{"302", func(w http.ResponseWriter) { w.Header().Set("Location", "/elsewhere"); w.WriteHeader(http.StatusFound) }, consumer.KindUnknown, "302"},
		{"503", func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "7")
			http.Error(w, "later", http.StatusServiceUnavailable)
		}, consumer.KindAway, "later"},
		{"429", func(w http.ResponseWriter) { http.Error(w, "slowly", http.StatusTooManyRequests) }, consumer.KindAway, "slowly"},
		{"404", func(w http.ResponseWriter) { http.Error(w, "no such page", http.StatusNotFound) }, consumer.KindAway, "no such page"},
		{"401 for good", func(w http.ResponseWriter) { http.Error(w, "não", http.StatusUnauthorized) }, consumer.KindAway, "does not accept the user smartlink"},
		{"403", func(w http.ResponseWriter) { http.Error(w, "perfil", http.StatusForbidden) }, consumer.KindAway, "lacks a permission"},
		{"no session for good", func(w http.ResponseWriter) { fault(w, "Sessão inválida") }, consumer.KindAway, "does not accept the user smartlink"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStand(t)
			s.save = func(w http.ResponseWriter, _ string) { tc.answer(w) }
			out := send(t.Context(), t, s.writer(t, nil), "FinLanIncDataCommand", finlan())
			if out.Kind != tc.want || !strings.Contains(out.Reason, tc.reason) {
				t.Fatalf("%s %q %v", out.Kind, out.Reason, out.Errors)
			}
			switch tc.name {
			case "a key":
				if out.Key != "1;4711" || out.Keys["CodColigada"] != int64(1) || out.Keys["IdLan"] != int64(4711) || len(out.Warnings) != 1 {
					t.Errorf("%+v", out)
				}
			case "an error text":
				f := out.Errors[0]
				if len(out.Errors) != 1 || f.Code != "RM-REFUSED" || f.Description != "O RM recusou: O fornecedor está bloqueado.\r\nFale com o financeiro." || !strings.HasPrefix(f.DescriptionEn, "RM refused: O fornecedor") {
					t.Errorf("%+v", out.Errors)
				}
			case "503":
				if out.After != 7*time.Second {
					t.Errorf("after %s", out.After)
				}
			}
			if want := map[bool]int{true: 2, false: 1}[strings.HasSuffix(tc.name, "for good")]; len(s.saves()) != want {
				t.Errorf("saved %d times", len(s.saves()))
			}
		})
	}
}

// TestNothingIsSent: what cannot be reached, or is asked too late, was not sent.
func TestNothingIsSent(t *testing.T) {
	t.Run("nobody listens", func(t *testing.T) {
		s := newStand(t)
		w := s.writer(t, nil)
		s.Close()
		if out := send(t.Context(), t, w, "FinLanIncDataCommand", finlan()); out.Kind != consumer.KindAway {
			t.Errorf("%s %q", out.Kind, out.Reason)
		}
	})
	t.Run("reading fails", func(t *testing.T) {
		s := newStand(t)
		s.view = func(w http.ResponseWriter) bool { fault(w, "O DataServer não foi encontrado."); return true }
		if out := send(t.Context(), t, s.writer(t, nil), "FinLanIncDataCommand", finlan()); out.Kind != consumer.KindAway || !strings.Contains(out.Reason, "não foi encontrado") {
			t.Errorf("%s %q", out.Kind, out.Reason)
		}
		if len(s.saves()) > 0 {
			t.Error("saved")
		}
	})
	t.Run("a view that is none", func(t *testing.T) {
		s := newStand(t)
		s.view = func(w http.ResponseWriter) bool { result(w, "ReadView", "Erro interno"); return true }
		if out := send(t.Context(), t, s.writer(t, nil), "FinLanIncDataCommand", finlan()); out.Kind != consumer.KindRetry || len(s.saves()) > 0 {
			t.Errorf("%s %q", out.Kind, out.Reason)
		}
	})
	t.Run("reading took too long", func(t *testing.T) {
		s := newStand(t)
		time := clock.NewFake(now)
		s.view = func(http.ResponseWriter) bool { time.Advance(DefaultTimeout / 4); return false }
		w := s.writer(t, func(c *Config) { c.Clock = time })
		if out := send(t.Context(), t, w, "FinLanIncDataCommand", finlan()); out.Kind != consumer.KindAway || !strings.Contains(out.Reason, "more than half of timeout") || len(s.saves()) > 0 {
			t.Errorf("%s %q", out.Kind, out.Reason)
		}
	})
	t.Run("the agent stops", func(t *testing.T) {
		s := newStand(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if out := send(ctx, t, s.writer(t, nil), "FinLanIncDataCommand", finlan()); out.Kind != consumer.KindPostpone || len(s.saves()) > 0 {
			t.Errorf("%s %q", out.Kind, out.Reason)
		}
	})
	t.Run("RM knows the marker", func(t *testing.T) {
		s := newStand(t)
		s.key = "<FLAN><CODCOLIGADA>1</CODCOLIGADA><IDLAN>12</IDLAN></FLAN>"
		if out := send(t.Context(), t, s.writer(t, nil), "FinLanIncDataCommand", finlan()); out.Kind != consumer.KindDone || out.Key != "1;12" || len(s.saves()) > 0 {
			t.Errorf("%+v", out)
		}
	})
	t.Run("the rules refuse, all at once", func(t *testing.T) {
		s := newStand(t)
		s.view = func(w http.ResponseWriter) bool { result(w, "ReadView", "<NewDataSet/>"); return true }
		out := send(t.Context(), t, s.writer(t, nil), "FinLanIncDataCommand", finlan(`"IdLan": -1`, `"IdLan": -1, "CampoAlfaOp1": "mine"`))
		var codes []string
		for _, f := range out.Errors {
			codes = append(codes, f.Code)
		}
		if got := strings.Join(codes, " "); out.Kind != consumer.KindReject || got != "RM-COLIGADA-UNKNOWN RM-MARKER-FIELD" || len(s.saves()) > 0 {
			t.Errorf("%s %s", out.Kind, got)
		}
	})
}

// TestFind: what it answers, and that it changes nothing.
func TestFind(t *testing.T) {
	for _, tc := range []struct {
		name, rows string
		view       func(w http.ResponseWriter) bool
		want       consumer.Kind
		key        string
	}{
		{name: "not there", want: consumer.KindAbsent},
		{name: "there", rows: "<FLAN><CODCOLIGADA>1</CODCOLIGADA><IDLAN>12</IDLAN></FLAN>", want: consumer.KindDone, key: "1;12"},
		{name: "copied in RM", rows: "<FLAN><CODCOLIGADA>1</CODCOLIGADA><IDLAN>112</IDLAN></FLAN><FLAN><CODCOLIGADA>1</CODCOLIGADA><IDLAN>12</IDLAN></FLAN>", want: consumer.KindDone, key: "1;12"},
		{name: "no key", rows: "<FLAN><CODCOLIGADA>1</CODCOLIGADA></FLAN>", want: consumer.KindUnknown},
		{name: "a fault", view: func(w http.ResponseWriter) bool { fault(w, "x"); return true }, want: consumer.KindAway},
		{name: "closed", view: func(http.ResponseWriter) bool { panic(http.ErrAbortHandler) }, want: consumer.KindAway},
		{name: "not let in", view: func(w http.ResponseWriter) bool { http.Error(w, "", http.StatusForbidden); return true }, want: consumer.KindAway},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStand(t)
			s.key, s.view = tc.rows, tc.view
			log := &lines{t: t}
			out := consumerOf(t, s.writer(t, nil), "FinLanIncDataCommand").Find(t.Context(), callOf("FinLanIncDataCommand", finlan()), log)
			if out.Kind != tc.want || out.Key != tc.key || len(s.saves()) > 0 {
				t.Errorf("%+v", out)
			}
			if out.Kind == consumer.KindDone && (out.Keys["CodColigada"] != int64(1) || out.Keys["IdLan"] != int64(12) || len(out.Warnings) != 1) {
				t.Errorf("not as Send answers: %+v", out)
			}
			if warned := strings.Contains(strings.Join(log.text, "\n"), "copiado"); warned != (tc.name == "copied in RM") {
				t.Errorf("log %q", log.text)
			}
		})
	}
}

// TestSessions: a call that RM did not do for want of a session is repeated once, with a new one.
func TestSessions(t *testing.T) {
	s := newStand(t)
	ended := 0
	s.save = func(w http.ResponseWriter, _ string) {
		if ended++; ended == 1 {
			fault(w, "A sessão do usuário expirou.")
			return
		}
		result(w, "SaveRecord", "1;4711")
	}
	if out := send(t.Context(), t, s.writer(t, nil), "FinLanIncDataCommand", finlan()); out.Kind != consumer.KindDone || len(s.saves()) != 2 {
		t.Errorf("%+v", out)
	}
}

// TestEditsSayWhatChanges: and the list of rows as a whole, when it does; the old marker is no text of the entry.
func TestEditsSayWhatChanges(t *testing.T) {
	for _, tc := range []struct{ name, data, want string }{
		{"a text", `"Historico": "Novo <texto>"`,
			`<FinLAN><FLAN><CODCOLIGADA>1</CODCOLIGADA><IDLAN>4711</IDLAN><CAMPOALFAOP1>` + marker + `</CAMPOALFAOP1><HISTORICO>Novo &lt;texto&gt;</HISTORICO></FLAN></FinLAN>`},
		{"cleared", `"DataPrevBaixa": null, "Parcela": null, "CodCfo": "F00017"`,
			`<FinLAN><FLAN><CODCOLIGADA>1</CODCOLIGADA><IDLAN>4711</IDLAN><CAMPOALFAOP1>` + marker + `</CAMPOALFAOP1></FLAN></FinLAN>`},
		{"an amount", `"ValorOriginal": 1000.5, "Rateios": [{"IdRatCCu": 7, "Valor": 1000, "CodCCusto": null, "CodNatFinanceira": "02.01"}, {"IdRatCCu": -1, "CodCCusto": "01.002", "Valor": 0.5}]`,
			`<FinLAN><FLAN><CODCOLIGADA>1</CODCOLIGADA><IDLAN>4711</IDLAN><VALORORIGINAL>1000,5000</VALORORIGINAL><CAMPOALFAOP1>` + marker + `</CAMPOALFAOP1></FLAN>` +
				`<FLANRATCCU><CODCOLIGADA>1</CODCOLIGADA><IDLAN>4711</IDLAN><IDRATCCU>7</IDRATCCU><CODCCUSTO></CODCCUSTO><CODCOLNATFINANCEIRA>1</CODCOLNATFINANCEIRA><CODNATFINANCEIRA>02.01</CODNATFINANCEIRA><VALOR>1000,0000</VALOR><PERCENTUAL></PERCENTUAL></FLANRATCCU>` +
				`<FLANRATCCU><CODCOLIGADA>1</CODCOLIGADA><IDLAN>4711</IDLAN><IDRATCCU>-1</IDRATCCU><CODCCUSTO>01.002</CODCCUSTO><VALOR>0,5000</VALOR></FLANRATCCU></FinLAN>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStand(t)
			s.read = entryOfRM(",")
			body := `{"header":{"type":"FinLanAltDataCommand"},"data":{"CodColigada":1,"IdLan":4711,` + tc.data + `}}`
			out := send(t.Context(), t, s.writer(t, func(c *Config) { c.Culture = Auto }), "FinLanAltDataCommand", body)
			if out.Kind != consumer.KindDone || out.Key != "1;4711" {
				t.Fatalf("%+v", out)
			}
			if got := strings.TrimPrefix(s.saves()[0], "SaveRecord "); got != tc.want {
				t.Errorf("saved\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
	t.Run("the last row stays", func(t *testing.T) {
		s := newStand(t)
		s.read = entryOfRM(".")
		out := send(t.Context(), t, s.writer(t, nil), "FinLanAltDataCommand", `{"header":{"type":"FinLanAltDataCommand"},"data":{"CodColigada":1,"IdLan":4711,"Rateios":[]}}`)
		if out.Kind != consumer.KindReject || out.Errors[0].Code != "RM-RATEIO-STAYS" || len(s.saves()) > 0 {
			t.Errorf("%+v", out)
		}
	})
	t.Run("a text of RM's in the marker's field", func(t *testing.T) {
		s := newStand(t)
		s.read = strings.Replace(entryOfRM("."), "0123456789abcdef0123456789abcdef", "pedido 12", 1)
		out := send(t.Context(), t, s.writer(t, nil), "FinLanAltDataCommand", `{"header":{"type":"FinLanAltDataCommand"},"data":{"CodColigada":1,"IdLan":4711,"Historico":"x"}}`)
		if out.Kind != consumer.KindReject || out.Errors[0].Code != "RM-MARKER-FIELD" || len(s.saves()) > 0 {
			t.Errorf("%+v", out)
		}
	})
	t.Run("no room behind the text", func(t *testing.T) {
		s := newStand(t)
		w := s.writer(t, func(c *Config) { c.Markers = map[string]Marker{"FinLanDataBR": {Field: "historico", AtEnd: true}} })
		out := send(t.Context(), t, w, "FinLanIncDataCommand", finlan("Contrato 42, parcela 3", strings.Repeat("ç", 210)))
		if out.Kind != consumer.KindReject || len(out.Errors) != 1 || out.Errors[0].Code != "RM-MARKER-ROOM" || out.Errors[0].Pointer != "/data/Historico" || len(s.saves()) > 0 {
			t.Errorf("%+v", out)
		}
		out = send(t.Context(), t, w, "FinLanIncDataCommand", finlan())
		if out.Kind != consumer.KindDone || !strings.Contains(s.saves()[0], "principal e juros "+marker+"</HISTORICO>") {
			t.Errorf("%+v %s", out, s.saves())
		}
	})
}

// TestTry: the rules judge, nothing is saved.
func TestTry(t *testing.T) {
	s := newStand(t)
	c := consumerOf(t, s.writer(t, nil), "FinLanIncDataCommand").(consumer.Trier)
	if out := c.Try(t.Context(), callOf("FinLanIncDataCommand", finlan()).Execution, &lines{t: t}); out.Kind != consumer.KindDone || out.Key != "" {
		t.Errorf("%+v", out)
	}
	if out := c.Try(t.Context(), callOf("FinLanIncDataCommand", finlan(`"CodFilial": 1`, `"CodFilial": 0`)).Execution, &lines{t: t}); out.Kind != consumer.KindReject {
		t.Errorf("%+v", out)
	}
	if len(s.saves()) > 0 {
		t.Error("saved")
	}
}
