package exchange

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"

	"smartlink/hub/queue"
	"smartlink/link"
)

// cursors seals where a page ended, so that a cursor tells nothing, and is good for the list that
// gave it and no other.
type cursors struct{ aead cipher.AEAD }

// newCursors takes a key of 32 bytes.
func newCursors(key []byte) (cursors, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return cursors{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return cursors{aead}, err
}

// randomCursors has a key of its own: its cursors are good as long as the process lives.
func randomCursors() cursors {
	var key [32]byte
	_, _ = rand.Read(key[:]) // crypto/rand.Read never fails
	c, err := newCursors(key[:])
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	return c
}

func (c cursors) seal(at queue.Cursor, place string) string {
	return c.sealText(binary.AppendVarint(binary.AppendVarint(nil, at.Pos), at.Rank), place)
}

// sealText seals a place that only the engine's driver understands.
func (c cursors) sealText(at []byte, place string) string {
	for { // until it does not look like an option of a command line; each time it is another
		s := base64.RawURLEncoding.EncodeToString(c.aead.Seal(nil, nil, at, []byte(place)))
		if s[0] != '-' {
			return s
		}
	}
}

// openText opens what sealText has sealed.
func (c cursors) openText(s, place string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		raw, err = c.aead.Open(nil, nil, raw, []byte(place))
	}
	if err != nil {
		return nil, link.NewError(link.CodeRequestInvalid).Because(err).At("cursor", link.CodeRequestInvalid, link.Both(
			"não é um cursor desta lista; use o next da página anterior, com os mesmos parâmetros",
			"not a cursor of this list; use the next of the page before, with the same parameters"))
	}
	return raw, nil
}

func (c cursors) open(s, place string) (*queue.Cursor, error) {
	raw, err := c.openText(s, place)
	if err != nil {
		return nil, err
	}
	var at queue.Cursor
	pos, n := binary.Varint(raw)
	rank, m := binary.Varint(raw[max(n, 0):])
	if n <= 0 || m <= 0 { // sealed by a version that wrote cursors another way
		return nil, link.NewError(link.CodeRequestInvalid).At("cursor", link.CodeRequestInvalid,
			link.Both("é de outra versão do hub; comece de novo", "is of another version of the hub; begin anew"))
	}
	at.Pos, at.Rank = pos, rank
	return &at, nil
}
