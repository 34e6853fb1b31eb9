package schema

import (
	"strconv"
	"strings"

	"smartlink/contracts"
	"smartlink/link"
)

// kinds are the kinds of value in both languages.
var kinds = map[string]link.Text{
	contracts.Integer.String(): {PT: "um número inteiro", EN: "a whole number"},
	contracts.Text.String():    {PT: "um texto entre aspas", EN: "a text in quotes"},
	contracts.Amount.String():  {PT: "um número", EN: "a number"},
	contracts.Day.String():     {PT: "uma data", EN: "a date"},
	contracts.Moment.String():  {PT: "uma data e hora", EN: "a date and time"},
	contracts.Switch.String():  {PT: "true ou false", EN: "true or false"},
	contracts.List.String():    {PT: "uma lista [ ]", EN: "a list [ ]"},
	contracts.Open.String():    {PT: "um objeto { }", EN: "an object { }"},
}

// violations says what is wrong with a command's form. {label} is the field's meaning; the others are
// the violation's arguments.
var violations = map[contracts.Code]link.Text{
	contracts.NotJSON:       {PT: "o corpo não é JSON em UTF-8", EN: "the body is not JSON in UTF-8"},
	contracts.NoData:        {PT: "falta o objeto de dados: {\"header\":{…},\"data\":{…}}", EN: "the data object is missing: {\"header\":{…},\"data\":{…}}"},
	contracts.Repeated:      {PT: "{label}: aparece mais de uma vez", EN: "{label}: stands there more than once"},
	contracts.Required:      {PT: "{label}: é obrigatório", EN: "{label}: is required"},
	contracts.NotNull:       {PT: "{label}: não pode ficar vazio", EN: "{label}: cannot be empty"},
	contracts.WrongType:     {PT: "{label}: deve ser {want}", EN: "{label}: must be {want}"},
	contracts.TooLong:       {PT: "{label}: tem {length} caracteres; cabem {size}", EN: "{label}: has {length} characters; {size} fit"},
	contracts.OutOfRange:    {PT: "{label}: {value} está fora do intervalo ({range})", EN: "{label}: {value} is out of range ({range})"},
	contracts.TooManyPlaces: {PT: "{label}: {value} tem mais de {places} casas decimais", EN: "{label}: {value} has more than {places} decimal places"},
	contracts.NotDate:       {PT: "{label}: {value} não é uma data válida", EN: "{label}: {value} is no valid date"},
	contracts.NotAllowed:    {PT: "{label}: {value} não é aceito; use {allowed}", EN: "{label}: {value} is not accepted; use {allowed}"},
	contracts.BadCharacters: {PT: "{label}: contém caracteres de controle ou perdidos", EN: "{label}: contains control or lost characters"},
	contracts.NotPositive:   {PT: "{label}: deve ser maior que zero", EN: "{label}: must be above zero"},
	contracts.Negative:      {PT: "{label}: não pode ser menor que zero", EN: "{label}: must not be below zero"},
	contracts.KeyGiven:      {PT: "{label}: um registro novo não traz id ({value}); envie -1", EN: "{label}: a new record brings no id ({value}); send -1"},
	contracts.KeyMissing:    {PT: "{label}: a edição precisa do id verdadeiro", EN: "{label}: an edit needs the real id"},
	contracts.ParentKey:     {PT: "{label}: {value} não é o do registro ({parent})", EN: "{label}: {value} is not the record's ({parent})"},
	contracts.ReadOnly:      {PT: "{label}: é preenchido pelo ERP ({expected}); deixe de enviar", EN: "{label}: the ERP fills it ({expected}); leave it out"},
	contracts.ForeignCompany: {
		PT: "{label}: {value} não é 0 nem a coligada do registro ({company})", EN: "{label}: {value} is neither 0 nor the record's company ({company})",
	},
	contracts.TooManyRows: {PT: "{label}: {rows} linhas; cabem {max}", EN: "{label}: {rows} rows; {max} fit"},
	contracts.MustBeFalse: {PT: "{label}: envie as linhas; o ERP não as preenche", EN: "{label}: send the rows; the ERP does not fill them"},
}

// violationWords says a violation in both languages.
func violationWords(v contracts.Violation) link.Text {
	t, ok := violations[v.Code]
	if !ok {
		t = link.Text{PT: "{label}: não segue o esquema (" + string(v.Code) + ")", EN: "{label}: does not match the schema (" + string(v.Code) + ")"}
	}
	return link.Text{PT: fill(t.PT, v, link.Portuguese), EN: fill(t.EN, v, link.English)}
}

// fill puts a violation's arguments into a text. What a body brought stays as it is, even if it looks
// like a placeholder.
func fill(text string, v contracts.Violation, lang link.Lang) string {
	var b strings.Builder
	b.Grow(2 * len(text))
	for {
		before, rest, found := strings.Cut(text, "{")
		name, after, closed := strings.Cut(rest, "}")
		value, known := argument(v, name, lang)
		switch {
		case !found:
			b.WriteString(text)
			return b.String()
		case !closed || !known: // a brace of the text itself
			b.WriteString(before)
			b.WriteByte('{')
			text = rest
			continue
		}
		b.WriteString(before)
		b.WriteString(value)
		text = after
	}
}

// argument is the value of a placeholder.
func argument(v contracts.Violation, name string, lang link.Lang) (value string, known bool) {
	switch name {
	case "label":
		if v.Of == nil {
			return v.Args["name"], true
		}
		return link.Text{PT: v.Of.PT, EN: v.Of.EN}.In(lang), true
	case "range":
		if v.Of == nil {
			return "", true
		}
		return bounds(v.Of).In(lang), true
	}
	value, known = v.Args[name]
	if kind, ok := kinds[value]; ok && name == "want" {
		return kind.In(lang), true
	}
	if known && value == "" {
		value = link.Text{PT: "vazio", EN: "empty"}.In(lang)
	}
	return value, known
}

// bounds writes what a number may be.
func bounds(f *contracts.Field) link.Text {
	switch f.Kind {
	case contracts.Integer:
		return link.Both("%s a %s", "%s to %s", strconv.FormatInt(f.Min, 10), strconv.FormatInt(f.Max, 10))
	case contracts.Amount:
		return link.Both("até %s", "up to %s", f.Numeric.Max().String())
	}
	return link.Text{}
}
