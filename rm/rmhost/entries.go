package rmhost

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// entriesPath is RM's REST service of accounting entries.
const entriesPath = "/api/ctb/v1/AccountingEntries"

func rest(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

// names pairs the properties of REST with the columns that hold them.
type names []struct{ property, column string }

var (
	headNames = names{{"companyId", "CODCOLIGADA"}, {"batchCode", "CODLOTE"}, {"entryId", "IDLANCAMENTO"}, {"description", "DESCRICAO"}}
	lineNames = names{
		{"entryNumberId", "IDPARTIDA"}, {"branchId", "CODFILIAL"}, {"date", "DATA"}, {"departmentCode", "CODDEPARTAMENTO"},
		{"costCenterCode", "CODCCUSTO"}, {"document", "DOCUMENTO"}, {"companyIdDebitAccount", "CODCOLDEBITO"}, {"debitAccount", "DEBITO"},
		{"companyIdCreditAccount", "CODCOLCREDITO"}, {"creditAccount", "CREDITO"}, {"companyIdAgainstEntry", "CODCOLPARTIDA"},
		{"accountAgainstEntry", "PARTIDA"}, {"value", "VALOR"}, {"historicCode", "CODHISTP"}, {"complement", "COMPLEMENTO"},
		{"integrateApplication", "INTEGRAAPLICACAO"}, {"user", "USUARIO"}, {"batchCodeOrigin", "CODLOTEORIGEM"},
	}
	// Of a line, but not among these books' columns.
	lineOthers = []string{
		"value2", "date2", "participantId", "dateUntimely", "companyIdElimination", "companyIdAccountElimination", "accountEliminationCode",
		"reversalAccountId", "groupAccountId", "generationType", "userModified", "operationId", "valuesCurrencies",
	}
	// What RM wants of a row of an apportionment.
	shareNeeds = []string{"companyId", "companyIdAccountManagement", "accountManagementCode", "accountManagementInactive"}
)

// shareSide is where a row of an apportionment keeps which account of the line it is of, until it is written; no
// table has such a column.
const shareSide = "side"

// sides are the two apportionments of a line.
var sides = []struct{ property, column, account string }{
	{"apportionmentDebit", "VLRDEBITO", "DEBITO"}, {"apportionmentCredit", "VLRCREDITO", "CREDITO"},
}

// understandREST finds the call of a REST request.
func (h *Host) understandREST(r *http.Request, body []byte) (*call, answer) {
	key, below := strings.CutPrefix(r.URL.Path, entriesPath+"/")
	ids, badKey := readKey(strings.ReplaceAll(key, "|", ";"), 3)
	c := &call{name: r.Method + " AccountingEntries", refused: restRefused}
	user, _, _ := r.BasicAuth()
	in := func(status int, f func(ctx context.Context, b *books) (map[string]any, error)) {
		c.do = func(ctx context.Context) answer {
			var entry map[string]any
			err := h.inTx(ctx, func(b *books) (err error) { entry, err = f(ctx, b); return err })
			return restAnswer(status, entry, err)
		}
	}
	switch {
	case r.URL.Path == entriesPath && r.Method == http.MethodPost:
		c.save = true
		in(http.StatusCreated, func(ctx context.Context, b *books) (map[string]any, error) { return b.saveEntry(ctx, body, nil, user) })
	case !below || r.Method != http.MethodPut && r.Method != http.MethodGet:
		return nil, restRefused(http.StatusNotFound, "Recurso não encontrado: "+r.Method+" "+r.URL.Path)
	case badKey != nil:
		return nil, restRefused(http.StatusBadRequest, badKey.Error())
	case r.Method == http.MethodPut:
		c.save = true
		in(http.StatusOK, func(ctx context.Context, b *books) (map[string]any, error) { return b.saveEntry(ctx, body, ids, user) })
	default:
		in(http.StatusOK, func(ctx context.Context, b *books) (map[string]any, error) { return b.entry(ctx, ids) })
	}
	return c, answer{}
}

// errNoEntry says that a key names nothing.
var errNoEntry = errors.New("lançamento contábil não encontrado")

func restAnswer(status int, entry map[string]any, err error) answer {
	text, refused := errors.AsType[refusal](err)
	switch {
	case refused:
		return restRefused(http.StatusBadRequest, string(text))
	case errors.Is(err, errNoEntry):
		return restRefused(http.StatusNotFound, err.Error())
	case err != nil:
		return restRefused(http.StatusInternalServerError, err.Error())
	}
	body, err := json.Marshal(entry)
	if err != nil {
		return restRefused(http.StatusInternalServerError, err.Error())
	}
	return answer{status, "application/json; charset=utf-8", body, fmt.Sprintf("%v;%v;%v", entry["companyId"], entry["batchCode"], entry["entryId"])}
}

// restRefused is an error as TOTVS's APIs write it.
func restRefused(status int, text string) answer {
	message, _, _ := strings.Cut(text, "\n")
	body, err := json.Marshal(map[string]string{"code": "CTB-" + strconv.Itoa(status), "message": message, "detailedMessage": text})
	if err != nil { // texts can always be written
		panic(err)
	}
	return answer{status, "application/json; charset=utf-8", body, text}
}

// entry reads an entry with its lines.
func (b *books) entry(ctx context.Context, key []any) (map[string]any, error) {
	tables, err := b.accounting(ctx)
	if err != nil {
		return nil, err
	}
	heads, err := b.load(ctx, tables["CLANCAMENTO"], ofKey, key...)
	if err != nil {
		return nil, err
	}
	if len(heads) == 0 {
		return nil, errNoEntry
	}
	lines, err := b.load(ctx, tables["CPARTIDA"], ofKey, key...)
	if err != nil {
		return nil, err
	}
	list := make([]map[string]any, len(lines))
	for i, line := range lines {
		shares, err := b.load(ctx, tables["CRATEIOLC"], `CODCOLIGADA = ? AND IDPARTIDA = ?`, key[0], line["IDPARTIDA"])
		if err != nil {
			return nil, err
		}
		list[i] = lineNames.named(tables["CPARTIDA"], line)
		for _, side := range sides {
			of := []map[string]any{}
			for _, s := range shares {
				if s.units(side.column) != 0 {
					of = append(of, map[string]any{
						"companyId": s["CODCOLIGADA"], "companyIdAccountManagement": s["CODCOLIGADA"], "accountManagementCode": s["CODGERENCIAL"],
						"accountManagementInactive": false, "value": json.Number(s.text(side.column)), "date": s.text("DATA") + "T00:00:00",
					})
				}
			}
			list[i][side.property] = of
		}
	}
	entry := headNames.named(tables["CLANCAMENTO"], heads[0])
	entry["accountEntry"] = list
	return entry, nil
}

const ofKey = `CODCOLIGADA = ? AND CODLOTE = ? AND IDLANCAMENTO = ?`

// accounting describes the tables of an accounting entry.
func (b *books) accounting(ctx context.Context) (map[string]*table, error) {
	tables := map[string]*table{}
	for _, name := range []string{"CLANCAMENTO", "CPARTIDA", "CRATEIOLC"} {
		t, err := b.describe(ctx, name)
		if err != nil {
			return nil, err
		}
		tables[name] = t
	}
	return tables, nil
}

// named answers the columns of a row under the names of REST. Numbers have no culture there.
func (n names) named(t *table, r row) map[string]any {
	found := map[string]any{}
	for _, name := range n {
		c := t.column(name.column)
		switch v := r[name.column]; {
		case v == nil:
			found[name.property] = nil
		case c.kind == amount:
			found[name.property] = json.Number(r.text(name.column))
		case c.kind == day:
			found[name.property] = r.text(name.column) + "T00:00:00"
		default:
			found[name.property] = v
		}
	}
	return found
}

// properties is an object of JSON.
type properties = map[string]json.RawMessage

// columns reads properties into columns; others than these and those left aside are wrong.
func (n names) columns(t *table, given properties, aside []string, r *record) row {
	read := row{}
	for _, property := range slices.Sorted(maps.Keys(given)) {
		raw := given[property]
		i := slices.IndexFunc(n, func(name struct{ property, column string }) bool { return name.property == property })
		switch {
		case slices.Contains(aside, property):
		case i >= 0:
			v, err := readJSON(t.column(n[i].column), raw)
			if err != nil {
				r.say("%s: %s.", property, err)
			}
			read[n[i].column] = v
		case slices.Contains(lineOthers, property) && string(raw) == "null":
		default:
			r.say("A propriedade %s não é suportada.", property)
		}
	}
	return read
}

// readJSON reads the value of a column. Texts are in quotes, numbers are not.
func readJSON(c *column, raw json.RawMessage) (any, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	wantsNumber := c.kind == integer || c.kind == amount
	switch v := v.(type) {
	case nil:
		return nil, nil
	case json.Number:
		if wantsNumber {
			return c.read(v.String(), Invariant)
		}
	case string:
		if !wantsNumber {
			return c.read(v, Invariant)
		}
	}
	return nil, errors.New("o tipo do valor " + string(raw) + " é inválido")
}

// accountingEntry is an accounting entry that is saved.
type accountingEntry struct {
	record
	shares map[int][]row // by the number of the line
	dates  []string      // of its lines, as they were and as they will be
}

// readEntry reads an entry of REST.
func readEntry(tables map[string]*table, body []byte) (*accountingEntry, error) {
	e := &accountingEntry{shares: map[int][]row{}}
	var given properties
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&given); err != nil {
		return nil, refusal("O JSON é inválido: " + err.Error())
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, refusal("O JSON continua depois do lançamento.")
	}
	e.head = headNames.columns(tables["CLANCAMENTO"], given, []string{"accountEntry", "reversal"}, &e.record)
	if reversal := string(given["reversal"]); reversal != "" && reversal != "false" && reversal != "null" {
		e.say("Estornos não são suportados.")
	}
	var lines []properties
	if err := json.Unmarshal(given["accountEntry"], &lines); err != nil {
		return nil, refusal("accountEntry não é uma lista de partidas.")
	}
	for i, line := range lines {
		e.rows = append(e.rows, lineNames.columns(tables["CPARTIDA"], line, []string{sides[0].property, sides[1].property}, &e.record))
		for _, side := range sides {
			var shares []properties
			if raw, ok := line[side.property]; ok && json.Unmarshal(raw, &shares) != nil {
				e.say("%s da partida %d não é uma lista.", side.property, i+1)
			}
			for _, share := range shares {
				for _, name := range shareNeeds {
					if raw := string(share[name]); raw == "" || raw == "null" {
						e.say("%s da partida %d: %s não foi informado.", side.property, i+1, name)
					}
				}
				n := names{
					{"companyId", "CODCOLIGADA"}, {"accountManagementCode", "CODGERENCIAL"}, {"value", side.column}, {"date", "DATA"},
				}
				whole := tables["CRATEIOLC"].fresh()
				maps.Copy(whole, n.columns(tables["CRATEIOLC"], share, []string{"companyIdAccountManagement", "accountManagementInactive"}, &e.record))
				whole[shareSide] = side.account
				e.shares[i] = append(e.shares[i], whole)
			}
		}
	}
	return e, nil
}
