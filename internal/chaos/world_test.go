//go:build killpoints

package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/client"
	"smartlink/examples"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

const (
	command    = "FinLanIncDataCommand"
	accounting = "CtbLanIncDataCommand"
)

// commands are what the agent executes.
var commands = []string{
	command, outsideCommand, "FinLanAltDataCommand", "FinXCXIncDataCommand", "FinXCXAltDataCommand", accounting, "CtbLanAltDataCommand",
}

// world is a hub process, an agent process, and what Gesplan sent and heard.
type world struct {
	t          *testing.T
	bin, dir   string
	books      string // the agent's database
	config     string // the agent's configuration file; empty: none
	listen     string
	hub, agent *process
	rm         link.ClientCreated
	apiKey     string // of the administrator
	gesplan    *client.Client

	serial    int
	accepted  map[uuid.UUID]string           // message id to its document number
	outcomes  map[uuid.UUID]link.AnswerData  // the highest outcome of each
	answers   map[outcome]map[uuid.UUID]bool // the messages that answered each outcome
	documents map[string]bool                // document numbers sent at all
}

type outcome struct {
	id     uuid.UUID
	number int
}

var startCode = regexp.MustCompile(`--code (\S+)`)

// newWorld starts hub and agent with their files in a folder, and the agent's database wherever it is.
func newWorld(t *testing.T, bin, dir, books string) *world {
	w := &world{
		t: t, bin: bin, dir: dir, books: books, accepted: map[uuid.UUID]string{}, outcomes: map[uuid.UUID]link.AnswerData{},
		answers: map[outcome]map[uuid.UUID]bool{}, documents: map[string]bool{},
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.listen = l.Addr().String()
	_ = l.Close()
	t.Cleanup(func() {
		for _, p := range []*process{w.agent, w.hub} {
			if p != nil {
				p.kill()
			}
		}
	})
	w.start(true, "")
	w.accounts()
	if p := launch(t, bin, nil, "rm", "seed", "--database", w.books); !p.wait() {
		t.Fatalf("seed:\n%s", p.log())
	}
	w.start(false, "")
	return w
}

func (w *world) server() string { return "http://" + w.listen }

// start runs the hub or the agent, armed with a kill point by the variable at or, when that is empty, not.
func (w *world) start(hub bool, at string) {
	w.t.Helper()
	if hub {
		// What has ended moves to the history at once, so that kills fall into that too.
		w.hub = launch(w.t, w.bin, []string{at, "SMARTLINK_HURRY=history"}, "hub", "--data", filepath.Join(w.dir, "hub"), "--listen", w.listen)
		return
	}
	env := []string{at, "SMARTLINK_CLIENT_SECRET=" + w.rm.Secret}
	if w.config != "" {
		env = append(env, "SMARTLINK_CONFIG="+w.config)
	}
	w.agent = launch(w.t, w.bin, env, "agent", "run", "--server", w.server(),
		"--client-id", string(w.rm.ID), "--database", w.books, "--installation", filepath.Join(w.dir, "installation.json"), "--lease", "5s", "--hold", "1s")
}

// accounts makes the administrator and two clients, as a person would.
func (w *world) accounts() {
	ctx := w.t.Context()
	fail := func(err error) {
		if err != nil {
			w.t.Helper()
			w.t.Fatal(err)
		}
	}
	found := startCode.FindStringSubmatch(strings.Join(w.hub.waitLines(4), "\n"))
	if found == nil {
		w.t.Fatalf("no first-start code:\n%s", w.hub.log())
	}
	admin, err := client.NewAdmin(client.AdminConfig{Server: w.server()})
	fail(err)
	who, err := admin.Init(ctx, link.InitRequest{Code: found[1], User: "chaos"})
	fail(err)
	w.apiKey = who.APIKey
	admin, err = client.NewAdmin(client.AdminConfig{Server: w.server(), APIKey: w.apiKey})
	fail(err)
	company, err := admin.CreateCompany(ctx, link.CompanyRequest{Name: "Chaos"})
	fail(err)
	tenant := examples.Tenant
	_, err = admin.CreateTenant(ctx, link.TenantRequest{ID: &tenant, Company: company.ID.String(), Name: "Chaos"})
	fail(err)
	responses := make([]string, len(commands))
	for i, c := range commands {
		responses[i] = link.ResponseType(c)
	}
	for code, app := range map[string]link.AppRequest{
		"GESPLAN":    {Name: "Gesplan", Sends: commands, Receives: responses},
		"GESPLAN-RM": {Name: "Gesplan Rm", Sends: responses, Receives: commands},
	} {
		_, err := admin.PutApp(ctx, code, app)
		fail(err)
	}
	gesplan, err := admin.CreateClient(ctx, link.ClientRequest{TenantID: tenant, Name: "gesplan", Apps: []string{"GESPLAN"}})
	fail(err)
	w.rm, err = admin.CreateClient(ctx, link.ClientRequest{TenantID: tenant, Name: "rm", Apps: []string{"GESPLAN-RM"}})
	fail(err)
	w.gesplan, err = client.New(client.Config{
		Server: w.server(), ClientID: gesplan.ID, Secret: gesplan.Secret,
		Retry: client.Retry{Attempts: 10_000, Base: 20 * time.Millisecond, Cap: 200 * time.Millisecond}, // a dead hub comes back
	})
	fail(err)
	_, err = w.gesplan.Setup(ctx, link.SetupRequest{Subscriptions: []string{link.ResponseType(command), link.ResponseType(accounting)}})
	fail(err)
}

// send sends n commands: of each six, three financial entries and an accounting one in order, one refused,
// and one a repeat of the first with a new id.
func (w *world) send(ctx context.Context, n int) error {
	first := 0
	for i := range n {
		w.serial++
		serial := w.serial
		example := examples.FinLanInc
		switch i % 6 {
		case 0:
			first = serial
		case 2:
			example = examples.CtbLanInc
		case 4:
			example = examples.FinLanIncRefused
		case 5:
			serial = first
		}
		key := ""
		if i%2 == 0 {
			key = "contract-" + fmt.Sprint(i%4)
		}
		if err := w.sendOne(ctx, example, serial, key); err != nil {
			return err
		}
	}
	return nil
}

// sendOne sends an example with a document number of its own.
func (w *world) sendOne(ctx context.Context, example string, serial int, orderingKey string) error {
	body, document, err := numbered(example, serial)
	if err != nil {
		return err
	}
	w.documents[document] = true
	r, err := w.gesplan.Send(ctx, client.Message{Type: examples.Type(example), Audience: "GESPLAN-RM", Body: body, OrderingKey: orderingKey})
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	// A repeat inside Send may find that its first try was stored: that one counts, once.
	w.accepted[r.MessageID] = document
	return nil
}

// numbered is an example with a document number of its own.
func numbered(example string, serial int) ([]byte, string, error) {
	body, document, err := examples.Numbered(example, fmt.Sprintf("-%d", serial))
	if err != nil || document != "" {
		return body, document, err
	}
	document = fmt.Sprintf("CT-0042-%d", serial) // of an accounting entry, which has it in each of its lines
	return bytes.ReplaceAll(body, []byte(`"Documento": "CT-0042"`), []byte(`"Documento": "`+document+`"`)), document, nil
}

// settle reads answers until every accepted message has one.
func (w *world) settle(ctx context.Context) error {
	for len(w.outcomes) < len(w.accepted) {
		if _, err := w.read(ctx, 5*time.Second); err != nil {
			return fmt.Errorf("%d of %d answered: %w", len(w.outcomes), len(w.accepted), err)
		}
	}
	return nil
}

// read takes answers from Gesplan's queue, those that are there or come in time.
func (w *world) read(ctx context.Context, wait time.Duration) (int, error) {
	got, err := w.gesplan.Get(ctx, client.GetOptions{Max: 50, Wait: wait, Lease: 5 * time.Second})
	if err != nil {
		if client.Retryable(err) && ctx.Err() == nil {
			return 0, nil
		}
		return 0, err
	}
	acks := make([]link.Settlement, len(got))
	ok := true
	for i, d := range got {
		acks[i] = link.Settlement{DeliveryTag: d.Tag, Ack: &ok}
	}
	for _, d := range got {
		var a link.AnswerBody
		if err := json.Unmarshal(d.Message.Body, &a); err != nil {
			return 0, err
		}
		o := outcome{a.Header.AnswerTo, a.Data.OutcomeNumber}
		if w.answers[o] == nil {
			w.answers[o] = map[uuid.UUID]bool{}
		}
		w.answers[o][d.Message.ID] = true // one that comes again, since the hub died before its ack, is the same
		if a.Data.OutcomeNumber > w.outcomes[a.Header.AnswerTo].OutcomeNumber {
			w.outcomes[a.Header.AnswerTo] = a.Data
		}
	}
	if _, err := w.gesplan.Ack(ctx, acks); err != nil {
		return 0, err
	}
	return len(got), nil
}

// finish stops everything, counts the books and prints the closing line, under a title.
func (w *world) finish(title string, rounds int) {
	ctx := w.t.Context()
	for {
		n, err := w.read(ctx, 2*time.Second) // nothing may come any more
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	if !w.agent.stop() || !w.hub.stop() {
		w.t.Errorf("no clean stop:\n%s\n%s", w.agent.log(), w.hub.log())
	}
	if p := launch(w.t, w.bin, nil, "rm", "trial-balance", "--database", w.books); !p.wait() {
		w.t.Errorf("the books do not tie:\n%s", p.log())
	}
	booked := w.countIn(w.books)
	count := map[link.ERPState]int{}
	keys := map[string]bool{}
	for id := range w.accepted {
		o := w.outcomes[id]
		count[o.Status]++
		if o.Status == link.ERPDone {
			key := fmt.Sprint(o.Keys) // their names tell what it is the key of
			if keys[key] {
				w.t.Errorf("key %s was answered to two messages", key)
			}
			keys[key] = true
		}
	}
	done, refused, duplicate := count[link.ERPDone], count[link.ERPRejected], count[link.ERPDuplicate]
	waiting := len(w.accepted) - len(w.outcomes)
	lost := len(w.accepted) - done - refused - duplicate - waiting
	entries := 0
	for document, n := range booked {
		if entries += n; n > 1 {
			w.t.Errorf("document %s was booked %d times", document, n)
		}
		if !w.documents[document] {
			w.t.Errorf("document %s was never sent", document)
		}
	}
	for o, by := range w.answers {
		if len(by) != 1 {
			w.t.Errorf("outcome %d of %s was answered %d times", o.number, o.id, len(by))
		}
	}
	double := entries - done
	if lost != 0 || double != 0 || waiting != 0 || done == 0 || refused == 0 || duplicate == 0 {
		w.t.Errorf("not as it should be: %v", count)
	}
	fmt.Printf("%s: rounds=%d accepted=%d booked=%d refused=%d duplicate=%d waiting=%d lost=%d double=%d\n",
		title, rounds, len(w.accepted), done, refused, duplicate, waiting, lost, double)
}

// countIn answers how many entries, of all three kinds, each document number has in a database.
func (w *world) countIn(database string) map[string]int {
	w.t.Helper()
	ctx := w.t.Context()
	db := sqltest.Open(w.t, database)
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(ctx, `SELECT NUMERODOCUMENTO, COUNT(*) FROM FLAN GROUP BY NUMERODOCUMENTO
		UNION ALL SELECT NUMERODOCUMENTO, COUNT(*) FROM FXCX GROUP BY NUMERODOCUMENTO
		UNION ALL SELECT DOCUMENTO, COUNT(DISTINCT IDLANCAMENTO) FROM CPARTIDA GROUP BY DOCUMENTO`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	booked := map[string]int{}
	for rows.Next() {
		var document string
		var n int
		if err := rows.Scan(&document, &n); err != nil {
			w.t.Fatal(err)
		}
		booked[document] = n
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return booked
}
