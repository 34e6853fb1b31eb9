package queue

import "encoding/binary"

// JoinKeys writes a message's keys into one value, as drivers keep it beside the message: each with its
// length before it. nil: none.
func JoinKeys(keys [][]byte) []byte {
	var b []byte
	for _, k := range keys {
		b = append(binary.AppendUvarint(b, uint64(len(k))), k...)
	}
	return b
}

// SplitKeys reads what JoinKeys wrote.
func SplitKeys(b []byte) [][]byte {
	var keys [][]byte
	for len(b) > 0 {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)-used) {
			return keys // not what JoinKeys wrote
		}
		keys = append(keys, b[used:used+int(n)])
		b = b[used+int(n):]
	}
	return keys
}
