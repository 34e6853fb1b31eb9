package webservice

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"smartlink/contracts"
	"smartlink/internal/clock"
	"smartlink/internal/httpcall"
	"smartlink/link"
)

// Config says which RM is called, as whom, and how. URL, User and Password are needed.
type Config struct {
	URL      string        // of the SOAP services, without /wsDataServer
	RESTURL  string        // of the REST services, without /api; empty: URL
	User     string        // of RM
	Password string        //
	Insecure bool          // http is good enough to reach another machine, although everybody on the way reads the password
	CA       string        // PEM file of authorities to trust besides the machine's
	Timeout  time.Duration // RM ends or drops a call within it; 0: DefaultTimeout
	Parallel int           // calls at a time of each message type; 0: DefaultParallel
	Culture  Culture       // of the host; empty: Auto
	Company  int64         // in whose name shared records are read; 0: 1

	Markers     map[string]Marker // by data server; those not named keep their default
	DataServers map[string]string // by table of the master data; "": the table is left to RM
	Probe       map[string]string // by data server, the key of an open record that Check may touch, as "1;4711"
	// Custom are the columns that the customer added to FLANCOMPL and FXCXCOMPL, by table, each with its size
	// in characters; 0: not known. RM does not tell them: those that are not named here are not written.
	Custom map[string]map[string]int

	Logger *slog.Logger // nil: none
	Clock  clock.Clock  // nil: clock.Real
}

// Bounds and defaults of a Config.
const (
	DefaultTimeout  = 60 * time.Second
	MinTimeout      = time.Second
	MaxTimeout      = 10 * time.Minute
	DefaultParallel = 2
	MaxParallel     = 16
)

// Marker says where a record of RM keeps the marker of the call that wrote it last.
type Marker struct {
	Field string // RM's column
	AtEnd bool   // behind the text of the field and a space, instead of alone
}

var defaultMarkers = map[string]Marker{
	financeServer:    {Field: "CAMPOALFAOP1"},
	statementServer:  {Field: "HISTORICO", AtEnd: true},
	accountingServer: {Field: "DESCRICAO", AtEnd: true},
}

// defaultServers are RM's data servers of the master data, as far as public text names or suggests them.
var defaultServers = map[string]string{
	"GCOLIGADA": "GlbColigadaDataBR", "GFILIAL": "GlbFilialDataBR", "FCFO": "FinCFODataBR", "FTDO": "FinTDODataBR",
	"FCXA": "FinCXADataBR", "GMOEDA": "GlbMoedaDataBR", "GCCUSTO": "CtbCCustoDataBR", "GDEPTO": "GlbDeptoDataBR",
	"TTBORCAMENTO": "FinTTBOrcamentoDataBR", "CCONTA": "CtbContaDataBR", "CHISTP": "CtbHistPDataBR", "CLOTE": "CtbLoteDataBR",
	"SLCONTAGERENCIAL": "CtbContaGerencialDataBR", "SLFECHAMENTO": "",
}

// bad says what is wrong with a configuration.
func bad(pt, en string, args ...any) error {
	why := link.Both(pt, en, args...)
	return link.NewError(link.CodeWriterConfig, "why", why.EN, "whyPT", why.PT)
}

// New checks a configuration; nothing is called yet. What is wrong is link.CodeWriterConfig.
func New(cfg Config) (*Writer, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	h, err := newHost(cfg)
	if err != nil {
		return nil, err
	}
	return &Writer{
		cfg: cfg, host: h, objects: newObjects(cfg.Markers), clock: cfg.Clock, log: cfg.Logger,
		checked: cache{clock: cfg.Clock}, amounts: culture{configured: cfg.Culture, now: cfg.Culture.known()},
	}, nil
}

