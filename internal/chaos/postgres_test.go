//go:build killpoints

package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
)

// database is a PostgreSQL server of its own, which the test may restart.
type database struct {
	t         *testing.T
	bin, dir  string
	as        *syscall.Credential // root may not run it; nil: who runs the test does
	connected string              // settings of a connection, apart from the database
}

// newDatabase makes a server and starts it. It writes through to the disk as a real one does.
func newDatabase(t *testing.T) *database {
	bin := findPostgres()
	if bin == "" {
		t.Skip("PostgreSQL is not installed: several hubs on one database are NOT tested")
	}
	dir, err := os.MkdirTemp("", "chaos") // its name has to be short: a socket stands in it
	if err != nil {
		t.Fatal(err)
	}
	d := &database{t: t, bin: bin, dir: dir, connected: "host=" + dir + " user=postgres"}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Skip("root may not run PostgreSQL, and there is no user postgres: several hubs on one database are NOT tested")
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		d.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
	d.run("initdb", "-D", d.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale")
	d.ctl("start")
	t.Cleanup(func() { d.ctl("stop", "-m", "immediate") })
	return d
}

// findPostgres is the folder of the server's programs, "" where there are none.
func findPostgres() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return ""
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1])
}

func (d *database) data() string { return filepath.Join(d.dir, "data") }

// address is the one that hubs get.
func (d *database) address() string { return d.connected + " dbname=postgres" }

func (d *database) ctl(action string, more ...string) {
	d.t.Helper()
	args := []string{action, "-D", d.data(), "-w", "-l", filepath.Join(d.dir, "log")}
	if action != "stop" {
		args = append(args, "-o", fmt.Sprintf("-k %s -c listen_addresses= -c fsync=on", d.dir))
	}
	d.run("pg_ctl", append(args, more...)...)
}

func (d *database) run(program string, args ...string) {
	d.t.Helper()
	cmd := exec.Command(filepath.Join(d.bin, program), args...)
	cmd.Dir = d.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: d.as}
	out, err := os.Create(filepath.Join(d.t.TempDir(), program)) // not a pipe: the server would hold it open
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		d.t.Fatalf("%s %v: %v\n%s", program, args, err, said)
	}
}
