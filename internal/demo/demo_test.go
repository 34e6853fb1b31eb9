package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/inbox"
	"smartlink/client"
	"smartlink/examples"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

func quiet(t *testing.T, dir string) Config {
	return Config{Dir: dir, Listen: "127.0.0.1:0", Out: t.Output(), Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))}
}

// query reads one number from the books.
func query(t *testing.T, file, sql string, args ...any) (n int) {
	t.Helper()
	db, err := sqldb.OpenSQLite(t.Context(), file, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEveryRunOnOneFolderComesToTheSame(t *testing.T) {
	dir := t.TempDir()
	for run := 1; run <= 2; run++ {
		var out bytes.Buffer
		cfg := quiet(t, dir)
		cfg.Out = &out
		figures, err := Run(t.Context(), cfg)
		if err != nil || figures != expected {
			t.Fatalf("run %d: %s, %v\n%s", run, figures, err, out.String())
		}
		rest := out.String()
		for _, want := range []string{
			fmt.Sprintf("booked: FLAN 1;%d\n", run), fmt.Sprintf("booked: FLAN 1;%d\n", run), fmt.Sprintf("booked: FXCX 1;%d\n", run), fmt.Sprintf("booked: FXCX 1;%d\n", run),
			fmt.Sprintf("booked: CLANCAMENTO 1;10;%d\n", run), fmt.Sprintf("booked: CLANCAMENTO 1;10;%d\n", run), "rejected, nothing was written",
			"RM-CCUSTO-INACTIVE", "RM-HISTP-INACTIVE", "RM-CONTA-UNKNOWN", "RM-CONTA-SYNTHETIC", "RM-ENTRY-UNBALANCED",
			fmt.Sprintf("duplicate: was booked as FLAN 1;%d by", run), "ACCOUNT", "4.1.03.001", "TOTAL",
		} {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Fatalf("run %d does not show %q where it should:\n%s", run, want, out.String())
			}
			rest = after
		}
		file := filepath.Join(dir, "rm.db")
		for table, each := range map[string]int{"FLAN": 1, "FXCX": 1, "CLANCAMENTO": 1, "CPARTIDA": 2, "SMARTLINKRESULT WHERE OUTCOME = 'rejected'": 1} {
			if n := query(t, file, `SELECT COUNT(*) FROM `+table); n != run*each {
				t.Errorf("after run %d: %d of %s", run, n, table)
			}
		}
	}
}

func TestFolderInUseIsRefused(t *testing.T) {
	dir := t.TempDir()
	w, err := Open(t.Context(), quiet(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), quiet(t, dir)); link.CodeOf(err) != link.CodeDataInUse {
		t.Errorf("second demo on one folder: %v", err)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestPostmanFileIsFilledAndPrivate: what Postman imports names this demo and its log-ins.
func TestPostmanFileIsFilledAndPrivate(t *testing.T) {
	dir := t.TempDir()
	w, err := Open(t.Context(), quiet(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close(context.Background()) }()
	name := filepath.Join(dir, PostmanFile)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		Values []struct{ Key, Value string }
	}
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	for _, v := range e.Values {
		if v.Value == "" || v.Key == "server" && v.Value != w.Env.Server || v.Key == "clientId" && v.Value != w.Env.Postman.ID {
			t.Errorf("%s is %q", v.Key, v.Value)
		}
	}
	if s, err := os.Stat(name); err != nil || (runtime.GOOS != "windows" && s.Mode().Perm() != 0o600) || len(e.Values) != 7 {
		t.Errorf("mode %v, %d values, %v", s.Mode(), len(e.Values), err)
	}
}

func TestEnvFileIsPrivateAndComesBack(t *testing.T) {
	dir := t.TempDir()
	v := Env{Server: "http://127.0.0.1:1", APIKey: "k", Tenant: TenantID, Run: "3", Curl: Login{"id", "secret"}}
	if err := writeEnv(dir, v); err != nil {
		t.Fatal(err)
	}
	if got, err := readEnv(dir); err != nil || got != v {
		t.Errorf("%+v, %v", got, err)
	}
	if s, err := os.Stat(filepath.Join(dir, EnvFile)); err != nil || (runtime.GOOS != "windows" && s.Mode().Perm() != 0o600) {
		t.Errorf("mode %v, %v", s.Mode(), err)
	}
}

// TestRefuseReprocessResendCopyBookedOnce: a command is refused for its unknown supplier. Then the
// supplier is made, and the command is reprocessed in the agent, resent by Gesplan and copied at the
// hub, all at the same time. It is booked once; the other two are answered as duplicates of that one.
func TestRefuseReprocessResendCopyBookedOnce(t *testing.T) {
	w, err := Open(t.Context(), quiet(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := w.Gesplan.Setup(ctx, link.SetupRequest{Subscriptions: responses(Commands)}); err != nil {
		t.Fatal(err)
	}
	body, document, err := examples.Numbered(examples.FinLanInc, "-once")
	if err != nil {
		t.Fatal(err)
	}
	var supplier struct {
		Data struct {
			CodColCfo int
			CodCfo    string
		}
	}
	if err := json.Unmarshal(body, &supplier); err != nil {
		t.Fatal(err)
	}
	const unknown = "F-NOVO"
	body = bytes.ReplaceAll(body, []byte(`"`+supplier.Data.CodCfo+`"`), []byte(`"`+unknown+`"`))
	send := func() uuid.UUID {
		r, err := w.Gesplan.Send(ctx, client.Message{Type: examples.Type(examples.FinLanInc), Body: body})
		if err != nil {
			t.Error(err)
		}
		return r.MessageID
	}

	first := send()
	answers := map[uuid.UUID][]link.AnswerData{}
	collect(ctx, t, w.Gesplan, answers, func() bool { return len(answers[first]) == 1 })
	if a := answers[first][0]; a.Status != link.ERPRejected {
		t.Fatalf("first answer %+v", a)
	}

	makeSupplier(t, w.Books, supplier.Data.CodColCfo, supplier.Data.CodCfo, unknown)
	var resent, copied uuid.UUID
	var wg sync.WaitGroup
	wg.Go(func() { resent = send() })
	wg.Go(func() {
		r, err := w.Admin.Copy(ctx, uuid.Nil, first, link.CopyRequest{Reason: "supplier made"})
		if err != nil {
			t.Error(err)
		}
		copied = r.MessageID
	})
	wg.Go(func() {
		box, err := inbox.Attach(ctx, w.Books, nil)
		if err != nil {
			t.Error(err)
			return
		}
		if err := errors.Join(box.Desk("ana").Reprocess(ctx, first), box.Close(ctx)); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	if t.Failed() {
		return
	}
	collect(ctx, t, w.Gesplan, answers, func() bool {
		return len(answers[first]) == 2 && len(answers[resent]) == 1 && len(answers[copied]) == 1
	})

	last := []link.AnswerData{answers[first][1], answers[resent][0], answers[copied][0]}
	count := map[link.ERPState]int{}
	for _, a := range last {
		count[a.Status]++
		if a.Key != last[0].Key || a.Key == "" {
			t.Errorf("key %q, another answer says %q", a.Key, last[0].Key)
		}
	}
	if count[link.ERPDone] != 1 || count[link.ERPDuplicate] != 2 {
		t.Errorf("outcomes %v", count)
	}
	if n := query(t, w.Books, `SELECT COUNT(*) FROM FLAN WHERE NUMERODOCUMENTO = ?`, document); n != 1 {
		t.Errorf("booked %d times", n)
	}
	trace, err := w.Gesplan.Trace(ctx, copied)
	if err != nil || trace.RootID != first || trace.CreatedBy == "" {
		t.Errorf("copy %+v, %v", trace, err)
	}
}

// collect reads answers, in the order of their outcome numbers, until done.
func collect(ctx context.Context, t *testing.T, c *client.Client, answers map[uuid.UUID][]link.AnswerData, done func() bool) {
	t.Helper()
	for !done() {
		got, err := c.Get(ctx, client.GetOptions{Max: 10, Wait: 5 * time.Second})
		if err != nil {
			t.Fatalf("answers so far %v: %v", answers, err)
		}
		for _, d := range got {
			var a link.AnswerBody
			if err := json.Unmarshal(d.Message.Body, &a); err != nil {
				t.Fatal(err)
			}
			answers[a.Header.AnswerTo] = append(answers[a.Header.AnswerTo], a.Data)
			ok := true
			if err := c.AckOne(ctx, link.Settlement{DeliveryTag: d.Tag, Ack: &ok}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// makeSupplier adds a supplier like another one to the books' master data.
func makeSupplier(t *testing.T, books string, company int, like, code string) {
	t.Helper()
	db, err := sqldb.OpenSQLite(t.Context(), books, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{`CREATE TEMP TABLE fresh AS SELECT * FROM FCFO WHERE CODCOLIGADA = ? AND CODCFO = ?`, []any{company, like}},
		{`UPDATE fresh SET CODCFO = ?`, []any{code}},
		{`INSERT INTO FCFO SELECT * FROM fresh`, nil},
	} {
		if _, err := tx.ExecContext(t.Context(), q.sql, q.args...); err != nil {
			t.Fatalf("%s: %v", q.sql, err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}
