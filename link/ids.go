package link

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// ClientID names one credential of one tenant: 32 lower-case hex digits.
type ClientID string

var clientIDShape = regexp.MustCompile(`^[0-9a-f]{32}$`)

// LinkProxy is the default audience: every queue of the tenant that subscribes to the type, the
// sender's own included.
const LinkProxy = "LinkProxy"

// NewID returns a fresh UUIDv7, the id of one message. Ids made by one process sort by time.
func NewID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// NewClientID returns a random client id.
func NewClientID() ClientID {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails since Go 1.24
	return ClientID(hex.EncodeToString(b[:]))
}

// ParseUUID reads a UUID written with or without dashes, in any case. Other notations that
// uuid.Parse knows (braces, urn:) are refused.
func ParseUUID(s string) (uuid.UUID, error) {
	if len(s) != 36 && len(s) != 32 {
		return uuid.Nil, fmt.Errorf("%q is not a UUID", s)
	}
	return uuid.Parse(s)
}

// ParseClientID reads a client id; a UUID notation with dashes is accepted too.
func ParseClientID(s string) (ClientID, error) {
	c := strings.ToLower(strings.ReplaceAll(s, "-", ""))
	if !clientIDShape.MatchString(c) {
		return "", fmt.Errorf("%q is not a client id (32 hex digits)", s)
	}
	return ClientID(c), nil
}

// QueueName names the one queue of a tenant and client: "<tenant uuid>.<32-hex client id>".
func QueueName(tenant uuid.UUID, client ClientID) string {
	return tenant.String() + "." + string(client)
}

// ParseQueueName takes a queue name apart.
func ParseQueueName(name string) (tenant uuid.UUID, client ClientID, err error) {
	t, c, ok := strings.Cut(name, ".")
	if !ok {
		return uuid.Nil, "", fmt.Errorf("%q is not a queue name", name)
	}
	if tenant, err = ParseUUID(t); err != nil {
		return uuid.Nil, "", err
	}
	client, err = ParseClientID(c)
	return tenant, client, err
}

// ValidType tells whether s may name a message type: a letter, then up to 99 letters, digits and _ . -
func ValidType(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|' ' && c|' ' <= 'z'
		if !letter && (i == 0 || !digit(c) && c != '_' && c != '.' && c != '-') {
			return false
		}
	}
	return 1 <= len(s) && len(s) <= 100
}

// ValidApp tells whether s may be an app code: 2 to 32 capital letters, digits and dashes.
func ValidApp(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'A' || c > 'Z') && !digit(c) && c != '-' {
			return false
		}
	}
	return 2 <= len(s) && len(s) <= 32
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// ValidAudience tells whether s may be an audience: an app code or LinkProxy.
func ValidAudience(s string) bool { return s == LinkProxy || ValidApp(s) }

// answerNamespace is the UUIDv5 namespace of answer ids. It must never change: an agent that is
// upgraded between an outcome and its answer has to compute the same id again.
var answerNamespace = uuid.MustParse("5b0c6a52-7d0e-5f5c-9d1e-1f0b7c3a9e44")

// AnswerID is the id of the answer to one outcome of one message, the same however often it is
// computed: the Idempotency-Key of its send.
func AnswerID(message uuid.UUID, outcomeNumber int) uuid.UUID {
	return uuid.NewSHA1(answerNamespace, []byte(message.String()+"#"+strconv.Itoa(outcomeNumber)))
}

// ResponseType is the type of the answer to a command: "<Command>Response".
func ResponseType(command string) string { return command + "Response" }
