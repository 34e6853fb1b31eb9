package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"smartlink/client"
	"smartlink/link"
)

type adminUserCmd struct {
	Add      userAddCmd      `cmd:"" help:"Create a user; prints a password, once. Example: smartlink admin user add bruno --role viewer"`
	Password userPasswordCmd `cmd:"" help:"Set a user's password; prints a new one, once. Example: smartlink admin user password bruno"`
	Key      userKeyCmd      `cmd:"" help:"Give a user a new API key; prints it, once. Example: smartlink admin user key bruno"`
	Role     userRoleCmd     `cmd:"" help:"Change a user's role. Example: smartlink admin user role bruno operator"`
	Disable  userDisableCmd  `cmd:"" help:"End a user's sessions and refuse log-ins and API keys. Example: smartlink admin user disable bruno"`
	Enable   userEnableCmd   `cmd:"" help:"Let a disabled user work again. Example: smartlink admin user enable bruno"`
	List     userListCmd     `cmd:"" help:"List users. Example: smartlink admin user list"`
}

// passwordFlag lets somebody choose a password without showing it to other processes.
type passwordFlag struct {
	Stdin bool `name:"password-stdin" help:"Read the password from standard input instead of making one."`
}

func (f passwordFlag) read(in io.Reader) (*string, error) {
	if !f.Stdin {
		return nil, nil
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read the password: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	return &line, nil
}

type userAddCmd struct {
	passwordFlag
	Name string `arg:"" help:"Name to log in with."`
	Role string `required:"" enum:"administrator,operator,viewer" help:"administrator, operator or viewer."`
}

func (c *userAddCmd) Run(e *env, a *adminCmd) error {
	password, err := c.read(os.Stdin)
	if err != nil {
		return err
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	r, err := hub.CreateUser(e.ctx, link.UserRequest{Name: c.Name, Role: link.Role(c.Role), Password: password})
	if err != nil {
		return err
	}
	return a.show(e, r, withPassword(r.Password, "user", r.Name, "role", string(r.Role))...)
}

// withPassword adds a password that was made to what is shown.
func withPassword(password string, pairs ...string) []string {
	if password == "" {
		return pairs
	}
	return append(pairs, "password", password, "", "shown once: hand it to the user")
}

type userPasswordCmd struct {
	passwordFlag
	Name string `arg:"" help:"The user."`
}

func (c *userPasswordCmd) Run(e *env, a *adminCmd) error {
	password, err := c.read(os.Stdin)
	if err != nil {
		return err
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	r, err := hub.SetPassword(e.ctx, c.Name, link.PasswordRequest{Password: password})
	if err != nil {
		return err
	}
	return a.show(e, r, withPassword(r.Password, "user", r.User)...)
}

type userKeyCmd struct {
	Name string `arg:"" help:"The user."`
}

func (c *userKeyCmd) Run(e *env, a *adminCmd) error {
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	r, err := hub.SetKey(e.ctx, c.Name)
	if err != nil {
		return err
	}
	return a.show(e, r, "user", r.User, "apiKey", r.APIKey, "", "shown once; earlier keys are no longer good")
}

type userRoleCmd struct {
	Name string `arg:"" help:"The user."`
	Role string `arg:"" enum:"administrator,operator,viewer" help:"administrator, operator or viewer."`
}

func (c *userRoleCmd) Run(e *env, a *adminCmd) error {
	role := link.Role(c.Role)
	return changeUser(e, a, c.Name, link.UserChange{Role: &role})
}

type userDisableCmd struct {
	Name string `arg:"" help:"The user."`
}

func (c *userDisableCmd) Run(e *env, a *adminCmd) error {
	disabled := true
	return changeUser(e, a, c.Name, link.UserChange{Disabled: &disabled})
}

type userEnableCmd struct {
	Name string `arg:"" help:"The user."`
}

func (c *userEnableCmd) Run(e *env, a *adminCmd) error {
	disabled := false
	return changeUser(e, a, c.Name, link.UserChange{Disabled: &disabled})
}

func changeUser(e *env, a *adminCmd, name string, r link.UserChange) error {
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	u, err := hub.ChangeUser(e.ctx, name, r)
	if err != nil {
		return err
	}
	return a.show(e, u, "user", u.Name, "role", string(u.Role), "disabled", when(u.DisabledAt))
}

type userListCmd struct{ listFlags }

func (c *userListCmd) Run(e *env, a *adminCmd) error {
	return list(e, a, c.listFlags, []string{"NAME", "ROLE", "PASSWORD", "LAST LOGIN", "DISABLED", "CREATED"},
		func(x link.User) []string {
			password := "-"
			if x.HasPassword {
				password = "set"
			}
			return []string{x.Name, string(x.Role), password, when(x.LastLogin), when(x.DisabledAt), when(&x.CreatedAt)}
		},
		func(ctx context.Context, hub *client.Admin, l client.List) (link.Page[link.User], error) {
			return hub.Users(ctx, l)
		})
}
