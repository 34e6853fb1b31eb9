package registry

import (
	"encoding/base64"
	"encoding/json"
	"slices"

	"smartlink/internal/pgdb"
	"smartlink/link"
)

// Sizes of a page.
const (
	DefaultPage = 50
	MaxPage     = 500
)

// List bounds a list: Limit items (0 = DefaultPage, at most MaxPage) after Cursor, the Next of the
// page before; empty = the first page.
type List struct {
	Limit  int
	Cursor string
}

func (l List) limit() int {
	if l.Limit <= 0 {
		return DefaultPage
	}
	return min(l.Limit, MaxPage)
}

// after answers the parts of the key that the page before ended with. On the first page all n are
// empty, which sorts before every name and id.
func (l List) after(n int) ([]string, error) {
	if l.Cursor == "" {
		return make([]string, n), nil
	}
	var key []string
	raw, err := base64.RawURLEncoding.DecodeString(l.Cursor)
	if err == nil {
		err = json.Unmarshal(raw, &key)
	}
	if err != nil || len(key) != n || slices.ContainsFunc(key, func(part string) bool { return part != pgdb.Text(part) }) {
		return nil, badCursor(err)
	}
	return key, nil
}

func badCursor(cause error) error {
	return link.NewError(link.CodeRequestInvalid).Because(cause).
		At("cursor", link.CodeRequestInvalid, link.Both(
			"não é um cursor desta lista; use o next da página anterior", "not a cursor of this list; use the next of its page before"))
}

// page makes a page of the rows found, which were asked for with one more than the limit; key names
// a row's place in the list.
func page[T any](rows []T, limit int, key func(T) []string) link.Page[T] {
	if len(rows) <= limit {
		return link.Page[T]{Items: rows}
	}
	rows = rows[:limit]
	raw, _ := json.Marshal(key(rows[limit-1])) // strings always marshal
	return link.Page[T]{Items: rows, Next: base64.RawURLEncoding.EncodeToString(raw)}
}
