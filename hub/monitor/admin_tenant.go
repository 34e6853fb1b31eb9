package monitor

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"smartlink/hub/exchange"
	"smartlink/hub/registry"
	"smartlink/link"
)

// tenantView is what tenant.html shows.
type tenantView struct {
	adminPage
	Tenant  link.Tenant
	Now     link.TenantRetention
	Preview link.RetentionPreview
	Asked   bool // the preview is of what the form says, and not saved yet
	Rounds  []link.KeepingRound
	Jobs    []jobView
}

// Removes tells whether the next round removes anything.
func (v tenantView) Removes() bool { return v.Preview.Waiting+v.Preview.Dead+v.Preview.History > 0 }

// tenantOf is the tenant in the path. What is no id names no tenant.
func (m *Monitor) tenantOf(v *visit) (link.Tenant, error) {
	id, err := link.ParseUUID(v.r.PathValue("id"))
	t, known := m.cfg.Registry.Current().Tenant(id)
	if err != nil || !known {
		return link.Tenant{}, link.NewError(link.CodeNotFound, "what", "Tenant "+clip(v.r.PathValue("id"), 80), "whatPT", "O tenant "+clip(v.r.PathValue("id"), 80))
	}
	return t, nil
}

// oneTenant shows a tenant: how long its messages are kept, and what a change of that would remove.
func (m *Monitor) oneTenant(v *visit) error {
	f := v.r.URL.Query()
	if !f.Has("see") {
		f = nil
	}
	return m.showTenant(v)(http.StatusOK, f, nil)
}

// showTenant shows the page; a form with days asks what these would remove.
func (m *Monitor) showTenant(v *visit) refill {
	return func(status int, f url.Values, said []string) error {
		t, err := m.tenantOf(v)
		if err != nil {
			return err
		}
		view := tenantView{adminPage: page("tenants", f, said), Tenant: t}
		if view.Now, err = m.cfg.Registry.TenantRetention(t.ID); err != nil {
			return err
		}
		var change link.RetentionChange
		if f == nil {
			view.Form = daysForm(view.Now)
		} else if change, err = readDays(f); err == nil {
			view.Preview, err = m.cfg.Exchange.PreviewRetention(v.r.Context(), v.operator(), t.ID, change)
			view.Asked = err == nil
		}
		if wrong, refused := v.problems(named(err, dayLabel)); len(refused) > 0 && wrong < http.StatusInternalServerError {
			if status == http.StatusOK {
				status, view.Problems = wrong, refused
			}
			err = nil
		}
		if err == nil && !view.Asked {
			view.Preview, err = m.cfg.Exchange.PreviewRetention(v.r.Context(), v.operator(), t.ID, link.RetentionChange{})
		}
		if err != nil {
			return err
		}
		if view.Rounds, err = m.cfg.Exchange.KeepingRounds(v.operator()); err != nil {
			return err
		}
		to := tenantPage(t)
		if view.Jobs, err = m.jobViews(v, to, func(j link.Job) bool { return j.TenantID != nil && *j.TenantID == t.ID }); err != nil {
			return err
		}
		return v.show(status, "tenant", frame{Title: t.Company + " · " + t.Name, Nav: "admin", Topic: "jobs", Data: view})
	}
}

func tenantPage(t link.Tenant) string { return "admin/tenants/" + t.ID.String() }

// dayLabel names the field of a retention that a problem is about.
func dayLabel(pointer string) link.Text {
	return texts[map[string]string{"/historyDays": "keep.history", "/waitingDays": "keep.waiting", "/deadDays": "keep.dead"}[pointer]]
}

// daysForm is a retention as its form shows it: empty for never.
func daysForm(r link.TenantRetention) url.Values {
	f := url.Values{}
	for name, days := range map[string]int{"history": r.HistoryDays, "waiting": r.WaitingDays, "dead": r.DeadDays} {
		if days > 0 {
			f.Set(name, strconv.Itoa(days))
		}
	}
	return f
}

// readDays reads the form: an empty field is what holds without a tenant's own.
func readDays(f url.Values) (link.RetentionChange, error) {
	wrong := link.NewError(link.CodeRequestInvalid)
	days := func(name string) *int {
		n, err := strconv.Atoi(cmp.Or(strings.TrimSpace(f.Get(name)), "0"))
		if err != nil {
			wrong.At("/"+name+"Days", link.CodeRequestInvalid, link.Both("%q não é um número inteiro", "%q is no whole number", clip(f.Get(name), 40)))
		}
		return &n
	}
	c := link.RetentionChange{HistoryDays: days("history"), WaitingDays: days("waiting"), DeadDays: days("dead")}
	if len(wrong.Errors) > 0 {
		return c, wrong
	}
	return c, nil
}

