package registry

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"smartlink/hub/schema"
	"smartlink/link"
)

// ruleKey names a rule: uuid.Nil stands for every tenant, link.AnyType for every type.
type ruleKey struct {
	tenant  uuid.UUID
	msgType string
}

// rule is a rule about schemas; both may be missing.
type rule struct {
	mode   link.SchemaMode
	schema *schema.Schema
}

// SchemaOf answers the schema of a type for a tenant and what is done with messages that do not match
// it. The schema is nil when the type has none. Of several rules the tenant's wins over the one for
// all, and the type's over the one for every type.
func (s *Snapshot) SchemaOf(tenant uuid.UUID, messageType string) (*schema.Schema, link.SchemaMode) {
	if len(s.rules) == 0 { // the usual case
		return schema.Of(messageType), link.DefaultSchemaMode
	}
	var found *schema.Schema
	var mode link.SchemaMode
	for _, k := range [...]ruleKey{{tenant, messageType}, {tenant, link.AnyType}, {uuid.Nil, messageType}, {uuid.Nil, link.AnyType}} {
		r, ok := s.rules[k]
		if !ok {
			continue
		}
		if found == nil {
			found = r.schema
		}
		if mode == "" {
			mode = r.mode
		}
	}
	if found == nil {
		found = schema.Of(messageType)
	}
	if mode == "" {
		mode = link.DefaultSchemaMode
	}
	return found, mode
}

// HasSchemaRule tells whether a rule is about just this tenant, or with uuid.Nil every one, and this type.
func (s *Snapshot) HasSchemaRule(tenant uuid.UUID, messageType string) bool {
	_, ok := s.rules[ruleKey{tenant, messageType}]
	return ok
}

// SchemaTypes lists the types with a built-in schema.
func SchemaTypes() []string { return schema.Types() }

// ChangeSchema changes the rule of a type, of one tenant or with uuid.Nil of every one. A change that
// changes nothing leaves no audit entry. Errors: link.CodeRequestInvalid, link.CodeNotFound for an
// unknown tenant.
func (s *Store) ChangeSchema(ctx context.Context, actor string, tenant uuid.UUID, messageType string, r link.SchemaChange) (link.SchemaRule, error) {
	if err := checkRule(messageType, r); err != nil {
		return link.SchemaRule{}, err
	}
	var own *schema.Schema
	if given(r.Schema) {
		var err error
		if own, err = schema.Compile(r.Schema); err != nil {
			return link.SchemaRule{}, err
		}
	}
	var out link.SchemaRule
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		var err error
		out, err = c.changeSchema(ctx, ruleKey{tenant, messageType}, r.Mode, own)
		return err
	})
	if err != nil {
		return link.SchemaRule{}, fmt.Errorf("change schema: %w", err)
	}
	return out, nil
}

// given tells whether a request brings a schema.
func given(text []byte) bool { return len(text) > 0 && string(text) != "null" }

func checkRule(messageType string, r link.SchemaChange) error {
	var in checks
	if messageType != link.AnyType && !link.ValidType(messageType) {
		in.add("type", link.CodeTypeInvalid, link.NewError(link.CodeTypeInvalid, "type", quoted(messageType)).Text())
	}
	if messageType == link.AnyType && given(r.Schema) {
		in.add("/schema", link.CodeRequestInvalid, link.Both("um esquema pertence a um tipo, não a todos", "a schema belongs to one type, not to all"))
	}
	if r.Mode != nil && !r.Mode.Valid() {
		in.add("/mode", link.CodeRequestInvalid, link.OneOf(string(link.SchemaOff), string(link.SchemaWarn), string(link.SchemaEnforce)))
	}
	if r.Mode == nil && !given(r.Schema) {
		in.add("", link.CodeRequestInvalid, link.Both("informe mode, schema, ou ambos", "give mode, schema, or both"))
	}
	return in.err()
}

