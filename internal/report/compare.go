package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"chatbench/internal/compare"
	"chatbench/internal/lang"
	"chatbench/internal/metric"
)

// ComparisonOptions say how Comparison writes.
type ComparisonOptions struct {
	Color bool
	Width int           // columns; 100 when it is 0
	Lang  *lang.Printer // nil: English
}

// Comparison writes what a person reads of a comparison: the verdict and why, what was compared and
// what else differs, every figure with its change, and the rules whose verdict is another. The error
// is that of w.
func Comparison(w io.Writer, c *compare.Report, opt ComparisonOptions) error {
	t := &comparison{printer: printer{opt: TextOptions{Color: opt.Color, Width: cmp.Or(opt.Width, 100)}, say: opt.Lang}, c: c}
	for _, section := range []func(){t.verdict, t.subject, t.figures, t.rules} {
		section()
	}
	_, err := w.Write(t.out.Bytes())
	return err
}

// comparison writes the text of one comparison.
type comparison struct {
	printer
	c *compare.Report
}

func (t *comparison) verdictColour(v compare.Verdict) string {
	switch v {
	case compare.Better, compare.Same:
		return t.colour(green)
	case compare.Worse:
		return t.colour(red)
	}
	return t.colour(yellow)
}

func (t *comparison) verdict() {
	word := strings.ToUpper(t.say.T(string(t.c.Verdict)))
	for i, reason := range t.c.Reasons {
		text := clean(t.say.T(reason))
		if i == 0 {
			fmt.Fprintf(&t.out, "%s  %s\n", painted(word, t.verdictColour(t.c.Verdict)), t.say.Sprintf("%s (exit %d)", text, t.c.Exit))
			continue
		}
		t.wrapped("  ", "- ", text)
	}
}

func (t *comparison) subject() {
	t.heading(t.say.T("What was compared"))
	for _, l := range comparedLines(t.c, t.say) {
		t.wrapped("  ", padded(l.name, 9)+" ", l.text)
	}
}

// namedLine is a line that begins with what it is about.
type namedLine struct{ name, text string }

// comparedLines say what was compared, how, and what else differs.
func comparedLines(c *compare.Report, say *lang.Printer) []namedLine {
	lines := []namedLine{
		{say.T("scenario"), c.Base.Scenario}, {say.T("load"), say.T(c.Base.Load)},
		{say.T("base"), sideWords(&c.Base, say)}, {say.T("new"), sideWords(&c.New, say)},
	}
	for _, d := range c.Differences {
		words := say.Sprintf("%s: %s in the base, %s now", say.T(d.What), cmp.Or(d.Base, "-"), cmp.Or(d.New, "-"))
		if d.Doubt {
			words += say.T("; whether that can be compared is in doubt")
		}
		lines = append(lines, namedLine{say.T("differs"), words})
	}
	lines = append(lines, namedLine{say.T("method"), methodWords(c, say)})
	for _, note := range c.Notes {
		lines = append(lines, namedLine{say.T("note"), say.T(note)})
	}
	return slices.DeleteFunc(lines, func(l namedLine) bool { return l.text == "" })
}

func sideWords(s *compare.Side, say *lang.Printer) string {
	var runs []string
	for _, r := range s.Runs {
		var details []string
		if r.File != "" && r.ID != "" {
			details = append(details, r.ID)
		}
		if !r.Start.IsZero() {
			details = append(details, r.Start.UTC().Format("2006-01-02 15:04 UTC"))
		}
		if r.Tool.Version != "" {
			details = append(details, "chatbench "+r.Tool.Version)
		}
		details = append(details, say.Sprintf("%d s", r.Seconds))
		runs = append(runs, bracketed(cmp.Or(r.File, r.ID), details))
	}
	return strings.Join(runs, ", ")
}

// methodWords say how it was compared, in a sentence or two.
func methodWords(c *compare.Report, say *lang.Printer) string {
	m := &c.Method
	how := map[compare.Over]string{
		compare.Seconds:        "block bootstrap over the seconds of one run a side",
		compare.RunsAndSeconds: "block bootstrap over seconds, and the spread of the runs",
		compare.Ranks:          "Mann-Whitney U and Hodges-Lehmann over the runs",
	}[m.Over]
	return say.T(how) + say.Sprintf("; at most %s of false alarms over %d figures (Holm); a change of less than %s does not matter, nor 1ms of a time or half a percentage point of errors",
		percentage(m.Alpha), m.Tests, percentage(m.MinEffect))
}

// weighty is the order in which figures are shown.
var weighty = []compare.Verdict{compare.Worse, compare.Better, compare.Changed, compare.Unknown, compare.Same}

// byWeight gives the figures, what was found first.
func byWeight(c *compare.Report) []compare.Metric {
	list := slices.Clone(c.Metrics)
	slices.SortStableFunc(list, func(a, b compare.Metric) int {
		return slices.Index(weighty, a.Verdict) - slices.Index(weighty, b.Verdict)
	})
	return list
}

