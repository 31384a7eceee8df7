package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"chatbench/internal/check"
	"chatbench/internal/lang"
	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// maxMarkdown is how many bytes a summary has at most. GitHub takes 65,536 characters in a comment.
const maxMarkdown = 60_000

// Markdown writes a summary of r that fits into a comment on GitHub or GitLab: the verdict and why,
// the gates, the broken rules with their first witness each, the times that matter most, how the
// generator itself fared, and how to do it again. It has 60,000 bytes at most; what would not fit
// is left out and counted. Texts that came from a tenant stay texts: they mention nobody, link to
// nothing and break no table. The error is that of w.
func Markdown(w io.Writer, r *result.Result, say *lang.Printer) error {
	m := &markdown{r: r, say: say}
	foot := m.times() + m.generator() + m.again()
	m.left = maxMarkdown - len(foot) - len(leftOut(say, 0)) - 20 // digits of the count
	m.verdict()
	m.subject()
	m.gates()
	m.rules()
	if m.dropped > 0 {
		m.out.WriteString(leftOut(say, m.dropped))
	}
	m.out.WriteString(foot)
	_, err := io.WriteString(w, m.out.String())
	return err
}

func leftOut(say *lang.Printer, n int) string {
	return "\n" + say.Sprintf("%d more lines or witnesses are left out here; result.json has all of them.", n) + "\n"
}

// markdown writes one summary.
type markdown struct {
	r       *result.Result
	say     *lang.Printer
	out     strings.Builder
	left    int // bytes
	dropped int // blocks that did not fit
}

// block writes something that is left out as a whole when it does not fit.
func (m *markdown) block(s string) {
	if len(s) > m.left {
		m.dropped++
		return
	}
	m.left -= len(s)
	m.out.WriteString(s)
}

func (m *markdown) verdict() {
	r := m.r
	m.block(m.say.Sprintf("### chatbench: %s (exit %d)", prose(m.say.T(strings.ToUpper(string(cmp.Or(r.Verdict, "no verdict"))))), r.Exit) + "\n\n")
	if len(r.Reasons) == 0 && r.Verdict == result.Pass {
		m.block(m.say.T("Every gate passed.") + "\n")
	}
	for _, reason := range r.Reasons {
		m.block("- " + prose(m.say.T(reason)) + "\n")
	}
}

func (m *markdown) subject() {
	r := m.r
	for _, line := range []struct{ name, text string }{
		{m.say.T("Scenario"), scenarioLine(m.say, &r.Scenario)},
		{m.say.T("Load"), m.say.T(r.Scenario.Load)},
		{m.say.T("Target"), targetLine(m.say, &r.Target)},
		{m.say.T("Run"), strings.TrimSpace(runLine(m.say, &r.Run) + " chatbench " + r.Tool.Version)},
	} {
		if line.text != "" {
			m.block("\n" + line.name + ": " + prose(line.text) + "\n")
		}
	}
	for _, note := range r.Notes {
		m.block("\n" + m.say.T("Note") + ": " + prose(m.say.T(note)) + "\n")
	}
}

