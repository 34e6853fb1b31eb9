package monitor

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"smartlink/hub/registry"
	"smartlink/link"
)

// rulePage is what the pages about rules by type and tenant have in common.
type rulePage struct {
	adminPage
	Type    string
	Tenant  link.Tenant   // whose rule; the zero value: the one for every tenant
	Tenants []link.Tenant // to choose from
}

// schemaModes in the order that pages show them.
var schemaModes = []link.SchemaMode{link.SchemaOff, link.SchemaWarn, link.SchemaEnforce}

// schemasView is what schemas.html shows.
type schemasView struct {
	rulePage
	Rules   []schemaRow
	BuiltIn []string // types that have a schema of the hub's
	Modes   []link.SchemaMode
}

// schemaRow is a rule with its tenant's names; none: every tenant.
type schemaRow struct {
	link.SchemaRule
	Of link.Tenant
}

// namesOf is a rule's tenant with its names, the zero value for every tenant.
func (m *Monitor) namesOf(id *uuid.UUID) link.Tenant {
	if id == nil {
		return link.Tenant{}
	}
	t, _ := m.cfg.Registry.Current().Tenant(*id)
	t.ID = *id
	return t
}

// ruleTenant reads whose rule a form or an address is about: uuid.Nil for every tenant.
func ruleTenant(f url.Values) (uuid.UUID, error) {
	text := strings.TrimSpace(f.Get("tenant"))
	if text == "" {
		return uuid.Nil, nil
	}
	id, err := link.ParseUUID(text)
	if err != nil {
		return id, link.NewError(link.CodeRequestInvalid).At("tenant", link.CodeRequestInvalid, link.NotUUID).Because(err)
	}
	return id, nil
}

// ruleAddress is the page of a rule.
func ruleAddress(page, messageType string, tenant uuid.UUID) string {
	q := url.Values{"type": {messageType}}
	if tenant != uuid.Nil {
		q.Set("tenant", tenant.String())
	}
	return page + "?" + q.Encode()
}

// rules fills in what the pages of rules have in common, from the form or the address.
func (m *Monitor) rules(v *visit, tab string, f url.Values, said []string) (rulePage, uuid.UUID, error) {
	p := rulePage{adminPage: page(tab, f, said), Type: strings.TrimSpace(f.Get("type"))}
	tenants, err := m.cfg.Registry.Tenants(v.r.Context(), registry.List{Limit: registry.MaxPage})
	if err != nil {
		return p, uuid.Nil, err
	}
	p.Tenants = tenants.Items
	id, err := ruleTenant(f)
	switch {
	case err != nil && len(said) == 0: // nobody is shown, and changes, the rule of all instead
		return p, uuid.Nil, err
	case err != nil || id == uuid.Nil: // a form that was refused for it says so
		return p, uuid.Nil, nil
	}
	p.Tenant, _ = m.cfg.Registry.Current().Tenant(id)
	return p, id, nil
}

func (m *Monitor) schemas(v *visit) error {
	return m.showSchemas(v)(http.StatusOK, url.Values{}, nil)
}

func (m *Monitor) showSchemas(v *visit) refill {
	return func(status int, f url.Values, said []string) error {
		p, _, err := m.rules(v, "schemas", f, said)
		if err != nil {
			return err
		}
		view := schemasView{rulePage: p, BuiltIn: registry.SchemaTypes(), Modes: schemaModes}
		l, turn := view.paged(v)
		list, err := m.cfg.Registry.Schemas(v.r.Context(), l)
		if err != nil {
			return err
		}
		for _, r := range list.Items {
			view.Rules = append(view.Rules, schemaRow{r, m.namesOf(r.TenantID)})
		}
		turn(list.Next)
		return v.showAdmin(status, "schemas", v.text("admin.schemas"), view)
	}
}

// schemaView is what schema.html shows.
type schemaView struct {
	rulePage
	Detail link.SchemaDetail
	Pretty string // the schema, with line breaks
	Own    bool   // there is a rule of just this type and tenant
	Modes  []link.SchemaMode
}

func (m *Monitor) oneSchema(v *visit) error {
	return m.showSchema(v)(http.StatusOK, v.r.URL.Query(), nil)
}

func (m *Monitor) showSchema(v *visit) refill {
	return func(status int, f url.Values, said []string) error {
		p, tenant, err := m.rules(v, "schemas", f, said)
		if err != nil {
			return err
		}
		known := m.cfg.Registry.Current()
		if tenant != uuid.Nil && p.Tenant.Name == "" || p.Type != link.AnyType && !link.ValidType(p.Type) {
			return link.NewError(link.CodeNotFound, "what", clip(p.Type+" "+f.Get("tenant"), 120))
		}
		view := schemaView{rulePage: p, Detail: known.SchemaDetail(tenant, p.Type), Own: known.HasSchemaRule(tenant, p.Type), Modes: schemaModes}
		var b bytes.Buffer
		if json.Indent(&b, view.Detail.Schema, "", "  ") == nil {
			view.Pretty = b.String()
		}
		if f.Get("mode") == "" {
			view.Form = url.Values{"mode": {string(view.Detail.Mode)}, "schema": f["schema"]}
		}
		return v.showAdmin(status, "schema", v.text("schema.title"), view)
	}
}

// putSchema changes the rule of a type. again is the page that the form stands on.
func (m *Monitor) putSchema(again func(*visit) refill) handler {
	return func(v *visit) error {
		v.back = "admin/schemas"
		return m.submit(v, func(f url.Values) (string, error) {
			tenant, err := ruleTenant(f)
			if err != nil {
				return "", err
			}
			var c link.SchemaChange
			if mode := link.SchemaMode(f.Get("mode")); mode != "" {
				c.Mode = &mode
			}
			if text := strings.TrimSpace(cmp.Or(f.Get("file"), f.Get("schema"))); text != "" {
				if err := jsonOnly(text); err != nil {
					return "", err
				}
				c.Schema = json.RawMessage(lines(text))
			}
			messageType := strings.TrimSpace(f.Get("type"))
			_, err = m.cfg.Registry.ChangeSchema(v.r.Context(), v.user.Name, tenant, messageType, c)
			return told(ruleAddress("admin/schema", messageType, tenant), "saved"), err
		}, again(v))
	}
}

// jsonOnly refuses a text that is no JSON, and says where.
func jsonOnly(text string) error {
	err := json.Unmarshal([]byte(text), new(any))
	if err == nil {
		return nil
	}
	before := text
	if at := (*json.SyntaxError)(nil); errors.As(err, &at) {
		before = text[:max(0, min(int(at.Offset)-1, len(text)))]
	}
	line, column := 1+strings.Count(before, "\n"), len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))+1
	return link.NewError(link.CodeRequestInvalid).Because(err).At("/schema", link.CodeRequestInvalid,
		link.Both("o esquema não é JSON: linha %d, coluna %d (%s)", "the schema is not JSON: line %d, column %d (%s)", line, column, err))
}

func (m *Monitor) removeSchema(v *visit) error {
	v.back = "admin/schemas"
	return m.submit(v, func(f url.Values) (string, error) {
		tenant, err := ruleTenant(f)
		if err == nil {
			err = m.cfg.Registry.RemoveSchema(v.r.Context(), v.user.Name, tenant, f.Get("type"))
		}
		return told("admin/schemas", "removed"), err
	}, m.showSchemas(v))
}
