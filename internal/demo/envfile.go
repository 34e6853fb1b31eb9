package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// EnvFile is the file in the demo's folder that holds its addresses and log-ins, in a form a shell can
// source. Only its owner may read it.
const EnvFile = "demo.env"

// Login is the credentials of one client or person.
type Login struct{ ID, Secret string }

// Env is the content of EnvFile.
type Env struct {
	Server string // the hub's address in the last run
	APIKey string // of the administrator
	Tenant string
	Run    string // number of the last run on this folder

	Gesplan, RM, Curl Login
	Postman           Login // of PostmanTenant

	// People who log in to the monitor, one of each role.
	Administrator, Operator, Viewer Login
}

type variable struct {
	name  string
	value *string
}

func (v *Env) variables() []variable {
	return []variable{
		{"SMARTLINK_SERVER", &v.Server}, {"SMARTLINK_API_KEY", &v.APIKey}, {"SMARTLINK_TENANT", &v.Tenant}, {"DEMO_RUN", &v.Run},
		{"GESPLAN_CLIENT_ID", &v.Gesplan.ID}, {"GESPLAN_CLIENT_SECRET", &v.Gesplan.Secret},
		{"RM_CLIENT_ID", &v.RM.ID}, {"RM_CLIENT_SECRET", &v.RM.Secret},
		{"CURL_CLIENT_ID", &v.Curl.ID}, {"CURL_CLIENT_SECRET", &v.Curl.Secret},
		{"POSTMAN_CLIENT_ID", &v.Postman.ID}, {"POSTMAN_CLIENT_SECRET", &v.Postman.Secret},
		{"MONITOR_ADMINISTRATOR", &v.Administrator.ID}, {"MONITOR_ADMINISTRATOR_PASSWORD", &v.Administrator.Secret},
		{"MONITOR_OPERATOR", &v.Operator.ID}, {"MONITOR_OPERATOR_PASSWORD", &v.Operator.Secret},
		{"MONITOR_VIEWER", &v.Viewer.ID}, {"MONITOR_VIEWER_PASSWORD", &v.Viewer.Secret},
	}
}

// readEnv reads the file; a folder without one answers the zero Env.
func readEnv(dir string) (Env, error) {
	var v Env
	b, err := os.ReadFile(filepath.Join(dir, EnvFile))
	if errors.Is(err, fs.ErrNotExist) {
		return v, nil
	}
	if err != nil {
		return v, err
	}
	values := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			values[name] = strings.Trim(value, "'")
		}
	}
	for _, x := range v.variables() {
		*x.value = values[x.name]
	}
	return v, nil
}

// writeEnv replaces the file in one step, so that a killed demo leaves the old one or the new one.
func writeEnv(dir string, v Env) error {
	var b strings.Builder
	b.WriteString("# Addresses and log-ins of this demo. Use it with: set -a; . ./" + EnvFile + "; set +a\n")
	for _, x := range v.variables() {
		fmt.Fprintf(&b, "%s='%s'\n", x.name, *x.value)
	}
	return writePrivate(filepath.Join(dir, EnvFile), []byte(b.String()))
}

// writePrivate replaces a file that only its owner may read, in one step.
func writePrivate(name string, content []byte) error {
	if err := os.WriteFile(name+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}
