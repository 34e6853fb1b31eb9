package api

import (
	"net/http"

	"github.com/google/uuid"

	"smartlink/hub/exchange"
	"smartlink/link"
)

// manageEndpoints are the calls by which people work on queues.
func (d *Door) manageEndpoints() []endpoint {
	problems := []link.Code{link.CodeNotFound, link.CodeRole, link.CodeRequestInvalid, link.CodeOutcomeUnknown}
	id := "0190f2c6-5b1e-7c4e-9a7d-0d6c4b1f2a11"
	return []endpoint{
		{
			method: http.MethodPatch, path: adminPath + "queue", id: "changeQueue", tag: tagAdmin, who: anOperator, serve: d.changeQueue,
			summary: "Pause or resume a queue, or let its dead letters hold their ordering key", about: "Audited.",
			parameters: []parameter{queueParameter, headerLanguage}, problems: problems,
			request: &content{types: []string{contentJSON}, schema: link.QueueChange{}, examples: map[string]any{
				"pause":  map[string]any{"paused": true, "reason": "month close"},
				"resume": map[string]any{"paused": false},
				"hold":   map[string]any{"hold": true},
			}},
			answers: []reply{{status: http.StatusOK, about: "The queue as it is now", schema: link.QueueDetail{}}},
		},
		{
			method: http.MethodPost, path: adminPath + "queue/redrive", id: "redrive", tag: tagAdmin, who: anOperator, serve: d.redrive,
			summary:    "Send dead letters on again",
			about:      "At the queue's end, with id and time kept and counts at zero; one that holds its ordering key at its old place. Audited.",
			parameters: []parameter{queueParameter, headerLanguage},
			problems:   append([]link.Code{link.CodeQueuePaused}, problems...),
			request: &content{types: []string{contentJSON}, schema: link.RedriveRequest{}, examples: map[string]any{
				"some": map[string]any{"ids": []string{id}},
				"all":  map[string]any{"all": true, "type": "FinLanIncDataCommand", "rate": 50},
			}},
			answers: []reply{
				{status: http.StatusOK, about: "Of named messages: one result for each", schema: link.ActResponse{}},
				{status: http.StatusAccepted, about: "Of all: the job", schema: link.Job{}},
			},
		},
		{
			method: http.MethodPost, path: adminPath + "queue/discard", id: "discard", tag: tagAdmin, who: anOperator, serve: d.discard,
			summary:    "Give messages up",
			about:      "Dead letters, or messages that wait and are not with a reader. They stay in the history with the reason. Audited.",
			parameters: []parameter{queueParameter, headerLanguage}, problems: problems,
			request: &content{types: []string{contentJSON}, schema: link.DiscardRequest{}, examples: map[string]any{
				"some":  map[string]any{"ids": []string{id}, "reason": "sent in error"},
				"purge": map[string]any{"all": "waiting", "reason": "test data"},
			}},
			answers: []reply{
				{status: http.StatusOK, about: "Of named messages: one result for each", schema: link.ActResponse{}},
				{status: http.StatusAccepted, about: "Of all: the job", schema: link.Job{}},
			},
		},
		{
			method: http.MethodGet, path: adminPath + "jobs", id: "listJobs", tag: tagAdmin, who: aViewer, serve: d.jobs,
			summary: "Jobs over many messages, the newest first", about: "Of all hubs; those that ended are kept for a while.", problems: []link.Code{link.CodeRole},
			parameters: []parameter{headerLanguage}, answers: []reply{{status: http.StatusOK, about: "The jobs", schema: link.Page[link.Job]{}}},
		},
		{
			method: http.MethodGet, path: adminPath + "jobs/{id}", id: "job", tag: tagAdmin, who: aViewer, serve: d.job,
			summary: "How a job stands", about: "", problems: []link.Code{link.CodeRole, link.CodeNotFound},
			parameters: []parameter{headerLanguage}, answers: []reply{{status: http.StatusOK, about: "The job", schema: link.Job{}}},
		},
		{
			method: http.MethodDelete, path: adminPath + "jobs/{id}", id: "cancelJob", tag: tagAdmin, who: anOperator, serve: d.cancelJob,
			summary: "Cancel a job", about: "What was done stays done. Audited.", problems: []link.Code{link.CodeRole, link.CodeNotFound},
			parameters: []parameter{headerLanguage}, answers: []reply{{status: http.StatusOK, about: "The job", schema: link.Job{}}},
		},
	}
}

