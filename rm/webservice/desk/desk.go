// Package desk lets a consumer of RM execute a command without the books: it judges by the consumer's own
// rules, and answers the record that the consumer would have written, for somebody else to write it.
//
// The consumer works on a sheet, empty tables in memory. What it edits is laid on the sheet before, read
// from the real books; its master data come from there too. Whatever it writes is read from the sheet, and
// the sheet is wiped.
package desk

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/rm/ledger"
)

// Books are the real books, as far as executing a command reads them.
type Books interface {
	ledger.Master
	// Stored reads a record as it stands in the books: amounts with their signs, all its rows and theirs,
	// custom columns as its extras (Null where they hold nothing). Nil: there is none. The key is in the
	// order of t.Keys().
	Stored(ctx context.Context, t *contracts.Table, key ...int64) (*contracts.Record, error)
}

// Result is what came of a command.
type Result struct {
	// Outcome is the consumer's. Done says that the record may be written, and nothing more: the id in the
	// key of a new record is -1.
	Outcome consumer.Outcome
	// Record is the whole record to be written, as the books would hold it (see Books.Stored); nil unless
	// done. A new record, and every new row, has the id -1, and copies of it are -1 too; what the books
	// derive from an id is absent.
	Record *contracts.Record
	// Stored is the record of an edit as it stood in the books; nil for a new one, or where there is none.
	Stored *contracts.Record
}

// Desk executes commands, any number at the same time.
type Desk struct {
	mu     sync.Mutex
	idle   []*sheet
	closed bool
}

// Open makes a desk. Close it.
func Open(ctx context.Context) (*Desk, error) {
	s, err := newSheet(ctx)
	if err != nil {
		return nil, err
	}
	return &Desk{idle: []*sheet{s}}, nil
}

// Close frees the sheets. What runs is not waited for; it frees its own at its end.
func (d *Desk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	var err error
	for _, s := range d.idle {
		err = errors.Join(err, s.close())
	}
	d.idle = nil
	return err
}

// take answers a sheet that nobody works on.
func (d *Desk) take(ctx context.Context) (*sheet, error) {
	d.mu.Lock()
	if n := len(d.idle); n > 0 {
		s := d.idle[n-1]
		d.idle = d.idle[:n-1]
		d.mu.Unlock()
		return s, nil
	}
	closed := d.closed
	d.mu.Unlock()
	if closed {
		return nil, errors.New("the desk is closed")
	}
	return newSheet(ctx)
}

// give takes a sheet back. One that could not be wiped is thrown away.
func (d *Desk) give(s *sheet, wiped bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || !wiped {
		_ = s.close()
		return
	}
	d.idle = append(d.idle, s)
}

// Run lets a consumer of RM execute a message. The books' own errors come out as they are, wrapped at most
// (errors.As, errors.Is); then there is no outcome, and nothing is logged. Other technical faults are a Retry,
// a panic too. Lines that tell of what was done are not logged: nothing was, yet.
func (d *Desk) Run(ctx context.Context, c consumer.Consumer, x consumer.Execution, b Books, log consumer.Log) (Result, error) {
	command := contracts.CommandOf(c.Type())
	if command == nil {
		return Result{}, fmt.Errorf("%s is no command of RM", c.Type())
	}
	stored, err := storedOf(ctx, command, x, b)
	if err != nil {
		return Result{}, err
	}
	s, err := d.take(ctx)
	if err != nil {
		return Result{}, err
	}
	r := &run{sheet: s, books: b, stored: stored}
	result, err := r.execute(ctx, command.Table, c, x)
	d.give(s, s.wipe(ctx))
	if err != nil {
		return Result{}, err
	}
	r.log.tell(log, result.Outcome.Kind)
	return result, nil
}

// storedOf reads the record that a message edits; nil when it makes a new one, or names none.
func storedOf(ctx context.Context, c *contracts.Command, x consumer.Execution, b Books) (*contracts.Record, error) {
	if c.Insert {
		return nil, nil
	}
	given, _ := c.Decode(x.Message.Body)
	if given == nil {
		return nil, nil
	}
	var key []int64
	for _, f := range c.Table.Keys() {
		if !given.Has(f.Name) || given.Int(f.Name) <= 0 {
			return nil, nil
		}
		key = append(key, given.Int(f.Name))
	}
	stored, err := b.Stored(ctx, c.Table, key...)
	if err != nil || stored == nil {
		return nil, err
	}
	return stored, checkStored(stored, c.Table, key)
}

// checkStored makes sure that books answered what they were asked for.
func checkStored(r *contracts.Record, t *contracts.Table, key []int64) error {
	if r.Table != t {
		return fmt.Errorf("a record of %s was asked for, one of %s was answered", t.Name, r.Table.Name)
	}
	for i, f := range t.Keys() {
		if r.Int(f.Name) != key[i] {
			return fmt.Errorf("the record %v of %s was asked for, one with %s %d was answered", key, t.Name, f.Column, r.Int(f.Name))
		}
	}
	return nil
}

// run is one command under way on a sheet.
type run struct {
	*sheet
	books  Books
	stored *contracts.Record
	custom custom
	log    lines
}

// execute lets the consumer work, and reads what it wrote. What it wrote stays on the sheet.
func (r *run) execute(ctx context.Context, t *contracts.Table, c consumer.Consumer, x consumer.Execution) (Result, error) {
	if err := r.begin(ctx); err != nil {
		return Result{}, err
	}
	if r.stored != nil {
		if err := r.lay(ctx, r.stored); err != nil {
			return Result{}, err
		}
	}
	tx := &deskTx{run: r}
	result := Result{Outcome: r.attempt(ctx, tx, c, x), Stored: r.stored}
	if tx.err != nil {
		return Result{}, tx.err
	}
	if result.Outcome.Kind != consumer.KindDone {
		return result, nil
	}
	var err error
	result.Record, err = r.written(ctx, t, &result.Outcome)
	return result, err
}

// attempt calls the consumer.
func (r *run) attempt(ctx context.Context, tx *deskTx, c consumer.Consumer, x consumer.Execution) (out consumer.Outcome) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("panic: %v\n%s", p, debug.Stack())
			out = consumer.Retry(0, fmt.Errorf("panic: %v", p))
		}
	}()
	return c.Execute(ctx, tx, x, &r.log)
}
