package client_test

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"smartlink/client"
	"smartlink/link"
)

// How TestThroughAProxy tells itself, run once more with the proxy in its environment, what to do.
const (
	throughProxy = "CLIENT_TEST_THROUGH_PROXY"
	proxyUser    = "agent"
	proxySecret  = "p@ss:wörd"
)

// TestThroughAProxy has a client reach a hub, whose certificate is of an authority of one's own, only
// through a proxy that asks for a password. The environment's proxy is read once in a process's life, so
// the client is in one of its own.
func TestThroughAProxy(t *testing.T) {
	if ca := os.Getenv(throughProxy); ca != "" {
		c, err := client.New(client.Config{
			Server: "https://example.com", CA: ca, ClientID: link.NewClientID(), Secret: "s", Retry: client.Retry{Attempts: 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Setup(t.Context(), link.SetupRequest{Subscriptions: []string{"FinLanIncDataCommand"}}); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Parallel()
	hub := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer := `{"subscriptions":["FinLanIncDataCommand"]}`
		if strings.HasSuffix(r.URL.Path, "/connect/token") {
			answer = `{"access_token":"t","token_type":"Bearer","expires_in":300}`
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer hub.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: hub.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(tunnel(hub.Listener.Addr().String()))
	defer proxy.Close()

	run := func(user *url.Userinfo) (string, error) {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestThroughAProxy$") //nolint:gosec // this program
		address := url.URL{Scheme: "http", User: user, Host: proxy.Listener.Addr().String()}
		cmd.Env = append(os.Environ(), throughProxy+"="+ca, "HTTPS_PROXY="+address.String(), "NO_PROXY=")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run(url.UserPassword(proxyUser, proxySecret)); err != nil {
		t.Errorf("with the password: %v: %s", err, out)
	}
	if out, err := run(url.UserPassword(proxyUser, "wrong")); err == nil || !strings.Contains(out, "Proxy Authentication Required") {
		t.Errorf("with a wrong password: %v: %s", err, out)
	}
}

// tunnel is a proxy that lets those with the password through to one address, whatever they name.
func tunnel(to string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
		if user, secret, _ := r.BasicAuth(); user != proxyUser || secret != proxySecret {
			w.Header().Set("Proxy-Authenticate", "Basic")
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		if r.Method != http.MethodConnect || r.Host != "example.com:443" {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		there, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", to)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = there.Close() }()
		here, sent, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = here.Close() }()
		if _, err := io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
			return
		}
		go func() { _, _ = io.Copy(there, sent); _ = there.Close() }() // what the server has read ahead comes first
		_, _ = io.Copy(here, there)
	})
}
