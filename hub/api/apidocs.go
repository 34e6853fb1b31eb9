package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"smartlink/link"
)

// apiView is what api.html shows: the OpenAPI description, to read. The description itself is English;
// what stands around it is in the reader's language.
type apiView struct {
	head
	Words   apiWords
	About   string
	Points  []string
	Groups  []apiGroup
	Schemas []apiSchema
}

// apiWords are the words around the description.
type apiWords struct{ Parameters, Body, Answers, Problems, Example, Examples, Required, Optional, Schemas, Contents, Who, Where, Nobody string }

type apiGroup struct {
	Tag, About string
	Calls      []apiCall
}

type apiCall struct {
	ID, Method, Path, Summary, About, Who string
	Parameters                            []apiField
	Bodies                                []apiBody
	BodyOptional                          bool
	BodyExamples                          []apiExample
	Answers                               []apiAnswer
	Problems                              []apiProblem
}

type apiField struct {
	Name, Where, About, Example string
	Type                        apiType
	Required                    bool
}

// apiType is a type in words, with the schema that it names, if it names one.
type apiType struct{ Before, Name, After string }

type apiBody struct {
	Media string
	Type  apiType
}

type apiExample struct{ Name, Text string }

type apiAnswer struct {
	Status, About, Media, Example string
	Type                          apiType
}

type apiProblem struct {
	Status string
	Codes  []string
}

type apiSchema struct {
	Name, About string
	Type        apiType // of one that is no object
	Fields      []apiField
}

func apiWordsIn(lang link.Lang) apiWords {
	in := func(pt, en string) string { return link.Text{PT: pt, EN: en}.In(lang) }
	return apiWords{
		Parameters: in("Parâmetros", "Parameters"), Body: in("Corpo", "Body"), Answers: in("Respostas", "Answers"), Problems: in("Problemas", "Problems"),
		Example: in("exemplo", "example"), Examples: in("Exemplos", "Examples"), Required: in("obrigatório", "required"), Optional: in("opcional", "optional"),
		Schemas: in("Formas", "Schemas"), Contents: in("Conteúdo", "Contents"), Who: in("Quem", "Who"), Where: in("em", "in"), Nobody: in("qualquer um", "anyone"),
	}
}

// apiOf renders a description.
func apiOf(o *huma.OpenAPI, lang link.Lang) apiView {
	v := apiView{
		head: headOf(lang, link.Both("API", "API"), link.Both(
			"Todas as chamadas deste hub, com exemplos e os problemas que cada uma responde. A descrição é em inglês; os textos dos problemas vêm em português com Accept-Language: pt.",
			"Every call of this hub, with examples and the problems that each answers. The same as OpenAPI stands at /api/v1/openapi.json.")),
		Words: apiWordsIn(lang),
	}
	about, points, _ := strings.Cut(strings.ReplaceAll(o.Info.Description, "`", ""), "\n\n* ")
	v.About, v.Points = about, strings.Split(points, "\n* ")
	for _, tag := range o.Tags {
		g := apiGroup{Tag: tag.Name, About: tag.Description}
		for _, path := range slices.Sorted(maps.Keys(o.Paths)) {
			for _, op := range operations(o.Paths[path]) {
				if slices.Contains(op.Tags, tag.Name) {
					g.Calls = append(g.Calls, apiCallOf(op, v.Words))
				}
			}
		}
		v.Groups = append(v.Groups, g)
	}
	all := o.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		v.Schemas = append(v.Schemas, apiSchemaOf(name, all[name]))
	}
	return v
}

func operations(item *huma.PathItem) []*huma.Operation {
	var list []*huma.Operation
	for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
		if op != nil {
			list = append(list, op)
		}
	}
	return list
}

