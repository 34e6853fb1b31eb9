package webservice

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/link"
	"smartlink/rm/command"
	"smartlink/rm/faults"
	"smartlink/rm/webservice/desk"
)

// caller executes one message type in RM. It is a consumer.Outside.
type caller struct {
	*Writer
	o       *object
	command *contracts.Command
	rules   consumer.Consumer
}

// Type implements consumer.Outside.
func (c *caller) Type() string { return c.command.Type }

// Parallel implements consumer.Parallel.
func (c *caller) Parallel() int { return c.cfg.Parallel }

// Settles implements consumer.Outside: what a call does before it saves takes at most half of RM's time-out, and
// RM ends or drops the save within that.
func (c *caller) Settles() time.Duration { return 2 * c.cfg.Timeout }

// Send implements consumer.Outside. What RM knows of the marker already is not saved again: a database of the
// agent that was lost or restored does not know of its calls any more.
func (c *caller) Send(ctx context.Context, x consumer.Call, log consumer.Log) consumer.Outcome {
	if err := c.amounts.blockedBy(); err != nil {
		return outcome(ctx, x.Now, err)
	}
	begun := c.clock.Elapsed()
	ready := func() error {
		spent := max(c.clock.Elapsed()-begun, c.clock.Now().Sub(x.Began))
		if spent > c.preparing() {
			return standing("ler do RM levou %[1]s, mais que a metade de timeout (%[2]s); nada foi enviado", "reading from RM took %[1]s, more than half of timeout (%[2]s); nothing was sent",
				spent.Round(time.Millisecond), c.cfg.Timeout)
		}
		return nil
	}
	given := c.decode(x.Message)
	if out, done := c.known(ctx, given, x, log); done {
		return out
	}
	result, err := c.judge(ctx, given, x.Execution, log)
	if err != nil {
		return outcome(ctx, x.Now, err)
	}
	if result.Outcome.Kind != consumer.KindDone {
		return result.Outcome
	}
	key, err := c.save(ctx, x.Marker, result, ready, log)
	if text, refused := errors.AsType[refusal](err); refused {
		log.Error("%v", err)
		return consumer.Reject([]link.Fault{faults.New(faults.Refused, "", "", faults.Args{"text": sentence(string(text))})}, result.Outcome.Warnings...)
	}
	if err != nil {
		return outcome(ctx, x.Now, err)
	}
	return c.done(key, result.Outcome.Warnings, log)
}

// maxRefusal bounds what of RM's refusal is answered, in characters: some come with all that the program was doing.
const maxRefusal = 1000

// sentence is a text of RM's inside one of ours.
func sentence(text string) string {
	if r := []rune(text); len(r) > maxRefusal {
		text = string(r[:maxRefusal]) + "…"
	}
	return strings.TrimRight(text, ". \r\n\t")
}

// known looks whether RM knows the marker already. Where it cannot be asked, nothing is saved.
func (c *caller) known(ctx context.Context, given *message, x consumer.Call, log consumer.Log) (consumer.Outcome, bool) {
	out := c.find(ctx, given, x, log)
	switch out.Kind {
	case consumer.KindAbsent:
		return out, false
	case consumer.KindUnknown: // by this call nothing was saved, that much is known
		return outcome(ctx, x.Now, out.Cause), true
	}
	return out, true
}

// Find implements consumer.Outside.
func (c *caller) Find(ctx context.Context, x consumer.Call, log consumer.Log) consumer.Outcome {
	return c.find(ctx, c.decode(x.Message), x, log)
}

func (c *caller) find(ctx context.Context, given *message, x consumer.Call, log consumer.Log) consumer.Outcome {
	keys, err := c.keysOf(ctx, c.o, given.company(c.cfg.Company), c.o.byMarker(x.Marker))
	switch {
	case err != nil && ctx.Err() != nil:
		return consumer.Unknown(err)
	case err != nil:
		if out := outcome(ctx, x.Now, err); out.Kind == consumer.KindAway {
			return out
		}
		return consumer.Unknown(err)
	case len(keys) == 0:
		return consumer.Absent()
	case len(keys) > 1: // somebody has copied the record in RM, and its marker with it
		log.Warn("O marcador %s está em %d registros (%s, %s, …): um deles foi copiado no RM; vale o primeiro.", x.Marker, len(keys), joined(keys[0]), joined(keys[1]))
	}
	return c.done(keys[0], given.warnings, log)
}

