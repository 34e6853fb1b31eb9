package faults

import (
	"strings"
	"testing"
)

// TestTextsKeepTheBracesOfJSON: a help that shows JSON must show it whole.
func TestTextsKeepTheBracesOfJSON(t *testing.T) {
	f := New("BODY-NO-DATA", "/data", "", nil)
	for _, help := range []string{f.Help, f.HelpEn} {
		if !strings.Contains(help, `{"header":{…},"data":{…}}`) {
			t.Errorf("help: %s", help)
		}
	}
}

func TestPlaceholdersAreFilledOnce(t *testing.T) {
	args := Args{"name": "{at}", "at": "/data", "label": "Valor", "label.en": "Amount", "who.small": "x"}
	if got := fill("{name} {label} {who.small} {absent}|{", args, ""); got != "{at} Valor x |{" {
		t.Errorf("Portuguese: %q", got)
	}
	if got := fill("{name} {label}", args, ".en"); got != "{at} Amount" {
		t.Errorf("English: %q", got)
	}
}
