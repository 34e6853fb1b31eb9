package executor

import (
	"context"
	"testing"

	"smartlink/agent/inbox"
	"smartlink/agent/internal/agenttest"
	"smartlink/consumer"
	"smartlink/internal/clock"
	"smartlink/link"
)

// TestUniqueIndexesHaveTheLastWord: an executor that finds no earlier booking, as one would that
// looked a moment too early, still books nothing twice.
func TestUniqueIndexesHaveTheLastWord(t *testing.T) {
	for name, second := range map[string]func(first link.Delivery) link.Delivery{
		"root": func(d link.Delivery) link.Delivery {
			return agenttest.Delivery("a", func(m *link.Message) { m.RootID = d.Message.RootID })
		},
		"business key": func(link.Delivery) link.Delivery { return agenttest.Delivery("a", agenttest.BusinessKey("k")) },
	} {
		t.Run(name, func(t *testing.T) {
			files := agenttest.NewFiles(t)
			box := files.Open(t, clock.NewFake(agenttest.Start))
			e, err := New(Config{Box: box, Consumers: []consumer.Consumer{&agenttest.Booker{}}, BatchSize: 2})
			if err != nil {
				t.Fatal(err)
			}
			e.findDone = func(context.Context, *inbox.Tx, *link.Message, inbox.Hashes) (*inbox.Done, error) { return nil, nil }
			first := agenttest.Delivery("a", agenttest.BusinessKey("k"))
			again := second(first)
			if _, err := box.Store(t.Context(), []link.Delivery{first, again}); err != nil {
				t.Fatal(err)
			}
			if n, err := e.Drain(t.Context()); err != nil || n != 2 {
				t.Fatal(n, err)
			}
			if n := files.Int(t, `SELECT COUNT(*) FROM BOOK`); n != 1 {
				t.Errorf("booked %d times", n)
			}
			if s := files.Text(t, `SELECT OUTCOME || ' ' || ERPKEY FROM SMARTLINKRESULT WHERE IDMESSAGE = ?`, again.Message.ID.String()); s != "duplicate 1;1" {
				t.Errorf("the second was answered %q", s)
			}
		})
	}
}

func TestControls(t *testing.T) {
	for query, want := range map[string]bool{
		`SELECT 1`: false, `INSERT INTO T VALUES ('; COMMIT')`: false, `SELECT "; COMMIT", [; COMMIT] -- ; COMMIT`: false,
		`/* ; */ UPDATE T SET COMMITTED = 1`: false, ``: false, `-- only a comment`: false, `COMMITTED`: false, "SELECT `; END`": false,
		`Commit`: true, `;;end`: true, "-- x\n ROLLBACK": true, `SELECT 'a''b'; release x`: true, `SELECT 1 /* ; */ ; begin`: true,
		`/* unclosed`: false, `SELECT 4-2; vacuum`: true, `SELECT 4/2; attach x as y`: true,
	} {
		if controls(query) != want {
			t.Errorf("%q: %v", query, !want)
		}
	}
}

// TestMentionsControl: in SQL Server a statement ends where the next begins.
func TestMentionsControl(t *testing.T) {
	for query, want := range map[string]bool{
		`SELECT 1`: false, `INSERT INTO T VALUES ('; COMMIT')`: false, `SELECT "COMMIT", [ROLLBACK] -- COMMIT`: false, ``: false,
		`UPDATE T SET COMMITTED = 1, A_COMMIT = 2, COMMIT_A = 3`: false, `SELECT @commit, #tran, 1e5`: false, `/* commit */ SELECT 'a''b commit'`: false,
		`IF 1 = 1 BEGIN SELECT 1 END`: false, `SELECT CASE WHEN 1 = 1 THEN 1 ELSE 0 END`: false, `[unclosed`: false, `'commit`: false,
		`SELECT 1 COMMIT`: true, `commit`: true, `BEGIN TRAN`: true, `save transaction x`: true, `SELECT 'a' rollback`: true, `SELECT(1)commit`: true,
	} {
		if mentionsControl(query) != want {
			t.Errorf("%q: %v", query, !want)
		}
	}
}

// FuzzControls: it ends, and what follows a harmless statement is looked at.
func FuzzControls(f *testing.F) {
	for _, s := range []string{"", "SELECT 1", "'", "\"a\"", "--", "/*", "[", ";"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, _ = controls(s), mentionsControl(s)
		if !controls("COMMIT" + ";" + s) {
			t.Errorf("%q", s)
		}
	})
}

func TestClipKeepsWholeCharacters(t *testing.T) {
	for s, want := range map[string]string{"abc": "abc", "abcd": "abc…", "abç": "ab…", "aéé": "aé…", "a€": "a…"} {
		if got := clip(s, 3); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestLogIsBounded(t *testing.T) {
	m := memory{clock: clock.NewFake(agenttest.Start)}
	for range maxLines + 5 {
		m.Warn("100%")
	}
	lines := m.all()
	if len(lines) != maxLines+1 || lines[0].Text != "100%" || lines[maxLines].Text != "5 more lines had no room" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1].Text)
	}
}
