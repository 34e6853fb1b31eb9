package exchange

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/link"
)

// Hold lets a run of an agent be or stay the active one of its installation, or tells that another is.
// The first to come binds the caller's queue to the installation. Errors: link.CodeInstallation,
// link.CodeDatabaseOld, link.CodeRequestInvalid.
func (x *Exchange) Hold(ctx context.Context, c Caller, r link.HoldRequest) (link.HoldResponse, error) {
	lease, err := checkHold(c, r)
	if err != nil {
		return link.HoldResponse{}, err
	}
	return x.directory.Hold(ctx, c.Client.ID, c.Installation, r, lease)
}

func checkHold(c Caller, r link.HoldRequest) (time.Duration, error) {
	if err := checkInstallation(c); err != nil {
		return 0, err
	}
	wrong := link.NewError(link.CodeRequestInvalid)
	need := link.Both("obrigatório", "required")
	if c.Installation == "" {
		wrong.At(link.HeaderName(link.HeaderInstallation), link.CodeRequestInvalid, need)
	}
	if r.Instance == uuid.Nil {
		wrong.At("/instance", link.CodeRequestInvalid, need)
	}
	if r.Run == uuid.Nil {
		wrong.At("/run", link.CodeRequestInvalid, need)
	}
	switch {
	case !utf8.ValidString(r.Host):
		wrong.At("/host", link.CodeRequestInvalid, link.NotUTF8)
	case tooLong(r.Host, link.MaxKey):
		wrong.At("/host", link.CodeRequestInvalid, link.AtMost(link.MaxKey))
	}
	for pointer, n := range map[string]int64{"/epoch": r.Epoch, "/moves": r.Moves} {
		if n < 0 || n > maxFigure {
			wrong.At(pointer, link.CodeRequestInvalid, link.Range(0, int64(maxFigure)))
		}
	}
	checkHelp(r.Help, wrong)
	lease := link.DefaultHold
	if r.Lease != "" {
		var err error
		if lease, err = time.ParseDuration(r.Lease); err != nil || lease < link.MinHold || lease > link.MaxHold {
			wrong.At("/lease", link.CodeRequestInvalid, link.Range(link.MinHold, link.MaxHold))
		}
	}
	if len(wrong.Errors) > 0 {
		return 0, wrong
	}
	return lease, nil
}

// maxFigure bounds epochs and moves: what JSON numbers of any language hold exactly.
const maxFigure = 1<<53 - 1

// admit refuses a caller that is not the installation to which its queue belongs; with active, also one
// that is not the installation's active run. A queue of nobody's is everybody's who has the
// credentials.
func (x *Exchange) admit(ctx context.Context, c Caller, active bool) error {
	err := admits(c.Client, c, active)
	if err == nil {
		return nil
	}
	if noted := x.directory.NoteRefused(ctx, c.Client.ID, c.Installation, link.CodeInstallation); noted != nil {
		x.log.WarnContext(ctx, "a refused installation could not be noted", "tenant", c.Client.Tenant, "error", noted)
	}
	return err
}

// admits is admit for the client as it is now.
func admits(now registry.Client, c Caller, active bool) error {
	switch {
	case now.Installation == "" && (now.Barred == "" || now.Barred != c.Installation):
		return nil
	case now.Installation != c.Installation:
		return registry.ForeignInstallation(now.Installation, c.Installation)
	case active && c.Epoch != now.HoldEpoch:
		return link.NewError(link.CodeInstallation, "bound", now.Installation, "why", "the request comes from an instance that is not the active one (SL-Epoch)",
			"whyPT", "o pedido vem de uma instância que não é a ativa (SL-Epoch)")
	}
	return nil
}

// stillActive looks, after a wait, whether the caller may have what was leased to it. If another run has
// become the active one, the messages go back, uncounted, and the caller is refused.
func (x *Exchange) stillActive(ctx context.Context, c Caller, got []link.Delivery) error {
	now, known := x.directory.Current().Client(c.Client.ID)
	if !known || len(got) == 0 {
		return nil
	}
	err := admits(now, c, true)
	if err == nil {
		return nil
	}
	back := make([]queue.Settle, len(got))
	for i, d := range got {
		back[i] = queue.Settle{Tag: d.Tag, How: queue.Release}
	}
	if _, failed := x.engine.Settle(context.WithoutCancel(ctx), c.queue(), back); failed != nil {
		x.log.WarnContext(ctx, "messages leased to an agent that was taken over come again when their leases end", "tenant", c.Client.Tenant, "error", failed)
	}
	return err
}

// Bindings lists to which installations queues belong, for an operator. It needs link.RoleViewer.
func (x *Exchange) Bindings(ctx context.Context, o Operator) (map[link.ClientID]link.Binding, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return nil, err
	}
	found := map[link.ClientID]link.Binding{}
	l := registry.List{Limit: registry.MaxPage}
	for {
		p, err := x.directory.Bindings(ctx, l)
		if err != nil {
			return nil, err
		}
		for _, b := range p.Items {
			found[b.ClientID] = b
		}
		if l.Cursor = p.Next; p.Next == "" {
			return found, nil
		}
	}
}
