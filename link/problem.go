package link

import (
	"errors"
	"net/http"
	"strings"
)

// Code is a stable problem code, `SL-…`. All codes stand in catalogue.go.
type Code string

// Lang is a language of public messages.
type Lang string

// The languages.
const (
	Portuguese Lang = "pt"
	English    Lang = "en"
)

// AcceptLanguage picks the language of an answer from an Accept-Language header: the first of
// Portuguese and English that it names, English without one.
func AcceptLanguage(header string) Lang {
	for part := range strings.SplitSeq(header, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch base, _, _ := strings.Cut(strings.ToLower(tag), "-"); base {
		case "pt":
			return Portuguese
		case "en":
			return English
		}
	}
	return English
}

// Error is a failure with a code of the catalogue, a public message in two languages and a private
// cause. Use errors.As, or CodeOf, to look at it.
type Error struct {
	Code   Code
	Args   map[string]string // fill the placeholders of the catalogue's texts; "namePT" wins over "name" in Portuguese
	Errors []FieldError      // what in the request is wrong, each with a pointer
	Header http.Header       // extra response headers, e.g. WWW-Authenticate
	Cause  error             // never shown to the caller
}

// FieldError points at one wrong place of a request.
type FieldError struct {
	Pointer string `json:"pointer" doc:"JSON Pointer into the body, or the name of a parameter or header"`
	Code    Code   `json:"code"`
	Detail  string `json:"detail"`

	text Text // of an Error; Problem picks the Detail
}

// NewFieldError makes a FieldError whose Detail is given in both languages.
func NewFieldError(pointer string, code Code, detail Text) FieldError {
	return FieldError{Pointer: pointer, Code: code, Detail: detail.EN, text: detail}
}

// Text is the detail in both languages.
func (f FieldError) Text() Text {
	if f.text == (Text{}) {
		return Text{f.Detail, f.Detail}
	}
	return f.text
}

// NewError makes an error of the catalogue. args are name, value pairs for the text's placeholders. A
// value that is not the same in both languages stands under its name and, in Portuguese, under
// name+"PT".
func NewError(code Code, args ...string) *Error {
	e := &Error{Code: code}
	for i := 0; i+1 < len(args); i += 2 {
		if e.Args == nil {
			e.Args = make(map[string]string, len(args)/2)
		}
		e.Args[args[i]] = args[i+1]
	}
	return e
}

// Because adds the private cause.
func (e *Error) Because(cause error) *Error { e.Cause = cause; return e }

// At adds a wrong place.
func (e *Error) At(pointer string, code Code, detail Text) *Error {
	e.Errors = append(e.Errors, NewFieldError(pointer, code, detail))
	return e
}

// Error tells code, public text and cause, for logs.
func (e *Error) Error() string {
	s := e.Problem(English, "").Error()
	if e.Cause != nil {
		s = strings.TrimSuffix(s, ".") + ": " + e.Cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors.Is(err, link.NewError(code)) compare codes.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Status is the HTTP status of the error's code.
func (e *Error) Status() int { return Catalogue(e.Code).Status }

// Text is the error's public text, without its Errors.
func (e *Error) Text() Text {
	return Text{e.Problem(Portuguese, "").Detail, e.Problem(English, "").Detail}
}

// Problem renders the error for a caller. instance names the request.
func (e *Error) Problem(lang Lang, instance string) *Problem {
	entry := Catalogue(e.Code)
	title, detail := entry.TitleEN, entry.DetailEN
	if lang == Portuguese {
		title, detail = entry.TitlePT, entry.DetailPT
	}
	if len(e.Args) > 0 {
		// All at once: a value that looks like a placeholder stays as it is.
		pairs := make([]string, 0, 2*len(e.Args))
		for name, value := range e.Args {
			if pt, ok := e.Args[name+"PT"]; ok && lang == Portuguese {
				value = pt
			}
			pairs = append(pairs, "{"+name+"}", value)
		}
		detail = strings.NewReplacer(pairs...).Replace(detail)
	}
	return &Problem{
		Type: "/docs/problems#" + string(e.Code), Title: title, Status: entry.Status, Code: e.Code, Detail: detail,
		Instance: instance, Errors: inLang(e.Errors, lang),
	}
}

// InLang picks the Detail of each place in a language; nil for none.
func InLang(errs []FieldError, lang Lang) []FieldError { return inLang(errs, lang) }

func inLang(errs []FieldError, lang Lang) []FieldError {
	if len(errs) == 0 {
		return nil
	}
	picked := make([]FieldError, len(errs))
	for i, f := range errs {
		picked[i] = FieldError{Pointer: f.Pointer, Code: f.Code, Detail: f.Text().In(lang)}
	}
	return picked
}

// CodeOf answers the code of an error, or CodeInternal when it has none and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Code
	}
	return CodeInternal
}

// Problem is an error as a caller sees it: application/problem+json of RFC 9457. The client
// package returns it as an error.
type Problem struct {
	Type     string       `json:"type" doc:"Link to the problem's page" example:"/docs/problems#SL-NO-ROUTE"`
	Title    string       `json:"title" doc:"Short name of the problem"`
	Status   int          `json:"status" doc:"HTTP status" example:"422"`
	Code     Code         `json:"code" doc:"Stable code" example:"SL-NO-ROUTE"`
	Detail   string       `json:"detail" doc:"What happened and what to do"`
	Instance string       `json:"instance,omitempty" doc:"Id of the request, as in the hub's log"`
	Errors   []FieldError `json:"errors,omitempty" doc:"What in the request is wrong"`
}

// Error tells code and detail.
func (p *Problem) Error() string {
	s := string(p.Code) + ": " + p.Detail
	for _, f := range p.Errors {
		s = strings.TrimSuffix(s, ".") + "; " + strings.TrimPrefix(f.Pointer+": ", ": ") + f.Detail
	}
	return s
}

// GetStatus answers the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is the media type of a problem.
func (p *Problem) ContentType(string) string { return "application/problem+json" }
