package activation

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/argon2"

	"smartlink/agent/inbox"
	"smartlink/internal/clock"
	"smartlink/internal/durable"
	"smartlink/link"
)

// JoinTime is how long a join code is good for.
const JoinTime = 15 * time.Minute

// A join code has 80 random bits, so nobody guesses one. What it opens stands in the database for a
// while, and so in its backups; argon2id makes each guess there dear besides.
const (
	joinBytes  = 10
	joinSalt   = 16
	joinMemory = 19 << 10 // KiB
	joinTurns  = 3
)

// joinDigits are Crockford's: without letters that look like digits.
var joinDigits = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// joined is what a further machine gets.
type joined struct {
	ID        uuid.UUID         `json:"id"`
	Key       []byte            `json:"key"`
	CreatedAt time.Time         `json:"createdAt"`
	Files     map[string][]byte `json:"files"` // of the folder, by name
}

// joinedFiles are the files of a folder that a further machine needs.
var joinedFiles = []string{File, SaaSFile, ConfigFile}

// JoinCode makes a code with which one further machine can join the installation, and says until when
// it is good. An earlier code is good no more. The database must be the installation's.
func (f *Folder) JoinCode(ctx context.Context, box *inbox.Box, clk clock.Clock) (code string, until time.Time, err error) {
	if err := box.BelongsTo(ctx, f.inst); err != nil {
		return "", until, err
	}
	j := joined{ID: f.inst.ID, Key: f.inst.Key, CreatedAt: f.inst.CreatedAt, Files: map[string][]byte{}}
	for _, name := range joinedFiles {
		b, err := os.ReadFile(filepath.Join(f.dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", until, fmt.Errorf("join code: %w", err)
		default:
			j.Files[name] = b
		}
	}
	plain, err := json.Marshal(j)
	if err != nil {
		return "", until, fmt.Errorf("join code: %w", err)
	}
	secret, salt := make([]byte, joinBytes), make([]byte, joinSalt)
	_, _ = rand.Read(secret) // crypto/rand.Read never fails since Go 1.24
	_, _ = rand.Read(salt)
	digits := joinDigits.EncodeToString(secret)
	a, err := joinSeal(digits, salt)
	if err != nil {
		return "", until, fmt.Errorf("join code: %w", err)
	}
	nonce := make([]byte, a.NonceSize())
	_, _ = rand.Read(nonce)
	until = clk.Now().Add(JoinTime)
	if err := box.PutJoin(ctx, inbox.Joining{Salt: salt, Sealed: a.Seal(nonce, nonce, plain, joinPurpose), Expires: until}); err != nil {
		return "", until, err
	}
	var parts []string
	for part := range slices.Chunk([]byte(digits), 4) {
		parts = append(parts, string(part))
	}
	return strings.Join(parts, "-"), until, nil
}

// joinPurpose is authenticated with what is sealed.
var joinPurpose = []byte("smartlink join")

func joinSeal(digits string, salt []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(argon2.IDKey([]byte(digits), salt, joinTurns, joinMemory, 1, 32))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// readJoinCode reads a code as a person types it.
func readJoinCode(code string) string {
	return strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(code))
}

func joinError(pt, en string) *link.Error {
	return link.NewError(link.CodeJoinCode, "why", en, "whyPT", pt)
}

// Join makes this machine one more of the installation that the database belongs to: it writes the
// installation's file, with an instance of its own, and what is activated beside it. A code that is
// wrong, expired or used up is link.CodeJoinCode; a place that has another installation's file already
// is link.CodeInstallationThere.
func Join(ctx context.Context, box *inbox.Box, installation, code string, clk clock.Clock) (*Folder, error) {
	j, there, err := box.Join(ctx)
	switch {
	case err != nil:
		return nil, err
	case !there:
		return nil, joinError("não vale: nenhum foi criado para este banco", "is not good: none was made for this database")
	case j.Used:
		return nil, joinError("já foi usado", "was used already")
	case len(j.Sealed) == 0:
		return nil, joinError("não vale mais: houve tentativas demais com códigos errados", "is not good any more: too many wrong codes were tried")
	case !clk.Now().Before(j.Expires):
		return nil, joinError("expirou", "has expired")
	}
	a, err := joinSeal(readJoinCode(code), j.Salt)
	if err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	if len(j.Sealed) < a.NonceSize() {
		return nil, errors.New("join: what stands in the database is cut short")
	}
	plain, err := a.Open(nil, j.Sealed[:a.NonceSize()], j.Sealed[a.NonceSize():], joinPurpose)
	if err != nil {
		return nil, errors.Join(joinError("está errado", "is wrong"), box.FailJoin(ctx, j.Salt))
	}
	var got joined
	if err := json.Unmarshal(plain, &got); err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	inst := inbox.Installation{ID: got.ID, Key: got.Key, CreatedAt: got.CreatedAt}
	if err := box.BelongsTo(ctx, inst); err != nil {
		return nil, err
	}
	if err := inbox.CheckJoin(installation, inst); err != nil { // before the code is spent
		return nil, err
	}
	if first, err := box.SpendJoin(ctx, j.Salt); err != nil || !first {
		return nil, errors.Join(joinError("já foi usado", "was used already"), err)
	}
	dir := filepath.Dir(installation)
	for _, name := range joinedFiles {
		if b, ok := got.Files[name]; ok {
			if err := durable.Write(filepath.Join(dir, name), b); err != nil {
				return nil, fmt.Errorf("join: %w", err)
			}
		}
	}
	if err := inbox.JoinInstallation(installation, inst); err != nil {
		return nil, err
	}
	return OpenFolder(installation)
}
