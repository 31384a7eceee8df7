package report

import (
	"bytes"
	"strings"
	"testing"

	"chatbench/internal/compare"
)

// comparisonPages are pages of comparisons.
func comparisonPages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, c := range map[string]*compare.Report{"comparison": gotWorse(),
		"comparison-hostile": compareHostile(strings.Join(evils, " ")), "comparison-empty": {}} {
		var b bytes.Buffer
		if err := ComparisonHTML(&b, c, nil); err != nil {
			t.Fatal(err)
		}
		all[name] = b.String()
	}
	return all
}

func TestComparisonHTML(t *testing.T) {
	all := comparisonPages(t)
	for name, page := range all {
		alone(t, name, page)
	}
	for _, want := range []string{
		"WORSE", "exit code 1", "Rules are broken that held in the base: ORD-01.",
		"&#43;18.0 % to &#43;33.0 %", "too few samples", "whether that can be compared is in doubt", "block bootstrap",
		`"name":"delivery p95","low":1.18,"mid":1.25,"high":1.33,"class":"fail"`,
	} {
		if page := all["comparison"]; !strings.Contains(page, want) && !strings.Contains(page, strings.ReplaceAll(want, "&#43;", "+")) {
			t.Errorf("the page has no %q", want)
		}
	}
}

func TestComparisonPagesInABrowser(t *testing.T) {
	b := browse(t)
	for name, page := range comparisonPages(t) {
		b.lookAt(name, page)
	}
}
