package inbox

import (
	"errors"
	"os"
	"testing"

	"smartlink/link"
)

// TestRestoredDatabaseIsAdopted: it gets an installation of its own, and the run that was active on it
// has no say any more.
func TestRestoredDatabaseIsAdopted(t *testing.T) {
	for name, file := range map[string]func(t *testing.T, p place){
		"its own file": func(*testing.T, place) {},
		"no file": func(t *testing.T, p place) {
			if err := os.Remove(p.installation); err != nil {
				t.Fatal(err)
			}
		},
		"another's file": func(t *testing.T, p place) {
			other := newPlace(t)
			if err := errors.Join(other.open(t), os.Rename(other.installation, p.installation)); err != nil {
				t.Fatal(err)
			}
		},
		"a damaged file": func(t *testing.T, p place) {
			if err := os.WriteFile(p.installation, []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			old := p.openBox(t)
			old.Guard(nil)
			if err := old.Take(t.Context(), Hold{7, "old", "erp-01"}); err != nil {
				t.Fatal(err)
			}
			if _, err := old.Store(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			before, err := old.Active(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			file(t, p)
			inst, err := Adopt(t.Context(), p.database, p.installation)
			if err != nil || inst.ID == old.Installation().ID || !inst.bound {
				t.Fatalf("%+v, %v", inst, err)
			}
			if err := p.open(t); err != nil {
				t.Errorf("it does not open: %v", err)
			}
			if _, err := old.Store(t.Context(), []link.Delivery{aDelivery()}); !errors.Is(err, ErrStandBy) {
				t.Errorf("the old run writes: %v", err)
			}
			if err := old.Take(t.Context(), Hold{99, "old", "erp-01"}); link.CodeOf(err) != link.CodeForeignDatabase {
				t.Errorf("the old run takes it back: %v", err)
			}
			if now, err := old.Active(t.Context()); err != nil || now.Epoch <= before.Epoch || now.Moves <= before.Moves || now.Run != "" {
				t.Errorf("%+v after %+v, %v", now, before, err)
			}
			if _, err := os.Stat(p.installation + KeptSuffix); (err == nil) == (name == "no file") {
				t.Errorf("the file that was there: %v", err)
			}
		})
	}
}

// TestAdoptionCutShortIsDoneAgain without losing the file that was kept.
func TestAdoptionCutShortIsDoneAgain(t *testing.T) {
	p := newPlace(t)
	if err := p.open(t); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(p.installation)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(p.installation, p.installation+KeptSuffix); err != nil { // the fresh file is written, the mark is not
		t.Fatal(err)
	}
	fresh, err := OpenInstallation(p.installation)
	if err != nil {
		t.Fatal(err)
	}
	if inst, err := Adopt(t.Context(), p.database, p.installation); err != nil || inst.ID != fresh.ID {
		t.Errorf("%+v, %v", inst, err)
	}
	if now, err := os.ReadFile(p.installation + KeptSuffix); err != nil || string(now) != string(kept) {
		t.Errorf("the kept file was lost, %v", err)
	}
}

func TestAdoptNeedsAnInbox(t *testing.T) {
	p := newPlace(t)
	if _, err := Adopt(t.Context(), p.database, p.installation); link.CodeOf(err) != link.CodeNotFound {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(p.installation); err == nil {
		t.Error("a file was written")
	}
}
