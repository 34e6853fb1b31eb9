package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"smartlink/hub/identity"
	"smartlink/hub/queue/postgres"
	"smartlink/hub/queue/sqlite"
	"smartlink/hub/registry"
	"smartlink/internal/checkup"
	"smartlink/internal/clock"
	"smartlink/internal/pgdb"
	"smartlink/internal/sqldb"
	"smartlink/link"
)

// What the doctor asks of a database.
const (
	doctorTime = 10 * time.Second // for one question
	oldestTold = 13               // major version that still gets corrections
	triedOn    = 15               // major version that the tests run on
	hubUses    = 14               // connections that one hub takes at most
	maxSkew    = 2 * time.Second  // from the database's clock to this machine's
)

// Examine looks at the data folder or the database of a hub, which may run meanwhile, and changes nothing.
// Of the configuration it reads DataDir, Database and KeyFile.
func Examine(ctx context.Context, cfg Config) []checkup.Finding {
	e := &examination{ctx: ctx, cfg: cfg}
	if cfg.Database != "" {
		e.database()
	} else {
		e.folder()
	}
	return e.Findings
}

type examination struct {
	checkup.Report
	ctx context.Context
	cfg Config
}

// folder looks at the files of a hub without a database.
func (e *examination) folder() {
	for _, f := range []struct {
		name, versions string
		newest         int64
	}{{"hub.db", "registry_schema", registry.Schema(false)}, {"queue.db", "queue_schema", sqlite.Schema()}} {
		what := link.Both("Arquivo %s", "File %s", f.name)
		path := filepath.Join(e.cfg.DataDir, f.name)
		if _, err := os.Stat(path); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				e.Say(what, checkup.Note, link.Both("não existe em %s; o hub o cria na primeira execução", "is not in %s; the hub makes it at its first start", e.cfg.DataDir))
				continue
			}
			e.Fail(what, err)
			continue
		}
		e.file(what, path, f.versions, f.newest)
	}
	e.folderDisk()
	e.keyFile(func(ctx context.Context) ([]registry.SigningKey, error) {
		path := filepath.Join(e.cfg.DataDir, "hub.db")
		if _, err := os.Stat(path); err != nil {
			return nil, nil // told above
		}
		db, err := sqldb.OpenSQLite(ctx, path, 1)
		if err != nil {
			return nil, err
		}
		defer func() { _ = db.Close() }()
		return registry.ReadSigningKeys(ctx, db)
	})
}

