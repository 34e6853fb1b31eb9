package registry

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/search"
	"smartlink/link"
)

// SearchPaths are the search paths of a type, and since when they hold: zero for the built-in ones.
type SearchPaths struct {
	search.Paths
	Since   time.Time
	own     bool // an administrator set them
	removed bool // a rule that was removed: it only tells since when the wider one holds
}

// SearchPathsOf answers by which values of their bodies messages of a type are found. Of several rules the
// tenant's wins over the one for all; without one the built-in paths hold.
func (s *Snapshot) SearchPathsOf(tenant uuid.UUID, messageType string) SearchPaths {
	since := time.Time{}
	for _, k := range [...]ruleKey{{tenant, messageType}, {uuid.Nil, messageType}} {
		p, ok := s.paths[k]
		if ok && p.Since.After(since) {
			since = p.Since
		}
		if ok && !p.removed {
			return SearchPaths{Paths: p.Paths, Since: since, own: true}
		}
	}
	return SearchPaths{Paths: search.Of(messageType), Since: since}
}

// SearchTypes lists the types that declare a path for a tenant, each with the path as it was declared, by
// name; since is when the youngest of them was declared, zero when all are built in.
func (s *Snapshot) SearchTypes(tenant uuid.UUID, p search.Path) (types []string, declared *search.Path, since time.Time) {
	all := search.Types()
	for k := range s.paths {
		if k.tenant == tenant || k.tenant == uuid.Nil {
			all = append(all, k.msgType)
		}
	}
	slices.Sort(all)
	for _, t := range slices.Compact(all) {
		paths := s.SearchPathsOf(tenant, t)
		if found := paths.Find(p); found != nil {
			types, declared = append(types, t), found
			if paths.Since.After(since) {
				since = paths.Since
			}
		}
	}
	return types, declared, since
}

// SearchDetail answers what holds for messages of a type and a tenant; with uuid.Nil for tenants without a
// rule of their own.
func (s *Snapshot) SearchDetail(tenant uuid.UUID, messageType string) link.SearchDetail {
	p := s.SearchPathsOf(tenant, messageType)
	d := link.SearchDetail{Type: messageType, TenantID: ruleKey{tenant: tenant}.id(), Paths: p.Texts(), Source: link.SearchOwn}
	if !p.Since.IsZero() {
		d.Since = &p.Since
	}
	switch {
	case p.own:
	case len(p.Paths) > 0:
		d.Source = link.SearchBuiltIn
	default:
		d.Source = link.SearchNone
	}
	return d
}

// BuiltInSearch lists the types with built-in search paths.
func BuiltInSearch() []string { return search.Types() }

// SearchFilled is when the index has all that the history of a tenant has, with uuid.Nil of every one, of
// paths that hold since a moment: what was sent before is past its retention then. What still waits from
// before is not in the index either.
func (s *Snapshot) SearchFilled(tenant uuid.UUID, since time.Time) time.Time {
	days := s.Retention(tenant).HistoryDays
	if tenant == uuid.Nil {
		for id := range s.retention {
			days = max(days, s.Retention(id).HistoryDays)
		}
	}
	end := since.UTC()
	return time.Date(end.Year(), end.Month(), end.Day()+1+days, 0, 0, 0, 0, time.UTC)
}

// ChangeSearch sets the search paths of a type, of one tenant or with uuid.Nil of every one. They hold for
// what is sent from now on. A change that changes nothing leaves no audit entry. Errors:
// link.CodeRequestInvalid, link.CodeNotFound for an unknown tenant.
func (s *Store) ChangeSearch(ctx context.Context, actor string, tenant uuid.UUID, messageType string, r link.SearchChange) (link.SearchRule, error) {
	if err := checkSearch(messageType, r); err != nil {
		return link.SearchRule{}, err
	}
	var out link.SearchRule
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		var err error
		out, err = c.changeSearch(ctx, ruleKey{tenant, messageType}, r.Paths)
		return err
	})
	if err != nil {
		return link.SearchRule{}, fmt.Errorf("change search paths: %w", err)
	}
	return out, nil
}

func checkSearch(messageType string, r link.SearchChange) error {
	var in checks
	if !link.ValidType(messageType) {
		in.add("type", link.CodeTypeInvalid, link.NewError(link.CodeTypeInvalid, "type", quoted(messageType)).Text())
	}
	if r.Paths == nil {
		in.add("/paths", link.CodeRequestInvalid, link.Both("falta a lista; [] para nenhum", "the list is missing; [] for none"))
	}
	_, wrong := search.ParsePaths(r.Paths)
	for _, w := range wrong {
		in.add(w.Pointer, w.Code, w.Text())
	}
	return in.err()
}

