package monitor

import (
	"net/http"
	"strings"

	"smartlink/hub/queue"
	"smartlink/link"
)

// jobsShown is how many ended jobs of a queue its page shows, beside those that run.
const jobsShown = 3

// jobView is one job as pages show it.
type jobView struct {
	link.Job
	May     bool        // the reader may cancel it
	Back    string      // where to go after cancelling
	Problem string      // why it failed, in the reader's language
	Of      link.Tenant // of a job over a tenant
}

// Worked is how many messages the job has come by.
func (j jobView) Worked() int64 { return j.Done + j.Skipped }

func (m *Monitor) jobViews(v *visit, back string, keep func(link.Job) bool) ([]jobView, error) {
	list, err := m.cfg.Exchange.Jobs(v.r.Context(), v.operator())
	if err != nil {
		return nil, err
	}
	views := []jobView{}
	for _, j := range list {
		if !keep(j) {
			continue
		}
		view := jobView{Of: m.namesOf(j.TenantID), Job: j, Back: back, May: !j.State.Ended() && v.user.Role.Includes(link.RoleOperator)}
		if j.State == link.JobFailed {
			view.Problem = j.Error
			if link.Catalogue(j.Code).Status != 0 {
				view.Problem = link.NewError(j.Code, "reason", v.text("value.unknown")).Problem(v.lang, "").Title
			}
		}
		views = append(views, view)
	}
	return views, nil
}

// ofQueue keeps the jobs of one queue: those that run, and the last that ended.
func ofQueue(q string) func(link.Job) bool {
	ended := 0
	return func(j link.Job) bool {
		if j.Queue != q {
			return false
		}
		if j.State.Ended() {
			ended++
		}
		return !j.State.Ended() || ended <= jobsShown
	}
}

// jobs shows all work over many messages.
func (m *Monitor) jobs(v *visit) error {
	views, err := m.jobViews(v, "jobs", func(link.Job) bool { return true })
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "jobs", frame{Title: v.text("jobs.title"), Nav: "jobs", Topic: "jobs", Data: views})
}

// cancelJob ends a job; what was done stays done.
func (m *Monitor) cancelJob(v *visit) error {
	f, err := v.form(formBytes)
	if err != nil {
		return err
	}
	id, err := link.ParseUUID(v.r.PathValue("id"))
	if err != nil {
		return link.NewError(link.CodeNotFound, "what", clip(v.r.PathValue("id"), 80)).Because(err)
	}
	j, err := m.cfg.Exchange.CancelJob(v.r.Context(), v.operator(), id)
	if err != nil {
		return err
	}
	to := "jobs"
	if j.TenantID != nil && f.Get("back") == tenantPage(link.Tenant{ID: *j.TenantID}) {
		to = f.Get("back")
	}
	if back, found := strings.CutPrefix(f.Get("back"), "queues/"); found {
		if tenant, client, err := link.ParseQueueName(back); err == nil && (queue.Name{Tenant: tenant, Client: client}).String() == j.Queue {
			to = "queues/" + j.Queue + "?tab=" + tabDead
		}
	}
	return v.redirect(told(to, "cancelled"))
}
