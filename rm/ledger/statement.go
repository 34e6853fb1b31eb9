package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/internal/sqldb"
)

var (
	statementRows = newStatements(contracts.FXCX, 2, "CodColigada", "IdXcx")
	statementIDs  = newSequence("FXCX", "IDXCX", "")
)

// LockStatement reads an entry of the cash statement that is going to be changed, with amounts above zero,
// as messages have them; nil when there is none. Nobody else changes it until the transaction ends.
func LockStatement(ctx context.Context, tx consumer.Tx, company, id int64) (*contracts.Record, error) {
	found, err := statementRows.lock(ctx, tx, company, id)
	if found != nil {
		unsigned(found)
	}
	return found, err
}

// LoadSignedStatement reads an entry of the cash statement as it is stored; nil when there is none.
func LoadSignedStatement(ctx context.Context, tx consumer.Tx, company, id int64) (*contracts.Record, error) {
	return only(statementRows.load(ctx, tx, company, id))
}

// InsertStatement writes a new entry of the cash statement. Its amounts are above zero; they are stored
// signed by its kind.
func InsertStatement(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	signed(r)
	defer unsigned(r)
	return statementRows.insert(ctx, tx, r)
}

// UpdateStatement writes an existing entry of the cash statement, as InsertStatement does.
func UpdateStatement(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	signed(r)
	defer unsigned(r)
	return statementRows.update(ctx, tx, r)
}

// NextStatementID takes the id of a new statement entry of a company.
func NextStatementID(ctx context.Context, tx consumer.Tx, company int64) (int64, error) {
	return statementIDs.next(ctx, tx, company, 0, 1)
}

// signedFields are stored negative when money goes out.
var signedFields = []string{"Valor", "ValorContabil"}

func signed(r *contracts.Record) {
	if r.Int("Tipo") != contracts.Withdrawal {
		return
	}
	for _, name := range signedFields {
		if r.Has(name) {
			r.Set(name, contracts.Int(-r.Int(name)))
		}
	}
}

func unsigned(r *contracts.Record) {
	for _, name := range signedFields {
		if r.Int(name) < 0 {
			r.Set(name, contracts.Int(-r.Int(name)))
		}
	}
}

// StatementMaster is what the master data say about the codes of a statement entry.
type StatementMaster struct {
	Company, Branch, Cash Status
	ClosedUpTo            contracts.Date // finance; empty: nothing is closed
}

const statementMaster = `SELECT
	(SELECT ATIVO FROM GCOLIGADA WHERE CODCOLIGADA = ?),
	(SELECT ATIVO FROM GFILIAL WHERE CODCOLIGADA = ? AND CODFILIAL = ?),
	(SELECT ATIVO FROM FCXA WHERE CODCOLIGADA = ? AND CODCXA = ?),
	(SELECT MAX(DATAFECHAMENTO) FROM SLFECHAMENTO WHERE CODCOLIGADA = ? AND MODULO = 'F')`

// LookUpStatement looks up the codes of a statement entry, and up to which date finance is closed.
func LookUpStatement(ctx context.Context, tx consumer.Tx, company, branch, cashCompany int64, cash string) (StatementMaster, error) {
	a, err := lookUp(ctx, tx, statementMaster, []any{company, company, branch, cashCompany, cash, company},
		Part{"GCOLIGADA", company, ""}, number("GFILIAL", company, branch), Part{"FCXA", cashCompany, cash}, Part{ClosedFinance, company, ""})
	if err != nil {
		return StatementMaster{}, err
	}
	return StatementMaster{active(a[0]), active(a[1]), active(a[2]), a[3].date()}, nil
}

// SettlementOf answers the financial entry whose settlement made a statement entry, "1;42", or "".
func SettlementOf(ctx context.Context, tx consumer.Tx, company, id int64) (string, error) {
	if m, ok := tx.(Master); ok {
		a, err := ask(ctx, m, sqldb.MemoOf(tx), []Part{number(Settlement, company, id)})
		if err != nil {
			return "", err
		}
		return a[0].String, nil
	}
	var by sql.NullString
	err := tx.QueryRowContext(ctx, `SELECT MIN(CONCAT(CODCOLIGADA, ';', IDLAN)) FROM FLAN WHERE CODCOLXCX = ? AND IDXCX = ?`, company, id).Scan(&by)
	if err != nil {
		return "", fmt.Errorf("read FLAN: %w", err)
	}
	return by.String, nil
}
