// Package rm is what the commands do in the ERP: its consumers, which the agent executes.
package rm

import (
	"smartlink/consumer"
	"smartlink/rm/accounting"
	"smartlink/rm/finance"
	"smartlink/rm/statement"
)

// Consumers lists the consumers of RM. They write to the reference schema (rm/schema) through the
// transaction the agent gives them.
func Consumers() []consumer.Consumer {
	return []consumer.Consumer{
		finance.FinLanIncConsumerDataCommandMessage{},
		finance.FinLanAltConsumerDataCommandMessage{},
		statement.FinXCXIncConsumerDataCommandMessage{},
		statement.FinXCXAltConsumerDataCommandMessage{},
		accounting.CtbLançamentoIncConsumerDataCommandMessage{},
		accounting.CtbLançamentoAltConsumerDataCommandMessage{},
	}
}
