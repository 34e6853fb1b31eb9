package queue

import (
	"time"

	"smartlink/link"
)

// StandingAfter is how a message stands at the ERP after an answer; reported came before it at a moment, nil if
// nothing did. An answer that closes the message wins over every report, another one over the report that
// came before it.
func StandingAfter(reported *link.ERPStatus, at time.Time, o *link.Outcome) *link.ERPStatus {
	switch {
	case reported == nil:
		return &link.ERPStatus{State: o.Status, At: o.At}
	case o.Status.Closed(), !o.At.Before(at):
		return &link.ERPStatus{State: o.Status, At: o.At, Attempt: reported.Attempt}
	}
	return reported
}

// EventDetail joins what there is to say of an event of a trace.
func EventDetail(parts ...string) string {
	out := ""
	for _, p := range parts {
		if p != "" && out != "" {
			out += ": "
		}
		out += p
	}
	return out
}
