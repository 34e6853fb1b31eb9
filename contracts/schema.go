package contracts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// object is a JSON object under construction.
type object = map[string]any

// schemaNote tells readers of a schema what it cannot say.
const schemaNote = "Made from the field table. Property names have no case. Numbers may stand in strings. What a schema cannot say is left to the " +
	"command itself: the same property twice, what a row repeats of the record it belongs to, the size of a number written with an exponent in a string, " +
	"and all rules over the books."

// Schema is the command's JSON Schema (draft 2020-12) of a whole body, in any envelope that Decode knows.
// It accepts what Decode finds in order, with the exceptions its $comment names.
func (c *Command) Schema() []byte {
	defs := object{"blank": object{
		"$comment": "empty and blank texts count as null", "type": "string", "pattern": "^[" + spaces + "]*$",
	}}
	data := c.tableSchema(c.Table, c.Insert, defs)
	s := envelopeSchema(object{"$ref": "#/$defs/" + data})
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["$id"] = "urn:smartlink:command:" + c.Type
	s["title"], s["description"], s["$comment"] = c.Type, c.EN+". "+c.PT+".", schemaNote
	s["$defs"] = defs
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		panic(fmt.Sprintf("contracts: schema of %s: %v", c.Type, err)) // made of texts and numbers only
	}
	return b.Bytes()
}

// envelopeSchema finds the data object in a body, as findData does.
func envelopeSchema(data object) object {
	is := func(name string) object {
		return object{"properties": object{name: object{"type": "object"}}, "required": []string{name}}
	}
	has := func(name string) object { return object{"required": []string{name}} }
	in := func(name string) object { return object{"properties": object{name: data}, "required": []string{name}} }
	return object{
		"type": "object",
		"if":   is("header"),
		"then": object{"if": object{"allOf": []any{has("content"), object{"not": has("data")}}}, "then": in("content"), "else": in("data")},
		"else": object{
			"if": object{"anyOf": []any{has("specversion"), is("data")}}, "then": in("data"),
			"else": object{
				"if": object{"anyOf": []any{has("messageContent"), has("messageType")}}, "then": in("messageContent"), "else": data,
			},
		},
	}
}

// tableSchema defines the object of a table and answers the definition's name. fresh says that it is a
// new record; rows of an edit are new or not by their id.
func (c *Command) tableSchema(t *Table, fresh bool, defs object) string {
	name := t.Name + map[bool]string{true: ".new", false: ".edit"}[fresh]
	if _, ok := defs[name]; ok {
		return name
	}
	s := object{"type": "object", "title": t.EN, "description": t.PT}
	defs[name] = s
	properties := object{}
	var required []any
	for i := range t.Fields {
		f := &t.Fields[i]
		properties[caseless(f.Name)] = c.fieldSchema(f, fresh, defs)
		if !f.FromParent && !f.nullable(fresh) && (f.Key || fresh) {
			required = append(required, object{
				"$comment": f.Name + " is required", "not": object{"propertyNames": object{"not": object{"pattern": caseless(f.Name)}}},
			})
		}
	}
	s["patternProperties"] = properties
	if required != nil {
		s["allOf"] = required
	}
	return name
}

// nullable tells whether a field may be null or left out.
func (f *Field) nullable(fresh bool) bool {
	switch {
	case f.Kind == List || f.FromParent:
		return true
	case f.Generated:
		return fresh
	case f.Key:
		return false
	case fresh:
		return !f.Required
	}
	return !f.Required && !f.NotNull
}

// fieldSchema describes the values of a field.
func (c *Command) fieldSchema(f *Field, fresh bool, defs object) object {
	s := object{"title": f.Name, "description": f.EN + " · " + f.PT + " (" + f.Column + ")"}
	forms := f.forms(fresh)
	switch f.Kind {
	case List:
		forms = []any{object{"type": "array", "maxItems": f.MaxRows, "items": c.rowSchema(f.Child, fresh, defs)}}
	case Open:
		forms = []any{object{"type": "object", "maxProperties": maxExtras, "additionalProperties": object{
			"anyOf": append(textForms(f.Size), object{"type": []string{"null", "boolean", "number"}}, object{"$ref": "#/$defs/blank"}),
		}}}
	}
	switch {
	case f.nullable(fresh):
		forms = append(forms, object{"type": "null"})
		if f.Kind == Text {
			forms = append(forms, object{"$ref": "#/$defs/blank"})
		}
	case f.Kind == Text:
		s["not"] = object{"$ref": "#/$defs/blank"}
	}
	if f.ReadOnly || f.InsertOnly && !fresh {
		s["readOnly"] = true
	}
	if f.Default != "" && f.Kind != Text {
		s["default"] = json.Number(f.Default)
	} else if f.Default != "" {
		s["default"] = f.Default
	}
	if f.Values != nil {
		meanings := make([]string, len(f.Values))
		for i, o := range f.Values {
			meanings[i] = fmt.Sprintf("%d %s", o.Value, o.EN)
		}
		s["description"] = s["description"].(string) + ": " + strings.Join(meanings, ", ")
	}
	s["anyOf"] = forms
	return s
}

// rowSchema describes a child row: of an edit a new one when its id is -1, 0 or not given.
func (c *Command) rowSchema(t *Table, fresh bool, defs object) object {
	if c.Insert {
		return object{"$ref": "#/$defs/" + c.tableSchema(t, true, defs)}
	}
	id := ""
	for i := range t.Fields {
		if t.Fields[i].Generated {
			id = t.Fields[i].Name
		}
	}
	return object{
		"type": "object",
		"if": object{"patternProperties": object{caseless(id): object{"anyOf": []any{
			object{"type": "null"}, object{"type": "number", "minimum": -1, "maximum": 0}, object{"type": "string", "pattern": `^(-[01]|0)(\.0+)?$`},
		}}}},
		"then": object{"$ref": "#/$defs/" + c.tableSchema(t, true, defs)},
		"else": object{"$ref": "#/$defs/" + c.tableSchema(t, false, defs)},
	}
}

// caseless is a pattern for a property name in any case.
func caseless(name string) string {
	var b strings.Builder
	b.WriteByte('^')
	for _, c := range name {
		if lower := strings.ToLower(string(c)); lower != strings.ToUpper(string(c)) {
			b.WriteString("[" + strings.ToUpper(string(c)) + lower + "]")
		} else {
			b.WriteRune(c)
		}
	}
	b.WriteByte('$')
	return b.String()
}
