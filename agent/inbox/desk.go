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

	"smartlink/link"
)

// Filter says which messages List shows.
type Filter struct {
	States []link.ERPState // none: all
	Event  Event           // empty: Downstream
	Type   string          // empty: all
	OnHold bool            // only those that wait for a release
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
	Held        bool          `json:"held,omitempty"`   // waits for an earlier one of its ordering key
	OnHold      bool          `json:"onHold,omitempty"` // waits for a person's release
	Edits       int           `json:"edits,omitempty"`  // times a person has changed the body
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
	Edits      []Edit            `json:"edits"`
	Actions    []Action          `json:"actions"` // what people did, the newest first
	Calls      *Calls            `json:"calls,omitempty"`
}

// Edit is a body as it was before a person changed it.
type Edit struct {
	Number int       `json:"number"` // the first one is the body as received
	Body   string    `json:"body"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// Calls are those that an outside consumer got for a message's business fact.
type Calls struct {
	Marker  string    `json:"marker"`
	Number  int       `json:"number"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Pending bool      `json:"pending,omitempty"` // what the last one came to is not known
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
	if f.OnHold {
		query.WriteString(` AND ONHOLD = 1`)
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
		ID: m.ID, Seq: r.Seq, Event: r.Event, Type: m.Type, State: r.State, Held: r.Held, OnHold: r.OnHold, Edits: r.Edits, Attempt: r.Attempt, Deaths: r.Deaths, Code: r.Code,
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
	d := Detail{ID: message, Executions: []Execution{}, Log: []LogLine{}, Results: []Result{}, Edits: []Edit{}, Actions: []Action{}}
	r, err := scanRow(b.read.QueryRowContext(ctx, rowByID, message.String()))
	switch {
	case err == nil:
		d.Item, d.Headers, d.Body = r.item(), r.Message.Headers, string(r.Message.Body)
		marker := MarkerOf(&r.Message)
		i, err := scanIntent(b.read.QueryRowContext(ctx, readIntent, marker), marker)
		if err != nil {
			return d, err
		}
		if i.Calls > 0 {
			d.Calls = &Calls{Marker: marker, Number: i.Calls, First: i.First, Last: i.Last, Pending: i.Pending}
		}
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
			}),
		each(ctx, b.read, message, `SELECT NUMBER, DATA, REASON, RECCREATEDBY, RECCREATEDON FROM SMARTLINKEDIT WHERE IDMESSAGE = ? ORDER BY NUMBER`,
			func(s scanner) error {
				var e Edit
				err := s.Scan(&e.Number, &e.Body, &e.Reason, &e.By, moment{&e.At})
				d.Edits = append(d.Edits, e)
				return err
			}),
		each(ctx, b.read, message, `SELECT `+actionColumns+` FROM SMARTLINKACTION WHERE IDMESSAGE = ? ORDER BY ID DESC`,
			func(s scanner) error {
				a, err := scanAction(s)
				d.Actions = append(d.Actions, a)
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

// reader is a database or a transaction.
type reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// each reads the rows of one message.
func each(ctx context.Context, from reader, message uuid.UUID, query string, read func(scanner) error) error {
	return every(ctx, from, query, read, message.String())
}

// every reads the rows of a query.
func every(ctx context.Context, from reader, query string, read func(scanner) error, args ...any) error {
	rows, err := from.QueryContext(ctx, query, args...)
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
	Event Event         `json:"event"`
	State link.ERPState `json:"state"`
	N     int64         `json:"n"`
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
