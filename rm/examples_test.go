package rm_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"smartlink/contracts"
	"smartlink/examples"
	"smartlink/rm/rmtest"
)

// Every example does what examples/README.md says: in the order of this table, on the books that the
// ones before left.
func TestExamplesDoWhatTheySay(t *testing.T) {
	b := rmtest.Open(t)
	var tried []string
	for _, tc := range []struct {
		name, key string   // booked under the key
		faults    []string // refused
	}{
		{examples.FinLanInc, "1;1", nil},
		{examples.FinLanAlt, "1;1", nil},
		{examples.FinLanIncRefused, "", []string{"RM-CFO-UNKNOWN /data/CodCfo (/data/CodColCfo)", "RM-PERIOD-CLOSED /data/DataEmissao (/data/CodColigada)"}},
		{examples.FinXCXInc, "1;1", nil},
		{examples.FinXCXAlt, "1;1", nil},
		{examples.CtbLanInc, "1;10;1", nil},
		{examples.CtbLanIncRefused, "", []string{
			"RM-HISTP-INACTIVE /data/Partidas/0/CodHistP (/data/CodColigada)", "RM-CCUSTO-INACTIVE /data/Partidas/0/CodCCusto (/data/CodColigada)",
			"RM-CONTA-UNKNOWN /data/Partidas/0/Debito (/data/CodColigada)", "RM-CONTA-SYNTHETIC /data/Partidas/1/Credito (/data/CodColigada)",
			"RM-ENTRY-UNBALANCED /data/Partidas (" +
				"/data/Partidas/0/Valor /data/Partidas/0/Debito /data/Partidas/0/Credito /data/Partidas/0/CodFilial /data/Partidas/0/Data " +
				"/data/Partidas/1/Valor /data/Partidas/1/Debito /data/Partidas/1/Credito /data/Partidas/1/CodFilial /data/Partidas/1/Data)",
		}},
		{examples.CtbLanAlt, "1;10;1", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tried = append(tried, tc.name)
			c := consumerOf(contracts.CommandOf(examples.Type(tc.name)))
			if tc.faults != nil {
				b.Of(t).Refused(c, string(examples.Body(tc.name)), tc.faults...)
				return
			}
			result := b.Of(t).Booked(c, string(examples.Body(tc.name)))
			if result.Key != tc.key || len(result.Warnings) > 0 {
				t.Errorf("key %q, warnings %v", result.Key, rmtest.Lines(result.Warnings))
			}
		})
	}
	b.Ties()
	files, err := filepath.Glob(filepath.Join("..", "examples", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !slices.Contains(tried, filepath.Base(file)) {
			t.Errorf("%s was not tried", file)
		}
	}
	readme, err := os.ReadFile(filepath.Join("..", "examples", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range tried {
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("examples/README.md does not tell of %s", name)
		}
	}
}
