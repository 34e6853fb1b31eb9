package api

import (
	"net/http"
	"slices"

	"smartlink/link"
)

// Groups of calls in the description.
const (
	tagLink     = "link"
	tagMessages = "messages"
	tagAdmin    = "admin"
)

const linkPath = "/api/v1/link/"

var (
	headerApp = parameter{
		name: "SL-App", in: "header", schema: "", example: "GESPLAN",
		about: "App to speak for; needed when several of the client's apps may send the type",
	}
	headerInstallation = parameter{name: "SL-Installation", in: "header", schema: "", about: "Id of the agent's installation, shown in the trace; a setup with one binds the queue to it"}
	headerLanguage     = parameter{
		name: "Accept-Language", in: "header", schema: "", example: "pt-BR", about: "Portuguese or English texts; default English",
	}
	sendHeaders = []parameter{
		headerApp, headerInstallation,
		{name: "Idempotency-Key", in: "header", schema: "", about: "The same for repeats of one request, for 30 days; default the envelope's own id"},
		{name: "SL-Business-Key", in: "header", schema: "", example: "contract 42/2024-03/accrual", about: "The one business change the message asks for; booked once"},
		{name: "SL-Ordering-Key", in: "header", schema: "", about: "Messages of one key are delivered one at a time, in order"},
		{name: "SL-Correlation-Id", in: "header", schema: "", about: "The sender's own correlation"},
		{name: "SL-Answer-To", in: "header", schema: "", about: "Id of the message this one answers; then also SL-Root, SL-Outcome, SL-Outcome-Number, SL-Key"},
		{name: "traceparent", in: "header", schema: "", about: "W3C trace context; travels with the message"},
		headerLanguage,
	}
	sendBody = &content{
		types: []string{contentJSON, "text/plain", "application/octet-stream"},
		examples: map[string]any{
			"header+data": map[string]any{
				"header": map[string]any{"type": "FinLanIncDataCommand", "tenantId": "b991502e-6faa-4e3a-aaf4-967c4fe2a196", "businessKey": "contract 42/2024-03/accrual"},
				"data":   map[string]any{"CodColigada": 1, "IdLan": -1, "UsuarioInclusao": "mestre", "CodUsuario": "mestre", "PagRec": "2"},
			},
			"CloudEvents": map[string]any{
				"specversion": "1.0", "id": "42", "source": "/gesplan", "type": "FinLanIncDataCommand",
				"tenantid": "b991502e-6faa-4e3a-aaf4-967c4fe2a196", "data": map[string]any{"CodColigada": 1},
			},
		},
	}
	sendReplies = []reply{{
		status: http.StatusOK, about: "With wait: stored, and every copy's outcome is final; a refusal by the ERP is one", schema: link.SendResponse{},
		example: map[string]any{
			"messageId": "0190f2c6-5b1e-7c4e-9a7d-0d6c4b1f2a11", "duplicate": false, "warnings": []any{},
			"queues":   []string{"b991502e-6faa-4e3a-aaf4-967c4fe2a196.0f4c1a52d7e14b6d8f3f0a9be2c7d815"},
			"outcomes": []any{map[string]any{"queue": "b991502e-6faa-4e3a-aaf4-967c4fe2a196.0f4c1a52d7e14b6d8f3f0a9be2c7d815", "state": "done", "final": true, "key": "1;4711"}},
		},
	}, {
		status: http.StatusAccepted, about: "Stored durably, or recognised as a repeat (duplicate true, the first id)", schema: link.SendResponse{},
		example: map[string]any{
			"messageId": "0190f2c6-5b1e-7c4e-9a7d-0d6c4b1f2a11", "duplicate": false, "warnings": []any{},
			"queues": []string{"b991502e-6faa-4e3a-aaf4-967c4fe2a196.0f4c1a52d7e14b6d8f3f0a9be2c7d815"},
		},
	}}
	waitParameter = parameter{
		name: "wait", in: "query", schema: "", example: "10s",
		about: "How long to wait for the ERP's answer, 0s – 30s; default 0s: answer when the message is stored",
	}
	sendProblems = []link.Code{
		link.CodeTypeInvalid, link.CodeAudienceInvalid, link.CodeAppAmbiguous, link.CodeAppNotYours, link.CodeTypeForbidden, link.CodeBodyEmpty,
		link.CodeBodyNotJSON, link.CodeEnvelopeInvalid, link.CodeTypeMismatch, link.CodeTenantMismatch, link.CodeFieldContradicts,
		link.CodeHeadersTooLarge, link.CodeSchema, link.CodeRequestInvalid, link.CodeNoRoute, link.CodeIdempotency, link.CodeNotYourMessage, link.CodeOutcomeUnknown,
	}
	getParameters = []parameter{
		{name: "max", in: "query", schema: 0, example: 32, about: "Messages at most, 1 – 500; default 1"},
		{name: "maxBytes", in: "query", schema: 0, about: "Bytes of bodies at most, 1 – 4194304 (the default); one message is given whatever its size"},
		{name: "wait", in: "query", schema: "", example: "30s", about: "How long to wait for the first message, 0s – 30s; default 0s"},
		{name: "lease", in: "query", schema: "", example: "60s", about: "How long the messages are the caller's, 5s – 15m; default 60s"},
		headerInstallation, headerEpoch, headerLanguage,
	}
	tenantParameter = parameter{
		name: "tenant", in: "query", schema: "",
		about: "With an API key: the tenant's UUID; absent, all tenants are looked through. With a token it has no meaning",
	}
)

