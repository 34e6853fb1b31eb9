// Package logs tries rule logattr.
package logs

import (
	"context"
	"log/slog"
)

func lines(l *slog.Logger, f func(string), err error) {
	l.Info("stored", "tenant", 1, "queue", 2, "messageId", 3, "type", 4, "attempt", 5, "error", err)
	l.Info("stored", "tenant_id", 1)                                 // want `"tenant_id": the agreed name is "tenant"`
	l.With("queueName", 2).Warn("full", "msgId", 3)                  // want `"queueName": the agreed name is "queue"` `"msgId": the agreed name is "messageId"`
	l.ErrorContext(context.Background(), "no", "attempts", 5)        // want `"attempts": the agreed name is "attempt"`
	l.Info("stored", slog.String("message-type", ""), "tenantId", 1) // want `"message-type": the agreed name is "type"` `"tenantId": the agreed name is "tenant"`
	l.Debug("token", "client_secret", "")                            // want `"client_secret": secrets are never logged`
	l.Info("received", "body", "")                                   // want `"body": bodies are logged at debug level`
	l.Debug("received", "body", "")
	l.LogAttrs(context.Background(), slog.LevelInfo, "stored", slog.Any("message", 1)) // want `"message": the agreed name is "messageId"`
	l.Log(context.Background(), slog.LevelInfo, "stored", "try", 1)                    // want `"try": the agreed name is "attempt"`
	f("tenant_id")
}
