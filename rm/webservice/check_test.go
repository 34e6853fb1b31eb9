package webservice

import (
	"net/http"
	"strings"
	"testing"

	"smartlink/internal/checkup"
)

// found is what a check says of things that are not well, and in all.
func found(list []checkup.Finding) (bad string, all string) {
	for _, f := range list {
		line := f.What.EN + ": " + f.Detail.EN + "\n"
		all += line
		if f.Health == checkup.Bad {
			bad += line
		}
	}
	return bad, all
}

// TestCheck: what it finds wrong. Where everything works it is tried with rmhost.
func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(s *stand, c *Config)
		want   string
	}{
		{"who are you", func(_ *stand, c *Config) { c.Password = "wrong" }, "RM: 127.0.0.1"},
		{"a data server is not there", func(s *stand, _ *Config) {
			s.view = func(w http.ResponseWriter) bool { fault(w, "O DataServer X não foi encontrado."); return true }
		}, "Master data FCFO (FinCFODataBR): RM: O DataServer X não foi encontrado."},
		{"the company is not seen", func(s *stand, _ *Config) {
			s.view = func(w http.ResponseWriter) bool { result(w, "ReadView", ""); return true }
		}, "Company 1: the user smartlink does not see it"},
		{"filters are not heard", func(s *stand, _ *Config) { s.key = "<FLAN><CODCOLIGADA>1</CODCOLIGADA><IDLAN>12</IDLAN></FLAN>" },
			"Financial entry (FinLanDataBR): the search for a marker that does not exist found 1;12"},
		{"nor by master data", func(*stand, *Config) {}, "Master data FCFO (FinCFODataBR): answers rows for a code that does not exist"},
		{"the form of amounts is not known", func(_ *stand, c *Config) { c.Culture = Auto }, "Form of amounts: it is not known yet"},
		{"another culture than is configured", func(s *stand, c *Config) {
			s.read = entryOfRM(",")
			c.Probe = map[string]string{"FinLanDataBR": "1;4711"}
		}, "Financial entry (FinLanDataBR): RM writes amounts in the culture pt-BR"},
		{"the probe is not there", func(_ *stand, c *Config) { c.Probe = map[string]string{"FinLanDataBR": "1;4711"} }, "Financial entry (FinLanDataBR): probe: 1;4711 is not there"},
		{"the marker is not found", func(s *stand, c *Config) {
			s.read = entryOfRM(".")
			c.Probe = map[string]string{"FinLanDataBR": "1;4711"}
		}, "the marker that was written into 1;4711 was found in []"},
		{"the probe may not be saved", func(s *stand, c *Config) {
			s.read = entryOfRM(".")
			s.save = func(w http.ResponseWriter, _ string) { result(w, "SaveRecord", "sem permissão") }
			c.Probe = map[string]string{"FinLanDataBR": "1;4711"}
		}, "Financial entry (FinLanDataBR): RM refused: sem permissão"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			w := s.writer(t, func(c *Config) { tc.change(s, c) })
			bad, all := found(w.Check(t.Context()))
			if !strings.Contains(bad, tc.want) {
				t.Errorf("found\n%s", all)
			}
			if tc.name != "the marker is not found" {
				return
			}
			if saves := s.saves(); len(saves) != 2 || !strings.Contains(saves[1], "<CAMPOALFAOP1>0123456789abcdef0123456789abcdef</CAMPOALFAOP1>") {
				t.Errorf("not put back: %q", saves)
			}
		})
	}
}
