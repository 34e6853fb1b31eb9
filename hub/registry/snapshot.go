package registry

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"smartlink/link"
)

// Snapshot is the registry's content as far as requests need it, at one moment. It is immutable:
// do not change what it answers.
type Snapshot struct {
	apps    map[string]App
	clients map[link.ClientID]Client
	byApp   map[tenantApp][]link.ClientID
	secrets map[link.ClientID][]secretHash
	keys    map[hash]User
	tenants map[uuid.UUID]link.Tenant
	rules   map[ruleKey]rule
	paths   map[ruleKey]SearchPaths
	signing []SigningKey
	version int64 // of the last change it shows, where hubs share a store
	// retention of the tenants that have their own.
	retention map[uuid.UUID]link.TenantRetention
}

type tenantApp struct {
	tenant uuid.UUID
	app    string
}

// hash is the SHA-256 of a secret, an API key or the first-start code.
type hash [sha256.Size]byte

type secretHash struct {
	id   string
	hash hash
}

// NewSnapshot makes a snapshot of apps and clients, without secrets.
func NewSnapshot(apps []App, clients []Client) *Snapshot {
	s := &Snapshot{
		apps:    make(map[string]App, len(apps)),
		clients: make(map[link.ClientID]Client, len(clients)),
		byApp:   map[tenantApp][]link.ClientID{},
		secrets: map[link.ClientID][]secretHash{},
		keys:    map[hash]User{},
		tenants: map[uuid.UUID]link.Tenant{},
		rules:   map[ruleKey]rule{},
		paths:   map[ruleKey]SearchPaths{},

		retention: map[uuid.UUID]link.TenantRetention{},
	}
	for _, a := range apps {
		s.apps[a.Code] = a
	}
	for _, c := range clients {
		s.clients[c.ID] = c
		for _, app := range c.Apps {
			k := tenantApp{c.Tenant, app}
			s.byApp[k] = append(s.byApp[k], c.ID)
		}
	}
	return s
}

// App finds an app by its code.
func (s *Snapshot) App(code string) (App, bool) { a, ok := s.apps[code]; return a, ok }

// Client finds a client.
func (s *Snapshot) Client(id link.ClientID) (Client, bool) { c, ok := s.clients[id]; return c, ok }

// Tenant finds a tenant, with the name of its company.
func (s *Snapshot) Tenant(id uuid.UUID) (link.Tenant, bool) { t, ok := s.tenants[id]; return t, ok }

// SigningKeys lists the signing keys in the order in which they sign.
func (s *Snapshot) SigningKeys() []SigningKey { return s.signing }

// AppsOf lists the apps a client is permitted, in the order of its list.
func (s *Snapshot) AppsOf(c Client) []App {
	apps := make([]App, 0, len(c.Apps))
	for _, code := range c.Apps {
		if a, ok := s.apps[code]; ok {
			apps = append(apps, a)
		}
	}
	return apps
}

// ClientsOf lists the clients of a tenant that are permitted an app, oldest first.
func (s *Snapshot) ClientsOf(tenant uuid.UUID, app string) []link.ClientID {
	return s.byApp[tenantApp{tenant, app}]
}

// AnySends tells whether some app may send the type.
func (s *Snapshot) AnySends(typ string) bool {
	for _, a := range s.apps {
		if a.MaySend(typ) {
			return true
		}
	}
	return false
}

