package rmhost

import (
	"context"
	"maps"
	"slices"

	"smartlink/contracts"
	"smartlink/rm/ledger"
)

// saveEntry saves an accounting entry, under its key or, without one, as a new one, and answers it as it is now.
// Lines that are not in it go.
func (b *books) saveEntry(ctx context.Context, body []byte, key []any, user string) (map[string]any, error) {
	tables, err := b.accounting(ctx)
	if err != nil {
		return nil, err
	}
	e, err := readEntry(tables, body)
	if err != nil {
		return nil, err
	}
	own, batch := e.head.int("CODCOLIGADA"), e.head.int("CODLOTE")
	isNew := key == nil
	stored := map[int64]row{}
	if isNew {
		if id := e.head.int("IDLANCAMENTO"); id != -1 && id != 0 {
			e.say("Um lançamento novo não tem entryId: %d.", id)
		}
		e.head = over(tables["CLANCAMENTO"].fresh(), e.head)
	} else {
		if stored, err = b.stored(ctx, tables, e, key); err != nil {
			return nil, err
		}
	}
	b.stamp(tables["CLANCAMENTO"], e.head, user, isNew)
	for i, given := range e.rows {
		whole := tables["CPARTIDA"].fresh()
		if id := given.int("IDPARTIDA"); id != -1 && id != 0 {
			old, ok := stored[id]
			if !ok {
				e.say("A partida %d não foi encontrada no lançamento, ou foi informada duas vezes.", id)
				continue
			}
			whole = old
			delete(stored, id)
		}
		e.rows[i] = over(whole, given)
		e.needs(tables["CPARTIDA"], e.rows[i])
	}
	e.needs(tables["CLANCAMENTO"], e.head)
	if err := judgeAccounting(ctx, b, e, own, batch); err != nil || len(e.wrong) > 0 {
		return nil, orRefused(err, &e.record)
	}
	if isNew {
		id, err := ledger.NextHeadID(ctx, b, own, batch)
		if err != nil {
			return nil, err
		}
		e.head["IDLANCAMENTO"] = id
	}
	if err := b.put(ctx, tables["CLANCAMENTO"], e.head); err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(stored)) {
		if err := b.removeLine(ctx, own, id); err != nil {
			return nil, err
		}
	}
	for i := range e.rows {
		if err := b.writeLine(ctx, tables, e, i, user); err != nil {
			return nil, err
		}
	}
	return b.entry(ctx, []any{own, batch, e.head["IDLANCAMENTO"]})
}

// over puts what is given over a row.
func over(whole, given row) row {
	maps.Copy(whole, given)
	return whole
}

// stored puts an edit over the entry it names, and answers the lines of that.
func (b *books) stored(ctx context.Context, tables map[string]*table, e *accountingEntry, key []any) (map[int64]row, error) {
	heads, err := b.load(ctx, tables["CLANCAMENTO"], ofKey, key...)
	if err != nil {
		return nil, err
	}
	if len(heads) == 0 {
		return nil, errNoEntry
	}
	for i, name := range []string{"CODCOLIGADA", "CODLOTE", "IDLANCAMENTO"} {
		if v, ok := e.head[name]; ok && v != key[i] {
			e.say("%s do corpo difere da chave.", name)
		}
	}
	e.record.stored = heads[0]
	e.head = over(maps.Clone(heads[0]), e.head)
	lines, err := b.load(ctx, tables["CPARTIDA"], ofKey, key...)
	if err != nil {
		return nil, err
	}
	found := map[int64]row{}
	for _, line := range lines {
		found[line.int("IDPARTIDA")] = line
		e.dates = append(e.dates, line.text("DATA"))
	}
	return found, nil
}

// removeLine deletes a line after its apportionment.
func (b *books) removeLine(ctx context.Context, company, line int64) error {
	if err := b.remove(ctx, "CRATEIOLC", `CODCOLIGADA = ? AND IDPARTIDA = ?`, company, line); err != nil {
		return err
	}
	return b.remove(ctx, "CPARTIDA", `CODCOLIGADA = ? AND IDPARTIDA = ?`, company, line)
}