func figureHeader(c *compare.Report, say *lang.Printer) []string {
	return []string{say.T("verdict"), say.T("figure"), say.T("base"), say.T("now"), say.T("change"), say.Sprintf("%s interval", percentage(c.Method.Level))}
}

func figureRow(m *compare.Metric, say *lang.Printer) []string {
	row := []string{say.T(string(m.Verdict)), m.Label(), figureValue(&m.Base, m.Unit), figureValue(&m.New, m.Unit)}
	if m.Change == nil {
		return append(row, "", say.T(string(cmp.Or(m.Lack, compare.FewSamples))))
	}
	return append(row, m.Change.Shift(), m.Change.Interval())
}

func figureValue(v *compare.Values, unit metric.Unit) string {
	switch {
	case len(v.Runs) == 0:
		return "-"
	case unit == metric.Seconds || unit == metric.BytesPerSecond:
		return value(v.Value, unit)
	case unit == compare.Share:
		return percentage(v.Value)
	}
	return fmt.Sprintf("%.4g/s", v.Value)
}

func (t *comparison) figures() {
	if len(t.c.Metrics) == 0 {
		return
	}
	t.heading(t.say.T("Figures"))
	table := table{indent: "  ", right: []bool{false, false, true, true, true}}
	table.row(figureHeader(t.c, t.say)...)
	for _, m := range byWeight(t.c) {
		table.row(figureRow(&m, t.say)...)
		table.paint(0, t.verdictColour(m.Verdict))
	}
	table.writeTo(&t.out)
}

func (t *comparison) rules() {
	if len(t.c.Rules) == 0 {
		return
	}
	t.heading(t.say.T("Rules with another verdict"))
	table := table{indent: "  "}
	table.row(t.say.T("verdict"), t.say.T("rule"), t.say.T("base"), t.say.T("now"), t.say.T("title"))
	for _, r := range t.c.Rules {
		table.row(t.say.T(string(r.Verdict)), r.ID, string(r.Base), string(r.New), t.say.T(r.Title))
		table.paint(0, t.verdictColour(r.Verdict))
	}
	table.writeTo(&t.out)
}

// ComparisonMarkdown writes a summary of a comparison that fits into a comment on GitHub or GitLab:
// the verdict and why, what changed, and folded away what did not and what was compared. The error
// is that of w.
func ComparisonMarkdown(w io.Writer, c *compare.Report, say *lang.Printer) error {
	m := &comparisonMarkdown{c: c, markdown: markdown{say: say, left: maxMarkdown - len(leftOut(say, 0)) - 20}}
	m.verdict()
	m.figures()
	m.rules()
	m.compared()
	if m.dropped > 0 {
		m.out.WriteString(leftOut(say, m.dropped))
	}
	_, err := io.WriteString(w, m.out.String())
	return err
}

// comparisonMarkdown writes the summary of one comparison.
type comparisonMarkdown struct {
	markdown
	c *compare.Report
}

func (m *comparisonMarkdown) verdict() {
	m.block(fmt.Sprintf("### %s\n\n", prose(m.say.Sprintf("chatbench compare: %s (exit %d)", strings.ToUpper(m.say.T(string(m.c.Verdict))), m.c.Exit))))
	for _, reason := range m.c.Reasons {
		m.block("- " + prose(m.say.T(reason)) + "\n")
	}
}

func (m *comparisonMarkdown) figures() {
	var told, rest []string
	for _, f := range byWeight(m.c) {
		cells := figureRow(&f, m.say)
		cells[1] = code(f.Label())
		if f.Verdict == compare.Same || f.Verdict == compare.Unknown {
			rest = append(rest, markdownRow(cells...))
		} else {
			told = append(told, markdownRow(cells...))
		}
	}
	header := figureHeader(m.c, m.say)
	head := markdownHead(len(header)-2, header...)
	if len(told) > 0 {
		m.block(head + strings.Join(told, ""))
	}
	if len(rest) > 0 {
		m.block(folded(m.say.T("Figures that are the same, or cannot be told"), head+strings.Join(rest, "")))
	}
}

func folded(summary, content string) string {
	return fmt.Sprintf("\n<details><summary>%s</summary>\n%s\n</details>\n", escapeHTML.Replace(summary), content)
}

func (m *comparisonMarkdown) rules() {
	for i, r := range m.c.Rules {
		row := markdownRow(prose(m.say.T(string(r.Verdict))), code(r.ID), code(string(r.Base)), code(string(r.New)), prose(m.say.T(r.Title)))
		if i == 0 {
			row = markdownHead(0, m.say.T("verdict"), m.say.T("rule"), m.say.T("base"), m.say.T("now"), m.say.T("title")) + row
		}
		m.block(row)
	}
}

func (m *comparisonMarkdown) compared() {
	var lines strings.Builder
	for _, l := range comparedLines(m.c, m.say) {
		lines.WriteString(itemOf(l.name + ": " + l.text))
	}
	m.block(folded(m.say.T("What was compared"), lines.String()+"\n"))
}
