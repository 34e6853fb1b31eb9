package api

import (
	"net/http"

	"github.com/google/uuid"

	"smartlink/link"
)

// retentionEndpoints are the calls about how long messages are kept, and about erasing them.
func (d *Door) retentionEndpoints() []endpoint {
	return []endpoint{
		{
			method: http.MethodGet, path: adminPath + "tenants/{id}/retention", id: "retention", tag: tagAdmin, who: aViewer, serve: d.retention,
			summary: "How long messages of a tenant are kept", about: "", problems: []link.Code{link.CodeRole, link.CodeNotFound},
			parameters: []parameter{headerLanguage}, answers: []reply{{status: http.StatusOK, about: "In days", schema: link.TenantRetention{}}},
		},
		{
			method: http.MethodPatch, path: adminPath + "tenants/{id}/retention", id: "changeRetention", tag: tagAdmin, who: anAdmin, serve: d.changeRetention,
			summary: "Change how long messages of a tenant are kept",
			about:   "Absent properties stay. History that is too old then is hidden at once and removed soon after. Audited.",
			request: &content{types: []string{contentJSON}, schema: link.RetentionChange{}, examples: map[string]any{
				"history": map[string]any{"historyDays": 30},
				"waiting": map[string]any{"waitingDays": 90, "deadDays": 0},
			}},
			problems:   []link.Code{link.CodeRole, link.CodeNotFound, link.CodeRequestInvalid},
			parameters: []parameter{headerLanguage}, answers: []reply{{status: http.StatusOK, about: "In days, as it is now", schema: link.TenantRetention{}}},
		},
		{
			method: http.MethodGet, path: adminPath + "tenants/{id}/retention/preview", id: "previewRetention", tag: tagAdmin, who: aViewer, serve: d.previewRetention,
			summary: "What a retention would remove of a tenant's messages now", about: "Absent parameters: as it is. Changes nothing.",
			problems: []link.Code{link.CodeRole, link.CodeNotFound, link.CodeRequestInvalid},
			parameters: []parameter{
				{name: "historyDays", in: "query", schema: 0, example: 3, about: "1 – 30; 0: as the hub does, 7"},
				{name: "waitingDays", in: "query", schema: 0, example: 90, about: "1 – 3650; 0: never"},
				{name: "deadDays", in: "query", schema: 0, example: 90, about: "1 – 3650; 0: never"},
				headerLanguage,
			},
			answers: []reply{{status: http.StatusOK, about: "What would go", schema: link.RetentionPreview{}}},
		},
		{
			method: http.MethodGet, path: adminPath + "rounds", id: "listRounds", tag: tagAdmin, who: aViewer, serve: d.rounds,
			summary:  "The last rounds in which this hub moved and removed messages, the newest first",
			about:    "Of this hub since its start, and of all tenants: the last round, and those before it that came to something.",
			problems: []link.Code{link.CodeRole}, parameters: []parameter{headerLanguage},
			answers: []reply{{status: http.StatusOK, about: "The rounds", schema: link.Page[link.KeepingRound]{}}},
		},
		{
			method: http.MethodPost, path: adminPath + "tenants/{id}/erase", id: "eraseTenant", tag: tagAdmin, who: anAdmin, serve: d.eraseTenant,
			summary: "Erase all messages of a tenant",
			about: "A job removes all that was made until now, with its traces, wherever it stands; what is with a reader is skipped. Queues, clients " +
				"and the audit stay. Revoke its clients first, or they go on sending. Audited.",
			request: &content{types: []string{contentJSON}, schema: link.EraseRequest{}, examples: map[string]any{
				"leaves": map[string]any{"reason": "the contract ended"},
			}},
			problems:   []link.Code{link.CodeRole, link.CodeNotFound, link.CodeRequestInvalid},
			parameters: []parameter{headerLanguage}, answers: []reply{{status: http.StatusAccepted, about: "The job", schema: link.Job{}}},
		},
		{
			method: http.MethodPost, path: adminPath + "messages/{id}/erase", id: "eraseMessage", tag: tagAdmin, who: anAdmin, serve: d.eraseMessage,
			summary: "Erase what a message says",
			about: "Body, headers, keys and the ERP's words go, wherever they stand. The trace stays and says who did it, when and why. A message that " +
				"waits or is dead is refused unless forced; one with a reader always. Its answers and copies are messages of their own. Audited.",
			request: &content{types: []string{contentJSON}, schema: link.EraseRequest{}, examples: map[string]any{
				"ended": map[string]any{"reason": "personal data, asked for"},
				"force": map[string]any{"reason": "personal data, asked for", "force": true},
			}},
			problems:   []link.Code{link.CodeRole, link.CodeMessageUnknown, link.CodeNotNow, link.CodeRequestInvalid, link.CodeOutcomeUnknown},
			parameters: []parameter{tenantFilter, headerLanguage}, answers: []reply{{status: http.StatusNoContent, about: "Erased"}},
		},
	}
}

func (d *Door) retention(c *call) error {
	tenant, err := c.tenantID()
	if err != nil {
		return err
	}
	r, err := d.cfg.Registry.TenantRetention(tenant)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, r)
}

func (d *Door) changeRetention(c *call) error {
	tenant, err := c.tenantID()
	if err != nil {
		return err
	}
	in, err := read[link.RetentionChange](c, smallBody)
	if err != nil {
		return err
	}
	r, err := d.cfg.Registry.ChangeRetention(c.r.Context(), c.operator.Name, tenant, in)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, r)
}

func (d *Door) previewRetention(c *call) error {
	tenant, err := c.tenantID()
	if err != nil {
		return err
	}
	q, err := c.query()
	if err != nil {
		return err
	}
	p := parameters{q: q}
	change := link.RetentionChange{HistoryDays: p.number("historyDays"), WaitingDays: p.number("waitingDays"), DeadDays: p.number("deadDays")}
	if err := p.err(); err != nil {
		return err
	}
	preview, err := d.cfg.Exchange.PreviewRetention(c.r.Context(), c.operator, tenant, change)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, preview)
}

func (d *Door) rounds(c *call) error {
	list, err := d.cfg.Exchange.KeepingRounds(c.operator)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, link.Page[link.KeepingRound]{Items: list})
}

func (d *Door) eraseTenant(c *call) error {
	tenant, err := c.tenantID()
	if err != nil {
		return err
	}
	in, err := read[link.EraseRequest](c, smallBody)
	if err != nil {
		return err
	}
	j, err := d.cfg.Exchange.EraseTenant(c.r.Context(), c.operator, tenant, in.Reason)
	if err != nil {
		return err
	}
	c.note("job", j.ID)
	return c.json(http.StatusAccepted, j)
}

func (d *Door) eraseMessage(c *call) error {
	id, tenant, err := c.message()
	if err != nil {
		return err
	}
	in, err := read[link.EraseRequest](c, smallBody)
	if err != nil {
		return err
	}
	if err := d.cfg.Exchange.EraseMessage(c.r.Context(), c.operator, tenant, id, in); err != nil {
		return err
	}
	return c.noContent()
}

// tenantID is the id in the path. What is no id names no tenant.
func (c *call) tenantID() (uuid.UUID, error) {
	text := c.r.PathValue("id")
	id, err := link.ParseUUID(text)
	if err != nil {
		return uuid.Nil, link.NewError(link.CodeNotFound, "what", "Tenant "+text, "whatPT", "O tenant "+text).Because(err)
	}
	return id, nil
}
