package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"smartlink/consumer"
	"smartlink/contracts"
)

var (
	heads      = newStatements(contracts.CLANCAMENTO, 3, "CodColigada", "CodLote", "IdLancamento")
	lines      = newStatements(contracts.CPARTIDA, 3, "CodColigada", "CodLote", "IdLancamento", "IdPartida")
	managerial = newStatements(contracts.CRATEIOLC, 2, "CodColigada", "IdPartida", "IdRateio")

	headIDs       = newSequence("CLANCAMENTO", "IDLANCAMENTO", "CODLOTE")
	lineIDs       = newSequence("CPARTIDA", "IDPARTIDA", "")
	managerialIDs = newSequence("CRATEIOLC", "IDRATEIO", "IDPARTIDA")
)

// LoadHead reads the head of an accounting entry; nil when there is none.
func LoadHead(ctx context.Context, tx consumer.Tx, company, batch, id int64) (*contracts.Record, error) {
	found, err := heads.load(ctx, tx, company, batch, id)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// LoadLines reads the lines of an accounting entry in the order of their ids, each with its managerial
// apportionment in Rateios.
func LoadLines(ctx context.Context, tx consumer.Tx, company, batch, id int64) ([]*contracts.Record, error) {
	found, err := lines.load(ctx, tx, company, batch, id)
	if err != nil {
		return nil, err
	}
	for _, line := range found {
		rows, err := managerial.load(ctx, tx, company, line.Int("IdPartida"))
		if err != nil {
			return nil, err
		}
		line.SetRows("Rateios", rows)
	}
	return found, nil
}

// InsertHead writes the head of a new accounting entry.
func InsertHead(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	return heads.insert(ctx, tx, r)
}

// UpdateHead writes the head of an existing accounting entry.
func UpdateHead(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	return heads.update(ctx, tx, r)
}

// InsertLine writes a new line without its apportionment.
func InsertLine(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	return lines.insert(ctx, tx, r)
}

// UpdateLine writes an existing line without its apportionment.
func UpdateLine(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	return lines.update(ctx, tx, r)
}

// DeleteLine removes a line whose apportionment is gone.
func DeleteLine(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	return lines.remove(ctx, tx, r)
}

// InsertManagerial writes a new row of a line's managerial apportionment.
func InsertManagerial(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	return managerial.insert(ctx, tx, r)
}

// UpdateManagerial writes an existing row of a line's managerial apportionment.
func UpdateManagerial(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	return managerial.update(ctx, tx, r)
}

// DeleteManagerial removes a row of a line's managerial apportionment.
func DeleteManagerial(ctx context.Context, tx consumer.Tx, r *contracts.Record) error {
	return managerial.remove(ctx, tx, r)
}

// NextHeadID takes the id of a new accounting entry in a batch; new ids are unique over all batches of a
// company.
func NextHeadID(ctx context.Context, tx consumer.Tx, company, batch int64) (int64, error) {
	return headIDs.next(ctx, tx, company, batch, 1)
}

// NextLineIDs takes n ids for lines of a company, and answers the first.
func NextLineIDs(ctx context.Context, tx consumer.Tx, company int64, n int) (int64, error) {
	return lineIDs.next(ctx, tx, company, 0, n)
}

// NextManagerialIDs takes n ids for rows of a line's managerial apportionment, and answers the first.
func NextManagerialIDs(ctx context.Context, tx consumer.Tx, company, line int64, n int) (int64, error) {
	return managerialIDs.next(ctx, tx, company, line, n)
}

// Batch is what the master data say about an accounting batch.
type Batch struct {
	Status   Status
	From, To contracts.Date // the dates it covers
}

// HeadMaster is what the master data say about the head of an accounting entry.
type HeadMaster struct {
	Company    Status
	Batch      Batch
	ClosedUpTo contracts.Date // accounting; empty: nothing is closed
}

const headMaster = `SELECT
	(SELECT ATIVO FROM GCOLIGADA WHERE CODCOLIGADA = ?),
	(SELECT MAX(DATAFECHAMENTO) FROM SLFECHAMENTO WHERE CODCOLIGADA = ? AND MODULO = 'C'),
	ATIVO, DATAINICIO, DATAFIM FROM (SELECT 1 AS ONE) X LEFT JOIN CLOTE ON CODCOLIGADA = ? AND CODLOTE = ?`

// LookUpHead looks up company and batch of an accounting entry, and up to which date accounting is closed.
func LookUpHead(ctx context.Context, tx consumer.Tx, company, batch int64) (HeadMaster, error) {
	var c, b sql.NullString
	var m HeadMaster
	err := tx.QueryRowContext(ctx, headMaster, company, company, company, batch).Scan(&c, day{&m.ClosedUpTo}, &b, day{&m.Batch.From}, day{&m.Batch.To})
	if err != nil {
		return HeadMaster{}, fmt.Errorf("read the master data: %w", err)
	}
	m.Company, m.Batch.Status = active(c), active(b)
	return m, nil
}

// LineCodes are the codes a line uses, and its date. Codes that are not used stay empty.
type LineCodes struct {
	Company                     int64
	Branch                      int64
	Centre, Department, History string
	Date                        contracts.Date
	DebitCompany, CreditCompany int64
	Debit, Credit               string
	CounterCompany              int64
	Counter                     string
}

// Account is what the chart says about an account.
type Account struct {
	Status      Status
	Apportioned bool // wants a managerial apportionment
}

// LineMaster is what the master data say about them. A cost centre is the company's own or a shared one.
type LineMaster struct {
	Branch, Centre, Department, History Status
	Debit, Credit, Counter              Account
	InPeriod                            bool
}

const lineMaster = `SELECT
	(SELECT ATIVO FROM GFILIAL WHERE CODCOLIGADA = ? AND CODFILIAL = ?),
	COALESCE((SELECT CONCAT(ATIVO, PERMITELANC) FROM GCCUSTO WHERE CODCOLIGADA = ? AND CODCCUSTO = ?),
		(SELECT CONCAT(ATIVO, PERMITELANC) FROM GCCUSTO WHERE CODCOLIGADA = 0 AND CODCCUSTO = ?)),
	(SELECT ATIVO FROM GDEPTO WHERE CODCOLIGADA = ? AND CODDEPARTAMENTO = ?),
	(SELECT ATIVO FROM CHISTP WHERE CODCOLIGADA = ? AND CODHISTP = ?),
	(SELECT INATIVA * 100 + ANALITICA * 10 + RATEIO FROM CCONTA WHERE CODCOLIGADA = ? AND CODCONTA = ?),
	(SELECT INATIVA * 100 + ANALITICA * 10 + RATEIO FROM CCONTA WHERE CODCOLIGADA = ? AND CODCONTA = ?),
	(SELECT INATIVA * 100 + ANALITICA * 10 + RATEIO FROM CCONTA WHERE CODCOLIGADA = ? AND CODCONTA = ?),
	CASE WHEN EXISTS (SELECT 1 FROM SLFECHAMENTO WHERE CODCOLIGADA = ? AND MODULO = 'C' AND ? BETWEEN DATAINICIO AND DATAFIM) THEN 1 ELSE 0 END`

// LookUpLine looks up all codes of a line, and whether its date is in an accounting period.
func LookUpLine(ctx context.Context, tx consumer.Tx, c LineCodes) (LineMaster, error) {
	var branch, centre, department, history sql.NullString
	var debit, credit, counter sql.NullInt64
	var in bool
	err := tx.QueryRowContext(ctx, lineMaster,
		c.Company, c.Branch, c.Company, c.Centre, c.Centre, c.Company, c.Department, c.Company, c.History,
		c.DebitCompany, c.Debit, c.CreditCompany, c.Credit, c.CounterCompany, c.Counter, c.Company, nullDay(c.Date),
	).Scan(&branch, &centre, &department, &history, &debit, &credit, &counter, &in)
	if err != nil {
		return LineMaster{}, fmt.Errorf("read the master data: %w", err)
	}
	return LineMaster{
		Branch: active(branch), Centre: posting(centre), Department: active(department), History: active(history),
		Debit: account(debit), Credit: account(credit), Counter: account(counter), InPeriod: in,
	}, nil
}

// account reads the flags INATIVA, ANALITICA and RATEIO.
func account(flags sql.NullInt64) Account {
	status := Active
	switch n := flags.Int64; {
	case !flags.Valid:
		return Account{}
	case n >= 100:
		status = Inactive
	case n < 10:
		status = NoPosting
	}
	return Account{status, flags.Int64%10 == 1}
}

// LookUpManagerial looks up a managerial account.
func LookUpManagerial(ctx context.Context, tx consumer.Tx, company int64, code string) (Status, error) {
	var flag sql.NullString
	err := tx.QueryRowContext(ctx, `SELECT ATIVO FROM SLCONTAGERENCIAL WHERE CODCOLIGADA = ? AND CODGERENCIAL = ?`, company, code).Scan(&flag)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Missing, fmt.Errorf("read the master data: %w", err)
	}
	return active(flag), nil
}
