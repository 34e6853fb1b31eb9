package activation

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"smartlink/internal/durable"
	"smartlink/link"
)

// Names of the two files.
const (
	SaaSFile   = "totvsAppSaaS.json"
	ConfigFile = "totvsAppConfig_v2.json"
)

//go:embed files/*.json
var builtIn embed.FS

// Environment is one of the three in which hubs are run.
type Environment string

// The environments.
const (
	Production Environment = "production"
	Staging    Environment = "staging"
	Dev        Environment = "dev"
)

// Environments lists them, the most serious first.
func Environments() []Environment { return []Environment{Production, Staging, Dev} }

// Addresses are where an environment's hub is.
type Addresses struct {
	Server  string `json:"server"`  // empty: the environment cannot be activated
	Token   string `json:"token"`   // empty: the hub's own
	Monitor string `json:"monitor"` // empty: the hub's own
}

// SaaS is the content of totvsAppSaaS.json.
type SaaS struct {
	Environments map[Environment]Addresses `json:"environments"`
}

// AppConfig is the content of totvsAppConfig_v2.json.
type AppConfig struct {
	Retry RetryFigures `json:"retry"`
	Apps  []KnownApp   `json:"apps"`
}

// RetryFigures are those of the retry formula; 0 = not said.
type RetryFigures struct {
	MinutesInterval    int `json:"MinutesInterval,omitempty"`
	FatorTempoExecucao int `json:"FatorTempoExecucao,omitempty"`
	QtdeTentativasExec int `json:"QtdeTentativasExec,omitempty"`
}

// KnownApp is an app that this agent knows.
type KnownApp struct {
	Code  string   `json:"code"`
	Name  string   `json:"name"`
	Types []string `json:"types"`
}

// app finds an app by its code.
func (c *AppConfig) app(code string) (KnownApp, bool) {
	i := slices.IndexFunc(c.Apps, func(a KnownApp) bool { return a.Code == code })
	if i < 0 {
		return KnownApp{}, false
	}
	return c.Apps[i], true
}

func (c *AppConfig) codes() []string {
	list := make([]string, len(c.Apps))
	for i, a := range c.Apps {
		list[i] = a.Code
	}
	return list
}

// ReadSaaS reads totvsAppSaaS.json of a folder, or the built-in one. A file that is not as its schema
// says is link.CodeActivationFile.
func ReadSaaS(dir string) (SaaS, error) {
	var s SaaS
	return s, readFile(dir, SaaSFile, &s)
}

// ReadConfig reads totvsAppConfig_v2.json like ReadSaaS.
func ReadConfig(dir string) (AppConfig, error) {
	var c AppConfig
	if err := readFile(dir, ConfigFile, &c); err != nil {
		return c, err
	}
	seen := map[string]bool{}
	for i, a := range c.Apps { // a schema cannot say this
		if seen[a.Code] {
			return c, fileError(dir, ConfigFile).At(fmt.Sprintf("/apps/%d/code", i), link.CodeActivationFile,
				link.Both("%s aparece duas vezes", "%s stands there twice", a.Code))
		}
		seen[a.Code] = true
	}
	return c, nil
}

// WriteFiles puts the built-in files and their schemas into a folder, to be changed there. Files that
// are there already stay as they are. It answers the names of those it wrote.
func WriteFiles(dir string) ([]string, error) {
	entries, err := fs.ReadDir(builtIn, "files")
	if err != nil {
		return nil, err
	}
	written := []string{}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				return written, err
			}
			continue
		}
		b, err := builtIn.ReadFile("files/" + e.Name())
		if err == nil {
			err = durable.Write(path, b)
		}
		if err != nil {
			return written, err
		}
		written = append(written, e.Name())
	}
	return written, nil
}

func fileError(dir, name string) *link.Error {
	return link.NewError(link.CodeActivationFile, "file", filepath.Join(dir, name), "schema", schemaName(name))
}

func schemaName(name string) string { return strings.TrimSuffix(name, ".json") + ".schema.json" }

// readFile reads a file of the folder, or else the built-in one, holds it against its schema and
// decodes it.
func readFile(dir, name string, v any) error {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		b, err = builtIn.ReadFile("files/" + name)
	}
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return fileError(dir, name).Because(err).At("", link.CodeActivationFile, link.Both("não é JSON: %v", "not JSON: %v", err))
	}
	if err := schemas()[name].Validate(value); err != nil {
		e := fileError(dir, name)
		var wrong *jsonschema.ValidationError
		if !errors.As(err, &wrong) {
			return e.Because(err)
		}
		places(wrong, e)
		return e
	}
	return json.Unmarshal(b, v)
}

// places adds the innermost findings of a validation to an error.
func places(v *jsonschema.ValidationError, e *link.Error) {
	if len(v.Causes) == 0 {
		pointer := ""
		for _, p := range v.InstanceLocation {
			pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(p)
		}
		said := v.Error() // "…\n- at '/place': what is wrong"
		if i := strings.LastIndex(said, "': "); i >= 0 {
			said = said[i+len("': "):]
		}
		e.At(pointer, link.CodeActivationFile, link.Both("não confere com o esquema (%s)", "does not match the schema (%s)", said))
		return
	}
	for _, c := range v.Causes {
		places(c, e)
	}
}

// schemas are those of the two files, compiled with the first that is read. One of ours that does not
// compile stops every test that reads one.
var schemas = sync.OnceValue(func() map[string]*jsonschema.Schema {
	list := map[string]*jsonschema.Schema{}
	for _, name := range []string{SaaSFile, ConfigFile} {
		b, err := builtIn.ReadFile("files/" + schemaName(name))
		if err != nil {
			panic(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			panic(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource(schemaName(name), doc); err != nil {
			panic(err)
		}
		list[name] = c.MustCompile(schemaName(name))
	}
	return list
})
