package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"smartlink/internal/pgdb"
	"smartlink/link"
)

// CreateUser creates a person who may log in, with the password given or one that is in the answer
// and nowhere else. An existing name is link.CodeConflict.
func (s *Store) CreateUser(ctx context.Context, actor string, r link.UserRequest) (link.UserCreated, error) {
	var in checks
	created := link.UserCreated{User: link.User{Name: in.name("/name", r.Name), Role: r.Role, HasPassword: true}}
	in.role(r.Role)
	stored, made, err := s.passwordFor(ctx, &in, created.Name, r.Password)
	if err != nil {
		return link.UserCreated{}, fmt.Errorf("create user: %w", err)
	}
	created.Password = made
	err = s.change(ctx, actor, func(ctx context.Context, c *change) error {
		created.CreatedAt = c.now
		_, err := c.ExecContext(ctx, `INSERT INTO person (name, role, created_at, password) VALUES ($1, $2, $3, $4)`,
			created.Name, created.Role, micros(c.now), stored)
		if pgdb.IsUnique(err) {
			return link.NewError(link.CodeConflict, "what", quoted(created.Name)).
				At("/name", link.CodeConflict, link.Both("já há um usuário com este nome", "a user of this name exists"))
		}
		if err != nil {
			return err
		}
		return c.record(ctx, "person.create", created.Name, string(created.Role)+"; with a password")
	})
	if err != nil {
		return link.UserCreated{}, fmt.Errorf("create user: %w", err)
	}
	return created, nil
}

// SetPassword gives a person a password, the one given or one that is in the answer and nowhere else,
// and ends all their sessions.
func (s *Store) SetPassword(ctx context.Context, actor, name string, r link.PasswordRequest) (link.PasswordSet, error) {
	var in checks
	stored, made, err := s.passwordFor(ctx, &in, name, r.Password)
	if err != nil {
		return link.PasswordSet{}, fmt.Errorf("set password: %w", err)
	}
	err = s.change(ctx, actor, func(ctx context.Context, c *change) error {
		if _, err := readUser(ctx, c, name); err != nil {
			return err
		}
		if _, err := c.ExecContext(ctx, `UPDATE person SET password = $1 WHERE name = $2`, stored, name); err != nil {
			return err
		}
		if err := endSessions(ctx, c, name); err != nil {
			return err
		}
		return c.record(ctx, "person.password", name, "")
	})
	if err != nil {
		return link.PasswordSet{}, fmt.Errorf("set password: %w", err)
	}
	return link.PasswordSet{User: name, Password: made}, nil
}

// passwordFor answers what to store of the password given, or of a new one, which is answered too.
func (s *Store) passwordFor(ctx context.Context, in *checks, user string, given *string) (stored, made string, err error) {
	password := ""
	if given != nil {
		password = *given
		in.password("/password", password, user)
	} else {
		made = newPassword()
		password = made
	}
	if err := in.err(); err != nil {
		return "", "", err
	}
	stored, err = hashPassword(ctx, s.cost, password)
	return stored, made, err
}

// ChangeUser changes a person's role, or forbids or permits them to work; both hold from their next
// request on. The last administrator stays one: without any, nobody could undo it.
func (s *Store) ChangeUser(ctx context.Context, actor, name string, r link.UserChange) (link.User, error) {
	var in checks
	if r.Role != nil {
		in.role(*r.Role)
	}
	if err := in.err(); err != nil {
		return link.User{}, err
	}
	var after link.User
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		before, err := readUser(ctx, c, name)
		if err != nil {
			return err
		}
		after = before
		if r.Role != nil {
			after.Role = *r.Role
		}
		if r.Disabled != nil && *r.Disabled != (before.DisabledAt != nil) {
			after.DisabledAt = nil
			if *r.Disabled {
				after.DisabledAt = &c.now
			}
		}
		detail := changes("role", string(before.Role), string(after.Role)) + changes("state", working(before), working(after))
		if detail == "" {
			return errNothing
		}
		var disabled sql.NullInt64
		if after.DisabledAt != nil {
			disabled = sql.NullInt64{Int64: micros(*after.DisabledAt), Valid: true}
		}
		if _, err := c.ExecContext(ctx, `UPDATE person SET role = $1, disabled_at = $2 WHERE name = $3`, after.Role, disabled, name); err != nil {
			return err
		}
		if err := keepAdministrator(ctx, c, name); err != nil {
			return err
		}
		if after.DisabledAt != nil {
			if err := endSessions(ctx, c, name); err != nil {
				return err
			}
		}
		return c.record(ctx, "person.change", name, detail[:len(detail)-2])
	})
	if err != nil {
		return link.User{}, fmt.Errorf("change user: %w", err)
	}
	return after, nil
}

func working(u link.User) string {
	if u.DisabledAt != nil {
		return "disabled"
	}
	return "enabled"
}

// keepAdministrator refuses what leaves the hub without one.
func keepAdministrator(ctx context.Context, c *change, name string) error {
	var n int
	if err := c.QueryRowContext(ctx, `SELECT count(*) FROM person WHERE role = $1 AND disabled_at IS NULL`, link.RoleAdministrator).Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		return link.NewError(link.CodeConflict, "what", quoted(name)).At("", link.CodeConflict, link.Both(
			"é o último administrador; crie outro antes", "is the last administrator; create another one first"))
	}
	return nil
}

// Users lists people by name.
func (s *Store) Users(ctx context.Context, l List) (link.Page[link.User], error) {
	after, err := l.after(1)
	if err != nil {
		return link.Page[link.User]{}, err
	}
	rows, err := collect(ctx, s.db(), func(rows *sql.Rows) (link.User, error) { return scanUser(rows) },
		`SELECT `+userColumns+` FROM person WHERE name > $1 ORDER BY name LIMIT $2`, after[0], l.limit()+1)
	if err != nil {
		return link.Page[link.User]{}, fmt.Errorf("list users: %w", err)
	}
	return page(rows, l.limit(), func(u link.User) []string { return []string{u.Name} }), nil
}

const userColumns = `name, role, created_at, disabled_at, last_login, password IS NOT NULL`

func scanUser(row interface{ Scan(...any) error }) (u link.User, err error) {
	var created int64
	var disabled, login sql.NullInt64
	if err := row.Scan(&u.Name, &u.Role, &created, &disabled, &login, &u.HasPassword); err != nil {
		return u, err
	}
	u.CreatedAt = moment(created)
	u.DisabledAt, u.LastLogin = maybe(disabled), maybe(login)
	return u, nil
}

func readUser(ctx context.Context, q querier, name string) (link.User, error) {
	u, err := scanUser(q.QueryRowContext(ctx, `SELECT `+userColumns+` FROM person WHERE name = $1`, name))
	if errors.Is(err, sql.ErrNoRows) {
		return u, link.NewError(link.CodeNotFound, "what", quoted(name))
	}
	return u, err
}

// role checks a role.
func (c *checks) role(r link.Role) {
	if !r.Includes(link.RoleViewer) {
		c.add("/role", link.CodeRequestInvalid, link.Both(
			"%q não é um papel: administrator, operator ou viewer", "%q is no role: administrator, operator or viewer", string(r)))
	}
}
