package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"smartlink/link"
)

// CreateClient creates a client of a tenant with its first secret, which is in the answer and
// nowhere else. An unknown tenant or app is refused, each with a pointer.
func (s *Store) CreateClient(ctx context.Context, actor string, r link.ClientRequest) (link.ClientCreated, error) {
	var in checks
	created := link.ClientCreated{Secret: newSecret()}
	created.ID, created.Name, created.Epoch = link.NewClientID(), in.name("/name", r.Name), 1
	created.Apps = in.apps(r.Apps)
	tenant, err := link.ParseUUID(r.TenantID)
	if err != nil {
		in.add("/tenantId", link.CodeRequestInvalid, link.Both("%q não é um UUID", "%q is not a UUID", r.TenantID))
	}
	created.TenantID = tenant
	if err := in.err(); err != nil {
		return link.ClientCreated{}, err
	}
	err = s.change(ctx, actor, func(ctx context.Context, c *change) error {
		var n int
		if err := c.QueryRowContext(ctx, `SELECT count(*) FROM tenant WHERE id = $1`, tenant[:]).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			in.add("/tenantId", link.CodeNotFound, link.Both("não há tenant %s", "there is no tenant %s", tenant))
		}
		if err := in.knownApps(ctx, c, r.Apps); err != nil {
			return err
		}
		created.CreatedAt = c.now
		if _, err := c.ExecContext(ctx, `INSERT INTO client (id, tenant, name, epoch, created_at) VALUES ($1, $2, $3, $4, $5)`,
			created.ID, tenant[:], created.Name, created.Epoch, micros(c.now)); err != nil {
			return err
		}
		if err := putApps(ctx, c, created.ID, created.Apps); err != nil {
			return err
		}
		first, err := insertSecret(ctx, c, created.ID, created.Secret)
		if err != nil {
			return err
		}
		created.Secrets = []link.Secret{first}
		return c.record(ctx, "client.create", string(created.ID),
			fmt.Sprintf("%s; tenant %s; apps %s; secret %s", created.Name, tenant, strings.Join(created.Apps, ", "), first.ID))
	})
	if err != nil {
		return link.ClientCreated{}, fmt.Errorf("create client: %w", err)
	}
	return created, nil
}

// ChangeClient changes a client's name or apps; it holds from the client's next request on, also
// with tokens it already has.
func (s *Store) ChangeClient(ctx context.Context, actor string, id link.ClientID, r link.ClientChange) (link.Client, error) {
	var in checks
	var changed link.Client
	name, apps := "", []string(nil)
	if r.Name != nil {
		name = in.name("/name", *r.Name)
	}
	if r.Apps != nil {
		apps = in.apps(*r.Apps)
	}
	if err := in.err(); err != nil {
		return link.Client{}, err
	}
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		if r.Apps != nil {
			if err := in.knownApps(ctx, c, *r.Apps); err != nil {
				return err
			}
		}
		before, err := readClient(ctx, c, id)
		if err != nil {
			return err
		}
		if name != "" {
			if _, err := c.ExecContext(ctx, `UPDATE client SET name = $1 WHERE id = $2`, name, id); err != nil {
				return err
			}
		}
		if apps != nil {
			if err := putApps(ctx, c, id, apps); err != nil {
				return err
			}
		}
		if changed, err = readClient(ctx, c, id); err != nil {
			return err
		}
		detail := changes("name", before.Name, changed.Name) + changes("apps", strings.Join(before.Apps, ", "), strings.Join(changed.Apps, ", "))
		if detail == "" {
			return errNothing
		}
		return c.record(ctx, "client.change", string(id), strings.TrimSuffix(detail, "; "))
	})
	if err != nil {
		return link.Client{}, fmt.Errorf("change client: %w", err)
	}
	return s.withUses(changed), nil
}

// changes tells of one changed field for the audit.
func changes(field, before, after string) string {
	if before == after {
		return ""
	}
	return fmt.Sprintf("%s %s -> %s; ", field, before, after)
}

// Revoke refuses from now on every token the client got so far, by raising its epoch. Its secrets
// stay: with them it can get new tokens. Replacing a secret revokes nothing.
func (s *Store) Revoke(ctx context.Context, actor string, id link.ClientID) (link.Client, error) {
	var revoked link.Client
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		if _, err := c.ExecContext(ctx, `UPDATE client SET epoch = epoch + 1, revoked_at = $1 WHERE id = $2`, micros(c.now), id); err != nil {
			return err
		}
		var err error
		if revoked, err = readClient(ctx, c, id); err != nil {
			return err
		}
		return c.record(ctx, "client.revoke", string(id), fmt.Sprintf("epoch %d", revoked.Epoch))
	})
	if err != nil {
		return link.Client{}, fmt.Errorf("revoke client: %w", err)
	}
	return s.withUses(revoked), nil
}

