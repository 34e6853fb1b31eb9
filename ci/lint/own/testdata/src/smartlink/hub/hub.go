// Package hub tries rule stdout.
package hub

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
)

func serve(w io.Writer, l *slog.Logger) {
	fmt.Println("ready")       // want `fmt.Println outside a command`
	fmt.Fprintln(os.Stdout)    // want `os.Stdout outside a command`
	println("ready")           // want `println outside a command`
	log.Print("ready")         // want `log.Print outside a command`
	slog.Info("ready")         // want `slog.Info outside a command`
	slog.Default().Info("hey") // want `slog.Default outside a command`
	fmt.Fprintln(w, "ready")
	l.Info("ready")
	log.New(w, "", 0).Print("for a library that asks for one")
}