// writeLine writes a line, and its apportionment anew: REST has no ids for the rows of that.
func (b *books) writeLine(ctx context.Context, tables map[string]*table, e *accountingEntry, i int, user string) error {
	line, company := e.rows[i], e.head.int("CODCOLIGADA")
	for _, name := range []string{"CODCOLIGADA", "CODLOTE", "IDLANCAMENTO"} {
		line[name] = e.head[name]
	}
	if id := line.int("IDPARTIDA"); id == -1 || id == 0 {
		next, err := ledger.NextLineIDs(ctx, b, company, 1)
		if err != nil {
			return err
		}
		line["IDPARTIDA"], line["LCTREF"], line["CODLOTEORIGEM"] = next, e.head["IDLANCAMENTO"], e.head["CODLOTE"]
		if !line.has("USUARIO") {
			line["USUARIO"] = user
		}
	}
	if err := b.put(ctx, tables["CPARTIDA"], line); err != nil {
		return err
	}
	if err := b.remove(ctx, "CRATEIOLC", `CODCOLIGADA = ? AND IDPARTIDA = ?`, company, line["IDPARTIDA"]); err != nil {
		return err
	}
	for _, share := range e.shares[i] {
		id, err := ledger.NextManagerialIDs(ctx, b, company, line.int("IDPARTIDA"), 1)
		if err != nil {
			return err
		}
		share["CODCOLIGADA"], share["IDPARTIDA"], share["IDRATEIO"] = company, line["IDPARTIDA"], id
		share["LCTREF"], share["DATA"], share["CODCONTA"] = line["LCTREF"], line["DATA"], line[share.text(shareSide)]
		if err := b.put(ctx, tables["CRATEIOLC"], share); err != nil {
			return err
		}
	}
	return nil
}

// judgeAccounting notes what keeps an entry from being posted.
func judgeAccounting(ctx context.Context, b *books, e *accountingEntry, own, batch int64) error {
	if batch == contracts.IntegratedBatch {
		e.say("O lote 0 não aceita lançamentos.")
	}
	if err := b.judgeCodes(ctx, &e.record, own, e.head, ofHead); err != nil {
		return err
	}
	if len(e.rows) == 0 {
		e.say("O lançamento não tem partidas.")
	}
	cover, err := b.describe(ctx, "CLOTE")
	if err != nil {
		return err
	}
	found, err := b.one(ctx, cover, own, batch)
	if err != nil {
		return err
	}
	balance := int64(0)
	for i, line := range e.rows {
		for _, account := range []string{"DEBITO", "CREDITO", "PARTIDA"} {
			if !line.has(account) {
				line["CODCOL"+account] = nil
			} else if !line.has("CODCOL" + account) {
				line["CODCOL"+account] = own
			}
		}
		if line.units("VALOR") <= 0 {
			e.say("O valor da partida %d deve ser maior que zero.", i+1)
		}
		if !line.has("DEBITO") && !line.has("CREDITO") {
			e.say("A partida %d não tem conta.", i+1)
		}
		if line.has("DEBITO") {
			balance += line.units("VALOR")
		}
		if line.has("CREDITO") {
			balance -= line.units("VALOR")
		}
		date := line.text("DATA")
		e.dates = append(e.dates, date)
		if from, to := found.text("DATAINICIO"), found.text("DATAFIM"); from != "" && date < from || to != "" && date > to {
			e.say("A data %s da partida %d está fora do lote (%s a %s).", date, i+1, from, to)
		}
		if err := b.judgeCodes(ctx, &e.record, own, line, ofLine); err != nil {
			return err
		}
		for _, share := range e.shares[i] {
			if err := b.judgeCodes(ctx, &e.record, own, share, ofManagerial); err != nil {
				return err
			}
		}
	}
	if balance != 0 {
		e.say("O total a débito difere do total a crédito.")
	}
	return b.judgeClosed(ctx, &e.record, own, "C", e.dates...)
}
