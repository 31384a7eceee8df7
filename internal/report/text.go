package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/lang"
	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// TextOptions say how Text writes.
type TextOptions struct {
	Color bool
	Width int      // columns; 100 when it is 0
	Files []string // that were written beside the report: named at the end
	Lang  *lang.Printer
}

// Text writes what a person reads at the end of a run: the verdict and why, what was tested, the
// gates, the rules with their witnesses, the figures, how the generator itself fared, and how to
// do it again. Texts that came from a tenant are printed without control characters. The error is
// that of w.
func Text(w io.Writer, r *result.Result, opt TextOptions) error {
	p := &printer{r: r, opt: opt, say: opt.Lang}
	if p.opt.Width <= 0 {
		p.opt.Width = 100
	}
	for _, section := range []func(){
		p.verdict, p.subject, p.gates, p.rules, p.known, p.witnesses, p.latency, p.conversations, p.exchanges, p.generator, p.again,
	} {
		section()
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

// printer writes one report.
type printer struct {
	r   *result.Result
	opt TextOptions
	say *lang.Printer
	out bytes.Buffer
}

// Escape sequences of the colours.
const (
	reset  = "\x1b[0m"
	bold   = "\x1b[1m"
	red    = "\x1b[1;31m"
	green  = "\x1b[1;32m"
	yellow = "\x1b[1;33m"
)

func (p *printer) colour(c string) string {
	if p.opt.Color {
		return c
	}
	return ""
}

func (p *printer) heading(s string) {
	fmt.Fprintf(&p.out, "\n%s\n", painted(s, p.colour(bold)))
}

// header begins a table.
func (p *printer) header(t *table, names ...string) {
	for i := range names {
		names[i] = p.say.T(names[i])
	}
	t.row(names...)
}

// wrapped writes a text from outside, its later lines indented.
func (p *printer) wrapped(indent, first, s string) {
	lines := wrap(clean(s), p.opt.Width-width(indent+first))
	fmt.Fprintf(&p.out, "%s%s%s\n", indent, first, lines[0])
	for _, line := range lines[1:] {
		fmt.Fprintf(&p.out, "%s%s%s\n", indent, strings.Repeat(" ", width(first)), line)
	}
}

func (p *printer) verdictColour(v result.Verdict) string {
	switch v {
	case result.Pass:
		return p.colour(green)
	case result.Fail, result.Error, result.Unreachable:
		return p.colour(red)
	}
	return p.colour(yellow)
}

func (p *printer) verdict() {
	r := p.r
	word := p.say.T(strings.ToUpper(string(cmp.Or(r.Verdict, "no verdict"))))
	why := p.say.T("every gate passed")
	if len(r.Reasons) > 0 {
		why = clean(p.say.T(r.Reasons[0]))
	} else if r.Verdict != result.Pass {
		why = p.say.T("no reason was given")
	}
	fmt.Fprintln(&p.out, painted(word, p.verdictColour(r.Verdict))+p.say.Sprintf("  %s (exit %d)", why, r.Exit))
	for _, reason := range r.Reasons[min(1, len(r.Reasons)):] {
		p.wrapped("  ", "- ", p.say.T(reason))
	}
}

func (p *printer) subject() {
	r := p.r
	p.heading(p.say.T("What was tested"))
	lines := []struct{ name, text string }{
		{p.say.T("scenario"), scenarioLine(p.say, &r.Scenario)},
		{p.say.T("load"), p.say.T(r.Scenario.Load)},
		{p.say.T("changed"), strings.Join(r.Scenario.Overrides, ", ")},
		{p.say.T("target"), targetLine(p.say, &r.Target)},
		{p.say.T("run"), runLine(p.say, &r.Run)},
		{p.say.T("program"), strings.TrimSpace("chatbench " + r.Tool.Version + " " + r.Tool.Go)},
	}
	names := 0
	for _, line := range lines {
		names = max(names, width(line.name))
	}
	for _, note := range r.Notes {
		lines = append(lines, struct{ name, text string }{p.say.T("note"), p.say.T(note)})
	}
	for _, line := range lines {
		if line.text != "" {
			p.wrapped("  ", padded(line.name, names)+"  ", line.text)
		}
	}
}

func scenarioLine(say *lang.Printer, s *result.Scenario) string {
	var details []string
	if s.File != "" && s.File != s.Name {
		details = append(details, s.File)
	}
	if s.Hash != "" {
		details = append(details, "sha256 "+s.Hash[:min(len(s.Hash), 12)])
	}
	if s.Seed != 0 {
		details = append(details, say.Sprintf("seed %d", s.Seed))
	}
	return bracketed(s.Name, details)
}

func bracketed(s string, details []string) string {
	if len(details) == 0 {
		return s
	}
	return strings.TrimSpace(s + " (" + strings.Join(details, ", ") + ")")
}

func targetLine(say *lang.Printer, t *result.Target) string {
	var details []string
	if t.Note != "" {
		details = append(details, say.T(t.Note))
	}
	if t.Insecure {
		details = append(details, say.T("certificate NOT verified"))
	}
	switch t.Kind {
	case result.Embedded:
		return bracketed(say.T("embedded tenant in this process, not a real one"), details)
	case result.Recorded:
		if t.URL != "" {
			details = append([]string{t.URL}, details...)
		}
		return bracketed(say.T("none: recorded events were checked"), details)
	case result.Judged:
		return bracketed(say.T("the clients of this embedded tenant"), details)
	}
	return bracketed(t.URL, details)
}

func runLine(say *lang.Printer, run *result.Run) string {
	var parts []string
	if id := cmp.Or(run.ID, strings.Join(run.Parts, " + ")); id != "" {
		parts = append(parts, id)
	}
	if !run.Start.IsZero() {
		parts = append(parts, run.Start.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if took := run.End.Sub(run.Start); took > 0 && !run.Start.IsZero() {
		parts = append(parts, duration(took.Seconds()))
	}
	if h := run.Host; h.OS != "" {
		parts = append(parts, bracketed(fmt.Sprintf("%s/%s, %s", h.OS, h.Arch, say.Count(int64(h.Cores), "core")), nonEmpty(h.Name)))
	}
	return strings.Join(parts, ", ")
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func (p *printer) gates() {
	p.gatesUnder("Gates", slices.DeleteFunc(slices.Clone(p.r.Gates), isLesson))
	p.gatesUnder("Lessons", slices.DeleteFunc(slices.Clone(p.r.Gates), func(g result.Gate) bool { return !isLesson(g) }))
}

// isLesson reports whether a gate says what a judged client met, and decides nothing.
func isLesson(g result.Gate) bool { return g.Kind == result.GateLesson }

func (p *printer) gatesUnder(heading string, gates []result.Gate) {
	if len(gates) == 0 {
		return
	}
	p.heading(p.say.T(heading))
	t := table{indent: "  "}
	for i := range gates {
		g := &gates[i]
		row := []string{p.say.T(string(g.Verdict)), p.say.T(g.Name)}
		if estimated(p.r) {
			row = append(row, intervalWords(p.say, g))
		}
		t.row(append(row, p.say.T(g.Sentence))...)
		t.paint(0, p.verdictColour(g.Verdict))
	}
	t.writeTo(&p.out)
}

func (p *printer) ruleColour(verdict string) string {
	switch verdict {
	case string(check.Pass):
		return p.colour(green)
	case string(check.Fail), string(check.Error):
		return p.colour(red)
	case string(check.Inconclusive), xfail:
		return p.colour(yellow)
	}
	return ""
}

func (p *printer) rules() {
	if len(p.r.Rules) == 0 {
		return
	}
	p.heading(p.say.T("Rules"))
	t := table{indent: "  ", right: []bool{false, false, true, true, true}}
	p.header(&t, "rule", "verdict", "broken", "of", "undecided", "if broken", "title")
	var idle []string
	for _, rule := range p.r.Rules {
		verdict := verdictWord(p.r, &rule)
		switch rule.Verdict {
		case check.NotExercised:
			idle = append(idle, rule.ID)
			continue
		case check.NotObservable: // below, with what is missing
			continue
		}
		t.row(rule.ID, verdict, count(rule.Violations), count(rule.Opportunities),
			count(rule.Inconclusive), p.say.T(string(rule.Severity)), p.say.T(rule.Title))
		t.paint(1, p.ruleColour(verdict))
	}
	t.writeTo(&p.out)
	if len(idle) > 0 {
		p.wrapped("  ", "NOT-EXERCISED ", p.say.Sprintf("%s: the situation did not come up", strings.Join(idle, " ")))
	}
	p.ruleNotes()
}

// ruleNotes says what is missing, once for all the rules that miss the same.
func (p *printer) ruleNotes() {
	type note struct {
		verdict string // NOT-OBSERVABLE, or ""
		text    string
	}
	var notes []note
	ids := map[note][]string{}
	for _, rule := range p.r.Rules {
		n := note{text: p.say.T(rule.Note)}
		switch {
		case rule.Verdict == check.NotObservable:
			n.verdict = string(rule.Verdict) + " "
		case n.text == "" && rule.Inconclusive > 0:
			n.text = p.say.Sprintf("undecided because of %s", reasons(p.say, rule.Reasons))
		}
		if n == (note{}) {
			continue
		}
		if ids[n] == nil {
			notes = append(notes, n)
		}
		ids[n] = append(ids[n], rule.ID)
	}
	for _, n := range notes {
		p.wrapped("  ", n.verdict, strings.Join(ids[n], " ")+": "+n.text)
	}
}

func reasons(say *lang.Printer, of map[check.Reason]int64) string {
	var parts []string
	for reason, n := range of {
		parts = append(parts, fmt.Sprintf("%s (%s)", say.T(string(reason)), count(n)))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func (p *printer) known() {
	for i := range p.r.Known {
		if i == 0 {
			p.heading(p.say.T("Known failures"))
		}
		k := &p.r.Known[i]
		p.wrapped("  ", k.Rule+"  ", knownWords(p.say, k))
	}
}

func (p *printer) witnesses() {
	first := true
	for _, rule := range p.r.Rules {
		for _, witness := range rule.Witnesses {
			if first {
				p.heading(p.say.T("Witnesses"))
				first = false
			}
			p.witness(rule.ID, &witness)
		}
	}
}

func (p *printer) witness(id string, w *check.Witness) {
	p.wrapped("  ", id+"  ", p.say.T(w.Sentence))
	t := table{indent: "          ", right: []bool{true}}
	for _, e := range w.Events {
		lines := wrap(clean(p.say.T(e.Text)), p.opt.Width-22)
		t.row(moment(e.At), lines[0])
		for _, line := range lines[1:] {
			t.row("", line)
		}
	}
	t.writeTo(&p.out)
	if w.Reproduce != "" {
		p.wrapped("          ", p.say.T("again")+": ", w.Reproduce)
	}
}

// moment writes when an event was, since the start of the run.
func moment(at time.Duration) string { return fmt.Sprintf("%.3fs", at.Seconds()) }

// felt are the metrics of what a customer feels, which go before those of the exchanges.
var felt = []string{"delivery", "reply", "first_word", "queue_wait", "handover", "conversation"}

func (p *printer) latency() {
	total := p.r.Metrics.Total()
	names := slices.Clone(felt)
	for _, name := range metric.Names() {
		if !slices.Contains(felt, name) && !strings.HasPrefix(name, "lateness.") {
			names = append(names, name)
		}
	}
	t := table{indent: "  ", right: []bool{false, true, true, true, true, true, true, true, true, true}}
	t.row(latencyHeader(p.say)...)
	thin := false
	for _, name := range names {
		if h := total.Hist(name); h.Count() > 0 {
			row, any := latencyRow(name, h)
			t.row(row...)
			thin = thin || any
		}
	}
	if len(t.rows) == 1 {
		return
	}
	p.heading(p.say.T("Times") + stages(p.say, p.r.Metrics))
	t.writeTo(&p.out)
	if thin {
		p.wrapped("  ", "? ", p.say.T(thinWords))
	}
}

const thinWords = "fewer than ten samples lie beyond this value: it says more about chance than about the tenant"

func latencyHeader(say *lang.Printer) []string {
	header := []string{say.T("metric"), say.T("count"), say.T("mean")}
	for _, percentile := range metric.Percentiles() {
		header = append(header, percentile.Name)
	}
	return append(header, say.T("max"))
}

func latencyRow(name string, h *metric.Hist) (row []string, thin bool) {
	row = []string{name, count(h.Count()), value(h.Mean(), h.Unit())}
	for _, percentile := range metric.Percentiles() {
		text := value(h.Quantile(percentile.Q), h.Unit())
		if h.Thin(percentile.Q) {
			text += "?"
			thin = true
		}
		row = append(row, text)
	}
	return append(row, value(h.Max(), h.Unit())), thin
}

// stages says which stages the times are of.
func stages(say *lang.Printer, m *metric.Metrics) string {
	var warm, in []string
	for i := range m.Stages {
		s := &m.Stages[i]
		if s.Warmup {
			warm = append(warm, clean(s.Name))
		} else {
			in = append(in, clean(s.Name))
		}
	}
	if len(warm) == 0 {
		return ""
	}
	return say.Sprintf(" (stage %s; left out: %s)", strings.Join(in, ", "), strings.Join(warm, ", "))
}
