package main

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"smartlink/contracts"
)

// The scripts ask the program itself what may come next, so that they never lag behind it.
//
//go:embed completion/*
var completionScripts embed.FS

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish,powershell" help:"bash, zsh, fish or powershell."`
}

// Help shows an example.
func (*completionCmd) Help() string {
	return "Example: smartlink completion bash > /etc/bash_completion.d/smartlink\n\n" +
		"For this shell only: bash: . <(smartlink completion bash); zsh: . <(smartlink completion zsh); fish: smartlink completion fish | source; " +
		"PowerShell: smartlink completion powershell | Out-String | Invoke-Expression"
}

// Run prints the script.
func (c *completionCmd) Run(e *env) error {
	b, err := completionScripts.ReadFile("completion/smartlink." + c.Shell)
	if err != nil {
		return err
	}
	_, err = e.out.Write(b)
	return err
}

type completeCmd struct {
	Words []string `arg:"" optional:"" passthrough:"" help:"The words so far, without the program's name; the last one is being written."`
}

// Help shows an example.
func (*completeCmd) Help() string {
	return "Example: smartlink __complete -- queue p\n\nA line for each candidate, with a tab and a description; the line :files asks the shell for files."
}

// Run prints the candidates.
func (c *completeCmd) Run(e *env, app *kong.Kong) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	if n := len(words); n > 0 && words[n-1] == `""` { // how PowerShell hands over nothing, lest it get lost
		words[n-1] = ""
	}
	found, files := candidates(app.Model.Node, words)
	for _, x := range found {
		fmt.Fprintf(e.out, "%s\t%s\n", x.word, x.about)
	}
	if files {
		fmt.Fprintln(e.out, ":files")
	}
	return nil
}

// candidate is one word that may stand at the cursor.
type candidate struct{ word, about string }

// candidates finds what may stand at the last of the words, and whether it may be a file.
func candidates(n *kong.Node, words []string) (found []candidate, files bool) {
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	var wants *kong.Flag // a flag whose value comes next
	positional := 0
	for _, w := range words[:len(words)-1] {
		switch {
		case wants != nil:
			wants = nil
		case strings.HasPrefix(w, "-"):
			if f := flagOf(n, w); f != nil && !f.IsBool() && !strings.Contains(w, "=") {
				wants = f
			}
		default:
			if child := childOf(n, w); child != nil {
				n, positional = child, 0
			} else {
				positional++
			}
		}
	}
	name, _, assigned := strings.Cut(last, "=")
	switch {
	case wants != nil:
		found, files = values(wants.Value)
	case assigned && strings.HasPrefix(name, "-"):
		if f := flagOf(n, name); f != nil {
			found, files = values(f.Value)
			for i := range found {
				found[i].word = name + "=" + found[i].word
			}
		}
	case strings.HasPrefix(last, "-"):
		found = flags(n)
	default:
		for _, c := range n.Children {
			if !c.Hidden {
				found = append(found, candidate{c.Name, firstSentence(c.Help)})
			}
		}
		if len(n.Positional) > 0 {
			i := min(positional, len(n.Positional)-1)
			if p := n.Positional[i]; i == positional || p.IsCumulative() {
				found, files = values(p)
			}
		}
	}
	found = slices.DeleteFunc(found, func(c candidate) bool { return !strings.HasPrefix(c.word, last) })
	return found, files
}

// values are what a flag or argument takes, as far as that is a list.
func values(v *kong.Value) (found []candidate, files bool) {
	switch {
	case v.Enum != "":
		for _, x := range v.EnumSlice() {
			if x != "" {
				found = append(found, candidate{word: x})
			}
		}
	case v.Name == "type":
		for _, c := range contracts.Commands {
			found = append(found, candidate{word: c.Type})
		}
	case v.Tag.Type == "path" || v.Tag.Type == "existingfile" || v.Tag.PlaceHolder == "FILE" || v.Tag.PlaceHolder == "DIR" || v.Name == "file":
		files = true
	}
	return found, files
}

func childOf(n *kong.Node, name string) *kong.Node {
	i := slices.IndexFunc(n.Children, func(c *kong.Node) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return n.Children[i]
}

// flagOf finds a flag of a command or of one around it; word is --name, --name=value or -n.
func flagOf(n *kong.Node, word string) *kong.Flag {
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	for ; n != nil; n = n.Parent {
		for _, f := range n.Flags {
			if f.Name == name || !strings.HasPrefix(word, "--") && f.Short != 0 && string(f.Short) == name {
				return f
			}
		}
	}
	return nil
}

func flags(n *kong.Node) []candidate {
	var found []candidate
	for ; n != nil; n = n.Parent {
		for _, f := range n.Flags {
			if !f.Hidden && !slices.ContainsFunc(found, func(c candidate) bool { return c.word == "--"+f.Name }) {
				found = append(found, candidate{"--" + f.Name, firstSentence(f.Help)})
			}
		}
	}
	return found
}

// firstSentence shortens a help text for a list of candidates.
func firstSentence(help string) string {
	s, _, _ := strings.Cut(help, ". ")
	s, _, _ = strings.Cut(s, "; ")
	return strings.TrimSuffix(s, ".")
}
