// Package queuetest holds what every queue.Driver must pass: Run tries each promise of package queue
// on an engine above the driver, with a clock of its own, crashes and failing commits included;
// RunModel compares the driver with a model. It also holds the load of the speed measurements.
package queuetest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"smartlink/hub/queue"
	"smartlink/internal/clock"
)

// Store is one store under test. It is opened, crashed and opened again within one test; what was
// stored stays.
type Store struct {
	// Open opens the store. Its driver takes the time from the clock. It is called in a synctest bubble:
	// a driver may wait for a server's answers, but must not listen to one while it has nothing to do.
	Open func(ctx context.Context, c clock.Clock) (queue.Driver, error)
	// Crash ends a driver as a killed process would: nothing is cleaned up, and the next Open finds
	// what was durable. Nil: the driver is just closed.
	Crash func(queue.Driver) error
	// KeepsLeases tells that leases live in the store and outlast its opening anew, as they do where
	// several hubs share it.
	KeepsLeases bool
	// MovesAtOnce tells that a message moves to the history in one transaction; else a crash may leave it
	// in both places.
	MovesAtOnce bool
}

// Factory makes a fresh, empty store for one test.
type Factory func(t testing.TB) Store

// Run tries every promise on stores of a factory.
func Run(t *testing.T, fresh Factory) {
	for _, group := range []struct {
		name  string
		tests []promise
	}{
		{"Setup", setupPromises},
		{"Publish", publishPromises},
		{"Dedupe", dedupePromises},
		{"Get", getPromises},
		{"Lease", leasePromises},
		{"Settle", settlePromises},
		{"Order", orderPromises},
		{"Answer", answerPromises},
		{"Report", reportPromises},
		{"Trace", tracePromises},
		{"Browse", browsePromises},
		{"Find", findPromises},
		{"Search", searchPromises},
		{"Manage", managePromises},
		{"Series", seriesPromises},
		{"Recount", recountPromises},
		{"History", historyPromises},
		{"Erase", erasePromises},
		{"Many", manyPromises},
		{"Crash", crashPromises},
		{"Fault", faultPromises},
		{"Stop", stopPromises},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, p := range group.tests {
				t.Run(p.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t, fresh(t))
						p.try(w)
					})
				})
			}
		})
	}
}

// promise is one promise of the contract and how it is tried.
type promise struct {
	name string
	try  func(w *world)
}

// began is the moment at which every test's clock starts.
var began = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
