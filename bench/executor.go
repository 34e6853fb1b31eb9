package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/examples"
	"smartlink/link"
	"smartlink/rm"
	"smartlink/rm/schema"
)

// executorCount is how many commands are booked.
const executorCount = 4_000

// executorCommands measures the executor with real commands from the inbox, one in a transaction, the
// claim's commit and the execution's included, the answer written. Storing them is not measured.
func executorCommands(ctx context.Context, dir string) (rate float64, err error) {
	box, err := inbox.Open(ctx, inbox.Config{
		Database: filepath.Join(dir, "rm.db"), Installation: filepath.Join(dir, "installation.json"),
		Prepare: func(ctx context.Context, db *sql.DB) error {
			return errors.Join(schema.Migrate(ctx, db), schema.Seed(ctx, db))
		},
	})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, box.Close(context.WithoutCancel(ctx))) }()
	if err := fill(ctx, box, executorCount); err != nil {
		return 0, err
	}
	x, err := executor.New(executor.Config{Box: box, Consumers: rm.Consumers(), BatchSize: 1})
	if err != nil {
		return 0, err
	}
	began := time.Now()
	n, err := x.Drain(ctx)
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	if n != executorCount {
		return 0, fmt.Errorf("%d of %d commands executed", n, executorCount)
	}
	page, err := box.List(ctx, inbox.Filter{})
	if err != nil {
		return 0, err
	}
	if len(page.Items) != 0 {
		return 0, fmt.Errorf("%s was not booked: %s %s", page.Items[0].ID, page.Items[0].State, page.Items[0].Reason)
	}
	return float64(n) / took.Seconds(), nil
}

// fill stores n commands in the inbox, as the way down does.
func fill(ctx context.Context, box *inbox.Box, n int) error {
	const batch = 500
	deliveries := make([]link.Delivery, 0, batch)
	for i := range n {
		body, document, err := examples.Numbered(examples.FinLanInc, fmt.Sprintf("-%d", i))
		if err != nil {
			return err
		}
		id := link.NewID()
		deliveries = append(deliveries, link.Delivery{Tag: int64(i + 1), Attempt: 1, Message: link.Message{
			ID: id, RootID: id, BusinessKey: document, TenantID: uuid.MustParse(examples.Tenant),
			Sender: link.Sender{App: "GESPLAN", ClientID: link.NewClientID()}, Type: "FinLanIncDataCommand", Audience: link.LinkProxy,
			CreatedAt: time.Now().UTC(), ContentType: "application/json", Body: body,
		}})
		if len(deliveries) == batch || i == n-1 {
			if _, err := box.Store(ctx, deliveries); err != nil {
				return err
			}
			deliveries = deliveries[:0]
		}
	}
	return nil
}