// Clients lists clients by tenant and name, of one tenant or with uuid.Nil of all.
func (s *Store) Clients(ctx context.Context, tenant uuid.UUID, l List) (link.Page[link.Client], error) {
	after, err := l.after(3)
	if err != nil {
		return link.Page[link.Client]{}, err
	}
	afterTenant := []byte{}
	if after[0] != "" {
		id, err := link.ParseUUID(after[0])
		if err != nil {
			return link.Page[link.Client]{}, badCursor(err)
		}
		afterTenant = id[:]
	}
	rows, err := collect(ctx, s.db(), func(rows *sql.Rows) (link.Client, error) { return scanClient(rows) },
		`SELECT `+clientColumns+` FROM client c WHERE (tenant, name, id) > ($1, $2, $3) AND ($4 OR tenant = $5) ORDER BY tenant, name, id LIMIT $6`,
		afterTenant, after[1], after[2], tenant == uuid.Nil, tenant[:], l.limit()+1)
	if err != nil {
		return link.Page[link.Client]{}, fmt.Errorf("list clients: %w", err)
	}
	for i := range rows {
		rows[i] = s.withUses(rows[i])
	}
	return page(rows, l.limit(), func(c link.Client) []string { return []string{c.TenantID.String(), c.Name, string(c.ID)} }), nil
}

// apps checks the list of a client's apps and answers it without repeats.
func (c *checks) apps(apps []string) []string {
	if len(apps) == 0 {
		c.add("/apps", link.CodeRequestInvalid, link.Both(
			"um cliente precisa de ao menos um aplicativo", "a client needs at least one app"))
	}
	return unique(apps)
}

// knownApps refuses apps that do not exist, together with all that was found wrong before.
func (c *checks) knownApps(ctx context.Context, q querier, apps []string) error {
	for i, app := range apps {
		var n int
		if err := q.QueryRowContext(ctx, `SELECT count(*) FROM app WHERE code = $1`, app).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			c.add(fmt.Sprintf("/apps/%d", i), link.CodeNotFound, link.Both(
				"não há aplicativo %q; crie-o antes", "there is no app %q; create it first", app))
		}
	}
	return c.err()
}

func putApps(ctx context.Context, c *change, id link.ClientID, apps []string) error {
	if _, err := c.ExecContext(ctx, `DELETE FROM client_app WHERE client = $1`, id); err != nil {
		return err
	}
	for place, app := range apps {
		if _, err := c.ExecContext(ctx, `INSERT INTO client_app (client, place, app) VALUES ($1, $2, $3)`, id, place, app); err != nil {
			return err
		}
	}
	return nil
}

const (
	// clientApps is a client's list of apps, between commas, which no code has.
	clientApps    = `(SELECT coalesce(string_agg(app, ',' ORDER BY place), '') FROM client_app WHERE client = c.id)`
	clientColumns = `id, tenant, name, epoch, revoked_at, created_at, ` + clientApps + `,
		(SELECT coalesce(string_agg(s.id || ' ' || s.created_at || ' ' || coalesce(CAST(s.last_used AS text), ''), ',' ORDER BY s.created_at, s.id), '')
		FROM secret s WHERE s.client = c.id)`
)

func readClient(ctx context.Context, q querier, id link.ClientID) (link.Client, error) {
	c, err := scanClient(q.QueryRowContext(ctx, `SELECT `+clientColumns+` FROM client c WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return c, link.NewError(link.CodeNotFound, "what", quoted(string(id)))
	}
	return c, err
}

// scanClient reads clientColumns.
func scanClient(row interface{ Scan(...any) error }) (c link.Client, err error) {
	var created int64
	var revoked sql.NullInt64
	var apps, secrets string
	if err := row.Scan(&c.ID, &c.TenantID, &c.Name, &c.Epoch, &revoked, &created, &apps, &secrets); err != nil {
		return c, err
	}
	c.CreatedAt = moment(created)
	if revoked.Valid {
		c.RevokedAt = new(moment(revoked.Int64))
	}
	c.Apps = appList(apps)
	c.Secrets, err = secretList(secrets)
	return c, err
}

// appList reads clientApps.
func appList(s string) []string {
	if s == "" {
		return []string{}
	}
	return strings.Split(s, ",")
}

// secretList reads what clientColumns makes of a client's secrets: of each its id, when it was made and,
// perhaps, last used.
func secretList(s string) ([]link.Secret, error) {
	secrets := []link.Secret{}
	if s == "" {
		return secrets, nil
	}
	for one := range strings.SplitSeq(s, ",") {
		id, times, _ := strings.Cut(one, " ")
		created, used, _ := strings.Cut(times, " ")
		at, err := strconv.ParseInt(created, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("secret %q: %w", id, err)
		}
		secret := link.Secret{ID: id, CreatedAt: moment(at)}
		if used != "" {
			if at, err = strconv.ParseInt(used, 10, 64); err != nil {
				return nil, fmt.Errorf("secret %q: %w", id, err)
			}
			secret.LastUsed = new(moment(at))
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}
