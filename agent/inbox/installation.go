package inbox

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/google/uuid"

	"smartlink/internal/clock"
	"smartlink/internal/durable"
	"smartlink/link"
)

// Installation is one set-up of the agent. It lives in a file outside the database, so that a copied
// or restored database is not mistaken for the one it came from: the database keeps only a hash of
// the id.
type Installation struct {
	ID        uuid.UUID
	Key       []byte // 32 bytes: encrypts secrets at rest
	CreatedAt time.Time
	// Instance names the installation on this machine: further machines that join it have others. A
	// file without one gets it at the next start.
	Instance uuid.UUID
	bound    bool // a database carries its mark
	path     string
}

// installationFile is an Installation on disk.
type installationFile struct {
	ID        uuid.UUID `json:"id"`
	Key       []byte    `json:"key"`
	CreatedAt time.Time `json:"createdAt"`
	Instance  uuid.UUID `json:"instance"`
	Bound     bool      `json:"bound"`
}

// keySize is the size of an installation's key in bytes.
const keySize = 32

// OpenInstallation reads the installation's file, or makes a new installation when there is none. A
// new file appears whole or not at all, and only its owner can read it.
func OpenInstallation(path string) (Installation, error) {
	inst, err := ReadInstallation(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return inst, err
	}
	inst = Installation{ID: uuid.New(), Key: make([]byte, keySize), CreatedAt: clock.Real.Now(), Instance: uuid.New(), path: path}
	_, _ = rand.Read(inst.Key) // crypto/rand.Read never fails since Go 1.24
	return inst, inst.write()
}

// ReadInstallation reads the installation's file. One that is missing is fs.ErrNotExist.
func ReadInstallation(path string) (Installation, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Installation{}, fmt.Errorf("installation: %w", err)
	}
	inst, err := parseInstallation(b)
	if err != nil {
		return Installation{}, fmt.Errorf("installation file %s: %w", path, err)
	}
	inst.path = path
	return inst, nil
}

func parseInstallation(b []byte) (Installation, error) {
	var f installationFile
	if err := json.Unmarshal(b, &f); err != nil {
		return Installation{}, err
	}
	if f.ID == uuid.Nil || len(f.Key) != keySize {
		return Installation{}, errors.New("it lacks its id or its key")
	}
	return Installation{ID: f.ID, Key: f.Key, CreatedAt: f.CreatedAt.UTC(), Instance: f.Instance, bound: f.Bound}, nil
}

// hash is what the database keeps of the id.
func (i Installation) hash() string {
	sum := sha256.Sum256([]byte(i.ID.String()))
	return hex.EncodeToString(sum[:])
}

// bind notes in the file that a database carries the installation's mark. From then on a database
// with another mark is another installation's, and not one whose file was lost.
func (i *Installation) bind() error {
	if i.bound && i.Instance != uuid.Nil {
		return nil
	}
	i.bound = true
	if i.Instance == uuid.Nil { // a file from before instances had names
		i.Instance = uuid.New()
	}
	return i.write()
}

// write replaces the file durably: a crash leaves the old one or the new one.
func (i *Installation) write() error {
	b, err := json.MarshalIndent(installationFile{ID: i.ID, Key: i.Key, CreatedAt: i.CreatedAt, Instance: i.Instance, Bound: i.bound}, "", "  ")
	if err != nil {
		return fmt.Errorf("installation file: %w", err)
	}
	if err := durable.Write(i.path, append(b, '\n')); err != nil {
		return fmt.Errorf("installation file: %w", err)
	}
	return nil
}

// CheckJoin tells whether a machine may join an installation with this file: there is none, it is of the
// same installation, or it has served no database yet. Otherwise it is link.CodeInstallationThere.
func CheckJoin(path string, of Installation) error {
	there, err := ReadInstallation(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case there.ID != of.ID && there.bound:
		return link.NewError(link.CodeInstallationThere, "file", path)
	}
	return nil
}

// JoinInstallation writes the file of an installation on a further machine: its id and key are the
// same, its instance is another. A file of the same installation that is there already stays. Errors:
// CheckJoin's.
func JoinInstallation(path string, of Installation) error {
	if err := CheckJoin(path, of); err != nil {
		return err
	}
	if there, err := ReadInstallation(path); err == nil && there.ID == of.ID {
		return nil
	}
	joined := Installation{ID: of.ID, Key: of.Key, CreatedAt: of.CreatedAt, Instance: uuid.New(), bound: true, path: path}
	return joined.write()
}