// done is the outcome of a record that is in RM.
func (c *caller) done(key []int64, warnings []link.Fault, log consumer.Log) consumer.Outcome {
	keys := make(map[string]any, len(key))
	for i, n := range key {
		keys[c.o.keys[i]] = n
	}
	log.Info("%s %s no RM.", c.command.Table.PT, joined(key))
	return consumer.Done(joined(key), keys, warnings...)
}

// message is what a message says, as far as it can be read.
type message struct {
	*contracts.Record
	warnings []link.Fault
}

func (c *caller) decode(m link.Message) *message {
	given, findings := c.command.Decode(m.Body)
	if given == nil {
		given = contracts.NewRecord(c.command.Table, "/data")
	}
	var warnings faults.List
	warnings.AddViolations(findings.Unknown)
	warnings.AddMore(findings.MoreUnknown)
	return &message{given, warnings.Faults()}
}

// company is the company in whose name RM is asked.
func (m *message) company(otherwise int64) int64 {
	if n := m.Int("CodColigada"); n > 0 {
		return n
	}
	return otherwise
}

// judge lets the rules say what RM is to save, without the marker, or why not.
func (c *caller) judge(ctx context.Context, given *message, x consumer.Execution, log consumer.Log) (desk.Result, error) {
	d, err := c.desk(ctx)
	if err != nil {
		return desk.Result{}, err
	}
	result, err := d.Run(ctx, c.rules, x, books{c.Writer}, log)
	if err != nil {
		return result, err
	}
	out := &result.Outcome
	record := given.Record
	switch out.Kind {
	case consumer.KindDone:
		record = result.Record
	case consumer.KindReject:
	default:
		return result, nil
	}
	var more []link.Fault
	if fault, ok := c.o.room(record, given.Record); !ok {
		more = append(more, fault)
	}
	if out.Kind == consumer.KindDone && c.o.table == contracts.FLAN && len(result.Record.Rows("Rateios")) == 0 && result.Stored != nil && len(result.Stored.Rows("Rateios")) > 0 {
		more = append(more, command.FaultAt(faults.ApportionmentStays, given.Record, "Rateios", nil))
	}
	if len(more) > 0 {
		for _, f := range more {
			log.Error("%s %s: %s", f.Code, f.Pointer, f.Description)
		}
		result.Outcome = consumer.Reject(append(out.Errors, more...), out.Warnings...)
	}
	return result, nil
}

// Try implements consumer.Trier: the rules are run, and nothing is saved. A command that they let pass would be judged
// by RM again.
func (c *caller) Try(ctx context.Context, x consumer.Execution, log consumer.Log) consumer.Outcome {
	result, err := c.judge(ctx, c.decode(x.Message), x, log)
	if err != nil {
		return outcome(ctx, x.Now, err)
	}
	out := result.Outcome
	out.Key, out.Keys = "", nil // nothing has one yet
	return out
}

// save saves a judged record under a marker, and answers its key. Errors are those of host.save and refusal.
func (c *caller) save(ctx context.Context, marker string, result desk.Result, ready func() error, log consumer.Log) ([]int64, error) {
	record := result.Record.Copy()
	c.o.put(record, marker)
	if c.o.root == "" {
		return c.saveEntry(ctx, c.o, record, result.Stored, ready)
	}
	return c.saveChange(ctx, newChange(c.o, record, result.Stored), ready, log)
}

// saveChange saves what is said by SOAP. As long as nobody has seen an amount arrive, one is saved at a time, and
// read back.
func (w *Writer) saveChange(ctx context.Context, ch *change, ready func() error, log consumer.Log) ([]int64, error) {
	if !ch.amounts() {
		return w.saveData(ctx, ch, "", ready)
	}
	if !w.amounts.isSeen(ch.o.server) {
		ch.o.first.Lock()
		defer ch.o.first.Unlock()
		if err := w.seeAmounts(ctx, ch.o); err != nil {
			return nil, err
		}
	}
	if err := w.learnFromProbe(ctx); err != nil {
		return nil, err
	}
	culture, err := w.amounts.toSave()
	if err != nil {
		return nil, err
	}
	key, err := w.saveData(ctx, ch, culture, ready)
	if err != nil || w.amounts.isSeen(ch.o.server) {
		return key, err
	}
	w.amounts.expect(ch.o.server, &saved{key, ch})
	if err := w.seeAmounts(ctx, ch.o); err != nil { // it is saved all the same: the next save looks again
		log.Error("%v", err)
	}
	return key, nil
}

