package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/internal/sqldb"
	"smartlink/link"
)

// Filter says which messages List shows.
type Filter struct {
	States []link.ERPState // none: all
	Event  Event           // empty: Downstream
	Type   string          // empty: all
	Limit  int             // of one page; 0 = 50, at most 500
	After  string          // Page.Next of the page before
}

// Item is a message of the inbox as List shows it.
type Item struct {
	ID          uuid.UUID     `json:"id"`
	Seq         int64         `json:"seq"`
	Event       Event         `json:"event"`
	Type        string        `json:"type"`
	State       link.ERPState `json:"state"`
	Held        bool          `json:"held,omitempty"` // waits for an earlier one of its ordering key
	Attempt     int           `json:"attempt"`
	Deaths      int           `json:"deaths,omitempty"`
	NextTry     *time.Time    `json:"nextTry,omitempty"`
	Code        link.Code     `json:"code,omitempty"`
	Reason      string        `json:"reason,omitempty"`
	RootID      uuid.UUID     `json:"rootId"`
	BusinessKey string        `json:"businessKey,omitempty"`
	OrderingKey string        `json:"orderingKey,omitempty"`
	Sender      link.Sender   `json:"sender"`
	Audience    string        `json:"audience"`
	SentAt      time.Time     `json:"sentAt"`
	ModifiedAt  time.Time     `json:"modifiedAt"`
}

// Detail is everything the inbox knows about one message. Item is nil when the message is finished
// and its row gone.
type Detail struct {
	ID         uuid.UUID         `json:"id"`
	Item       *Item             `json:"item,omitempty"`
	Headers    map[string]string `json:"headers,omitempty"`
	Body       string            `json:"body,omitempty"`
	Executions []Execution       `json:"executions"`
	Log        []LogLine         `json:"log"`
	Results    []Result          `json:"results"`
}

