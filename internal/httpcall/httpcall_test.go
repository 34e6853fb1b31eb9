package httpcall

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestWhetherItMayHaveReached: an address where nobody listens was not reached; one that closes the connection
// on a request may have seen it; an answer that is longer than was asked for is cut one byte behind.
func TestWhetherItMayHaveReached(t *testing.T) {
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + deaf.Addr().String()
	if err := deaf.Close(); err != nil {
		t.Fatal(err)
	}
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/close":
			panic(http.ErrAbortHandler)
		case "/busy":
			w.Header().Set("Retry-After", "90")
			http.Error(w, " come later ", http.StatusServiceUnavailable)
		default:
			_, _ = w.Write([]byte("0123456789"))
		}
	}))
	defer there.Close()
	client := NewClient(NewTransport(false, true))
	call := func(at string) (Reply, error) {
		return Do(t.Context(), client, Call{Method: http.MethodPost, URL: at, Body: []byte("x"), Timeout: time.Minute, MaxAnswer: 5})
	}
	if r, err := call(nobody); err == nil || r.Sent {
		t.Errorf("nobody listens: %+v, %v", r, err)
	}
	if r, err := call(there.URL + "/close"); err == nil || !r.Sent {
		t.Errorf("closed: %+v, %v", r, err)
	}
	if r, err := call(there.URL); err != nil || string(r.Body) != "012345" {
		t.Errorf("long: %q, %v", r.Body, err)
	}
	r, err := call(there.URL + "/busy")
	if err != nil || r.After != 90*time.Second || !strings.HasSuffix(r.Refusal("X").Error(), "X answered 503 Service Unavailable: come") {
		t.Errorf("busy: %+v, %v", r, err)
	}
}

// TestOnlyThisMachine: whatever a name stands for.
func TestOnlyThisMachine(t *testing.T) {
	if err := onlyLocal("tcp", "192.0.2.1:80", nil); !errors.Is(err, errNotLocal) {
		t.Error(err)
	}
	if err := onlyLocal("tcp", "[::1]:80", nil); err != nil {
		t.Error(err)
	}
	for at, want := range map[string]bool{"http://127.0.0.1:1/": true, "https://erp.example": true, "ftp://a/": false, "http://": false, "http://a/?b": false, "http://a/#b": false, "erp": false} {
		if _, ok := ParseURL(at); ok != want {
			t.Errorf("%s: %v", at, ok)
		}
	}
	if u, ok := ParseURL("http://u:p@127.0.0.1/"); !ok || u.User.String() != url.UserPassword("u", "p").String() {
		t.Errorf("%v %v", u, ok)
	}
}
