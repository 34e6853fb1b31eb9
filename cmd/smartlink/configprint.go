package main

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
)

type configCmd struct {
	Print configPrintCmd `cmd:"" help:"Print the values in effect, in the form of a configuration file, each with where it comes from."`
	Keys  configKeysCmd  `cmd:"" help:"List what a configuration file can say: each key, its variable, its default, what it means."`
}

// Help tells how a configuration file looks.
func (*configCmd) Help() string {
	return "A value is taken from the command line, else from the environment, else from the YAML file that --config or SMARTLINK_CONFIG names, " +
		"else it is the default. The file's keys are the flags' names, nested by command; a flag that stands in front of a command, as in " +
		"'smartlink agent --database X run', stands above it in the file:\n\n" +
		"log-level: info\nhub:\n  listen: 127.0.0.1:8484\n  data: /var/lib/smartlink\nagent:\n  database: rm.db\n  run:\n    batch-size: 10\n\n" +
		"Example: smartlink config print hub --config smartlink.yaml"
}

// setting is a flag of a command with the value in effect.
type setting struct {
	path   []string // the commands it belongs to
	flag   *kong.Flag
	value  string // as it would be written on a command line
	source string // where it comes from
}

func (s setting) key() string { return strings.Join(append(slices.Clone(s.path), s.flag.Name), ".") }

// secret tells whether a value is nobody's business.
func (s setting) secret() bool { return s.flag.Tag.Has("secret") }

// hidden stands for a secret.
const hidden = "(hidden)"

// settings lists the flags that a configuration file can set, of a command and those inside it, in the
// order of the help.
func (e *env) settings(command []string) ([]setting, error) {
	node := e.model.Node
	for i, name := range command {
		at := slices.IndexFunc(node.Children, func(c *kong.Node) bool { return c.Name == name && !c.Hidden })
		if at < 0 {
			return nil, fmt.Errorf("no command %q%s", strings.Join(command[:i+1], " "), among(node))
		}
		node = node.Children[at]
	}
	var list []setting
	var walk func(n *kong.Node, path []string) error
	walk = func(n *kong.Node, path []string) error {
		for _, f := range n.Flags {
			if f.Name == "help" || f.Name == "config" || f.Hidden {
				continue
			}
			s := setting{path: path, flag: f}
			var err error
			if s.value, s.source, err = e.inEffect(n, f); err != nil {
				return err
			}
			list = append(list, s)
		}
		for _, c := range n.Children {
			if c.Hidden || c.Name == "config" || c.Name == "completion" {
				continue
			}
			if err := walk(c, append(slices.Clone(path), c.Name)); err != nil {
				return err
			}
		}
		return nil
	}
	return list, walk(node, command)
}

// inEffect is the value that a flag has, with where it comes from. Only those of all commands can stand on
// this command line.
func (e *env) inEffect(n *kong.Node, f *kong.Flag) (value, source string, err error) {
	if n == e.model.Node && e.given(f) {
		return fmt.Sprint(f.Target.Interface()), "command line", nil
	}
	if name, value := fromEnvironment(f); name != "" {
		return value, name, nil
	}
	if v, ok := e.file.lookup(n, f.Name); ok {
		text, err := yaml.Marshal(withoutSecrets(v))
		return strings.TrimSuffix(string(text), "\n"), "file", err
	}
	return f.Default, "default", nil
}

// withoutSecrets is the value of a flag that is an object, its password hidden.
func withoutSecrets(v any) any {
	object, ok := v.(map[string]any)
	if _, secret := object["password"]; !ok || !secret {
		return v
	}
	object = maps.Clone(object)
	object["password"] = hidden
	return object
}

// given tells whether the command line names a flag.
func (e *env) given(f *kong.Flag) bool {
	return slices.ContainsFunc(e.line, func(p *kong.Path) bool { return p.Flag == f && !p.Resolved })
}

// fromEnvironment is the variable that sets a flag, with its value; "" when none does.
func fromEnvironment(f *kong.Flag) (name, value string) {
	for _, name := range f.Tag.Envs {
		if value, ok := os.LookupEnv(name); ok {
			return name, value
		}
	}
	return "", ""
}

type configPrintCmd struct {
	Command []string `arg:"" optional:"" help:"Only of this command, such as: hub."`
	JSON    bool     `name:"json" help:"As JSON, for scripts."`
}

// Help shows an example.
func (*configPrintCmd) Help() string {
	return "Example: smartlink config print hub --config smartlink.yaml\n\nSecrets are shown as " + hidden + "."
}

// shownSetting is a setting for scripts.
type shownSetting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

func (c *configPrintCmd) Run(e *env) error {
	list, err := e.settings(c.Command)
	if err != nil {
		return err
	}
	if c.JSON {
		shown := make([]shownSetting, len(list))
		for i, s := range list {
			shown[i] = shownSetting{s.key(), s.shown(), s.source}
		}
		return printJSON(e.out, shown)
	}
	var at []string
	for _, s := range list {
		for i := range s.path {
			if i >= len(at) || s.path[i] != at[i] {
				at = s.path[:i]
				fmt.Fprintf(e.out, "%s%s:\n", strings.Repeat("  ", i), s.path[i])
				at = append(slices.Clone(at), s.path[i])
			}
		}
		at = s.path
		indent := strings.Repeat("  ", len(s.path))
		line := indent + s.flag.Name + ":"
		if v := s.written(); strings.Contains(v, "\n") { // a list of objects
			line += "  # " + s.source
			for item := range strings.Lines(v) {
				line += "\n" + indent + "  " + strings.TrimSuffix(item, "\n")
			}
			if _, err := fmt.Fprintln(e.out, line); err != nil {
				return err
			}
			continue
		} else if v != "" {
			line += " " + v
		} else { // nothing is set: the key is shown, and stays unset if the output is used as a file
			line = indent + "# " + s.flag.Name + ":"
		}
		if _, err := fmt.Fprintf(e.out, "%s  # %s\n", line, s.source); err != nil {
			return err
		}
	}
	return nil
}

// shown is the value as a person may see it.
func (s setting) shown() string {
	if s.secret() && s.value != "" {
		return hidden
	}
	return s.value
}

// written is the value as it stands in a YAML file.
func (s setting) written() string {
	v := s.shown()
	if v == "" || v == hidden || s.source == "file" {
		return v
	}
	switch s.flag.Target.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int64:
		return v
	}
	text, err := yaml.Marshal(v)
	if err != nil {
		return v
	}
	return strings.TrimSuffix(string(text), "\n")
}

type configKeysCmd struct {
	Command []string `arg:"" optional:"" help:"Only of this command, such as: hub."`
}

// Help shows an example.
func (*configKeysCmd) Help() string { return "Example: smartlink config keys hub" }

func (c *configKeysCmd) Run(e *env) error {
	list, err := e.settings(c.Command)
	if err != nil {
		return err
	}
	rows := make([][]string, len(list))
	for i, s := range list {
		rows[i] = []string{s.key(), strings.Join(s.flag.Tag.Envs, ", "), s.flag.Default, s.flag.Help}
	}
	return table(e.out, []string{"KEY", "VARIABLE", "DEFAULT", "MEANING"}, rows)
}
