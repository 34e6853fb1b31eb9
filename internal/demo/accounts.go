package demo

import (
	"context"
	"errors"
	"fmt"

	"smartlink/client"
	"smartlink/contracts"
	"smartlink/link"
)

// TenantID is the demo's tenant, the one of the training slides.
const TenantID = "b991502e-6faa-4e3a-aaf4-967c4fe2a196"

// PostmanTenant is the tenant of the Postman collection, whose one client sends to itself: nobody else
// reads there.
const PostmanTenant = "5f7a1c3e-9b2d-4e60-8a41-c0d2e4f6a8b1"

// The demo's apps: the product in the cloud and the ERP's side, which the activation wizard knows.
const (
	AppGesplan = "GESPLAN"
	AppRM      = "GESPLAN-RM"
)

// Commands are the six commands Gesplan sends.
var Commands = []string{
	"FinLanIncDataCommand", "FinLanAltDataCommand", "FinXCXIncDataCommand", "FinXCXAltDataCommand", "CtbLanIncDataCommand", "CtbLanAltDataCommand",
}

// responses are the types of the answers to commands.
func responses(commands []string) []string {
	r := make([]string, len(commands))
	for i, c := range commands {
		r[i] = link.ResponseType(c)
	}
	return r
}

// openAccounts makes what is still missing of administrator, company, tenant, apps and clients. It
// goes through the hub's public admin API, as a person would, and writes EnvFile after every
// credential, since each is shown only once.
func openAccounts(ctx context.Context, dir, server, startCode string, v Env) (Env, error) {
	v.Server, v.Tenant = server, TenantID
	if v.APIKey == "" {
		if startCode == "" {
			return v, fmt.Errorf("the hub in %s has an administrator already, but %s does not hold the key: use another folder", dir, EnvFile)
		}
		first, err := client.NewAdmin(client.AdminConfig{Server: server})
		if err != nil {
			return v, err
		}
		r, err := first.Init(ctx, link.InitRequest{Code: startCode, User: "demo"})
		if err != nil {
			return v, fmt.Errorf("first administrator: %w", err)
		}
		v.APIKey = r.APIKey
		if err := writeEnv(dir, v); err != nil {
			return v, err
		}
	}
	admin, err := client.NewAdmin(client.AdminConfig{Server: server, APIKey: v.APIKey})
	if err != nil {
		return v, err
	}
	const company = "Gesplan Demonstração Ltda."
	if _, err := admin.CreateCompany(ctx, link.CompanyRequest{Name: company}); err != nil && !exists(err) {
		return v, fmt.Errorf("company: %w", err)
	}
	for id, name := range map[string]string{TenantID: "Demo", PostmanTenant: "Postman"} {
		if _, err := admin.CreateTenant(ctx, link.TenantRequest{ID: &id, Company: company, Name: name}); err != nil && !exists(err) {
			return v, fmt.Errorf("tenant %s: %w", name, err)
		}
	}
	for code, app := range map[string]link.AppRequest{
		AppGesplan: {Name: "Gesplan", Sends: Commands, Receives: append(responses(Commands), contracts.FinLanBaixadoType)},
		AppRM:      {Name: "Gesplan Rm", Sends: append(responses(Commands), contracts.FinLanBaixadoType), Receives: Commands},
	} {
		if _, err := admin.PutApp(ctx, code, app); err != nil {
			return v, fmt.Errorf("app %s: %w", code, err)
		}
	}
	for _, c := range []struct {
		name, tenant string
		login        *Login
		apps         []string
	}{
		{"gesplan", TenantID, &v.Gesplan, []string{AppGesplan}}, {"rm", TenantID, &v.RM, []string{AppRM}}, {"curl", TenantID, &v.Curl, []string{AppGesplan}},
		{"postman", PostmanTenant, &v.Postman, []string{AppGesplan, AppRM}},
	} {
		if c.login.Secret != "" {
			continue
		}
		r, err := admin.CreateClient(ctx, link.ClientRequest{TenantID: c.tenant, Name: c.name, Apps: c.apps})
		if err != nil {
			return v, fmt.Errorf("client %s: %w", c.name, err)
		}
		*c.login = Login{string(r.ID), r.Secret}
		if err := writeEnv(dir, v); err != nil {
			return v, err
		}
	}
	if v, err = openUsers(ctx, admin, dir, v); err != nil {
		return v, err
	}
	if err := writeEnv(dir, v); err != nil {
		return v, err
	}
	return v, writePostman(dir, v)
}

// exists tells whether the hub refused because the thing is there already.
func exists(err error) bool {
	var p *link.Problem
	return errors.As(err, &p) && p.Code == link.CodeConflict
}

// openUsers makes the people who log in to the monitor, one of each role, unless the folder has them.
func openUsers(ctx context.Context, admin *client.Admin, dir string, v Env) (Env, error) {
	for _, u := range []struct {
		name  string
		role  link.Role
		login *Login
	}{
		{"admin", link.RoleAdministrator, &v.Administrator}, {"operador", link.RoleOperator, &v.Operator}, {"leitor", link.RoleViewer, &v.Viewer},
	} {
		if u.login.Secret != "" {
			continue
		}
		password := ""
		made, err := admin.CreateUser(ctx, link.UserRequest{Name: u.name, Role: u.role})
		switch {
		case exists(err): // made by a run that was killed before it wrote the password down
			set, err := admin.SetPassword(ctx, u.name, link.PasswordRequest{})
			if err != nil {
				return v, fmt.Errorf("password of %s: %w", u.name, err)
			}
			password = set.Password
		case err != nil:
			return v, fmt.Errorf("user %s: %w", u.name, err)
		default:
			password = made.Password
		}
		*u.login = Login{u.name, password}
		if err := writeEnv(dir, v); err != nil {
			return v, err
		}
	}
	return v, nil
}
