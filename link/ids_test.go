package link

import (
	"regexp"
	"strings"
	"testing"
)

// TestNamesAreAsTheirShapesSay compares the checks of types and apps with regular expressions.
func TestNamesAreAsTheirShapesSay(t *testing.T) {
	names := []string{"", "aé", "É", "A\n", "AB\n"}
	for first := range 256 {
		names = append(names, string([]byte{byte(first)}))
		for second := range 256 {
			names = append(names, string([]byte{byte(first), byte(second)}))
		}
	}
	for _, length := range []int{31, 32, 33, 99, 100, 101} {
		names = append(names, strings.Repeat("A", length), strings.Repeat("A", length-1)+"_", strings.Repeat("A", length-1)+"é")
	}
	for _, c := range []struct {
		what  string
		valid func(string) bool
		shape *regexp.Regexp
	}{
		{"type", ValidType, regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,99}$`)},
		{"app", ValidApp, regexp.MustCompile(`^[A-Z0-9-]{2,32}$`)},
	} {
		for _, name := range names {
			if got := c.valid(name); got != c.shape.MatchString(name) {
				t.Errorf("%q is valid as %s: %t", name, c.what, got)
			}
		}
	}
}
