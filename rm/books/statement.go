package books

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"smartlink/contracts"
)

// StatementQuery says which part of a cash account's statement is read.
type StatementQuery struct {
	Company  int64          // of the cash account
	Cash     string         // CODCXA
	From, To contracts.Date // both included; empty does not narrow
	After    string         // cursor: the last movement of the page before
	Limit    int
}

// Statement is a cash account's movements in the order of their dates, each with the balance after it. An
// entry whose clearing was cancelled is shown and does not count.
type Statement struct {
	Company   int64      `json:"company"`
	Cash      string     `json:"cashAccount"`
	Name      string     `json:"name"`
	Opening   Amount     `json:"opening"` // before the first movement shown
	Movements []Movement `json:"movements"`
	Closing   Amount     `json:"closing"`        // after the last movement shown
	Next      string     `json:"next,omitempty"` // cursor, when there are more
}

// Movement is one entry of a statement.
type Movement struct {
	Key       string         `json:"key"`
	Date      contracts.Date `json:"date"`
	Document  string         `json:"document"`
	History   string         `json:"history"`
	Amount    Amount         `json:"amount"` // below zero: money out
	Balance   Amount         `json:"balance"`
	State     string         `json:"state"` // open, cleared, cancelled
	ClearedOn contracts.Date `json:"clearedOn,omitempty"`
}

// position orders movements: by date, company, id.
type position struct {
	date        contracts.Date
	company, id int64
}

func (p position) compare(o position) int {
	return cmp.Or(strings.Compare(string(p.date), string(o.date)), cmp.Compare(p.company, o.company), cmp.Compare(p.id, o.id))
}

func parsePosition(cursor string) (p position, err error) {
	parts := strings.Split(cursor, ";")
	if len(parts) != 3 {
		return p, fmt.Errorf("cursor %q is none of this list", cursor)
	}
	if p.date, err = contracts.ParseDate(parts[0]); err == nil {
		p.company, err = strconv.ParseInt(parts[1], 10, 64)
	}
	if err == nil {
		p.id, err = strconv.ParseInt(parts[2], 10, 64)
	}
	if err != nil {
		return p, fmt.Errorf("cursor %q is none of this list", cursor)
	}
	return p, nil
}

// CashStatement reads a cash account's statement; nil when there is no such account.
func CashStatement(ctx context.Context, q Querier, query StatementQuery) (*Statement, error) {
	s := &Statement{Company: query.Company, Cash: query.Cash, Movements: []Movement{}}
	switch err := q.QueryRowContext(ctx, `SELECT DESCRICAO FROM FCXA WHERE CODCOLIGADA = ? AND CODCXA = ?`, query.Company, query.Cash).Scan(&s.Name); err {
	case nil:
	case sql.ErrNoRows:
		return nil, nil
	default:
		return nil, fmt.Errorf("read FCXA: %w", err)
	}
	after := position{}
	if query.After != "" {
		var err error
		if after, err = parsePosition(query.After); err != nil {
			return nil, err
		}
	}
	text := `SELECT CODCOLIGADA, IDXCX, DATA, NUMERODOCUMENTO, HISTORICO, VALOR, COMPENSADO, DATACOMPENSACAO FROM FXCX WHERE CODCOLCXA = ? AND CODCXA = ?`
	args := []any{query.Company, query.Cash}
	if query.To != "" {
		text += ` AND DATA <= ?`
		args = append(args, string(query.To))
	}
	var balance Amount
	var last position
	err := each(ctx, q, func(c []cell) error {
		p := position{date: contracts.Date(c[2].String)}
		if _, err := fmt.Sscan(c[0].String+" "+c[1].String, &p.company, &p.id); err != nil {
			return fmt.Errorf("key of a statement entry: %w", err)
		}
		amount, err := ParseAmount(c[5].String)
		if err != nil {
			return err
		}
		if s.Next != "" {
			return nil
		}
		shown := p.date >= query.From && (query.After == "" || p.compare(after) > 0)
		if shown && len(s.Movements) == query.Limit {
			s.Next = fmt.Sprintf("%s;%d;%d", last.date, last.company, last.id)
			return nil
		}
		m := Movement{
			Key: c[0].String + ";" + c[1].String, Date: p.date, Document: c[3].String, History: c[4].String, Amount: amount,
			State: "open", ClearedOn: contracts.Date(c[7].String),
		}
		switch c[6].String {
		case strconv.Itoa(contracts.Cleared):
			m.State = "cleared"
		case strconv.Itoa(contracts.ClearingCancelled):
			m.State = "cancelled"
		}
		if m.State != "cancelled" {
			balance.Add(amount, 1)
		}
		if !shown {
			if m.State != "cancelled" {
				s.Opening.Add(amount, 1)
			}
			return nil
		}
		m.Balance.Add(balance, 1)
		s.Movements = append(s.Movements, m)
		last = p
		return nil
	}, text+` ORDER BY DATA, CODCOLIGADA, IDXCX`, args...)
	if err != nil {
		return nil, err
	}
	s.Closing.Add(balance, 1)
	return s, nil
}
