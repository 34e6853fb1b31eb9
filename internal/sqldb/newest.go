package sqldb

import (
	"io/fs"
	"strconv"
	"strings"
)

// NewestMigration is the number of the last .sql file in a folder of migrations, 0 where there is none.
func NewestMigration(fsys fs.FS, dir string) (newest int64) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return 0
	}
	for _, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "_")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil && strings.HasSuffix(e.Name(), ".sql") {
			newest = max(newest, n)
		}
	}
	return newest
}
