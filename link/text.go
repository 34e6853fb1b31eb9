package link

import (
	"fmt"
	"strings"
)

// Text is a sentence for people in both languages. Problem picks one of them.
type Text struct{ PT, EN string }

// Both makes a Text of two formats with the same arguments.
func Both(pt, en string, args ...any) Text {
	if len(args) == 0 {
		return Text{pt, en}
	}
	return Text{fmt.Sprintf(pt, args...), fmt.Sprintf(en, args...)}
}

// In picks the text of a language, English unless it is Portuguese.
func (t Text) In(lang Lang) string {
	if lang == Portuguese {
		return t.PT
	}
	return t.EN
}

// AtMost says how many characters are allowed.
func AtMost(characters int) Text {
	return Both("no máximo %d caracteres", "at most %d characters", characters)
}

// Range says between which values something must be.
func Range(low, high any) Text { return Both("de %v a %v", "from %v to %v", low, high) }

// What a single field should have been.
var (
	NotUTF8 = Text{"deve ser UTF-8", "must be UTF-8"}
	NotUUID = Text{"não é um UUID", "is not a UUID"}
)

// OneOf says which values there are.
func OneOf(values ...string) Text {
	list := strings.Join(values, ", ")
	return Both("um de: %s", "one of: %s", list)
}
