package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"chatbench/internal/check"
	"chatbench/internal/compare"
	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// gotWorse is a comparison with something of everything.
func gotWorse() *compare.Report {
	run := func(file, id string) compare.Run {
		return compare.Run{File: file, ID: id, Start: start, Tool: result.Tool{Version: "1.2.0"}, Seconds: 60}
	}
	values := func(v float64, n int64) compare.Values {
		return compare.Values{Value: v, Samples: n, Runs: []float64{v}}
	}
	ratio := func(estimate, low, high float64) *compare.Change {
		return &compare.Change{Ratio: true, Estimate: estimate, Low: low, High: high, Least: 1 / 1.1, Most: 1.1}
	}
	return &compare.Report{
		Verdict: compare.Worse, Exit: result.ExitConformance,
		Reasons: []string{"Rules are broken that held in the base: ORD-01.", "1 of 6 figures got worse: delivery p95 (+25.0 %).", "1 of 6 figures cannot be told: handover p95. More runs a side tell more, and so do longer ones."},
		Method:  compare.Method{Over: compare.Seconds, Alpha: 0.01, Level: 0.95, MinEffect: 0.1, Tests: 5},
		Base:    compare.Side{Scenario: "demo", Load: "up to 200 customers for 1m0s", Runs: []compare.Run{run("baseline/result.json", "abc")}},
		New:     compare.Side{Scenario: "demo", Load: "up to 200 customers for 1m0s", Runs: []compare.Run{run("", "def")}},
		Differences: []compare.Difference{
			{What: "chatbench", Base: "1.1.0", New: "1.2.0"},
			{What: "machine", Base: "linux/amd64 with 2 processors", New: "linux/amd64 with 8 processors", Doubt: true},
			{What: "tenant", New: "robot"},
		},
		Metrics: []compare.Metric{
			{Name: "reply", Statistic: "p50", Unit: metric.Seconds, Verdict: compare.Same, Base: values(0.2, 5000), New: values(0.202, 5000), Change: ratio(1.01, 0.97, 1.05)},
			{Name: "delivery", Statistic: "p95", Unit: metric.Seconds, Verdict: compare.Worse, Base: values(0.08, 5000), New: values(0.1, 5000), Change: ratio(1.25, 1.18, 1.33)},
			{Name: "handover", Statistic: "p95", Unit: metric.Seconds, Verdict: compare.Unknown, Base: compare.Values{Samples: 40}},
			{Name: "download.rate", Statistic: "p50", Unit: metric.BytesPerSecond, Verdict: compare.Better, Base: values(1e6, 300), New: values(20e6, 300), Change: ratio(20, 15, 1000)},
			{Name: "errors", Statistic: "share", Unit: compare.Share, Verdict: compare.Same, Base: values(0, 9000), New: values(0.001, 9000), Change: &compare.Change{Estimate: 0.001, Low: -0.0002, High: 0.0022}},
			{Name: "exchanges", Statistic: "rate", Unit: compare.PerSecond, Verdict: compare.Changed, Base: values(500, 30000), New: values(400, 24000), Change: ratio(0.8, 0.78, 0.82)},
		},
		Curves: &compare.Curves{Shares: []float64{0, 0.5, 0.9, 0.99}, Metrics: []compare.Curve{
			{Name: "reply", Base: compare.Line{Values: []float64{0.1, 0.2, 0.3, 0.4}}, New: compare.Line{Values: []float64{0.1, 0.2, 0.31, 0.42}}},
			{Name: "delivery", Base: compare.Line{Values: []float64{0.01, 0.05, 0.07, 0.09}, Thin: 3}, New: compare.Line{Values: []float64{0.01, 0.06, 0.1}}},
			{Name: "handover"},
		}},
		Rules: []compare.Rule{{ID: "ORD-01", Title: "one sender's messages arrive in order", Base: check.Pass, New: check.Fail, Verdict: compare.Worse}},
		Notes: []string{"A note."},
	}
}

// compareHostile is a comparison in which every text from outside means mischief.
func compareHostile(evil string) *compare.Report {
	c := gotWorse()
	c.Base.Scenario, c.Base.Load, c.Base.Runs[0].File, c.New.Runs[0].ID = evil, evil, evil, evil
	c.Differences = append(c.Differences, compare.Difference{What: "tenant", Base: evil, New: evil})
	c.Base.Runs[0].Tool.Version = evil
	return c
}

func comparisonText(t *testing.T, c *compare.Report, opt ComparisonOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Comparison(&b, c, opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestComparison(t *testing.T) {
	golden(t, "comparison.txt", comparisonText(t, gotWorse(), ComparisonOptions{}))
	golden(t, "comparison-narrow.txt", comparisonText(t, gotWorse(), ComparisonOptions{Width: 60, Color: true}))
	several := gotWorse()
	several.Method.Over, several.Rules, several.Metrics = compare.Ranks, nil, nil
	if text := comparisonText(t, several, ComparisonOptions{}); strings.Contains(text, "Figures") || strings.Contains(text, "Rules with") || !strings.Contains(text, "Mann-Whitney") {
		t.Errorf("without figures and rules: got\n%s", text)
	}
}

func TestComparisonIsCleaned(t *testing.T) {
	text := comparisonText(t, compareHostile("\x1b[31mred\r\nnext\u202e"), ComparisonOptions{})
	if strings.ContainsAny(text, "\x1b\r\u202e") || strings.Contains(text, "\nnext") {
		t.Errorf("control characters came through: %q", text)
	}
}

func TestComparisonMarkdown(t *testing.T) {
	for file, c := range map[string]*compare.Report{"comparison.md": gotWorse(), "comparison-hostile.md": compareHostile(evil)} {
		var b bytes.Buffer
		if err := ComparisonMarkdown(&b, c, nil); err != nil {
			t.Fatal(err)
		}
		golden(t, file, b.String())
		if err := harmless(b.String()); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestComparisonMarkdownFits(t *testing.T) {
	c := gotWorse()
	for range 3000 {
		c.Rules = append(c.Rules, c.Rules[0])
	}
	var b bytes.Buffer
	if err := ComparisonMarkdown(&b, c, nil); err != nil {
		t.Fatal(err)
	}
	if b.Len() > maxMarkdown || !strings.Contains(b.String(), "left out here") {
		t.Errorf("got %d bytes, want at most %d and what was left out", b.Len(), maxMarkdown)
	}
}

func TestComparisonErrorOfTheWriter(t *testing.T) {
	want := errors.New("disk full")
	if err := Comparison(failing{want}, gotWorse(), ComparisonOptions{}); !errors.Is(err, want) {
		t.Errorf("text: got error %v", err)
	}
	if err := ComparisonMarkdown(failing{want}, gotWorse(), nil); !errors.Is(err, want) {
		t.Errorf("Markdown: got error %v", err)
	}
}