// named puts the label of its place before each problem of a form, where the problem alone could be of any.
func named(err error, label func(pointer string) link.Text) error {
	var e *link.Error
	if !errors.As(err, &e) || len(e.Errors) == 0 {
		return err
	}
	told := link.NewError(e.Code).Because(err)
	for _, f := range e.Errors {
		text, l := f.Text(), label(f.Pointer)
		if l != (link.Text{}) {
			text = link.Text{PT: l.PT + ": " + text.PT, EN: l.EN + ": " + text.EN}
		}
		told.At(f.Pointer, f.Code, text)
	}
	return told
}

// changeRetention saves how long a tenant's messages are kept.
func (m *Monitor) changeRetention(v *visit) error {
	t, err := m.tenantOf(v)
	if err != nil {
		return err
	}
	v.back = tenantPage(t)
	return m.submit(v, func(f url.Values) (string, error) {
		c, err := readDays(f)
		if err == nil {
			_, err = m.cfg.Registry.ChangeRetention(v.r.Context(), v.user.Name, t.ID, c)
		}
		return told(tenantPage(t), "saved"), named(err, dayLabel)
	}, m.showTenant(v))
}

// eraseTenantView is what erasetenant.html shows: what is going to be erased, and what stays.
type eraseTenantView struct {
	adminPage
	Tenant  link.Tenant
	Totals  exchange.QueueTotals
	History int64
	Senders int // of its clients, that can still get a token
	More    bool
	Running bool // a job erases them already
}

func (m *Monitor) eraseTenantAsk(v *visit) error {
	return m.showEraseTenant(v)(http.StatusOK, url.Values{}, nil)
}

func (m *Monitor) showEraseTenant(v *visit) refill {
	return func(status int, f url.Values, said []string) error {
		t, err := m.tenantOf(v)
		if err != nil {
			return err
		}
		ctx, o := v.r.Context(), v.operator()
		view := eraseTenantView{adminPage: page("tenants", f, said), Tenant: t}
		_, view.Totals, err = m.cfg.Exchange.Overview(ctx, o, exchange.QueueList{QueueFilter: exchange.QueueFilter{TenantID: t.ID.String()}, Limit: 1})
		if err != nil {
			return err
		}
		p, err := m.cfg.Exchange.PreviewRetention(ctx, o, t.ID, link.RetentionChange{})
		if err != nil {
			return err
		}
		for _, d := range p.Days {
			view.History += d.Messages
			view.More = view.More || d.Messages >= link.PreviewMost
		}
		clients, err := m.cfg.Registry.Clients(ctx, t.ID, registry.List{Limit: registry.MaxPage})
		if err != nil {
			return err
		}
		for _, c := range clients.Items {
			if len(c.Secrets) > 0 {
				view.Senders++
			}
		}
		jobs, err := m.cfg.Exchange.Jobs(ctx, o)
		if err != nil {
			return err
		}
		view.Running = slices.ContainsFunc(jobs, func(j link.Job) bool {
			return j.TenantID != nil && *j.TenantID == t.ID && !j.State.Ended()
		})
		return v.showAdmin(status, "erasetenant", v.text("erase.tenant"), view)
	}
}

// eraseTenant starts the job that removes all messages of a tenant, when its name was typed.
func (m *Monitor) eraseTenant(v *visit) error {
	t, err := m.tenantOf(v)
	if err != nil {
		return err
	}
	v.back = tenantPage(t)
	return m.submit(v, func(f url.Values) (string, error) {
		if err := confirmed(f, t.Name); err != nil {
			return "", err
		}
		_, err := m.cfg.Exchange.EraseTenant(v.r.Context(), v.operator(), t.ID, strings.TrimSpace(f.Get("reason")))
		return told(tenantPage(t), "started"), err
	}, m.showEraseTenant(v))
}

// confirmed refuses a form in which a person has not typed what they were asked to.
func confirmed(f url.Values, word string) error {
	if strings.TrimSpace(f.Get("confirm")) == word {
		return nil
	}
	return link.NewError(link.CodeRequestInvalid).At("confirm", link.CodeRequestInvalid,
		link.Both("para confirmar, digite %s; nada foi apagado", "to confirm, type %s; nothing was erased", word))
}
