package monitor

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/hub/registry"
	"smartlink/link"
)

// searchPathsView is what searchpaths.html shows.
type searchPathsView struct {
	rulePage
	Rules   []searchRow
	BuiltIn []link.SearchDetail
	Edit    bool               // one rule is being changed
	Holds   *link.SearchDetail // what holds for the type that is being changed
}

// searchRow is a rule with its tenant's names; none: every tenant.
type searchRow struct {
	link.SearchRule
	Of     link.Tenant
	Filled time.Time // when all that the history has is in the index
}

// Filling tells whether the index does not have all of the history yet.
func (r searchRow) Filling(now time.Time) bool { return now.Before(r.Filled) }

func (m *Monitor) searchPaths(v *visit) error {
	return m.showSearchPaths(v)(http.StatusOK, v.r.URL.Query(), nil)
}

func (m *Monitor) showSearchPaths(v *visit) refill {
	return func(status int, f url.Values, said []string) error {
		p, tenant, err := m.rules(v, "search", f, said)
		if err != nil {
			return err
		}
		known := m.cfg.Registry.Current()
		view := searchPathsView{rulePage: p, Edit: f.Get("type") != "" && status == http.StatusOK}
		if link.ValidType(p.Type) {
			holds := known.SearchDetail(tenant, p.Type)
			view.Holds = &holds
			if !f.Has("paths") {
				view.Form = url.Values{"type": {p.Type}, "tenant": {f.Get("tenant")}, "paths": {strings.Join(holds.Paths, "\n")}}
			}
		}
		for _, t := range registry.BuiltInSearch() {
			view.BuiltIn = append(view.BuiltIn, known.SearchDetail(uuid.Nil, t))
		}
		l, turn := view.paged(v)
		list, err := m.cfg.Registry.SearchRules(v.r.Context(), l)
		if err != nil {
			return err
		}
		for _, r := range list.Items {
			of := m.namesOf(r.TenantID)
			view.Rules = append(view.Rules, searchRow{r, of, known.SearchFilled(of.ID, r.ChangedAt)})
		}
		turn(list.Next)
		return v.showAdmin(status, "searchpaths", v.text("admin.search"), view)
	}
}

// putSearchPaths sets by which values of their bodies messages of a type are found.
func (m *Monitor) putSearchPaths(v *visit) error {
	v.back = "admin/search"
	return m.submit(v, func(f url.Values) (string, error) {
		tenant, err := ruleTenant(f)
		if err != nil {
			return "", err
		}
		paths := []string{}
		for line := range strings.Lines(f.Get("paths")) {
			if line = strings.TrimSpace(line); line != "" {
				paths = append(paths, line)
			}
		}
		_, err = m.cfg.Registry.ChangeSearch(v.r.Context(), v.user.Name, tenant, strings.TrimSpace(f.Get("type")), link.SearchChange{Paths: paths})
		return told("admin/search", "saved"), named(err, func(pointer string) (label link.Text) {
			if i, err := strconv.Atoi(strings.TrimPrefix(pointer, "/paths/")); err == nil && i < len(paths) {
				label = link.Text{PT: clip(paths[i], 80), EN: clip(paths[i], 80)}
			}
			return label
		})
	}, m.showSearchPaths(v))
}

func (m *Monitor) removeSearchPaths(v *visit) error {
	v.back = "admin/search"
	return m.submit(v, func(f url.Values) (string, error) {
		tenant, err := ruleTenant(f)
		if err == nil {
			err = m.cfg.Registry.RemoveSearch(v.r.Context(), v.user.Name, tenant, f.Get("type"))
		}
		return told("admin/search", "removed"), err
	}, func(status int, _ url.Values, said []string) error {
		return m.showSearchPaths(v)(status, url.Values{}, said)
	})
}
