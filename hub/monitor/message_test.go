package monitor

import (
	"testing"

	"smartlink/link"
)

// TestReportsAreReadInTheVisitsLanguage: agents report reasons in Portuguese.
func TestReportsAreReadInTheVisitsLanguage(t *testing.T) {
	why := link.NewError(link.CodeEdited, "by", "ana", "reason", "outro fornecedor")
	trace := link.Trace{Queues: []link.QueueTrace{{Events: []link.TraceEvent{
		{Event: link.EventERP, Detail: "stored: " + string(why.Code) + ": " + why.Text().PT},
		{Event: link.EventERP, Detail: "waiting: SL-CONSUMER-FAILED: it failed: twice"},
		{Event: link.EventERP, Detail: "stored"},
	}}}}
	for lang, want := range map[link.Lang][]string{
		link.English:    {"SL-EDITED: " + why.Text().EN, "SL-CONSUMER-FAILED: it failed: twice", ""},
		link.Portuguese: {"SL-EDITED: " + why.Text().PT, "SL-CONSUMER-FAILED: it failed: twice", ""},
	} {
		for i, s := range steps(trace, lang) {
			if s.Detail != want[i] || s.ERP == "" {
				t.Errorf("%s: %q, want %q", lang, s.Detail, want[i])
			}
		}
	}
}
