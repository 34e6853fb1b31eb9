package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"smartlink/agent/window"
	"smartlink/link"
)

// Rules are what people have decided about the work: a pause, windows, options of types, remote help.
type Rules struct {
	Pause   Pause                  `json:"pause"`
	Windows []window.Window        `json:"windows"` // by name
	Types   map[string]TypeOptions `json:"types"`   // those with options of their own
	Help    Help                   `json:"help"`

	changes int64
}

// Pause says who has paused the execution; the zero value: nobody.
type Pause struct {
	Since  time.Time `json:"since,omitzero"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// On tells whether the execution is paused.
func (p Pause) On() bool { return !p.Since.IsZero() }

// Help says until when the hub's people may ask for something; the zero value: they may not.
type Help struct {
	Until time.Time `json:"until,omitzero"`
	Since time.Time `json:"since,omitzero"`
	By    string    `json:"by,omitempty"`
}

// On tells whether remote help is on.
func (h Help) On(now time.Time) bool { return now.Before(h.Until) }

// Endless tells whether it is on until somebody switches it off.
func (h Help) Endless() bool { return !h.Until.Before(endless) }

// endless is when help ends that is on until somebody switches it off.
var endless = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// TypeOptions are what holds for the messages of one type; 0 and false: what holds for all.
type TypeOptions struct {
	// HoldNext is how many messages more wait, when they come, for a person's release.
	HoldNext           int  `json:"holdNext"`
	MinutesInterval    int  `json:"MinutesInterval"`
	FatorTempoExecucao int  `json:"FatorTempoExecucao"`
	QtdeTentativasExec int  `json:"QtdeTentativasExec"`
	NoAnswers          bool `json:"noAnswers"` // outcomes are told to the hub only, and to no app

	By string    `json:"by,omitempty"` // who has set them
	At time.Time `json:"at,omitzero"`
}

// Bounds of options; those of the retry figures are as in the schema of totvsAppConfig_v2.json.
const (
	MaxHold     = 1000
	MaxInterval = 1440 // of MinutesInterval
	MaxFactor   = 100  // of FatorTempoExecucao and QtdeTentativasExec
)

func (o TypeOptions) check(messageType string) error {
	e := link.NewError(link.CodeRequestInvalid)
	if !link.ValidType(messageType) {
		e.At("type", link.CodeRequestInvalid, link.Both("%q não é um tipo de mensagem", "%q is no message type", messageType))
	}
	for _, x := range []struct {
		name         string
		value, limit int
	}{
		{"HoldNext", o.HoldNext, MaxHold}, {"MinutesInterval", o.MinutesInterval, MaxInterval},
		{"FatorTempoExecucao", o.FatorTempoExecucao, MaxFactor}, {"QtdeTentativasExec", o.QtdeTentativasExec, MaxFactor},
	} {
		if x.value < 0 || x.value > x.limit {
			e.At(x.name, link.CodeRequestInvalid, link.Range(0, x.limit))
		}
	}
	if len(e.Errors) > 0 {
		return e
	}
	return nil
}

// plain tells that options say nothing.
func (o TypeOptions) plain() bool {
	o.By, o.At = "", time.Time{}
	return o == TypeOptions{}
}

// Window tells whether one of the windows of all types is open at now, whose zone is the windows', which one,
// and when it ends, with those that follow without a gap; zero: no end in sight.
func (r *Rules) Window(now time.Time) (until time.Time, name string, open bool) {
	return window.Closed(window.Of(r.Windows, ""), now)
}

// TypeWindow is Window for the messages of one type, which its own windows close too.
func (r *Rules) TypeWindow(messageType string, now time.Time) (until time.Time, name string, open bool) {
	return window.Closed(window.Of(r.Windows, messageType), now)
}

// ClosedTypes are the types, sorted, that a window of theirs closes now, whether or not all are closed.
func (r *Rules) ClosedTypes(now time.Time) []string {
	var types []string
	for i, w := range r.Windows {
		if _, _, open := window.Closed(r.Windows[i:i+1], now); open {
			types = append(types, w.Types...)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// Closed tells whether nothing may be executed now.
func (r *Rules) Closed(now time.Time) bool {
	if r.Pause.On() {
		return true
	}
	_, _, open := r.Window(now)
	return open
}

const (
	readChanges = `SELECT CHANGES FROM SMARTLINKDESK WHERE ONE = 1`
	readDesk    = `SELECT CHANGES, PAUSEDON, PAUSEDBY, PAUSEREASON, HELPUNTIL, HELPON, HELPBY FROM SMARTLINKDESK WHERE ONE = 1`
	readWindows = `SELECT NAME, KIND, WEEKDAYS, BEGINS, ENDS, TYPES FROM SMARTLINKWINDOW ORDER BY NAME`
	readTypes   = `SELECT TYPEMESSAGE, HOLDNEXT, MINUTESINTERVAL, FATORTEMPOEXECUCAO, QTDETENTATIVASEXEC, NOANSWERS, RECMODIFIEDBY, RECMODIFIEDON FROM SMARTLINKTYPE`
	readHolding = `SELECT TYPEMESSAGE, HOLDNEXT FROM SMARTLINKTYPE WHERE HOLDNEXT > 0`
)

// Zone is in which windows are.
func (b *Box) Zone() *time.Location { return b.zone }

// Rules reads what people have decided.
func (b *Box) Rules(ctx context.Context) (Rules, error) {
	r, err := readRules(ctx, b.read)
	if err != nil {
		return Rules{}, err
	}
	return *r, nil
}

// rules are the rules as the transaction sees them. They are read when they have changed.
func (b *Box) rules(ctx context.Context, tx *Tx) (*Rules, error) {
	var changes int64
	if err := tx.QueryRowContext(ctx, readChanges).Scan(&changes); err != nil {
		return nil, fmt.Errorf("look for changed rules: %w", err)
	}
	if r := b.known.Load(); r != nil && r.changes == changes {
		return r, nil
	}
	r, err := readRules(ctx, tx)
	if err != nil {
		return nil, err
	}
	b.known.Store(r)
	return r, nil
}

func readRules(ctx context.Context, from reader) (*Rules, error) {
	r := &Rules{Windows: []window.Window{}, Types: map[string]TypeOptions{}}
	err := from.QueryRowContext(ctx, readDesk).Scan(&r.changes, moment{&r.Pause.Since}, &r.Pause.By, &r.Pause.Reason,
		moment{&r.Help.Until}, moment{&r.Help.Since}, &r.Help.By)
	if err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	err = errors.Join(
		every(ctx, from, readWindows, func(s scanner) error {
			var w window.Window
			var days, types string
			err := s.Scan(&w.Name, &w.Kind, &days, &w.From, &w.To, &types)
			w.Days, w.Types = listed(days), listed(types)
			r.Windows = append(r.Windows, w)
			return err
		}),
		every(ctx, from, readTypes, func(s scanner) error {
			var name string
			var o TypeOptions
			err := s.Scan(&name, &o.HoldNext, &o.MinutesInterval, &o.FatorTempoExecucao, &o.QtdeTentativasExec, &o.NoAnswers, &o.By, moment{&o.At})
			r.Types[name] = o
			return err
		}))
	if err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	return r, nil
}

// listed reads what strings.Join has written.
func listed(s string) []string { return strings.FieldsFunc(s, func(c rune) bool { return c == ',' }) }

const (
	changed       = `UPDATE SMARTLINKDESK SET CHANGES = CHANGES + 1`
	pauseDesk     = changed + `, PAUSEDON = ?, PAUSEDBY = ?, PAUSEREASON = ? WHERE ONE = 1`
	helpDesk      = changed + `, HELPUNTIL = ?, HELPON = ?, HELPBY = ? WHERE ONE = 1`
	deleteWindow  = `DELETE FROM SMARTLINKWINDOW WHERE NAME = ?`
	insertWindow  = `INSERT INTO SMARTLINKWINDOW (NAME, KIND, WEEKDAYS, BEGINS, ENDS, TYPES, RECCREATEDBY, RECCREATEDON) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	deleteOptions = `DELETE FROM SMARTLINKTYPE WHERE TYPEMESSAGE = ?`
	insertOptions = `INSERT INTO SMARTLINKTYPE (TYPEMESSAGE, HOLDNEXT, MINUTESINTERVAL, FATORTEMPOEXECUCAO, QTDETENTATIVASEXEC, NOANSWERS,
		RECMODIFIEDBY, RECMODIFIEDON) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
)

// Pause ends the execution until Resume, with a reason for people: from its return on no message is
// claimed any more; those in execution come to their end. Messages go on being received, and answers
// sent. Paused already, it takes the new reason.
func (d Desk) Pause(ctx context.Context, reason string) error {
	if reason = strings.TrimSpace(reason); reason == "" {
		return needReason()
	}
	return d.decide(ctx, Action{Action: ActionPause, Reason: reason}, func(tx *Tx, now string) error {
		_, err := tx.ExecContext(ctx, pauseDesk, now, d.by, reason)
		return err
	})
}

// Resume ends a pause. Without one it is link.CodeConflict.
func (d Desk) Resume(ctx context.Context, reason string) error {
	return d.decide(ctx, Action{Action: ActionResume, Reason: strings.TrimSpace(reason)}, func(tx *Tx, _ string) error {
		r, err := readRules(ctx, tx)
		if err != nil {
			return err
		}
		if !r.Pause.On() {
			return link.NewError(link.CodeConflict, "what", "the execution is not paused", "whatPT", "a execução não está pausada")
		}
		_, err = tx.ExecContext(ctx, pauseDesk, "", "", "")
		return err
	})
}

// SetWindow makes a window, or replaces the one of its name.
func (d Desk) SetWindow(ctx context.Context, w window.Window) error {
	w.Name, w.From, w.To = strings.TrimSpace(w.Name), strings.TrimSpace(w.From), strings.TrimSpace(w.To)
	if err := w.Check(); err != nil {
		return err
	}
	days, types := strings.Join(w.Days, ","), strings.Join(w.Types, ",")
	said := strings.Join(slices.DeleteFunc([]string{string(w.Kind), days, w.From + " – " + w.To, types}, func(s string) bool { return s == "" }), " ")
	return d.decide(ctx, Action{Action: ActionWindow, Subject: w.Name, Reason: said}, func(tx *Tx, now string) error {
		_, err := tx.ExecContext(ctx, deleteWindow, w.Name)
		if err == nil {
			_, err = tx.ExecContext(ctx, insertWindow, w.Name, string(w.Kind), days, w.From, w.To, types, d.by, now)
		}
		if err == nil {
			_, err = tx.ExecContext(ctx, changed)
		}
		return err
	})
}

// RemoveWindow removes a window. A name that none has is link.CodeNotFound.
func (d Desk) RemoveWindow(ctx context.Context, name string) error {
	return d.decide(ctx, Action{Action: ActionNoWindow, Subject: name}, func(tx *Tx, _ string) error {
		r, err := tx.ExecContext(ctx, deleteWindow, name)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, link.NewError(link.CodeNotFound, "what", "window "+name, "whatPT", "janela "+name))
		}
		_, err = tx.ExecContext(ctx, changed)
		return err
	})
}

// SetType sets the options of a type: all of them, those that are 0 or false back to what holds for all.
// They hold from the next claim and the next delivery on.
func (d Desk) SetType(ctx context.Context, messageType string, o TypeOptions) error {
	if err := o.check(messageType); err != nil {
		return err
	}
	said := fmt.Sprintf("holdNext %d, MinutesInterval %d, FatorTempoExecucao %d, QtdeTentativasExec %d, noAnswers %t",
		o.HoldNext, o.MinutesInterval, o.FatorTempoExecucao, o.QtdeTentativasExec, o.NoAnswers)
	return d.decide(ctx, Action{Action: ActionOptions, Subject: messageType, Reason: said}, func(tx *Tx, now string) error {
		_, err := tx.ExecContext(ctx, deleteOptions, messageType)
		if err == nil && !o.plain() {
			_, err = tx.ExecContext(ctx, insertOptions, messageType, o.HoldNext, o.MinutesInterval, o.FatorTempoExecucao, o.QtdeTentativasExec,
				flag(o.NoAnswers), d.by, now)
		}
		if err == nil {
			_, err = tx.ExecContext(ctx, changed)
		}
		return err
	})
}

// flag is a truth for its column.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func needReason() error {
	return link.NewError(link.CodeRequestInvalid).At("reason", link.CodeRequestInvalid, link.Both("diga por quê", "say why"))
}
