package registry

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// agents is one client's queue, and runs of agents that want it.
type agents struct {
	*fixture
	id    link.ClientID
	moves int64 // of the database that all runs work on
	epoch int64
}

const testHold = 20 * time.Second

func newAgents(t *testing.T, at where) *agents {
	f := newFixture(t, at)
	return &agents{fixture: f, id: f.client("rm", "GESPLAN-RM").ID, moves: 1}
}

// aRun is one run of an agent.
type aRun struct {
	installation  string
	instance, run uuid.UUID
	host          string
}

func newRun(installation, host string) aRun { return aRun{installation, uuid.New(), uuid.New(), host} }

// restarted is another run of the same instance.
func (r aRun) restarted() aRun { r.run = uuid.New(); return r }

func (a *agents) ask(r aRun, change ...func(*link.HoldRequest)) (link.HoldResponse, error) {
	a.t.Helper()
	q := link.HoldRequest{Instance: r.instance, Run: r.run, Host: r.host, Moves: a.moves, Epoch: a.epoch}
	for _, c := range change {
		c(&q)
	}
	return a.Hold(a.t.Context(), a.id, r.installation, q, testHold)
}

// want asks and checks whether the run is the active one; it answers what the hub said.
func (a *agents) want(r aRun, active bool) link.HoldResponse {
	a.t.Helper()
	h, err := a.ask(r)
	if err != nil {
		a.t.Fatal(err)
	}
	if h.Active != active {
		a.t.Fatalf("%s: %+v, want active %t", r.host, h, active)
	}
	return h
}

func (a *agents) wantCode(r aRun, code link.Code, says string) {
	a.t.Helper()
	if _, err := a.ask(r); link.CodeOf(err) != code || !strings.Contains(err.Error(), says) {
		a.t.Fatalf("%s: %v, want %s", r.host, err, code)
	}
}

func (a *agents) binding() link.Binding {
	a.t.Helper()
	b, err := a.Binding(a.t.Context(), a.id)
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}

func release(q *link.HoldRequest) { q.Release = true }

const (
	instA = "aaaaaaaa-1111-4111-8111-111111111111"
	instB = "bbbbbbbb-1111-4111-8111-111111111111"
)

func testOneRunIsActiveAndAnotherTakesOver(t *testing.T, at where) {
	a := newAgents(t, at)
	first, second := newRun(instA, "erp-01"), newRun(instA, "erp-02")
	h := a.want(first, true)
	if h.Epoch != 2 || h.Lease != "20s" || h.Holder != nil {
		t.Errorf("%+v", h)
	}
	if c, _ := a.Current().Client(a.id); c.Installation != instA || c.HoldEpoch != 2 {
		t.Errorf("requests see %+v", c)
	}
	a.clock.Advance(15 * time.Second)
	if h := a.want(second, false); h.Epoch != 2 || h.Lease != "5s" || h.Holder.Host != "erp-01" || h.Copy {
		t.Errorf("%+v", h)
	}
	a.want(first, true) // asks in time
	a.clock.Advance(19 * time.Second)
	a.want(second, false)
	a.clock.Advance(time.Second)
	if h := a.want(second, true); h.Epoch != 3 {
		t.Errorf("%+v", h)
	}
	if c, _ := a.Current().Client(a.id); c.HoldEpoch != 3 {
		t.Errorf("requests see %+v", c)
	}
	// The first wakes up.
	if h := a.want(first, false); h.Holder.Host != "erp-02" || h.Epoch != 3 || h.Copy {
		t.Errorf("%+v", h)
	}
	if b := a.binding(); b.Active.Host != "erp-02" || b.StandBy.Host != "erp-01" || b.Conflict != nil || b.Refused != nil || b.Epoch != 3 {
		t.Errorf("%+v", b)
	}
	// A run that ends gives its place away at once, and only its own.
	if _, err := a.ask(first, release); err != nil {
		t.Fatal(err)
	}
	a.want(first, false)
	if h, err := a.ask(second, release); err != nil || h.Active {
		t.Fatalf("%+v, %v", h, err)
	}
	if b := a.binding(); b.Active != nil || b.LeaseUntil != nil {
		t.Errorf("%+v", b)
	}
	a.want(first, true)
}

