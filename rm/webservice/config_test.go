package webservice

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smartlink/link"
)

// TestConfigurationsThatCannotBe: each is told what is wrong with it, in both languages.
func TestConfigurationsThatCannotBe(t *testing.T) {
	noPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(noPEM, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no address":            {func(c *Config) { c.URL = "" }, "the address of RM is missing (url)"},
		"no URL":                {func(c *Config) { c.URL = "rm:8051" }, `url: "rm:8051" is no http:// or https:// address`},
		"a password in it":      {func(c *Config) { c.RESTURL = "https://a:b@rm.example" }, "restUrl: the address must not hold a password"},
		"http elsewhere":        {func(c *Config) { c.URL = "http://rm.example:8051" }, "url: by http the password goes to rm.example"},
		"REST by http":          {func(c *Config) { c.RESTURL = "http://rm.example:8051" }, "restUrl: by http the password goes to rm.example"},
		"no user":               {func(c *Config) { c.User = "" }, "RM's user is missing (user)"},
		"a user of two":         {func(c *Config) { c.User = "a;CODCOLIGADA=2" }, "must have neither"},
		"no password":           {func(c *Config) { c.Password = "" }, "the password of smartlink is missing: SMARTLINK_RM_PASSWORD"},
		"too patient":           {func(c *Config) { c.Timeout = time.Hour }, "timeout is 1s to 10m0s"},
		"too hasty":             {func(c *Config) { c.Timeout = time.Millisecond }, "timeout is 1s to 10m0s"},
		"too many at a time":    {func(c *Config) { c.Parallel = 17 }, "parallel is 1 to 16"},
		"another culture":       {func(c *Config) { c.Culture = "en-US" }, `culture "en-US": use auto, pt-BR or invariant`},
		"no company":            {func(c *Config) { c.Company = -1 }, "company -1 is no company"},
		"marker of what":        {func(c *Config) { c.Markers = map[string]Marker{"FinLan": {Field: "X"}} }, `markers: there is no "FinLan"; there are CtbLanData, FinLanDataBR, FinXCXData`},
		"unknown marker field":  {func(c *Config) { c.Markers = map[string]Marker{"FinLanDataBR": {Field: "CAMPOALFA"}} }, `markers: "CAMPOALFA" is no field of FinLanDataBR`},
		"an amount for it":      {func(c *Config) { c.Markers = map[string]Marker{"FinLanDataBR": {Field: "VALOROP1"}} }, `markers: "VALOROP1" is no field`},
		"a short marker field":  {func(c *Config) { c.Markers = map[string]Marker{"FinLanDataBR": {Field: "CAMPOALFAOP3"}} }, "markers: CAMPOALFAOP3 has room for 20 characters; a marker wants 32"},
		"short for both":        {func(c *Config) { c.Markers = map[string]Marker{"FinXCXData": {Field: "NUMERODOCUMENTO", AtEnd: true}} }, "a marker wants 64"},
		"alone in a text":       {func(c *Config) { c.Markers = map[string]Marker{"FinXCXData": {Field: "HISTORICO"}} }, "at: end"},
		"not in REST":           {func(c *Config) { c.Markers = map[string]Marker{"CtbLanData": {Field: "RECCREATEDBY", AtEnd: true}} }, `"RECCREATEDBY" is no field of CtbLanData`},
		"no table":              {func(c *Config) { c.DataServers = map[string]string{"XYZ": "a"} }, `dataServers: there is no "XYZ"; there are CCONTA`},
		"no such probe":         {func(c *Config) { c.Probe = map[string]string{"X": "1;2"} }, `probe: there is no "X"`},
		"probe without an id":   {func(c *Config) { c.Probe = map[string]string{"FinLanDataBR": "1"} }, `probe: "1" is no key of FinLanDataBR`},
		"probe that is none":    {func(c *Config) { c.Probe = map[string]string{"CtbLanData": "1;10;-1"} }, `probe: "1;10;-1" is no key`},
		"custom table":          {func(c *Config) { c.Custom = map[string]map[string]int{"FLAN": {}} }, `customFields: there is no "FLAN"`},
		"custom field":          {func(c *Config) { c.Custom = map[string]map[string]int{"FLANCOMPL": {"A B": 1}} }, "customFields: FLANCOMPL.A B: 1"},
		"no authorities":        {func(c *Config) { c.CA = noPEM }, "holds no PEM certificates"},
		"authorities elsewhere": {func(c *Config) { c.CA = "/nowhere/ca.pem" }, "/nowhere/ca.pem"},
	} {
		cfg := Config{URL: "https://rm.example:8051/", User: "smartlink", Password: "secret"}
		tc.change(&cfg)
		_, err := New(cfg)
		if link.CodeOf(err) != link.CodeWriterConfig || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestConfigurationsThatCan: and what is filled in.
func TestConfigurationsThatCan(t *testing.T) {
	for name, cfg := range map[string]Config{
		"https":    {URL: "https://rm.example:8051/"},
		"here":     {URL: "http://127.0.0.1:8051"},
		"insecure": {URL: "http://rm.example", Insecure: true},
	} {
		cfg.User, cfg.Password = "smartlink", "secret"
		w, err := New(cfg)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c := w.cfg; c.Timeout != DefaultTimeout || c.Parallel != DefaultParallel || c.Culture != Auto || c.Company != 1 || strings.HasSuffix(c.URL, "/") || c.RESTURL != c.URL || c.DataServers["FCFO"] != "FinCFODataBR" {
			t.Errorf("%s: %+v", name, c)
		}
		for _, c := range w.Consumers() {
			if c.Settles() != 2*DefaultTimeout {
				t.Errorf("%s settles after %s", c.Type(), c.Settles())
			}
		}
	}
}
