package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"smartlink/contracts"
	"smartlink/examples"
	"smartlink/link"
)

var update = flag.Bool("update", false, "write the made parts of the pages anew")

var (
	examplePart   = regexp.MustCompile("(?s)<!-- example: ([a-z0-9.-]+) -->\n(?:```json\n.*?```\n)?")
	generatedPart = regexp.MustCompile("(?s)<!-- generated: ([a-z]+) -->\n.*?<!-- end -->")
	codePart      = regexp.MustCompile("(?s)<!-- code: (\\S+) ([a-z]+) -->\n(?:```go\n.*?```\n)?")
)

// TestMadePartsOfThePagesAreTrue: examples are those that are tested, code is code that is tested,
// tables are made from the catalogue, the limits and the commands' fields. After a change: go test
// ./cmd/smartlink -run MadeParts -update.
func TestMadePartsOfThePagesAreTrue(t *testing.T) {
	for _, name := range pages(t) {
		page := readPage(t, name)
		lang := link.English
		if strings.HasPrefix(name, "docs/pt/") {
			lang = link.Portuguese
		}
		made := page
		if strings.HasSuffix(name, "/fields.md") {
			made = fieldsPage(lang)
		}
		made = examplePart.ReplaceAllStringFunc(made, func(part string) string {
			file := examplePart.FindStringSubmatch(part)[1]
			return "<!-- example: " + file + " -->\n```json\n" + string(examples.Body(file)) + "```\n"
		})
		made = generatedPart.ReplaceAllStringFunc(made, func(part string) string {
			what := generatedPart.FindStringSubmatch(part)[1]
			return "<!-- generated: " + what + " -->\n" + tableOf(t, what, lang) + "<!-- end -->"
		})
		made = codePart.ReplaceAllStringFunc(made, func(part string) string {
			m := codePart.FindStringSubmatch(part)
			return "<!-- code: " + m[1] + " " + m[2] + " -->\n```go\n" + declarations(t, m[1], m[2]) + "```\n"
		})
		if made == page {
			continue
		}
		if !*update {
			t.Errorf("%s is stale; run go test ./cmd/smartlink -run MadeParts -update", name)
			continue
		}
		if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(name)), []byte(made), 0o644); err != nil { //nolint:gosec // a public page
			t.Fatal(err)
		}
	}
}

// TestHandbookHasEveryCode in both languages, whatever the page's form.
func TestHandbookHasEveryCode(t *testing.T) {
	for _, lang := range []string{"en", "pt"} {
		page := readPage(t, "docs/"+lang+"/support.md")
		for _, e := range link.Entries() {
			if strings.Count(page, "| `"+string(e.Code)+"` |") != 1 {
				t.Errorf("%s: %s", lang, e.Code)
			}
		}
		for _, s := range []string{
			string(link.StateReady), string(link.StateBehind), string(link.StateDelayed), string(link.StateLeased), string(link.StateAcked),
			string(link.StateDead), string(link.StateDiscarded), string(link.DeadRequeueLimit), string(link.DeadLeaseLostLimit), string(link.DeadByReceiver),
			string(link.ERPStored), string(link.ERPRunning), string(link.ERPWaiting), string(link.ERPBlocked), string(link.ERPRejected),
		} {
			if !strings.Contains(page, "| `"+s+"` |") {
				t.Errorf("%s: nothing of %s", lang, s)
			}
		}
	}
}

// declarations are those of a Go file that belong to a type: from its comment to the end of its last
// method.
func declarations(t *testing.T, file, name string) string {
	t.Helper()
	source := readPage(t, file)
	start := strings.Index(source, "// "+name+" ")
	last := strings.LastIndex(source, "\nfunc ("+name+") ")
	if start < 0 || last < 0 {
		t.Fatalf("%s: no %s", file, name)
	}
	end := strings.Index(source[last:], "\n}\n")
	return source[start : last+end+len("\n}\n")]
}

