package webservice

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// row is a row of a data set: the texts of its columns. One that is not there is not in the map.
type row struct {
	table string
	cells map[string]string
}

// parseDataSet reads a data set: a root, rows in it, columns in these. The schema that RM may send along, and what
// stands deeper, is left out. An empty text is a set without rows.
func parseDataSet(text string) ([]row, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	d := xml.NewDecoder(strings.NewReader(text))
	// It was a text of the envelope already: whatever it says of its encoding is over.
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var rows []row
	var column string
	var value strings.Builder
	depth, roots := 0, 0
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			if roots != 1 {
				return nil, errors.New("no data set")
			}
			return rows, nil
		case err != nil:
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth == 1 && t.Name.Local == "schema" || depth > 2 {
				if err := d.Skip(); err != nil {
					return nil, err
				}
				continue
			}
			switch depth {
			case 0:
				roots++
			case 1:
				rows = append(rows, row{t.Name.Local, map[string]string{}})
			case 2:
				column = t.Name.Local
				value.Reset()
			}
			depth++
		case xml.CharData:
			if depth == 3 {
				value.Write(t)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, errors.New("a text stands outside of the columns")
			}
		case xml.EndElement:
			if depth == 3 {
				cells := rows[len(rows)-1].cells
				if _, twice := cells[column]; twice {
					return nil, fmt.Errorf("the column %s stands twice in a row of %s", column, rows[len(rows)-1].table)
				}
				cells[column] = value.String()
			}
			depth--
		}
	}
}

// of answers the rows of a table.
func of(rows []row, table string) []row {
	var found []row
	for _, r := range rows {
		if r.table == table {
			found = append(found, r)
		}
	}
	return found
}

// dataSet writes one.
type dataSet struct {
	bytes.Buffer
	root string
}

func newDataSet(root string) *dataSet {
	s := &dataSet{root: root}
	s.WriteString("<" + root + ">")
	return s
}

func (s *dataSet) begin(table string) { s.WriteString("<" + table + ">") }
func (s *dataSet) end(table string)   { s.WriteString("</" + table + ">") }

// cell writes a column; an empty one is cleared.
func (s *dataSet) cell(column, text string) {
	s.WriteString("<" + column + ">")
	_ = xml.EscapeText(s, []byte(text)) // a buffer takes everything
	s.WriteString("</" + column + ">")
}

func (s *dataSet) text() string { return s.String() + "</" + s.root + ">" }