func (d *Door) changeQueue(c *call) error {
	q, err := c.queueName()
	if err != nil {
		return err
	}
	r, err := read[link.QueueChange](c, smallBody)
	if err != nil {
		return err
	}
	now, err := d.cfg.Exchange.ChangeQueue(c.r.Context(), c.operator, q, r)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, now)
}

func (d *Door) redrive(c *call) error {
	q, err := c.queueName()
	if err != nil {
		return err
	}
	r, err := read[link.RedriveRequest](c, smallBody)
	if err != nil {
		return err
	}
	if err := someOrAll(r.IDs, r.All, r.Type, r.Rate); err != nil {
		return err
	}
	if r.All {
		return c.startJob(d, exchange.Work{Kind: exchange.JobRedrive, Queue: q, List: link.ListDead, Type: r.Type, Rate: r.Rate})
	}
	each, err := d.cfg.Exchange.Redrive(c.r.Context(), c.operator, q, r.IDs)
	if err != nil {
		return err
	}
	return c.acted(r.IDs, each)
}

func (d *Door) discard(c *call) error {
	q, err := c.queueName()
	if err != nil {
		return err
	}
	r, err := read[link.DiscardRequest](c, smallBody)
	if err != nil {
		return err
	}
	if err := someOrAll(r.IDs, r.All != "", r.Type, r.Rate); err != nil {
		return err
	}
	if r.All != "" {
		return c.startJob(d, exchange.Work{Kind: exchange.JobDiscard, Queue: q, List: r.All, Type: r.Type, Rate: r.Rate, Reason: r.Reason})
	}
	each, err := d.cfg.Exchange.Discard(c.r.Context(), c.operator, q, r.IDs, r.Reason)
	if err != nil {
		return err
	}
	return c.acted(r.IDs, each)
}

// someOrAll refuses a wish that could be read in two ways: it might work on more than was meant.
func someOrAll(ids []uuid.UUID, all bool, typ string, rate int) error {
	if all == (len(ids) > 0) {
		return link.NewError(link.CodeRequestInvalid).At("/ids", link.CodeRequestInvalid, link.Both("diga ids, ou all", "say ids, or all"))
	}
	if !all && (typ != "" || rate != 0) {
		return link.NewError(link.CodeRequestInvalid).At("/all", link.CodeRequestInvalid, link.Both("type e rate só com all", "type and rate only with all"))
	}
	return nil
}

func (c *call) startJob(d *Door, w exchange.Work) error {
	j, err := d.cfg.Exchange.StartJob(c.r.Context(), c.operator, w)
	if err != nil {
		return err
	}
	c.note("job", j.ID)
	return c.json(http.StatusAccepted, j)
}

// acted answers what became of each message.
func (c *call) acted(ids []uuid.UUID, each []error) error {
	r := link.ActResponse{Results: make([]link.ActResult, len(ids))}
	for i, id := range ids {
		r.Results[i].ID = id
		if each[i] != nil {
			p := c.problem(each[i])
			r.Results[i].Code, r.Results[i].Detail = p.Code, p.Detail
		}
	}
	c.note("messages", len(ids))
	return c.json(http.StatusOK, r)
}

func (d *Door) jobs(c *call) error {
	list, err := d.cfg.Exchange.Jobs(c.r.Context(), c.operator)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, link.Page[link.Job]{Items: list})
}

func (d *Door) job(c *call) error {
	id, err := c.jobID()
	if err != nil {
		return err
	}
	j, err := d.cfg.Exchange.Job(c.r.Context(), c.operator, id)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, j)
}

func (d *Door) cancelJob(c *call) error {
	id, err := c.jobID()
	if err != nil {
		return err
	}
	j, err := d.cfg.Exchange.CancelJob(c.r.Context(), c.operator, id)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, j)
}

// jobID is the id in the path. What is no id names no job.
func (c *call) jobID() (uuid.UUID, error) {
	text := c.r.PathValue("id")
	id, err := link.ParseUUID(text)
	if err != nil {
		return uuid.Nil, link.NewError(link.CodeNotFound, "what", "Job "+text, "whatPT", "O trabalho "+text).Because(err)
	}
	return id, nil
}
