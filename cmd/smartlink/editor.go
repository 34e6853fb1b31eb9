package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

var errNotEdited = errors.New("nothing was edited, nothing was sent")

// editBody lets a person edit a body in their editor and answers it as they left it, with the file it
// stands in, which discardEdit removes. JSON is laid out for them, and must be JSON afterwards; when it
// is not, the file is kept, so that a typing error costs nobody their work.
func editBody(ctx context.Context, body []byte) (edited []byte, file string, err error) {
	name := "body.txt"
	was := body
	var b bytes.Buffer
	if json.Indent(&b, body, "", "  ") == nil {
		name, was = "body.json", append(b.Bytes(), '\n')
	}
	dir, err := os.MkdirTemp("", "smartlink-")
	if err != nil {
		return nil, "", err
	}
	file = filepath.Join(dir, name)
	if err := os.WriteFile(file, was, 0o600); err != nil {
		discardEdit(file)
		return nil, "", err
	}
	words := strings.Fields(cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"), usualEditor()))
	run := osexec.CommandContext(ctx, words[0], append(words[1:], file)...) //nolint:gosec // the person's own editor
	run.Stdin, run.Stdout, run.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := run.Run(); err != nil {
		discardEdit(file)
		return nil, "", fmt.Errorf("editor %s: %w", words[0], err)
	}
	now, err := os.ReadFile(file)
	switch {
	case err != nil:
		discardEdit(file)
		return nil, "", err
	case bytes.Equal(now, was):
		discardEdit(file)
		return nil, "", errNotEdited
	case name == "body.json" && !json.Valid(now):
		return nil, "", fmt.Errorf("the edited body is not JSON: %w; it is kept in %s, mend it and send it with --body", json.Unmarshal(now, new(any)), file)
	}
	if name == "body.json" {
		now = bytes.TrimRight(now, "\r\n")
	}
	return now, file, nil
}

// discardEdit removes what editBody made.
func discardEdit(file string) { _ = os.RemoveAll(filepath.Dir(file)) } // a folder that holds nothing else

func usualEditor() string {
	if runtime.GOOS == "windows" {
		return "notepad"
	}
	return "vi"
}
