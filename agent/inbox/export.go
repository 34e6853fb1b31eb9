package inbox

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"smartlink/link"
)

// exported are the columns of ExportRejected.
var exported = []string{"id", "type", "sender", "businessKey", "sentAt", "rejectedAt", "attempt", "code", "pointer", "description", "help"}

// ExportRejected writes every rejected message with its errors for a spreadsheet: CSV with semicolons, in
// UTF-8 that says so at its beginning, a line for each error. Moments are UTC. It answers how many
// messages there were.
func (b *Box) ExportRejected(ctx context.Context, to io.Writer, lang link.Lang) (messages int, err error) {
	if _, err := io.WriteString(to, "\ufeff"); err != nil {
		return 0, err
	}
	w := csv.NewWriter(to)
	w.Comma, w.UseCRLF = ';', true
	if err := w.Write(exported); err != nil {
		return 0, err
	}
	f := Filter{States: []link.ERPState{link.ERPRejected}, Limit: maxPage}
	for {
		page, err := b.List(ctx, f)
		if err != nil {
			return messages, err
		}
		for i := range page.Items {
			lines, err := b.faults(ctx, &page.Items[i], lang)
			if err != nil {
				return messages, err
			}
			if err := w.WriteAll(lines); err != nil {
				return messages, err
			}
			messages++
		}
		if f.After = page.Next; f.After == "" {
			w.Flush()
			return messages, w.Error()
		}
	}
}

// faults are the lines of one rejected message.
func (b *Box) faults(ctx context.Context, item *Item, lang link.Lang) ([][]string, error) {
	var answer string
	err := b.read.QueryRowContext(ctx, highestResult, item.ID.String()).Scan(new(int), new(string), new(string), new(string), &answer)
	var body link.AnswerBody
	if err == nil {
		err = json.Unmarshal([]byte(answer), &body)
	}
	if err != nil {
		return nil, fmt.Errorf("read the answer to %s: %w", item.ID, err)
	}
	if len(body.Data.Errors) == 0 {
		body.Data.Errors = []link.Fault{{}}
	}
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	var lines [][]string
	for _, f := range body.Data.Errors {
		description, help := f.Description, f.Help
		if lang == link.English && f.DescriptionEn != "" {
			description, help = f.DescriptionEn, f.HelpEn
		}
		line := []string{
			item.ID.String(), item.Type, item.Sender.App, item.BusinessKey, at(item.SentAt), at(item.ModifiedAt), strconv.Itoa(item.Attempt),
			f.Code, f.Pointer, description, help,
		}
		for i, cell := range line {
			line[i] = harmless(cell)
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// harmless keeps a spreadsheet from taking a cell that came from outside for a formula.
func harmless(cell string) string {
	if strings.IndexAny(strings.TrimLeft(cell, " "), "=+-@\t\r\n＝＋－＠") == 0 {
		return "'" + cell
	}
	return cell
}
