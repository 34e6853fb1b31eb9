package webservice

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"smartlink/consumer"
	"smartlink/consumer/consumertest"
	"smartlink/internal/clock"
	"smartlink/link"
	"smartlink/rm/rmtest"
)

// TestWhyNothingIsSaved: what people have to act on is told in both languages, and names what to look at.
func TestWhyNothingIsSaved(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(s *stand, c *Config)
		again  bool // the first message is booked, the second is not
		pt, en string
	}{
		{"the password is wrong", func(_ *stand, c *Config) { c.Password = "wrong" }, false,
			"não aceita o usuário smartlink (401", "does not accept the user smartlink (401"},
		{"the user may not save", func(s *stand, _ *Config) {
			s.save = func(w http.ResponseWriter, _ string) { http.Error(w, "Acesso negado", http.StatusForbidden) }
		}, false, "o usuário smartlink não tem permissão", "the user smartlink lacks a permission"},
		{"the form of amounts is not known", func(_ *stand, c *Config) { c.Culture = Auto }, false,
			"1250,75 ou 1250.75", "1250,75 or 1250.75"},
		{"another form than is configured", func(s *stand, c *Config) {
			s.read = entryOfRM(",")
			c.Probe = map[string]string{"FinLanDataBR": "1;4711"}
		}, false, "na cultura pt-BR, e está configurada culture: invariant", "in the culture pt-BR, and culture: invariant is configured"},
		{"both forms in one answer", func(s *stand, c *Config) {
			s.read = strings.Replace(entryOfRM(","), "11250,7500", "11250.7500", 1)
			c.Probe = map[string]string{"FinLanDataBR": "1;4711"}
		}, false, "de dois modos na mesma resposta", "in two ways in one answer"},
		{"reading took long", func(s *stand, c *Config) {
			fake := clock.NewFake(now)
			c.Clock = fake
			s.view = func(http.ResponseWriter) bool { fake.Advance(DefaultTimeout); return false }
		}, false, "mais que a metade de timeout (1m0s)", "more than half of timeout (1m0s)"},
		{"an amount arrived as another", func(s *stand, _ *Config) {
			s.save = func(w http.ResponseWriter, _ string) {
				s.read = strings.ReplaceAll(entryOfRM("."), "11250.7500", "112507500.0000")
				result(w, "SaveRecord", "1;4711")
			}
		}, true, "1;4711 de FinLanDataBR foi gravado no RM com VALORORIGINAL 112507500.0000 em vez de 11250.7500", "1;4711 of FinLanDataBR was saved in RM with VALORORIGINAL 112507500.0000 instead of 11250.7500"},
		{"the form it arrived in is another", func(s *stand, _ *Config) {
			s.save = func(w http.ResponseWriter, _ string) {
				s.read = entryOfRM(",")
				result(w, "SaveRecord", "1;4711")
			}
		}, true, "valores na forma errada (invariant)", "amounts in the wrong form (invariant)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStand(t)
			w := s.writer(t, func(c *Config) { tc.change(s, c) })
			out := send(t.Context(), t, w, "FinLanIncDataCommand", finlan())
			if tc.again {
				if out.Kind != consumer.KindDone {
					t.Fatalf("%s %q", out.Kind, out.Reason)
				}
				out = send(t.Context(), t, w, "FinLanIncDataCommand", finlan())
			}
			problem, ok := errors.AsType[*link.Error](out.Cause)
			if out.Kind != consumer.KindAway || !ok {
				t.Fatalf("%s %q: not said in both languages", out.Kind, out.Reason)
			}
			for lang, want := range map[link.Lang]string{link.Portuguese: tc.pt, link.English: tc.en} {
				text := problem.Problem(lang, "").Detail
				if !strings.Contains(text, want) || strings.Contains(text, "%!") || strings.Contains(text, "{") {
					t.Errorf("%q does not say %q", text, want)
				}
			}
		})
	}
}

// TestWhatIsRefusedIsSaidInBothLanguages: the faults that only this writer has.
func TestWhatIsRefusedIsSaidInBothLanguages(t *testing.T) {
	edit := func(data string) string {
		return `{"header":{"type":"FinLanAltDataCommand"},"data":{"CodColigada":1,"IdLan":4711,` + data + `}}`
	}
	for _, tc := range []struct {
		name, messageType, body string
		change                  func(s *stand, c *Config)
		code, pt, en            string
	}{
		{"RM refuses", "FinLanIncDataCommand", finlan(), func(s *stand, _ *Config) {
			s.save = func(w http.ResponseWriter, _ string) { result(w, "SaveRecord", "Período fechado.") }
		}, "RM-REFUSED", "Período fechado", "Período fechado"},
		{"the marker's field is used", "FinLanIncDataCommand", finlan(`"IdLan": -1`, `"IdLan": -1, "CampoAlfaOp1": "mine"`), nil, "RM-MARKER-FIELD", "CampoAlfaOp1", "CampoAlfaOp1"},
		{"no room for it", "FinLanIncDataCommand", finlan("Contrato 42, parcela 3", strings.Repeat("ç", 210)), func(_ *stand, c *Config) {
			c.Markers = map[string]Marker{"FinLanDataBR": {Field: "HISTORICO", AtEnd: true}}
		}, "RM-MARKER-ROOM", "222", "222"},
		{"the last row", "FinLanAltDataCommand", edit(`"Rateios":[]`), nil, "RM-RATEIO-STAYS", "rateio", "apportionment"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStand(t)
			s.read = entryOfRM(".")
			w := s.writer(t, func(c *Config) {
				if tc.change != nil {
					tc.change(s, c)
				}
			})
			out := send(t.Context(), t, w, tc.messageType, tc.body)
			if out.Kind != consumer.KindReject || len(out.Errors) != 1 || out.Errors[0].Code != tc.code {
				t.Fatalf("%s %q %v", out.Kind, out.Reason, rmtest.Lines(out.Errors))
			}
			for _, wrong := range rmtest.Unreadable(consumertest.Result{Outcome: out}) {
				t.Error(wrong)
			}
			if f := out.Errors[0]; !strings.Contains(f.Description+f.Help, tc.pt) || !strings.Contains(f.DescriptionEn+f.HelpEn, tc.en) {
				t.Errorf("%+v", f)
			}
		})
	}
}
