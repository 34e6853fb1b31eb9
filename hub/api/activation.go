package api

import (
	"net/http"

	"smartlink/link"
)

// activationEndpoints are what an activation wizard asks. The path is the original's documented one.
func (d *Door) activationEndpoints() []endpoint {
	return []endpoint{{
		method: http.MethodGet, path: "/api/data-management/v1/apps/by-tenant", id: "appsByTenant", tag: tagMessages, who: aClient, serve: d.tenantApps,
		summary: "The apps a client can use",
		about: "What an activation wizard asks: every app that the client is permitted in RAC, with its types. Apps asked for by name are answered " +
			"also when they cannot be used, with the reason: no permission, or not configured at this hub.",
		parameters: []parameter{
			{name: "app", in: "query", schema: []string{}, example: []string{"GESPLAN-RM"}, about: "Code of an app to tell about; may be repeated"},
			headerLanguage,
		},
		problems: []link.Code{link.CodeRequestInvalid},
		answers: []reply{{status: http.StatusOK, about: "The apps", schema: link.TenantApps{}, example: asJSON(link.TenantApps{
			TenantID: sampleTenant, Tenant: "Produção", Company: "Fazenda Boa Vista S.A.", ClientID: sampleClient,
			Items: []link.TenantApp{
				{Code: "GESPLAN-RM", Name: "Gesplan Rm", State: link.AppAvailable, Sends: []string{link.ResponseType(sampleType)}, Receives: []string{sampleType}},
				{Code: "GESPLAN", State: link.AppNotPermitted},
			},
		})}},
	}}
}

func (d *Door) tenantApps(c *call) error {
	q, err := c.query()
	if err != nil {
		return err
	}
	apps, err := d.cfg.Exchange.TenantApps(c.caller, q["app"])
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, apps)
}
