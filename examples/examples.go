// Package examples holds message bodies that work on the seed of the reference schema; README.md
// lists them.
package examples

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

//go:embed *.json postman/*.json
var files embed.FS

// The examples.
const (
	FinLanInc        = "finlan-inc.json"
	FinLanIncRefused = "finlan-inc-refused.json"
	FinLanAlt        = "finlan-alt.json"
	FinXCXInc        = "finxcx-inc.json"
	FinXCXAlt        = "finxcx-alt.json"
	CtbLanInc        = "ctblan-inc.json"
	CtbLanIncRefused = "ctblan-inc-refused.json"
	CtbLanAlt        = "ctblan-alt.json"
)

// Body answers the bytes of an example. An unknown name is a programming error and panics.
func Body(name string) []byte {
	b, err := files.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("examples: %v", err))
	}
	return b
}

// Files of the Postman collection, by their names in postman/.
const (
	PostmanCollection = "smartlink.postman_collection.json"
	PostmanLocal      = "local.postman_environment.json"
)

// Postman answers the bytes of a file of the Postman collection; an unknown name panics like Body.
func Postman(name string) []byte { return Body("postman/" + name) }

// Tenant is the tenant the examples name.
const Tenant = "b991502e-6faa-4e3a-aaf4-967c4fe2a196"

// Numbered answers an example with suffix behind its business key and, where it has one, its document
// number, and that number, so that each is another business fact. All other bytes stay as they are. It is
// for the demo and for tests; an unknown name panics like Body.
func Numbered(name, suffix string) (body []byte, document string, err error) {
	body = Body(name)
	var e struct {
		Header struct{ BusinessKey string }
		Data   struct{ NumeroDocumento string }
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, "", fmt.Errorf("example %s: %w", name, err)
	}
	document = e.Data.NumeroDocumento
	for _, value := range []string{e.Header.BusinessKey, document} {
		if value != "" {
			body = bytes.Replace(body, []byte(strconv.Quote(value)), []byte(strconv.Quote(value+suffix)), 1)
		}
	}
	if document != "" {
		document += suffix
	}
	return body, document, nil
}

// Type answers the message type of an example; an unknown name panics like Body.
func Type(name string) string {
	var e struct {
		Header struct{ Type string }
	}
	if err := json.Unmarshal(Body(name), &e); err != nil {
		panic(fmt.Sprintf("examples: %s: %v", name, err))
	}
	return e.Header.Type
}

// Of answers the body of an edit for the record that an answer's keys name, as {"IdLan": 7}. All other
// bytes stay as they are.
func Of(body []byte, keys map[string]int64) []byte {
	for name, id := range keys {
		at := regexp.MustCompile(`("` + regexp.QuoteMeta(name) + `"\s*:\s*)-?[0-9]+`).FindSubmatchIndex(body)
		if at != nil {
			body = slices.Concat(body[:at[3]], strconv.AppendInt(nil, id, 10), body[at[1]:])
		}
	}
	return body
}
