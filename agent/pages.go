package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/google/uuid"

	"smartlink/agent/activation"
	"smartlink/agent/console"
	"smartlink/agent/executor"
	"smartlink/agent/inbox"
)

// pages is the console with its server.
type pages struct {
	console *console.Console
	server  *http.Server
	address string
	served  chan error
}

// openPages serves the console and, beside it, the local API.
func (h *Host) openPages(ctx context.Context) (*pages, error) {
	wizard := &activation.Wizard{Folder: h.folder, CA: h.cfg.CA, Lang: h.cfg.Lang, Clock: h.cfg.Clock, Check: h.cfg.Check}
	if connect := h.cfg.Connect; connect != nil {
		wizard.Connect = func(c activation.Credentials) (activation.Hub, error) {
			hub, err := connect(c)
			if err != nil {
				return nil, err
			}
			asked, ok := hub.(activation.Hub)
			if !ok {
				return nil, errors.New("this connection cannot be asked for apps")
			}
			return asked, nil
		}
	}
	for _, c := range h.cfg.Consumers {
		wizard.Types = append(wizard.Types, c.Type())
	}
	for _, c := range h.cfg.Outside {
		wizard.Types = append(wizard.Types, c.Type())
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", h.cfg.Console)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	p := &pages{address: "http://" + listener.Addr().String() + "/", served: make(chan error, 1)}
	p.console = console.New(console.Config{Wizard: wizard, Database: h.cfg.Database, Status: h.status, Try: h.try, Clock: h.cfg.Clock, Logger: h.cfg.Logger})
	wizard.LastRun = p.console.LastRun
	mux := http.NewServeMux()
	mux.Handle("/", h.followed(p.console))
	if api, err := openLocal(h.cfg.Installation, p.address, h.Agent, h.cfg.Logger); err != nil { // people are to see their pages all the same
		h.cfg.Logger.Error("there is no local API", "error", err)
	} else {
		mux.Handle(upstreamPath, api)
	}
	p.server = &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
	go func() { p.served <- p.server.Serve(listener) }()
	return p, nil
}

// followed has the host look, after what people did on the pages, whether the activation has changed.
func (h *Host) followed(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pages.ServeHTTP(w, r)
		if r.Method == http.MethodPost {
			h.wake.give()
		}
	})
}

// try executes a message through the console's own inbox, and undoes it.
func (h *Host) try(ctx context.Context, box *inbox.Box, message uuid.UUID) (executor.Trial, error) {
	figures, err := h.folder.Figures()
	if err != nil {
		return executor.Trial{}, err
	}
	exec, err := executor.New(executor.Config{Box: box, Consumers: h.cfg.Consumers, Outside: h.cfg.Outside, Retry: executor.Retry(figures), Clock: h.cfg.Clock, Logger: h.cfg.Logger})
	if err != nil {
		return executor.Trial{}, err
	}
	return exec.Try(ctx, message)
}

// close ends the server, then the console.
func (p *pages) close(ctx context.Context) error {
	err := p.server.Shutdown(ctx)
	if served := <-p.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return errors.Join(err, p.console.Close(ctx))
}

// Console is the address of the console; "": there is none.
func (h *Host) Console() string {
	if h.pages == nil {
		return ""
	}
	return h.pages.address
}

// status is how the agent is, for the console.
func (h *Host) status(ctx context.Context) console.Status {
	s := console.Status{Failure: h.Failure()}
	a := h.Agent()
	if a == nil {
		return s
	}
	s.Running = true
	standing := a.Standing()
	s.StandBy, s.Active, s.Copy = !standing.Active, standing.Host, standing.Copy
	s.Contact, s.Trouble = a.Contact()
	s.Outside = a.Outside()
	if refusedRun(standing.Trouble) {
		s.Failure = errors.Join(s.Failure, standing.Trouble)
	}
	metrics, err := a.Metrics(ctx)
	if err != nil {
		s.Failure = errors.Join(s.Failure, err)
	}
	s.Metrics = metrics
	if told := a.Told(); !told.At.IsZero() {
		s.Metrics, s.Told = told.Text, told.At
	}
	return s
}