const aboutSend = `Stores one message durably, then answers. The body may be of any dialect, or not JSON at all; it is kept byte for byte. A command or
event that nobody hears is refused and not stored; an answer is always accepted.`

// linkEndpoints are the calls of clients, and those about single messages.
func (d *Door) linkEndpoints() []endpoint {
	get := endpoint{
		method: http.MethodGet, path: linkPath + "get", id: "get", tag: tagLink, who: aClient, serve: d.get,
		summary: "Lease messages of the own queue", about: "Each message given is leased: settle its deliveryTag by ack before leaseUntil, or it comes again.",
		parameters: getParameters, problems: []link.Code{link.CodeNoQueue, link.CodeInstallation, link.CodeRequestInvalid},
		answers: []reply{
			{status: http.StatusOK, about: "Messages, at least one", schema: link.GetResponse{}},
			{status: http.StatusNoContent, about: "None came in time"},
		},
	}
	getByPost := get
	getByPost.method, getByPost.id = http.MethodPost, "getByPost"
	return slices.Concat(d.queueEndpoints(), d.manageEndpoints(), d.findEndpoints(), []endpoint{d.seriesEndpoint(), d.checkEndpoint()}, []endpoint{
		{
			method: http.MethodPost, path: linkPath + "setup", id: "setup", tag: tagLink, who: aClient, serve: d.setup,
			summary: "Create or change the own queue", about: "Idempotent. The list replaces the old one; messages waiting for a removed type stay and are delivered.",
			parameters: []parameter{headerInstallation, headerEpoch, headerLanguage},
			request: &content{types: []string{contentJSON}, schema: link.SetupRequest{}, examples: map[string]any{
				"agent": link.SetupRequest{Subscriptions: []string{"FinLanIncDataCommand", "FinLanAltDataCommand"}},
			}},
			answers:  []reply{{status: http.StatusOK, about: "The queue as it is now", schema: link.SetupResponse{}}},
			problems: []link.Code{link.CodeSubForbidden, link.CodeInstallation, link.CodeOutcomeUnknown},
		},
		{
			method: http.MethodPost, path: linkPath + "send/{type}/{audience}", id: "send", tag: tagLink, who: aClient, serve: d.send,
			summary: "Send a message to an app", about: aboutSend, parameters: append([]parameter{waitParameter}, sendHeaders...), request: sendBody, answers: sendReplies, problems: sendProblems,
		},
		{
			method: http.MethodPost, path: linkPath + "send/{type}", id: "sendToAll", tag: tagLink, who: aClient, serve: d.send,
			summary: "Send a message to every queue of the tenant that subscribes", about: aboutSend + " The audience is LinkProxy.",
			parameters: append([]parameter{waitParameter}, sendHeaders...), request: sendBody, answers: sendReplies, problems: sendProblems,
		},
		{
			method: http.MethodPost, path: linkPath + "send", id: "sendBatch", tag: tagLink, who: aClient, serve: d.sendBatch,
			summary: "Send up to 500 messages",
			about: "At most 8 MiB. Each message is taken or refused on its own, in their order; the answer has one result for each, with the status and the " +
				"body that a single send would have had.",
			parameters: []parameter{headerApp, headerInstallation, headerLanguage},
			request: &content{types: []string{contentJSON}, schema: link.BatchRequest{}, examples: map[string]any{
				"two": map[string]any{"messages": []any{
					map[string]any{
						"type": "FinLanIncDataCommand", "audience": "GESPLAN-RM", "content": `{"data":{"CodColigada":1}}`, "idempotencyKey": "42-1",
						"headers": map[string]any{"SL-Business-Key": "contract 42/2024-03/accrual"},
					},
					map[string]any{"type": "Note", "contentType": "text/plain", "contentBase64": "T2zh"},
				}},
			}},
			answers:  []reply{{status: http.StatusOK, about: "One result for each message", schema: link.BatchResponse{}}},
			problems: []link.Code{link.CodeBodyNotJSON, link.CodeRequestInvalid, link.CodeBodyTooLarge},
		},
		get, getByPost,
		{
			method: http.MethodPost, path: linkPath + "extend", id: "extend", tag: tagLink, who: aClient, serve: d.extend,
			summary:    "Lengthen leases",
			about:      "The heartbeat of a slow consumer: the lease ends so long after now. One object, or a list of up to 500, answered item by item.",
			parameters: []parameter{headerInstallation, headerEpoch, headerLanguage},
			request: &content{types: []string{contentJSON}, schema: extendRequest{}, examples: map[string]any{
				"one":  map[string]any{"deliveryTag": 4294967297, "lease": "5m"},
				"list": []any{map[string]any{"deliveryTag": 4294967297}, map[string]any{"deliveryTag": 4294967298}},
			}},
			answers:  []reply{{status: http.StatusOK, about: "The lease's new end; of a list one result for each item", schema: extendAnswer{}}},
			problems: []link.Code{link.CodeNoQueue, link.CodeInstallation, link.CodeLeaseEnded, link.CodeTagUnknown, link.CodeRequestInvalid},
		},
		{
			method: http.MethodPost, path: linkPath + "ack", id: "ack", tag: tagLink, who: aClient, serve: d.ack,
			summary:    "Settle deliveries",
			about:      "One object, answered 204 or with its problem; or a list of up to 500, answered item by item in order, each on its own.",
			parameters: []parameter{headerInstallation, headerEpoch, headerLanguage},
			request: &content{types: []string{contentJSON}, schema: ackRequest{}, examples: map[string]any{
				"taken over": map[string]any{"deliveryTag": 4294967297, "ack": true},
				"try again":  map[string]any{"deliveryTag": 4294967297, "ack": false, "reason": "database not reached"},
				"later":      map[string]any{"deliveryTag": 4294967297, "ack": false, "requeueAfter": "5m"},
				"dead":       map[string]any{"deliveryTag": 4294967297, "dead": true, "reason": "cannot be read"},
				"give back":  map[string]any{"deliveryTag": 4294967297, "release": true},
				"list":       []any{map[string]any{"deliveryTag": 4294967297, "ack": true}, map[string]any{"deliveryTag": 4294967298, "ack": false}},
			}},
			answers: []reply{
				{status: http.StatusOK, about: "Of a list: one result for each item; code is absent when it was settled", schema: link.AckResponse{}},
				{status: http.StatusNoContent, about: "Of one object: settled"},
			},
			problems: []link.Code{link.CodeNoQueue, link.CodeInstallation, link.CodeLeaseEnded, link.CodeTagUnknown, link.CodeOutcomeUnknown},
		},
		{
			method: http.MethodGet, path: linkPath + "messages/{id}", id: "trace", tag: tagMessages, who: clientOrViewer, serve: d.trace,
			summary:    "Where a message is and what happened to it",
			about:      "For its sender and the clients whose queues received it, and for people of any role. For all others it does not exist.",
			parameters: []parameter{tenantParameter, headerLanguage},
			answers:    []reply{{status: http.StatusOK, about: "Its trace", schema: link.Trace{}}},
			problems:   []link.Code{link.CodeMessageUnknown, link.CodeRole, link.CodeRequestInvalid},
		},
		{
			method: http.MethodGet, path: linkPath + "messages/{id}/body", id: "messageBody", tag: tagMessages, who: anOperator, serve: d.messageBody,
			summary:    "What a message says",
			about:      "For people, to look at it and to mend a copy of it. Who read which body stands in the audit. Clients get bodies with `get`.",
			parameters: []parameter{tenantParameter, headerLanguage},
			answers:    []reply{{status: http.StatusOK, about: "Its body", schema: link.MessageBody{}}},
			problems:   []link.Code{link.CodeMessageUnknown, link.CodeBodyGone, link.CodeRole, link.CodeRequestInvalid},
		},
		{
			method: http.MethodPost, path: linkPath + "messages/{id}/copy", id: "copy", tag: tagMessages, who: anAdmin, serve: d.copy,
			summary: "Send a message again as a copy",
			about: "A new id; rootId, businessKey, orderingKey, type, audience and sender stay. The body may be an edited one that leaves type, tenant and " +
				"keys as they are. Audited.",
			parameters: []parameter{tenantParameter, {name: "Idempotency-Key", in: "header", schema: "", about: "A repeat makes no second copy"}, headerLanguage},
			request: &content{types: []string{contentJSON}, schema: link.CopyRequest{}, optional: true, examples: map[string]any{
				"as it is": map[string]any{"reason": "supplier 000042 was made"},
			}},
			answers:  sendReplies,
			problems: append(slices.Clone(sendProblems), link.CodeMessageUnknown, link.CodeBodyGone),
		},
	})
}
