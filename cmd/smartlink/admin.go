package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"smartlink/client"
	"smartlink/link"
)

// adminCmd administers a hub over its admin API.
type adminCmd struct {
	Server string `help:"Address of the hub; default http://127.0.0.1:8484." default:"http://127.0.0.1:8484" env:"SMARTLINK_SERVER" placeholder:"URL"`
	APIKey string `name:"api-key" secret:"" help:"API key of a person, from 'admin init'. Better given by the environment." env:"SMARTLINK_API_KEY"`
	JSON   bool   `name:"json" help:"Answer as JSON, for scripts."`

	Init    adminInitCmd    `cmd:"" help:"Spend the first-start code and make the first administrator. Example: smartlink admin init --code C --user ana"`
	Company adminCompanyCmd `cmd:"" help:"Companies (customers)."`
	Tenant  adminTenantCmd  `cmd:"" help:"Tenants: isolated spaces of a company."`
	App     adminAppCmd     `cmd:"" help:"Apps: products and the types they may send and receive."`
	Client  adminClientCmd  `cmd:"" help:"Clients: credentials of a tenant."`
	User    adminUserCmd    `cmd:"" help:"Users: people who log in to the monitor."`
	Queue   adminQueueCmd   `cmd:"" help:"Queues and what waits in them."`
	Schema  adminSchemaCmd  `cmd:"" help:"Schemas of messages: upload, and what is done with messages that do not match."`
	Search  adminSearchCmd  `cmd:"" help:"Search paths: by which values of their bodies messages are found."`
	Check   adminCheckCmd   `cmd:"" help:"Count the messages of queues and compare with the counts that are kept. Example: smartlink admin check --mend"`
	Message adminMessageCmd `cmd:"" help:"One message: where it is; copy it."`
	Audit   adminAuditCmd   `cmd:"" help:"Who changed what, the newest first. Example: smartlink admin audit --since 2026-03-26T00:00:00Z --tenant UUID --action message."`
}

func (a *adminCmd) hub(e *env) (*client.Admin, error) {
	return client.NewAdmin(client.AdminConfig{Server: a.Server, APIKey: a.APIKey, CA: e.ca(), UserAgent: "smartlink-admin", Lang: e.lang()})
}

// show prints a value as JSON or as name and value pairs.
func (a *adminCmd) show(e *env, v any, pairs ...string) error {
	if a.JSON {
		return printJSON(e.out, v)
	}
	return fields(e.out, pairs...)
}

// listFlags bound a list; All reads page after page.
type listFlags struct {
	Limit  int    `help:"Items of a page." default:"50"`
	Cursor string `help:"Go on where the page before ended."`
	All    bool   `help:"All pages."`
}

// list prints pages of items as JSON or as a table.
func list[T any](e *env, a *adminCmd, l listFlags, head []string, row func(T) []string,
	page func(context.Context, *client.Admin, client.List) (link.Page[T], error),
) error {
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	all := link.Page[T]{Items: []T{}}
	at := client.List{Limit: l.Limit, Cursor: l.Cursor}
	for {
		p, err := page(e.ctx, hub, at)
		if err != nil {
			return err
		}
		all.Items, all.Next = append(all.Items, p.Items...), p.Next
		if at.Cursor = p.Next; p.Next == "" || !l.All {
			break
		}
	}
	if a.JSON {
		return printJSON(e.out, all)
	}
	rows := make([][]string, len(all.Items))
	for i, item := range all.Items {
		rows[i] = row(item)
	}
	if err := table(e.out, head, rows); err != nil {
		return err
	}
	if all.Next != "" {
		fmt.Fprintf(e.errOut, "more: --cursor %s (or --all)\n", all.Next)
	}
	return nil
}

type adminInitCmd struct {
	Code string `required:"" secret:"" help:"The code the hub printed at its first start."`
	User string `required:"" help:"Name of the first administrator."`
}

