package console

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"smartlink/agent/executor"
	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/link"
)

// silent is a consumer outside that is never heard of.
type silent struct{}

func (silent) Type() string           { return "PayDataCommand" }
func (silent) Settles() time.Duration { return time.Minute }
func (silent) Send(context.Context, consumer.Call, consumer.Log) consumer.Outcome {
	return consumer.Unknown(errors.New("connection reset"))
}
func (silent) Find(context.Context, consumer.Call, consumer.Log) consumer.Outcome {
	return consumer.Absent()
}

// outside leaves a message of which nobody knows whether it was executed, and a consumer that is away.
func (w *world) outside() link.Delivery {
	w.Helper()
	exec, err := executor.New(executor.Config{Box: w.box, Clock: w.clock, Outside: []consumer.Outside{silent{}}})
	w.must(err)
	d := agenttest.Delivery("five", func(m *link.Message) { m.Type = "PayDataCommand" })
	_, err = w.box.Store(w.Context(), []link.Delivery{d})
	w.must(err)
	_, err = exec.RunOutside(w.Context())
	w.must(err)
	w.status.Outside = []executor.Standing{
		{Type: "GreetDataCommand"}, {Type: "PayDataCommand", Away: errors.New("connection <b>refused"), Since: w.clock.Now()},
	}
	return d
}

// TestConsumersOutsideAreShown: which of them answer, and of a message under which marker it was called for.
func TestConsumersOutsideAreShown(t *testing.T) {
	w := newWorld(t)
	d := w.outside()
	b := w.in("pt")
	status, page := b.get("/")
	b.wants(status, page, http.StatusOK, "Consumidor de GreetDataCommand", "responde", "Consumidor de PayDataCommand", "fora do ar desde", "connection &lt;b&gt;refused")
	status, page = b.get("/messages/" + d.Message.ID.String())
	b.wants(status, page, http.StatusOK, "SL-CALL-UNKNOWN", "Não se sabe", "Chamadas ao consumidor", "resultado desconhecido", inbox.MarkerOf(&d.Message))
	en := w.in("en")
	status, page = en.get("/messages/" + d.Message.ID.String())
	en.wants(status, page, http.StatusOK, "Calls of the consumer", "outcome not known")
	if _, page := en.get("/messages/" + w.blocked.Message.ID.String()); !hidden(page, "Marker") {
		t.Error("a message that was executed inside has a marker")
	}
}
