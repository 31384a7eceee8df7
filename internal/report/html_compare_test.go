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
		// What got worse stands first; a curve that is shorter than the axis ends in gaps, and one without values is left out.
		`"x":[1,2,10,100],"log":true,"choices":[{"name":"delivery"`, `"v":[0.01,0.05,0.07,0.09],"thin":3}`, `"v":[0.01,0.06,0.1,null]}`,
	} {
		if page := all["comparison"]; !strings.Contains(page, want) && !strings.Contains(page, strings.ReplaceAll(want, "&#43;", "+")) {
			t.Errorf("the page has no %q", want)
		}
	}
}

// TestComparisonCurves: what a file says of its curves may not fit together.
func TestComparisonCurves(t *testing.T) {
	for why, curves := range map[string]compare.Curves{
		"more values than shares": {Shares: []float64{0}, Metrics: []compare.Curve{{Name: "reply", Base: compare.Line{Values: []float64{1, 2, 3}, Thin: 9}}}},
		"a share beyond all":      {Shares: []float64{1}, Metrics: []compare.Curve{{Name: "reply", Base: compare.Line{Values: []float64{1}}}}},
		"nothing in it":           {Metrics: []compare.Curve{{Name: "reply"}}},
	} {
		c := gotWorse()
		c.Curves = &curves
		var b bytes.Buffer
		if err := ComparisonHTML(&b, c, nil); err != nil {
			t.Errorf("%s: error %v", why, err)
		}
		if drawn := strings.Contains(b.String(), `data-chart="curves"`); drawn != (why != "nothing in it") {
			t.Errorf("%s: drawn: %v", why, drawn)
		}
	}
}

func TestComparisonPagesInABrowser(t *testing.T) {
	b := browse(t)
	for name, page := range comparisonPages(t) {
		b.lookAt(name, page)
	}
}