func (e *examination) file(what link.Text, path, versions string, newest int64) {
	db, err := sqldb.OpenSQLite(e.ctx, path, 1)
	if err != nil {
		e.Fail(what, err)
		return
	}
	defer func() { _ = db.Close() }()
	var sound string
	if err := db.QueryRowContext(e.ctx, `PRAGMA quick_check(1)`).Scan(&sound); err != nil || sound != "ok" {
		e.Fail(what, cmp.Or(err, fmt.Errorf("damaged: %s", sound)))
		return
	}
	e.schema(what, func(ctx context.Context) (n int64, err error) {
		err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM `+versions).Scan(&n)
		return n, err
	}, newest)
}

// schema compares a schema's version with what this program brings.
func (e *examination) schema(what link.Text, version func(context.Context) (int64, error), newest int64) {
	ctx, cancel := context.WithTimeout(e.ctx, doctorTime)
	defer cancel()
	n, err := version(ctx)
	switch {
	case err != nil:
		e.Say(what, checkup.Note, link.Both("ainda sem esquema; o hub o cria ao iniciar", "has no schema yet; the hub makes it when it starts"))
	case n > newest:
		e.Say(what, checkup.Bad, link.Both("o esquema é a versão %d, este programa conhece até a %d: atualize o programa",
			"the schema is version %d, this program knows up to %d: take a newer program", n, newest))
	case n < newest:
		e.Say(what, checkup.Note, link.Both("esquema na versão %d; o hub o leva à %d ao iniciar", "schema version %d; the hub brings it to %d when it starts", n, newest))
	default:
		e.Say(what, checkup.Good, link.Both("esquema na versão %d", "schema version %d", n))
	}
}

// keyFile looks whether the key file opens what the registry holds.
func (e *examination) keyFile(stored func(context.Context) ([]registry.SigningKey, error)) {
	what := link.Text{PT: "Chave do hub", EN: "Hub key"}
	ctx, cancel := context.WithTimeout(e.ctx, doctorTime)
	defer cancel()
	file := cmp.Or(e.cfg.KeyFile, filepath.Join(e.cfg.DataDir, "hub.key"))
	keys, err := stored(ctx)
	if err != nil || len(keys) == 0 {
		e.Say(what, checkup.Note, link.Both("nada foi selado ainda", "nothing is sealed yet"))
		return
	}
	if err := identity.CheckKeyFile(file, keys); err != nil {
		e.Fail(what, err)
		return
	}
	e.Say(what, checkup.Good, link.Both("%s abre as chaves de assinatura", "%s opens the signing keys", file))
}

// database looks at a database that hubs share.
func (e *examination) database() {
	what := link.Text{PT: "Banco de dados", EN: "Database"}
	config, err := pgdb.Parse(e.cfg.Database)
	if err != nil {
		e.Fail(what, err)
		return
	}
	ctx, cancel := context.WithTimeout(e.ctx, doctorTime)
	defer cancel()
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		// A pooler says at once that it does not take a session's settings.
		e.Say(what, checkup.Bad, link.Both("não se conecta a %s: %v. Um pooler em modo de transação não serve; use o endereço do próprio servidor",
			"cannot connect to %s: %v. A pooler that shares connections by transaction will not do; use the server's own address", pgdb.Name(e.cfg.Database), err))
		return
	}
	defer func() { _ = c.Close(context.WithoutCancel(e.ctx)) }()
	e.Say(what, checkup.Good, link.Both("conectado a %s", "connected to %s", pgdb.Name(e.cfg.Database)))
	e.server(c)
	e.connections(c)
	e.clock(c)
	e.news(c, config)
	e.databaseDisk(c)
	e.upkeep(c)
	e.moved(c)
	for _, s := range []struct {
		what     link.Text
		versions string
		newest   int64
	}{
		{link.Text{PT: "Esquema do cadastro", EN: "Registry's schema"}, "registry_schema", registry.Schema(true)},
		{link.Text{PT: "Esquema das filas", EN: "Queues' schema"}, "queue_schema", postgres.Schema()},
	} {
		e.schema(s.what, func(ctx context.Context) (n int64, err error) {
			err = c.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+s.versions).Scan(&n)
			return n, err
		}, s.newest)
	}
	e.keyFile(func(ctx context.Context) ([]registry.SigningKey, error) {
		db, err := pgdb.Open(ctx, config, 1)
		if err != nil {
			return nil, err
		}
		defer func() { _ = db.Close() }()
		return registry.ReadSigningKeys(ctx, db)
	})
}

// setting is one of the server's, "" when it cannot be read.
func (e *examination) setting(c *pgx.Conn, name string) (value string) {
	ctx, cancel := context.WithTimeout(e.ctx, doctorTime)
	defer cancel()
	_ = c.QueryRow(ctx, `SELECT current_setting($1, true)`, name).Scan(&value)
	return value
}

func (e *examination) server(c *pgx.Conn) {
	what := link.Text{PT: "Servidor", EN: "Server"}
	number, _ := strconv.Atoi(e.setting(c, "server_version_num"))
	switch major := number / 10_000; {
	case major < oldestTold:
		e.Say(what, checkup.Bad, link.Both("PostgreSQL %d não recebe mais correções; use a versão %d ou mais nova", "PostgreSQL %d gets no corrections any more; use version %d or newer", major, oldestTold))
	case major != triedOn:
		e.Say(what, checkup.Note, link.Both("PostgreSQL %d; os testes usam a versão %d", "PostgreSQL %d; the tests run on version %d", major, triedOn))
	default:
		e.Say(what, checkup.Good, link.Both("PostgreSQL %d", "PostgreSQL %d", major))
	}
	what = link.Text{PT: "Durabilidade", EN: "Durability"}
	for _, s := range []string{"fsync", "full_page_writes"} {
		if e.setting(c, s) == "off" {
			e.Say(what, checkup.Bad, link.Both("%s está desligado: uma queda de energia perde mensagens aceitas; ligue-o", "%s is off: a power cut loses messages that were accepted; turn it on", s))
			return
		}
	}
	if e.setting(c, "transaction_read_only") == "on" {
		e.Say(what, checkup.Bad, link.Both("o banco só aceita leitura: é uma réplica?", "the database takes only reads: is it a standby?"))
		return
	}
	// The hub asks for synchronous_commit itself, whatever the server's default is.
	e.Say(what, checkup.Good, link.Both("fsync ligado; cada gravação espera o disco", "fsync is on; each commit waits for the disk"))
}

func (e *examination) connections(c *pgx.Conn) {
	what := link.Text{PT: "Conexões", EN: "Connections"}
	ctx, cancel := context.WithTimeout(e.ctx, doctorTime)
	defer cancel()
	var used int
	if err := c.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'`).Scan(&used); err != nil {
		e.Fail(what, err)
		return
	}
	most, _ := strconv.Atoi(e.setting(c, "max_connections"))
	reserved, _ := strconv.Atoi(e.setting(c, "superuser_reserved_connections"))
	room := (most - reserved - used) / hubUses
	h := checkup.Good
	if room < 1 {
		h = checkup.Note
	}
	e.Say(what, h, link.Both("%d de %d em uso; há lugar para mais %d hubs (%d conexões cada)", "%d of %d in use; there is room for %d hubs more (%d connections each)",
		used, most, max(room, 0), hubUses))
}

func (e *examination) clock(c *pgx.Conn) {
	what := link.Text{PT: "Relógio", EN: "Clock"}
	ctx, cancel := context.WithTimeout(e.ctx, doctorTime)
	defer cancel()
	var theirs time.Time
	before := clock.Real.Now()
	if err := c.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&theirs); err != nil {
		e.Fail(what, err)
		return
	}
	after := clock.Real.Now()
	skew := theirs.Sub(before.Add(after.Sub(before) / 2))
	h := checkup.Good
	if skew.Abs() > maxSkew {
		h = checkup.Bad
	}
	e.Say(what, h, link.Both("o relógio do banco difere do desta máquina em %s", "the database's clock differs from this machine's by %s",
		time.Duration(math.Round(float64(skew)/float64(time.Millisecond)))*time.Millisecond))
}

// news looks whether a notification arrives: behind a pooler that shares connections by transaction none
// does.
func (e *examination) news(c *pgx.Conn, config *pgx.ConnConfig) {
	what := link.Text{PT: "Avisos entre hubs", EN: "News between hubs"}
	ctx, cancel := context.WithTimeout(e.ctx, doctorTime)
	defer cancel()
	err := func() error {
		teller, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			return err
		}
		defer func() { _ = teller.Close(context.WithoutCancel(ctx)) }()
		if _, err := c.Exec(ctx, `LISTEN smartlink_doctor`); err != nil {
			return err
		}
		if _, err := teller.Exec(ctx, `NOTIFY smartlink_doctor`); err != nil {
			return err
		}
		_, err = c.WaitForNotification(ctx)
		return err
	}()
	if err != nil {
		e.Say(what, checkup.Bad, link.Both("um aviso não chegou (%v): há um pooler em modo de transação no caminho? Use o endereço do próprio servidor",
			"a notification did not arrive (%v): is there a pooler that shares connections by transaction? Use the server's own address", err))
		return
	}
	e.Say(what, checkup.Good, link.Both("chegam", "arrive"))
}
