package hub_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"smartlink/hub"
	"smartlink/link"
)

// alertRules are docs/alerts.yaml, as far as this test looks at it.
type alertRules struct {
	Groups []struct {
		Rules []struct {
			Alert       string
			Expr        string
			Labels      map[string]string
			Annotations map[string]string
		}
	}
}

var (
	describedShape = regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)
	figureShape    = regexp.MustCompile(`\b((?:smartlink|go|process)_[a-z_]+)(?:\{([^}]*)\})?`)
	labelShape     = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
	groupedShape   = regexp.MustCompile(`\b(?:by|on|without)\s*\(([^)]*)\)`)
	shownShape     = regexp.MustCompile(`\$labels\.([a-z_]+)`)
)

// TestAlertsNameFiguresThatExist holds the rules that are published for Prometheus against what a hub
// tells: each figure, each label, each problem code. Each alert is on the pages for people who run hubs.
func TestAlertsNameFiguresThatExist(t *testing.T) {
	a, dir := newAuthority(t), t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	a.write(cert, key, 24*time.Hour)
	figures := map[string][]string{} // with their labels
	for _, d := range serve(t, hub.Config{TLSCert: cert, TLSKey: key}).Described() {
		m := describedShape.FindStringSubmatch(d)
		if m == nil {
			t.Fatalf("a figure is described by %s", d)
		}
		labels := []string{"instance", "job"} // which Prometheus adds
		if m[2] != "" {
			labels = append(labels, strings.Split(m[2], ",")...)
		}
		figures[m[1]] = labels
	}
	raw, err := os.ReadFile(filepath.Join("..", "docs", "alerts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var rules alertRules
	if err := yaml.Unmarshal(raw, &rules); err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, lang := range []string{"en", "pt"} {
		b, err := os.ReadFile(filepath.Join("..", "docs", lang, "running-a-hub.md"))
		if err != nil {
			t.Fatal(err)
		}
		pages[lang] = string(b)
	}
	n := 0
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			n++
			named := figureShape.FindAllStringSubmatch(r.Expr, -1)
			if len(named) == 0 && !strings.HasPrefix(r.Expr, "up{") {
				t.Errorf("%s looks at no figure: %s", r.Alert, r.Expr)
			}
			known := []string{"instance", "job"} // labels of any of its figures
			for _, m := range named {
				labels, ok := figures[strings.TrimSuffix(strings.TrimSuffix(m[1], "_bucket"), "_count")]
				if !ok {
					t.Errorf("%s looks at %s, which no hub tells", r.Alert, m[1])
				}
				known = append(known, labels...)
				for _, l := range labelShape.FindAllStringSubmatch(m[2], -1) {
					if !slices.Contains(labels, l[1]) {
						t.Errorf("%s: %s has no label %s", r.Alert, m[1], l[1])
					}
				}
			}
			for _, m := range groupedShape.FindAllStringSubmatch(r.Expr, -1) {
				for l := range strings.SplitSeq(m[1], ",") {
					if !slices.Contains(known, strings.TrimSpace(l)) {
						t.Errorf("%s groups by %s, which its figures do not have", r.Alert, l)
					}
				}
			}
			for _, text := range []string{r.Annotations["summary"], r.Annotations["resumo"]} {
				if text == "" {
					t.Errorf("%s says nothing in one language", r.Alert)
				}
				for _, m := range shownShape.FindAllStringSubmatch(text, -1) {
					if !slices.Contains(known, m[1]) {
						t.Errorf("%s shows the label %s, which its figures do not have", r.Alert, m[1])
					}
				}
			}
			for _, code := range regexp.MustCompile(`"(SL-[A-Z-]+)"`).FindAllStringSubmatch(r.Expr, -1) {
				if link.Catalogue(link.Code(code[1])).Status == 0 {
					t.Errorf("%s waits for %s, which no problem has", r.Alert, code[1])
				}
			}
			if s := r.Labels["severity"]; s != "critical" && s != "warning" {
				t.Errorf("%s has the severity %q", r.Alert, s)
			}
			for lang, page := range pages {
				if !strings.Contains(page, "`"+r.Alert+"`") {
					t.Errorf("docs/%s/running-a-hub.md does not say what to do about %s", lang, r.Alert)
				}
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d alerts were read", n)
	}
	// What the pages name is there too.
	for lang, page := range pages {
		for _, m := range regexp.MustCompile("`(smartlink_[a-z_]+)`").FindAllStringSubmatch(page, -1) {
			if figures[m[1]] == nil {
				t.Errorf("docs/%s/running-a-hub.md tells of %s, which no hub tells", lang, m[1])
			}
		}
	}
}