// Execution is one row of GTOTVSLINKMESSAGEEXEC.
type Execution struct {
	Attempt   int       `json:"attempt"`
	Result    string    `json:"result"`
	StartedAt time.Time `json:"startedAt"`
	EndedAt   time.Time `json:"endedAt"`
	Code      link.Code `json:"code,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Key       string    `json:"key,omitempty"`
	Job       string    `json:"job"`
}

// LogLine is one row of GTOTVSLINKLOG.
type LogLine struct {
	Attempt int       `json:"attempt"`
	Type    LineType  `json:"type"`
	Text    string    `json:"text"`
	At      time.Time `json:"at"`
}

// Result is one row of SMARTLINKRESULT.
type Result struct {
	Number  int           `json:"number"`
	Outcome link.ERPState `json:"outcome"`
	Key     string        `json:"key,omitempty"`
	Answer  string        `json:"answer"`
	At      time.Time     `json:"at"`
}

const (
	defaultPage = 50
	maxPage     = 500
)

// List shows messages of the inbox in the order of their arrival, page by page.
func (b *Box) List(ctx context.Context, f Filter) (link.Page[Item], error) {
	page := link.Page[Item]{Items: []Item{}}
	if f.Event == "" {
		f.Event = Downstream
	}
	if f.Limit <= 0 {
		f.Limit = defaultPage
	}
	f.Limit = min(f.Limit, maxPage)
	query := strings.Builder{}
	query.WriteString(`SELECT ` + rowColumns + ` FROM GTOTVSLINKMESSAGE WHERE TYPEEVENT = ?`)
	args := []any{string(f.Event)}
	if len(f.States) > 0 {
		query.WriteString(` AND STATE IN (?` + strings.Repeat(`, ?`, len(f.States)-1) + `)`)
		for _, s := range f.States {
			args = append(args, string(s))
		}
	}
	if f.Type != "" {
		query.WriteString(` AND TYPEMESSAGE = ?`)
		args = append(args, f.Type)
	}
	if f.After != "" {
		after, err := strconv.ParseInt(f.After, 10, 64)
		if err != nil {
			return page, link.NewError(link.CodeRequestInvalid).At("cursor", link.CodeRequestInvalid, link.Both(
				"não é um cursor desta lista; use o next da página anterior", "not a cursor of this list; use the next of its page before")).Because(err)
		}
		query.WriteString(` AND SEQ > ?`)
		args = append(args, after)
	}
	query.WriteString(` ORDER BY SEQ {limit ?}`)
	rows, err := b.read.QueryContext(ctx, query.String(), append(args, f.Limit+1)...)
	if err != nil {
		return page, fmt.Errorf("list: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return page, fmt.Errorf("list: %w", err)
		}
		if len(page.Items) == f.Limit {
			page.Next = strconv.FormatInt(page.Items[f.Limit-1].Seq, 10)
			break
		}
		page.Items = append(page.Items, *r.item())
	}
	return page, rows.Err()
}

func (r *Row) item() *Item {
	m := &r.Message
	i := &Item{
		ID: m.ID, Seq: r.Seq, Event: r.Event, Type: m.Type, State: r.State, Held: r.Held, Attempt: r.Attempt, Deaths: r.Deaths, Code: r.Code,
		Reason: r.Reason, RootID: m.RootID, BusinessKey: m.BusinessKey, OrderingKey: m.OrderingKey, Sender: m.Sender, Audience: m.Audience,
		SentAt: m.CreatedAt, ModifiedAt: r.ModifiedAt,
	}
	if !r.NextTry.IsZero() {
		i.NextTry = &r.NextTry
	}
	return i
}

const rowByID = `SELECT ` + rowColumns + ` FROM GTOTVSLINKMESSAGE WHERE ID = ?`

// Show tells everything about one message, also when it is finished. One that never arrived is
// link.CodeNotInInbox.
func (b *Box) Show(ctx context.Context, message uuid.UUID) (Detail, error) {
	d := Detail{ID: message, Executions: []Execution{}, Log: []LogLine{}, Results: []Result{}}
	r, err := scanRow(b.read.QueryRowContext(ctx, rowByID, message.String()))
	switch {
	case err == nil:
		d.Item, d.Headers, d.Body = r.item(), r.Message.Headers, string(r.Message.Body)
	case !errors.Is(err, sql.ErrNoRows):
		return d, fmt.Errorf("read %s: %w", message, err)
	}
	err = errors.Join(
		each(ctx, b.read, message, `SELECT ATTEMPT, RESULT, STARTEDON, ENDEDON, CODE, REASON, ERPKEY, IDJOB FROM GTOTVSLINKMESSAGEEXEC WHERE IDMESSAGE = ? ORDER BY ATTEMPT`,
			func(s scanner) error {
				var e Execution
				err := s.Scan(&e.Attempt, &e.Result, moment{&e.StartedAt}, moment{&e.EndedAt}, &e.Code, &e.Reason, &e.Key, &e.Job)
				d.Executions = append(d.Executions, e)
				return err
			}),
		each(ctx, b.read, message, `SELECT ATTEMPT, LOGTYPE, LOGMESSAGE, LOGDATE FROM GTOTVSLINKLOG WHERE IDMESSAGE = ? ORDER BY ID`,
			func(s scanner) error {
				var l LogLine
				err := s.Scan(&l.Attempt, &l.Type, &l.Text, moment{&l.At})
				d.Log = append(d.Log, l)
				return err
			}),
		each(ctx, b.read, message, `SELECT OUTCOMENUMBER, OUTCOME, ERPKEY, ANSWER, RECCREATEDON FROM SMARTLINKRESULT WHERE IDMESSAGE = ? ORDER BY OUTCOMENUMBER`,
			func(s scanner) error {
				var r Result
				err := s.Scan(&r.Number, &r.Outcome, &r.Key, &r.Answer, moment{&r.At})
				d.Results = append(d.Results, r)
				return err
			}))
	if err != nil {
		return d, fmt.Errorf("read %s: %w", message, err)
	}
	if d.Item == nil && len(d.Results) == 0 {
		return d, link.NewError(link.CodeNotInInbox, "id", message.String())
	}
	return d, nil
}

// each reads the rows of one message.
func each(ctx context.Context, db sqldb.Bound, message uuid.UUID, query string, read func(scanner) error) error {
	rows, err := db.QueryContext(ctx, query, message.String())
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// The running one of the key goes on; the others let a reprocessed one, which came before them, go
// first.
const (
	reprocessRow = `UPDATE GTOTVSLINKMESSAGE SET STATE = 'stored', STATECODE = '', STATEREASON = '', DATATENTATIVAEXEC = '', QTDETENTATIVAEXEC = 0,
		DEATHS = 0, STATUSSEQ = STATUSSEQ + ?, HELD = 0, RECMODIFIEDBY = ?, RECMODIFIEDON = ? WHERE SEQ = ?`
	hastenRow = `UPDATE GTOTVSLINKMESSAGE SET DATATENTATIVAEXEC = '', RECMODIFIEDBY = ?, RECMODIFIEDON = ? WHERE SEQ = ?`
	goingRows = `SELECT SEQ, STATE ` + ofKey + ` AND HELD = 0 AND SEQ <> ?`
)

// Reprocess sends a message through the ERP again, after what stood in its way was mended. A rejected
// or blocked one starts anew with all its attempts; a waiting one is due now. An answer the hub had
// refused is sent again. Any other state is link.CodeNotNow; a message that is not in the inbox is
// link.CodeNotInInbox. An agent running on the same file takes it up within about a second.
func (b *Box) Reprocess(ctx context.Context, message uuid.UUID) error {
	return b.write(ctx, func(tx *Tx) error {
		r, err := tx.workable(ctx, message, link.ERPRejected, link.ERPBlocked, link.ERPWaiting)
		if err != nil {
			return err
		}
		now := b.clock.Now()
		if r.State == link.ERPWaiting {
			_, err = tx.ExecContext(ctx, hastenRow, author, stamp(now), r.Seq)
			return err
		}
		report := 1
		if r.Event == Upstream {
			report = 0 // the hub never heard of it
		}
		if _, err := tx.ExecContext(ctx, reprocessRow, report, author, stamp(now), r.Seq); err != nil {
			return fmt.Errorf("reprocess %s: %w", message, err)
		}
		if r.Event == Downstream {
			if err := tx.rejoin(ctx, r); err != nil {
				return err
			}
		}
		return tx.log(ctx, r, r.Executions, now, []Line{{At: now, Type: LineInfo, Text: "reprocessed; it had been " + string(r.State)}})
	})
}

// rejoin gives a reprocessed row its place in its ordering key, the one it arrived at.
func (t *Tx) rejoin(ctx context.Context, r *Row) error {
	if r.Message.OrderingKey == "" {
		return nil
	}
	var first, going int64
	var held bool
	var state link.ERPState
	if err := t.QueryRowContext(ctx, firstOfKey, r.Message.OrderingKey).Scan(&first, &held); err != nil {
		return fmt.Errorf("find its place: %w", err)
	}
	err := t.QueryRowContext(ctx, goingRows, r.Message.OrderingKey, r.Seq).Scan(&going, &state)
	switch {
	case errors.Is(err, sql.ErrNoRows): // nobody else of the key is on its way
		return nil
	case err != nil:
		return fmt.Errorf("find its place: %w", err)
	case first == r.Seq && state != link.ERPRunning:
		_, err = t.ExecContext(ctx, holdRow, 1, going)
	default:
		_, err = t.ExecContext(ctx, holdRow, 1, r.Seq)
	}
	if err != nil {
		return fmt.Errorf("find its place: %w", err)
	}
	return nil
}

// Discard gives a message up: it is answered discarded, with the reason, and never executed again.
// An answer the hub had refused is just forgotten. A running one is link.CodeNotNow.
func (b *Box) Discard(ctx context.Context, message uuid.UUID, reason string) error {
	return b.write(ctx, func(tx *Tx) error {
		r, err := tx.workable(ctx, message, link.ERPStored, link.ERPWaiting, link.ERPBlocked, link.ERPRejected)
		if err != nil {
			return err
		}
		now := b.clock.Now()
		lines := []Line{{At: now, Type: LineInfo, Text: "discarded: " + reason}}
		if r.Event == Upstream {
			if _, err := tx.ExecContext(ctx, deleteUpstream, message.String()); err != nil {
				return fmt.Errorf("discard %s: %w", message, err)
			}
			return tx.log(ctx, r, r.Executions, now, lines)
		}
		e := link.NewError(link.CodeDiscarded, "reason", reason)
		a, err := NewAnswer(&r.Message, r.Outcomes+1, link.AnswerData{Status: link.ERPDiscarded, Errors: []link.Fault{FaultOf(e)}})
		if err != nil {
			return err
		}
		return tx.Settle(ctx, r, &Ending{
			State: link.ERPDiscarded, Code: e.Code, Reason: reason, Answer: a, Hashes: HashesOf(&r.Message), Attempt: AttemptNone,
			Started: now, Ended: now, Lines: lines,
		})
	})
}

// workable reads a row that must be in one of some states. A closed message tells how it ended.
func (t *Tx) workable(ctx context.Context, message uuid.UUID, states ...link.ERPState) (*Row, error) {
	r, err := scanRow(t.QueryRowContext(ctx, rowByID, message.String()))
	if errors.Is(err, sql.ErrNoRows) {
		a, err := t.highest(ctx, &link.Message{ID: message})
		if err != nil {
			return nil, err
		}
		if a != nil {
			return nil, notNow(message, a.Status, states)
		}
		return nil, link.NewError(link.CodeNotInInbox, "id", message.String())
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", message, err)
	}
	if !slices.Contains(states, r.State) {
		return nil, notNow(message, r.State, states)
	}
	return r, nil
}

func notNow(message uuid.UUID, state link.ERPState, wanted []link.ERPState) error {
	names := make([]string, len(wanted))
	for i, s := range wanted {
		names[i] = string(s)
	}
	return link.NewError(link.CodeNotNow, "id", message.String(), "state", string(state), "wanted", strings.Join(names, ", "))
}

// Count is how many messages of one direction are in a state.
type Count struct {
	Event Event
	State link.ERPState
	N     int64
}

// Counts counts the inbox by direction and state.
func (b *Box) Counts(ctx context.Context) ([]Count, error) {
	rows, err := b.read.QueryContext(ctx, `SELECT TYPEEVENT, STATE, COUNT(*) FROM GTOTVSLINKMESSAGE GROUP BY TYPEEVENT, STATE ORDER BY TYPEEVENT, STATE`)
	if err != nil {
		return nil, fmt.Errorf("count: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var counts []Count
	for rows.Next() {
		var c Count
		if err := rows.Scan(&c.Event, &c.State, &c.N); err != nil {
			return nil, fmt.Errorf("count: %w", err)
		}
		counts = append(counts, c)
	}
	return counts, rows.Err()
}
