package api

import (
	"net/http"

	"github.com/google/uuid"

	"smartlink/link"
)

// checkEndpoint compares the counts of queues with their messages.
func (d *Door) checkEndpoint() endpoint {
	return endpoint{
		method: http.MethodPost, path: adminPath + "queues/check", id: "checkCounts", tag: tagAdmin, who: anAdmin, serve: d.check,
		summary: "Count the messages of queues, and compare with the counts that are kept",
		about: "Counts are kept with every change, so there should be no difference. The hub works on meanwhile; a queue of millions takes seconds. With mend the " +
			"counts that differ are put right, which is audited.",
		parameters: []parameter{headerLanguage}, problems: []link.Code{link.CodeRequestInvalid, link.CodeOutcomeUnknown},
		request: &content{types: []string{contentJSON}, schema: link.CountCheckRequest{}, examples: map[string]any{
			"look": map[string]any{}, "mend": map[string]any{"tenantId": sampleTenant, "mend": true},
		}},
		answers: []reply{{status: http.StatusOK, about: "How many queues, and what differed", schema: link.CountCheck{}}},
	}
}

func (d *Door) check(c *call) error {
	r, err := read[link.CountCheckRequest](c, smallBody)
	if err != nil {
		return err
	}
	tenant := uuid.Nil
	if r.TenantID != nil {
		tenant = *r.TenantID
	}
	check, err := d.cfg.Exchange.CheckCounts(c.r.Context(), c.operator, tenant, r.Mend)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, check)
}