// row writes a line of a table.
func row(cells ...string) string {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

func headOf(lang link.Lang, cells ...link.Text) string {
	words, dashes := make([]string, len(cells)), make([]string, len(cells))
	for i, c := range cells {
		words[i], dashes[i] = c.In(lang), "---"
	}
	return row(words...) + "|" + strings.Join(dashes, "|") + "|\n"
}

// tableOf makes the table of a generated part.
func tableOf(t *testing.T, what string, lang link.Lang) string {
	t.Helper()
	var b strings.Builder
	switch what {
	case "problems":
		b.WriteString(headOf(lang, link.Text{PT: "code", EN: "code"}, link.Text{PT: "status HTTP", EN: "HTTP status"}, link.Text{PT: "o que é", EN: "what it is"},
			link.Text{PT: "o que fazer", EN: "what to do"}))
		for _, e := range link.Entries() {
			status := "–"
			if e.Status != 0 {
				status = fmt.Sprint(e.Status)
			}
			b.WriteString(row("`"+string(e.Code)+"`", status, link.Text{PT: e.TitlePT, EN: e.TitleEN}.In(lang), link.NewError(e.Code).Text().In(lang)))
		}
	case "limits":
		b.WriteString(headOf(lang, link.Text{PT: "limite", EN: "limit"}, link.Text{PT: "valor", EN: "value"}, link.Text{PT: "de", EN: "of"}))
		for _, l := range link.Limits() {
			b.WriteString(row("`"+l.Name+"`", l.Value, l.Meaning.In(lang)))
		}
	default:
		t.Fatalf("nothing makes %s", what)
	}
	return b.String()
}

// fieldsPage is the page of the commands' fields.
func fieldsPage(lang link.Lang) string {
	var b strings.Builder
	line := func(pt, en string) { b.WriteString(link.Text{PT: pt, EN: en}.In(lang) + "\n") }
	line("# Os campos dos comandos\n\n[English](../en/fields.md)\n", "# The fields of the commands\n\n[Português](../pt/fields.md)\n")
	line("Feita a partir de `contracts`; `smartlink schema show TIPO` imprime o mesmo como JSON Schema. *Obrigatório*: uma inclusão precisa dele, uma\n"+
		"alteração não pode limpá-lo. *Só leitura*: mantido pelo RM, aceito só com o valor que já tem.\n",
		"Made from `contracts`; `smartlink schema show TYPE` prints the same as JSON Schema. *Required*: a new record needs it, an edit may not clear\n"+
			"it. *Read-only*: kept by RM, accepted only with the value that it has.\n")
	var done []*contracts.Table
	for _, c := range contracts.Commands {
		seen := false
		for _, t := range done {
			seen = seen || t == c.Table
		}
		if seen {
			continue
		}
		done = append(done, c.Table)
		var names []string
		for _, other := range contracts.Commands {
			if other.Table == c.Table {
				names = append(names, "`"+other.Type+"`: "+link.Text{PT: other.PT, EN: other.EN}.In(lang))
			}
		}
		fmt.Fprintf(&b, "## %s\n\n%s.\n\n", link.Text{PT: c.Table.PT, EN: c.Table.EN}.In(lang), strings.Join(names, "; "))
		writeFields(&b, c.Table, lang)
		for i := range c.Table.Fields {
			if f := &c.Table.Fields[i]; f.Child != nil {
				fmt.Fprintf(&b, "\n### %s: %s\n\n", f.Name, link.Text{PT: f.Child.PT, EN: f.Child.EN}.In(lang))
				writeFields(&b, f.Child, lang)
			}
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func writeFields(b *strings.Builder, t *contracts.Table, lang link.Lang) {
	b.WriteString(headOf(lang, link.Text{PT: "propriedade", EN: "property"}, link.Text{PT: "coluna", EN: "column"}, link.Text{PT: "forma", EN: "form"},
		link.Text{PT: "significado", EN: "meaning"}))
	for i := range t.Fields {
		f := &t.Fields[i]
		column := "–"
		if f.Stored() {
			column = "`" + f.Column + "`"
		}
		meaning := link.Text{PT: f.PT, EN: f.EN}.In(lang)
		for _, r := range remarks(f, lang) {
			meaning += "; " + r
		}
		b.WriteString(row("`"+f.Name+"`", column, form(f, lang), meaning))
	}
}

// form says what a value looks like.
func form(f *contracts.Field, lang link.Lang) string {
	in := func(pt, en string) string { return link.Text{PT: pt, EN: en}.In(lang) }
	switch f.Kind {
	case contracts.Text:
		return fmt.Sprintf(in("texto, até %d", "text, up to %d"), f.Size)
	case contracts.Amount:
		return fmt.Sprintf(in("decimal, %d dígitos, %d casas", "decimal, %d digits, %d places"), f.Numeric.Digits, f.Numeric.Places)
	case contracts.Day:
		return in("data", "date")
	case contracts.Moment:
		return in("data e hora, UTC", "date and time, UTC")
	case contracts.Switch:
		return in("verdadeiro ou falso", "true or false")
	case contracts.List:
		return fmt.Sprintf(in("lista, até %d", "list, up to %d"), f.MaxRows)
	case contracts.Open:
		return in("objeto", "object")
	}
	if len(f.Values) == 0 {
		return in("inteiro", "integer")
	}
	options := make([]string, len(f.Values))
	for i, v := range f.Values {
		options[i] = fmt.Sprintf("%d %s", v.Value, link.Text{PT: v.PT, EN: v.EN}.In(lang))
	}
	return strings.Join(options, ", ")
}

// remarks say what else holds for a field.
func remarks(f *contracts.Field, lang link.Lang) (list []string) {
	add := func(when bool, pt, en string) {
		if when {
			list = append(list, link.Text{PT: pt, EN: en}.In(lang))
		}
	}
	add(f.Generated, "chave feita pelo RM: -1, 0 ou ausente na inclusão", "key made by RM: -1, 0 or absent in a new record")
	add(f.Key && !f.Generated, "chave, sempre obrigatória", "key, always required")
	add(f.FromParent, "a do registro de cima", "the parent's")
	add(f.Required, "obrigatório", "required")
	add(f.Default != "", "padrão "+f.Default, "default "+f.Default)
	add(f.DefaultFrom != "", "padrão o de "+f.DefaultFrom, "default that of "+f.DefaultFrom)
	add(f.CompanyOf != "", "0 ou a coligada do registro, que é o padrão", "0 or the record's company, which is the default")
	add(f.ReadOnly, "só leitura", "read-only")
	add(f.InsertOnly, "só na inclusão", "in a new record only")
	add(f.Locked, "não muda depois de contabilizado", "unchanged once accounted")
	add(f.Sign == contracts.AboveZero, "acima de zero", "above zero")
	add(f.Sign == contracts.NotBelowZero, "não negativo", "not below zero")
	return list
}
