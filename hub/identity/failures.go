package identity

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"smartlink/link"
)

// Failed token requests: so many at once, then one in each of these times. The first limit is for
// one client id from one address, so that nobody can lock out somebody else's client; the second is
// for one address whatever ids it tries.
const (
	pairBurst    = 10
	pairEvery    = 6 * time.Second
	addressBurst = 100
	addressEvery = time.Second
	// limiters is how many pairs and how many addresses are remembered; those seen longest ago go.
	limiters = 4096
)

// failures limits failed token requests.
type failures struct {
	mu        sync.Mutex // held while limiters are made, so that two requests do not make two
	pairs     *lru[pair, *rate.Limiter]
	addresses *lru[netip.Addr, *rate.Limiter]
}

type pair struct {
	client  link.ClientID // empty for one that cannot be a client id
	address netip.Addr
}

func newFailures() *failures {
	return &failures{pairs: newLRU[pair, *rate.Limiter](limiters), addresses: newLRU[netip.Addr, *rate.Limiter](limiters)}
}

// Failures limits failed attempts of people as it does those of clients: per name and address, and per
// address. It is safe for concurrent use.
type Failures struct{ f *failures }

// NewFailures makes one that remembers nothing yet.
func NewFailures() *Failures { return &Failures{newFailures()} }

// Wait is how long somebody who says a name has to wait before the next try; 0 when they need not.
func (f *Failures) Wait(name string, from netip.Addr, now time.Time) time.Duration {
	return f.f.wait(pair{link.ClientID(name), from}, now)
}

// Note counts a failed try.
func (f *Failures) Note(name string, from netip.Addr, now time.Time) {
	f.f.note(pair{link.ClientID(name), from}, now)
}

// CallerAddress is the address a request comes from: the connection's, or behind a proxy of ours the
// one that the proxy has added to X-Forwarded-For.
func CallerAddress(r *http.Request, proxied bool) netip.Addr { return caller(r, proxied) }

// wait is how long a caller has to wait before its next try; 0 when it need not.
func (f *failures) wait(p pair, now time.Time) time.Duration {
	var d time.Duration
	if l, ok := f.pairs.get(p); ok {
		d = missing(l, now)
	}
	if l, ok := f.addresses.get(p.address); ok {
		d = max(d, missing(l, now))
	}
	return d
}

// missing is how long a limiter takes until it lets one more through.
func missing(l *rate.Limiter, now time.Time) time.Duration {
	l.AllowN(now, 0) // from a clock that was set back it counts on
	short := 1 - l.TokensAt(now)
	if short <= 0 {
		return 0
	}
	return time.Duration(short / float64(l.Limit()) * float64(time.Second))
}

// note counts a failure.
func (f *failures) note(p pair, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	limiter(f.pairs, p, pairEvery, pairBurst).AllowN(now, 1)
	limiter(f.addresses, p.address, addressEvery, addressBurst).AllowN(now, 1)
}

func limiter[K comparable](known *lru[K, *rate.Limiter], key K, every time.Duration, burst int) *rate.Limiter {
	l, ok := known.get(key)
	if !ok {
		l = rate.NewLimiter(rate.Every(every), burst)
		known.put(key, l)
	}
	return l
}

// caller is the address a request comes from. The last entry of X-Forwarded-For is the one that the
// proxy itself has added; all before it may be made up.
func caller(r *http.Request, proxied bool) netip.Addr {
	text := r.RemoteAddr
	if forwarded := r.Header.Values("X-Forwarded-For"); proxied && len(forwarded) > 0 {
		last := forwarded[len(forwarded)-1]
		text = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		withPort, _ := netip.ParseAddrPort(text)
		address = withPort.Addr() // the zero address for what is none: all those are counted together
	}
	address = address.Unmap().WithZone("")
	if address.Is6() {
		network, _ := address.Prefix(64) // one caller has a whole network of that size
		address = network.Addr()
	}
	return address
}
