package rmtest

import (
	"encoding/json"
	"maps"
)

// Object is a JSON object of a test. Numbers that must keep their notation are json.Number.
type Object = map[string]any

// List is a JSON list of a test.
type List = []any

// Number is a JSON number as it is written.
func Number(text string) json.Number { return json.Number(text) }

// Left takes a property out of an object that With changes.
var Left = new(struct{})

// With answers a copy of an object with some properties set, or left out where the value is Left.
func With(o Object, changes Object) Object {
	c := maps.Clone(o)
	for name, value := range changes {
		if value == any(Left) {
			delete(c, name)
		} else {
			c[name] = value
		}
	}
	return c
}

// Body wraps a data object into the envelope Gesplan sends.
func Body(messageType string, data any) string {
	b, err := json.Marshal(Object{
		"header": Object{"type": messageType, "tenantId": "b991502e-6faa-4e3a-aaf4-967c4fe2a196"}, "data": data,
	})
	if err != nil {
		panic(err)
	}
	return string(b)
}
