package api

import (
	"bytes"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"smartlink/hub/exchange"
	"smartlink/link"
)

// extend lengthens one lease, answered with its new end or with a problem, or a list, answered item by
// item.
func (d *Door) extend(c *call) error {
	body, err := c.jsonBody(smallBody, nil)
	if err != nil {
		return err
	}
	if bytes.TrimLeft(body, " \t\r\n")[0] != '[' {
		var one link.Extension
		if err := c.decode(body, "", '{', &one); err != nil {
			return err
		}
		done, err := d.cfg.Exchange.Extend(c.r.Context(), c.caller, []link.Extension{one})
		if err == nil {
			err = done[0].Err
		}
		if err != nil {
			return err
		}
		return c.json(http.StatusOK, extendResult(one, done[0]))
	}
	list, err := items[link.Extension](c, body)
	if err != nil {
		return err
	}
	done, err := d.cfg.Exchange.Extend(c.r.Context(), c.caller, list)
	if err != nil {
		return err
	}
	r := link.ExtendResponse{Results: make([]link.ExtendResult, len(list))}
	for i, item := range list {
		r.Results[i] = extendResult(item, done[i])
	}
	return c.json(http.StatusOK, r)
}

func extendResult(item link.Extension, e exchange.Extended) link.ExtendResult {
	r := link.ExtendResult{DeliveryTag: item.DeliveryTag, Code: link.CodeOf(e.Err)}
	if e.Err == nil {
		r.LeaseUntil = &e.Until
	}
	return r
}

// extendRequest describes what extend takes: one extension or a list.
type extendRequest struct{}

// Schema is one of the two.
func (extendRequest) Schema(r huma.Registry) *huma.Schema {
	one := schemaOf[link.Extension](r)
	limit := link.MaxAck
	return &huma.Schema{OneOf: []*huma.Schema{one, {Type: huma.TypeArray, Items: one, MaxItems: &limit}}}
}

// extendAnswer describes what extend answers: one result or a list.
type extendAnswer struct{}

// Schema is one of the two.
func (extendAnswer) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{schemaOf[link.ExtendResult](r), schemaOf[link.ExtendResponse](r)}}
}
