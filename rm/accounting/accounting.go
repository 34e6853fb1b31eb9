// Package accounting executes the commands over accounting entries (CLANCAMENTO with its lines, CPARTIDA, and
// their managerial apportionment, CRATEIOLC).
//
// What stands in the books after a command balances: per entry, and within it per branch and date. An edit
// is judged by its result.
package accounting

import (
	"context"
	"slices"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/rm/command"
	"smartlink/rm/faults"
	"smartlink/rm/ledger"
)

// CtbLançamentoIncConsumerDataCommandMessage creates an accounting entry.
type CtbLançamentoIncConsumerDataCommandMessage struct{}

// Type is CtbLanIncDataCommand.
func (CtbLançamentoIncConsumerDataCommandMessage) Type() string { return contracts.CtbLanInc.Type }

// Transactional says that every effect goes through Tx.
func (CtbLançamentoIncConsumerDataCommandMessage) Transactional() bool { return true }

// Execute books the entry, or refuses with everything that is wrong.
func (CtbLançamentoIncConsumerDataCommandMessage) Execute(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
	return command.Execute(ctx, tx, x, log, contracts.CtbLanInc, create)
}

// CtbLançamentoAltConsumerDataCommandMessage edits an accounting entry.
type CtbLançamentoAltConsumerDataCommandMessage struct{}

// Type is CtbLanAltDataCommand.
func (CtbLançamentoAltConsumerDataCommandMessage) Type() string { return contracts.CtbLanAlt.Type }

// Transactional says that every effect goes through Tx.
func (CtbLançamentoAltConsumerDataCommandMessage) Transactional() bool { return true }

// Execute edits the entry, or refuses with everything that is wrong.
func (CtbLançamentoAltConsumerDataCommandMessage) Execute(ctx context.Context, tx consumer.Tx, x consumer.Execution, log consumer.Log) consumer.Outcome {
	return command.Execute(ctx, tx, x, log, contracts.CtbLanAlt, edit)
}

// entry is an accounting entry as a command makes it.
type entry struct {
	*command.Execution
	head    *contracts.Record
	lines   []*line
	removed []*contracts.Record
	whole   bool // every line could be read, so sums mean something
	edits   bool
	batch   ledger.Batch
	closing command.Closing
}

// line is one line of the result.
type line struct {
	*contracts.Record
	old   *contracts.Record // as stored; nil: new
	given bool              // stands in the message
	loose bool              // names no line of the entry, so nothing is known of what it does not say
	rows  command.Rows      // its managerial apportionment
}

// create judges and writes a new entry.
func create(ctx context.Context, e *command.Execution) (command.Booked, error) {
	n := &entry{Execution: e, head: e.Given.Complete()}
	n.join(nil, true)
	known, err := n.judgeHead(ctx)
	if err != nil {
		return command.Booked{}, err
	}
	if err := n.judge(ctx, known); err != nil || e.Faults.Any() {
		return command.Booked{}, err
	}
	id, err := ledger.NextHeadID(ctx, e.Tx, n.head.Int("CodColigada"), n.head.Int("CodLote"))
	if err != nil {
		return command.Booked{}, err
	}
	n.head.Set("IdLancamento", contracts.Int(id))
	e.Created(n.head)
	if err := ledger.InsertHead(ctx, e.Tx, n.head); err != nil {
		return command.Booked{}, err
	}
	return n.booked("incluído"), n.writeLines(ctx)
}

// edit judges and writes the change of an entry.
func edit(ctx context.Context, e *command.Execution) (command.Booked, error) {
	company, batch, id := e.Given.Int("CodColigada"), e.Given.Int("CodLote"), e.Given.Int("IdLancamento")
	named := e.Given.Has("CodColigada") && e.Given.Has("CodLote") && e.Given.Has("IdLancamento") && batch != contracts.IntegratedBatch
	var stored *contracts.Record
	var lines []*contracts.Record
	if named {
		var err error
		if stored, err = ledger.LockHead(ctx, e.Tx, company, batch, id); err != nil {
			return command.Booked{}, err
		}
	}
	if stored != nil {
		var err error
		if lines, err = ledger.LoadLines(ctx, e.Tx, company, batch, id); err != nil {
			return command.Booked{}, err
		}
		e.Faults.AddViolations(e.Given.CheckStored(stored, false))
	}
	before := stored
	if before == nil {
		before = contracts.NewRecord(contracts.CLANCAMENTO, "")
	}
	n := &entry{Execution: e, head: e.Given.Over(before), edits: true}
	n.join(lines, stored != nil)
	known, err := n.judgeHead(ctx)
	if err != nil {
		return command.Booked{}, err
	}
	if named && stored == nil && known.Company != ledger.Missing && known.Batch.Status != ledger.Missing {
		e.Fault(faults.EntryUnknown, e.Given, "IdLancamento", faults.Args{"entry": n.key(), "keys": "CodColigada;CodLote;IdLancamento"},
			e.Given.Pointer("CodColigada"), e.Given.Pointer("CodLote"))
	}
	n.judgeStoredDates(lines)
	if err := n.judge(ctx, known); err != nil || e.Faults.Any() {
		return command.Booked{}, err
	}
	e.Modified(n.head)
	if err := ledger.UpdateHead(ctx, e.Tx, n.head); err != nil {
		return command.Booked{}, err
	}
	return n.booked("alterado"), n.writeLines(ctx)
}

