package sqldb

import "context"

// Memo keeps what was read in a transaction, so that it is read once. It lives as long as the
// transaction and is not safe for concurrent use.
type Memo struct{ read map[any]any }

// MemoOf is the memo of a transaction: what its method Memo answers. Nil, a memo that keeps nothing,
// for one without.
func MemoOf(tx any) *Memo {
	if m, ok := tx.(interface{ Memo() *Memo }); ok {
		return m.Memo()
	}
	return nil
}

// Get answers what is kept under a key.
func (m *Memo) Get(key any) (any, bool) {
	if m == nil {
		return nil, false
	}
	v, ok := m.read[key]
	return v, ok
}

// Put keeps what was read under a key.
func (m *Memo) Put(key, value any) {
	if m == nil {
		return
	}
	if m.read == nil {
		m.read = map[any]any{}
	}
	m.read[key] = value
}

// Clear forgets everything. Transactions call it when something is written that may have been read.
func (m *Memo) Clear() {
	if m != nil {
		m.read = nil
	}
}

// Empty tells whether nothing is kept.
func (m *Memo) Empty() bool { return m == nil || len(m.read) == 0 }

type harmless struct{}

// Harmless marks statements that write nothing a memo keeps. Without the mark every statement that may
// write clears the memo of its transaction; what goes through Later never does.
func Harmless(ctx context.Context) context.Context { return context.WithValue(ctx, harmless{}, true) }

// IsHarmless tells whether statements were marked by Harmless.
func IsHarmless(ctx context.Context) bool { return ctx.Value(harmless{}) != nil }
