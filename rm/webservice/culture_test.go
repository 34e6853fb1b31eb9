package webservice

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"smartlink/consumer"
	"smartlink/contracts"
)

// TestWhatANumberTells: and how each culture reads it.
func TestWhatANumberTells(t *testing.T) {
	for _, tc := range []struct {
		text            string
		tells           Culture
		ptBR, invariant string // "" it is none
	}{
		{"1250,7500", PTBR, "1250.7500", ""},
		{"1250.7500", Invariant, "", "1250.7500"},
		{"-1250,7500", PTBR, "-1250.7500", ""},
		{"1.250,75", PTBR, "1250.7500", ""},
		{"1,250.75", Invariant, "", "1250.7500"},
		{"12.507.500", PTBR, "12507500.0000", ""},
		{"1250.750", Invariant, "", "1250.7500"},
		{"1.250", "", "1250.0000", "1.2500"},
		{"-1,250", "", "-1.2500", "-1250.0000"},
		{"0.250", Invariant, "", "0.2500"},
		{"0,000000000", PTBR, "0.0000", ""},
		{"1250", "", "1250.0000", "1250.0000"},
		{"007", "", "7.0000", "7.0000"},
		{" 5 ", "", "5.0000", "5.0000"},
		{"", "", "", ""},
		{"-", "", "", ""},
		{"1e3", "", "", ""},
		{"R$ 5", "", "", ""},
		{"1250.75001", Invariant, "", ""},
	} {
		if got := tells(tc.text); got != tc.tells {
			t.Errorf("%q tells %q, want %q", tc.text, got, tc.tells)
		}
		for culture, want := range map[Culture]string{PTBR: tc.ptBR, Invariant: tc.invariant} {
			got := ""
			if d, err := culture.read(contracts.Money, tc.text); err == nil {
				got = d.String()
			}
			if got != want && !(tc.text == "0.250" && culture == PTBR) {
				t.Errorf("%s reads %q as %q, want %q", culture, tc.text, got, want)
			}
		}
	}
	for culture, want := range map[Culture]string{PTBR: "-1250,7500", Invariant: "-1250.7500"} {
		if got := culture.write(contracts.Decimal{Units: -12507500, Places: 4}); got != want {
			t.Errorf("%s writes %s", culture, got)
		}
	}
}

// TestNoAmountIsSavedInADoubtfulForm: it is learned first; and a host that writes otherwise than is configured is
// found out by what it writes.
func TestNoAmountIsSavedInADoubtfulForm(t *testing.T) {
	for _, tc := range []struct {
		name    string
		culture Culture
		probe   string // the record's mark
		want    consumer.Kind
		reason  string
		saved   string
	}{
		{"not known", Auto, "", consumer.KindAway, "configure culture", ""},
		{"learned, comma", Auto, ",", consumer.KindDone, "", "<VALORORIGINAL>11250,7500<"},
		{"learned, point", Auto, ".", consumer.KindDone, "", "<VALORORIGINAL>11250.7500<"},
		{"as configured", PTBR, ",", consumer.KindDone, "", "<VALORORIGINAL>11250,7500<"},
		{"not as configured", Invariant, ",", consumer.KindAway, "culture: invariant is configured", ""},
		{"not as configured, the other way", PTBR, ".", consumer.KindAway, "culture: pt-BR is configured", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStand(t)
			w := s.writer(t, func(c *Config) {
				c.Culture = tc.culture
				if tc.probe != "" {
					s.read = entryOfRM(tc.probe)
					c.Probe = map[string]string{"FinLanDataBR": "1;4711"}
				}
			})
			out := send(t.Context(), t, w, "FinLanIncDataCommand", finlan())
			if out.Kind != tc.want || !strings.Contains(out.Reason, tc.reason) {
				t.Fatalf("%s %q", out.Kind, out.Reason)
			}
			if got := strings.Join(s.saves(), ""); !strings.Contains(got, tc.saved) || tc.saved == "" && got != "" {
				t.Errorf("saved %s", got)
			}
		})
	}
	t.Run("both ways", func(t *testing.T) {
		var c culture
		if _, err := c.learn([]string{"1,5", "1.5"}); err == nil {
			t.Error("let pass")
		}
	})
}

// TestTheFirstAmountIsReadBack: a host that reads otherwise than it writes is found out by the first entry, and
// nothing more is saved; the entry is named.
func TestTheFirstAmountIsReadBack(t *testing.T) {
	s := newStand(t)
	w := s.writer(t, nil)
	s.save = func(w http.ResponseWriter, _ string) {
		s.read = strings.ReplaceAll(entryOfRM("."), "11250.7500", "112507500.0000")
		result(w, "SaveRecord", "1;4711")
	}
	if out := send(t.Context(), t, w, "FinLanIncDataCommand", finlan()); out.Kind != consumer.KindDone || out.Key != "1;4711" {
		t.Fatalf("%+v", out) // it is in the books, whatever it says there
	}
	for range 2 {
		out := send(t.Context(), t, w, "FinLanIncDataCommand", finlan())
		for _, want := range []string{"1;4711", "VALORORIGINAL 112507500.0000 instead of 11250.7500"} {
			if out.Kind != consumer.KindAway || !strings.Contains(out.Reason, want) {
				t.Fatalf("%s %q", out.Kind, out.Reason)
			}
		}
	}
	if len(s.saves()) != 1 {
		t.Errorf("saved %d times", len(s.saves()))
	}
}

// TestAnAmountThatCouldNotBeReadBack: the next save looks first; when it is right, no further one is read back.
func TestAnAmountThatCouldNotBeReadBack(t *testing.T) {
	s := newStand(t)
	w := s.writer(t, nil)
	s.read = "no data set"
	if out := send(t.Context(), t, w, "FinLanIncDataCommand", finlan()); out.Kind != consumer.KindDone {
		t.Fatalf("%+v", out)
	}
	if out := send(t.Context(), t, w, "FinLanIncDataCommand", finlan()); out.Kind != consumer.KindRetry || len(s.saves()) != 1 {
		t.Fatalf("%s %q, saved %d times", out.Kind, out.Reason, len(s.saves()))
	}
	s.read = strings.Replace(entryOfRM("."), "<VALOR>11250.7500", "<VALOR>10000.0000</VALOR></FLANRATCCU><FLANRATCCU><CODCOLIGADA>1</CODCOLIGADA><IDLAN>4711</IDLAN><IDRATCCU>8</IDRATCCU><VALOR>1250.75", 1)
	for range 2 {
		if out := send(t.Context(), t, w, "FinLanIncDataCommand", finlan()); out.Kind != consumer.KindDone {
			t.Fatalf("%s %q", out.Kind, out.Reason)
		}
	}
	if got := strings.Count(fmt.Sprint(s.calls), "ReadRecord"); got != 3 {
		t.Errorf("%d records read", got)
	}
}
