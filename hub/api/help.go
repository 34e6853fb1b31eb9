package api

import (
	"net/http"

	"smartlink/link"
)

// helpEndpoints are the calls by which the hub's people ask an agent for something.
func (d *Door) helpEndpoints() []endpoint {
	return []endpoint{{
		method: http.MethodPost, path: adminPath + "messages/{id}/help", id: "askHelp", tag: tagAdmin, who: anOperator, serve: d.askHelp,
		summary: "Ask the agent that received a message to reprocess or to discard it",
		about: "Only while the ERP's administrator has switched remote help on. The agent hears of it when it asks for its lease the next time, within " +
			"seconds; what became of it stands in the message's trace. Audited.",
		request: &content{types: []string{contentJSON}, schema: link.HelpWish{}, examples: map[string]any{
			"reprocess": map[string]any{"queue": link.QueueName(sampleTenant, sampleClient), "action": "reprocess", "reason": "supplier created"},
		}},
		problems:   []link.Code{link.CodeRole, link.CodeMessageUnknown, link.CodeHelpOff, link.CodeConflict, link.CodeRequestInvalid},
		parameters: []parameter{tenantFilter, headerLanguage}, answers: []reply{{status: http.StatusAccepted, about: "The request", schema: link.HelpEntry{}}},
	}}
}

func (d *Door) askHelp(c *call) error {
	id, tenant, err := c.message()
	if err != nil {
		return err
	}
	in, err := read[link.HelpWish](c, smallBody)
	if err != nil {
		return err
	}
	entry, err := d.cfg.Exchange.AskHelp(c.r.Context(), c.operator, tenant, id, in)
	if err != nil {
		return err
	}
	return c.json(http.StatusAccepted, entry)
}
