package registry

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"smartlink/link"
)

// What one argon2id hash costs: 19 MiB, two passes. Stored hashes carry their own figures, so these
// can be raised without a migration.
const (
	argonMemory  = 19 << 10 // KiB
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16
	argonKey     = 32
)

// PasswordCost is what one argon2id hash costs; zero fields are what a password needs.
type PasswordCost struct {
	Memory uint32 // KiB; default 19 MiB
	Passes uint32 // default 2
}

func (c PasswordCost) withDefaults() PasswordCost {
	return PasswordCost{cmp.Or(c.Memory, argonMemory), cmp.Or(c.Passes, argonTime)}
}

// hashers bounds how many passwords are hashed at the same time, and with them the memory that
// strangers can make the hub use.
var hashers = make(chan struct{}, 2)

// hashing waits for one of the places; the function gives it back.
func hashing(ctx context.Context) (func(), error) {
	select {
	case hashers <- struct{}{}:
		return func() { <-hashers }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hashPassword answers what is stored of a password, in the PHC string form.
func hashPassword(ctx context.Context, cost PasswordCost, password string) (string, error) {
	done, err := hashing(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	var salt [argonSalt]byte
	_, _ = rand.Read(salt[:]) // crypto/rand.Read never fails
	key := argon2.IDKey([]byte(password), salt[:], cost.Passes, cost.Memory, argonThreads, argonKey)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, cost.Memory, cost.Passes, argonThreads, b64(salt[:]), b64(key)), nil
}

// nobody is what a log-in of an unknown person is compared with, so that it takes as long as that of
// a known one. No password has this hash.
var nobody = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
	strings.Repeat("A", 22), strings.Repeat("A", 43))

// samePassword tells whether a stored hash is that of the password.
func samePassword(ctx context.Context, stored, password string) (bool, error) {
	var version, memory, time, threads uint32
	form, rest, _ := strings.Cut(strings.TrimPrefix(stored, "$argon2id$"), "$")
	figures, rest, _ := strings.Cut(rest, "$")
	saltText, keyText, _ := strings.Cut(rest, "$")
	if _, err := fmt.Sscanf(form+" "+figures, "v=%d m=%d,t=%d,p=%d", &version, &memory, &time, &threads); err != nil {
		return false, fmt.Errorf("stored password: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(saltText)
	if err != nil {
		return false, fmt.Errorf("salt of a stored password: %w", err)
	}
	key, err := base64.RawStdEncoding.DecodeString(keyText)
	if err != nil || version != argon2.Version || len(key) < 16 || len(key) > 128 || threads == 0 || threads > 255 || time == 0 || memory > 1<<20 {
		return false, fmt.Errorf("a stored password has a form that this hub does not know")
	}
	done, err := hashing(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	given := argon2.IDKey([]byte(password), salt, time, memory, uint8(threads), uint32(len(key)))
	return subtle.ConstantTimeCompare(given, key) == 1, nil
}

// newPassword makes a password for people: 80 random bits in four groups of four letters and digits.
func newPassword() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	l := base32.StdEncoding.EncodeToString(b[:])
	return strings.Join([]string{l[:4], l[4:8], l[8:12], l[12:]}, "-")
}

// password checks a password that somebody chose. Length is what counts; the one word everybody
// tries first is the user's own name.
func (c *checks) password(pointer, password, user string) {
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password):
		c.add(pointer, link.CodeRequestInvalid, link.NotUTF8)
	case n < link.MinPassword || n > link.MaxPassword:
		c.add(pointer, link.CodeRequestInvalid, link.Both(
			"a senha tem %d caracteres; use de %d a %d", "the password has %d characters; use %d to %d", n, link.MinPassword, link.MaxPassword))
	case user != "" && strings.Contains(strings.ToLower(password), strings.ToLower(user)):
		c.add(pointer, link.CodeRequestInvalid, link.Both("a senha contém o nome do usuário", "the password contains the user's name"))
	}
}
