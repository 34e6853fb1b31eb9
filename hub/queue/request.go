package queue

import (
	"crypto/sha256"

	"smartlink/link"
)

// RequestDigest names a request in a store: a digest of tenant, sender client and the request's key, short
// and of one length for the index. A sender can only meet its own keys: finding another sender's digest
// takes 2^128 tries. It is the same in every store, so that requests are known after a move.
func RequestDigest(m *link.Message, key string) [16]byte {
	b := make([]byte, 0, 128)
	b = append(b, m.TenantID[:]...)
	b = append(b, m.Sender.ClientID...)
	b = append(b, 0)
	b = append(b, key...)
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}
