package hub_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smartlink/hub"
	"smartlink/link"
)

// authority is one of our own, that makes certificates for 127.0.0.1.
type authority struct {
	testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	last int64
}

func newAuthority(t testing.TB) *authority {
	a := &authority{TB: t}
	a.cert, a.key = a.make(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotAfter: time.Now().Add(time.Hour)})
	return a
}

func (a *authority) make(c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.must(err)
	a.last++
	c.SerialNumber, c.Subject, c.NotBefore = big.NewInt(a.last), pkix.Name{CommonName: "test"}, time.Now().Add(-time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	a.must(err)
	made, err := x509.ParseCertificate(der)
	a.must(err)
	return made, key
}

func (a *authority) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// write makes a certificate that lasts so long, writes it and its key, and answers its number.
func (a *authority) write(cert, key string, lasts time.Duration) int64 {
	a.Helper()
	c, k := a.make(&x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(lasts)})
	der, err := x509.MarshalPKCS8PrivateKey(k)
	a.must(err)
	a.must(os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), 0o600))
	a.must(os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	return a.last
}

// client trusts the authority and makes a new connection for each call.
func (a *authority) client(change ...func(*tls.Config)) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	cfg := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	for _, c := range change {
		c(cfg)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: cfg, ForceAttemptHTTP2: true, DisableKeepAlives: true}}
}

// serve runs a hub until the test ends.
func serve(t testing.TB, cfg hub.Config) *hub.Hub {
	t.Helper()
	if cfg.DataDir == "" {
		cfg.DataDir = t.TempDir()
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	h, err := hub.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

// TestTLSWithReload: a new certificate is used from the next connection on; one that cannot be used
// leaves the old one in place.
func TestTLSWithReload(t *testing.T) {
	a, dir, log := newAuthority(t), t.TempDir(), &lines{}
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	number := a.write(cert, key, 24*time.Hour)
	h := serve(t, hub.Config{TLSCert: cert, TLSKey: key, Logger: slog.New(slog.NewTextHandler(log, nil))})
	if !strings.HasPrefix(h.URL(), "https://127.0.0.1:") {
		t.Errorf("the hub's address is %s", h.URL())
	}
	if !strings.Contains(log.String(), "ends soon") {
		t.Error("nothing is said of a certificate that lasts a day")
	}
	shows := func(want int64) {
		t.Helper()
		resp, err := a.client().Get(h.URL() + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := resp.TLS.PeerCertificates[0].SerialNumber.Int64(); got != want || resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 {
			t.Errorf("certificate %d, want %d; %s %s", got, want, resp.Proto, resp.Status)
		}
	}
	shows(number)
	good, err := os.ReadFile(key)
	a.must(err)
	a.must(os.WriteFile(key, []byte("no key"), 0o600))
	shows(number)
	shows(number)
	if n := strings.Count(log.String(), "the old one stays"); n != 1 {
		t.Errorf("told %d times that the new one cannot be used", n)
	}
	a.must(os.Remove(cert))
	shows(number)
	a.must(os.WriteFile(key, good, 0o600))
	number = a.write(cert, key, 90*24*time.Hour)
	shows(number)
	resp, err := a.client().Get(h.URL() + "/metrics")
	a.must(err)
	b, err := io.ReadAll(resp.Body)
	a.must(err)
	if _ = resp.Body.Close(); !strings.Contains(string(b), "smartlink_tls_certificate_end_timestamp_seconds") {
		t.Error("the metrics do not tell when the certificate ends")
	}
}

// TestNothingPassesInTheClearWithTLS: neither plain HTTP nor an old protocol is served.
func TestNothingPassesInTheClearWithTLS(t *testing.T) {
	a, dir := newAuthority(t), t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	a.write(cert, key, time.Hour)
	h := serve(t, hub.Config{TLSCert: cert, TLSKey: key})
	resp, err := http.Get("http://" + h.Addr() + "/readyz")
	if err == nil {
		if _ = resp.Body.Close(); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("plain HTTP: %s", resp.Status)
		}
	}
	old := a.client(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 })
	if resp, err := old.Get(h.URL() + "/readyz"); err == nil {
		_ = resp.Body.Close()
		t.Error("TLS 1.1 is spoken")
	}
	if resp, err := http.Get(h.URL() + "/readyz"); err == nil {
		_ = resp.Body.Close()
		t.Error("a client trusts an authority that it does not know")
	}
}

// TestPlainHTTPIsForLoopbackOnly: other machines come in with TLS, or when that was asked for.
func TestPlainHTTPIsForLoopbackOnly(t *testing.T) {
	a, dir := newAuthority(t), t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	a.write(cert, key, time.Hour)
	data := t.TempDir()
	for _, listen := range []string{":0", "0.0.0.0:0"} {
		h, err := hub.Open(t.Context(), hub.Config{DataDir: data, Listen: listen})
		if link.CodeOf(err) != link.CodeInsecureListen {
			t.Fatalf("%s: %v", listen, err)
		}
		if h != nil {
			t.Error("a hub as well as an error")
		}
	}
	for _, cfg := range []hub.Config{
		{Listen: "127.0.0.1:0"}, {Listen: "localhost:0"}, {Listen: ":0", InsecureListen: true}, {Listen: ":0", TLSCert: cert, TLSKey: key},
	} {
		cfg.DataDir = data // each refusal and each stop has given it back
		h, err := hub.Open(t.Context(), cfg)
		if err != nil {
			t.Fatalf("%+v: %v", cfg, err)
		}
		if err := h.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for _, cfg := range []hub.Config{{TLSCert: cert}, {TLSKey: key}, {TLSCert: key, TLSKey: cert}, {TLSCert: cert + "x", TLSKey: key}} {
		cfg.DataDir = data
		if _, err := hub.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "TLS") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}
