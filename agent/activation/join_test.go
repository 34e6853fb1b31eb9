package activation

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smartlink/agent/inbox"
	"smartlink/internal/clock"
	"smartlink/link"
)

// joining is an installation that is activated, with its database, and the place of a further machine.
type joining struct {
	t      *testing.T
	folder *Folder
	box    *inbox.Box
	clock  *clock.Fake
	second string // installation file
}

func newJoining(t *testing.T) *joining {
	j := &joining{t: t, clock: clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), second: filepath.Join(t.TempDir(), "installation.json")}
	dir := t.TempDir()
	file := filepath.Join(dir, "installation.json")
	var err error
	if j.box, err = inbox.Open(t.Context(), inbox.Config{Database: filepath.Join(dir, "rm.db"), Installation: file, Clock: j.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.box.Close(context.Background()) })
	if j.folder, err = OpenFolder(file); err != nil {
		t.Fatal(err)
	}
	state := State{
		Credentials: Credentials{Server: "http://hub.example", ClientID: "0123456789abcdef0123456789abcdef", Secret: "secreto"},
		Apps:        []Active{{Code: "BOOKS", Types: []string{"BookCommand"}}}, Options: Options{BatchSize: 7},
	}
	if err := j.folder.write(state); err != nil {
		t.Fatal(err)
	}
	return j
}

func (j *joining) code() string {
	j.t.Helper()
	code, until, err := j.folder.JoinCode(j.t.Context(), j.box, j.clock)
	if err != nil || !until.Equal(j.clock.Now().Add(JoinTime)) {
		j.t.Fatalf("%s, %v", until, err)
	}
	return code
}

func (j *joining) join(code string) (*Folder, error) {
	return Join(j.t.Context(), j.box, j.second, code, j.clock)
}

// refused wants a code refused, and nothing left on the machine.
func (j *joining) refused(code, says string) {
	j.t.Helper()
	if _, err := j.join(code); link.CodeOf(err) != link.CodeJoinCode || !strings.Contains(err.Error(), says) {
		j.t.Fatalf("%v, want %q", err, says)
	}
	if _, err := os.Stat(j.second); err == nil {
		j.t.Fatal("an installation was written")
	}
}

func TestFurtherMachineJoinsWithACode(t *testing.T) {
	j := newJoining(t)
	code := j.code()
	if len(code) != 19 {
		t.Errorf("code %q", code)
	}
	got, err := j.join(strings.ToLower(strings.ReplaceAll(code, "-", " ")))
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := j.folder.Installation(), got.Installation()
	if ours.ID != theirs.ID || string(ours.Key) != string(theirs.Key) || ours.Instance == theirs.Instance || !ours.CreatedAt.Equal(theirs.CreatedAt) {
		t.Errorf("%+v, %+v", ours, theirs)
	}
	s, err := got.Read()
	if err != nil || s.Credentials.Secret != "secreto" || s.Options.BatchSize != 7 || len(s.Apps) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := j.box.BelongsTo(t.Context(), theirs); err != nil {
		t.Error(err)
	}
	if _, err := j.join(code); link.CodeOf(err) != link.CodeJoinCode || !strings.Contains(err.Error(), "used already") {
		t.Errorf("used twice: %v", err)
	}
	// It may join again, for what is activated now; its instance stays.
	again, err := j.join(j.code())
	if err != nil || again.Installation().Instance != theirs.Instance {
		t.Errorf("%v", err)
	}
}

func TestJoinCodesThatAreNotGood(t *testing.T) {
	j := newJoining(t)
	j.refused("0000-0000-0000-0000", "none was made")
	old := j.code()
	code := j.code()
	j.refused(old, "is wrong") // a new one replaces it
	j.clock.Advance(JoinTime - time.Second)
	wrong := "0" + code[1:]
	if code[0] == '0' {
		wrong = "1" + code[1:]
	}
	j.refused(wrong, "is wrong")
	j.clock.Advance(time.Second)
	j.refused(code, "expired")
	code = j.code()
	for range 5 {
		j.refused("", "is wrong")
	}
	j.refused(code, "too many")
}

func TestJoinStaysOffAnotherInstallationsFile(t *testing.T) {
	j := newJoining(t)
	other, err := inbox.Open(t.Context(), inbox.Config{Database: filepath.Join(filepath.Dir(j.second), "other.db"), Installation: j.second})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close(context.Background()) }()
	before, err := os.ReadFile(j.second)
	if err != nil {
		t.Fatal(err)
	}
	code := j.code()
	if _, err := j.join(code); link.CodeOf(err) != link.CodeInstallationThere {
		t.Errorf("%v", err)
	}
	if after, err := os.ReadFile(j.second); err != nil || string(after) != string(before) {
		t.Errorf("the file was changed, %v", err)
	}
	j.second = filepath.Join(t.TempDir(), "installation.json")
	if _, err := j.join(code); err != nil { // it was not spent
		t.Error(err)
	}
	// Nor is a code made for a database of another installation.
	if _, _, err := j.folder.JoinCode(t.Context(), other, j.clock); link.CodeOf(err) != link.CodeForeignDatabase {
		t.Errorf("%v", err)
	}
}

// TestNeverTheKeyInTheDatabase: the database holds what the code opens, and neither key nor secret.
func TestNeverTheKeyInTheDatabase(t *testing.T) {
	j := newJoining(t)
	code := j.code()
	row, there, err := j.box.Join(t.Context())
	if err != nil || !there || len(row.Sealed) == 0 {
		t.Fatal(err)
	}
	for _, s := range []string{string(j.folder.inst.Key), j.folder.inst.ID.String(), "hub.example", code, strings.ReplaceAll(code, "-", "")} {
		if strings.Contains(string(row.Sealed)+string(row.Salt), s) {
			t.Errorf("%q stands in the database", s)
		}
	}
	if _, err := j.join(code); err != nil {
		t.Fatal(err)
	}
	if row, _, err = j.box.Join(t.Context()); err != nil || len(row.Sealed) != 0 || !row.Used {
		t.Errorf("%+v, %v", row, err)
	}
}
