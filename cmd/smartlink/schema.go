package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"smartlink/contracts"
	"smartlink/link"
	"smartlink/rm/faults"
)

type schemaCmd struct {
	Show  schemaShowCmd  `cmd:"" help:"Print the JSON Schema of a message type. Example: smartlink schema show FinLanIncDataCommand"`
	Check schemaCheckCmd `cmd:"" help:"Check the form of a message's body."`
}

// commandOf finds a command, or says which there are.
func commandOf(messageType string) (*contracts.Command, error) {
	if c := contracts.CommandOf(messageType); c != nil {
		return c, nil
	}
	types := make([]string, len(contracts.Commands))
	for i, c := range contracts.Commands {
		types[i] = c.Type
	}
	return nil, fmt.Errorf("no schema for type %q; there are: %s", messageType, strings.Join(types, ", "))
}

type schemaShowCmd struct {
	Type string `arg:"" help:"Message type."`
}

// Run prints the schema.
func (c *schemaShowCmd) Run(e *env) error {
	if event, ok := contracts.Events[c.Type]; ok {
		_, err := e.out.Write(event)
		return err
	}
	command, err := commandOf(c.Type)
	if err != nil {
		return err
	}
	_, err = e.out.Write(command.Schema())
	return err
}

type schemaCheckCmd struct {
	File string `arg:"" help:"File with the body; - for standard input."`
	Type string `help:"Message type; default: the body's header.type or type." placeholder:"TYPE"`
	JSON bool   `name:"json" help:"Print JSON for scripts."`
}

// Help shows an example.
func (*schemaCheckCmd) Help() string {
	return "Example: smartlink schema check examples/finlan-inc.json\n\nOnly the form is checked: whether codes exist and dates are open is the ERP's to say. Exit code 1 when something is wrong."
}

// checked is what a check found.
type checked struct {
	Type     string       `json:"type"`
	Valid    bool         `json:"valid"`
	Errors   []link.Fault `json:"errors"`
	Warnings []link.Fault `json:"warnings"`
	Schema   string       `json:"schema,omitempty"` // the schema's own words
}

var errNotValid = errors.New("the message is not valid")

// Run checks a body against its schema and with the command's own eyes, whose words are for people.
func (c *schemaCheckCmd) Run(e *env) error {
	body, err := readFile(c.File)
	if err != nil {
		return err
	}
	if c.Type == "" {
		c.Type = typeIn(body)
	}
	command, err := commandOf(c.Type)
	if err != nil {
		return err
	}
	findings := command.Check(body)
	result := checked{Type: c.Type, Errors: []link.Fault{}, Warnings: []link.Fault{}}
	for _, v := range findings.Violations {
		result.Errors = append(result.Errors, faults.FromViolation(v))
	}
	for _, v := range findings.Unknown {
		result.Warnings = append(result.Warnings, faults.FromViolation(v))
	}
	if err := validate(command, body); err != nil {
		result.Schema = err.Error()
	}
	result.Valid = findings.OK() && result.Schema == ""
	if c.JSON {
		err = printJSON(e.out, result)
	} else {
		err = e.printChecked(result, findings.MoreViolations)
	}
	if err == nil && !result.Valid {
		return errNotValid
	}
	return err
}

func (e *env) printChecked(r checked, more int) error {
	for _, list := range []struct {
		what   string
		faults []link.Fault
	}{{"error", r.Errors}, {"warning", r.Warnings}} {
		for _, f := range list.faults {
			text := link.Text{PT: f.Description + " " + f.Help, EN: f.DescriptionEn + " " + f.HelpEn}
			fmt.Fprintf(e.out, "%s %s %s\n  %s\n", list.what, f.Code, strings.Join(append([]string{f.Pointer}, f.Related...), " "), text.In(e.lang()))
		}
	}
	if more > 0 {
		fmt.Fprintf(e.out, "and %d more\n", more)
	}
	if len(r.Errors) == 0 && r.Schema != "" {
		fmt.Fprintln(e.out, r.Schema)
	}
	if r.Valid {
		fmt.Fprintf(e.out, "%s: in order\n", r.Type)
	}
	return nil
}

// typeIn finds the type a body names.
func typeIn(body []byte) string {
	var named struct {
		Type, MessageType string
		Header            struct{ Type string }
	}
	_ = json.Unmarshal(body, &named) // what is no JSON has no type
	for _, t := range []string{named.Header.Type, named.Type, named.MessageType} {
		if t != "" {
			return t
		}
	}
	return ""
}

// validate holds a body against the command's schema.
func validate(c *contracts.Command, body []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(c.Schema()))
	if err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	name := "urn:smartlink:command:" + c.Type
	if err := compiler.AddResource(name, doc); err != nil {
		return err
	}
	schema, err := compiler.Compile(name)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(bounded(value))
}

// bounded takes numbers that the validator cannot compute, such as 1e999999999, for one that no field takes.
func bounded(v any) any {
	switch v := v.(type) {
	case json.Number:
		if _, ok := new(big.Rat).SetString(v.String()); !ok {
			return json.Number("1e-100")
		}
	case map[string]any:
		for name, value := range v {
			v[name] = bounded(value)
		}
	case []any:
		for i, value := range v {
			v[i] = bounded(value)
		}
	}
	return v
}
