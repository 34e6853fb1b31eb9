package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"smartlink/internal/checkup"
	"smartlink/internal/datadir"
	"smartlink/internal/pgcopy"
	"smartlink/link"
)

// What the doctor calls little room. A hub on a full disk refuses messages and goes on when there is room
// again.
const (
	noRoom      = 512 << 20
	littleRoom  = 5 << 30
	littleShare = 10        // one part in so many
	longTime    = time.Hour // of a transaction
)

// size says so many bytes.
func size[N int64 | uint64](n N) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%.0f GiB", float64(n)/(1<<30))
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// disk looks at the room where a folder stands, of which used is what it holds already.
func (e *examination) disk(what link.Text, dir string, used int64) {
	room, err := datadir.RoomAt(dir)
	if err != nil {
		e.Say(what, checkup.Note, link.Both("não se pôde ver o espaço livre: %v", "the free space cannot be seen: %v", err))
		return
	}
	told := link.Both("%s livres de %s; os dados ocupam %s", "%s free of %s; the data takes %s", size(room.Free), size(room.Total), size(used))
	h := enough(room)
	if h == checkup.Bad {
		told = link.Text{PT: told.PT + "; libere espaço: sem ele o hub recusa mensagens", EN: told.EN + "; make room: without it the hub refuses messages"}
	}
	e.Say(what, h, told)
}

// enough judges how much room there is.
func enough(r datadir.Room) checkup.Health {
	switch {
	case r.Free < noRoom:
		return checkup.Bad
	case r.Free < littleRoom, r.Free < r.Total/littleShare:
		return checkup.Note
	}
	return checkup.Good
}

// folderDisk looks at the disk of the data folder.
func (e *examination) folderDisk() {
	what := link.Text{PT: "Disco", EN: "Disk"}
	var used int64
	err := filepath.WalkDir(e.cfg.DataDir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var i fs.FileInfo
			if i, err = d.Info(); err == nil {
				used += i.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) { // what goes while the hub works, or no folder yet
			return nil
		}
		return err
	})
	if err != nil {
		e.Fail(what, err)
		return
	}
	dir, err := filepath.Abs(e.cfg.DataDir)
	for err == nil {
		if _, missing := os.Stat(dir); missing == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	e.disk(what, cmp.Or(dir, e.cfg.DataDir), used)
}

// databaseDisk tells how large the database is, and looks at its disk where that is this machine's: of its
// own, PostgreSQL tells no free space.
func (e *examination) databaseDisk(c *pgx.Conn) {
	what := link.Text{PT: "Tamanho do banco", EN: "Size of the database"}
	ctx, cancel := context.WithTimeout(e.ctx, doctorTime)
	defer cancel()
	var all, history int64
	err := c.QueryRow(ctx, `SELECT pg_database_size(current_database()), coalesce((SELECT sum(pg_total_relation_size(oid)) FROM pg_class
		WHERE relkind = 'r' AND relispartition AND relname LIKE 'history\_%' AND relnamespace = current_schema()::regnamespace), 0)::bigint`).Scan(&all, &history)
	if err != nil {
		e.Fail(what, err)
		return
	}
	e.Say(what, checkup.Good, link.Both("%s, dos quais %s de histórico", "%s, of which %s is history", size(all), size(history)))

	what = link.Text{PT: "Disco do banco", EN: "Disk of the database"}
	dir := e.setting(c, "data_directory") // only some users may read it
	if host := c.Config().Host; dir != "" && (filepath.IsAbs(host) || host == "localhost" || net.ParseIP(host).IsLoopback()) {
		if _, err := os.Stat(dir); err == nil {
			e.disk(what, dir, all)
			return
		}
	}
	e.Say(what, checkup.Note, link.Both("o PostgreSQL não diz o espaço livre da sua máquina; vigie-o lá", "PostgreSQL does not tell the free space of its machine; watch it there"))
}

// upkeep looks at what keeps tables from growing: autovacuum, and no transaction that has been open for
// long, since what was deleted after its start stays.
func (e *examination) upkeep(c *pgx.Conn) {
	what := link.Text{PT: "Limpeza das tabelas", EN: "Upkeep of the tables"}
	if e.setting(c, "autovacuum") == "off" || e.setting(c, "track_counts") == "off" {
		e.Say(what, checkup.Bad, link.Both("o autovacuum está desligado: as tabelas crescem sem fim; ligue autovacuum e track_counts",
			"autovacuum is off: tables grow without end; turn autovacuum and track_counts on"))
		return
	}
	ctx, cancel := context.WithTimeout(e.ctx, doctorTime)
	defer cancel()
	var oldest int64 // seconds; of other users only some may see it
	if err := c.QueryRow(ctx, `SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0)::bigint FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`).Scan(&oldest); err != nil {
		e.Fail(what, err)
		return
	}
	open := time.Duration(oldest) * time.Second
	if open >= longTime {
		e.Say(what, checkup.Note, link.Both("uma transação está aberta há %s: enquanto isso nada do que foi apagado é limpo, e leituras ficam lentas",
			"a transaction has been open for %s: meanwhile nothing that was deleted is cleaned up, and reads become slow", open))
		return
	}
	e.Say(what, checkup.Good, link.Both("autovacuum ligado; nenhuma transação aberta há muito tempo", "autovacuum is on; no transaction has been open for long"))
}

// moved looks whether a move into the database is unfinished.
func (e *examination) moved(c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(e.ctx, doctorTime)
	defer cancel()
	if standing, err := pgcopy.LookOn(ctx, c); err == nil && standing == pgcopy.Unfinished {
		e.Fail(link.Text{PT: "Mudança", EN: "Move"}, link.NewError(link.CodeMoveUnfinished, "database", c.Config().Database))
	}
}
