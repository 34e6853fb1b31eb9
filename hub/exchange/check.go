package exchange

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"smartlink/link"
)

// CheckCounts counts the messages of a tenant's queues, or of all with uuid.Nil, and compares with the
// counts that are kept; mend puts those right that differ. It needs link.RoleAdministrator. A mending
// that changed something is audited.
func (x *Exchange) CheckCounts(ctx context.Context, o Operator, tenant uuid.UUID, mend bool) (link.CountCheck, error) {
	if err := o.need(link.RoleAdministrator); err != nil {
		return link.CountCheck{}, err
	}
	n, drifts, err := x.engine.Recount(ctx, tenant, mend)
	if err != nil {
		return link.CountCheck{}, err
	}
	check := link.CountCheck{Queues: n, Differences: make([]link.CountDifference, len(drifts)), Mended: mend && len(drifts) > 0}
	for i, d := range drifts {
		check.Differences[i] = link.CountDifference{Queue: d.Queue.String(), State: d.State, Kept: d.Kept, Found: d.Found}
		x.log.Error("a queue's count differed from its messages", "tenant", d.Queue.Tenant, "queue", d.Queue.String(), "state", d.State,
			"kept", d.Kept, "found", d.Found, "mended", mend)
		if !mend {
			continue
		}
		if err := x.record(ctx, o, "queue.mend", d.Queue.String(), fmt.Sprintf("%s: %d counted, %d found", d.State, d.Kept, d.Found)); err != nil {
			return link.CountCheck{}, err
		}
	}
	return check, nil
}