// testEpochIsAboveWhatTheDatabaseKnows, so that a hub restored from a backup can still be taken over at.
func testEpochIsAboveWhatTheDatabaseKnows(t *testing.T, at where) {
	a := newAgents(t, at)
	a.epoch = 41
	run := newRun(instA, "erp-01")
	if h := a.want(run, true); h.Epoch != 42 {
		t.Errorf("%+v", h)
	}
	a.epoch = 42
	if h := a.want(run, true); h.Epoch != 42 {
		t.Errorf("%+v", h)
	}
	a.epoch = 50 // somebody else has taken the database
	if h := a.want(run, true); h.Epoch != 51 {
		t.Errorf("%+v", h)
	}
}

// testCopyOfARunningInstanceIsRefusedAndShown: the same folder on two machines.
func testCopyOfARunningInstanceIsRefusedAndShown(t *testing.T, at where) {
	a := newAgents(t, at)
	first := newRun(instA, "erp-01")
	clone := first.restarted()
	clone.host = "test-01"
	a.want(first, true)
	if h := a.want(clone, false); h.Copy { // it may be a restart: the first may be dead
		t.Errorf("%+v", h)
	}
	if b := a.binding(); b.Conflict != nil {
		t.Errorf("%+v", b)
	}
	a.want(first, true) // it is not
	if h := a.want(clone, false); !h.Copy {
		t.Errorf("%+v", h)
	}
	b := a.binding()
	if b.Conflict == nil || b.Conflict.Host != "test-01" || b.Active.Host != "erp-01" {
		t.Errorf("%+v", b)
	}
	a.want(first, true)
	a.want(clone, false)
	a.want(first, true)
	if n := len(slices.DeleteFunc(a.audit(), func(s string) bool { return !strings.Contains(s, "client.copy") })); n != 1 {
		t.Errorf("%d audit entries", n)
	}
}

// testRestartAfterDeathIsNoCopy: it waits for the lease of the dead run.
func testRestartAfterDeathIsNoCopy(t *testing.T, at where) {
	a := newAgents(t, at)
	first := newRun(instA, "erp-01")
	a.want(first, true)
	again := first.restarted()
	a.want(again, false)
	a.clock.Advance(testHold)
	a.want(again, true)
	if h := a.want(again, true); h.Epoch != 3 {
		t.Errorf("%+v", h)
	}
	if b := a.binding(); b.Conflict != nil {
		t.Errorf("%+v", b)
	}
}

// testOlderStateOfTheDatabaseIsRefused also once nobody is active: a test base must not step in when
// production stops.
func testOlderStateOfTheDatabaseIsRefused(t *testing.T, at where) {
	a := newAgents(t, at)
	first := newRun(instA, "erp-01")
	a.want(first, true)
	a.moves = 7
	a.want(first, true)
	old := first.restarted()
	old.host = "test-01"
	a.moves = 6
	a.wantCode(old, link.CodeDatabaseOld, "erp-01")
	a.clock.Advance(time.Hour)
	a.wantCode(old, link.CodeDatabaseOld, "erp-01")
	if b := a.binding(); b.Refused == nil || b.Refused.Host != "test-01" || b.Refused.Code != link.CodeDatabaseOld || b.Refused.Installation != "" {
		t.Errorf("%+v", b)
	}
	a.moves = 7
	a.want(old, true) // the same state elsewhere: the folder has moved
	a.moves = 8
	a.want(old, true)
	// What a run tells when it ends counts too.
	a.moves = 9
	if _, err := a.ask(old, release); err != nil {
		t.Fatal(err)
	}
	a.moves = 8
	a.wantCode(first, link.CodeDatabaseOld, "")
}

