package api

import (
	"net/http"

	"smartlink/link"
)

// endpoint is one call of the API: where it is, what it is, what it does. The description and the
// route come from the same value, so that neither is without the other.
type endpoint struct {
	method, path string
	id           string // operationId
	tag          string
	summary      string
	about        string
	who          access
	parameters   []parameter
	request      *content
	answers      []reply
	problems     []link.Code // besides those of its access and of every call
	foreign      bool        // described here, served by others, with no problems but those listed
	serve        func(*call) error
}

// parameter describes one query parameter or header.
type parameter struct {
	name, in string
	about    string
	example  any
	schema   any // a Go value of its type
}

// content describes a body.
type content struct {
	types    []string // media types
	schema   any      // a Go value of its type; nil: any bytes
	optional bool
	examples map[string]any
}

// reply describes one answer that is no problem.
type reply struct {
	status  int
	about   string
	schema  any    // nil: no body
	media   string // media type; empty: JSON
	example any
}

// serveHTTP admits the caller, then serves.
func (e *endpoint) serveHTTP(w http.ResponseWriter, _ *http.Request) {
	c := w.(*call)
	err := c.admit(e.who)
	if err == nil {
		err = e.serve(c)
	}
	if err != nil {
		c.fail(err)
	}
}
