package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"smartlink/agent/outside"
	"smartlink/consumer"
	"smartlink/rm"
)

// consumerFlag is a consumer outside of the agent: TYPE=URL on a command line, an object in a file.
type consumerFlag struct {
	outside.Config
	argument bool // it came as TYPE=URL
}

// UnmarshalText reads TYPE=URL.
func (f *consumerFlag) UnmarshalText(text []byte) error {
	t, at, ok := strings.Cut(string(text), "=")
	if !ok {
		return fmt.Errorf("%q: want TYPE=URL, as in PayDataCommand=http://127.0.0.1:8701/", text)
	}
	f.Type, f.URL, f.argument = t, at, true
	return nil
}

// UnmarshalJSON reads the object of a configuration file.
func (f *consumerFlag) UnmarshalJSON(b []byte) error {
	var o struct {
		Type     string `json:"type"`
		URL      string `json:"url"`
		Timeout  string `json:"timeout"`
		Parallel int    `json:"parallel"`
		Remote   bool   `json:"remote"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return fmt.Errorf("consumers: %w; each has type, url and, if need be, timeout, parallel, remote", err)
	}
	f.Config = outside.Config{Type: o.Type, URL: o.URL, Parallel: o.Parallel, Remote: o.Remote}
	if o.Timeout == "" {
		return nil
	}
	var err error
	if f.Timeout, err = time.ParseDuration(o.Timeout); err != nil {
		return fmt.Errorf("consumers: timeout of %s: want a time as 30s or 2m", o.Type)
	}
	return nil
}

// outside are the consumers outside of the agent.
func (a *agentCmd) outside() ([]*outside.Consumer, error) {
	list := make([]*outside.Consumer, len(a.Consumers))
	for i, f := range a.Consumers {
		c, err := outside.New(f.Config)
		if err != nil {
			return nil, err
		}
		list[i] = c
	}
	return list, nil
}

// consumers are all that the agent executes with: those of RM first, which write where the writer says.
func (a *agentCmd) consumers(e *env) (inside []consumer.Consumer, out []consumer.Outside, types []string, err error) {
	if a.live() {
		w, err := a.writer(e)
		if err != nil {
			return nil, nil, nil, err
		}
		out = w.Consumers()
	} else {
		inside = rm.Consumers()
	}
	list, err := a.outside()
	for _, c := range list {
		out = append(out, c)
	}
	for _, c := range inside {
		types = append(types, c.Type())
	}
	for _, c := range out {
		types = append(types, c.Type())
	}
	return inside, out, types, err
}

// live tells whether the commands are booked by the web services of an RM.
func (a *agentCmd) live() bool { return a.Writer == "webservice" }

// prepare makes the books in the agent's database ready, where they are there.
func (a *agentCmd) prepare() func(context.Context, *sql.DB) error {
	if a.live() {
		return nil
	}
	return prepareBooks
}

// ready looks, before something is activated, whether RM can be worked with; nil where it is not called.
func (a *agentCmd) ready(e *env) func(context.Context) error {
	if !a.live() {
		return nil
	}
	return func(ctx context.Context) error { return ready(e, a.findings(ctx, e)) }
}
