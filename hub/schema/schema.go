// Package schema checks bodies of messages at the hub's edge against the JSON Schema of their type: the
// built-in one of a command, or one that an administrator has uploaded.
//
// A Schema is made once and used by many at a time. Commands are checked by package contracts, which says
// the same as their schema in a fraction of the time and in words for people.
package schema

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"smartlink/contracts"
	"smartlink/link"
)

// Schema checks bodies of one type.
type Schema struct {
	text    []byte
	hash    [sha256.Size]byte
	compile func() (*jsonschema.Schema, error) // once; nil of a command's
	command *contracts.Command                 // of a command's
	shipped bool
}

// Text is the JSON Schema. It must not be changed.
func (s *Schema) Text() []byte { return s.text }

// Hash is the SHA-256 of Text.
func (s *Schema) Hash() [sha256.Size]byte { return s.hash }

// BuiltIn tells whether it came with the program.
func (s *Schema) BuiltIn() bool { return s.shipped }

var builtIn = sync.OnceValue(func() map[string]*Schema { // only a hub needs them
	m := make(map[string]*Schema, len(contracts.Commands))
	for _, c := range contracts.Commands {
		text := c.Schema()
		m[c.Type] = &Schema{text: text, hash: sha256.Sum256(text), command: c, shipped: true}
	}
	for messageType, text := range contracts.Events {
		s := Stored(text)
		s.shipped = true
		m[messageType] = s
	}
	return m
})

// Of answers the built-in schema of a type, nil when there is none.
func Of(messageType string) *Schema { return builtIn()[messageType] }

// Types lists the types with a built-in schema, in the order of the commands.
func Types() []string {
	types := make([]string, len(contracts.Commands))
	for i, c := range contracts.Commands {
		types[i] = c.Type
	}
	return types
}

// Stored makes a schema of a text that Compile has accepted before. It is compiled when it is first needed.
func Stored(text []byte) *Schema {
	return &Schema{text: text, hash: sha256.Sum256(text), compile: sync.OnceValues(func() (*jsonschema.Schema, error) { return compile(text) })}
}

// Compile makes a schema of a text. Errors: link.CodeRequestInvalid, which says what is wrong with the text.
func Compile(text []byte) (*Schema, error) {
	if len(text) > link.MaxSchema {
		return nil, invalid(link.Both("mais de %d KiB", "more than %d KiB", link.MaxSchema>>10))
	}
	s := Stored(text)
	if _, err := s.compile(); err != nil {
		return nil, invalid(link.Both("não é um JSON Schema que se possa usar: %s", "not a JSON Schema that can be used: %s", short(err.Error())))
	}
	return s, nil
}

func invalid(why link.Text) error {
	return link.NewError(link.CodeRequestInvalid).At("/schema", link.CodeRequestInvalid, why)
}

// name is what an uploaded schema is called inside the compiler.
const name = "urn:smartlink:schema"

func compile(text []byte) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(nowhere{})
	if err := c.AddResource(name, doc); err != nil {
		return nil, err
	}
	return c.Compile(name)
}

// nowhere keeps a schema to itself: the hub reads no file and calls no address that one names.
type nowhere struct{}

// Load refuses.
func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("%q is outside of the schema; put it into $defs", url)
}

// Check answers the places of a body that do not match, at most link.MaxFindings; nil when it matches.
// It is safe for concurrent use.
func (s *Schema) Check(body []byte) []link.FieldError {
	if s.command != nil {
		return findings(s.command.Check(body))
	}
	return s.check(body)
}

// CheckJSON is Check for a body that is known to be JSON in UTF-8; of another one it may answer anything.
func (s *Schema) CheckJSON(body []byte) []link.FieldError {
	if s.command != nil {
		return findings(s.command.CheckJSON(body))
	}
	return s.check(body)
}

// findings tells in words for people what was found in a command.
func findings(found contracts.Findings) []link.FieldError {
	if found.OK() {
		return nil
	}
	list := make([]link.FieldError, 0, min(len(found.Violations), link.MaxFindings+1))
	for _, v := range found.Violations[:min(len(found.Violations), link.MaxFindings)] {
		list = append(list, link.NewFieldError(v.Pointer, link.CodeSchema, violationWords(v)))
	}
	return more(list, len(found.Violations)-len(list)+found.MoreViolations)
}

// more tells at the end of a list that it is cut.
func more(list []link.FieldError, left int) []link.FieldError {
	if left <= 0 {
		return list
	}
	return append(list, link.NewFieldError("", link.CodeSchema, link.Both("mais %d não estão nesta lista", "%d more are not in this list", left)))
}

func (s *Schema) check(body []byte) []link.FieldError {
	wrong := func(t link.Text) []link.FieldError {
		return []link.FieldError{link.NewFieldError("", link.CodeSchema, t)}
	}
	compiled, err := s.compile()
	if err != nil { // it could be used when it was uploaded
		return wrong(link.Text{PT: "o esquema guardado não pode mais ser usado; envie-o de novo", EN: "the stored schema can no longer be used; upload it again"})
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return wrong(link.Text{PT: "o corpo não é JSON", EN: "the body is not JSON"})
	}
	err = compiled.Validate(tame(value))
	if err == nil {
		return nil
	}
	var e *jsonschema.ValidationError
	if !errors.As(err, &e) {
		return wrong(link.Text{PT: "o esquema não pôde ser aplicado a este corpo", EN: "the schema could not be applied to this body"})
	}
	list := flatten(e)
	left := len(list) - link.MaxFindings
	return more(list[:min(len(list), link.MaxFindings)], left)
}