func (c *change) changeSearch(ctx context.Context, k ruleKey, paths []string) (link.SearchRule, error) {
	if err := findTenant(ctx, c, k.tenant); err != nil {
		return link.SearchRule{}, err
	}
	old, err := scanSearch(c.QueryRowContext(ctx, `SELECT `+searchColumns+` FROM search_rule WHERE type = $1 AND tenant = $2`, k.msgType, k.blob()))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return old, err
	}
	if err == nil && slices.Equal(old.Paths, paths) {
		return old, nil
	}
	text, err := json.Marshal(paths)
	if err != nil {
		return old, err
	}
	if _, err := c.ExecContext(ctx, `INSERT INTO search_rule (type, tenant, paths, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (type, tenant) DO UPDATE SET paths = excluded.paths, changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
		k.msgType, k.blob(), string(text), micros(c.now), c.actor); err != nil {
		return old, err
	}
	now := link.SearchRule{Type: k.msgType, TenantID: k.id(), Paths: paths, ChangedAt: c.now, ChangedBy: c.actor}
	return now, c.record(ctx, "search.change", k.String(), strings.Join(paths, " "))
}

// RemoveSearch removes the rule of a type, so that the wider rule or the built-in paths hold again. Errors:
// link.CodeNotFound.
func (s *Store) RemoveSearch(ctx context.Context, actor string, tenant uuid.UUID, messageType string) error {
	k := ruleKey{tenant, messageType}
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		// The row stays, without paths: what was sent while it held is not in the index of what holds now.
		r, err := c.ExecContext(ctx, `UPDATE search_rule SET paths = 'null', changed_at = $3, changed_by = $4 WHERE type = $1 AND tenant = $2
			AND paths <> 'null'`, k.msgType, k.blob(), micros(c.now), c.actor)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, link.NewError(link.CodeNotFound, "what", "Rule "+k.String(), "whatPT", "A regra "+k.String()))
		}
		return c.record(ctx, "search.remove", k.String(), "")
	})
	if err != nil {
		return fmt.Errorf("remove search paths: %w", err)
	}
	return nil
}

// SearchRules lists the rules by type.
func (s *Store) SearchRules(ctx context.Context, l List) (link.Page[link.SearchRule], error) {
	after, err := l.after(2)
	if err != nil {
		return link.Page[link.SearchRule]{}, err
	}
	afterTenant, err := hex.DecodeString(after[1])
	if err != nil {
		return link.Page[link.SearchRule]{}, badCursor(err)
	}
	rows, err := collect(ctx, s.db(), func(rows *sql.Rows) (link.SearchRule, error) { return scanSearch(rows) },
		`SELECT `+searchColumns+` FROM search_rule WHERE (type, tenant) > ($1, $2) AND paths <> 'null' ORDER BY type, tenant LIMIT $3`, after[0], afterTenant, l.limit()+1)
	if err != nil {
		return link.Page[link.SearchRule]{}, fmt.Errorf("list search paths: %w", err)
	}
	return page(rows, l.limit(), func(r link.SearchRule) []string {
		return []string{r.Type, hex.EncodeToString(searchKey(r).blob())}
	}), nil
}

func searchKey(r link.SearchRule) ruleKey {
	k := ruleKey{msgType: r.Type}
	if r.TenantID != nil {
		k.tenant = *r.TenantID
	}
	return k
}

const searchColumns = `type, tenant, paths, changed_at, changed_by`

// scanSearch reads searchColumns.
func scanSearch(row interface{ Scan(...any) error }) (r link.SearchRule, err error) {
	var tenant []byte
	var paths string
	var changed int64
	if err := row.Scan(&r.Type, &tenant, &paths, &changed, &r.ChangedBy); err != nil {
		return r, err
	}
	r.ChangedAt = moment(changed)
	if len(tenant) > 0 {
		id, err := uuid.FromBytes(tenant)
		if err != nil {
			return r, err
		}
		r.TenantID = &id
	}
	return r, json.Unmarshal([]byte(paths), &r.Paths)
}

// loadSearch reads the rules.
func (s *Snapshot) loadSearch(ctx context.Context, q querier) error {
	rows, err := collect(ctx, q, func(rows *sql.Rows) (link.SearchRule, error) { return scanSearch(rows) }, `SELECT `+searchColumns+` FROM search_rule`)
	if err != nil {
		return err
	}
	for _, r := range rows {
		paths, wrong := search.ParsePaths(r.Paths)
		if len(wrong) > 0 {
			return fmt.Errorf("search paths of %s: %s", r.Type, wrong[0].Detail)
		}
		s.paths[searchKey(r)] = SearchPaths{Paths: paths, Since: r.ChangedAt, removed: r.Paths == nil}
	}
	return nil
}
