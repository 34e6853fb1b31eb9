package api

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"smartlink/link"
)

// Rates bound what clients may ask for: calls in a second, where each further message of a batch counts
// as a call. As much as one second allows may come at once, and never less than a whole batch. Zero is
// no limit.
type Rates struct {
	Client int // of one client
	Tenant int // of all clients of a tenant
	// Bodies is how many bytes of clients' bodies may be under way at once; one client has half of it.
	Bodies int64
}

// meters remembers who has used how much.
type meters struct {
	rates   Rates
	limited *prometheus.CounterVec // calls refused, by whose limit
	mu      sync.Mutex
	clients limiters[link.ClientID]
	tenants limiters[uuid.UUID]
}

func newMeters(r Rates, limited *prometheus.CounterVec) *meters {
	return &meters{rates: r, limited: limited}
}

// take uses n calls of a client, all or none of them. Errors: link.CodeRateLimited with the time after
// which they would be allowed.
func (m *meters) take(client link.ClientID, tenant uuid.UUID, n int, now time.Time) error {
	if m.rates.Client <= 0 && m.rates.Tenant <= 0 || n <= 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	ofClient, ofTenant := m.clients.of(client, m.rates.Client), m.tenants.of(tenant, m.rates.Tenant)
	byClient, byTenant := missing(ofClient, n, now), missing(ofTenant, n, now)
	if wait := max(byClient, byTenant); wait > 0 {
		whose := "tenant"
		if byClient == wait {
			whose = "client"
		}
		m.limited.WithLabelValues(whose).Inc()
		e := link.NewError(link.CodeRateLimited)
		e.Header = http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(wait.Seconds())))}}
		return e
	}
	for _, l := range []*rate.Limiter{ofClient, ofTenant} {
		if l != nil {
			l.AllowN(now, n)
		}
	}
	return nil
}

// missing is how long a limiter takes until it allows n more; 0 when it does now.
func missing(l *rate.Limiter, n int, now time.Time) time.Duration {
	if l == nil {
		return 0
	}
	l.AllowN(now, 0) // from a clock that was set back it counts on
	short := float64(n) - l.TokensAt(now)
	if short <= 0 {
		return 0
	}
	return time.Duration(short / float64(l.Limit()) * float64(time.Second))
}

// remembered is how many clients, and how many tenants, a generation of limiters holds.
const remembered = 4096

// limiters holds the limiters of those who came last, between one and two generations of them. Who is
// forgotten had not come for long and would have had its full allowance anyway.
type limiters[K comparable] struct{ young, old map[K]*rate.Limiter }

func (l *limiters[K]) of(key K, perSecond int) *rate.Limiter {
	if perSecond <= 0 {
		return nil
	}
	if one, ok := l.young[key]; ok {
		return one
	}
	one, ok := l.old[key]
	if !ok {
		one = rate.NewLimiter(rate.Limit(perSecond), max(perSecond, link.MaxBatch))
	}
	if l.young == nil || len(l.young) >= remembered {
		l.young, l.old = make(map[K]*rate.Limiter), l.young
	}
	l.young[key] = one
	return one
}
