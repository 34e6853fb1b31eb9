package rm_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"smartlink/consumer"
	"smartlink/consumer/consumertest"
	"smartlink/contracts"
	"smartlink/examples"
	"smartlink/link"
	"smartlink/rm"
	"smartlink/rm/rmtest"
)

// breakable is a valid message whose fields are broken one at a time. A command is added by an entry.
type breakable struct {
	name    string
	command *contracts.Command
	data    func() rmtest.Object // of a valid message
	before  []prior              // what stands in the books already: what an edit edits, and bystanders

	// signed turns an amount of a message into what the books hold of it, where that is not the same.
	signed func(column, sent string, row map[string]any) string
	// follows lists columns that an edit changes without being told, as TABLE.COLUMN. Companies of codes
	// and signatures are always among them.
	follows []string
}

// prior is a message that is booked first.
type prior struct {
	command *contracts.Command
	data    func() rmtest.Object
}

var breakables = []breakable{
	{name: "FinLanInc", command: contracts.FinLanInc, data: complete(contracts.FinLanInc), before: twice(contracts.FinLanInc)},
	{name: "FinLanInc of the examples", command: contracts.FinLanInc, data: example(examples.FinLanInc), before: twice(contracts.FinLanInc)},
	{name: "FinLanAlt", command: contracts.FinLanAlt, data: complete(contracts.FinLanAlt), before: twice(contracts.FinLanInc)},
	{name: "FinLanAlt of the examples", command: contracts.FinLanAlt, data: example(examples.FinLanAlt),
		before: []prior{{contracts.FinLanInc, example(examples.FinLanInc)}, {contracts.FinLanInc, example(examples.FinLanInc)}}},
	{name: "FinXCXInc", command: contracts.FinXCXInc, data: complete(contracts.FinXCXInc), before: twice(contracts.FinXCXInc), signed: byKind},
	{name: "FinXCXAlt", command: contracts.FinXCXAlt, data: complete(contracts.FinXCXAlt), before: twice(contracts.FinXCXInc), signed: byKind,
		follows: []string{"FXCX.VALOR", "FXCX.VALORCONTABIL", "FXCX.VALOREMREAIS"}},
	{name: "CtbLanInc", command: contracts.CtbLanInc, data: complete(contracts.CtbLanInc), before: twice(contracts.CtbLanInc)},
	{name: "CtbLanAlt", command: contracts.CtbLanAlt, data: complete(contracts.CtbLanAlt), before: twice(contracts.CtbLanInc),
		follows: []string{"CRATEIOLC.CODCONTA", "CRATEIOLC.DATA"}},
}

// complete answers the most complete data of a command.
func complete(c *contracts.Command) func() rmtest.Object {
	return func() rmtest.Object { return parse(rmtest.Body(c.Type, rmtest.Valid()[c.Type])) }
}

// example answers the data of an example.
func example(name string) func() rmtest.Object {
	return func() rmtest.Object { return parse(string(examples.Body(name))) }
}

// twice books the most complete message of a command twice: the first is edited, the second looks on.
func twice(c *contracts.Command) []prior {
	return []prior{{c, complete(c)}, {c, complete(c)}}
}

// byKind gives the amounts of a statement entry the sign of its kind.
func byKind(column, sent string, row map[string]any) string {
	if row["TIPO"] == int64(contracts.Withdrawal) && slices.Contains([]string{"VALOR", "VALORCONTABIL"}, column) {
		return "-" + sent
	}
	return sent
}

// parse reads the data of a body, numbers as they are written.
func parse(body string) rmtest.Object {
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	var o struct{ Data rmtest.Object }
	if err := dec.Decode(&o); err != nil {
		panic(err)
	}
	return o.Data
}

// consumers are RM's, by message type.
func consumers() map[string]consumer.Consumer {
	by := map[string]consumer.Consumer{}
	for _, c := range rm.Consumers() {
		by[c.Type()] = c
	}
	return by
}

func consumerOf(c *contracts.Command) consumer.Consumer { return consumers()[c.Type] }

// seeded answers books in which everything before stands.
func (k breakable) seeded(t *testing.T) *rmtest.Books {
	b := rmtest.Open(t)
	for _, p := range k.before {
		b.Booked(consumerOf(p.command), rmtest.Body(p.command.Type, p.data()))
	}
	return b
}

// every tells of how many of the breakages one is tried, another in every run. All of them, a minute's
// work: go test ./rm -run Broken -every 1
var every = flag.Int("every", usually, "of how many breakages one is tried")

// Any one field of a valid message broken in any way: the message is refused with a fault that names
// the field, and nothing is written; or it is booked, and what stands in the books is what was sent, to
// the last place, the books tie, and nothing else has changed.
func TestBrokenFieldsAreNamedOrBookedAsSent(t *testing.T) {
	for _, k := range breakables {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			b := k.seeded(t)
			before := snapshotOf(b.Runner.DB, k.command.Table)
			all := rmtest.Breakages(k.data(), k.command.Table)
			for i := rand.IntN(*every); i < len(all); i += *every {
				x := all[i]
				k.try(t, b, before, "/data"+x.Pointer, x.What, rmtest.Body(k.command.Type, x.Data))
			}
			spots := spotsOf(k.command.Table, k.data(), nil)
			rapid.Check(t, func(rt *rapid.T) {
				s, br := rapid.SampledFrom(spots).Draw(rt, "field"), anyBreakage.Draw(rt, "breakage")
				data := k.data()
				s.apply(data, br)
				k.try(rt, b, before, s.pointer(), br.String(), `{"header":{},"data":`+render(data)+`}`)
			})
		})
	}
}

// The messages as they are must be booked; else the property says nothing.
func TestUnbrokenMessagesAreBooked(t *testing.T) {
	for _, k := range breakables {
		t.Run(k.name, func(t *testing.T) {
			k.seeded(t).Booked(consumerOf(k.command), rmtest.Body(k.command.Type, k.data()))
		})
	}
}

// try looks at what comes of a message with one broken field.
func (k breakable) try(t interface{ Fatalf(string, ...any) }, b *rmtest.Books, before snapshot, pointer, what, body string) {
	fail := func(format string, args ...any) {
		t.Fatalf("%s\n%s %s\nmessage: %s", fmt.Sprintf(format, args...), pointer, what, body)
	}
	if !json.Valid([]byte(body)) {
		fail("the test made no JSON")
	}
	problems := b.Try(consumerOf(k.command), body, func(tx consumer.Tx, result consumertest.Result) {
		switch result.Kind {
		case consumer.KindReject:
			if !named(result.Errors, pointer) {
				fail("no fault names the field: %v", rmtest.Lines(result.Errors))
			}
		case consumer.KindDone:
			c := &checker{k: k, before: before, after: snapshotOf(tx, k.command.Table), fail: fail}
			c.check(result.Keys, parse(body))
			if wrong := rmtest.Untied(t, tx); len(wrong) > 0 {
				fail("the books do not tie: %v", wrong)
			}
		}
	})
	if len(problems) > 0 {
		fail("%s", strings.Join(problems, "\n"))
	}
}

// named tells whether a fault points at a field or below it, in any spelling.
func named(faults []link.Fault, pointer string) bool {
	for _, f := range faults {
		at := append([]string{f.Pointer}, f.Related...)
		for i := range at {
			at[i] = contracts.FoldName(at[i])
		}
		if rmtest.Names(at, contracts.FoldName(pointer)) {
			return true
		}
	}
	return false
}