func (c *adminInitCmd) Run(e *env, a *adminCmd) error {
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	r, err := hub.Init(e.ctx, link.InitRequest{Code: c.Code, User: c.User})
	if err != nil {
		return err
	}
	return a.show(e, r, "user", r.User, "role", string(r.Role), "api key", r.APIKey, "", "shown once: keep it, e.g. as SMARTLINK_API_KEY")
}

type adminCompanyCmd struct {
	Add  companyAddCmd  `cmd:"" help:"Create a company. Example: smartlink admin company add 'Fazenda Boa Vista S.A.'"`
	List companyListCmd `cmd:"" help:"List companies. Example: smartlink admin company list --all"`
}

type companyAddCmd struct {
	Name string `arg:"" help:"Its name."`
}

func (c *companyAddCmd) Run(e *env, a *adminCmd) error {
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	r, err := hub.CreateCompany(e.ctx, link.CompanyRequest{Name: c.Name})
	if err != nil {
		return err
	}
	return a.show(e, r, "id", r.ID.String(), "name", r.Name)
}

type companyListCmd struct{ listFlags }

func (c *companyListCmd) Run(e *env, a *adminCmd) error {
	return list(e, a, c.listFlags, []string{"ID", "NAME", "CREATED"},
		func(x link.Company) []string { return []string{x.ID.String(), x.Name, when(&x.CreatedAt)} },
		func(ctx context.Context, hub *client.Admin, l client.List) (link.Page[link.Company], error) {
			return hub.Companies(ctx, l)
		})
}

type adminTenantCmd struct {
	Add  tenantAddCmd  `cmd:"" help:"Create a tenant. Example: smartlink admin tenant add Produção --company 'Fazenda Boa Vista S.A.'"`
	List tenantListCmd `cmd:"" help:"List tenants. Example: smartlink admin tenant list --json"`

	Retention tenantRetentionCmd `cmd:"" help:"How long messages of a tenant are kept."`
	Erase     tenantEraseCmd     `cmd:"" help:"Erase all messages of a tenant. Example: smartlink admin tenant erase UUID --reason 'the contract ended' --yes"`
}

type tenantAddCmd struct {
	Name    string `arg:"" help:"Its name, e.g. Produção."`
	Company string `required:"" help:"Name or id of the company."`
	ID      string `name:"id" help:"Its UUID; default a new one."`
}

func (c *tenantAddCmd) Run(e *env, a *adminCmd) error {
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	req := link.TenantRequest{Company: c.Company, Name: c.Name}
	if c.ID != "" {
		req.ID = &c.ID
	}
	r, err := hub.CreateTenant(e.ctx, req)
	if err != nil {
		return err
	}
	return a.show(e, r, "id", r.ID.String(), "company", r.Company, "name", r.Name)
}

type tenantListCmd struct{ listFlags }

func (c *tenantListCmd) Run(e *env, a *adminCmd) error {
	return list(e, a, c.listFlags, []string{"ID", "COMPANY", "NAME", "CREATED"},
		func(x link.Tenant) []string { return []string{x.ID.String(), x.Company, x.Name, when(&x.CreatedAt)} },
		func(ctx context.Context, hub *client.Admin, l client.List) (link.Page[link.Tenant], error) {
			return hub.Tenants(ctx, l)
		})
}

type adminAppCmd struct {
	Put  appPutCmd  `cmd:"" help:"Create or replace an app. Example: smartlink admin app put GESPLAN --name Gesplan --sends FinLanIncDataCommand --receives FinLanIncDataCommandResponse"`
	List appListCmd `cmd:"" help:"List apps. Example: smartlink admin app list"`
}

type appPutCmd struct {
	Code     string   `arg:"" help:"Its code: A-Z, 0-9 and -, 2 to 32."`
	Name     string   `required:"" help:"Its name."`
	Sends    []string `help:"Types it may send, separated by commas."`
	Receives []string `help:"Types it may receive, separated by commas."`
}

