package main

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/google/uuid"

	"smartlink/client"
	"smartlink/link"
)

type adminSchemaCmd struct {
	List   schemaListCmd   `cmd:"" help:"List the rules. Example: smartlink admin schema list"`
	Show   schemaRuleCmd   `cmd:"" help:"Print what holds for a type. Example: smartlink admin schema show Note --tenant UUID"`
	Set    schemaSetCmd    `cmd:"" help:"Upload a schema, or say what is done with messages that do not match. Example: smartlink admin schema set Note --mode enforce --file note.schema.json"`
	Remove schemaRemoveCmd `cmd:"" help:"Remove a rule with its schema. Example: smartlink admin schema remove Note"`
}

type schemaListCmd struct{ listFlags }

func (c *schemaListCmd) Run(e *env, a *adminCmd) error {
	return list(e, a, c.listFlags, []string{"TYPE", "TENANT", "MODE", "SCHEMA", "BYTES", "CHANGED", "BY"},
		func(r link.SchemaRule) []string {
			tenant, bytes, hash := "all", "", r.SHA256
			if r.TenantID != nil {
				tenant = r.TenantID.String()
			}
			if hash != "" {
				hash, bytes = hash[:12], strconv.Itoa(r.Bytes)
			}
			return []string{r.Type, tenant, string(r.Mode), hash, bytes, when(&r.ChangedAt), r.ChangedBy}
		},
		func(ctx context.Context, hub *client.Admin, l client.List) (link.Page[link.SchemaRule], error) {
			return hub.Schemas(ctx, l)
		})
}

// ruleArg names a rule on the command line.
type ruleArg struct {
	Type   string `arg:"" help:"Message type; * stands for every type."`
	Tenant string `help:"UUID of the tenant; default: every tenant."`
}

// at answers the hub and the rule's tenant.
func (r ruleArg) at(e *env, a *adminCmd) (*client.Admin, uuid.UUID, error) {
	tenant, err := optionalUUID(r.Tenant)
	if err != nil {
		return nil, uuid.Nil, err
	}
	hub, err := a.hub(e)
	return hub, tenant, err
}

type schemaRuleCmd struct{ ruleArg }

func (c *schemaRuleCmd) Run(e *env, a *adminCmd) error {
	hub, tenant, err := c.at(e, a)
	if err != nil {
		return err
	}
	d, err := hub.Schema(e.ctx, tenant, c.Type)
	if err != nil {
		return err
	}
	if err := a.show(e, d, "type", d.Type, "mode", string(d.Mode), "schema", d.Source); err != nil || a.JSON || d.Schema == nil {
		return err
	}
	return printJSON(e.out, d.Schema)
}

type schemaSetCmd struct {
	ruleArg
	Mode string `help:"off, warn or enforce; default: as it is." enum:",off,warn,enforce" default:"" placeholder:"MODE"`
	File string `help:"File with a JSON Schema of the whole body; - for standard input; default: the one there is." placeholder:"FILE"`
}

func (c *schemaSetCmd) Run(e *env, a *adminCmd) error {
	if c.Mode == "" && c.File == "" {
		return errors.New("give --mode, --file, or both")
	}
	var change link.SchemaChange
	if c.Mode != "" {
		mode := link.SchemaMode(c.Mode)
		change.Mode = &mode
	}
	if c.File != "" {
		text, err := readFile(c.File)
		if err != nil {
			return err
		}
		if !json.Valid(text) {
			return errors.New(c.File + " is not JSON")
		}
		change.Schema = text
	}
	hub, tenant, err := c.at(e, a)
	if err != nil {
		return err
	}
	r, err := hub.ChangeSchema(e.ctx, tenant, c.Type, change)
	if err != nil {
		return err
	}
	return a.show(e, r, "type", r.Type, "mode", string(r.Mode), "sha256", r.SHA256)
}

type schemaRemoveCmd struct{ ruleArg }

func (c *schemaRemoveCmd) Run(e *env, a *adminCmd) error {
	hub, tenant, err := c.at(e, a)
	if err != nil {
		return err
	}
	if err := hub.RemoveSchema(e.ctx, tenant, c.Type); err != nil {
		return err
	}
	return a.show(e, map[string]string{"removed": c.Type}, "removed", c.Type)
}