// markdownRow is a row of cells that are Markdown already.
func markdownRow(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// markdownHead is the head of a table, of which so many columns are lined up on the right.
func markdownHead(right int, cells ...string) string {
	rule := "|" + strings.Repeat("---|", len(cells)-right) + strings.Repeat("---:|", right)
	return "\n" + markdownRow(cells...) + rule + "\n"
}

func (m *markdown) gates() {
	head := []string{m.say.T("gate"), m.say.T("demand"), m.say.T("found")}
	if estimated(m.r) {
		head = slices.Insert(head, 2, m.say.T("confidence"))
	}
	for i := range m.r.Gates {
		g := &m.r.Gates[i]
		cells := []string{prose(m.say.T(strings.ToUpper(string(g.Verdict)))), code(g.Name), prose(m.say.T(g.Sentence))}
		if estimated(m.r) {
			cells = slices.Insert(cells, 2, prose(intervalWords(m.say, g)))
		}
		row := markdownRow(cells...)
		if i == 0 {
			row = markdownHead(0, head...) + row
		}
		m.block(row)
	}
}

// rules shows the broken rules, those that fail the run first, and counts the others.
func (m *markdown) rules() {
	broken := m.r.Broken(check.Error, check.Fail)
	slices.SortStableFunc(broken, func(a, b check.RuleResult) int { return m.weight(&a) - m.weight(&b) })
	for i := range broken {
		m.broken(&broken[i])
	}
	for _, rule := range m.r.Broken(check.Inconclusive) {
		m.block("\n" + m.say.Sprintf("INCONCLUSIVE: %s %s, %s because of %s.", code(rule.ID), prose(m.say.T(rule.Title)),
			m.say.Count(rule.Inconclusive, "case"), prose(reasons(m.say, rule.Reasons))) + "\n")
	}
	m.counts()
}

func (m *markdown) weight(rule *check.RuleResult) int {
	switch {
	case rule.Verdict == check.Error:
		return 0
	case warnsOnly(m.r, rule):
		return 2
	case m.r.Expected(rule) != nil:
		return 3
	}
	return 1
}

func (m *markdown) broken(rule *check.RuleResult) {
	verdict := verdictWord(m.r, rule)
	if warnsOnly(m.r, rule) {
		verdict = m.say.T("WARNING")
	}
	m.block(fmt.Sprintf("\n%s: %s %s (%s), %s.\n", verdict, code(rule.ID), prose(m.say.T(rule.Title)), prose(m.say.T(string(rule.Level))), prose(brokenWords(m.say, rule))))
	if known := m.r.Expected(rule); known != nil {
		m.block("\n" + m.say.Sprintf("Known failure, %s.", prose(knownWords(m.say, known))) + "\n")
	}
	if len(rule.Witnesses) > 0 {
		m.block(fmt.Sprintf("\n<details><summary>%s</summary>\n\n%s\n</details>\n",
			m.say.Sprintf("Witness (1 of %d)", len(rule.Witnesses)), preformatted(witnessLines(m.say, &rule.Witnesses[0]))))
	}
}

func (m *markdown) counts() {
	of := map[string]int{}
	for i := range m.r.Rules {
		of[verdictWord(m.r, &m.r.Rules[i])]++
	}
	var parts []string
	for _, v := range []check.Verdict{check.Error, check.Fail, xfail, check.Inconclusive, check.Pass, check.NotExercised, check.NotObservable} {
		if n := of[string(v)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	if len(parts) > 0 {
		m.block("\n" + m.say.Sprintf("Of %s: %s.", m.say.Count(int64(len(m.r.Rules)), "rule"), strings.Join(parts, ", ")) + "\n")
	}
}

// telling are the metrics that a summary shows, the most telling first.
var telling = append(slices.Clone(felt),
	"send.response", "connect.response", "poll.useful.service", "download.response", "upload.response",
	"transfer.response", "token.response", "poll.lost", "send.lost", "connect.lost", "download.lost", "dial")

func (m *markdown) times() string {
	const most = 12
	total := m.r.Metrics.Total()
	var rows []string
	anyThin := false
	for _, name := range telling {
		h := total.Hist(name)
		if h.Count() == 0 || len(rows) == most {
			continue
		}
		row, thin := latencyRow(code(name), h)
		rows = append(rows, markdownRow(row...))
		anyThin = anyThin || thin
	}
	if len(rows) == 0 {
		return ""
	}
	header := latencyHeader(m.say)
	s := "\n" + prose(m.say.T("Times")+stages(m.say, m.r.Metrics)) + "\n" + markdownHead(len(header)-1, header...) + strings.Join(rows, "")
	if anyThin {
		s += "\n`?` " + m.say.T(thinWords) + "\n"
	}
	return s
}

func (m *markdown) generator() string {
	h := m.r.Health
	if h.WallSeconds == 0 && len(h.Lateness) == 0 {
		return ""
	}
	worst := metric.Lateness{}
	for _, l := range h.Lateness {
		if l.P99 > worst.P99 {
			worst = l
		}
	}
	return "\n" + m.say.Sprintf("The generator itself: CPU %.0f %% of %s, memory %s at most, late by %s at p99 and %s at most.",
		100*h.CPUShare(), m.say.Count(int64(h.Cores), "core"), size(float64(h.MaxRSS)), duration(worst.P99), duration(worst.Max)) + "\n"
}

func (m *markdown) again() string {
	command := m.r.Again()
	if command == "" {
		return ""
	}
	return "\n" + m.say.T("Again") + ":\n\n" + preformatted([]string{phrase(command)})
}