func (c *change) changeSchema(ctx context.Context, k ruleKey, mode *link.SchemaMode, own *schema.Schema) (link.SchemaRule, error) {
	if err := findTenant(ctx, c, k.tenant); err != nil {
		return link.SchemaRule{}, err
	}
	old, err := scanRule(c.QueryRowContext(ctx, `SELECT `+ruleColumns+` FROM schema_rule WHERE type = $1 AND tenant = $2`, k.msgType, k.blob()))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return old, err
	}
	now := old
	now.Type, now.TenantID, now.ChangedAt, now.ChangedBy = k.msgType, k.id(), c.now, c.actor
	if mode != nil {
		now.Mode = *mode
	}
	if own != nil {
		hash := own.Hash()
		now.SHA256, now.Bytes = hex.EncodeToString(hash[:]), len(own.Text())
	}
	if err == nil && now.Mode == old.Mode && now.SHA256 == old.SHA256 {
		return old, nil
	}
	if old.SHA256 == "" && own != nil {
		if err := roomForSchema(ctx, c); err != nil {
			return now, err
		}
	}
	if _, err := c.ExecContext(ctx, `INSERT INTO schema_rule (type, tenant, mode, changed_at, changed_by) VALUES ($1, $2, nullif($3, ''), $4, $5)
		ON CONFLICT (type, tenant) DO UPDATE SET mode = excluded.mode, changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
		k.msgType, k.blob(), now.Mode, micros(c.now), c.actor); err != nil {
		return now, err
	}
	detail := "mode " + string(now.Mode)
	if own != nil {
		hash := own.Hash()
		if _, err := c.ExecContext(ctx, `UPDATE schema_rule SET schema = $1, hash = $2 WHERE type = $3 AND tenant = $4`,
			own.Text(), hash[:], k.msgType, k.blob()); err != nil {
			return now, err
		}
		detail += "; schema " + now.SHA256
	}
	return now, c.record(ctx, "schema.change", k.String(), strings.TrimPrefix(detail, "mode ; "))
}

func findTenant(ctx context.Context, q querier, tenant uuid.UUID) error {
	if tenant == uuid.Nil {
		return nil
	}
	var one int
	err := q.QueryRowContext(ctx, `SELECT 1 FROM tenant WHERE id = $1`, tenant[:]).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return link.NewError(link.CodeNotFound, "what", "Tenant "+tenant.String(), "whatPT", "O tenant "+tenant.String())
	}
	return err
}

func roomForSchema(ctx context.Context, q querier) error {
	var n int
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM schema_rule WHERE schema IS NOT NULL`).Scan(&n); err != nil {
		return err
	}
	if n >= link.MaxSchemas {
		return link.NewError(link.CodeRequestInvalid).At("/schema", link.CodeRequestInvalid, link.Both(
			"já há %d esquemas; remova um que não se usa mais", "there are %d schemas already; remove one that is no longer used", n))
	}
	return nil
}

// RemoveSchema removes the rule of a type with its schema, so that the wider rules and the built-in
// schema hold again. Errors: link.CodeNotFound.
func (s *Store) RemoveSchema(ctx context.Context, actor string, tenant uuid.UUID, messageType string) error {
	k := ruleKey{tenant, messageType}
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		r, err := c.ExecContext(ctx, `DELETE FROM schema_rule WHERE type = $1 AND tenant = $2`, k.msgType, k.blob())
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, link.NewError(link.CodeNotFound, "what", "Rule "+k.String(), "whatPT", "A regra "+k.String()))
		}
		return c.record(ctx, "schema.remove", k.String(), "")
	})
	if err != nil {
		return fmt.Errorf("remove schema: %w", err)
	}
	return nil
}

