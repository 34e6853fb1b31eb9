package inbox

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"smartlink/link"
)

// ExecutionFilter says which executions Executions shows; empty fields: all.
type ExecutionFilter struct {
	Message uuid.UUID
	Type    string
	Result  string // done, duplicate, rejected, retry, blocked
	Key     string // the ERP's
	Limit   int    // of one page; 0 = 50, at most 500
	After   string // Page.Next of the page before
}

// Executed is one execution with the message it is of.
type Executed struct {
	Message uuid.UUID `json:"message"`
	Type    string    `json:"type"`
	Execution
}

// Executions shows the history of executions, those of the newest messages first, page by page. It
// reads along the table's key, so that a page costs no more than the rows it had to look at.
func (b *Box) Executions(ctx context.Context, f ExecutionFilter) (link.Page[Executed], error) {
	page := link.Page[Executed]{Items: []Executed{}}
	if f.Limit <= 0 {
		f.Limit = defaultPage
	}
	f.Limit = min(f.Limit, maxPage)
	var where []string
	var args []any
	add := func(condition string, values ...any) {
		where = append(where, condition)
		args = append(args, values...)
	}
	if f.Message != uuid.Nil {
		add(`IDMESSAGE = ?`, f.Message.String())
	}
	for _, c := range []struct{ column, value string }{{"TYPEMESSAGE", f.Type}, {"RESULT", f.Result}, {"ERPKEY", f.Key}} {
		if c.value != "" {
			add(c.column+` = ?`, c.value)
		}
	}
	if f.After != "" {
		id, attempt, err := parseExecuted(f.After)
		if err != nil {
			return page, link.NewError(link.CodeRequestInvalid).At("cursor", link.CodeRequestInvalid, link.Both(
				"não é um cursor desta lista; use o next da página anterior", "not a cursor of this list; use the next of its page before")).Because(err)
		}
		add(`IDMESSAGE <= ? AND (IDMESSAGE < ? OR ATTEMPT < ?)`, id.String(), id.String(), attempt)
	}
	query := `SELECT IDMESSAGE, TYPEMESSAGE, ATTEMPT, RESULT, STARTEDON, ENDEDON, CODE, REASON, ERPKEY, IDJOB FROM GTOTVSLINKMESSAGEEXEC`
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	rows, err := b.read.QueryContext(ctx, query+` ORDER BY IDMESSAGE DESC, ATTEMPT DESC {limit ?}`, append(args, f.Limit+1)...)
	if err != nil {
		return page, fmt.Errorf("executions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var e Executed
		err := rows.Scan(id{&e.Message}, &e.Type, &e.Attempt, &e.Result, moment{&e.StartedAt}, moment{&e.EndedAt}, &e.Code, &e.Reason, &e.Key, &e.Job)
		if err != nil {
			return page, fmt.Errorf("executions: %w", err)
		}
		if len(page.Items) == f.Limit {
			last := page.Items[f.Limit-1]
			page.Next = last.Message.String() + "." + strconv.Itoa(last.Attempt)
			break
		}
		page.Items = append(page.Items, e)
	}
	return page, rows.Err()
}

// parseExecuted takes a cursor of Executions apart.
func parseExecuted(cursor string) (message uuid.UUID, attempt int, err error) {
	of, n, _ := strings.Cut(cursor, ".")
	if message, err = link.ParseUUID(of); err != nil {
		return message, 0, err
	}
	attempt, err = strconv.Atoi(n)
	return message, attempt, err
}
