// Package examples holds message bodies that work on the seed of the reference schema; README.md
// lists them.
package examples

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
)

//go:embed *.json
var files embed.FS

// The examples.
const (
	FinLanInc        = "finlan-inc.json"
	FinLanIncRefused = "finlan-inc-refused.json"
	FinLanAlt        = "finlan-alt.json"
)

// Body answers the bytes of an example. An unknown name is a programming error and panics.
func Body(name string) []byte {
	b, err := files.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("examples: %v", err))
	}
	return b
}

// Tenant is the tenant the examples name.
const Tenant = "b991502e-6faa-4e3a-aaf4-967c4fe2a196"

// Numbered answers an example with suffix behind its business key and its document number, and the
// document number, so that each is another business fact. All other bytes stay as they are. It is for
// the demo and for tests; an unknown name panics like Body.
func Numbered(name, suffix string) (body []byte, document string, err error) {
	body = Body(name)
	var e struct {
		Header struct{ BusinessKey string }
		Data   struct{ NumeroDocumento string }
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, "", fmt.Errorf("example %s: %w", name, err)
	}
	for _, value := range []string{e.Header.BusinessKey, e.Data.NumeroDocumento} {
		body = bytes.Replace(body, []byte(strconv.Quote(value)), []byte(strconv.Quote(value+suffix)), 1)
	}
	return body, e.Data.NumeroDocumento + suffix, nil
}
