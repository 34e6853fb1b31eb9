package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"smartlink/internal/checkup"
	"smartlink/link"
	"smartlink/rm/webservice"
)

// webserviceFlags say how a real RM is called.
type webserviceFlags struct {
	Webservice webserviceFlag `help:"With the writer webservice, how RM is called; in a file a section: url, user and, if need be, restUrl, passwordFile, insecure, ca, timeout, parallel, culture, company, markers, dataServers, customFields, probe. See docs/en/webservice.md." placeholder:"JSON"`
	RMPassword string         `name:"rm-password" secret:"" help:"Password of RM's user; better given by the environment, or by passwordFile." env:"SMARTLINK_RM_PASSWORD" placeholder:"PASSWORD"`
}

// webserviceFlag is the section webservice of a configuration file.
type webserviceFlag struct {
	given    bool
	password string // as it stands in the file
	file     string // with the password
	cfg      webservice.Config
}

// Decode implements kong.MapperValue: an object of a file, or JSON on a command line.
func (f *webserviceFlag) Decode(ctx *kong.DecodeContext) error {
	token := ctx.Scan.Pop()
	if text, ok := token.Value.(string); ok {
		return f.UnmarshalJSON([]byte(text))
	}
	text, err := json.Marshal(token.Value)
	if err != nil {
		return fmt.Errorf("webservice: %w", err)
	}
	return f.UnmarshalJSON(text)
}

// UnmarshalJSON reads the section. A key that nothing reads is an error: it would silently mean the default.
func (f *webserviceFlag) UnmarshalJSON(text []byte) error {
	var s struct {
		URL          string `json:"url"`
		RESTURL      string `json:"restUrl"`
		User         string `json:"user"`
		Password     string `json:"password"`
		PasswordFile string `json:"passwordFile"`
		Insecure     bool   `json:"insecure"`
		CA           string `json:"ca"`
		Timeout      string `json:"timeout"`
		Parallel     int    `json:"parallel"`
		Culture      string `json:"culture"`
		Company      int64  `json:"company"`
		Markers      map[string]struct {
			Field string `json:"field"`
			At    string `json:"at"`
		} `json:"markers"`
		DataServers  map[string]string         `json:"dataServers"`
		CustomFields map[string]map[string]int `json:"customFields"`
		Probe        map[string]string         `json:"probe"`
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return fmt.Errorf("webservice: %w", err)
	}
	cfg := webservice.Config{
		URL: s.URL, RESTURL: s.RESTURL, User: s.User, Insecure: s.Insecure, CA: s.CA, Parallel: s.Parallel, Culture: webservice.Culture(s.Culture), Company: s.Company,
		DataServers: s.DataServers, Custom: s.CustomFields, Probe: s.Probe, Markers: map[string]webservice.Marker{},
	}
	if s.Timeout != "" {
		var err error
		if cfg.Timeout, err = time.ParseDuration(s.Timeout); err != nil {
			return fmt.Errorf("webservice: timeout %q: want a time as 60s or 2m", s.Timeout)
		}
	}
	for server, m := range s.Markers {
		if m.At != "" && m.At != "end" {
			return fmt.Errorf("webservice: markers: %s: at is %q; want end, or leave it out", server, m.At)
		}
		cfg.Markers[server] = webservice.Marker{Field: m.Field, AtEnd: m.At == "end"}
	}
	*f = webserviceFlag{given: true, password: s.Password, file: s.PasswordFile, cfg: cfg}
	return nil
}

// writer is the writer that the flags describe. Nothing is called yet.
func (f *webserviceFlags) writer(e *env) (*webservice.Writer, error) {
	if !f.Webservice.given {
		return nil, badWriter("falta a seção webservice no arquivo de configuração (--config ou SMARTLINK_CONFIG)", "the section webservice is missing in the configuration file (--config or SMARTLINK_CONFIG)")
	}
	cfg := f.Webservice.cfg
	cfg.Logger = e.logger(slog.LevelInfo)
	switch {
	case f.RMPassword != "":
		cfg.Password = f.RMPassword
	case f.Webservice.file != "":
		text, err := os.ReadFile(f.Webservice.file)
		if err != nil {
			return nil, badWriter("passwordFile: %v", "passwordFile: %v", err)
		}
		cfg.Password = strings.TrimRight(string(text), "\r\n")
	default:
		cfg.Password = f.Webservice.password
	}
	return webservice.New(cfg)
}

func badWriter(pt, en string, args ...any) error {
	why := link.Both(pt, en, args...)
	return link.NewError(link.CodeWriterConfig, "why", why.EN, "whyPT", why.PT)
}

// open lists the files with RM's password that others can read.
func (f *webserviceFlags) open(e *env) []string {
	var files []string
	if f.Webservice.password != "" {
		files = append(files, string(e.cli.Config))
	}
	if f.Webservice.file != "" {
		files = append(files, f.Webservice.file)
	}
	var found []string
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			found = append(found, file)
		}
	}
	return found
}

// findings say whether RM can be worked with.
func (f *webserviceFlags) findings(ctx context.Context, e *env) []checkup.Finding {
	var r checkup.Report
	for _, file := range f.open(e) {
		r.Say(link.Text{PT: "Senha do RM", EN: "RM's password"}, checkup.Note, link.Both("outros podem ler %s, que a guarda: chmod 600", "others can read %s, which holds it: chmod 600", file))
	}
	w, err := f.writer(e)
	if err != nil {
		r.Fail(link.Text{PT: "Serviços web do RM", EN: "RM's web services"}, err)
		return r.Findings
	}
	return append(r.Findings, w.Check(ctx)...)
}

type rmCheckCmd struct {
	webserviceFlags
	JSON bool `name:"json" help:"Answer as JSON, for scripts."`
}

// Help shows an example.
func (*rmCheckCmd) Help() string {
	return "Example: smartlink rm check --config smartlink.yaml\n\n" +
		"Logs in, reads from every data server, searches each kind of record for a marker, and tells how amounts are written. Nothing is changed, but in the " +
		"records named in probe: there a marker is written, found, and taken out again. Exit code 1 when something has to be mended."
}

func (c *rmCheckCmd) Run(e *env) error {
	if !c.Webservice.given {
		_, err := c.writer(e)
		return err
	}
	return printFindings(e, c.JSON, c.findings(e.ctx, e))
}

// ready is an error where RM cannot be worked with.
func ready(e *env, found []checkup.Finding) error {
	var why []string
	for _, f := range found {
		if f.Health == checkup.Bad {
			why = append(why, f.What.In(e.lang())+": "+strings.TrimSuffix(f.Detail.In(e.lang()), "."))
		}
	}
	if len(why) == 0 {
		return nil
	}
	text := strings.Join(why, "; ")
	return link.NewError(link.CodeWriterAway, "why", text)
}
