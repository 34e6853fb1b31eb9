package sqldb

import (
	"fmt"
	"os"
)

// Files are those of an open SQLite database, as they were found under its name. What is written into
// files that were removed or replaced meanwhile is lost without any error; Check tells.
type Files struct {
	names []string
	seen  []os.FileInfo
}

// FilesOf looks at the file and the log of a database that is open; both are there then.
func FilesOf(path string) (*Files, error) {
	f := &Files{names: []string{path, path + "-wal"}}
	for _, name := range f.names {
		i, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", name, err)
		}
		os.SameFile(i, i) // has Windows note now which file it is
		f.seen = append(f.seen, i)
	}
	return f, nil
}

// Check tells whether the names still stand for the same files.
func (f *Files) Check() error {
	for i, name := range f.names {
		now, err := os.Stat(name)
		if err != nil {
			return fmt.Errorf("the database was moved or removed: %w", err)
		}
		if !os.SameFile(now, f.seen[i]) {
			return fmt.Errorf("the database was replaced: %s is another file", name)
		}
	}
	return nil
}
