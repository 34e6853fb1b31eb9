package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"smartlink/internal/sqldb"
	"smartlink/link"
)

// LineType is the kind of a line in GTOTVSLINKLOG.
type LineType string

// The kinds of lines.
const (
	LineInfo  LineType = "INFO"
	LineWarn  LineType = "WARN"
	LineError LineType = "ERROR"
)

// Line is a line for GTOTVSLINKLOG.
type Line struct {
	At   time.Time
	Type LineType
	Text string
}

// Counting says what a settlement does with the attempt that the claim raised.
type Counting int

// The ways to count.
const (
	AttemptCounts Counting = iota // it was one, and gets its row in GTOTVSLINKMESSAGEEXEC
	AttemptUndone                 // it is taken back: the message was postponed
	AttemptNone                   // there was none to count
)

// Ending is what one execution of a row came to.
type Ending struct {
	State   link.ERPState // waiting, blocked, rejected, or a state that closes the row
	Code    link.Code     // why it waits or is blocked
	Reason  string        // the same for people at the ERP: in Portuguese, or as a technical cause was given
	NextTry time.Time     // waiting: not before
	Answer  *Answer       // of states that are answered
	Hashes  Hashes        // of the message, with Answer
	Booked  bool          // done: Book has written the result
	Report  bool          // the hub must know the state
	Attempt Counting
	Started time.Time // the execution's one moment
	Ended   time.Time
	Lines   []Line
}

// result is the word for an ending in GTOTVSLINKMESSAGEEXEC.
func (e *Ending) result() string {
	if e.State == link.ERPWaiting {
		return "retry"
	}
	return string(e.State)
}

const (
	closeRow = `DELETE FROM GTOTVSLINKMESSAGE WHERE SEQ = ? AND IDJOB = ?`
	keepRow  = `UPDATE GTOTVSLINKMESSAGE SET STATE = ?, STATECODE = ?, STATEREASON = ?, DATATENTATIVAEXEC = ?, OUTCOMENUMBER = ?, STATUSSEQ = STATUSSEQ + ?,
		QTDETENTATIVAEXEC = ?, EXECUTIONS = ?, IDJOB = '', RUNNINGSINCE = '', RECMODIFIEDBY = ?, RECMODIFIEDON = ? WHERE SEQ = ? AND IDJOB = ?`
	insertLine = `INSERT INTO GTOTVSLINKLOG (IDMESSAGE, ATTEMPT, LOGTYPE, LOGMESSAGE, LOGDATE, DATEDEBUG) VALUES (?, ?, ?, ?, ?, ?)`
)

// execution is a row of GTOTVSLINKMESSAGEEXEC. A database that was restored may know its number already.
var execution = sqldb.Insert{
	Table: "GTOTVSLINKMESSAGEEXEC", Keys: []string{"IDMESSAGE", "ATTEMPT"},
	Columns: []string{"IDMESSAGE", "ATTEMPT", "QTDETENTATIVAEXEC", "TYPEMESSAGE", "IDJOB", "STARTEDON", "ENDEDON", "RESULT",
		"CODE", "REASON", "ERPKEY", "RECCREATEDBY", "RECCREATEDON"},
	Values: []string{"?1", "?2", "?3", "?4", "?5", "?6", "?7", "?8", "?9", "?10", "?11", "?12", "?7"},
}

// Book remembers that a message is done. It belongs to the same savepoint as what the consumer wrote:
// an error for which sqldb.IsUnique is true says that the message, its root or its business key was
// booked before, and both must go. An error may also be that of a statement of the consumer's that
// Later had kept.
func (t *Tx) Book(ctx context.Context, r *Row, e *Ending) error {
	e.Booked = true
	t.ahead.booked(&r.Message, e.Hashes.BusinessKey)
	if err := t.writeResult(ctx, &r.Message, e.Hashes, e.Answer, stamp(e.Started)); err != nil {
		return err
	}
	return t.Flush(ctx)
}

// Settle writes what an execution came to: the result and the answer, the execution and its log
// lines, and the row's new state or its deletion. ErrClaimLost, of Settle or of what follows it in the
// transaction, says that it must not be committed.
func (t *Tx) Settle(ctx context.Context, r *Row, e *Ending) error {
	now := stamp(e.Ended)
	attempt, executions := r.Attempt, r.Executions
	number := r.Outcomes
	if e.Answer != nil {
		number = e.Answer.Number
		if !e.Booked {
			if err := t.writeResult(ctx, &r.Message, e.Hashes, e.Answer, now); err != nil {
				return err
			}
		}
		if err := t.sendAnswer(ctx, &r.Message, e.Answer, r.Options.NoAnswers, now); err != nil {
			return err
		}
	}
	switch e.Attempt {
	case AttemptCounts:
		key := ""
		if e.Answer != nil {
			key = e.Answer.Key
		}
		err := t.then(ctx, "write the execution", t.w.texts.insertExec, r.Message.ID.String(), executions, attempt, r.Message.Type, r.Job, stamp(e.Started),
			now, e.result(), string(e.Code), e.Reason, key, author)
		if err != nil {
			return err
		}
	case AttemptUndone:
		attempt, executions = attempt-1, executions-1
	case AttemptNone:
	}
	if err := t.log(ctx, r, r.Executions, e.Started, e.Lines); err != nil {
		return err
	}
	if err := t.leave(ctx, r, e, number, attempt, executions, now); err != nil {
		return err
	}
	return t.promote(ctx, r, e.State)
}