func testAnotherInstallationIsRefused(t *testing.T, at where) {
	a := newAgents(t, at)
	ours, other := newRun(instA, "erp-01"), newRun(instB, "test-01")
	a.want(ours, true)
	a.wantCode(other, link.CodeInstallation, instA)
	a.clock.Advance(time.Hour) // also when nobody is active
	a.wantCode(other, link.CodeInstallation, instA)
	if b := a.binding(); b.Refused == nil || b.Refused.Installation != instB || b.Refused.Host != "test-01" || b.Refused.Code != link.CodeInstallation {
		t.Errorf("%+v", b)
	}
	if err := a.Bind(t.Context(), a.id, instB); link.CodeOf(err) != link.CodeInstallation {
		t.Error(err)
	}
	if err := a.Bind(t.Context(), a.id, instA); err != nil {
		t.Error(err)
	}
}

func testAdministratorReleasesAndBinds(t *testing.T, at where) {
	a := newAgents(t, at)
	lost, next, third := newRun(instA, "erp-01"), newRun(instB, "erp-02"), newRun("cccccccc-1111-4111-8111-111111111111", "erp-03")
	ctx := t.Context()
	if _, err := a.Binding(ctx, a.id); link.CodeOf(err) != link.CodeNotFound {
		t.Error(err)
	}
	a.moves = 50
	a.want(lost, true)
	b, err := a.Release(ctx, "ana", a.id)
	if err != nil || b.Installation != "" || b.Active != nil {
		t.Fatalf("%+v, %v", b, err)
	}
	if c, _ := a.Current().Client(a.id); c.Barred != instA || c.Installation != "" || c.HoldEpoch != 3 {
		t.Errorf("requests see %+v", c)
	}
	a.wantCode(lost, link.CodeInstallation, "administrator")
	a.moves = 1 // its database is another
	if h := a.want(next, true); h.Epoch != 5 {
		t.Errorf("%+v", h)
	}
	a.wantCode(lost, link.CodeInstallation, instB)
	if b, err = a.BindTo(ctx, "ana", a.id, third.installation); err != nil || b.Installation != third.installation {
		t.Fatalf("%+v, %v", b, err)
	}
	a.wantCode(next, link.CodeInstallation, third.installation)
	a.want(third, true)
	want := []string{
		string(a.id) + " client.bind " + string(a.id), "ana client.release " + string(a.id), string(a.id) + " client.bind " + string(a.id),
		"ana client.rebind " + string(a.id),
	}
	got := a.audit()
	if got = got[len(got)-4:]; !slices.Equal(got, want) {
		t.Errorf("audit %v", got)
	}
	list, err := a.Bindings(ctx, List{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Client != "rm" || list.Items[0].TenantID != a.tenant {
		t.Errorf("%+v, %v", list, err)
	}
	for _, f := range []func() (link.Binding, error){
		func() (link.Binding, error) { return a.Release(ctx, "ana", "00000000000000000000000000000000") },
		func() (link.Binding, error) { return a.BindTo(ctx, "ana", "00000000000000000000000000000000", instA) },
	} {
		if _, err := f(); link.CodeOf(err) != link.CodeNotFound {
			t.Errorf("a client that there is not: %v", err)
		}
	}
}

// testHoldsOutliveAHubThatWasAway: nobody could ask while it was.
func testHoldsOutliveAHubThatWasAway(t *testing.T, at where) {
	a := newAgents(t, at)
	first, second := newRun(instA, "erp-01"), newRun(instA, "erp-02")
	a.want(first, true)
	a.clock.Advance(time.Hour)
	if err := a.PutOffHolds(t.Context()); err != nil {
		t.Fatal(err)
	}
	if at.name == server.name { // the hub that starts is not the only one
		a.want(second, true)
		return
	}
	a.want(second, false)
	a.clock.Advance(testHold - time.Second)
	a.want(second, false)
	a.want(first, true)
	if _, err := a.ask(first, release); err != nil {
		t.Fatal(err)
	}
	if err := a.PutOffHolds(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.want(second, true) // what was given away is not put off
}

func testRefusalsOfRequestsAreNotedNowAndThen(t *testing.T, at where) {
	a := newAgents(t, at)
	ctx := t.Context()
	a.want(newRun(instA, "erp-01"), true)
	note := func(who string) time.Time {
		t.Helper()
		if err := a.NoteRefused(ctx, a.id, who, link.CodeInstallation); err != nil {
			t.Fatal(err)
		}
		return a.binding().Refused.At
	}
	first := note(instB)
	a.clock.Advance(noteEvery - time.Second)
	if again := note(instB); !again.Equal(first) {
		t.Error("noted at once again")
	}
	a.clock.Advance(time.Second)
	if later := note(""); !later.After(first) || a.binding().Refused.Installation != "" {
		t.Errorf("%v, %+v", later, a.binding().Refused)
	}
}

// testRemoteHelp: requests wait for the active run, are told until they are answered, and only the client's own
// answers count.
func testRemoteHelp(t *testing.T, at where) {
	a := newAgents(t, at)
	ctx := t.Context()
	run := newRun(instA, "erp-01")
	until := a.clock.Now().Add(time.Hour)
	on := func(q *link.HoldRequest) { q.Help = &link.HelpState{Until: &until} }
	off := func(q *link.HoldRequest) { q.Help = &link.HelpState{} }
	replies := func(r ...link.HelpReply) func(*link.HoldRequest) {
		return func(q *link.HoldRequest) { q.Help = &link.HelpState{Until: &until, Replies: r} }
	}
	hold := func(change ...func(*link.HoldRequest)) []link.HelpRequest {
		t.Helper()
		h, err := a.ask(run, change...)
		if err != nil {
			t.Fatal(err)
		}
		return h.Help
	}
	message := uuid.New()
	wish := link.HelpRequest{ID: link.NewID(), Message: message, Action: link.HelpReprocess, Reason: "r", By: "olga"}
	refused := func(id link.ClientID) {
		t.Helper()
		if _, err := a.AskHelp(ctx, id, wish); link.CodeOf(err) != link.CodeHelpOff {
			t.Errorf("%v", err)
		}
	}
	refused(a.id)
	hold()
	hold(off)
	refused(a.id)
	hold(on)
	if b := a.binding(); b.HelpUntil == nil || !b.HelpUntil.Equal(until) {
		t.Errorf("%+v", b)
	}
	refused("00000000000000000000000000000000")
	for range 2 {
		if h, err := a.AskHelp(ctx, a.id, wish); err != nil || h.Reply != nil || h.By != "olga" || !h.At.Equal(a.clock.Now()) {
			t.Fatalf("%+v, %v", h, err)
		}
	}
	other := wish
	other.Action = link.HelpDiscard
	if _, err := a.AskHelp(ctx, a.id, other); link.CodeOf(err) != link.CodeConflict {
		t.Errorf("%v", err)
	}
	if got := hold(); len(got) != 0 {
		t.Errorf("told to a run that does not know of help: %+v", got)
	}
	for range 2 {
		if got := hold(on); len(got) != 1 || got[0].ID != wish.ID || got[0].Reason != "r" {
			t.Errorf("%+v", got)
		}
	}
	if got := hold(replies(link.HelpReply{ID: uuid.New(), Result: link.HelpDone, At: until})); len(got) != 1 {
		t.Errorf("%+v", got)
	}
	reply := link.HelpReply{ID: wish.ID, Result: link.HelpFailed, Code: link.CodeNotNow, Detail: "d", At: until}
	if got := hold(replies(reply)); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	again := reply
	again.Result = link.HelpDone
	hold(replies(again)) // was answered
	list, err := a.HelpOf(ctx, message)
	if err != nil || len(list) != 1 || list[0].Reply == nil || *list[0].Reply != reply || list[0].Client != a.id {
		t.Errorf("%+v, %v", list, err)
	}
	if h, err := a.AskHelp(ctx, a.id, wish); err != nil || h.Reply == nil {
		t.Errorf("%+v, %v", h, err)
	}
	hold(off)
	if b := a.binding(); b.HelpUntil != nil {
		t.Errorf("%+v", b)
	}
	hold(on)
	if _, err := a.BindTo(ctx, "ana", a.id, instB); err != nil || a.binding().HelpUntil != nil {
		t.Errorf("help goes with the queue: %v", err)
	}
	got := strings.Join(a.audit(), "\n")
	target := a.tenant.String() + "/" + message.String()
	for _, want := range []string{" client.help ", "olga message.help " + target, " message.help-answered " + target} {
		if strings.Count(got, want) == 0 {
			t.Errorf("no %q in %s", want, got)
		}
	}
}
