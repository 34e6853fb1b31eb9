package link

import (
	"net/textproto"
	"strings"
)

// Headers of link calls and of messages. Names are canonical: HTTP's canonical form of a name is
// the key under which a message keeps it. What people and receivers read is HeaderName.
const (
	HeaderApp           = "Sl-App"            // the sender's app; not kept
	HeaderInstallation  = "Sl-Installation"   // the agent's installation; not kept
	HeaderEpoch         = "Sl-Epoch"          // of the lease under which the agent is the active one; not kept
	HeaderBusinessKey   = "Sl-Business-Key"   // identity of one intended change
	HeaderOrderingKey   = "Sl-Ordering-Key"   // messages of one key are delivered one at a time, in order
	HeaderCorrelationID = "Sl-Correlation-Id" // the sender's own correlation
	HeaderAnswerTo      = "Sl-Answer-To"      // id of the message this one answers
	HeaderRoot          = "Sl-Root"           // rootId of the message this one answers
	HeaderOutcome       = "Sl-Outcome"        // outcome an answer reports
	HeaderOutcomeNumber = "Sl-Outcome-Number" // counts the outcomes of one message, the highest wins
	HeaderKey           = "Sl-Key"            // the ERP's key
	HeaderOutcomeOnly   = "Sl-Outcome-Only"   // true: the answer sets the outcome, and goes to no queue
	HeaderMetaPrefix    = "Sl-Meta-"          // free headers of the sender
	HeaderTraceparent   = "Traceparent"       // W3C trace context

	HeaderIdempotencyKey = "Idempotency-Key" // repeats of one request
)

// Headers the hub adds to a message, named as the original's monitor shows them.
const (
	MetaAppCode    = "appCode"
	MetaAudience   = "audience"
	MetaSourceType = "source-type"
)

// Values of the source-type header.
const (
	SourceHTTP = "http"
	SourceGRPC = "grpc"
	SourceAMQP = "amqp"
)

// HeaderName writes a canonical name as the documentation does, and as it stands in a delivery:
// SL-Business-Key, traceparent.
func HeaderName(canonical string) string {
	if rest, ok := strings.CutPrefix(canonical, "Sl-"); ok {
		return "SL-" + rest
	}
	if canonical == HeaderTraceparent {
		return "traceparent"
	}
	return canonical
}

// canonicalName undoes HeaderName; the names of the hub's own headers stay as they are.
func canonicalName(name string) string {
	c := textproto.CanonicalMIMEHeaderKey(name)
	if strings.HasPrefix(c, "Sl-") || c == HeaderTraceparent {
		return c
	}
	return name
}

// KeepHeaders picks from a request's headers those that travel with the message: SL-* except
// SL-App, SL-Installation and SL-Epoch, and traceparent. Only the first value of a name counts.
func KeepHeaders(h map[string][]string) map[string]string {
	kept := make(map[string]string, 4)
	for name, values := range h {
		if len(values) == 0 {
			continue
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		if name == HeaderApp || name == HeaderInstallation || name == HeaderEpoch {
			continue
		}
		if strings.HasPrefix(name, "Sl-") || name == HeaderTraceparent {
			kept[name] = values[0]
		}
	}
	return kept
}