// Schemas lists the rules by type.
func (s *Store) Schemas(ctx context.Context, l List) (link.Page[link.SchemaRule], error) {
	after, err := l.after(2)
	if err != nil {
		return link.Page[link.SchemaRule]{}, err
	}
	afterTenant, err := hex.DecodeString(after[1])
	if err != nil {
		return link.Page[link.SchemaRule]{}, badCursor(err)
	}
	rows, err := collect(ctx, s.db(), func(rows *sql.Rows) (link.SchemaRule, error) { return scanRule(rows) },
		`SELECT `+ruleColumns+` FROM schema_rule WHERE (type, tenant) > ($1, $2) ORDER BY type, tenant LIMIT $3`, after[0], afterTenant, l.limit()+1)
	if err != nil {
		return link.Page[link.SchemaRule]{}, fmt.Errorf("list schemas: %w", err)
	}
	return page(rows, l.limit(), func(r link.SchemaRule) []string {
		k := ruleKey{msgType: r.Type}
		if r.TenantID != nil {
			k.tenant = *r.TenantID
		}
		return []string{r.Type, strings.ToUpper(hex.EncodeToString(k.blob()))}
	}), nil
}

const ruleColumns = `type, tenant, coalesce(mode, ''), hash, coalesce(length(schema), 0), changed_at, changed_by`

// scanRule reads ruleColumns.
func scanRule(row interface{ Scan(...any) error }) (r link.SchemaRule, err error) {
	var tenant, hash []byte
	var changed int64
	if err := row.Scan(&r.Type, &tenant, &r.Mode, &hash, &r.Bytes, &changed, &r.ChangedBy); err != nil {
		return r, err
	}
	r.SHA256, r.ChangedAt = hex.EncodeToString(hash), moment(changed)
	if len(tenant) > 0 {
		id, err := uuid.FromBytes(tenant)
		if err != nil {
			return r, err
		}
		r.TenantID = &id
	}
	return r, nil
}

// loadSchemas reads the rules. Schemas that an older snapshot has stay as they are, compiled.
func (s *Snapshot) loadSchemas(ctx context.Context, q querier, old *Snapshot) error {
	rows, err := collect(ctx, q, func(rows *sql.Rows) (link.SchemaRule, error) { return scanRule(rows) }, `SELECT `+ruleColumns+` FROM schema_rule`)
	if err != nil {
		return err
	}
	for _, row := range rows {
		k := ruleKey{msgType: row.Type}
		if row.TenantID != nil {
			k.tenant = *row.TenantID
		}
		r := rule{mode: row.Mode}
		if row.SHA256 != "" {
			if r.schema, err = loadSchema(ctx, q, k, row.SHA256, old); err != nil {
				return err
			}
		}
		s.rules[k] = r
	}
	return nil
}

func loadSchema(ctx context.Context, q querier, k ruleKey, sha256 string, old *Snapshot) (*schema.Schema, error) {
	if old != nil {
		if known := old.rules[k].schema; known != nil {
			if hash := known.Hash(); hex.EncodeToString(hash[:]) == sha256 {
				return known, nil
			}
		}
	}
	var text []byte
	err := q.QueryRowContext(ctx, `SELECT schema FROM schema_rule WHERE type = $1 AND tenant = $2`, k.msgType, k.blob()).Scan(&text)
	return schema.Stored(text), err
}

// blob is the tenant as the file has it.
func (k ruleKey) blob() []byte {
	if k.tenant == uuid.Nil {
		return []byte{}
	}
	return k.tenant[:]
}

func (k ruleKey) id() *uuid.UUID {
	if k.tenant == uuid.Nil {
		return nil
	}
	return &k.tenant
}

// String names the rule in the audit.
func (k ruleKey) String() string {
	if k.tenant == uuid.Nil {
		return k.msgType
	}
	return k.msgType + " of tenant " + k.tenant.String()
}

// SchemaDetail answers what holds for messages of a type and a tenant; with uuid.Nil for tenants
// without a rule of their own.
func (s *Snapshot) SchemaDetail(tenant uuid.UUID, messageType string) link.SchemaDetail {
	found, mode := s.SchemaOf(tenant, messageType)
	d := link.SchemaDetail{Type: messageType, TenantID: ruleKey{tenant: tenant}.id(), Mode: mode, Source: link.SchemaNone}
	if found != nil {
		d.Source, d.Schema = link.SchemaOwn, found.Text()
		if found.BuiltIn() {
			d.Source = link.SchemaBuiltIn
		}
	}
	return d
}
