package link

import "time"

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

	DefaultGet   = 1
	DefaultLease = 60 * time.Second
	MinLease     = 5 * time.Second
	MaxLease     = 15 * time.Minute
	MaxWait      = 30 * time.Second

	DefaultRequeueCountMax = 10
	MaxRequeueCountMax     = 1000
	MaxRequeueAfter        = 24 * time.Hour
	BackoffBase            = time.Second      // first requeue delay, doubled each time, full jitter
	BackoffCap             = 10 * time.Minute // longest requeue delay

	DedupeWindow = 30 * 24 * time.Hour
	Retention    = 7 * 24 * time.Hour

	TokenLifetime = 15 * time.Minute
)

// LostMax is how many unsettled leases a queue with this requeueCountMax stands before a message
// becomes a dead letter: max(30, 3 × requeueCountMax).
func LostMax(requeueCountMax int) int { return max(30, 3*requeueCountMax) }

// Limit is one row of the limits table.
type Limit struct {
	Name, Value, MeaningPT, MeaningEN string
}

// Limits lists the limits a caller can meet, for documentation.
func Limits() []Limit {
	return []Limit{
		{"body", "512 KiB", "tamanho de uma mensagem", "size of one message"},
		{"batch", "500 / 8 MiB", "mensagens e bytes de um envio em lote", "messages and bytes of one batch send"},
		{"get", "500 / 4 MiB", "mensagens e bytes de uma leitura (ao menos uma)", "messages and bytes of one get (always at least one)"},
		{"ack", "500", "confirmações de uma chamada", "settlements of one call"},
		{"headers", "32 / 8 KiB", "cabeçalhos de uma mensagem", "headers of one message"},
		{"keys", "200", "caracteres de uma chave", "characters of a business, ordering, idempotency key or correlation id"},
		{"lease", "60 s (5 s – 15 min)", "prazo de uma entrega", "time of one delivery"},
		{"wait", "30 s", "espera máxima de uma leitura", "longest wait of a get"},
		{"requeueCountMax", "10 (0 – 1000)", "falhas antes das mensagens mortas", "failed deliveries before the dead letters"},
		{"requeueAfter", "24 h", "maior espera pedida", "longest delay a receiver may ask for"},
		{"backoff", "1 s · 2ⁿ, 10 min", "espera entre tentativas, com sorteio", "delay between deliveries, full jitter"},
		{"idempotency", "30 d", "janela de repetição", "window in which a repeat is recognised"},
		{"retention", "7 d", "histórico depois do fim", "history kept after the end"},
		{"token", "15 min", "validade do token", "lifetime of a token"},
	}
}
