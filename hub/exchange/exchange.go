// Package exchange is what a hub does for its clients and operators, whatever door they come
// through: Setup, Send, Get, Settle, Trace and Copy, with their rules about who may do what.
//
// A door authenticates and translates; every decision stands here, once. The tenant always comes from
// the credential: nothing a request says can reach another tenant.
package exchange

import (
	"context"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/internal/clock"
	"smartlink/link"
)

// Engine is what the use cases need of the queue engine; *queue.Engine has it.
type Engine interface {
	Setup(ctx context.Context, s queue.Setup) (queue.SetupResult, error)
	Publish(ctx context.Context, p queue.Publish) (queue.PublishResult, error)
	PublishAll(ctx context.Context, list []queue.Publish) ([]queue.Published, error)
	Await(ctx context.Context, tenant, id uuid.UUID, wait time.Duration, done func(link.Trace) bool) (queue.Traced, error)
	Get(ctx context.Context, g queue.Get) ([]link.Delivery, error)
	Settle(ctx context.Context, q queue.Name, items []queue.Settle) ([]error, error)
	Pause(ctx context.Context, p queue.Pause) error
	Hold(ctx context.Context, h queue.Hold) error
	Redrive(ctx context.Context, r queue.Redrive) ([]error, error)
	Discard(ctx context.Context, d queue.Discard) ([]error, error)
	Erase(ctx context.Context, x queue.Erase) error
	Purge(ctx context.Context, p queue.Purge) error
	Due(ctx context.Context, tenant uuid.UUID, r queue.Retention) (queue.Due, error)
	Rounds() []queue.Round
	Extend(ctx context.Context, q queue.Name, items []queue.Extend) ([]queue.Extended, error)
	Trace(ctx context.Context, tenant, id uuid.UUID) (queue.Traced, error)
	Find(ctx context.Context, f queue.Find) (queue.Found, error)
	Search(ctx context.Context, s queue.Search) (queue.SearchResult, error)
	Recount(ctx context.Context, tenant uuid.UUID, mend bool) (int, []queue.Drift, error)
	Series(ctx context.Context, s queue.Series) (map[queue.Name][]link.SeriesPoint, error)
	Message(ctx context.Context, tenant, id uuid.UUID) (link.Message, error)
	Queues(ctx context.Context, tenant uuid.UUID) ([]queue.Info, error)
	Oldest(ctx context.Context, queues []queue.Name) ([]time.Time, error)
	Browse(ctx context.Context, b queue.Browse) (queue.Page, error)
	Health(ctx context.Context, tenant uuid.UUID) ([]queue.Health, error)
}

// Directory is what use cases need of the registry beyond a caller's snapshot.
type Directory interface {
	// Current answers what requests need of the registry, at this moment.
	Current() *registry.Snapshot
	// TenantIDs lists every tenant.
	TenantIDs(ctx context.Context) ([]uuid.UUID, error)
	// Record writes an audit entry durably.
	Record(ctx context.Context, e link.AuditEntry) error

	// Hold, Bind, NoteRefused and Bindings are about whose a client's queue is: see registry.Store.
	Hold(ctx context.Context, id link.ClientID, installation string, r link.HoldRequest, lease time.Duration) (link.HoldResponse, error)
	Bind(ctx context.Context, id link.ClientID, installation string) error
	NoteRefused(ctx context.Context, id link.ClientID, installation string, code link.Code) error
	Bindings(ctx context.Context, l registry.List) (link.Page[link.Binding], error)
	Binding(ctx context.Context, id link.ClientID) (link.Binding, error)

	// AskHelp and HelpOf are about what agents are asked for: see registry.Store.
	AskHelp(ctx context.Context, id link.ClientID, r link.HelpRequest) (registry.Helped, error)
	HelpOf(ctx context.Context, message uuid.UUID) ([]registry.Helped, error)

	JobStore
}

// Caller is a client behind a door, authenticated.
type Caller struct {
	Client       registry.Client
	Snapshot     *registry.Snapshot // the registry as it was when the caller was authenticated
	App          string             // SL-App: the app it wants to speak for; empty = the only one that may
	Installation string             // SL-Installation
	Epoch        int64              // SL-Epoch; 0: none, or none that could be one
	Source       string             // the door: link.SourceHTTP, …
	Lang         link.Lang          // of texts in answers
}

func (c Caller) queue() queue.Name { return queue.Name{Tenant: c.Client.Tenant, Client: c.Client.ID} }

// Operator is a person behind a door, authenticated.
type Operator struct {
	Name string
	Role link.Role
	Lang link.Lang
}

// need refuses an operator whose role does not include another.
func (o Operator) need(role link.Role) error {
	if !o.Role.Includes(role) {
		return link.NewError(link.CodeRole, "role", string(role))
	}
	return nil
}

// Exchange does the use cases.
type Exchange struct {
	engine    Engine
	directory Directory
	log       *slog.Logger
	cursors   cursors
	clock     clock.Clock
	jobs      *jobs
	reads     reads
}

// New makes an Exchange. Its cursors are good as long as it lives; see SealCursors.
func New(e Engine, d Directory, log *slog.Logger) *Exchange {
	return &Exchange{engine: e, directory: d, log: log, cursors: randomCursors(), clock: clock.Real, jobs: newJobs()}
}

// UseClock replaces the machine's clock. It is called before the first request.
func (x *Exchange) UseClock(c clock.Clock) { x.clock = c }

// SealCursors makes the cursors of lists good for everyone who has the same key, of 32 bytes: after
// a restart, at the other hubs of one store. It is called before the first request.
func (x *Exchange) SealCursors(key []byte) error {
	c, err := newCursors(key)
	if err != nil {
		return fmt.Errorf("key of the cursors: %w", err)
	}
	x.cursors = c
	return nil
}

// warning renders a remark of the catalogue.
func warning(lang link.Lang, code link.Code, args ...string) link.Warning {
	return link.Warning{Code: code, Detail: link.NewError(code, args...).Problem(lang, "").Detail}
}

// tooLong tells whether a text has more characters than allowed.
func tooLong(s string, limit int) bool { return len(s) > limit && utf8.RuneCountInString(s) > limit }

// checkInstallation refuses an installation id that could not be kept.
func checkInstallation(c Caller) error {
	wrong := link.Text{}
	switch {
	case !utf8.ValidString(c.Installation):
		wrong = link.NotUTF8
	case tooLong(c.Installation, link.MaxKey):
		wrong = link.AtMost(link.MaxKey)
	default:
		return nil
	}
	return link.NewError(link.CodeRequestInvalid).At(link.HeaderName(link.HeaderInstallation), link.CodeRequestInvalid, wrong)
}
