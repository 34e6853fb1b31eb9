// Package rmhost is a stand-in for the host of a live RM: the web services by which a program saves,
// reads and finds entries, over books of its own. Developers and tests run it; nothing of the product does.
//
// It speaks what public sources show of RM: SOAP with data sets (SaveRecord, ReadRecord, ReadView), REST for
// accounting entries, numbers in the culture of the machine, ids made on saving, errors as Portuguese texts.
// It is stricter than an RM may be: what it does not know it refuses, so that a mistake shows.
// And it misbehaves as hosts do, when told: see Trouble.
package rmhost

import (
	"cmp"
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"smartlink/internal/clock"
	"smartlink/internal/sqldb"
	"smartlink/rm/schema"
)

// Defaults of Options.
const (
	DefaultUser     = "smartlink"
	DefaultPassword = "smartlink"
	DefaultSlow     = time.Second
	DefaultLate     = 30 * time.Second
)

// maxBody bounds a request, in bytes.
const maxBody = 8 << 20

// Options say how a host is set up. The zero value is a pt-BR host that does not misbehave.
type Options struct {
	Culture        Culture // empty: PTBR
	User, Password string  // HTTP Basic, wanted on every call; empty: DefaultUser, DefaultPassword
	// SessionCalls is how many calls a session lasts that AutenticaAcesso began; without one every call is
	// refused. 0: no session is needed.
	SessionCalls int
	// Troubles are how many of a hundred calls, of those it can happen to, meet each trouble, drawn by Seed.
	Troubles map[Trouble]int
	Seed     uint64
	Slow     time.Duration // how long Slow takes; 0: DefaultSlow
	Late     time.Duration // how long after its caller has gone Late saves; 0: DefaultLate
	Clock    clock.Clock   // nil: the machine's
	Logger   *slog.Logger  // a line for each call; nil: none
}

// Host answers the web services. It is an http.Handler.
type Host struct {
	opt      Options
	db       *sql.DB
	sessions sessions
	troubles troubles

	closing context.Context // ends when the host closes
	close   context.CancelFunc
	late    sync.WaitGroup // saves whose callers have gone
}

