package books

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"smartlink/contracts"
)

// TrialQuery says which lines a trial balance is of. What is zero or empty does not narrow.
type TrialQuery struct {
	Company   int64
	Branch    int64
	Batch     int64          // below zero: all batches
	From, To  contracts.Date // both included
	Synthetic bool           // also the accounts that sum
}

// Trial is a trial balance.
type Trial struct {
	Accounts []TrialAccount `json:"accounts"`
	Opening  Amount         `json:"opening"`
	Debit    Amount         `json:"debit"`
	Credit   Amount         `json:"credit"`
	Closing  Amount         `json:"closing"`
}

// TrialAccount is one account of a trial balance. Balances are above zero on the debit side.
type TrialAccount struct {
	Company     int64  `json:"company"` // of the account: 0 is shared
	Code        string `json:"account"`
	Description string `json:"description"`
	Synthetic   bool   `json:"synthetic"`
	Opening     Amount `json:"opening"`
	Debit       Amount `json:"debit"`
	Credit      Amount `json:"credit"`
	Closing     Amount `json:"closing"`
}

// Ties tells whether debits equal credits, before the period, in it, and after it.
func (t *Trial) Ties() bool {
	return t.Debit.Equal(t.Credit) && t.Opening.Sign() == 0 && t.Closing.Sign() == 0
}

type accountKey struct {
	company int64
	code    string
}

// TrialBalance sums the lines of accounting entries by account.
func TrialBalance(ctx context.Context, q Querier, query TrialQuery) (*Trial, error) {
	accounts := map[accountKey]*TrialAccount{}
	take := func(company, code cell, value Amount, sign int, before bool) error {
		if !code.Valid {
			return nil
		}
		key := accountKey{query.Company, code.String}
		if company.Valid {
			if _, err := fmt.Sscan(company.String, &key.company); err != nil {
				return fmt.Errorf("company of account %s: %w", code.String, err)
			}
		}
		a := accounts[key]
		if a == nil {
			a = &TrialAccount{Company: key.company, Code: key.code}
			accounts[key] = a
		}
		switch {
		case before:
			a.Opening.Add(value, sign)
		case sign > 0:
			a.Debit.Add(value, 1)
		default:
			a.Credit.Add(value, 1)
		}
		return nil
	}
	text := `SELECT CODCOLDEBITO, DEBITO, CODCOLCREDITO, CREDITO, VALOR, DATA FROM CPARTIDA WHERE CODCOLIGADA = ?`
	args := []any{query.Company}
	narrow := func(yes bool, condition string, value any) {
		if yes {
			text += condition
			args = append(args, value)
		}
	}
	narrow(query.Branch != 0, ` AND CODFILIAL = ?`, query.Branch)
	narrow(query.Batch >= 0, ` AND CODLOTE = ?`, query.Batch)
	narrow(query.To != "", ` AND DATA <= ?`, string(query.To))
	err := each(ctx, q, func(c []cell) error {
		value, err := ParseAmount(c[4].String)
		if err != nil {
			return err
		}
		before := contracts.Date(c[5].String) < query.From
		if err := take(c[0], c[1], value, 1, before); err != nil {
			return err
		}
		return take(c[2], c[3], value, -1, before)
	}, text, args...)
	if err != nil {
		return nil, err
	}
	t := &Trial{}
	for _, a := range accounts {
		a.Closing.Add(a.Opening, 1)
		a.Closing.Add(a.Debit, 1)
		a.Closing.Add(a.Credit, -1)
		t.Opening.Add(a.Opening, 1)
		t.Debit.Add(a.Debit, 1)
		t.Credit.Add(a.Credit, 1)
		t.Closing.Add(a.Closing, 1)
	}
	if query.Synthetic {
		sumUp(accounts)
	}
	if err := describe(ctx, q, accounts); err != nil {
		return nil, err
	}
	t.Accounts = make([]TrialAccount, 0, len(accounts))
	for _, a := range accounts {
		t.Accounts = append(t.Accounts, *a)
	}
	slices.SortFunc(t.Accounts, func(a, b TrialAccount) int {
		if c := strings.Compare(a.Code, b.Code); c != 0 {
			return c
		}
		return int(a.Company - b.Company)
	})
	return t, nil
}

// sumUp adds the accounts above each, "1.1.01" and "1.1" and "1" above "1.1.01.001".
func sumUp(accounts map[accountKey]*TrialAccount) {
	for key, a := range accounts {
		if a.Synthetic {
			continue
		}
		for i := strings.LastIndexByte(key.code, '.'); i > 0; i = strings.LastIndexByte(key.code[:i], '.') {
			above := accountKey{key.company, key.code[:i]}
			s := accounts[above]
			if s == nil {
				s = &TrialAccount{Company: above.company, Code: above.code, Synthetic: true}
				accounts[above] = s
			}
			s.Opening.Add(a.Opening, 1)
			s.Debit.Add(a.Debit, 1)
			s.Credit.Add(a.Credit, 1)
			s.Closing.Add(a.Closing, 1)
		}
	}
}

func describe(ctx context.Context, q Querier, accounts map[accountKey]*TrialAccount) error {
	for key, a := range accounts {
		var text sql.NullString
		err := q.QueryRowContext(ctx, `SELECT MAX(DESCRICAO) FROM CCONTA WHERE CODCOLIGADA = ? AND CODCONTA = ?`, key.company, key.code).Scan(&text)
		if err != nil {
			return fmt.Errorf("read the chart of accounts: %w", err)
		}
		a.Description = text.String
	}
	return nil
}
