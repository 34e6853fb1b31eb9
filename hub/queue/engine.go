package queue

import (
	"context"
	"log/slog"

	"github.com/google/uuid"

	"smartlink/internal/clock"
	"smartlink/link"
)

// Options of an Engine; zero fields have defaults.
type Options struct {
	Clock  clock.Clock
	Logger *slog.Logger
}

// Engine runs queues on a Driver. Start it before use.
type Engine struct {
	driver Driver
	opt    Options
}

// New makes an engine; Start begins its work.
func New(d Driver, o Options) *Engine { return &Engine{driver: d, opt: o} }

// Setup creates or changes a queue.
func (e *Engine) Setup(ctx context.Context, s Setup) (SetupResult, error) { panic("being written") }

// Publish stores a message durably. Errors: link.CodeNoRoute, link.CodeIdempotency,
// link.CodeNotYourMessage, link.CodeOutcomeUnknown, link.CodeUnavailable.
func (e *Engine) Publish(ctx context.Context, p Publish) (PublishResult, error) {
	panic("being written")
}

// Get leases messages; an empty list when none came in time. Errors: link.CodeNoQueue.
func (e *Engine) Get(ctx context.Context, g Get) ([]link.Delivery, error) { panic("being written") }

// Settle settles deliveries of a queue, each on its own: one error or nil for each item
// (link.CodeLeaseEnded, link.CodeTagUnknown). The second answer fails them all: link.CodeNoQueue,
// link.CodeOutcomeUnknown, link.CodeUnavailable.
func (e *Engine) Settle(ctx context.Context, q Name, items []Settle) ([]error, error) {
	panic("being written")
}

// Trace tells everything about one message of a tenant. Errors: link.CodeMessageUnknown.
func (e *Engine) Trace(ctx context.Context, tenant, id uuid.UUID) (Traced, error) {
	return e.driver.Trace(ctx, tenant, id)
}

// Message gives a message with its body. Errors: link.CodeMessageUnknown.
func (e *Engine) Message(ctx context.Context, tenant, id uuid.UUID) (link.Message, error) {
	return e.driver.Message(ctx, tenant, id)
}

// Queues lists the queues of a tenant, or of all with uuid.Nil.
func (e *Engine) Queues(ctx context.Context, tenant uuid.UUID) ([]Info, error) {
	return e.driver.Queues(ctx, tenant)
}

// Health lists the last health report of each installation of a tenant.
func (e *Engine) Health(ctx context.Context, tenant uuid.UUID) ([]Health, error) {
	return e.driver.Health(ctx, tenant)
}

// Ready tells whether the engine can store now; nil is yes.
func (e *Engine) Ready(ctx context.Context) error { panic("being written") }

// Start begins the engine's work.
func (e *Engine) Start(ctx context.Context) error { panic("being written") }

// Stop ends it: what was accepted is stored, then the driver is closed.
func (e *Engine) Stop(ctx context.Context) error { panic("being written") }
