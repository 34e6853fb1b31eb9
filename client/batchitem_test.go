package client

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"testing"
	"unicode/utf8"

	"smartlink/link"
)

// FuzzBatchItem: what is written of a message is what encoding/json reads again.
func FuzzBatchItem(f *testing.F) {
	f.Add("", "", "", []byte(nil))
	f.Add("FinLanIncDataCommand", "k", "ção 😀", []byte(`{"a":"b\"c\\"}`+"\x00\x1f\x7f\b\f\n\r\t\u2028<&>"))
	f.Add("Note", "\"", "\\", []byte("\xff\x00"))
	f.Fuzz(func(t *testing.T, a, b, c string, body []byte) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) || !utf8.ValidString(c) {
			return
		}
		for _, want := range []link.BatchMessage{
			{Type: a}, {Type: a, Audience: b, ContentType: c, IdempotencyKey: a, Headers: map[string]string{a: b, c: a}}, {Headers: map[string]string{b: c}},
		} {
			text := appendItem(nil, want, body)
			if whole := string(body); utf8.ValidString(whole) {
				want.Content = &whole
			} else {
				want.ContentBase64 = new(base64.StdEncoding.EncodeToString(body))
			}
			var got link.BatchMessage
			if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s is %+v, %v, want %+v", text, got, err, want)
			}
		}
	})
}
