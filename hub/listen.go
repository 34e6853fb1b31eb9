package hub

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"smartlink/hub/api"
	"smartlink/internal/clock"
	"smartlink/link"
)

// Limits bound what connections may cost. Zero fields have the defaults of DefaultLimits, save PerAddress
// where a proxy stands in front, which has none; a negative one is no limit, of HeaderBytes 1 MiB.
type Limits struct {
	HeaderTimeout time.Duration // for the TLS handshake, and for a request's header
	ReadTimeout   time.Duration // for a request with its body
	WriteTimeout  time.Duration // for a request and its answer
	IdleTimeout   time.Duration // between two requests
	HeaderBytes   int           // of a request's header
	Connections   int           // at the same time
	PerAddress    int           // connections of one address at the same time, of IPv6 of one /64; loopback is not counted
	ClientRate    int           // messages and calls of one client in a second
	TenantRate    int           // of all clients of one tenant
	BodyBytes     int64         // of clients' bodies under way at once; one client has half of it
}

// DefaultLimits are made for a hub on one machine: a client that uses its limit keeps it busy. Reading
// and writing are measured from the end of the header, so they leave room for the longest wait of a
// get.
var DefaultLimits = Limits{
	HeaderTimeout: 10 * time.Second, ReadTimeout: link.MaxWait + 45*time.Second, WriteTimeout: link.MaxWait + 60*time.Second,
	IdleTimeout: 2 * time.Minute, HeaderBytes: 64 << 10, Connections: 20_000, PerAddress: 2_000, ClientRate: 20_000, TenantRate: 40_000, BodyBytes: 512 << 20,
}

func (l Limits) withDefaults() Limits {
	return Limits{
		HeaderTimeout: limit(l.HeaderTimeout, DefaultLimits.HeaderTimeout), ReadTimeout: limit(l.ReadTimeout, DefaultLimits.ReadTimeout),
		WriteTimeout: limit(l.WriteTimeout, DefaultLimits.WriteTimeout), IdleTimeout: limit(l.IdleTimeout, DefaultLimits.IdleTimeout),
		HeaderBytes: max(limit(l.HeaderBytes, DefaultLimits.HeaderBytes), 0), Connections: limit(l.Connections, DefaultLimits.Connections),
		PerAddress: limit(l.PerAddress, DefaultLimits.PerAddress), ClientRate: limit(l.ClientRate, DefaultLimits.ClientRate),
		TenantRate: limit(l.TenantRate, DefaultLimits.TenantRate), BodyBytes: limit(l.BodyBytes, DefaultLimits.BodyBytes),
	}
}

func limit[T int | int64 | time.Duration](given, usual T) T {
	if given == 0 {
		return usual
	}
	return given
}

func (l Limits) rates() api.Rates {
	return api.Rates{Client: max(l.ClientRate, 0), Tenant: max(l.TenantRate, 0), Bodies: max(l.BodyBytes, 0)}
}

// newServer makes the HTTP server of a hub. A negative timeout of it is none.
func newServer(h http.Handler, l Limits, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: l.HeaderTimeout, ReadTimeout: l.ReadTimeout, WriteTimeout: l.WriteTimeout, IdleTimeout: l.IdleTimeout,
		MaxHeaderBytes: l.HeaderBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// checkAddress refuses plain HTTP that other machines can reach, unless it was asked for: tokens and
// secrets would be readable on the way.
func checkAddress(a *net.TCPAddr, cfg Config) error {
	if cfg.TLSCert != "" || cfg.InsecureListen || a.IP.IsLoopback() {
		return nil
	}
	return link.NewError(link.CodeInsecureListen, "listen", a.String())
}

// toldEvery is how often refused connections are told in the log: a flood of them must not fill it.
const toldEvery = time.Minute

// bounded is a listener that closes connections beyond a limit at once: who is served goes on, and
// who is not learns it.
type bounded struct {
	net.Listener
	limits  Limits
	clock   clock.Clock
	log     *slog.Logger
	refused *prometheus.CounterVec // by reason

	mu        sync.Mutex
	open      int
	byAddress map[netip.Addr]int
	told      time.Time // when refusals were last told; zero: never
	untold    int       // refusals since then
}

// bound bounds a listener, and adds what it counts to the hub's metrics.
func bound(l net.Listener, cfg Config, metrics *prometheus.Registry) *bounded {
	b := &bounded{
		Listener: l, limits: cfg.Limits, clock: cfg.Clock, log: cfg.Logger, byAddress: map[netip.Addr]int{},
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "smartlink_connections_refused_total", Help: "Connections closed at once because a limit was reached: of all, or of one address.",
		}, []string{"limit"}),
	}
	for _, limit := range []string{limitAll, limitAddress} { // from the first scrape on
		b.refused.WithLabelValues(limit)
	}
	metrics.MustRegister(b.refused, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "smartlink_connections", Help: "Connections open now.",
	}, func() float64 {
		b.mu.Lock()
		defer b.mu.Unlock()
		return float64(b.open)
	}))
	return b
}

// The limits of connections, as /metrics names them.
const (
	limitAll     = "all"
	limitAddress = "address"
)

// Accept waits for a connection there is room for.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := addressOf(c)
		if b.enter(from) {
			return &counted{Conn: c, leave: sync.OnceFunc(func() { b.leave(from) })}, nil
		}
		_ = c.Close()
	}
}

// enter counts a connection, if there is room for it.
func (b *bounded) enter(from netip.Addr) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.limits.Connections > 0 && b.open >= b.limits.Connections:
		b.refuse(limitAll, from)
		return false
	case b.limits.PerAddress > 0 && !from.IsLoopback() && b.byAddress[from] >= b.limits.PerAddress:
		b.refuse(limitAddress, from)
		return false
	}
	b.open++
	b.byAddress[from]++
	return true
}

// refuse counts a refusal, and tells of it if none was told lately.
func (b *bounded) refuse(limit string, from netip.Addr) {
	b.refused.WithLabelValues(limit).Inc()
	b.untold++
	now := b.clock.Now()
	if since := now.Sub(b.told); !b.told.IsZero() && since >= 0 && since < toldEvery {
		return
	}
	b.log.Warn("connections refused: a limit is reached", "limit", limit, "refused", b.untold, "open", b.open, "from", from.String(), "ofAddress", b.byAddress[from])
	b.told, b.untold = now, 0
}

func (b *bounded) leave(from netip.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
	if b.byAddress[from]--; b.byAddress[from] <= 0 {
		delete(b.byAddress, from)
	}
}

// ownNetwork is how much of an IPv6 address names who has it: one line has a whole network of that size.
const ownNetwork = 64

// addressOf is where a connection comes from, as it is counted.
func addressOf(c net.Conn) netip.Addr {
	a, ok := c.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	from := a.AddrPort().Addr().Unmap().WithZone("")
	if from.Is6() && !from.IsLoopback() {
		if network, err := from.Prefix(ownNetwork); err == nil {
			return network.Addr()
		}
	}
	return from
}

// counted is a connection that gives its place back when it is closed.
type counted struct {
	net.Conn
	leave func()
}

// Close closes the connection.
func (c *counted) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
