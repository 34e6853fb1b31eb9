// Package rooms knows the rooms of the project, who may import whom, and what every file has to keep
// to. Its test looks at the whole tree, so that a rule is broken in the commit that breaks it.
package rooms

import "slices"

// room is a folder with everything below it that is no room of its own.
type room struct {
	path string
	// may lists the rooms it may import beside itself.
	may []string
	// tests lists what its tests may import on top.
	tests []string
}

// helpers are without any domain: everybody but link, contracts and consumer may import them.
var helpers = []string{"internal"}

// rooms is the list of the design. A package outside of it is a finding: give it a room here first.
// Rooms that are not built yet are listed all the same.
var rooms = []room{
	{path: "cmd/smartlink", may: with(helpers, "link", "contracts", "consumer", "client", "hub", "agent", "agent/activation",
		"agent/console", "agent/executor", "agent/inbox", "agent/outside", "agent/window", "rm", "rm/books", "rm/faults", "rm/ledger", "rm/rmhost", "rm/schema", "rm/webservice", "gesplan", "internal/demo", "examples")},

	// Public: what others build on. link and contracts import nobody of ours.
	{path: "link"},
	{path: "contracts"},
	{path: "consumer", may: []string{"link"}},
	{path: "consumer/consumertest", may: with(helpers, "consumer", "link")},
	{path: "client", may: with(helpers, "link")},

	// The cloud side. hub puts it together; the engine and the use cases know no driver and no door.
	{path: "hub", may: with(helpers, "link", "contracts", "hub/identity", "hub/registry", "hub/exchange", "hub/queue", "hub/queue/sqlite",
		"hub/queue/postgres", "hub/api", "hub/rpc", "hub/amqpdoor", "hub/monitor", "hub/datashare")},
	{path: "hub/schema", may: with(helpers, "link", "contracts"), tests: []string{"examples"}},
	{path: "hub/search", may: with(helpers, "link", "contracts"), tests: []string{"examples"}},
	{path: "hub/registry", may: with(helpers, "link", "hub/schema", "hub/search")},
	{path: "hub/identity", may: with(helpers, "link", "hub/registry")},
	{path: "hub/queue", may: with(helpers, "link"), tests: []string{"hub/queue/queuetest", "hub/queue/sqlite"}},
	{path: "hub/queue/queuetest", may: with(helpers, "link", "hub/queue")},
	{path: "hub/queue/sqlite", may: with(helpers, "link", "hub/queue"), tests: []string{"hub/queue/queuetest"}},
	{path: "hub/queue/postgres", may: with(helpers, "link", "hub/queue"), tests: []string{"hub/queue/queuetest"}},
	{path: "hub/exchange", may: with(helpers, "link", "contracts", "hub/identity", "hub/registry", "hub/search", "hub/queue"), tests: []string{"hub/queue/sqlite"}},
	{path: "hub/datashare", may: with(helpers, "link", "hub/registry")},
	{path: "hub/api", may: with(helpers, "link", "contracts", "hub/exchange", "hub/identity", "hub/registry", "hub/queue", "hub/datashare"),
		tests: []string{"hub/queue/sqlite", "examples"}},
	{path: "hub/rpc", may: with(helpers, "link", "hub/exchange", "hub/identity", "hub/registry", "hub/queue"), tests: []string{"hub/queue/sqlite"}},
	{path: "hub/amqpdoor", may: with(helpers, "link", "hub/exchange", "hub/identity", "hub/registry", "hub/queue"), tests: []string{"hub/queue/sqlite"}},
	{path: "hub/monitor", may: with(helpers, "link", "hub/exchange", "hub/identity", "hub/registry", "hub/queue", "hub/datashare"),
		tests: []string{"hub/queue/sqlite"}},

	// The customer's side: only client stands between it and the hub, and consumers are handed in.
	{path: "agent", may: with(helpers, "link", "consumer", "client", "agent/inbox", "agent/executor", "agent/activation", "agent/console", "agent/window"),
		tests: []string{"agent/internal"}},
	{path: "agent/window", may: with(helpers, "link")},
	{path: "agent/inbox", may: with(helpers, "link", "consumer", "agent/window"), tests: []string{"agent/internal", "agent/executor"}},
	{path: "agent/executor", may: with(helpers, "link", "consumer", "agent/inbox"), tests: []string{"agent/internal", "agent/window"}},
	{path: "agent/outside", may: with(helpers, "link", "consumer"), tests: []string{"agent/internal", "agent/inbox", "agent/executor"}},
	{path: "agent/activation", may: with(helpers, "link", "client", "agent/inbox"), tests: []string{"agent/internal"}},
	{path: "agent/console", may: with(helpers, "link", "agent/inbox", "agent/executor", "agent/activation", "agent/window"), tests: []string{"agent/internal", "consumer"}},
	{path: "agent/internal", may: with(helpers, "link", "consumer", "agent/inbox")},

	// What the commands do. The ledger judges nothing and knows no command; commands call it.
	{path: "rm", may: with(helpers, "link", "contracts", "consumer", "rm/finance", "rm/statement", "rm/accounting", "rm/books", "rm/schema", "rm/ledger",
		"rm/webservice", "rm/faults"), tests: rmTests},
	{path: "rm/rmtest", may: with(helpers, "link", "contracts", "consumer", "consumer/consumertest", "rm/schema", "rm/ledger", "rm/webservice/desk")},
	{path: "rm/schema", may: with(helpers, "link", "contracts")},
	{path: "rm/faults", may: with(helpers, "link", "contracts")},
	{path: "rm/ledger", may: with(helpers, "link", "contracts", "consumer", "rm/schema")},
	{path: "rm/webservice", may: with(helpers, "link", "contracts", "consumer", "rm/ledger", "rm/faults", "rm/command", "rm/finance", "rm/statement",
		"rm/accounting", "rm/webservice/desk"), tests: with(rmTests, "rm/rmhost")},
	{path: "rm/webservice/desk", may: with(helpers, "contracts", "consumer", "rm/ledger"), tests: with(rmTests, "link", "rm", "rm/faults")},
	// A stand-in for a live RM, built apart from what calls it: each would notice the other's mistakes.
	{path: "rm/rmhost", may: with(helpers, "contracts", "consumer", "rm/ledger", "rm/schema")},
	{path: "rm/command", may: with(helpers, "link", "contracts", "consumer", "rm/ledger", "rm/faults"), tests: rmTests},
	{path: "rm/books", may: with(helpers, "link", "contracts", "rm/ledger"),
		tests: with(rmTests, "consumer", "rm/finance", "rm/statement", "rm/accounting")},
	{path: "rm/finance", may: with(helpers, "link", "contracts", "consumer", "rm/command", "rm/ledger", "rm/faults"), tests: rmTests},
	{path: "rm/statement", may: with(helpers, "link", "contracts", "consumer", "rm/command", "rm/ledger", "rm/faults"), tests: rmTests},
	{path: "rm/accounting", may: with(helpers, "link", "contracts", "consumer", "rm/command", "rm/ledger", "rm/faults"), tests: rmTests},

	// The producers.
	{path: "gesplan", may: with(helpers, "link", "contracts", "client", "gesplan/financing", "gesplan/lease")},
	{path: "gesplan/financing", may: with(helpers, "link", "contracts")},
	{path: "gesplan/lease", may: with(helpers, "link", "contracts")},

	// Beside the product.
	{path: "examples"},
	{path: "internal", may: []string{"link"}},
	{path: "internal/demo", may: with(helpers, "link", "contracts", "consumer", "client", "hub", "agent", "agent/inbox", "rm", "rm/books", "rm/schema",
		"rm/ledger", "gesplan", "examples")},
	{path: "internal/chaos", may: with(helpers, "link", "client", "examples", "internal/demo")},
	{path: "internal/rooms"},
	{path: "ci"},
}

var rmTests = []string{"consumer/consumertest", "rm/schema", "rm/rmtest", "examples"}

// public lists the packages that others build on, each with every module of others that comes along
// with it, directly or through ours. The list is exact: a new dependency is decided here, and one
// that is gone is taken out.
var public = map[string][]string{
	"link":                  {"github.com/google/uuid"},
	"contracts":             {},
	"consumer":              {"github.com/google/uuid"},
	"consumer/consumertest": {"github.com/google/uuid", "github.com/pressly/goose/v3", "modernc.org/libc", "modernc.org/sqlite"},
	"client":                {"github.com/google/uuid"},
}

func with(rooms []string, more ...string) []string { return slices.Concat(rooms, more) }