// leave deletes the row or writes its new state.
func (t *Tx) leave(ctx context.Context, r *Row, e *Ending, number, attempt, executions int, now string) error {
	s := sqldb.Statement{Query: closeRow, Args: []any{r.Seq, r.Job}}
	if !e.State.Closed() {
		raise := 0
		if e.Report {
			raise = 1
		}
		s = sqldb.Statement{Query: keepRow, Args: []any{string(e.State), string(e.Code), e.Reason, stamp(e.NextTry), number, raise, attempt, executions,
			author, now, r.Seq, r.Job}}
	}
	s.Result = func(rows int64, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("write the state: %w", err)
		case rows != 1:
			return ErrClaimLost
		}
		return nil
	}
	return t.Later(ctx, s)
}

// then runs a statement whose result is not waited for; what names it in its error.
func (t *Tx) then(ctx context.Context, what, query string, args ...any) error {
	return t.Later(ctx, sqldb.Statement{Query: query, Args: args, Result: func(_ int64, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}})
}

// log writes log lines.
func (t *Tx) log(ctx context.Context, r *Row, attempt int, at time.Time, lines []Line) error {
	for _, l := range lines {
		if err := t.then(ctx, "write the log", insertLine, r.Message.ID.String(), attempt, string(l.Type), l.Text, stamp(l.At), stamp(at)); err != nil {
			return err
		}
	}
	return nil
}

// What a row holds or is held by: everything of its ordering key that is neither finished nor rejected.
const ofKey = `FROM GTOTVSLINKMESSAGE WHERE ORDERINGKEY = ? AND ORDERINGKEY <> '' AND TYPEEVENT = 'Downstream' AND STATE <> 'rejected'`

const (
	firstGoesOn = `UPDATE GTOTVSLINKMESSAGE SET HELD = 0 WHERE HELD = 1 AND SEQ = (SELECT MIN(SEQ) ` + ofKey + `)`
	othersWait  = `UPDATE GTOTVSLINKMESSAGE SET HELD = 1 WHERE SEQ = ? AND SEQ <> (SELECT MIN(SEQ) ` + ofKey + `)`
	firstOfKey  = `SELECT SEQ, HELD ` + ofKey + ` ORDER BY SEQ {limit 1}`
	holdRow     = `UPDATE GTOTVSLINKMESSAGE SET HELD = ? WHERE SEQ = ?`
)

// promote lets the first of a row's ordering key go on, after the row was settled. Usually that is
// the row itself, or the next one when it has gone. A reprocessed one may stand before it.
func (t *Tx) promote(ctx context.Context, r *Row, state link.ERPState) error {
	if r.Message.OrderingKey == "" {
		return nil
	}
	err := t.then(ctx, "let the next of its ordering key go on", firstGoesOn, r.Message.OrderingKey)
	if err == nil && !state.Closed() && state != link.ERPRejected {
		err = t.then(ctx, "hold it behind the first of its ordering key", othersWait, r.Seq, r.Message.OrderingKey)
	}
	return err
}

// Done is what was booked before.
type Done struct {
	ID      uuid.UUID // of the message that was booked
	Key     string
	Keys    map[string]any
	Differs bool // its body was another
}

// Each part uses its own unique index.
const findDone = `SELECT IDMESSAGE, ERPKEY, DATAHASH, ANSWER FROM SMARTLINKRESULT WHERE OUTCOME = 'done' AND IDMESSAGE = ?1
	UNION ALL SELECT IDMESSAGE, ERPKEY, DATAHASH, ANSWER FROM SMARTLINKRESULT WHERE OUTCOME = 'done' AND ROOTID = ?2
	UNION ALL SELECT IDMESSAGE, ERPKEY, DATAHASH, ANSWER FROM SMARTLINKRESULT WHERE OUTCOME = 'done' AND TENANTID = ?3 AND SENDERAPP = ?4
		AND TYPEMESSAGE = ?5 AND BUSINESSKEYHASH IS NOT NULL AND BUSINESSKEYHASH = ?6`

// FindDone looks whether the message, its root, or the same business key of its sender and type was
// booked before. Nil: it was not.
func (t *Tx) FindDone(ctx context.Context, m *link.Message, h Hashes) (*Done, error) {
	if t.ahead.none(m, h.BusinessKey) {
		return nil, nil
	}
	d := &Done{}
	var hash, answer []byte
	err := t.QueryRowContext(ctx, findDone, m.ID.String(), m.RootID.String(), m.TenantID.String(), m.Sender.App, m.Type, t.w.null(h.BusinessKey)).
		Scan(id{&d.ID}, &d.Key, &hash, &answer)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for an earlier booking: %w", err)
	}
	var body link.AnswerBody
	if err := json.Unmarshal(answer, &body); err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", d.ID, err)
	}
	d.Keys, d.Differs = body.Data.Keys, string(hash) != string(h.Data)
	return d, nil
}
