package webservice

import (
	"errors"
	"regexp"
	"strings"
	"sync"

	"smartlink/contracts"
)

// Culture is how a host writes and reads decimals in data sets. A host of the one culture takes the decimal
// mark of the other for one between thousands, and so a wrong amount for a good one.
type Culture string

// The cultures.
const (
	Auto      Culture = "auto"      // learned from the first amount the host writes
	PTBR      Culture = "pt-BR"     // 1250,7500
	Invariant Culture = "invariant" // 1250.7500
)

// known is a culture that says how decimals are written; empty for Auto and all others.
func (c Culture) known() Culture {
	if c == PTBR || c == Invariant {
		return c
	}
	return ""
}

// marks are the decimal mark and the one between thousands.
func (c Culture) marks() (decimal, thousands string) {
	if c == PTBR {
		return ",", "."
	}
	return ".", ","
}

// write writes a decimal with all its places.
func (c Culture) write(d contracts.Decimal) string {
	decimal, _ := c.marks()
	return strings.Replace(d.String(), ".", decimal, 1)
}

// grouped are the forms a number may have, with a point as its decimal mark.
var grouped = regexp.MustCompile(`^-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?$`)

// read reads a decimal that a host wrote.
func (c Culture) read(size contracts.Numeric, text string) (contracts.Decimal, error) {
	text = strings.TrimSpace(text)
	if c == PTBR {
		text = strings.NewReplacer(",", ".", ".", ",").Replace(text)
	}
	if !grouped.MatchString(text) {
		return contracts.Decimal{}, contracts.ErrNotNumber
	}
	text = strings.ReplaceAll(text, ",", "")
	sign := ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	for len(text) > 1 && text[0] == '0' && text[1] != '.' { // zeros in front, which JSON's numbers do not have
		text = text[1:]
	}
	return size.Parse(sign + text)
}

// tells is the culture that a number gives away: "1250,7500" can be of one only, "1250" and "1.250" of both.
func tells(text string) Culture {
	text = strings.TrimSpace(text)
	comma, point := strings.LastIndexByte(text, ','), strings.LastIndexByte(text, '.')
	switch {
	case comma >= 0 && point >= 0 && comma > point:
		return PTBR
	case comma >= 0 && point >= 0:
		return Invariant
	case comma >= 0:
		return alone(text, comma, ",", PTBR, Invariant)
	case point >= 0:
		return alone(text, point, ".", Invariant, PTBR)
	}
	return ""
}

// alone judges a number with one kind of mark, the last of which stands at a place.
func alone(text string, at int, mark string, ifDecimal, ifThousands Culture) Culture {
	before := strings.TrimPrefix(text[:at], "-")
	switch {
	case strings.Count(text, mark) > 1:
		return ifThousands
	case len(text)-at-1 == 3 && len(before) <= 3 && before != "0": // 1,250 is one as much as the other
		return ""
	}
	return ifDecimal
}

// culture is what is known of the host's, and whether what was saved in it has arrived as it was meant.
type culture struct {
	configured Culture

	mu      sync.Mutex
	now     Culture
	tried   bool              // the probes were read, or need not be
	seen    map[string]bool   // by data server: an amount that was saved was read back, and is right
	unseen  map[string]*saved // a save whose amounts were not read back yet
	blocked error
}

// saved is a record as it was saved.
type saved struct {
	key    []int64
	change *change
}

// errCulture says that a number cannot be read, since nobody knows what its mark means.
var errCulture = errors.New("the host's culture is not known")

// mismatch says that the host has another culture than is configured.
type mismatch struct{ error }

func (m *mismatch) Unwrap() error { return m.error }

// learn takes in what numbers of one answer tell. A host that does not write as was configured, or not always
// in the same way, is a *away.
func (c *culture) learn(numbers []string) (Culture, error) {
	told := Culture("")
	for _, text := range numbers {
		switch t := tells(text); {
		case t == "" || t == told:
		case told == "":
			told = t
		default:
			return "", standing("o RM escreve valores de dois modos na mesma resposta (%[1]q)", "RM writes amounts in two ways in one answer (%[1]q)", text)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case told == "" || told == c.now:
	case c.configured.known() != "":
		return "", &mismatch{standing("o RM escreve valores na cultura %[1]s, e está configurada culture: %[2]s; corrija a configuração, ou use auto. Nada é gravado até lá",
			"RM writes amounts in the culture %[1]s, and culture: %[2]s is configured; correct the configuration, or use auto. Nothing is saved until then", string(told), string(c.configured))}
	default:
		c.now, c.seen = told, nil
	}
	return c.now, nil
}

// toSave is the culture in which amounts can be saved.
func (c *culture) toSave() (Culture, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now == "" {
		return "", standing("ainda não se sabe se o RM escreve 1250,75 ou 1250.75, e um valor na forma errada seria outro valor: configure culture (pt-BR ou invariant), ou em probe um lançamento em aberto que se possa ler",
			"it is not known yet whether RM writes 1250,75 or 1250.75, and an amount in the wrong form would be another amount: configure culture (pt-BR or invariant), or in probe an open entry that can be read")
	}
	return c.now, nil
}

// block keeps everything from being saved until the program starts anew.
func (c *culture) block(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blocked = err
}

// blockedBy answers why nothing is saved any more; nil: it is.
func (c *culture) blockedBy() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.blocked
}

func (c *culture) isSeen(server string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[server]
}

func (c *culture) see(server string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[server] = true
	delete(c.unseen, server)
}

// forget gives up seeing a record.
func (c *culture) forget(server string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.unseen, server)
}

// wantsProbe tells whether the configuration's records were not read yet.
func (c *culture) wantsProbe() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.tried
}

func (c *culture) probed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tried = true
}

func (c *culture) expect(server string, s *saved) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unseen == nil {
		c.unseen = map[string]*saved{}
	}
	c.unseen[server] = s
}

func (c *culture) expected(server string) *saved {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unseen[server]
}