// join joins the lines of the message with those that are stored. Without a list in the message all lines
// stay as they are. Where the entry is not known, neither are its lines.
func (n *entry) join(stored []*contracts.Record, known bool) {
	switch n.Given.State("Partidas") {
	case contracts.Absent:
		n.whole = known
		for _, old := range stored {
			n.lines = append(n.lines, &line{Record: old, old: old, rows: command.Rows{All: old.Rows("Rateios"), Old: itself(old.Rows("Rateios"))}})
		}
		return
	case contracts.Invalid:
	default:
		n.whole = true
	}
	unknown := faults.LineUnknown
	if !known {
		unknown = ""
	}
	j := n.Join(n.Given.Rows("Partidas"), stored, "IdPartida", unknown, faults.LineRepeated, faults.Args{"entry": n.key()})
	n.removed = j.Remove
	for _, whole := range j.All {
		l := &line{Record: whole, old: j.Old[whole], given: true}
		l.loose = l.old == nil && !slices.Contains(j.Add, whole)
		n.whole = n.whole && !l.loose
		n.joinRows(l)
		n.lines = append(n.lines, l)
	}
}

// joinRows joins the managerial apportionment of a line with what is stored.
func (n *entry) joinRows(l *line) {
	var stored []*contracts.Record
	if l.old != nil {
		stored = l.old.Rows("Rateios")
		n.Faults.AddViolations(l.CheckStored(l.old, false))
		if l.State("Rateios") == contracts.Absent {
			l.rows = command.Rows{All: stored, Old: itself(stored)}
			return
		}
	}
	foreign := faults.ManagerialForeign
	if l.loose {
		foreign = ""
	}
	l.rows = n.Join(l.Rows("Rateios"), stored, "IdRateio", foreign, faults.ApportionmentRepeated, lineName(l))
	for _, row := range l.rows.All {
		if old := l.rows.Old[row]; old != nil {
			n.Faults.AddViolations(row.CheckStored(old, false))
		}
	}
}

// lineName names a line in a sentence.
func lineName(l *line) faults.Args {
	if id := l.Display("IdPartida"); id != "" && l.Int("IdPartida") > 0 {
		return faults.Args{"entry": id}
	}
	return faults.Args{"entry": "nova", "entry.en": "new"}
}

// itself says of stored rows that they are their own old ones.
func itself(stored []*contracts.Record) map[*contracts.Record]*contracts.Record {
	m := make(map[*contracts.Record]*contracts.Record, len(stored))
	for _, r := range stored {
		m[r] = r
	}
	return m
}

func (n *entry) key() string { return command.Key(n.head, "CodColigada", "CodLote", "IdLancamento") }

func (n *entry) booked(did string) command.Booked {
	return command.NewBooked(n.head, did, "CodColigada", "CodLote", "IdLancamento")
}

// pointer tells where a field of a line stands in the message; of a line that is not in it, where the
// entry's id stands.
func (n *entry) pointer(l *line, name string) string {
	if !l.given {
		return n.Given.Pointer("IdLancamento")
	}
	return l.Pointer(name)
}

// id points at the id of an edit's line: a wrong one makes a line another than is meant.
func (n *entry) id(l *line) []string {
	if !n.edits || !l.given {
		return nil
	}
	return []string{l.Pointer("IdPartida")}
}

// rowIDs is the same of rows of a line's managerial apportionment.
func (n *entry) rowIDs(rows ...*contracts.Record) []string {
	if !n.edits {
		return nil
	}
	return command.Pointers(rows, "IdRateio")
}

// faultAt reports a broken rule at a field of a line.
func (n *entry) faultAt(code faults.Code, l *line, name string, args faults.Args, related ...string) {
	n.Faults.Add(faults.New(code, n.pointer(l, name), l.Table.Field(name).Column, args, related...))
}
