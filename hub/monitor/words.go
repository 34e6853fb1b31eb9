package monitor

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"smartlink/link"
)

// words says things in one language.
type words struct{ lang link.Lang }

// text is a text of the catalogue. An unknown key is an error, so that a page with one is no page.
func (w words) text(key string, args ...any) (string, error) {
	t, ok := texts[key]
	if !ok {
		return "", fmt.Errorf("no text %q", key)
	}
	if len(args) == 0 {
		return t.In(w.lang), nil
	}
	return fmt.Sprintf(t.In(w.lang), args...), nil
}

// in picks the language of a text that carries both; without one in English the Portuguese stands.
func (w words) in(pt, en string) string {
	if w.lang == link.English && en != "" {
		return en
	}
	return pt
}

func (w words) role(r link.Role) (string, error) { return w.text("role." + string(r)) }

type unit struct {
	length time.Duration
	key    string
}

var units = []unit{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}}

// age says how long something is: "19 dias, 6 horas e 45 minutos". Seconds count below a minute only.
func (w words) age(d time.Duration) (string, error) {
	if d < time.Second {
		return w.text("age.now")
	}
	left := d.Truncate(time.Second)
	if left >= time.Minute {
		left = left.Truncate(time.Minute)
	}
	var parts []string
	for _, u := range units {
		n := int64(left / u.length)
		left %= u.length
		if n == 0 {
			continue
		}
		key := "age." + u.key
		if n != 1 {
			key += "s"
		}
		s, err := w.text(key, w.number(n))
		if err != nil {
			return "", err
		}
		parts = append(parts, s)
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return w.text("age.list", strings.Join(parts[:len(parts)-1], ", "), parts[len(parts)-1])
}

// since is the age of a moment, in an element from which the script keeps nothing but the moment.
func (w words) since(now, at time.Time) (template.HTML, error) {
	s, err := w.age(now.Sub(at))
	if err != nil {
		return "", err
	}
	stamp := at.UTC().Format(time.RFC3339)
	return template.HTML(fmt.Sprintf(`<time class="age" datetime="%s" title="%s">%s</time>`, stamp, w.written(at), template.HTMLEscapeString(s))), nil //nolint:gosec // made of our own texts and a moment
}

// moment is a moment in an element that the script turns into the reader's own zone.
func (w words) moment(at time.Time) template.HTML {
	return template.HTML(fmt.Sprintf(`<time class="moment" datetime="%s">%s</time>`, at.UTC().Format(time.RFC3339), w.written(at))) //nolint:gosec // made of a moment
}

func (w words) written(at time.Time) string {
	if w.lang == link.Portuguese {
		return at.UTC().Format("02/01/2006 15:04:05 UTC")
	}
	return at.UTC().Format("2006-01-02 15:04:05 UTC")
}

// number writes a whole number with the language's separator of thousands.
func (w words) number(n int64) string {
	s := strconv.FormatInt(n, 10)
	separator := ","
	if w.lang == link.Portuguese {
		separator = "."
	}
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + separator + s[i:]
	}
	return s
}

// upTo writes a count that ends at link.PreviewMost.
func (w words) upTo(n int64) (string, error) {
	if n < link.PreviewMost {
		return w.number(n), nil
	}
	return w.text("keep.more", w.number(n))
}

// days writes after how many days something is given up.
func (w words) days(n int) (string, error) {
	if n == 0 {
		return w.text("keep.never")
	}
	return w.text("keep.asked.of", n)
}

// size writes a number of bytes.
func (w words) size(n int) string {
	if n < 1<<10 {
		return w.number(int64(n)) + " B"
	}
	tenths := (int64(n)*10 + 512) >> 10
	if tenths < 10*1<<10 {
		return w.number(tenths/10) + w.point(tenths%10) + " KiB"
	}
	tenths = (int64(n)*10 + 1<<19) >> 20
	return w.number(tenths/10) + w.point(tenths%10) + " MiB"
}

func (w words) point(tenth int64) string {
	if tenth == 0 {
		return ""
	}
	if w.lang == link.Portuguese {
		return "," + strconv.FormatInt(tenth, 10)
	}
	return "." + strconv.FormatInt(tenth, 10)
}
