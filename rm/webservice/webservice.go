// Package webservice executes the commands in a real RM, through RM's own web services: SOAP data servers
// for financial entries and the cash statement, REST for accounting entries.
//
// RM's books are not in the agent's transaction. So every save carries a marker in a field of the record, by
// which a call of which nothing was heard is found again (consumer.Outside). The rules of the commands run
// beside the call, over master data and records read from RM, so that a refused command gets all its faults
// at once and nothing is sent; RM judges again when it saves.
//
// None of this was tried against a live RM: docs/en/webservice.md says what is public knowledge, what is
// assumed, and how to find out.
package webservice

import (
	"log/slog"
	"sync"
	"time"

	"smartlink/consumer"
	"smartlink/contracts"
	"smartlink/internal/clock"
	"smartlink/rm/accounting"
	"smartlink/rm/finance"
	"smartlink/rm/statement"
	"smartlink/rm/webservice/desk"
)

// Writer writes into one RM. It is safe for concurrent use; make it with New.
type Writer struct {
	cfg     Config
	host    *host
	objects map[string]*object
	checked cache
	amounts culture
	clock   clock.Clock
	log     *slog.Logger

	opening sync.Mutex
	opened  *desk.Desk
}

// object is a kind of record in RM, as a data server keeps it.
type object struct {
	server string // its data server
	root   string // element around its data set; empty: it is saved by REST
	system string // RM's module, for the context
	table  *contracts.Table
	keys   []string // fields of its key
	marker Marker
	first  sync.Mutex // held by a save whose amounts nobody has seen arrive yet
}

// The data servers of what is written.
const (
	financeServer    = "FinLanDataBR"
	statementServer  = "FinXCXData"
	accountingServer = "CtbLanData"
)

func newObjects(markers map[string]Marker) map[string]*object {
	list := []*object{
		{server: financeServer, root: "FinLAN", system: "F", table: contracts.FLAN, keys: []string{"CodColigada", "IdLan"}},
		{server: statementServer, root: "FinXCX", system: "F", table: contracts.FXCX, keys: []string{"CodColigada", "IdXcx"}},
		{server: accountingServer, system: "C", table: contracts.CLANCAMENTO, keys: []string{"CodColigada", "CodLote", "IdLancamento"}},
	}
	objects := make(map[string]*object, len(list))
	for _, o := range list {
		o.marker = markers[o.server]
		objects[o.server] = o
	}
	return objects
}

// Consumers are the six commands' consumers. Each takes as many calls at a time as the configuration allows.
func (w *Writer) Consumers() []consumer.Outside {
	var list []consumer.Outside
	for _, c := range []struct {
		server  string
		command *contracts.Command
		rules   consumer.Consumer
	}{
		{financeServer, contracts.FinLanInc, finance.FinLanIncConsumerDataCommandMessage{}},
		{financeServer, contracts.FinLanAlt, finance.FinLanAltConsumerDataCommandMessage{}},
		{statementServer, contracts.FinXCXInc, statement.FinXCXIncConsumerDataCommandMessage{}},
		{statementServer, contracts.FinXCXAlt, statement.FinXCXAltConsumerDataCommandMessage{}},
		{accountingServer, contracts.CtbLanInc, accounting.CtbLançamentoIncConsumerDataCommandMessage{}},
		{accountingServer, contracts.CtbLanAlt, accounting.CtbLançamentoAltConsumerDataCommandMessage{}},
	} {
		list = append(list, &caller{w, w.objects[c.server], c.command, c.rules})
	}
	return list
}

// preparing bounds, from its beginning, what a call does before it saves, so that a save that RM ends or
// drops within its time-out T has ended within the 2·T after which the call may be repeated.
func (w *Writer) preparing() time.Duration { return w.cfg.Timeout / 2 }