func (c *appPutCmd) Run(e *env, a *adminCmd) error {
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	r, err := hub.PutApp(e.ctx, c.Code, link.AppRequest{Name: c.Name, Sends: c.Sends, Receives: c.Receives})
	if err != nil {
		return err
	}
	return a.show(e, r, "code", r.Code, "name", r.Name, "sends", strings.Join(r.Sends, ", "), "receives", strings.Join(r.Receives, ", "))
}

type appListCmd struct{ listFlags }

func (c *appListCmd) Run(e *env, a *adminCmd) error {
	return list(e, a, c.listFlags, []string{"CODE", "NAME", "SENDS", "RECEIVES"},
		func(x link.App) []string {
			return []string{x.Code, x.Name, strings.Join(x.Sends, ","), strings.Join(x.Receives, ",")}
		},
		func(ctx context.Context, hub *client.Admin, l client.List) (link.Page[link.App], error) {
			return hub.Apps(ctx, l)
		})
}

type queueListCmd struct {
	listFlags
	Tenant string `help:"Only of this tenant."`
}

func (c *queueListCmd) Run(e *env, a *adminCmd) error {
	tenant, err := optionalUUID(c.Tenant)
	if err != nil {
		return err
	}
	return list(e, a, c.listFlags, []string{"QUEUE", "CLIENT", "READY", "BEHIND", "DELAYED", "LEASED", "DEAD", "LAST GET"},
		func(x link.QueueInfo) []string {
			row := []string{x.Queue, x.Client}
			for _, s := range []link.State{link.StateReady, link.StateBehind, link.StateDelayed, link.StateLeased, link.StateDead} {
				row = append(row, strconv.FormatInt(x.Counts[s], 10))
			}
			return append(row, when(x.LastGet))
		},
		func(ctx context.Context, hub *client.Admin, l client.List) (link.Page[link.QueueInfo], error) {
			return hub.Queues(ctx, tenant, l)
		})
}

type adminAuditCmd struct {
	Actor   string     `help:"Who did it." placeholder:"USER"`
	Action  string     `help:"What was done, or its beginning: message. is all that was done to messages." placeholder:"ACTION"`
	Target  string     `help:"Anywhere in what it was done to." placeholder:"TEXT"`
	Tenant  string     `help:"Done to this tenant, its queues, messages or clients." placeholder:"UUID"`
	Message string     `help:"Done to this message; of several at once the entry names the first." placeholder:"ID"`
	Since   *time.Time `help:"At this moment or later, as 2026-03-26T09:14:13Z." placeholder:"MOMENT"`
	Until   *time.Time `help:"Before this moment." placeholder:"MOMENT"`
	listFlags
}

func (c *adminAuditCmd) Run(e *env, a *adminCmd) error {
	f := client.AuditFilter{Actor: c.Actor, Action: c.Action, Target: c.Target}
	for _, x := range []struct {
		id   *uuid.UUID
		text string
		what string
	}{{&f.Tenant, c.Tenant, "tenant"}, {&f.Message, c.Message, "message"}} {
		var err error
		if *x.id, err = optionalUUID(x.text); err != nil {
			return fmt.Errorf("%q is no %s id", x.text, x.what)
		}
	}
	if c.Since != nil {
		f.Since = *c.Since
	}
	if c.Until != nil {
		f.Until = *c.Until
	}
	return list(e, a, c.listFlags, []string{"AT", "ACTOR", "ACTION", "TARGET", "DETAIL"},
		func(x link.AuditEntry) []string { return []string{when(&x.At), x.Actor, x.Action, x.Target, x.Detail} },
		func(ctx context.Context, hub *client.Admin, l client.List) (link.Page[link.AuditEntry], error) {
			return hub.AuditOf(ctx, f, l)
		})
}

func when(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

func optionalUUID(s string) (uuid.UUID, error) {
	if s == "" {
		return uuid.Nil, nil
	}
	return link.ParseUUID(s)
}
