package webservice

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"smartlink/contracts"
	"smartlink/internal/httpcall"
)

// entriesPath is where RM keeps accounting entries.
const entriesPath = "/api/ctb/v1/AccountingEntries"

// restProblem is an error of RM's REST services.
type restProblem struct {
	Code            string `json:"code"`
	Message         string `json:"message"`
	DetailedMessage string `json:"detailedMessage"`
}

// text is what the problem says.
func (p restProblem) text() string {
	switch {
	case p.DetailedMessage == "" || strings.HasPrefix(p.Message, p.DetailedMessage):
		return p.Message
	case p.Message == "" || strings.HasPrefix(p.DetailedMessage, p.Message):
		return p.DetailedMessage
	}
	return p.Message + "\n" + p.DetailedMessage
}

// decimal writes an amount digit by digit; amounts have no culture there.
func decimal(d contracts.Decimal) *json.Number {
	n := json.Number(d.String())
	return &n
}

// entry is an accounting entry as RM's REST service has it. What is null has no value.
type entry struct {
	Company     int64   `json:"companyId"`
	Batch       int64   `json:"batchCode"`
	ID          int64   `json:"entryId,omitempty"`
	Description *string `json:"description"`
	Lines       []line  `json:"accountEntry"`
}

type line struct {
	ID             *int64       `json:"entryNumberId,omitempty"`
	Branch         *int64       `json:"branchId"`
	Date           *string      `json:"date"`
	Department     *string      `json:"departmentCode"`
	Centre         *string      `json:"costCenterCode"`
	Document       *string      `json:"document"`
	DebitCompany   *int64       `json:"companyIdDebitAccount"`
	Debit          *string      `json:"debitAccount"`
	CreditCompany  *int64       `json:"companyIdCreditAccount"`
	Credit         *string      `json:"creditAccount"`
	CounterCompany *int64       `json:"companyIdAgainstEntry"`
	Counter        *string      `json:"accountAgainstEntry"`
	Value          *json.Number `json:"value"`
	History        *string      `json:"historicCode"`
	Complement     *string      `json:"complement"`
	DebitShares    []share      `json:"apportionmentDebit"`
	CreditShares   []share      `json:"apportionmentCredit"`

	// Only read: RM keeps them.
	Application *string `json:"integrateApplication,omitempty"`
	User        *string `json:"user,omitempty"`
	Origin      *int64  `json:"batchCodeOrigin,omitempty"`
}

// share is a row of a managerial apportionment.
type share struct {
	Company        int64        `json:"companyId"`
	AccountCompany int64        `json:"companyIdAccountManagement"`
	Account        string       `json:"accountManagementCode"`
	Inactive       bool         `json:"accountManagementInactive"`
	Value          *json.Number `json:"value"`
	Date           *string      `json:"date,omitempty"`
}

// entryAt is the address of an entry.
func (w *Writer) entryAt(key []int64) string {
	return w.cfg.RESTURL + entriesPath + "/" + url.PathEscape(strings.ReplaceAll(joined(key), ";", "|"))
}

func (w *Writer) restRequest(save bool, method, at string, body []byte) request {
	header := http.Header{"Accept": {"application/json"}}
	if body != nil {
		header.Set("Content-Type", "application/json; charset=utf-8")
	}
	return request{save: save, method: method, path: at, rest: true, header: header, body: body}
}

// readEntry reads an accounting entry; nil when there is none.
func (w *Writer) readEntry(ctx context.Context, key []int64) (*contracts.Record, error) {
	r := w.restRequest(false, http.MethodGet, w.entryAt(key), nil)
	reply, err := w.host.call(ctx, r, nil)
	switch {
	case err != nil:
		return nil, err
	case reply.Status == http.StatusNotFound && problemOf(reply) != "": // and not a page of a server that knows no such address
		return nil, nil
	case reply.Status != http.StatusOK:
		return nil, r.refused(reply)
	}
	e, err := decodeEntry(reply.Body)
	if err != nil {
		return nil, unreadable("RM's accounting entry "+joined(key), err)
	}
	if e.Company == 0 {
		return nil, nil
	}
	return e.record()
}

