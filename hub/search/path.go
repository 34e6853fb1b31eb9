// Package search finds messages by values of their bodies: it reads search paths, takes the values at
// them out of a body, and makes the keys that the queue engine keeps in its index.
//
// A search path is a JSON Pointer (RFC 6901) to one value. Property names are compared without regard
// to case, as the commands do. A first segment data stands for the business part of whatever envelope
// the sender uses: data, content, messageContent, or the body itself where it has none of them.
package search

import (
	"crypto/sha256"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"smartlink/link"
)

// Bounds of a path.
const (
	maxPath     = 255 // characters
	maxSegments = 8
)

// Path is a search path. The zero Path leads nowhere.
type Path struct {
	text     string
	segments []string
	business bool             // it begins at the business part of an envelope
	digest   [pathDigest]byte // stands for it in keys
}

// String is the path as it was written.
func (p Path) String() string { return p.text }

// Same tells whether two paths lead to the same value.
func (p Path) Same(o Path) bool { return strings.EqualFold(p.text, o.text) }

// ParsePath reads a path. The second answer says what is wrong with one that is none, and is empty
// when nothing is.
func ParsePath(s string) (Path, link.Text) {
	switch {
	case !strings.HasPrefix(s, "/"):
		return Path{}, link.Both("um caminho é um JSON Pointer e começa com /, p.ex. /data/CodCfo", "a path is a JSON Pointer and begins with /, e.g. /data/CodCfo")
	case !utf8.ValidString(s):
		return Path{}, link.NotUTF8
	case utf8.RuneCountInString(s) > maxPath:
		return Path{}, link.AtMost(maxPath)
	case strings.IndexFunc(s, unicode.IsControl) >= 0:
		return Path{}, link.Both("contém caracteres de controle", "contains control characters")
	}
	parts := strings.Split(s[1:], "/")
	if len(parts) > maxSegments {
		return Path{}, link.Both("tem mais de %d níveis", "has more than %d levels", maxSegments)
	}
	for i, part := range parts {
		name, ok := unescape(part)
		switch {
		case !ok:
			return Path{}, link.Both("~ só em ~0 (til) e ~1 (barra)", "~ only in ~0 (tilde) and ~1 (slash)")
		case name == "":
			return Path{}, link.Both("tem um nível vazio", "has an empty level")
		}
		parts[i] = name
	}
	digest := sha256.Sum256([]byte(strings.ToLower(s)))
	return Path{
		text: s, segments: parts, business: len(parts) > 1 && strings.EqualFold(parts[0], payload), digest: [pathDigest]byte(digest[:pathDigest]),
	}, link.Text{}
}

// unescape reads one segment of a JSON Pointer.
func unescape(s string) (string, bool) {
	if !strings.Contains(s, "~") {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '~' {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch {
		case i < len(s) && s[i] == '0':
			b.WriteByte('~')
		case i < len(s) && s[i] == '1':
			b.WriteByte('/')
		default:
			return "", false
		}
	}
	return b.String(), true
}

// Paths are search paths of one type.
type Paths []Path

// ParsePaths reads the paths of a type: at most link.MaxSearchPaths, none twice. Wrong ones are named by
// their place in the list.
func ParsePaths(texts []string) (Paths, []link.FieldError) {
	var wrong link.Error
	if len(texts) > link.MaxSearchPaths {
		wrong.At("/paths", link.CodeRequestInvalid, link.Both("no máximo %d caminhos", "at most %d paths", link.MaxSearchPaths))
		return nil, wrong.Errors
	}
	paths := make(Paths, 0, len(texts))
	for i, text := range texts {
		p, why := ParsePath(text)
		switch {
		case why != link.Text{}:
			wrong.At(at(i), link.CodeRequestInvalid, why)
		case paths.Find(p) != nil:
			wrong.At(at(i), link.CodeRequestInvalid, link.Both("aparece duas vezes", "stands there twice"))
		default:
			paths = append(paths, p)
		}
	}
	return paths, wrong.Errors
}

func at(i int) string { return "/paths/" + strconv.Itoa(i) }

// Find answers the one of the paths that leads where another does, nil when none does.
func (p Paths) Find(o Path) *Path {
	for i := range p {
		if p[i].Same(o) {
			return &p[i]
		}
	}
	return nil
}

// Texts are the paths as they were written.
func (p Paths) Texts() []string {
	texts := make([]string, len(p))
	for i, path := range p {
		texts[i] = path.text
	}
	return texts
}
