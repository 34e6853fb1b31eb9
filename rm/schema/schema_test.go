package schema_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"smartlink/contracts"
	"smartlink/internal/sqldb"
	"smartlink/link"
	"smartlink/rm/schema"
)

func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sqldb.OpenSQLite(context.Background(), filepath.Join(t.TempDir(), "rm.db"), 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestMigrateAndSeedMayRunAgain(t *testing.T) {
	ctx, db := t.Context(), open(t)
	for range 2 {
		if err := schema.Migrate(ctx, db); err != nil {
			t.Fatal(err)
		}
		if err := schema.Seed(ctx, db); err != nil {
			t.Fatal(err)
		}
		// What a person changed stays changed.
		if _, err := db.ExecContext(ctx, `UPDATE FCFO SET ATIVO = 'F' WHERE CODCFO = 'F00018'`); err != nil {
			t.Fatal(err)
		}
	}
	var active string
	if err := db.QueryRowContext(ctx, `SELECT ATIVO FROM FCFO WHERE CODCOLIGADA = 1 AND CODCFO = 'F00018'`).Scan(&active); err != nil || active != "F" {
		t.Errorf("a second seed changed a row: %q, %v", active, err)
	}
	if err := schema.Check(ctx, db); err != nil {
		t.Errorf("the reference schema refuses itself: %v", err)
	}
}

func TestSeedHasAnInactiveOneOfEachKind(t *testing.T) {
	ctx, db := t.Context(), open(t)
	if err := errors.Join(schema.Migrate(ctx, db), schema.Seed(ctx, db)); err != nil {
		t.Fatal(err)
	}
	for table, where := range map[string]string{
		"GCOLIGADA": "ATIVO = 'F'", "GFILIAL": "ATIVO = 'F'", "FCFO": "ATIVO = 'F'", "FTDO": "ATIVO = 'F'", "FCXA": "ATIVO = 'F'",
		"GMOEDA": "ATIVO = 'F'", "GCCUSTO": "ATIVO = 'F'", "GDEPTO": "ATIVO = 'F'", "TTBORCAMENTO": "INATIVO = 1",
		"CCONTA": "INATIVA = 1", "CHISTP": "ATIVO = 'F'", "CLOTE": "ATIVO = 'F'", "SLCONTAGERENCIAL": "ATIVO = 'F'",
	} {
		var active, inactive int
		query := "SELECT COUNT(*) FILTER (WHERE NOT (" + where + ")), COUNT(*) FILTER (WHERE " + where + ") FROM " + table
		if err := db.QueryRowContext(ctx, query).Scan(&active, &inactive); err != nil {
			t.Fatal(err)
		}
		if active == 0 || inactive == 0 {
			t.Errorf("%s: %d active, %d inactive", table, active, inactive)
		}
	}
}

// The master data are of a size and kind that an accountant would believe.
func TestSeedIsBelievable(t *testing.T) {
	ctx, db := t.Context(), open(t)
	if err := errors.Join(schema.Migrate(ctx, db), schema.Seed(ctx, db)); err != nil {
		t.Fatal(err)
	}
	for query, least := range map[string]int{
		`SELECT COUNT(*) FROM GCOLIGADA WHERE ATIVO = 'T'`:                        2,
		`SELECT COUNT(*) FROM CCONTA WHERE CODCOLIGADA = 1`:                       150,
		`SELECT COUNT(*) FROM CCONTA WHERE CODCOLIGADA = 2`:                       150,
		`SELECT COUNT(*) FROM CCONTA WHERE ANALITICA = 0`:                         1,
		`SELECT COUNT(*) FROM CCONTA WHERE RATEIO = 1`:                            1,
		`SELECT COUNT(*) FROM FCFO WHERE ATIVO = 'T' AND CODCFO LIKE 'F%'`:        20,
		`SELECT COUNT(*) FROM FCFO WHERE ATIVO = 'T' AND CODCFO LIKE 'C%'`:        10,
		`SELECT COUNT(*) FROM FCXA WHERE NUMBANCO IS NOT NULL`:                    6,
		`SELECT COUNT(*) FROM TTBORCAMENTO WHERE SINTETICOANALITICO = 0`:          1,
		`SELECT COUNT(*) FROM GCCUSTO WHERE PERMITELANC = 'F'`:                    1,
		`SELECT COUNT(*) FROM SLFECHAMENTO WHERE DATAFECHAMENTO IS NULL`:          4,
		`SELECT COUNT(*) FROM SLFECHAMENTO WHERE DATAFECHAMENTO IS NOT NULL`:      4,
		`SELECT COUNT(*) FROM CLOTE WHERE CODLOTE = 0`:                            2,
		`SELECT COUNT(*) FROM CLOTE WHERE DATAFIM < '2026-01-01' AND ATIVO = 'T'`: 2,
	} {
		var n int
		if err := db.QueryRowContext(ctx, query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n < least {
			t.Errorf("%s: %d, not %d", query, n, least)
		}
	}
	// Every account that takes entries hangs below synthetic ones, up to the top.
	for _, query := range []string{
		`SELECT COUNT(*) FROM CCONTA C WHERE CODCONTA LIKE '%.%' AND NOT EXISTS (SELECT 1 FROM CCONTA P WHERE P.CODCOLIGADA = C.CODCOLIGADA
			AND P.ANALITICA = 0 AND P.CODCONTA = rtrim(rtrim(C.CODCONTA, '0123456789'), '.'))`,
		`SELECT COUNT(*) - COUNT(DISTINCT REDUZIDO || ';' || CODCOLIGADA) FROM CCONTA WHERE REDUZIDO IS NOT NULL`,
		`SELECT COUNT(*) FROM CCONTA WHERE (ANALITICA = 1) <> (CODCONTA GLOB '?.?.??.???')`,
	} {
		var n int
		if err := db.QueryRowContext(ctx, query).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d, %v", query, n, err)
		}
	}
}

// The field tables and the database's tables say the same: no column is forgotten on either side.
func TestColumnsAreThoseOfTheFieldTables(t *testing.T) {
	ctx, db := t.Context(), open(t)
	if err := schema.Migrate(ctx, db); err != nil {
		t.Fatal(err)
	}
	for _, table := range []*contracts.Table{
		contracts.FLAN, contracts.FLANRATCCU, contracts.FXCX, contracts.CLANCAMENTO, contracts.CPARTIDA, contracts.CRATEIOLC,
	} {
		rows, err := db.QueryContext(ctx, `SELECT name FROM pragma_table_info(?)`, table.Name)
		if err != nil {
			t.Fatal(err)
		}
		var have []string
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			have = append(have, name)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		var want []string
		for i := range table.Fields {
			if table.Fields[i].Stored() {
				want = append(want, table.Fields[i].Column)
			}
		}
		if strings.Join(have, " ") != strings.Join(want, " ") {
			t.Errorf("%s has\n%v\nits field table\n%v", table.Name, have, want)
		}
	}
}

func TestNeverTouchesALiveRM(t *testing.T) {
	for name, ddl := range map[string]string{
		"business tables without our marker": `CREATE TABLE FLAN (CODCOLIGADA INTEGER, IDLAN INTEGER)`,
		"RM's own users":                     `CREATE TABLE GUSUARIO (CODUSUARIO TEXT)`,
		"RM's counters, in small letters":    `CREATE TABLE gautoinc (CODAUTOINC TEXT)`,
		"a view over the entries":            `CREATE TABLE X (A TEXT); CREATE VIEW FLAN AS SELECT * FROM X`,
	} {
		t.Run(name, func(t *testing.T) {
			ctx, db := t.Context(), open(t)
			if _, err := db.ExecContext(ctx, ddl); err != nil {
				t.Fatal(err)
			}
			var before, after string
			const all = `SELECT group_concat(name) FROM (SELECT name FROM sqlite_master ORDER BY name)`
			if err := db.QueryRowContext(ctx, all).Scan(&before); err != nil {
				t.Fatal(err)
			}
			for what, err := range map[string]error{"Migrate": schema.Migrate(ctx, db), "Check": schema.Check(ctx, db)} {
				if link.CodeOf(err) != link.CodeLiveRM {
					t.Errorf("%s: %v", what, err)
				}
			}
			if err := db.QueryRowContext(ctx, all).Scan(&after); err != nil || after != before {
				t.Errorf("tables were %s, are %s (%v)", before, after, err)
			}
		})
	}
	if err := schema.Check(t.Context(), open(t)); link.CodeOf(err) != link.CodeNoReference {
		t.Errorf("empty database: %v", err)
	}
	// A marker does not help a database with RM's administration.
	ctx, db := t.Context(), open(t)
	if err := schema.Migrate(ctx, db); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, `CREATE TABLE GPERMIS (CODUSUARIO TEXT)`); err != nil {
		t.Fatal(err)
	}
	if err := schema.Check(ctx, db); link.CodeOf(err) != link.CodeLiveRM {
		t.Errorf("marked: %v", err)
	}
}

// The agent's tables live in the same file and are no sign of a live RM.
func TestAgentTablesAreNoSignOfALiveRM(t *testing.T) {
	ctx, db := t.Context(), open(t)
	if _, err := db.ExecContext(ctx, `CREATE TABLE GTOTVSLINKMESSAGE (ID TEXT)`); err != nil {
		t.Fatal(err)
	}
	if err := schema.Migrate(ctx, db); err != nil {
		t.Fatal(err)
	}
}