// problemOf is what a refusal of REST says; empty when it is none of RM's.
func problemOf(reply httpcall.Reply) string {
	var p restProblem
	if json.Unmarshal(reply.Body, &p) != nil {
		return ""
	}
	return p.text()
}

func decodeEntry(body []byte) (*entry, error) {
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("longer than %d bytes", maxAnswer)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	var e entry
	if err := d.Decode(&e); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return &e, nil
}

// saveEntry saves an accounting entry and answers its key. Errors are *away, *doubtful, refusal or ready's.
func (w *Writer) saveEntry(ctx context.Context, o *object, r *contracts.Record, found *contracts.Record, ready func() error) ([]int64, error) {
	body, err := json.Marshal(entryOf(r))
	if err != nil {
		return nil, err
	}
	method, at := http.MethodPost, w.cfg.RESTURL+entriesPath
	if found != nil {
		method, at = http.MethodPut, w.entryAt(keyOf(o, r))
	}
	q := w.restRequest(true, method, at, body)
	reply, err := w.host.call(ctx, q, ready)
	if err != nil {
		return nil, err
	}
	problem := problemOf(reply)
	switch {
	case reply.Status == http.StatusOK || reply.Status == http.StatusCreated:
		if found != nil {
			return keyOf(o, r), nil
		}
		e, err := decodeEntry(reply.Body)
		if err != nil {
			return nil, &doubtful{unreadable("RM's answer to a new accounting entry", err)}
		}
		key, ok := o.parseKey(joined([]int64{r.Int("CodColigada"), r.Int("CodLote"), e.ID}))
		if !ok {
			return nil, &doubtful{fmt.Errorf("RM's answer to a new accounting entry has the id %d", e.ID)}
		}
		return key, nil
	case problem != "" && (reply.Status == http.StatusBadRequest || reply.Status == http.StatusNotFound || reply.Status == http.StatusConflict || reply.Status == http.StatusUnprocessableEntity):
		return nil, refusal(problem)
	}
	return nil, q.refused(reply)
}

// keyOf reads the key of a record.
func keyOf(o *object, r *contracts.Record) []int64 {
	key := make([]int64, len(o.keys))
	for i, name := range o.keys {
		key[i] = r.Int(name)
	}
	return key
}

