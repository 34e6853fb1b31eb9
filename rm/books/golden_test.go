package books

import (
	"testing"

	"smartlink/internal/sqldb"
	"smartlink/internal/sqltest"
)

func TestGoldenStatementsOfSQLServer(t *testing.T) {
	made := map[string]string{"snapshot": snapshots[sqldb.SQLServer]}
	for kind, list := range entryLists {
		made["list "+string(kind)], _ = list.query(EntriesQuery{Company: 1, From: "2026-01-01", To: "2026-12-31"}, [3]int64{1, 2, 3}, 10)
	}
	sqltest.Golden(t, made)
}
