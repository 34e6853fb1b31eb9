package rmhost

import (
	"bytes"
	"database/sql"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// given is a row of a data set as it was sent: the texts of its columns.
type given struct {
	table  string
	fields map[string]string
}

// readSet reads a data set: a root, rows in it, columns in these.
func readSet(text string) (root string, rows []given, err error) {
	d := xml.NewDecoder(strings.NewReader(text))
	var path []string
	var value strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", nil, says("O XML é inválido: %s", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch len(path) {
			case 0:
				root = t.Name.Local
			case 1:
				rows = append(rows, given{t.Name.Local, map[string]string{}})
			case 2:
				value.Reset()
			default:
				return "", nil, says("O XML tem um elemento %s dentro da coluna %s.", t.Name.Local, path[2])
			}
			path = append(path, t.Name.Local)
		case xml.CharData:
			if len(path) == 3 {
				value.Write(t)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return "", nil, says("O XML tem texto fora das colunas.")
			}
		case xml.EndElement:
			if len(path) == 3 {
				fields := rows[len(rows)-1].fields
				if _, twice := fields[path[2]]; twice {
					return "", nil, says("O XML tem a coluna %s duas vezes.", path[2])
				}
				fields[path[2]] = value.String()
			}
			path = path[:len(path)-1]
		}
	}
	if root == "" {
		return "", nil, says("O XML está vazio.")
	}
	return root, rows, nil
}

// set writes a data set.
type set struct {
	bytes.Buffer
	root string
}

func newSet(root string) *set {
	s := &set{root: root}
	s.WriteString("<" + root + ">")
	return s
}

// add writes a row: an element for each column that has a value.
func (s *set) add(name string, columns []column, r row, culture Culture) {
	s.WriteString("<" + name + ">")
	for i := range columns {
		c := &columns[i]
		if v := r[c.name]; v != nil {
			s.WriteString("<" + c.name + ">")
			_ = xml.EscapeText(s, []byte(c.write(v, culture))) // a buffer takes everything
			s.WriteString("</" + c.name + ">")
		}
	}
	s.WriteString("</" + name + ">")
}

func (s *set) end() string {
	s.WriteString("</" + s.root + ">")
	return s.String()
}

// scan reads all rows of a query for these columns.
func scan(rows *sql.Rows, columns []column) ([]row, error) {
	defer func() { _ = rows.Close() }()
	var found []row
	cells, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		r := row{}
		for i := range columns {
			if cells[i] != nil {
				r[columns[i].name] = cells[i]
			}
		}
		found = append(found, r)
	}
	return found, rows.Err()
}
