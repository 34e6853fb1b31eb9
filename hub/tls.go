package hub

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"smartlink/internal/clock"
)

// certificate is a certificate with its key in two files. When they change, new connections get the
// new one; while the two do not fit together, as in the middle of a replacement, the old one stays.
type certificate struct {
	certFile, keyFile string
	clock             clock.Clock
	log               *slog.Logger

	mu   sync.Mutex
	now  *tls.Certificate
	seen [2]os.FileInfo // the files when they were last read, with success or not
}

// loadCertificate reads a certificate. Both files must be given and fit together.
func loadCertificate(cfg Config) (*certificate, error) {
	if cfg.TLSCert == "" || cfg.TLSKey == "" {
		return nil, errors.New("TLS needs both a certificate and its key")
	}
	c := &certificate{certFile: cfg.TLSCert, keyFile: cfg.TLSKey, clock: cfg.Clock, log: cfg.Logger}
	seen, err := c.look()
	if err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	c.take(&pair, seen)
	return c, nil
}

// soon is how long before its end a certificate is warned of.
const soon = 14 * 24 * time.Hour

func (c *certificate) take(pair *tls.Certificate, seen [2]os.FileInfo) {
	c.now, c.seen = pair, seen
	if until := pair.Leaf.NotAfter; until.Sub(c.clock.Now()) < soon {
		c.log.Warn("the TLS certificate ends soon, or has ended", "file", c.certFile, "until", until)
	}
}

// ends tells in /metrics when the certificate in use ends.
func (c *certificate) ends() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "smartlink_tls_certificate_end_timestamp_seconds", Help: "When the certificate in use ends.",
	}, func() float64 {
		pair, _ := c.get(nil)
		return float64(pair.Leaf.NotAfter.Unix())
	})
}

// config is what the server needs.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}

// get answers the certificate for a new connection. To look at two files costs nothing beside a
// handshake.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen, err := c.look()
	if err != nil || !changed(seen, c.seen) {
		return c.now, nil // a file that is being replaced may be missing for a moment
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		c.seen = seen // told once
		c.log.Warn("the new TLS certificate cannot be used; the old one stays", "file", c.certFile, "error", err)
		return c.now, nil
	}
	c.log.Info("new TLS certificate", "file", c.certFile, "until", pair.Leaf.NotAfter)
	c.take(&pair, seen)
	return c.now, nil
}

func (c *certificate) look() (seen [2]os.FileInfo, err error) {
	for i, name := range []string{c.certFile, c.keyFile} {
		if seen[i], err = os.Stat(name); err != nil {
			return seen, err
		}
	}
	return seen, nil
}

func changed(a, b [2]os.FileInfo) bool {
	for i := range a {
		if !os.SameFile(a[i], b[i]) || a[i].Size() != b[i].Size() || !a[i].ModTime().Equal(b[i].ModTime()) {
			return true
		}
	}
	return false
}
