package rmhost

import (
	"regexp"
	"strconv"
	"strings"
)

// condition is one comparison of a filter.
type condition struct {
	table, column string
	like          bool
	value         any // int64 or string
}

// term is a comparison: TABLE.COLUMN = 1, TABLE.COLUMN = 'text', TABLE.COLUMN LIKE '%text'. A quote in a text is doubled.
var term = regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_]*)\.([A-Za-z_][A-Za-z0-9_]*)\s*(?:=\s*(-?[0-9]+)|(=|(?i:LIKE)\s)\s*'((?:[^']|'')*)')`)

var and = regexp.MustCompile(`^\s+(?i:AND)\s`)

// readFilter reads comparisons that are joined by AND. An RM takes any condition of SQL; this host only those
// that it is told to know, so that nothing else is relied on.
func readFilter(text string) ([]condition, error) {
	var found []condition
	for rest := text; ; {
		m := term.FindStringSubmatch(rest)
		if m == nil {
			return nil, says("Sintaxe incorreta no filtro próximo a %q.", strings.TrimSpace(rest))
		}
		c := condition{table: strings.ToUpper(m[1]), column: strings.ToUpper(m[2]), value: strings.ReplaceAll(m[5], "''", "'")}
		if m[3] != "" {
			n, err := strconv.ParseInt(m[3], 10, 64)
			if err != nil {
				return nil, says("Estouro aritmético no filtro em %s.", m[3])
			}
			c.value = n
		}
		c.like = m[4] != "" && m[4] != "="
		found = append(found, c)
		rest = rest[len(m[0]):]
		if strings.TrimSpace(rest) == "" {
			return found, nil
		}
		joined := and.FindString(rest)
		if joined == "" {
			return nil, says("Sintaxe incorreta no filtro próximo a %q.", strings.TrimSpace(rest))
		}
		rest = rest[len(joined):]
	}
}
