package ledger

import (
	"context"
	"strconv"

	"smartlink/consumer"
	"smartlink/contracts"
)

var (
	heads      = newStatements(contracts.CLANCAMENTO, 3, "CodColigada", "CodLote", "IdLancamento")
	lines      = newStatements(contracts.CPARTIDA, 3, "CodColigada", "CodLote", "IdLancamento", "IdPartida")
	managerial = newStatements(contracts.CRATEIOLC, 0, "CodColigada", "IdPartida", "IdRateio")

	headIDs       = newSequence("CLANCAMENTO", "IDLANCAMENTO", "CODLOTE")
	lineIDs       = newSequence("CPARTIDA", "IDPARTIDA", "")
	managerialIDs = newSequence("CRATEIOLC", "IDRATEIO", "IDPARTIDA")
)

// managerialOf reads the managerial apportionments of all lines of an entry.
var managerialOf = managerial.selects(
	`CODCOLIGADA = ? AND IDPARTIDA IN (SELECT IDPARTIDA FROM CPARTIDA WHERE CODCOLIGADA = ? AND CODLOTE = ? AND IDLANCAMENTO = ?)`, `IDPARTIDA, IDRATEIO`)

// LoadHead reads the head of an accounting entry; nil when there is none.
func LoadHead(ctx context.Context, tx consumer.Tx, company, batch, id int64) (*contracts.Record, error) {
	return only(heads.load(ctx, tx, company, batch, id))
}

// LockHead is LoadHead for one that is going to be changed: nobody else changes it, or its lines, until
// the transaction ends.
func LockHead(ctx context.Context, tx consumer.Tx, company, batch, id int64) (*contracts.Record, error) {
	return heads.lock(ctx, tx, company, batch, id)
}

// LoadLines reads the lines of an accounting entry in the order of their ids, each with its managerial
// apportionment in Rateios.
func LoadLines(ctx context.Context, tx consumer.Tx, company, batch, id int64) ([]*contracts.Record, error) {
	found, err := lines.load(ctx, tx, company, batch, id)
	if err != nil {
		return nil, err
	}
	rows, err := managerial.loadBy(ctx, tx, managerialOf, company, company, batch, id)
	if err != nil {
		return nil, err
	}
	ofLine := map[int64][]*contracts.Record{}
	for _, row := range rows {
		ofLine[row.Int("IdPartida")] = append(ofLine[row.Int("IdPartida")], row)
	}
	for _, line := range found {
		line.SetRows("Rateios", ofLine[line.Int("IdPartida")])
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
	From, To contracts.Date // the dates it covers; empty: no bound
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
	a, err := lookUp(ctx, tx, headMaster, []any{company, company, company, batch},
		Part{"GCOLIGADA", company, ""}, Part{ClosedAccounting, company, ""},
		number("CLOTE", company, batch), number(BatchFrom, company, batch), number(BatchTo, company, batch))
	if err != nil {
		return HeadMaster{}, err
	}
	return HeadMaster{active(a[0]), Batch{active(a[2]), a[3].date(), a[4].date()}, a[1].date()}, nil
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
	date := day(c.Date)
	a, err := lookUp(ctx, tx, lineMaster, []any{
		c.Company, c.Branch, c.Company, c.Centre, c.Centre, c.Company, c.Department, c.Company, c.History,
		c.DebitCompany, c.Debit, c.CreditCompany, c.Credit, c.CounterCompany, c.Counter, c.Company, null(date),
	},
		number("GFILIAL", c.Company, c.Branch), Part{AnyCentre, c.Company, c.Centre}, Part{"GDEPTO", c.Company, c.Department},
		Part{"CHISTP", c.Company, c.History}, Part{"CCONTA", c.DebitCompany, c.Debit}, Part{"CCONTA", c.CreditCompany, c.Credit},
		Part{"CCONTA", c.CounterCompany, c.Counter}, Part{InPeriod, c.Company, date})
	if err != nil {
		return LineMaster{}, err
	}
	return LineMaster{
		Branch: active(a[0]), Centre: posting(a[1]), Department: active(a[2]), History: active(a[3]),
		Debit: account(a[4]), Credit: account(a[5]), Counter: account(a[6]), InPeriod: a[7].String == "1",
	}, nil
}

// account reads the flags INATIVA, ANALITICA and RATEIO, each a digit of a number.
func account(flags Answer) Account {
	n, err := strconv.Atoi(flags.String)
	if err != nil {
		return Account{}
	}
	status := Active
	switch {
	case n >= 100:
		status = Inactive
	case n < 10:
		status = NoPosting
	}
	return Account{status, n%10 == 1}
}

// LookUpManagerial looks up a managerial account.
func LookUpManagerial(ctx context.Context, tx consumer.Tx, company int64, code string) (Status, error) {
	a, err := lookUp(ctx, tx, `SELECT MAX(ATIVO) FROM SLCONTAGERENCIAL WHERE CODCOLIGADA = ? AND CODGERENCIAL = ?`, []any{company, code},
		Part{"SLCONTAGERENCIAL", company, code})
	if err != nil {
		return Missing, err
	}
	return active(a[0]), nil
}