func apiCallOf(op *huma.Operation, words apiWords) apiCall {
	c := apiCall{ID: op.OperationID, Method: strings.ToUpper(op.Method), Path: op.Path, Summary: op.Summary, About: op.Description, Who: words.Nobody}
	var who []string
	for _, s := range op.Security {
		who = append(who, slices.Sorted(maps.Keys(s))...)
	}
	if len(who) > 0 {
		c.Who = strings.Join(who, ", ")
	}
	for _, p := range op.Parameters {
		f := apiField{Name: p.Name, Where: p.In, About: p.Description, Type: apiTypeOf(p.Schema), Required: p.Required}
		if p.Example != nil {
			f.Example = fmt.Sprint(p.Example)
		}
		c.Parameters = append(c.Parameters, f)
	}
	if op.RequestBody != nil {
		c.BodyOptional = !op.RequestBody.Required
		for _, media := range slices.Sorted(maps.Keys(op.RequestBody.Content)) {
			m := op.RequestBody.Content[media]
			c.Bodies = append(c.Bodies, apiBody{media, apiTypeOf(m.Schema)})
			for _, name := range slices.Sorted(maps.Keys(m.Examples)) {
				c.BodyExamples = append(c.BodyExamples, apiExample{name, pretty(m.Examples[name].Value)})
			}
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		r := op.Responses[status]
		if len(r.Content) == 0 {
			c.Answers = append(c.Answers, apiAnswer{Status: status, About: r.Description})
		}
		for _, media := range slices.Sorted(maps.Keys(r.Content)) {
			m := r.Content[media]
			if len(m.Examples) > 0 { // problems
				c.Problems = append(c.Problems, apiProblem{status, slices.Sorted(maps.Keys(m.Examples))})
				continue
			}
			c.Answers = append(c.Answers, apiAnswer{Status: status, About: r.Description, Media: media, Type: apiTypeOf(m.Schema), Example: pretty(m.Example)})
		}
	}
	return c
}

func apiSchemaOf(name string, s *huma.Schema) apiSchema {
	out := apiSchema{Name: name, About: s.Description}
	if s.Type != huma.TypeObject || len(s.Properties) == 0 {
		out.Type = apiTypeOf(s)
	}
	for _, p := range slices.Sorted(maps.Keys(s.Properties)) {
		f := apiField{Name: p, About: s.Properties[p].Description, Type: apiTypeOf(s.Properties[p]), Required: slices.Contains(s.Required, p)}
		if ex := s.Properties[p].Examples; len(ex) > 0 {
			f.Example = fmt.Sprint(ex[0])
		}
		out.Fields = append(out.Fields, f)
	}
	return out
}

const schemaRef = "#/components/schemas/"

// apiTypeOf says a schema in words.
func apiTypeOf(s *huma.Schema) apiType {
	switch {
	case s == nil:
		return apiType{Before: "bytes"}
	case s.Ref != "":
		return apiType{Name: strings.TrimPrefix(s.Ref, schemaRef)}
	case len(s.OneOf) > 0:
		first, rest := apiTypeOf(s.OneOf[0]), make([]string, 0, len(s.OneOf))
		for _, o := range s.OneOf[1:] {
			rest = append(rest, apiTypeOf(o).text())
		}
		first.After += " | " + strings.Join(rest, " | ")
		return first
	case s.Type == huma.TypeArray:
		t := apiTypeOf(s.Items)
		t.After += "[]"
		return t
	case s.Type == huma.TypeObject:
		if of, ok := s.AdditionalProperties.(*huma.Schema); ok {
			t := apiTypeOf(of)
			t.Before = "map: " + t.Before
			return t
		}
		return apiType{Before: "object"}
	case len(s.Enum) > 0 && len(s.Enum) <= 12:
		values := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			values[i] = fmt.Sprint(v)
		}
		return apiType{Before: strings.Join(values, " | ")}
	case s.Format != "" && s.Type == huma.TypeString:
		return apiType{Before: s.Format}
	}
	return apiType{Before: cmp.Or(s.Type, "any")}
}

func (t apiType) text() string { return t.Before + t.Name + t.After }

// pretty writes an example for people; text that is no JSON stays as it is.
func pretty(v any) string {
	if v == nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}