func (w *Writer) saveData(ctx context.Context, ch *change, culture Culture, ready func() error) ([]int64, error) {
	company := ch.record.Int("CodColigada")
	result, err := w.host.save(ctx, ch.o, company, ch.dataSet(culture), ready)
	if err != nil {
		return nil, err
	}
	key, ok := ch.o.parseKey(result)
	switch {
	case !ok && result == "":
		return nil, &doubtful{errors.New("RM answered a save with nothing")}
	case !ok:
		return nil, refusal(result)
	case key[0] != company || ch.found != nil && joined(key) != joined(keyOf(ch.o, ch.found)):
		return nil, &doubtful{fmt.Errorf("RM answered the save of %s with the key %s", joined(keyOf(ch.o, ch.record)), result)}
	}
	return key, nil
}

// seeAmounts reads the record back whose amounts nobody has seen arrive, if there is one. Amounts that are
// others block the writer.
func (w *Writer) seeAmounts(ctx context.Context, o *object) error {
	if err := w.amounts.blockedBy(); err != nil {
		return err
	}
	s := w.amounts.expected(o.server)
	if s == nil {
		return nil
	}
	now, err := w.readRecord(ctx, o, s.key)
	if _, wrong := errors.AsType[*mismatch](err); wrong {
		return w.block(s, o, standing("o lançamento %[1]s de %[2]s foi gravado com os valores na forma errada (%[3]s), e o RM pode ter entendido outros: confira-o no RM, corrija culture na configuração e reinicie o agente. Nada mais é gravado até lá",
			"the entry %[1]s of %[2]s was saved with its amounts in the wrong form (%[3]s), and RM may have taken them for others: look at it in RM, correct culture in the configuration, and start the agent anew. Nothing more is saved until then",
			joined(s.key), o.server, string(w.cfg.Culture)))
	}
	if err != nil {
		return err
	}
	if now == nil { // somebody has deleted it: there is nothing to be seen
		w.amounts.forget(o.server)
		return nil
	}
	if column, want, have, ok := s.change.arrived(now); !ok {
		return w.block(s, o, standing("o lançamento %[1]s de %[2]s foi gravado no RM com %[3]s %[5]s em vez de %[4]s: corrija-o no RM, confira culture na configuração e reinicie o agente. Nada mais é gravado até lá",
			"the entry %[1]s of %[2]s was saved in RM with %[3]s %[5]s instead of %[4]s: correct it in RM, check culture in the configuration, and start the agent anew. Nothing more is saved until then",
			joined(s.key), o.server, column, want, have))
	}
	w.amounts.see(o.server)
	return nil
}

// block keeps everything from being saved, since the amounts of a record did not arrive as they were meant.
func (w *Writer) block(s *saved, o *object, why error) error {
	w.amounts.block(why)
	w.log.Error("amounts did not arrive in RM as they were sent: nothing more is saved", "record", joined(s.key), "server", o.server, "error", why)
	return why
}

// learnFromProbe reads a record of the configuration, once, so that the host's culture is known before anything is
// saved.
func (w *Writer) learnFromProbe(ctx context.Context) error {
	if !w.amounts.wantsProbe() {
		return nil
	}
	for _, server := range []string{financeServer, statementServer} {
		key, ok := w.objects[server].parseKey(w.cfg.Probe[server])
		if !ok {
			continue
		}
		if _, err := w.readRecord(ctx, w.objects[server], key); err != nil {
			return err
		}
	}
	w.amounts.probed()
	return nil
}

// desk is where the rules are run; it is opened when it is first needed.
func (w *Writer) desk(ctx context.Context) (*desk.Desk, error) {
	w.opening.Lock()
	defer w.opening.Unlock()
	if w.opened == nil {
		d, err := desk.Open(context.WithoutCancel(ctx))
		if err != nil {
			return nil, err
		}
		w.opened = d
	}
	return w.opened, nil
}

// Close frees what the rules were run on. Nothing may be called any more.
func (w *Writer) Close() error {
	w.opening.Lock()
	defer w.opening.Unlock()
	if w.opened == nil {
		return nil
	}
	return w.opened.Close()
}
