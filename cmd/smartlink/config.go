package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
)

// yamlConfig is a configuration file. Its keys are the flags' names, nested by command.
type yamlConfig map[string]any

// read reads a configuration file into it.
func (c yamlConfig) read(r io.Reader) (kong.Resolver, error) {
	values := yamlConfig{}
	if err := yaml.NewDecoder(r).Decode(&values); err != nil && err != io.EOF {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	maps.Copy(c, values)
	return c, nil
}

// Resolve answers the value of a flag: that of its command's section, else of one around it. What the
// environment says goes before the file.
func (c yamlConfig) Resolve(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	if name, _ := fromEnvironment(flag); name != "" {
		return nil, nil
	}
	v, _ := c.lookup(parent.Node(), flag.Name)
	return v, nil
}

// lookup finds what the file says of a flag of a command. A section may be of a command that has the flag's
// name, and then says nothing of it.
func (c yamlConfig) lookup(n *kong.Node, flag string) (any, bool) {
	for ; n != nil; n = n.Parent {
		v, ok := c.section(n)[flag]
		if _, section := v.(map[string]any); ok && v != nil && !(section && slices.ContainsFunc(n.Children, func(c *kong.Node) bool { return c.Name == flag })) {
			return v, true
		}
	}
	return nil, false
}

// section is the part of a configuration that belongs to a command.
func (c yamlConfig) section(n *kong.Node) map[string]any {
	if n.Type != kong.CommandNode {
		return c
	}
	sub, _ := c.section(n.Parent)[n.Name].(map[string]any)
	return sub
}

// Validate refuses keys that nothing reads: a mistyped one would silently mean the default.
func (c yamlConfig) Validate(app *kong.Application) error { return check(c, app.Node, "") }

func check(values map[string]any, n *kong.Node, place string) error {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		i := slices.IndexFunc(n.Children, func(c *kong.Node) bool { return c.Name == key })
		switch {
		case i >= 0:
			sub, ok := values[key].(map[string]any)
			if !ok && values[key] != nil {
				return fmt.Errorf("configuration file: %s%s: want the flags of the command, each with its value", place, key)
			}
			if err := check(sub, n.Children[i], place+key+"."); err != nil {
				return err
			}
		case !hasFlag(n, key):
			return fmt.Errorf("configuration file: %s%s: no such command or flag%s", place, key, among(n))
		}
	}
	return nil
}

// hasFlag tells whether a command, or one inside it, has a flag.
func hasFlag(n *kong.Node, name string) bool {
	return slices.ContainsFunc(n.Flags, func(f *kong.Flag) bool { return f.Name == name }) ||
		slices.ContainsFunc(n.Children, func(c *kong.Node) bool { return hasFlag(c, name) })
}

// among lists what there is.
func among(n *kong.Node) string {
	var names []string
	for _, c := range n.Children {
		names = append(names, c.Name)
	}
	for _, f := range n.Flags {
		if f.Name != "help" && f.Name != "config" {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; there are " + strings.Join(names, ", ")
}
