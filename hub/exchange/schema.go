package exchange

import (
	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/link"
)

// checkSchema holds a message against the schema of its type. It answers what the sender is to be told
// beside the success, or link.CodeSchema where the tenant enforces the schema. Answers are never
// refused for it: the sender of the command waits for them. Reports are the hub's own business.
func checkSchema(s *registry.Snapshot, p queue.Publish, e link.Envelope) ([]link.FieldError, error) {
	m := p.Message
	if consumed(m.Type) {
		return nil, nil
	}
	checks, mode := s.SchemaOf(m.TenantID, m.Type)
	if checks == nil || mode == link.SchemaOff {
		return nil, nil
	}
	check := checks.CheckJSON
	if e.Dialect == link.DialectOpaque {
		check = checks.Check
	}
	wrong := check(m.Body)
	if len(wrong) > 0 && mode == link.SchemaEnforce && p.Answer == nil {
		e := link.NewError(link.CodeSchema, "type", m.Type)
		e.Errors = wrong
		return nil, e
	}
	return wrong, nil
}

// schemaWarning tells a sender that its message does not match the schema.
func schemaWarning(lang link.Lang, messageType string, wrong []link.FieldError) link.Warning {
	w := warning(lang, link.CodeSchemaWarning, "type", messageType)
	w.Errors = link.InLang(wrong, lang)
	return w
}