// Open opens a host's books, a SQLite file with the reference schema and its master data; they are made
// where they are missing. ":memory:" keeps them in memory.
func Open(ctx context.Context, path string, opt Options) (*Host, error) {
	opt.Culture = cmp.Or(opt.Culture, PTBR)
	opt.User, opt.Password = cmp.Or(opt.User, DefaultUser), cmp.Or(opt.Password, DefaultPassword)
	opt.Slow, opt.Late = cmp.Or(opt.Slow, DefaultSlow), cmp.Or(opt.Late, DefaultLate)
	if opt.Clock == nil {
		opt.Clock = clock.Real
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if err := errors.Join(opt.Culture.check(), checkTroubles(opt.Troubles)); err != nil {
		return nil, err
	}
	db, err := sqldb.OpenSQLite(ctx, path, 1) // one writer, as its transactions are
	if err != nil {
		return nil, err
	}
	if err := errors.Join(schema.Migrate(ctx, db), schema.Seed(ctx, db)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	h := &Host{opt: opt, db: db}
	h.closing, h.close = context.WithCancel(context.WithoutCancel(ctx))
	h.sessions.calls = opt.SessionCalls
	h.troubles.begin(opt.Troubles, opt.Seed)
	return h, nil
}

// Close drops the saves that are still to come late, and closes the books.
func (h *Host) Close() error {
	h.close()
	h.late.Wait()
	return h.db.Close()
}

// DB is the host's books, for who counts what is in them or changes the master data. It has one connection.
func (h *Host) DB() *sql.DB { return h.db }

// answer is an HTTP answer.
type answer struct {
	status int
	kind   string // content type
	body   []byte
	what   string // for the log: the key, or why not
}

// call is a request that was understood.
type call struct {
	name string // for the log
	save bool   // it changes the books
	do   func(ctx context.Context) answer
	// refused answers what the host says without doing anything: a fault of SOAP, an error of REST.
	refused func(status int, text string) answer
}

// ServeHTTP answers one call, or misbehaves.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the request is incomplete or longer than 8 MiB", http.StatusBadRequest)
		return
	}
	if user, password, ok := r.BasicAuth(); !ok || !same(user, h.opt.User) || !same(password, h.opt.Password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="RM"`)
		http.Error(w, "Usuário ou senha inválidos.", http.StatusUnauthorized)
		return
	}
	if logsIn(r) {
		h.logIn(w)
		return
	}
	c, refused := h.understand(r, body)
	if c == nil {
		h.reply(w, r, "", refused)
		return
	}
	trouble := h.troubles.draw(c.save)
	if !h.sessions.use(r) || trouble == SessionEnds {
		h.sessions.end(r)
		h.reply(w, r, c.name, c.refused(http.StatusUnauthorized, "A sessão do usuário expirou ou é inválida. Autentique-se novamente."))
		return
	}
	h.answer(w, r, c, trouble)
}

// answer does a call with the trouble that was drawn for it.
func (h *Host) answer(w http.ResponseWriter, r *http.Request, c *call, trouble Trouble) {
	if trouble != "" {
		h.opt.Logger.Info("trouble", "call", c.name, "trouble", string(trouble))
	}
	// What a caller has asked for is done, also when it does not wait for the answer.
	ctx := context.WithoutCancel(r.Context())
	switch trouble {
	case Unavailable:
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
		return
	case FaultBefore, ReadFault:
		h.reply(w, r, c.name, c.refused(http.StatusInternalServerError, "Tempo limite de execução expirado ao acessar o banco de dados."))
		return
	case CloseBefore, ReadClose:
		panic(http.ErrAbortHandler)
	case Late:
		h.later(r, c)
		panic(http.ErrAbortHandler)
	case Slow:
		if !h.wait(h.opt.Slow) {
			panic(http.ErrAbortHandler)
		}
	}
	a := c.do(ctx)
	switch trouble {
	case FaultAfter:
		a = c.refused(http.StatusInternalServerError, "Erro ao executar o pós-processamento da operação.")
	case CloseAfter:
		panic(http.ErrAbortHandler)
	case TornAfter:
		w.Header().Set("Content-Type", a.kind)
		w.Header().Set("Content-Length", fmt.Sprint(len(a.body)))
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	h.reply(w, r, c.name, a)
}

// later has a call done some time after its caller has given up waiting.
func (h *Host) later(r *http.Request, c *call) {
	select {
	case <-r.Context().Done():
	case <-h.closing.Done():
		return
	}
	h.late.Go(func() {
		if h.wait(h.opt.Late) {
			a := c.do(h.closing)
			h.opt.Logger.Info("done late", "call", c.name, "answer", a.what)
		}
	})
}

// Wait waits until the saves that come late are done.
func (h *Host) Wait() { h.late.Wait() }

// wait lets time pass; false when the host closes before.
func (h *Host) wait(d time.Duration) bool {
	timer := h.opt.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
		return true
	case <-h.closing.Done():
		return false
	}
}

// reply writes an answer.
func (h *Host) reply(w http.ResponseWriter, r *http.Request, name string, a answer) {
	h.opt.Logger.Info("call", "call", cmp.Or(name, r.Method+" "+r.URL.Path), "status", a.status, "answer", a.what)
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// understand finds what a request asks for; without a call the answer says why not.
func (h *Host) understand(r *http.Request, body []byte) (*call, answer) {
	if rest(r) {
		return h.understandREST(r, body)
	}
	return h.understandSOAP(r, body)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// refusal is a text that a save answers in place of a key.
type refusal string

func (r refusal) Error() string { return string(r) }

// said is a text for the caller that is no answer to a save.
type said string

func (s said) Error() string { return string(s) }

func says(format string, args ...any) error { return said(fmt.Sprintf(format, args...)) }

// inTx runs f in a transaction of the books, all or nothing.
func (h *Host) inTx(ctx context.Context, f func(b *books) error) error {
	tx, err := h.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := f(&books{Bound: sqldb.Bind(tx, sqldb.SQLite), culture: h.opt.Culture, now: h.opt.Clock.Now()}); err != nil {
		return err
	}
	return tx.Commit()
}
