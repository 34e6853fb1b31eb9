package main

import (
	"encoding/base64"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"smartlink/link"
)

type adminMessageCmd struct {
	Show messageShowCmd `cmd:"" help:"Tell where a message is and what happened to it. Example: smartlink admin message show ID"`
	Find messageFindCmd `cmd:"" help:"Find messages of a tenant, the newest first. Example: smartlink admin message find --tenant UUID --path /data/CodCfo --value F001"`
	Copy messageCopyCmd `cmd:"" help:"Send a copy: new id, same root and business key. Example: smartlink admin message copy ID --body mended.json --reason 'typing error'"`
}

// messageArg names a message on the command line.
type messageArg struct {
	ID     string `arg:"" help:"Id of the message."`
	Tenant string `help:"Its tenant; default: the hub looks through all."`
}

type messageShowCmd struct{ messageArg }

func (c *messageShowCmd) Run(e *env, a *adminCmd) error {
	id, err := link.ParseUUID(c.ID)
	if err != nil {
		return err
	}
	tenant, err := optionalUUID(c.Tenant)
	if err != nil {
		return err
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	t, err := hub.Trace(e.ctx, tenant, id)
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(e.out, t)
	}
	return printTrace(e.out, e.lang(), t)
}

type messageCopyCmd struct {
	messageArg
	Body   string `help:"File with the edited body; - for standard input; default the original's." type:"existingfile"`
	Reason string `help:"Why; kept in the audit."`
}

func (c *messageCopyCmd) Run(e *env, a *adminCmd) error {
	id, err := link.ParseUUID(c.ID)
	if err != nil {
		return err
	}
	tenant, err := optionalUUID(c.Tenant)
	if err != nil {
		return err
	}
	req := link.CopyRequest{Reason: c.Reason}
	if c.Body != "" {
		body, err := readFile(c.Body)
		if err != nil {
			return err
		}
		if utf8.Valid(body) {
			s := string(body)
			req.Content = &s
		} else {
			s := base64.StdEncoding.EncodeToString(body)
			req.ContentBase64 = &s
		}
	}
	hub, err := a.hub(e)
	if err != nil {
		return err
	}
	r, err := hub.Copy(e.ctx, tenant, id, req)
	if err != nil {
		return err
	}
	return a.show(e, r, "message", r.MessageID.String(), "queues", strings.Join(r.Queues, ", "))
}

// readFile reads a file, or standard input for "-".
func readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}
