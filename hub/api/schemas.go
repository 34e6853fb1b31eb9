package api

import (
	"encoding/json"
	"net/http"

	"smartlink/hub/registry"
	"smartlink/link"
)

const aboutSchema = `With tenant of that tenant, without of every one. Of several rules the tenant's wins over the one for all, and the type's over the one for *.`

// schemaEndpoints are the calls about the schemas of messages.
func (d *Door) schemaEndpoints() []endpoint {
	r := d.cfg.Registry
	tenant := parameter{name: "tenant", in: "query", schema: "", about: "The rule of this tenant; absent: the rule for every tenant"}
	path := adminPath + "schemas/{type}"
	return []endpoint{
		list("schemas", "Rules about the schemas of types, by type", nil, func(c *call, l registry.List) (link.Page[link.SchemaRule], error) {
			return r.Schemas(c.r.Context(), l)
		}),
		{
			method: http.MethodGet, path: path, id: "schema", tag: tagAdmin, who: aViewer,
			summary: "The schema of a type, and what is done with messages that do not match", about: aboutSchema,
			parameters: []parameter{tenant, headerLanguage}, problems: []link.Code{link.CodeRole, link.CodeRequestInvalid},
			answers: []reply{{status: http.StatusOK, about: "What holds, all rules taken together", schema: link.SchemaDetail{}}},
			serve: func(c *call) error {
				tenant, err := c.tenant()
				if err != nil {
					return err
				}
				return c.json(http.StatusOK, r.Current().SchemaDetail(tenant, c.r.PathValue("type")))
			},
		},
		{
			method: http.MethodPatch, path: path, id: "changeSchema", tag: tagAdmin, who: anAdmin,
			summary: "Upload a schema, or say what is done with messages that do not match", about: aboutSchema + " Audited; takes effect with the next send.",
			parameters: []parameter{tenant, headerLanguage}, problems: []link.Code{link.CodeNotFound, link.CodeRequestInvalid},
			request: &content{types: []string{contentJSON}, schema: link.SchemaChange{}, examples: map[string]any{
				"enforce": map[string]any{"mode": "enforce"},
				"upload":  map[string]any{"mode": "warn", "schema": map[string]any{"type": "object", "required": []string{"data"}}},
			}},
			answers: []reply{{status: http.StatusOK, about: "The rule", schema: link.SchemaRule{}}},
			serve: change(func(c *call, in link.SchemaChange) (link.SchemaRule, error) {
				tenant, err := c.tenant()
				if err != nil {
					return link.SchemaRule{}, err
				}
				return r.ChangeSchema(c.r.Context(), c.operator.Name, tenant, c.r.PathValue("type"), in)
			}),
		},
		{
			method: http.MethodDelete, path: path, id: "removeSchema", tag: tagAdmin, who: anAdmin,
			summary: "Remove the rule of a type with its schema", about: "The wider rules and the built-in schema hold again. Audited.",
			parameters: []parameter{tenant, headerLanguage}, problems: []link.Code{link.CodeNotFound, link.CodeRequestInvalid},
			answers: []reply{{status: http.StatusNoContent, about: "Removed"}},
			serve: func(c *call) error {
				tenant, err := c.tenant()
				if err != nil {
					return err
				}
				if err := r.RemoveSchema(c.r.Context(), c.operator.Name, tenant, c.r.PathValue("type")); err != nil {
					return err
				}
				return c.noContent()
			},
		},
	}
}

// schemaSamples are the examples of the description.
func schemaSamples() []any {
	rule := link.SchemaRule{
		Type: "Note", TenantID: &sampleTenant, Mode: link.SchemaEnforce, SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		Bytes: 1204, ChangedAt: sampleTime, ChangedBy: "ana",
	}
	return []any{
		rule, link.Page[link.SchemaRule]{Items: []link.SchemaRule{rule}},
		link.SchemaDetail{
			Type: "Note", TenantID: &sampleTenant, Mode: link.SchemaEnforce, Source: link.SchemaOwn, Schema: json.RawMessage(`{"type":"object","required":["data"]}`),
		},
	}
}
