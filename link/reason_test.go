package link_test

import (
	"testing"

	"smartlink/link"
)

// TestReasonsInTheOtherLanguage: what a report says in Portuguese is read in English, and what is no text of
// its code stays as it is.
func TestReasonsInTheOtherLanguage(t *testing.T) {
	for _, e := range []*link.Error{
		link.NewError(link.CodeEdited, "by", "ana (console)", "reason", "fornecedor {by}: F00017\nno lugar de F99999."),
		link.NewError(link.CodeOnHold, "type", "FinLanIncDataCommand"), link.NewError(link.CodeAgentDied, "n", "3"),
		link.NewError(link.CodeAttemptsExhausted, "n", "5", "reason", "it failed"), link.NewError(link.CodeNoConsumer, "type", "T"),
	} {
		if got, want := e.Code.Reason(e.Text().PT, link.English), e.Text().EN; got != want {
			t.Errorf("%s\n got %s\nwant %s", e.Code, got, want)
		}
		if got, want := e.Code.Reason(e.Text().PT, link.Portuguese), e.Text().PT; got != want {
			t.Errorf("%s in Portuguese: %s", e.Code, got)
		}
	}
	unknown := link.NewError(link.CodeCallUnknown, "n", "1", "at", "x", "until", "y", "why", "it was not found yet", "whyPT", "ainda não foi encontrada")
	if got, want := unknown.Code.Reason(unknown.Text().PT, link.English), "It is not known whether call 1, begun at x, was executed: ainda não foi encontrada. "+
		"It is looked for until y, and only then repeated."; got != want {
		t.Errorf("a part that has its own text in each language: %s", got)
	}
	for code, said := range map[link.Code]string{
		link.CodeConsumerFailed: "it failed", "": "it failed", "RM-PERIOD-CLOSED": "Período fechado", link.CodeEdited: "ana alterou o conteúdo da mensagem no ERP antes da",
		link.CodeOnHold: "",
	} {
		if got := code.Reason(said, link.English); got != said {
			t.Errorf("%s: %q became %q", code, said, got)
		}
	}
}
