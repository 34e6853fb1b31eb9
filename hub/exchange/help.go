package exchange

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"smartlink/hub/queue"
	"smartlink/hub/registry"
	"smartlink/link"
)

// AskHelp asks the agent that received a message to reprocess or to discard it there. It needs
// link.RoleOperator, a reason, and remote help switched on at the agent, else link.CodeHelpOff. What is
// asked is written into the audit with it; the agent answers within seconds of its next contact.
func (x *Exchange) AskHelp(ctx context.Context, o Operator, tenant, id uuid.UUID, w link.HelpWish) (link.HelpEntry, error) {
	if err := o.need(link.RoleOperator); err != nil {
		return link.HelpEntry{}, err
	}
	w.Reason = strings.TrimSpace(w.Reason)
	if err := checkReason(w.Reason, true); err != nil {
		return link.HelpEntry{}, err
	}
	if w.Action != link.HelpReprocess && w.Action != link.HelpDiscard {
		return link.HelpEntry{}, link.NewError(link.CodeRequestInvalid).
			At("/action", link.CodeRequestInvalid, link.OneOf(string(link.HelpReprocess), string(link.HelpDiscard)))
	}
	t, err := inTenant(ctx, x, tenant, func(tenant uuid.UUID) (queue.Traced, error) { return x.engine.Trace(ctx, tenant, id) })
	if err != nil {
		return link.HelpEntry{}, err
	}
	of, client, err := link.ParseQueueName(w.Queue)
	if err != nil || !slices.ContainsFunc(t.Trace.Queues, func(q link.QueueTrace) bool { return q.Queue == link.QueueName(of, client) }) {
		return link.HelpEntry{}, link.NewError(link.CodeRequestInvalid).Because(err).
			At("/queue", link.CodeRequestInvalid, link.Both("a mensagem não esteve nesta fila", "the message was not in this queue"))
	}
	if w.ID == uuid.Nil {
		w.ID = link.NewID()
	}
	asked, err := x.directory.AskHelp(ctx, client, link.HelpRequest{ID: w.ID, Message: id, Action: w.Action, Reason: w.Reason, By: o.Name})
	if err != nil {
		return link.HelpEntry{}, err
	}
	return link.HelpEntry{HelpRequest: asked.HelpRequest, Queue: link.QueueName(of, client), Reply: asked.Reply}, nil
}

// Helps tells of which of a message's queues the agents take requests now. It needs link.RoleViewer.
func (x *Exchange) Helps(ctx context.Context, o Operator, t link.Trace) (map[string]bool, error) {
	if err := o.need(link.RoleViewer); err != nil {
		return nil, err
	}
	on := map[string]bool{}
	for _, q := range t.Queues {
		_, client, err := link.ParseQueueName(q.Queue)
		if err != nil {
			continue
		}
		b, err := x.directory.Binding(ctx, client)
		if link.CodeOf(err) == link.CodeNotFound { // it never had an agent
			continue
		}
		if err != nil {
			return nil, err
		}
		on[q.Queue] = b.HelpUntil != nil
	}
	return on, nil
}

// withHelp adds to a trace what agents were asked for, and what they answered.
func (x *Exchange) withHelp(ctx context.Context, t link.Trace) (link.Trace, error) {
	asked, err := x.directory.HelpOf(ctx, t.ID)
	if err != nil || len(asked) == 0 {
		return t, err
	}
	t.Queues = slices.Clone(t.Queues)
	for i := range t.Queues {
		q := &t.Queues[i]
		q.Events = slices.Clone(q.Events)
		for _, h := range asked {
			if _, client, err := link.ParseQueueName(q.Queue); err == nil && client == h.Client {
				q.Events = append(q.Events, helpEvents(h)...)
			}
		}
		slices.SortStableFunc(q.Events, func(a, b link.TraceEvent) int { return a.At.Compare(b.At) })
	}
	return t, nil
}

func helpEvents(h registry.Helped) []link.TraceEvent {
	list := []link.TraceEvent{{At: h.At, Event: link.EventHelpAsked, By: h.By, Detail: string(h.Action) + ": " + h.Reason}}
	if r := h.Reply; r != nil {
		detail := string(h.Action) + ": " + string(r.Result)
		for _, more := range []string{string(r.Code), r.Detail} {
			if more != "" {
				detail += ": " + more
			}
		}
		list = append(list, link.TraceEvent{At: r.At, Event: link.EventHelpAnswered, Client: h.Client, Detail: detail})
	}
	return list
}

// checkHelp refuses what an agent tells of remote help and could not be kept.
func checkHelp(s *link.HelpState, wrong *link.Error) {
	if s == nil {
		return
	}
	if len(s.Replies) > maxReplies {
		wrong.At("/help/replies", link.CodeRequestInvalid, link.Range(0, maxReplies))
		return
	}
	for i := range s.Replies {
		r := &s.Replies[i]
		switch r.Result {
		case link.HelpDone, link.HelpFailed, link.HelpRefused:
		default:
			wrong.At(at("/help/replies", i)+"/result", link.CodeRequestInvalid, link.OneOf(string(link.HelpDone), string(link.HelpFailed), string(link.HelpRefused)))
		}
		if r.At.IsZero() {
			wrong.At(at("/help/replies", i)+"/at", link.CodeRequestInvalid, link.Both("falta o momento (RFC 3339)", "the moment (RFC 3339) is missing"))
		}
		if !utf8.ValidString(r.Detail) || !utf8.ValidString(string(r.Code)) {
			wrong.At(at("/help/replies", i), link.CodeRequestInvalid, link.NotUTF8)
		}
		r.Code, r.Detail = link.Code(clip(string(r.Code), link.MaxKey)), clip(r.Detail, link.MaxReason)
	}
}

// maxReplies bounds the replies that one question for the lease carries.
const maxReplies = 100
