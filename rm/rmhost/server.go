package rmhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"smartlink/internal/datadir"
)

// BooksFile is the name of a host's books in its folder.
const BooksFile = "rm.db"

// Server runs a host of its own at a loopback address. Start opens it, Stop ends it.
type Server struct {
	listen, dir string
	opt         Options

	lock     *datadir.Lock
	host     *Host
	listener net.Listener
	server   *http.Server
	served   chan error
}

// NewServer makes a server; nothing is opened yet. dir is made where it is missing.
func NewServer(listen, dir string, opt Options) *Server {
	return &Server{listen: listen, dir: dir, opt: opt, served: make(chan error, 1)}
}

// ErrNotLoopback says that a stand-in was to be reached by other machines.
var ErrNotLoopback = errors.New("a stand-in listens on loopback addresses only, such as 127.0.0.1:8051")

// Start opens the books and serves.
func (s *Server) Start(ctx context.Context) (err error) {
	if s.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", s.listen); err != nil {
		return fmt.Errorf("rm host: %w", err)
	}
	if a, ok := s.listener.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		return ErrNotLoopback
	}
	if s.lock, err = datadir.Acquire(s.dir); err != nil {
		return err
	}
	if s.host, err = Open(ctx, s.Books(), s.opt); err != nil {
		return err
	}
	s.server = &http.Server{
		Handler: s.host, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(s.host.opt.Logger.Handler(), slog.LevelDebug),
	}
	go func() { s.served <- s.server.Serve(s.listener) }()
	return nil
}

// URL is where it serves, once started.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Books is the file of its books.
func (s *Server) Books() string { return filepath.Join(s.dir, BooksFile) }

// Stop ends what is under way, drops what was to be saved late, and closes the books.
func (s *Server) Stop(ctx context.Context) error {
	var errs []error
	switch {
	case s.server != nil:
		s.host.close() // who waits to be late need not
		errs = append(errs, s.server.Shutdown(ctx))
		if err := <-s.served; !errors.Is(err, http.ErrServerClosed) {
			errs = append(errs, err)
		}
	case s.listener != nil:
		errs = append(errs, s.listener.Close())
	}
	if s.host != nil {
		errs = append(errs, s.host.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Release())
	}
	return errors.Join(errs...)
}
