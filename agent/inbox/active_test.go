package inbox

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
	"smartlink/link"
)

// openBox opens the inbox of a place, as one of several runs.
func (p place) openBox(t *testing.T) *Box {
	t.Helper()
	b, err := Open(t.Context(), p.config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close(context.Background()) })
	return b
}

func aDelivery() link.Delivery {
	id := link.NewID()
	return link.Delivery{Tag: 1, Message: link.Message{ID: id, RootID: id, TenantID: uuid.New(), Type: "BookCommand", Body: []byte(`{}`)}}
}

// TestNeverWritesBesideTheActiveRun opens one database as two runs would, and lets every way to write
// be tried by the one that is not active.
func TestNeverWritesBesideTheActiveRun(t *testing.T) {
	p := newPlace(t)
	first, second := p.openBox(t), p.openBox(t)
	sure := true
	first.Guard(func() bool { return sure })
	second.Guard(nil)
	ctx := t.Context()
	writes := map[string]func(b *Box) error{
		"store":     func(b *Box) error { _, err := b.Store(ctx, []link.Delivery{aDelivery()}); return err },
		"claim":     func(b *Box) error { _, err := b.Claim(ctx, "job", 1, func(string) bool { return true }); return err },
		"recover":   func(b *Box) error { _, _, err := b.Recover(ctx, 3); return err },
		"give back": func(b *Box) error { return b.GiveBack(ctx, []*Row{{}}) },
		"execute": func(b *Box) error {
			tx, err := b.Begin(ctx)
			if err == nil {
				tx.Rollback(ctx)
			}
			return err
		},
		"sent":     func(b *Box) error { return b.Sent(ctx, []*Row{{}}, nil) },
		"metrics":  func(b *Box) error { return b.PutMetrics(ctx, "text/plain", []byte("x")) },
		"reported": func(b *Box) error { return b.Reported(ctx, []link.StatusItem{{ID: uuid.New()}}) },
		"move":     func(b *Box) error { return b.Move(ctx) },
	}
	try := func(when string, b *Box, want error) {
		t.Helper()
		for name, write := range writes {
			if err := write(b); !errors.Is(err, want) {
				t.Errorf("%s, %s: %v", when, name, err)
			}
		}
	}
	try("before anything was taken", first, ErrStandBy)
	if err := first.Take(ctx, Hold{1, "first", "ana"}); err != nil {
		t.Fatal(err)
	}
	active := func(when string, want Hold) {
		t.Helper()
		for range 2 {
			if a, err := first.Active(ctx); err != nil || a.Hold != want || a.Since.IsZero() {
				t.Errorf("%s: %+v, %v", when, a, err)
			}
		}
	}
	active("taken", Hold{1, "first", "ana"})
	try("taken", first, nil)
	try("the other", second, ErrStandBy)
	sure = false
	try("not sure", first, ErrStandBy)
	sure = true
	if err := second.Take(ctx, Hold{2, "second", "bia"}); err != nil {
		t.Fatal(err)
	}
	if first.Lost() {
		t.Error("lost without having looked")
	}
	active("taken by the other", Hold{2, "second", "bia"})
	try("taken by the other", first, ErrStandBy)
	if !first.Lost() || second.Lost() {
		t.Errorf("lost: %t, %t", first.Lost(), second.Lost())
	}
	try("the new one", second, nil)
	for _, h := range []Hold{{1, "first", "ana"}, {2, "first", "ana"}} {
		if err := first.Take(ctx, h); !errors.Is(err, ErrStandBy) {
			t.Errorf("an old epoch takes the inbox: %v", err)
		}
	}
	if err := second.Take(ctx, Hold{2, "second", "bia"}); err != nil {
		t.Errorf("its own epoch again: %v", err)
	}
	second.Drop()
	try("dropped", second, ErrStandBy)
	if err := first.Take(ctx, Hold{3, "first", "ana"}); err != nil || first.Lost() {
		t.Errorf("%v", err)
	}
	try("taken back", first, nil)
	active("taken back", Hold{3, "first", "ana"})
}

// TestAnOlderStateOfTheDatabaseShows: what is taken, and what is moved, raises Moves; nothing lowers it.
func TestAnOlderStateOfTheDatabaseShows(t *testing.T) {
	p := newPlace(t)
	b := p.openBox(t)
	ctx := t.Context()
	moves := func() int64 {
		t.Helper()
		a, err := b.Active(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return a.Moves
	}
	last := moves()
	for _, step := range []func() error{
		func() error { return b.Take(ctx, Hold{1, "run", "ana"}) },
		func() error { return b.Move(ctx) },
		func() error { return b.Take(ctx, Hold{5, "other", "ana"}) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
		if now := moves(); now <= last {
			t.Errorf("moves went from %d to %d", last, now)
		}
		last = moves()
	}
	before := b.Commits()
	if _, err := b.Store(ctx, []link.Delivery{aDelivery()}); err != nil || b.Commits() != before+1 {
		t.Errorf("%d commits after %d, %v", b.Commits(), before, err)
	}
}

// TestEachConnectionCountsChangesByItself: what was read by way of one is read again after it was lost.
func TestEachConnectionCountsChangesByItself(t *testing.T) {
	sqltest.On(t, sqldb.SQLite)
	p := newPlace(t)
	b := p.openBox(t)
	ctx := t.Context()
	for epoch := range int64(5) {
		if err := b.Take(ctx, Hold{epoch + 1, "run", "ana"}); err != nil {
			t.Fatal(err)
		}
		if f, err := b.Look(ctx); err != nil || !f.Changed {
			t.Errorf("%+v, %v", f, err)
		}
		if a, err := b.Active(ctx); err != nil || a.Epoch != epoch+1 {
			t.Errorf("%+v, %v", a, err)
		}
		discard(b.lookout.version.conn)
		if f, err := b.Look(ctx); err == nil {
			t.Errorf("without a connection: %+v", f)
		}
	}
}

// TestAttachedInboxIsNotGuarded: what people do beside a running agent asks for no lease.
func TestAttachedInboxIsNotGuarded(t *testing.T) {
	p := newPlace(t)
	b := p.openBox(t)
	b.Guard(nil)
	if err := b.Take(t.Context(), Hold{1, "run", "ana"}); err != nil {
		t.Fatal(err)
	}
	d := aDelivery()
	if _, err := b.Store(t.Context(), []link.Delivery{d}); err != nil {
		t.Fatal(err)
	}
	desk, err := Attach(t.Context(), p.database, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = desk.Close(context.Background()) }()
	if err := desk.Desk("ana").Reprocess(t.Context(), d.Message.ID); link.CodeOf(err) != link.CodeNotNow { // it is stored: its state says no
		t.Errorf("%v", err)
	}
}

func TestOldInstallationFileGetsAnInstance(t *testing.T) {
	p := newPlace(t)
	if err := p.open(t); err != nil {
		t.Fatal(err)
	}
	inst, err := ReadInstallation(p.installation)
	if err != nil || inst.Instance == uuid.Nil {
		t.Fatalf("%+v, %v", inst, err)
	}
	inst.Instance = uuid.Nil
	if err := inst.write(); err != nil {
		t.Fatal(err)
	}
	if err := p.open(t); err != nil {
		t.Fatal(err)
	}
	if now, err := ReadInstallation(p.installation); err != nil || now.Instance == uuid.Nil || now.ID != inst.ID {
		t.Errorf("%+v, %v", now, err)
	}
}
