package pgdb

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"smartlink/internal/clock"
)

// Times of listening.
const (
	// listenCheck is how long a listener hears nothing before it asks whether its connection lives.
	listenCheck = 10 * time.Second
	// listenPause is the wait between attempts to connect.
	listenPause = 500 * time.Millisecond
)

// Listen hears the notifications of a PostgreSQL channel until ctx ends, on a connection of its own
// that is made anew when it breaks. heard gets the payload of each; after each connect it is called
// with missed, since some may have been told before. It needs a direct connection: a pooler that shares
// connections by transaction hears nothing.
func Listen(ctx context.Context, config *pgx.ConnConfig, channel string, log *slog.Logger, heard func(payload string, missed bool)) {
	for ctx.Err() == nil {
		if err := listenOnce(ctx, config, channel, heard); ctx.Err() == nil {
			log.Warn("connection to hear other hubs lost; connecting again", "channel", channel, "error", err)
		}
		Pause(ctx, listenPause)
	}
}

func listenOnce(ctx context.Context, config *pgx.ConnConfig, channel string, heard func(string, bool)) error {
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	if _, err := c.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	heard("", true)
	for {
		payload, err := nextNotification(ctx, c)
		if err != nil {
			return err
		}
		if payload != nil {
			heard(*payload, false)
		}
	}
}

// nextNotification waits for one; nil when there is none but the connection lives.
func nextNotification(ctx context.Context, c *pgx.Conn) (*string, error) {
	quiet, cancel := context.WithTimeout(ctx, listenCheck)
	defer cancel()
	told, err := c.WaitForNotification(quiet)
	if err == nil {
		return &told.Payload, nil
	}
	if ctx.Err() != nil || quiet.Err() == nil || c.IsClosed() {
		return nil, err
	}
	alive, cancel := context.WithTimeout(ctx, listenCheck)
	defer cancel()
	return nil, c.Ping(alive)
}

// Pause waits for a time of the real clock, or until ctx ends.
func Pause(ctx context.Context, d time.Duration) {
	t := clock.Real.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C():
	case <-ctx.Done():
	}
}
