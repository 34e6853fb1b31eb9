package api

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"smartlink/examples"
	"smartlink/link"
)

var batchTexts = []string{
	`{"messages":[]}`, `{"messages":[{"type":"X","content":"{\"a\":\"b\\\"c\\n\"}","idempotencyKey":"k","headers":{"SL-Business-Key":"ção"}},{"type":"Y","contentBase64":"AA=="}]}`,
	"{ \"messages\" : [ { } , {\"content\":\"\",\"headers\":{}} ] }\n", `{"messages":[{"content":"\u00e7\ud83d\ude00\ud800\u0000\/\b\f\r\t"}]}`, `{"messages":[{"content":"\ud800\ud83d\ude00\ud83dx\udc00"}]}`,
	`{"messages":[{"type":"a","type":"b"}]}`, `{"messages":[{"Type":"a"}]}`, `{"messages":[{"type":null}]}`, `{"messages":[{"headers":{"a":1}}]}`, `{"messages":[{"headers":{"a":"1","a":"2"}}]}`,
	`{"messages":[{"headers":{"a":"1"},"headers":{"b":"2"}}]}`, `{"messages":null}`, `{"messages":[null]}`, `{"messages":[[]]}`, `{"messages":[],"messages":[{}]}`, `{"messages":[{"other":1}]}`,
	`{"messages":[{"content":"as it is"}]}`, `{}`, `[]`, `{"messages":[{"type":"a"}`, `{"messages":{}}`, `"messages"`, `{"messages":[{"typ\u0065":"a"}]}`,
}

// sameBatch compares the quick reading with the strict one: what it takes, it reads alike.
func sameBatch(t *testing.T, text []byte) (taken bool) {
	t.Helper()
	room := bytes.Clone(text)
	got, ok := readBatch(room)
	if !ok {
		return false
	}
	clear(room) // for the next batch
	want, err := (&call{}).strictBatch(text)
	if err != nil {
		t.Errorf("%q is taken, but not by the strict reading: %v", text, err)
		return true
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q is read as %+v, want %+v", text, got, want)
	}
	return true
}

func TestQuickReadingOfBatchesIsTheStrictOne(t *testing.T) {
	taken := 0
	for _, text := range batchTexts {
		if sameBatch(t, []byte(text)) {
			taken++
		}
	}
	if taken < 7 {
		t.Errorf("only %d taken", taken)
	}
	content := strings.Repeat("á\"\\\n\t<&>\u2028😀", 100)
	usual, err := json.Marshal(link.BatchRequest{Messages: []link.BatchMessage{{Type: "X", Content: &content, Headers: map[string]string{"SL-Meta-A": content}}}})
	if err != nil || !sameBatch(t, usual) {
		t.Errorf("what encoding/json writes is not taken: %v", err)
	}
}

func BenchmarkReadBatch(b *testing.B) {
	content := string(examples.Body(examples.FinLanInc))
	text, err := json.Marshal(link.BatchRequest{Messages: slices.Repeat([]link.BatchMessage{{Type: "X", Audience: "Y", Content: &content}}, 64)})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := readBatch(text); !ok {
			b.Fatal("not read")
		}
	}
}

func FuzzReadBatch(f *testing.F) {
	for _, text := range batchTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { sameBatch(t, text) })
}

// TestNoMoreIsReadThanCanBe: of a batch with far too many messages the quick reading reads one too many.
func TestNoMoreIsReadThanCanBe(t *testing.T) {
	for _, n := range []int{link.MaxBatch, link.MaxBatch + 1, 100_000} {
		list, ok := readBatch([]byte(`{"messages":[{}` + strings.Repeat(`,{}`, n-1) + `]}`))
		if want := min(n, link.MaxBatch+1); !ok || len(list) != want {
			t.Errorf("of %d messages %d are read, %t", n, len(list), ok)
		}
	}
}
