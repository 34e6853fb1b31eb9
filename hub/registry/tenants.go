package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"smartlink/internal/pgdb"
	"smartlink/link"
)

// CreateCompany creates a company. A second one of the same name is link.CodeConflict.
func (s *Store) CreateCompany(ctx context.Context, actor string, r link.CompanyRequest) (link.Company, error) {
	var in checks
	company := link.Company{ID: link.NewID(), Name: in.name("/name", r.Name)}
	if err := in.err(); err != nil {
		return link.Company{}, err
	}
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		company.CreatedAt = c.now
		_, err := c.ExecContext(ctx, `INSERT INTO company (id, name, created_at) VALUES ($1, $2, $3)`, company.ID[:], company.Name, micros(c.now))
		if pgdb.IsUnique(err) {
			return link.NewError(link.CodeConflict, "what", quoted(company.Name)).
				At("/name", link.CodeConflict, link.Both(
					"já há uma empresa com este nome; use-a, ou escolha outro nome", "a company of this name exists; use it, or choose another name"))
		}
		if err != nil {
			return err
		}
		return c.record(ctx, "company.create", company.ID.String(), company.Name)
	})
	if err != nil {
		return link.Company{}, fmt.Errorf("create company: %w", err)
	}
	return company, nil
}

// Companies lists companies by name.
func (s *Store) Companies(ctx context.Context, l List) (link.Page[link.Company], error) {
	after, err := l.after(1)
	if err != nil {
		return link.Page[link.Company]{}, err
	}
	rows, err := collect(ctx, s.db(), func(rows *sql.Rows) (c link.Company, err error) {
		var created int64
		err = rows.Scan(&c.ID, &c.Name, &created)
		c.CreatedAt = moment(created)
		return c, err
	}, `SELECT id, name, created_at FROM company WHERE name > $1 ORDER BY name LIMIT $2`, after[0], l.limit()+1)
	if err != nil {
		return link.Page[link.Company]{}, fmt.Errorf("list companies: %w", err)
	}
	return page(rows, l.limit(), func(c link.Company) []string { return []string{c.Name} }), nil
}

// CreateTenant creates a tenant of a company, with the id that is given or a new one. An unknown
// company is link.CodeNotFound; an id or a name within the company that exists, link.CodeConflict.
func (s *Store) CreateTenant(ctx context.Context, actor string, r link.TenantRequest) (link.Tenant, error) {
	var in checks
	tenant := link.Tenant{ID: uuid.New(), Name: in.name("/name", r.Name)}
	if r.ID != nil {
		id, err := link.ParseUUID(*r.ID)
		if err != nil || id == uuid.Nil {
			in.add("/id", link.CodeRequestInvalid, link.Both(
				"%q não é um UUID; omita o id para um novo", "%q is not a UUID; leave the id out for a new one", *r.ID))
		}
		tenant.ID = id
	}
	if err := in.err(); err != nil {
		return link.Tenant{}, err
	}
	err := s.change(ctx, actor, func(ctx context.Context, c *change) error {
		if err := findCompany(ctx, c, r.Company, &tenant); err != nil {
			return err
		}
		tenant.CreatedAt = c.now
		// Not an error: the transaction has to live on, to tell which of the two exists.
		r, err := c.ExecContext(ctx, `INSERT INTO tenant (id, company, name, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			tenant.ID[:], tenant.CompanyID[:], tenant.Name, micros(c.now))
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, tenantConflict(ctx, c, tenant))
		}
		return c.record(ctx, "tenant.create", tenant.ID.String(), tenant.Company+" / "+tenant.Name)
	})
	if err != nil {
		return link.Tenant{}, fmt.Errorf("create tenant: %w", err)
	}
	return tenant, nil
}

// findCompany looks a company up by id or name and puts it into the tenant.
func findCompany(ctx context.Context, q querier, company string, t *link.Tenant) error {
	id, err := link.ParseUUID(company)
	if err != nil {
		id = uuid.Nil // no company's id
	}
	err = q.QueryRowContext(ctx, `SELECT id, name FROM company WHERE id = $1 OR name = $2 ORDER BY id = $1 DESC LIMIT 1`, id[:], company).
		Scan(&t.CompanyID, &t.Company)
	if errors.Is(err, sql.ErrNoRows) {
		return link.NewError(link.CodeNotFound, "what", quoted(company)).
			At("/company", link.CodeNotFound, link.Both(
				"nenhuma empresa tem este nome ou id; crie-a antes", "no company has this name or id; create it first"))
	}
	return err
}

// tenantConflict tells which of id and name exists.
func tenantConflict(ctx context.Context, q querier, t link.Tenant) error {
	var n int
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM tenant WHERE id = $1`, t.ID[:]).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return link.NewError(link.CodeConflict, "what", quoted(t.ID.String())).At("/id", link.CodeConflict, link.Both(
			"já há um tenant com este id", "a tenant with this id exists"))
	}
	return link.NewError(link.CodeConflict, "what", quoted(t.Name)).At("/name", link.CodeConflict, link.Both(
		"a empresa já tem um tenant com este nome", "the company has a tenant of this name"))
}

// Tenants lists tenants by company and name.
func (s *Store) Tenants(ctx context.Context, l List) (link.Page[link.Tenant], error) {
	after, err := l.after(2)
	if err != nil {
		return link.Page[link.Tenant]{}, err
	}
	rows, err := collect(ctx, s.db(), scanTenant, `SELECT `+tenantColumns+` FROM tenant t JOIN company c ON c.id = t.company
		WHERE (c.name, t.name) > ($1, $2) ORDER BY c.name, t.name LIMIT $3`, after[0], after[1], l.limit()+1)
	if err != nil {
		return link.Page[link.Tenant]{}, fmt.Errorf("list tenants: %w", err)
	}
	return page(rows, l.limit(), func(t link.Tenant) []string { return []string{t.Company, t.Name} }), nil
}

const tenantColumns = `t.id, c.id, c.name, t.name, t.created_at`

// scanTenant reads tenantColumns.
func scanTenant(rows *sql.Rows) (t link.Tenant, err error) {
	var created int64
	err = rows.Scan(&t.ID, &t.CompanyID, &t.Company, &t.Name, &created)
	t.CreatedAt = moment(created)
	return t, err
}

// TenantIDs lists every tenant.
func (s *Store) TenantIDs(ctx context.Context) ([]uuid.UUID, error) {
	return collect(ctx, s.db(), func(rows *sql.Rows) (id uuid.UUID, err error) {
		err = rows.Scan(&id)
		return id, err
	}, `SELECT id FROM tenant ORDER BY created_at, id`)
}
