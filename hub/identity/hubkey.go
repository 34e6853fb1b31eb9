package identity

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"smartlink/hub/registry"
	"smartlink/internal/durable"
	"smartlink/link"
)

// hubKeyPrefix begins a key file, so that another file is recognised as such.
const hubKeyPrefix = "smartlink-hub-key-1:"

// hubKeySize is the size of an AES-256 key.
const hubKeySize = 32

// openHubKey reads the key file. When there is none and nothing is sealed yet it makes one.
func openHubKey(file string, sealed bool, log *slog.Logger) ([]byte, error) {
	content, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && sealed:
		return nil, link.NewError(link.CodeHubKey, "file", file, "why", "is missing", "whyPT", "não existe").Because(err)
	case errors.Is(err, fs.ErrNotExist):
		if content, err = makeHubKey(file); err != nil {
			return nil, fmt.Errorf("make %s: %w", file, err)
		}
	case err != nil:
		return nil, err
	default:
		warnIfReadable(file, log)
	}
	key, err := parseHubKey(content)
	switch {
	case err != nil && sealed:
		return nil, link.NewError(link.CodeHubKey, "file", file, "why", "is damaged", "whyPT", "está danificado").Because(err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w; move it away and a new one is made", file, err)
	}
	return key, nil
}

// CheckKeyFile tells whether a key file opens the signing keys of a registry. Errors: link.CodeHubKey.
func CheckKeyFile(file string, stored []registry.SigningKey) error {
	key, err := openHubKey(file, true, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	seal, err := sealWith(key)
	if err != nil {
		return err
	}
	if _, err := unsealKeys(seal, stored, nil); err != nil {
		return foreignHubKey(file, err)
	}
	return nil
}

// sealWith makes what seals the signing keys.
func sealWith(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Key answers a key of 32 bytes for one purpose, which the key file decides: the same at every start
// and at every hub that shares the file, another for another purpose.
func (i *Identity) Key(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, i.hubKey, nil, "smartlink "+purpose, hubKeySize)
}

// foreignHubKey says that the key file is whole, but not the one that sealed the signing keys.
func foreignHubKey(file string, cause error) error {
	return link.NewError(link.CodeHubKey, "file", file, "why", "belongs to another hub", "whyPT", "pertence a outro hub").Because(cause)
}

func parseHubKey(content []byte) ([]byte, error) {
	text, ok := bytes.CutPrefix(bytes.TrimSpace(content), []byte(hubKeyPrefix))
	if !ok {
		return nil, errors.New("this is no hub key")
	}
	key, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil || len(key) != hubKeySize {
		return nil, errors.New("this hub key is not whole")
	}
	return key, nil
}

// makeHubKey writes a new key, whole and on the disk or not at all: signing keys that are sealed
// with a lost key are lost too.
func makeHubKey(file string) ([]byte, error) {
	key := make([]byte, hubKeySize)
	_, _ = rand.Read(key) // crypto/rand.Read never fails
	content := []byte(hubKeyPrefix + base64.StdEncoding.EncodeToString(key) + "\n")
	dir := filepath.Dir(file)
	f, err := os.CreateTemp(dir, filepath.Base(file)+".*") // 0600
	if err != nil {
		return nil, err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = placeFile(f.Name(), file)
	}
	if gone := os.Remove(f.Name()); !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return os.ReadFile(file) // another hub made it meanwhile
	case err != nil:
		return nil, err
	}
	return content, durable.SyncDir(dir)
}

// placeFile gives a file its name, unless there is one of that name: fs.ErrExist. A file system without
// links knows only how to replace.
func placeFile(made, name string) error {
	err := os.Link(made, name)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(made, name)
}

// warnIfReadable tells an administrator of a key file that others on the machine can read. Windows
// has no such bits; there the folder's rights count.
func warnIfReadable(file string, log *slog.Logger) {
	info, err := os.Stat(file)
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		log.Warn("the hub's key can be read by other users of this machine; chmod 600 it", "file", file, "mode", info.Mode().Perm().String())
	}
}
