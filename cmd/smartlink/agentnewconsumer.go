package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"smartlink/link"
)

// newConsumer is the project that 'agent new-consumer' writes.
//
//go:embed newconsumer
var newConsumer embed.FS

type agentNewConsumerCmd struct {
	Name string `arg:"" help:"Name of the program: small letters, digits and dashes."`
	Dir  string `help:"Folder to write; default the name, in the current folder." placeholder:"FOLDER"`
	Type string `help:"Message type it executes; default made of the name, as GreetGuestsDataCommand of greet-guests." placeholder:"TYPE"`
	Port int    `help:"Port on this machine that it takes calls at." default:"8701"`
}

// Help shows an example.
func (*agentNewConsumerCmd) Help() string {
	return "Example: smartlink agent new-consumer greet-guests\n\n" +
		"The project needs Go and nothing else. It has a test of its own; its README tells how the agent learns of it."
}

var programName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func (c *agentNewConsumerCmd) Run(e *env, a *agentCmd) error {
	if !programName.MatchString(c.Name) {
		return fmt.Errorf("%q is no name of a program; want small letters, digits and dashes, as greet-guests", c.Name)
	}
	if c.Port < 1 || c.Port > 65535 {
		return fmt.Errorf("%d is no port", c.Port)
	}
	if c.Dir == "" {
		c.Dir = c.Name
	}
	if c.Type == "" {
		for word := range strings.SplitSeq(c.Name, "-") {
			c.Type += strings.ToUpper(word[:1]) + word[1:]
		}
		c.Type += "DataCommand"
	}
	if !link.ValidType(c.Type) {
		return fmt.Errorf("%q is no message type", c.Type)
	}
	files, err := c.write()
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(e.out, map[string]any{"dir": c.Dir, "type": c.Type, "files": files})
	}
	_, err = fmt.Fprintf(e.out, "%s: a consumer of %s\n\n  cd %[1]s && go test ./... && go run .\n  smartlink agent run --consumers %[2]s=http://127.0.0.1:%[3]d/\n\nIts README.md tells more; begin in consumer.go.\n",
		c.Dir, c.Type, c.Port)
	return err
}

// write writes the project into a folder that is new or empty, and answers the names of its files.
func (c *agentNewConsumerCmd) write() ([]string, error) {
	there, err := os.ReadDir(c.Dir)
	switch {
	case err == nil && len(there) > 0:
		return nil, fmt.Errorf("the folder %s is not empty; nothing was written", c.Dir)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if err := os.MkdirAll(c.Dir, 0o750); err != nil {
		return nil, err
	}
	all, err := template.New("").Delims("[[", "]]").ParseFS(newConsumer, "newconsumer/*.tmpl")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range all.Templates() {
		name, ok := strings.CutSuffix(t.Name(), ".tmpl")
		if !ok {
			continue
		}
		var text strings.Builder
		if err := t.Execute(&text, c); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(c.Dir, name), []byte(text.String()), 0o600); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}
