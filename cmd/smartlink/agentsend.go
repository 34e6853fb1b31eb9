package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"smartlink/agent"
	"smartlink/link"
)

type agentSendCmd struct {
	File           string            `arg:"" optional:"" default:"-" help:"File with the body; - or nothing for standard input." type:"path"`
	Type           string            `required:"" help:"Message type, e.g. FinLanBaixadoEvent." placeholder:"TYPE"`
	Audience       string            `help:"App the message is meant for; default LinkProxy, every queue that subscribes." placeholder:"APP"`
	App            string            `help:"App to speak for, when several of the agent's may send the type." placeholder:"APP"`
	ContentType    string            `name:"content-type" help:"Media type of the body; default application/json." placeholder:"TYPE"`
	BusinessKey    string            `name:"business-key" help:"The one business fact the message tells." placeholder:"KEY"`
	OrderingKey    string            `name:"ordering-key" help:"Messages of one key are sent and delivered in order." placeholder:"KEY"`
	CorrelationID  string            `name:"correlation-id" help:"Your own correlation." placeholder:"ID"`
	IdempotencyKey string            `name:"idempotency-key" help:"The same for repeats of one request: they are sent once." placeholder:"KEY"`
	Header         map[string]string `mapsep:"none" help:"Further header to travel with the message: SL-Meta-…, traceparent." placeholder:"NAME=VALUE"`
}

// Help shows an example.
func (*agentSendCmd) Help() string {
	return "Example: smartlink agent send settled.json --type FinLanBaixadoEvent --database rm.db\n\n" +
		"The agent must run here with its console; its local API's address and token are in " + agent.LocalFile + " beside the installation file. " +
		"When the command answers, the message is in the agent's tables and will be sent, also after a restart."
}

// localTime bounds the call: the agent is on the same machine.
const localTime = 30 * time.Second

func (c *agentSendCmd) Run(e *env, a *agentCmd) error {
	body, err := readFile(c.File)
	if err != nil {
		return err
	}
	at, err := agent.ReadLocalAPI(a.installation())
	if err != nil {
		return err
	}
	q, err := json.Marshal(agent.LocalRequest{
		Type: c.Type, Audience: c.Audience, App: c.App, ContentType: c.ContentType, BodyBase64: base64.StdEncoding.EncodeToString(body),
		BusinessKey: c.BusinessKey, OrderingKey: c.OrderingKey, CorrelationID: c.CorrelationID, IdempotencyKey: c.IdempotencyKey, Headers: c.Header,
	})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(e.ctx, http.MethodPost, at.URL, bytes.NewReader(q))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"Authorization": "Bearer " + at.Token, "Content-Type": "application/json", "Accept-Language": string(e.lang())} {
		r.Header.Set(name, value)
	}
	local := &http.Client{Timeout: localTime, Transport: &http.Transport{Proxy: nil}} // it is this machine: no proxy
	answer, err := local.Do(r)
	if err != nil {
		return fmt.Errorf("the agent does not answer; does it run here? %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusAccepted {
		p := &link.Problem{}
		if err := json.Unmarshal(said, p); err != nil || p.Code == "" {
			return errors.New("the agent answered " + answer.Status)
		}
		return p
	}
	var done agent.LocalResponse
	if err := json.Unmarshal(said, &done); err != nil {
		return fmt.Errorf("the agent's answer: %w", err)
	}
	if a.JSON {
		return printJSON(e.out, done)
	}
	return fields(e.out, "message", done.ID.String(), "duplicate", strconv.FormatBool(done.Duplicate))
}
