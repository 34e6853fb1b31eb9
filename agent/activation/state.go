package activation

import (
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"smartlink/agent/inbox"
	"smartlink/internal/durable"
	"smartlink/link"
)

// File is the name of the file that keeps what is activated, beside the installation's.
const File = "activation.json"

// Credentials say at which hub a client speaks.
type Credentials struct {
	Server   string
	TokenURL string // empty: the hub's own
	ClientID link.ClientID
	Secret   string
}

// Options are what an administrator may set; 0 = what the file of the apps says, else the default.
type Options struct {
	BatchSize int `json:"batchSize,omitempty"` // messages executed in one transaction, see Batch
	Parallel  int `json:"parallel,omitempty"`  // transactions at the same time, of different ordering keys
	RetryFigures
}

// DefaultBatch is how many messages share a transaction unless somebody says otherwise. Only what waits is
// taken together, and whatever is wrong with one is found out by running them one by one: so a larger one
// costs nothing while little comes, and keeps an agent from falling behind a slow disk when much does.
const DefaultBatch = 16

// Batch is BatchSize, or the default.
func (o Options) Batch() int { return cmp.Or(o.BatchSize, DefaultBatch) }

// Active is an activated app.
type Active struct {
	Code  string    `json:"code"`
	Name  string    `json:"name"`
	Types []string  `json:"types"` // subscribed for it
	Since time.Time `json:"since"`
	By    string    `json:"by"` // who activated it
}

// State is what is activated. The zero value: nothing ever was.
type State struct {
	Environment Environment // empty: the address was given
	Credentials Credentials
	Apps        []Active // empty: all were removed; what is on its way still comes to its end
	Options     Options
}

// Ever tells whether something has ever been activated.
func (s *State) Ever() bool { return s.Credentials.ClientID != "" }

// Types are those of all active apps, sorted, each once; never nil.
func (s *State) Types() []string {
	list := []string{}
	for _, a := range s.Apps {
		list = append(list, a.Types...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Figures are the retry figures in force: the options', else those of the file of the apps.
func (s *State) Figures(file RetryFigures) RetryFigures {
	o := s.Options.RetryFigures
	return RetryFigures{
		MinutesInterval:    cmp.Or(o.MinutesInterval, file.MinutesInterval),
		FatorTempoExecucao: cmp.Or(o.FatorTempoExecucao, file.FatorTempoExecucao),
		QtdeTentativasExec: cmp.Or(o.QtdeTentativasExec, file.QtdeTentativasExec),
	}
}

// Figures are the retry figures in force for what is activated: see State.Figures.
func (f *Folder) Figures() (RetryFigures, error) {
	s, err := f.Read()
	if err != nil {
		return RetryFigures{}, err
	}
	file, err := ReadConfig(f.dir)
	return s.Figures(file.Retry), err
}

func (s *State) active(code string) *Active {
	i := slices.IndexFunc(s.Apps, func(a Active) bool { return a.Code == code })
	if i < 0 {
		return nil
	}
	return &s.Apps[i]
}

// stateFile is a State on disk.
type stateFile struct {
	Environment Environment   `json:"environment,omitempty"`
	Server      string        `json:"server"`
	TokenURL    string        `json:"tokenUrl,omitempty"`
	ClientID    link.ClientID `json:"clientId"`
	Secret      []byte        `json:"secret"` // nonce and AES-256-GCM
	Apps        []Active      `json:"apps"`
	Options     Options       `json:"options"`
}

// Folder is where an installation keeps its activation.
type Folder struct {
	dir  string
	inst inbox.Installation
}

// OpenFolder reads the installation's file, or makes a new installation, and answers its folder.
func OpenFolder(installation string) (*Folder, error) {
	inst, err := inbox.OpenInstallation(installation)
	if err != nil {
		return nil, err
	}
	return &Folder{filepath.Dir(installation), inst}, nil
}

// Dir is the folder's path.
func (f *Folder) Dir() string { return f.dir }

// Installation is whose folder it is.
func (f *Folder) Installation() inbox.Installation { return f.inst }

func (f *Folder) path() string { return filepath.Join(f.dir, File) }

// Read reads what is activated; without a file, the zero State. A secret that another installation has
// sealed, or an address or client changed by hand, is link.CodeSealedElsewhere.
func (f *Folder) Read() (State, error) {
	var s State
	b, err := os.ReadFile(f.path())
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("activation: %w", err)
	}
	var d stateFile
	if err := json.Unmarshal(b, &d); err != nil || d.ClientID == "" {
		return s, fmt.Errorf("activation: %s cannot be read: %w", f.path(), errors.Join(err, errors.New("it is not what an agent wrote")))
	}
	c := Credentials{Server: d.Server, TokenURL: d.TokenURL, ClientID: d.ClientID}
	secret, err := f.unseal(d.Secret, c)
	if err != nil {
		return s, link.NewError(link.CodeSealedElsewhere, "file", f.path()).Because(err)
	}
	c.Secret = secret
	return State{Environment: d.Environment, Credentials: c, Apps: d.Apps, Options: d.Options}, nil
}

// write replaces the file.
func (f *Folder) write(s State) error {
	c := s.Credentials
	secret, err := f.seal(c)
	if err != nil {
		return fmt.Errorf("activation: %w", err)
	}
	d := stateFile{Environment: s.Environment, Server: c.Server, TokenURL: c.TokenURL, ClientID: c.ClientID, Secret: secret, Apps: s.Apps, Options: s.Options}
	if d.Apps == nil {
		d.Apps = []Active{}
	}
	b, err := json.MarshalIndent(d, "", "  ")
	if err == nil {
		err = durable.Write(f.path(), append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("activation: %w", err)
	}
	return nil
}

// change reads, changes and writes while nobody else does, neither in this process nor in another.
func (f *Folder) change(do func(*State) error) error {
	lock := flock.New(f.path() + ".lock")
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock the activation: %w", err)
	}
	defer func() { _ = lock.Unlock() }()
	s, err := f.Read()
	if err != nil && link.CodeOf(err) != link.CodeSealedElsewhere { // which is mended by activating anew
		return err
	}
	if err := do(&s); err != nil {
		return err
	}
	return f.write(s)
}

// Fingerprint changes whenever the file does: a running agent looks at it.
func (f *Folder) Fingerprint() (string, error) {
	b, err := os.ReadFile(f.path())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(b), err
}

func (f *Folder) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(f.inst.Key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// bound is what a sealed secret belongs to: at no other address, and for no other client, is it
// unsealed, so that a changed file cannot send it elsewhere.
func (f *Folder) bound(c Credentials) []byte {
	b, _ := json.Marshal([]string{"smartlink activation", f.inst.ID.String(), c.Server, c.TokenURL, string(c.ClientID)})
	return b
}

func (f *Folder) seal(c Credentials) ([]byte, error) {
	a, err := f.aead()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, a.NonceSize())
	_, _ = rand.Read(nonce) // crypto/rand.Read never fails since Go 1.24
	return a.Seal(nonce, nonce, []byte(c.Secret), f.bound(c)), nil
}

func (f *Folder) unseal(sealed []byte, c Credentials) (string, error) {
	a, err := f.aead()
	if err != nil {
		return "", err
	}
	if len(sealed) < a.NonceSize() {
		return "", errors.New("the secret is too short")
	}
	b, err := a.Open(nil, sealed[:a.NonceSize()], sealed[a.NonceSize():], f.bound(c))
	return string(b), err
}
