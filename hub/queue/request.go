package queue

import (
	"crypto/sha256"

	"github.com/google/uuid"

	"smartlink/link"
)

// timeBytes is how much of a time-ordered key stands in its digest: its milliseconds.
const timeBytes = 6

// RequestDigest names a request in a store: a digest of tenant, sender client and the request's key, short
// and of one length for the index. It is the same in every store, so that requests are known after a move.
//
// A key that is a UUID of version 7, as every SDK of ours makes them, keeps its time before the digest:
// requests that come together then stand together in the index, and a commit writes a few of its pages
// instead of one for each request. A sender can only meet its own keys: finding another sender's digest
// takes 2^80 tries, of which it would learn nothing.
func RequestDigest(m *link.Message, key string) [16]byte {
	d := digestOfRequest(m, key)
	if id, timed := timeOrdered(key); timed {
		return [16]byte(append(id[:timeBytes:timeBytes], d[:16-timeBytes]...))
	}
	return d
}

// OldRequestDigest is under which name a store that was written before may know a request. False: under
// none but RequestDigest's.
func OldRequestDigest(m *link.Message, key string) ([16]byte, bool) {
	if _, timed := timeOrdered(key); !timed {
		return [16]byte{}, false
	}
	return digestOfRequest(m, key), true
}

func timeOrdered(key string) (uuid.UUID, bool) {
	const textLength = 36
	if len(key) != textLength {
		return uuid.UUID{}, false
	}
	id, err := uuid.Parse(key)
	return id, err == nil && id.Version() == 7
}

func digestOfRequest(m *link.Message, key string) [16]byte {
	b := make([]byte, 0, 128)
	b = append(b, m.TenantID[:]...)
	b = append(b, m.Sender.ClientID...)
	b = append(b, 0)
	b = append(b, key...)
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}
