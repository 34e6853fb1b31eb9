package queue_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"smartlink/hub/queue"
	"smartlink/link"
)

// TestRequestDigest looks that names of requests do not change between versions, that those of growing keys
// grow, and that everything they are made of counts.
func TestRequestDigest(t *testing.T) {
	m := link.Message{Sender: link.Sender{ClientID: "CLIENT"}}
	const timed, later = "018df6f4-0400-7abc-8def-0123456789ab", "018df6f4-0401-7000-8000-000000000000"
	for key, want := range map[string]string{
		"contract 42/2024-03":                  "f7c19c6a12bb3451925a2904c9d119c5",
		timed:                                  "018df6f40400",
		later:                                  "018df6f40401",
		"f47ac10b-58cc-4372-a567-0e02b2c3d479": "",
	} {
		d := queue.RequestDigest(&m, key)
		old, has := queue.OldRequestDigest(&m, key)
		if got := hex.EncodeToString(d[:]); want != "" && got[:len(want)] != want {
			t.Errorf("%s: digest %s, want %s", key, got, want)
		}
		if isTimed := key == timed || key == later; has != isTimed || has && bytes.Equal(old[:], d[:]) {
			t.Errorf("%s: old digest %x, %t", key, old, has)
		}
	}
	d := queue.RequestDigest(&m, timed)
	for what, change := range map[string]func(m *link.Message, key *string){
		"tenant": func(m *link.Message, _ *string) { m.TenantID = link.NewID() },
		"sender": func(m *link.Message, _ *string) { m.Sender.ClientID = "OTHER" },
		"key":    func(_ *link.Message, key *string) { *key = timed[:35] + "c" },
		"case":   func(_ *link.Message, key *string) { *key = "018DF6F4" + timed[8:] },
	} {
		other, key := m, timed
		change(&other, &key)
		if queue.RequestDigest(&other, key) == d {
			t.Errorf("the digest does not depend on the %s", what)
		}
	}
}
