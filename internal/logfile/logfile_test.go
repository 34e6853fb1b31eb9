package logfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFullFilesAreRenamedAndTheOldestErased(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.log")
	read := func(suffix string) string {
		b, err := os.ReadFile(path + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			return "none"
		}
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(b), "\n", " ")
	}
	for _, lines := range [][]string{{"one", "two", "three"}, {"four", "five", "a line that is longer than a whole file", "six"}} { // the second goes on where the first ended
		l, err := Open(path, 10, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			if n, err := l.Write([]byte(line + "\n")); err != nil || n != len(line)+1 {
				t.Fatal(n, err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Write([]byte("x")); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("written after the end: %v", err)
		}
		if lines[0] == "one" && (read("") != "three " || read(".1") != "one two " || read(".2") != "none") {
			t.Errorf("%q, %q, %q", read(""), read(".1"), read(".2"))
		}
	}
	if read("") != "six " || read(".1") != "a line that is longer than a whole file " || read(".2") != "four five " || read(".3") != "none" {
		t.Errorf("%q, %q, %q, %q", read(""), read(".1"), read(".2"), read(".3"))
	}
	if _, err := Open(filepath.Join(path, "no", "folder"), 0, 0); err == nil {
		t.Error("opened where nothing can be")
	}
}
