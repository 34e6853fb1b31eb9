package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"smartlink/client"
	"smartlink/link"
)

type adminMessageCmd struct {
	Show messageShowCmd `cmd:"" help:"Tell where a message is and what happened to it. Example: smartlink admin message show ID"`
	Find messageFindCmd `cmd:"" help:"Find messages of a tenant, the newest first. Example: smartlink admin message find --tenant UUID --path /data/CodCfo --value F001"`
	Body messageBodyCmd `cmd:"" help:"Print what a message says; the audit keeps who read it. Example: smartlink admin message body ID > mended.json"`
	Copy messageCopyCmd `cmd:"" help:"Send a copy: new id, same root and business key. Example: smartlink admin message copy ID --edit --reason 'typing error'"`

	Ask   messageAskCmd   `cmd:"" help:"Ask the agent to reprocess or discard a message, where remote help is on. Example: smartlink admin message ask ID reprocess --reason 'supplier created'"`
	Erase messageEraseCmd `cmd:"" help:"Erase what a message says; its trace stays and says so. Example: smartlink admin message erase ID --reason 'personal data, asked for'"`
}

// messageArg names a message on the command line.
type messageArg struct {
	ID     string `arg:"" help:"Id of the message."`
	Tenant string `help:"Its tenant; default: the hub looks through all."`
}

// at answers the hub, the message's tenant and its id.
func (m messageArg) at(e *env, a *adminCmd) (hub *client.Admin, tenant, id uuid.UUID, err error) {
	if id, err = link.ParseUUID(m.ID); err != nil {
		return nil, tenant, id, err
	}
	if tenant, err = optionalUUID(m.Tenant); err != nil {
		return nil, tenant, id, err
	}
	hub, err = a.hub(e)
	return hub, tenant, id, err
}

type messageShowCmd struct{ messageArg }

func (c *messageShowCmd) Run(e *env, a *adminCmd) error {
	hub, tenant, id, err := c.at(e, a)
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

type messageBodyCmd struct{ messageArg }

func (c *messageBodyCmd) Run(e *env, a *adminCmd) error {
	b, err := c.read(e, a)
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(e.out, b)
	}
	raw, err := b.Bytes()
	if err != nil {
		return err
	}
	_, err = e.out.Write(raw)
	return err
}

// read asks the hub for the message's body.
func (m messageArg) read(e *env, a *adminCmd) (link.MessageBody, error) {
	hub, tenant, id, err := m.at(e, a)
	if err != nil {
		return link.MessageBody{}, err
	}
	return hub.Body(e.ctx, tenant, id)
}

type messageAskCmd struct {
	messageArg
	Action string `arg:"" help:"reprocess or discard." enum:"reprocess,discard"`
	Queue  string `help:"The queue whose agent is asked; default the message's only one." placeholder:"NAME"`
	Reason string `help:"Why; of a discard the sender is told." required:""`
}

func (c *messageAskCmd) Run(e *env, a *adminCmd) error {
	hub, tenant, id, err := c.at(e, a)
	if err != nil {
		return err
	}
	wish := link.HelpWish{ID: link.NewID(), Queue: c.Queue, Action: link.HelpAction(c.Action), Reason: c.Reason}
	if wish.Queue == "" {
		t, err := hub.Trace(e.ctx, tenant, id)
		if err != nil {
			return err
		}
		if len(t.Queues) != 1 {
			return fmt.Errorf("the message was in %d queues: name one with --queue", len(t.Queues))
		}
		wish.Queue = t.Queues[0].Queue
	}
	asked, err := hub.AskHelp(e.ctx, tenant, id, wish)
	if err != nil {
		return err
	}
	return a.show(e, asked, "request", asked.ID.String(), "queue", asked.Queue, "", "what became of it will stand in 'admin message show'")
}

type messageCopyCmd struct {
	messageArg
	Body   string `help:"File with the edited body; - for standard input; default the original's." type:"existingfile" xor:"body"`
	Edit   bool   `help:"Edit the body in $VISUAL or $EDITOR, and send it when it was changed." xor:"body"`
	Reason string `help:"Why; kept in the audit."`
}

func (c *messageCopyCmd) Run(e *env, a *adminCmd) error {
	hub, tenant, id, err := c.at(e, a)
	if err != nil {
		return err
	}
	req := link.CopyRequest{Reason: c.Reason}
	var body []byte
	var file string // what was edited
	switch {
	case c.Body != "":
		if body, err = readFile(c.Body); err != nil {
			return err
		}
	case c.Edit:
		b, err := c.read(e, a)
		if err != nil {
			return err
		}
		original, err := b.Bytes()
		if err != nil {
			return err
		}
		body, file, err = editBody(e.ctx, original)
		switch {
		case errors.Is(err, errNotEdited):
			return fmt.Errorf("%w; without --edit the body goes as it is", err)
		case err != nil:
			return err
		}
	}
	if body != nil && utf8.Valid(body) {
		req.Content = new(string(body))
	} else if body != nil {
		req.ContentBase64 = new(base64.StdEncoding.EncodeToString(body))
	}
	r, err := hub.Copy(e.ctx, tenant, id, req)
	switch {
	case err != nil && file != "":
		return fmt.Errorf("%w; the edited body is kept in %s, mend it and send it with --body", err, file)
	case err != nil:
		return err
	case file != "":
		discardEdit(file)
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
