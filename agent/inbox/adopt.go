package inbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/gofrs/flock"

	"smartlink/internal/clock"
	"smartlink/link"
)

// KeptSuffix ends the name under which Adopt keeps the installation file it found.
const KeptSuffix = ".before-adopt"

// Adopt makes an inbox that another installation left, or an older state of its own one, a new
// installation's, whose file it writes: for a database restored from a backup, or copied on purpose. A
// file that was there is kept under another name; what is activated has to be activated anew. A run
// of the agent that uses the file now is link.CodeDataInUse; a database without an inbox is
// link.CodeNotFound. Cut short, it is simply done again.
func Adopt(ctx context.Context, database, installation string) (inst Installation, err error) {
	lock := flock.New(installation + ".lock")
	switch ok, err := lock.TryLock(); {
	case err != nil:
		return inst, fmt.Errorf("lock the installation: %w", err)
	case !ok:
		return inst, link.NewError(link.CodeDataInUse, "dir", installation)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	b, err := Attach(ctx, database, clock.Real)
	if err != nil {
		return inst, err
	}
	defer func() { err = errors.Join(err, b.Close(ctx)) }()
	there, err := ReadInstallation(installation)
	if fresh := err == nil && !there.bound; !fresh && !errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(installation, installation+KeptSuffix); err != nil {
			return inst, fmt.Errorf("keep the installation's file: %w", err)
		}
	}
	if inst, err = OpenInstallation(installation); err != nil {
		return inst, err
	}
	if err := b.adopt(ctx, inst); err != nil {
		return inst, err
	}
	return inst, inst.bind()
}
