package inbox

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// ActionName is what a person did.
type ActionName string

// What people do.
const (
	ActionReprocess ActionName = "reprocess"
	ActionDiscard   ActionName = "discard"
	ActionEdit      ActionName = "edit"
	ActionRelease   ActionName = "release"
	ActionHasten    ActionName = "hasten"
	ActionPause     ActionName = "pause"
	ActionResume    ActionName = "resume"
	ActionWindow    ActionName = "window"
	ActionNoWindow  ActionName = "window-remove"
	ActionOptions   ActionName = "options"
	ActionHelpOn    ActionName = "help-on"
	ActionHelpOff   ActionName = "help-off"
	ActionOther     ActionName = "other" // asked for by the hub's people, and nothing an agent does
)

// Action is one thing a person did, or asked for from the hub.
type Action struct {
	ID      int64           `json:"id"`
	Action  ActionName      `json:"action"`
	Message *uuid.UUID      `json:"message,omitempty"`
	Subject string          `json:"subject,omitempty"` // what else it is about: a type, a window
	Reason  string          `json:"reason,omitempty"`
	Request *uuid.UUID      `json:"request,omitempty"` // of the hub's people
	Result  link.HelpResult `json:"result,omitempty"`  // of a request
	Code    link.Code       `json:"code,omitempty"`    // why a request was not done
	By      string          `json:"by"`
	At      time.Time       `json:"at"`
}

// ActionFilter says which actions Actions shows.
type ActionFilter struct {
	Help  bool   // only what is about remote help
	Limit int    // of one page; 0 = 50, at most 500
	After string // Page.Next of the page before
}

const (
	actionColumns = `ID, ACTION, IDMESSAGE, SUBJECT, REASON, REQUEST, RESULT, CODE, RECCREATEDBY, RECCREATEDON`
	insertAction  = `INSERT INTO SMARTLINKACTION (ACTION, IDMESSAGE, SUBJECT, REASON, REQUEST, RESULT, CODE, RECCREATEDBY, RECCREATEDON)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// note writes down what is done, in the transaction that does it.
func (d Desk) note(ctx context.Context, tx *Tx, a Action) error {
	_, err := tx.ExecContext(ctx, insertAction, string(a.Action), idText(a.Message), a.Subject, a.Reason, idText(a.Request), string(a.Result), string(a.Code),
		d.by, stamp(d.box.clock.Now()))
	if err != nil {
		return fmt.Errorf("note who did it: %w", err)
	}
	return nil
}

func idText(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

func scanAction(s scanner) (Action, error) {
	var a Action
	var message, request uuid.UUID
	err := s.Scan(&a.ID, &a.Action, id{&message}, &a.Subject, &a.Reason, id{&request}, &a.Result, &a.Code, &a.By, moment{&a.At})
	if message != uuid.Nil {
		a.Message = &message
	}
	if request != uuid.Nil {
		a.Request = &request
	}
	return a, err
}

// Actions shows what people did, the newest first, page by page.
func (b *Box) Actions(ctx context.Context, f ActionFilter) (link.Page[Action], error) {
	page := link.Page[Action]{Items: []Action{}}
	if f.Limit <= 0 {
		f.Limit = defaultPage
	}
	f.Limit = min(f.Limit, maxPage)
	query, args := `SELECT `+actionColumns+` FROM SMARTLINKACTION WHERE ID > 0`, []any{}
	if f.Help {
		query += ` AND (REQUEST <> '' OR ACTION IN ('` + string(ActionHelpOn) + `', '` + string(ActionHelpOff) + `'))`
	}
	if f.After != "" {
		after, err := strconv.ParseInt(f.After, 10, 64)
		if err != nil {
			return page, notACursor(err)
		}
		query, args = query+` AND ID < ?`, append(args, after)
	}
	err := every(ctx, b.read, query+` ORDER BY ID DESC {limit ?}`, func(s scanner) error {
		a, err := scanAction(s)
		if len(page.Items) == f.Limit {
			page.Next = strconv.FormatInt(page.Items[f.Limit-1].ID, 10)
			return err
		}
		page.Items = append(page.Items, a)
		return err
	}, append(args, f.Limit+1)...)
	if err != nil {
		return page, fmt.Errorf("actions: %w", err)
	}
	return page, nil
}

func notACursor(cause error) error {
	return link.NewError(link.CodeRequestInvalid).At("cursor", link.CodeRequestInvalid, link.Both(
		"não é um cursor desta lista; use o next da página anterior", "not a cursor of this list; use the next of its page before")).Because(cause)
}
