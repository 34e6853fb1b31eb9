package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"smartlink/hub/exchange"
	"smartlink/link"
)

// ackBody bounds an ack: link.MaxAck settlements, each with the longest reason.
const ackBody = 4 << 20

func (d *Door) setup(c *call) error {
	r, err := read[link.SetupRequest](c, smallBody)
	if err != nil {
		return err
	}
	done, err := d.cfg.Exchange.Setup(c.r.Context(), c.caller, r)
	if err != nil {
		return err
	}
	c.note("queue", done.Queue)
	return c.json(http.StatusOK, done)
}

// get leases messages. When the hub is about to stop it answers as if nothing had come.
func (d *Door) get(c *call) error {
	if c.r.Method == http.MethodHead { // it would lease messages that nobody sees
		c.Header().Set("Allow", "GET, POST")
		return link.NewError(link.CodeMethod, "method", c.r.Method)
	}
	g, err := c.getParameters()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(c.r.Context())
	defer cancel()
	defer context.AfterFunc(d.waits, cancel)()
	got, err := d.cfg.Exchange.Get(ctx, c.caller, g)
	stopping := d.waits.Err() != nil && c.r.Context().Err() == nil
	switch {
	case err != nil && ctx.Err() != nil && stopping:
		return c.noContent()
	case err != nil:
		return err
	case len(got) == 0:
		return c.noContent()
	}
	d.count.delivered.Add(float64(len(got)))
	c.note("messages", len(got))
	return c.json(http.StatusOK, link.GetResponse{Messages: got})
}

func (c *call) getParameters() (exchange.Get, error) {
	q, err := c.query()
	if err != nil {
		return exchange.Get{}, err
	}
	p := parameters{q: q}
	g := exchange.Get{Max: p.number("max"), MaxBytes: p.number("maxBytes"), Wait: p.duration("wait"), Lease: p.duration("lease")}
	p.wrong = append(p.wrong, g.Wrong()...) // all at once
	return g, p.err()
}

// query reads the query string; one that cannot be read is refused, not half read.
func (c *call) query() (url.Values, error) {
	if c.r.URL.RawQuery == "" {
		return nil, nil
	}
	q, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return nil, link.NewError(link.CodeRequestInvalid).At("query", link.CodeRequestInvalid,
			link.Both("não está bem codificada", "is not well encoded")).Because(err)
	}
	return q, nil
}

// parameters reads typed query parameters and notes each that is wrong. An absent one is nil.
type parameters struct {
	q     url.Values
	wrong []link.FieldError
}

func (p *parameters) number(name string) *int {
	s := p.q.Get(name)
	if s == "" {
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		p.refuse(name, link.Both("deve ser um número inteiro", "must be a whole number"))
		return nil
	}
	return &n
}

func (p *parameters) duration(name string) *time.Duration {
	s := p.q.Get(name)
	if s == "" {
		return nil
	}
	v, err := time.ParseDuration(s)
	if err != nil {
		p.refuse(name, link.Both("deve ser uma duração, p.ex. 30s ou 5m", "must be a duration, e.g. 30s or 5m"))
		return nil
	}
	return &v
}

func (p *parameters) refuse(name string, detail link.Text) {
	p.wrong = append(p.wrong, link.NewFieldError(name, link.CodeRequestInvalid, detail))
}

func (p *parameters) err() error {
	if len(p.wrong) == 0 {
		return nil
	}
	e := link.NewError(link.CodeRequestInvalid)
	e.Errors = p.wrong
	return e
}

// ack settles one delivery, answered 204 or with a problem, or a list, answered item by item.
func (d *Door) ack(c *call) error {
	body, err := c.jsonBody(ackBody, nil)
	if err != nil {
		return err
	}
	if bytes.TrimLeft(body, " \t\r\n")[0] != '[' {
		var one link.Settlement
		if err := c.decode(body, "", '{', &one); err != nil {
			return err
		}
		errs, err := d.cfg.Exchange.Settle(c.r.Context(), c.caller, []link.Settlement{one})
		if err == nil {
			err = errs[0]
		}
		d.count.settled(one, err)
		if err != nil {
			return err
		}
		return c.noContent()
	}
	list, err := items[link.Settlement](c, body)
	if err != nil {
		return err
	}
	errs, err := d.cfg.Exchange.Settle(c.r.Context(), c.caller, list)
	if err != nil {
		return err
	}
	r := link.AckResponse{Results: make([]link.AckResult, len(list))}
	for i, item := range list {
		d.count.settled(item, errs[i])
		r.Results[i] = link.AckResult{DeliveryTag: item.DeliveryTag, Code: link.CodeOf(errs[i])}
	}
	return c.json(http.StatusOK, r)
}

// items reads a list; only when it does not fit are its items looked at one by one, to point at the
// wrong one.
func items[T any](c *call, body []byte) ([]T, error) {
	var list []T
	err := c.decode(body, "", '[', &list)
	if err == nil {
		return list, nil
	}
	var each []json.RawMessage
	if json.Unmarshal(body, &each) != nil {
		return nil, err
	}
	for i, raw := range each {
		var item T
		if err := c.decode(raw, fmt.Sprintf("/%d", i), '{', &item); err != nil {
			return nil, err
		}
	}
	return nil, err
}
