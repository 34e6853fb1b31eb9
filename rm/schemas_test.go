package rm_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"smartlink/contracts"
	. "smartlink/rm/rmtest"
)

// schemaOf compiles a command's schema.
func schemaOf(t *testing.T, c *contracts.Command) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(c.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(c.Type, doc); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile(c.Type)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// outsideOfSchemas tells of a breakage that a schema cannot judge, or its validator not compute.
func outsideOfSchemas(what string, violations []contracts.Violation) bool {
	for _, v := range violations {
		if v.Code == contracts.ParentKey || v.Code == contracts.Repeated || v.Code == contracts.ReadOnly && v.Of.DefaultFrom != "" {
			return true
		}
	}
	return strings.Contains(what, "1e999999999999") || // no such number for the validator
		strings.ContainsAny(what, "eE") && strings.HasPrefix(what, `"`) && json.Valid([]byte(strings.Trim(what, `"`))) // a number with an exponent in a string
}

// TestSchemasJudgeAsTheDecoder breaks every property of every command in every way, of which every run
// tries some: see the flag every.
func TestSchemasJudgeAsTheDecoder(t *testing.T) {
	for _, c := range contracts.Commands {
		t.Run(c.Type, func(t *testing.T) {
			t.Parallel()
			schema := schemaOf(t, c)
			valid := Valid()[c.Type]
			accepted, refused := 0, 0
			all := append(Breakages(valid, c.Table), Breakage{What: "nothing", Data: valid})
			for i := len(all) - 1 - rand.IntN(*every); i >= 0; i -= *every {
				x := all[i]
				body := Body(c.Type, x.Data)
				_, findings := c.Decode([]byte(body))
				if outsideOfSchemas(x.What, findings.Violations) {
					continue
				}
				doc, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				err = schema.Validate(doc)
				if (err == nil) != findings.OK() {
					t.Errorf("%s = %s: decoder %v, schema %v", x.Pointer, x.What, findings.Violations, err)
				}
				if err == nil {
					accepted++
				} else {
					refused++
				}
			}
			if few := 100 / *every; accepted <= few || refused <= few {
				t.Errorf("%d accepted, %d refused: too few to say anything", accepted, refused)
			}
		})
	}
}
