package link

import (
	"fmt"
	"strconv"
	"time"
)

// Limits of the hub. This file is the one place; the documentation's table is made from Limits.
const (
	MaxBody        = 512 << 10 // bytes of one message's body
	MaxBatch       = 500       // messages of one batch send
	MaxBatchBytes  = 8 << 20   // bytes of one batch send
	MaxGet         = 500       // messages of one get
	MaxGetBytes    = 4 << 20   // bytes of bodies in one get; at least one message is always given
	MaxAck         = 500       // settlements of one ack
	MaxHeaders     = 32        // headers of one message
	MaxHeaderBytes = 8 << 10   // bytes of names and values of one message's headers
	MaxKey         = 200       // characters of a business, ordering or idempotency key, or correlation id
	MaxReason      = 1000      // characters of a requeue or dead-letter reason
	MaxTypes       = 500       // subscriptions of one queue
	MaxSchema      = 128 << 10 // bytes of one uploaded JSON Schema
	MaxSchemas     = 500       // uploaded JSON Schemas of one hub
	MaxSearchPaths = 5         // search paths of one type
	MaxSearchValue = 255       // characters of a value that messages are searched by
	MaxFindings    = 20        // places at which one message is said not to match its schema

	DefaultGet   = 1
	DefaultLease = 60 * time.Second
	MinLease     = 5 * time.Second
	MaxLease     = 15 * time.Minute
	MaxWait      = 30 * time.Second

	DefaultHold = 20 * time.Second // how long a silent agent stays the active one of its installation
	MinHold     = time.Second
	MaxHold     = 25 * time.Second // so that another has taken over 30 s after its death

	DefaultRequeueCountMax = 10
	MaxRequeueCountMax     = 1000
	MaxRequeueAfter        = 24 * time.Hour
	BackoffBase            = time.Second      // first requeue delay, doubled each time, full jitter
	BackoffCap             = 10 * time.Minute // longest requeue delay

	DedupeWindow = 30 * 24 * time.Hour
	Retention    = 7 * 24 * time.Hour

	TokenLifetime = 15 * time.Minute

	MinPassword = 12 // characters of a person's password
	MaxPassword = 128
)

// LostMax is how many unsettled leases a queue with this requeueCountMax stands before a message
// becomes a dead letter: max(30, 3 × requeueCountMax).
func LostMax(requeueCountMax int) int { return max(30, 3*requeueCountMax) }

// Limit is one row of the limits table.
type Limit struct {
	Name, Value string
	Meaning     Text
}

// Limits lists the limits a caller can meet, for documentation.
func Limits() []Limit {
	return []Limit{
		{"body", size(MaxBody), Text{"tamanho de uma mensagem", "size of one message"}},
		{"batch", fmt.Sprintf("%d / %s", MaxBatch, size(MaxBatchBytes)), Text{"mensagens e bytes de um envio em lote", "messages and bytes of one batch send"}},
		{"get", fmt.Sprintf("%d / %s", MaxGet, size(MaxGetBytes)), Text{"mensagens e bytes de uma leitura (ao menos uma)", "messages and bytes of one get (always at least one)"}},
		{"ack", strconv.Itoa(MaxAck), Text{"confirmações de uma chamada", "settlements of one call"}},
		{"subscriptions", strconv.Itoa(MaxTypes), Text{"tipos de uma fila", "types of one queue"}},
		{"schema", fmt.Sprintf("%s, %d", size(MaxSchema), MaxSchemas), Text{"tamanho e quantidade de esquemas próprios", "size and number of own schemas"}},
		{"headers", fmt.Sprintf("%d / %s", MaxHeaders, size(MaxHeaderBytes)), Text{"cabeçalhos de uma mensagem", "headers of one message"}},
		{"keys", strconv.Itoa(MaxKey), Text{"caracteres de uma chave de negócio, ordenação ou idempotência, ou de uma correlação", "characters of a business, ordering or idempotency key, or correlation id"}},
		{"search", fmt.Sprintf("%d, %d", MaxSearchPaths, MaxSearchValue), Text{"caminhos de busca de um tipo, e caracteres de um valor buscado", "search paths of one type, and characters of a value searched for"}},
		{"reason", strconv.Itoa(MaxReason), Text{"caracteres de um motivo", "characters of a reason"}},
		{"lease", fmt.Sprintf("%s (%s – %s)", span(DefaultLease), span(MinLease), span(MaxLease)), Text{"prazo de uma entrega", "time of one delivery"}},
		{"wait", span(MaxWait), Text{"espera máxima de uma leitura", "longest wait of a get"}},
		{"hold", fmt.Sprintf("%s (%s – %s)", span(DefaultHold), span(MinHold), span(MaxHold)), Text{"silêncio depois do qual outra instância assume", "silence after which another instance takes over"}},
		{"requeueCountMax", fmt.Sprintf("%d (0 – %d)", DefaultRequeueCountMax, MaxRequeueCountMax), Text{"falhas antes das mensagens mortas", "failed deliveries before the dead letters"}},
		{"requeueAfter", span(MaxRequeueAfter), Text{"maior espera pedida", "longest delay a receiver may ask for"}},
		{"backoff", fmt.Sprintf("%s · 2ⁿ, %s", span(BackoffBase), span(BackoffCap)), Text{"espera entre tentativas, com sorteio", "delay between deliveries, full jitter"}},
		{"idempotency", span(DedupeWindow), Text{"janela de repetição", "window in which a repeat is recognised"}},
		{"retention", span(Retention), Text{"histórico depois do fim", "history kept after the end"}},
		{"token", span(TokenLifetime), Text{"validade do token", "lifetime of a token"}},
	}
}

// size writes bytes in the largest unit that divides them.
func size(bytes int) string {
	if bytes%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d KiB", bytes>>10)
}

// span writes a time in the largest unit that divides it; a single day stays 24 h.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d > day && d%day == 0:
		return fmt.Sprintf("%d d", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d > time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}