// complete fills in what is not said, and looks that what is said can be.
func (cfg Config) complete() (Config, error) {
	if cfg.URL == "" {
		return cfg, bad("falta o endereço do RM (url)", "the address of RM is missing (url)")
	}
	if err := cfg.address("url", &cfg.URL); err != nil {
		return cfg, err
	}
	if cfg.RESTURL == "" {
		cfg.RESTURL = cfg.URL
	}
	if err := cfg.address("restUrl", &cfg.RESTURL); err != nil {
		return cfg, err
	}
	switch {
	case cfg.User == "":
		return cfg, bad("falta o usuário do RM (user)", "RM's user is missing (user)")
	case strings.ContainsAny(cfg.User, ":;"):
		return cfg, bad("o usuário %q não pode ter : nem ;", "the user %q must have neither : nor ;", cfg.User)
	case cfg.Password == "":
		return cfg, bad("falta a senha de %[1]s: SMARTLINK_RM_PASSWORD, passwordFile ou password", "the password of %[1]s is missing: SMARTLINK_RM_PASSWORD, passwordFile or password", cfg.User)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Timeout < MinTimeout || cfg.Timeout > MaxTimeout {
		return cfg, bad("timeout de %[1]s a %[2]s", "timeout is %[1]s to %[2]s", MinTimeout, MaxTimeout)
	}
	if cfg.Parallel == 0 {
		cfg.Parallel = DefaultParallel
	}
	if cfg.Parallel < 1 || cfg.Parallel > MaxParallel {
		return cfg, bad("parallel de %[1]d a %[2]d", "parallel is %[1]d to %[2]d", 1, MaxParallel)
	}
	if cfg.Culture == "" {
		cfg.Culture = Auto
	}
	if cfg.Culture != Auto && cfg.Culture.known() == "" {
		return cfg, bad("culture %[1]q: use auto, pt-BR ou invariant", "culture %[1]q: use auto, pt-BR or invariant", string(cfg.Culture))
	}
	if cfg.Company == 0 {
		cfg.Company = 1
	}
	if cfg.Company < 0 {
		return cfg, bad("company %[1]d não é uma coligada", "company %[1]d is no company", cfg.Company)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.Real
	}
	return cfg.completeNames()
}

// address checks an address and takes the slash at its end away.
func (cfg *Config) address(name string, at *string) error {
	u, ok := httpcall.ParseURL(*at)
	switch {
	case !ok:
		return bad("%[1]s: %[2]q não é um endereço http:// ou https:// sem parâmetros", "%[1]s: %[2]q is no http:// or https:// address without parameters", name, *at)
	case u.User != nil:
		return bad("%s: o endereço não pode conter senha", "%s: the address must not hold a password", name)
	case u.Scheme == "http" && !httpcall.IsLocal(u.Hostname()) && !cfg.Insecure:
		return bad("%[1]s: por http a senha vai legível até %[2]s; use https, ou insecure: true", "%[1]s: by http the password goes to %[2]s for everybody to read; use https, or insecure: true", name, u.Hostname())
	}
	*at = strings.TrimSuffix(*at, "/")
	return nil
}

// completeNames checks what is said by names of RM: markers, data servers, probes.
func (cfg Config) completeNames() (Config, error) {
	markers := maps.Clone(defaultMarkers)
	objects := newObjects(nil)
	servers := strings.Join(slices.Sorted(maps.Keys(objects)), ", ")
	for _, server := range slices.Sorted(maps.Keys(cfg.Markers)) {
		o := objects[server]
		if o == nil {
			return cfg, bad("markers: %[1]q não existe; há %[2]s", "markers: there is no %[1]q; there are %[2]s", server, servers)
		}
		m := cfg.Markers[server]
		m.Field = strings.ToUpper(m.Field)
		if err := o.canHold(m); err != nil {
			return cfg, err
		}
		markers[server] = m
	}
	cfg.Markers = markers
	named := maps.Clone(defaultServers)
	for _, table := range slices.Sorted(maps.Keys(cfg.DataServers)) {
		if _, ok := named[table]; !ok {
			return cfg, bad("dataServers: %[1]q não existe; há %[2]s", "dataServers: there is no %[1]q; there are %[2]s", table, strings.Join(slices.Sorted(maps.Keys(named)), ", "))
		}
		named[table] = cfg.DataServers[table]
	}
	cfg.DataServers = named
	for _, server := range slices.Sorted(maps.Keys(cfg.Probe)) {
		o := objects[server]
		if o == nil {
			return cfg, bad("probe: %[1]q não existe; há %[2]s", "probe: there is no %[1]q; there are %[2]s", server, servers)
		}
		if _, ok := o.parseKey(cfg.Probe[server]); !ok {
			return cfg, bad("probe: %[1]q não é uma chave de %[2]s, como 1;4711", "probe: %[1]q is no key of %[2]s, as 1;4711", cfg.Probe[server], server)
		}
	}
	custom := map[string]map[string]int{}
	for _, table := range slices.Sorted(maps.Keys(cfg.Custom)) {
		if table != objects[financeServer].custom() && table != objects[statementServer].custom() {
			return cfg, bad("customFields: %[1]q não existe; há FLANCOMPL e FXCXCOMPL", "customFields: there is no %[1]q; there are FLANCOMPL and FXCXCOMPL", table)
		}
		custom[table] = map[string]int{}
		for name, size := range cfg.Custom[table] {
			if !columnName.MatchString(name) || size < 0 {
				return cfg, bad("customFields: %[1]s.%[2]s: %[3]d não é um campo com seu tamanho", "customFields: %[1]s.%[2]s: %[3]d is no column with its size", table, name, size)
			}
			custom[table][strings.ToUpper(name)] = size
		}
	}
	cfg.Custom = custom
	return cfg, nil
}

// columnName is the name of a column, which becomes an element of XML.
var columnName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// canHold looks that a field can hold a marker.
func (o *object) canHold(m Marker) error {
	f := o.column(m.Field)
	room := markerSize
	if m.AtEnd {
		room = 2 * markerSize // beside a text
	}
	switch {
	case f == nil || f.Kind != contracts.Text || f.Key || f.ReadOnly || o.root == "" && f.Column != "DESCRICAO":
		return bad("markers: %[1]q não é um campo de texto de %[2]s em que um marcador possa ficar", "markers: %[1]q is no field of %[2]s with text where a marker can stand", m.Field, o.server)
	case f.Size < room:
		return bad("markers: em %[1]s cabem %[2]d caracteres; um marcador pede %[3]d", "markers: %[1]s has room for %[2]d characters; a marker wants %[3]d", m.Field, f.Size, room)
	case f.Required && !m.AtEnd:
		return bad("markers: %[1]s traz texto da mensagem; o marcador só cabe no fim dele: at: end", "markers: %[1]s has a text of the message; the marker can only stand behind it: at: end", m.Field)
	}
	return nil
}

// column answers the field of a column, or nil.
func (o *object) column(name string) *contracts.Field {
	for i := range o.table.Fields {
		if f := &o.table.Fields[i]; f.Column == name {
			return f
		}
	}
	return nil
}

// parseKey reads a key as RM writes it.
func (o *object) parseKey(text string) ([]int64, bool) {
	texts := strings.Split(strings.TrimSpace(text), ";")
	if len(texts) != len(o.keys) {
		return nil, false
	}
	parts := make([]int64, len(texts))
	for i, t := range texts {
		n, err := strconv.ParseInt(t, 10, 32)
		if err != nil || n < 1 {
			return nil, false
		}
		parts[i] = n
	}
	return parts, true
}

// authorities are those of the machine and those of the file.
func (cfg Config) authorities() (*tls.Config, error) {
	if cfg.CA == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(cfg.CA)
	if err != nil {
		return nil, bad("ca: %v", "ca: %v", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, bad("ca: %s não tem certificados PEM", "ca: %s holds no PEM certificates", cfg.CA)
	}
	return &tls.Config{RootCAs: pool}, nil
}

// hostOf is the machine of an address, for messages to people.
func hostOf(at string) string {
	if u, err := url.Parse(at); err == nil {
		return u.Host
	}
	return at
}
