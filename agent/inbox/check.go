package inbox

import (
	"context"
	"errors"
	"io/fs"

	"smartlink/internal/clock"
	"smartlink/internal/sqlopen"
	"smartlink/link"
)

// Check tells whether an inbox could be opened with an installation's file, and changes nothing. It
// answers whether there is an inbox yet; errors are Open's.
func Check(ctx context.Context, database, installation string) (bool, error) {
	if there, err := sqlopen.Exists(database); err != nil || !there {
		return false, err
	}
	b, err := open(ctx, database, clock.Real)
	if err != nil {
		return false, err
	}
	m, err := readMark(ctx, b.read, database)
	if err == nil && m.hash != "" {
		err = m.fits(installation)
	}
	return m.hash != "", errors.Join(err, b.Close(ctx))
}

// fits tells whether the mark is that of an installation's file.
func (m mark) fits(file string) error {
	inst, err := ReadInstallation(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing(file).Because(err)
	case err != nil:
		return err
	case inst.hash() != m.hash:
		return foreign(link.Both("o arquivo %s é de outra", "the file %s is another's", file))
	}
	return nil
}
