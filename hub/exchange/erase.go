package exchange

import (
	"context"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/link"
)

// JobErase is the kind of a job that removes all messages of a tenant.
const JobErase JobKind = "erase"

// EraseMessage erases what a message says, of a tenant or of whichever has it with uuid.Nil; its trace
// stays, with a note. It needs link.RoleAdministrator and a reason; the audit entry is written before.
// Errors: link.CodeMessageUnknown; link.CodeNotNow for one that waits or is dead, unless forced, or is with
// a reader; link.CodeRequestInvalid.
func (x *Exchange) EraseMessage(ctx context.Context, o Operator, tenant, id uuid.UUID, r link.EraseRequest) error {
	if err := o.need(link.RoleAdministrator); err != nil {
		return err
	}
	if err := checkReason(r.Reason, true); err != nil {
		return err
	}
	type place struct{ tenant uuid.UUID }
	at, err := inTenant(ctx, x, tenant, func(tenant uuid.UUID) (place, error) {
		_, err := x.engine.Trace(ctx, tenant, id)
		return place{tenant}, err
	})
	if err != nil {
		return err
	}
	target, detail := at.tenant.String()+"/"+id.String(), r.Reason
	if r.Force {
		detail = "forced: " + detail
	}
	if err := x.record(ctx, o, "message.erase", target, detail); err != nil {
		return err
	}
	err = x.engine.Erase(ctx, queue.Erase{Tenant: at.tenant, ID: id, Force: r.Force, By: o.Name, Reason: r.Reason})
	if err != nil {
		entry := "message.erase-failed"
		if audit := x.record(ctx, o, entry, target, string(link.CodeOf(err))); audit != nil {
			x.log.Error("audit entry not written", "action", entry, "target", target, "error", audit)
		}
	}
	return err
}

// EraseTenant begins a job that removes all messages of a tenant made until now, with their traces and the
// health of its installations; what is with a reader is left and counted as skipped. Its queues, clients
// and audit entries stay. It needs link.RoleAdministrator and a reason. Errors: link.CodeNotFound,
// link.CodeRequestInvalid.
func (x *Exchange) EraseTenant(ctx context.Context, o Operator, tenant uuid.UUID, reason string) (link.Job, error) {
	if err := o.need(link.RoleAdministrator); err != nil {
		return link.Job{}, err
	}
	if err := checkReason(reason, true); err != nil {
		return link.Job{}, err
	}
	if _, known := x.directory.Current().Tenant(tenant); !known {
		return link.Job{}, link.NewError(link.CodeNotFound, "what", "Tenant "+tenant.String(), "whatPT", "O tenant "+tenant.String())
	}
	if err := x.record(ctx, o, "tenant.erase", tenant.String(), reason); err != nil {
		return link.Job{}, err
	}
	// How many messages there are nobody counts: those that have ended stand in no count, and a bar that
	// runs past its end is worse than none.
	begun, _, err := x.begin(ctx, registry.Job{Job: link.Job{
		ID: link.NewID(), Kind: string(JobErase), TenantID: &tenant, By: o.Name, Reason: reason,
	}})
	return x.shown(begun), err
}

// purge is the work of EraseTenant's job.
func (x *Exchange) purge(ctx context.Context, j *job) error {
	return x.engine.Purge(ctx, queue.Purge{
		Tenant: *j.TenantID, Before: j.StartedAt, By: j.By, Reason: j.Reason,
		Progress: func(removed, left int) error {
			x.jobs.mu.Lock()
			j.Done += int64(removed)
			j.Skipped += int64(left)
			x.jobs.mu.Unlock()
			return ctx.Err()
		},
	})
}