// querier reads: the file's last state, or a transaction's own.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// load reads a whole snapshot. Changes are rare and made by people or set-up scripts, so that
// reading everything after each, some 5 ms for a thousand clients, is simpler than patching and
// cannot go out of step. Only schemas are taken from the old snapshot where they are the same: to
// compile one takes as long as all the rest.
func load(ctx context.Context, q querier, old *Snapshot) (*Snapshot, error) {
	apps, err := loadApps(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read apps: %w", err)
	}
	clients, err := loadClients(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read clients: %w", err)
	}
	s := NewSnapshot(apps, clients)
	if err := s.loadSecrets(ctx, q); err != nil {
		return nil, fmt.Errorf("read secrets: %w", err)
	}
	if err := s.loadKeys(ctx, q); err != nil {
		return nil, fmt.Errorf("read API keys: %w", err)
	}
	tenants, err := collect(ctx, q, scanTenant, `SELECT `+tenantColumns+` FROM tenant t JOIN company c ON c.id = t.company`)
	if err != nil {
		return nil, fmt.Errorf("read tenants: %w", err)
	}
	for _, t := range tenants {
		s.tenants[t.ID] = t
	}
	if err := s.loadRetention(ctx, q); err != nil {
		return nil, fmt.Errorf("read retention: %w", err)
	}
	if s.signing, err = loadSigningKeys(ctx, q); err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	if err := s.loadSearch(ctx, q); err != nil {
		return nil, fmt.Errorf("read search paths: %w", err)
	}
	if err := s.loadSchemas(ctx, q, old); err != nil {
		return nil, fmt.Errorf("read schemas: %w", err)
	}
	return s, nil
}

func loadApps(ctx context.Context, q querier) ([]App, error) {
	return collect(ctx, q, func(rows *sql.Rows) (App, error) {
		a, err := scanApp(rows)
		return App(a), err
	}, `SELECT `+appColumns+` FROM app`)
}

func loadClients(ctx context.Context, q querier) ([]Client, error) {
	return collect(ctx, q, func(rows *sql.Rows) (Client, error) {
		var c Client
		var created int64
		var revoked sql.NullInt64
		var apps string
		if err := rows.Scan(&c.ID, &c.Tenant, &c.Name, &c.Epoch, &revoked, &created, &c.Installation, &c.Barred, &c.HoldEpoch, &apps); err != nil {
			return c, err
		}
		c.CreatedAt = moment(created)
		if revoked.Valid {
			c.RevokedAt = moment(revoked.Int64)
		}
		c.Apps = appList(apps)
		return c, nil
	}, `SELECT c.id, c.tenant, c.name, c.epoch, c.revoked_at, c.created_at, COALESCE(i.installation, ''), COALESCE(i.barred, ''), COALESCE(i.epoch, 0), `+
		clientApps+` FROM client c LEFT JOIN installation i ON i.client = c.id ORDER BY c.created_at, c.id`)
}

func (s *Snapshot) loadSecrets(ctx context.Context, q querier) error {
	type row struct {
		client link.ClientID
		secretHash
	}
	rows, err := collect(ctx, q, func(rows *sql.Rows) (r row, err error) {
		r.hash, err = scanHash(rows, &r.client, &r.id)
		return r, err
	}, `SELECT client, id, hash FROM secret`)
	for _, r := range rows {
		s.secrets[r.client] = append(s.secrets[r.client], r.secretHash)
	}
	return err
}

func (s *Snapshot) loadKeys(ctx context.Context, q querier) error {
	type row struct {
		User
		hash hash
	}
	rows, err := collect(ctx, q, func(rows *sql.Rows) (r row, err error) {
		r.hash, err = scanHash(rows, &r.Name, &r.Role)
		return r, err
	}, `SELECT p.name, p.role, k.hash FROM api_key k JOIN person p ON p.name = k.person WHERE p.disabled_at IS NULL`)
	for _, r := range rows {
		s.keys[r.hash] = r.User
	}
	return err
}

// scanHash scans a row whose last column is a hash.
func scanHash(rows *sql.Rows, before ...any) (h hash, err error) {
	var b []byte
	if err := rows.Scan(append(before, &b)...); err != nil {
		return h, err
	}
	if len(b) != len(h) {
		return h, fmt.Errorf("a stored hash has %d bytes instead of %d", len(b), len(h))
	}
	return hash(b), nil
}

// collect reads all rows of a query; the result is never nil.
func collect[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, unavailable(err)
	}
	defer func() { _ = rows.Close() }()
	items := []T{}
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, unavailable(rows.Err())
}