// joined writes a key as RM does.
func joined(key []int64) string {
	parts := make([]string, len(key))
	for i, n := range key {
		parts[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(parts, ";")
}

// Lines and shares pair the properties with the fields of the commands.
func (l *line) texts() map[string]**string {
	return map[string]**string{
		"CodDepartamento": &l.Department, "CodCCusto": &l.Centre, "Documento": &l.Document, "Debito": &l.Debit, "Credito": &l.Credit,
		"Partida": &l.Counter, "CodHistP": &l.History, "Complemento": &l.Complement,
	}
}

func (l *line) numbers() map[string]**int64 {
	return map[string]**int64{
		"CodFilial": &l.Branch, "CodColDebito": &l.DebitCompany, "CodColCredito": &l.CreditCompany, "CodColPartida": &l.CounterCompany,
	}
}

// entryOf writes a whole record.
func entryOf(r *contracts.Record) *entry {
	description := r.Text("Descricao")
	e := &entry{Company: r.Int("CodColigada"), Batch: r.Int("CodLote"), ID: max(r.Int("IdLancamento"), 0), Description: &description, Lines: []line{}}
	for _, row := range r.Rows("Partidas") {
		l := line{DebitShares: []share{}, CreditShares: []share{}}
		if id := row.Int("IdPartida"); id > 0 {
			l.ID = &id
		}
		for name, at := range l.texts() {
			if row.Has(name) {
				text := row.Text(name)
				*at = &text
			}
		}
		for name, at := range l.numbers() {
			if row.Has(name) {
				n := row.Int(name)
				*at = &n
			}
		}
		date := row.Text("Data") + "T00:00:00"
		l.Date, l.Value = &date, decimal(row.Decimal("Valor"))
		for _, s := range row.Rows("Rateios") {
			of := func(amount string) share {
				return share{Company: e.Company, AccountCompany: e.Company, Account: s.Text("CodGerencial"), Value: decimal(s.Decimal(amount)), Date: &date}
			}
			if s.Int("VlrDebito") != 0 {
				l.DebitShares = append(l.DebitShares, of("VlrDebito"))
			}
			if s.Int("VlrCredito") != 0 {
				l.CreditShares = append(l.CreditShares, of("VlrCredito"))
			}
		}
		e.Lines = append(e.Lines, l)
	}
	return e
}

// record reads it as the books would hold it. RM's service knows no ids of the rows of an apportionment: they are
// counted.
func (e *entry) record() (*contracts.Record, error) {
	r := blank(contracts.CLANCAMENTO)
	own := map[string]int64{"CodColigada": e.Company, "CodLote": e.Batch, "IdLancamento": e.ID}
	for name, n := range own {
		r.Set(name, contracts.Int(n))
	}
	setText(r, "Descricao", e.Description)
	lines := make([]*contracts.Record, len(e.Lines))
	for i := range e.Lines {
		l := &e.Lines[i]
		row := blank(contracts.CPARTIDA)
		for name, n := range own {
			row.Set(name, contracts.Int(n))
		}
		if l.ID == nil {
			return nil, fmt.Errorf("line %d of RM's accounting entry has no entryNumberId", i+1)
		}
		row.Set("IdPartida", contracts.Int(*l.ID))
		for name, at := range l.texts() {
			setText(row, name, *at)
		}
		for name, at := range l.numbers() {
			setNumber(row, name, *at)
		}
		setText(row, "IntegraAplicacao", l.Application)
		setText(row, "CodUsuario", l.User)
		setNumber(row, "CodLoteOrigem", l.Origin)
		if err := errors.Join(setDate(row, "Data", l.Date), setAmount(row, "Valor", l.Value)); err != nil {
			return nil, fmt.Errorf("line %d of RM's accounting entry: %w", i+1, err)
		}
		shares, err := l.shares(row)
		if err != nil {
			return nil, fmt.Errorf("line %d of RM's accounting entry: %w", i+1, err)
		}
		row.SetRows("Rateios", shares)
		lines[i] = row
	}
	r.SetRows("Partidas", lines)
	return r, nil
}

func (l *line) shares(of *contracts.Record) ([]*contracts.Record, error) {
	var rows []*contracts.Record
	for _, side := range []struct {
		shares                 []share
		amount, other, account string
	}{{l.DebitShares, "VlrDebito", "VlrCredito", "Debito"}, {l.CreditShares, "VlrCredito", "VlrDebito", "Credito"}} {
		for _, s := range side.shares {
			row := blank(contracts.CRATEIOLC)
			row.Set("CodColigada", of.Value("CodColigada"))
			row.Set("IdPartida", of.Value("IdPartida"))
			row.Set("IdRateio", contracts.Int(int64(len(rows)+1)))
			row.Set("CodConta", of.Value(side.account))
			row.Set("Data", of.Value("Data"))
			row.Set("CodGerencial", contracts.String(s.Account))
			row.Set(side.other, contracts.Int(0))
			if err := setAmount(row, side.amount, s.Value); err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// blank is a record that holds nothing.
func blank(t *contracts.Table) *contracts.Record {
	r := contracts.NewRecord(t, "")
	for i := range t.Fields {
		if f := &t.Fields[i]; f.Stored() {
			r.Set(f.Name, contracts.Value{State: contracts.Null})
		}
	}
	return r
}

func setText(r *contracts.Record, name string, text *string) {
	if text != nil && *text != "" {
		r.Set(name, contracts.String(*text))
	}
}

func setNumber(r *contracts.Record, name string, n *int64) {
	if n != nil {
		r.Set(name, contracts.Int(*n))
	}
}

func setDate(r *contracts.Record, name string, text *string) error {
	if text == nil || *text == "" {
		return nil
	}
	d, err := contracts.ParseDate(*text)
	if err != nil {
		return fmt.Errorf("%s %q: %w", name, contracts.Excerpt(*text), err)
	}
	r.Set(name, contracts.String(string(d)))
	return nil
}

func setAmount(r *contracts.Record, name string, n *json.Number) error {
	if n == nil {
		return nil
	}
	d, err := r.Table.Field(name).Numeric.Parse(n.String())
	if err != nil {
		return fmt.Errorf("%s %q: %w", name, contracts.Excerpt(n.String()), err)
	}
	r.Set(name, contracts.Int(d.Units))
	return nil
}
