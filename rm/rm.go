// Package rm is what the commands do in the ERP: its consumers, which the agent executes.
package rm

import (
	"smartlink/consumer"
	"smartlink/rm/accounting"
	"smartlink/rm/finance"
	"smartlink/rm/statement"
)

// Consumers lists the consumers of RM. They write to the reference schema (rm/schema) through the
// transaction they are given: the agent's, which is committed, or a desk's (rm/webservice/desk), which is
// taken back when it has been read what a real RM is to write.
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
