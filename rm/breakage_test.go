package rm_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/link"
	"smartlink/rm"
	. "smartlink/rm/rmtest"
)

// consumers are RM's, by message type.
func consumers() map[string]consumer.Consumer {
	by := map[string]consumer.Consumer{}
	for _, c := range rm.Consumers() {
		by[c.Type()] = c
	}
	return by
}

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

// TestSchemasJudgeAsTheDecoder breaks every property of every command in every way.
func TestSchemasJudgeAsTheDecoder(t *testing.T) {
	for _, c := range contracts.Commands {
		t.Run(c.Type, func(t *testing.T) {
			t.Parallel()
			schema := schemaOf(t, c)
			valid := Valid()[c.Type]
			accepted, refused := 0, 0
			for _, x := range append(Breakages(valid, c.Table), Breakage{What: "nothing", Data: valid}) {
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
			if accepted < 100 || refused < 100 {
				t.Errorf("%d accepted, %d refused: too few to say anything", accepted, refused)
			}
		})
	}
}

// TestOneBrokenPropertyIsNamedOrValid: a valid message with one property broken in any way is refused with a
// fault that names the property, or it is booked as it says. Nothing panics, a refusal writes nothing, the
// books tie, and no number changes on its way.
func TestOneBrokenPropertyIsNamedOrValid(t *testing.T) {
	valid := Valid()
	for _, c := range contracts.Commands {
		t.Run(c.Type, func(t *testing.T) {
			breakages := Breakages(valid[c.Type], c.Table)
			if testing.Short() {
				breakages = breakages[:len(breakages)/10]
			}
			by := consumers()
			b := Open(t)
			fresh := func() {
				b.Empty()
				if !c.Insert {
					inc := strings.Replace(c.Type, "Alt", "Inc", 1)
					b.Booked(by[inc], Body(inc, valid[inc]))
				}
			}
			fresh()
			rapid.Check(t, func(rt *rapid.T) {
				x := rapid.SampledFrom(breakages).Draw(rt, "breakage")
				result := b.Run(by[c.Type], Body(c.Type, x.Data))
				if result.Kind == consumer.KindReject {
					if !named(result.Errors, "/data"+x.Pointer) {
						rt.Fatalf("%s = %s: refused, but not for it: %s", x.Pointer, x.What, strings.Join(Lines(result.Errors), "\n"))
					}
					return
				}
				if wrong := b.Untied(); len(wrong) > 0 {
					rt.Fatalf("%s = %s: booked, and %v", x.Pointer, x.What, wrong)
				}
				sameNumbers(rt, b, c.Table, x)
				fresh()
			})
		})
	}
}

func named(faults []link.Fault, property string) bool {
	for _, f := range faults {
		if Names(append([]string{f.Pointer}, f.Related...), property) {
			return true
		}
	}
	return false
}

// sameNumbers compares the numbers of a booked message with what the books hold.
func sameNumbers(t *rapid.T, b *Books, table *contracts.Table, x Breakage) {
	stored := b.Row(`SELECT * FROM ` + table.Name)
	for name, value := range x.Data {
		f := table.Field(name)
		if f == nil || f.Kind != contracts.Amount && f.Kind != contracts.Integer || f.Generated || value == nil || value == any(Left) {
			continue
		}
		text := strings.Trim(fmt.Sprint(raw(value)), `"`)
		if text == "null" || text == "" {
			continue
		}
		want := Rat(t, text)
		got := Rat(t, fmt.Sprint(stored[f.Column]))
		if new(big.Rat).Abs(got).Cmp(new(big.Rat).Abs(want)) != 0 {
			t.Fatalf("%s = %s: %s was given as %s and is stored as %s", x.Pointer, x.What, name, text, fmt.Sprint(stored[f.Column]))
		}
	}
}

func raw(v any) any {
	if r, ok := v.(json.RawMessage); ok {
		return string(r)
	}
	return v
}
