package registry

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"smartlink/link"
)

// PutApp creates an app, or replaces its name and types. Putting what is there already changes
// nothing and leaves no audit entry.
func (s *Store) PutApp(ctx context.Context, actor, code string, r link.AppRequest) (link.App, error) {
	var in checks
	app := link.App{Code: code, Name: in.name("/name", r.Name), Sends: in.types("/sends", r.Sends), Receives: in.types("/receives", r.Receives)}
	if !link.ValidApp(code) {
		in.add("code", link.CodeRequestInvalid, link.Both(
			"%q não pode ser o código de um aplicativo: A-Z, 0-9 e -, 2 a 32", "%q cannot be an app's code: A-Z, 0-9 and -, 2 to 32", code))
	}
	if err := in.err(); err != nil {
		return link.App{}, err
	}
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error { return putApp(ctx, c, app) })
	if err != nil {
		return link.App{}, fmt.Errorf("put app: %w", err)
	}
	return app, nil
}

func putApp(ctx context.Context, c *change, app link.App) error {
	action := "app.change"
	old, err := scanApp(c.QueryRowContext(ctx, `SELECT `+appColumns+` FROM app WHERE code = $1`, app.Code))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		action = "app.create"
	case err != nil:
		return err
	case old.Name == app.Name && slices.Equal(old.Sends, app.Sends) && slices.Equal(old.Receives, app.Receives):
		return errNothing
	}
	sends, receives := jsonList(app.Sends), jsonList(app.Receives)
	if _, err := c.ExecContext(ctx, `INSERT INTO app (code, name, sends, receives) VALUES ($1, $2, $3, $4)
		ON CONFLICT (code) DO UPDATE SET name = excluded.name, sends = excluded.sends, receives = excluded.receives`,
		app.Code, app.Name, sends, receives); err != nil {
		return err
	}
	return c.record(ctx, action, app.Code, fmt.Sprintf("%s; sends %s; receives %s", app.Name,
		strings.Join(app.Sends, ", "), strings.Join(app.Receives, ", ")))
}

// Apps lists apps by code.
func (s *Store) Apps(ctx context.Context, l List) (link.Page[link.App], error) {
	after, err := l.after(1)
	if err != nil {
		return link.Page[link.App]{}, err
	}
	rows, err := collect(ctx, s.db(), func(rows *sql.Rows) (link.App, error) { return scanApp(rows) },
		`SELECT `+appColumns+` FROM app WHERE code > $1 ORDER BY code LIMIT $2`, after[0], l.limit()+1)
	if err != nil {
		return link.Page[link.App]{}, fmt.Errorf("list apps: %w", err)
	}
	return page(rows, l.limit(), func(a link.App) []string { return []string{a.Code} }), nil
}

const appColumns = `code, name, sends, receives`

// scanApp reads appColumns.
func scanApp(row interface{ Scan(...any) error }) (a link.App, err error) {
	var sends, receives string
	if err := row.Scan(&a.Code, &a.Name, &sends, &receives); err != nil {
		return a, err
	}
	return a, errors.Join(json.Unmarshal([]byte(sends), &a.Sends), json.Unmarshal([]byte(receives), &a.Receives))
}

func jsonList(list []string) string {
	b, _ := json.Marshal(list) // strings always marshal
	return string(b)
}
