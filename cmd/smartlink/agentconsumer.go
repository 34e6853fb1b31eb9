package main

import (
	"bytes"
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

// consumers are all that the agent executes with.
func (a *agentCmd) consumers() (inside []consumer.Consumer, out []consumer.Outside, types []string, err error) {
	inside = rm.Consumers()
	for _, c := range inside {
		types = append(types, c.Type())
	}
	list, err := a.outside()
	for _, c := range list {
		out = append(out, c)
		types = append(types, c.Type())
	}
	return inside, out, types, err
}
