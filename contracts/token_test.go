package contracts

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
)

var tokenTexts = []string{
	`{}`, `[]`, ` { "a" : 1 , "b":[true,false,null,-0.5e+7,""], "c":{"d":"x"} } `, `"a"`, `12`, "\t\n\r-1", `null`, `{"":{"":[[],[{}]]}}`,
	`"\"\\\/\b\f\n\r\té\ud83d\ude00\ud800"`, `["ção","\\",",:{}[]\""]`, `{"a\u0062":"}"}`, "\"\x7f\u2028\"",
}

// sameTokens compares the tokens of a text with those of the standard decoder, and each member's value.
func sameTokens(t *testing.T, text []byte) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	ours := tokens{text: string(text)}
	depth := 0
	for {
		want, wantErr := dec.Token()
		got, gotErr := ours.next()
		if (wantErr == io.EOF) != (gotErr == io.EOF) || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: token %#v %v, want %#v %v", text, got, gotErr, want, wantErr)
		}
		if wantErr != nil {
			break
		}
		switch want {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > 0 && ours.more() != dec.More() {
			t.Fatalf("%q: more %v after %v", text, ours.more(), want)
		}
	}
	whole := tokens{text: string(text)}
	if got := whole.value(); got != strings.Trim(string(text), " \t\r\n") {
		t.Errorf("%q: value %q", text, got)
	}
}

func TestTokensAreTheStandardOnes(t *testing.T) {
	for _, text := range tokenTexts {
		sameTokens(t, []byte(text))
	}
}

func FuzzTokens(f *testing.F) {
	for _, text := range tokenTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if json.Valid(text) && bytes.Equal(text, bytes.ToValidUTF8(text, nil)) {
			sameTokens(t, text)
		}
	})
}
