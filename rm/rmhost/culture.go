package rmhost

import (
	"fmt"
	"strings"

	"smartlink/contracts"
)

// Culture is how a host reads and writes numbers in data sets.
type Culture string

// The cultures. Each takes the other's decimal mark for one that separates thousands, and leaves it out:
// to PTBR 1250.7500 is twelve million, as it is to an RM.
const (
	PTBR      Culture = "pt-BR"     // 1250,7500
	Invariant Culture = "invariant" // 1250.7500
)

func (c Culture) check() error {
	if c != PTBR && c != Invariant {
		return fmt.Errorf("culture %q: %s or %s is wanted", c, PTBR, Invariant)
	}
	return nil
}

// marks are the decimal mark and the one between thousands.
func (c Culture) marks() (decimal, thousands string) {
	if c == PTBR {
		return ",", "."
	}
	return ".", ","
}

// read reads a number into the form that books keep.
func (c Culture) read(size contracts.Numeric, text string) (string, error) {
	decimal, thousands := c.marks()
	text = strings.ReplaceAll(strings.TrimSpace(text), thousands, "")
	d, err := size.Parse(strings.Replace(text, decimal, ".", 1))
	if err != nil {
		return "", err
	}
	return d.String(), nil
}

// write writes a number that books keep.
func (c Culture) write(kept string) string {
	decimal, _ := c.marks()
	return strings.Replace(kept, ".", decimal, 1)
}
