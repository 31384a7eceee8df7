package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"chatbench/internal/capacity"
	"chatbench/internal/lang"
	"chatbench/internal/result"
)

// CapacityOptions say how the report of a search for a tenant's capacity is written.
type CapacityOptions struct {
	Color bool
	Width int           // columns; 100 when it is 0
	Files []string      // that were written beside the report: named at the end
	Lang  *lang.Printer // nil: English
}

// Capacity writes what a search for a tenant's capacity found: the answer, what was tested, each
// probe with its figures, and the law of scalability. The error is that of w.
func Capacity(w io.Writer, r *capacity.Report, opt CapacityOptions) error {
	c := &capacityText{r: r, opt: opt, say: opt.Lang}
	if c.opt.Width <= 0 {
		c.opt.Width = 100
	}
	for _, section := range []func(){c.answer, c.subject, c.probes, c.reasons, c.law, c.end} {
		section()
	}
	_, err := w.Write(c.out.Bytes())
	return err
}

// capacityText writes one report.
type capacityText struct {
	r   *capacity.Report
	opt CapacityOptions
	say *lang.Printer
	out bytes.Buffer
}

func (c *capacityText) paint(s, with string) string {
	if !c.opt.Color {
		return s
	}
	return painted(s, with)
}

// line writes a text behind a first word, its later lines indented.
func (c *capacityText) line(first, text string) {
	if text == "" {
		return
	}
	lines := wrap(clean(text), c.opt.Width-2-width(first))
	fmt.Fprintf(&c.out, "  %s%s\n", first, lines[0])
	for _, line := range lines[1:] {
		fmt.Fprintf(&c.out, "  %s%s\n", strings.Repeat(" ", width(first)), line)
	}
}

func (c *capacityText) heading(s string) {
	fmt.Fprintf(&c.out, "\n%s\n", c.paint(s, bold))
}

// answerColour is green when a demand was met or the limit is known, and yellow otherwise; red is a
// demand that was not met and a tenant that went away.
func (c *capacityText) answerColour() string {
	switch c.r.Exit {
	case result.ExitOK:
		return green
	case result.ExitPerformance, result.ExitUnreachable, result.ExitBug:
		return red
	}
	return yellow
}

func (c *capacityText) answer() {
	a := &c.r.Answer
	word := strings.ToUpper(c.say.T(string(a.Kind)))
	sentences := a.Sentences
	if len(sentences) == 0 {
		sentences = []string{""}
	}
	fmt.Fprintf(&c.out, "%s  %s\n", c.paint(word, c.answerColour()), clean(c.say.T(sentences[0])+" "+c.say.Sprintf("(exit %d)", c.r.Exit)))
	for _, s := range sentences[1:] {
		c.line("- ", c.say.T(s))
	}
	for _, note := range c.r.Notes {
		c.line("- ", c.say.T(note))
	}
}

func (c *capacityText) subject() {
	c.heading(c.say.T("What was tested"))
	for _, l := range searchedLines(c.r, c.say) {
		c.line(padded(l.name, 9)+" ", l.text)
	}
}

// searchedLines say what was searched, and how.
func searchedLines(r *capacity.Report, say *lang.Printer) []namedLine {
	s := &r.Search
	lines := []namedLine{
		{say.T("scenario"), scenarioLine(say, &r.Scenario)},
		{say.T("changed"), strings.Join(r.Scenario.Overrides, ", ")},
		{say.T("target"), targetLine(say, &r.Target)},
		{say.T("search"), say.Sprintf("%s from %s to at most %s, each stair %s times the last; an interval of %s; %d probes must agree at its ends",
			say.T(string(s.Unit)), plainNumber(s.From), plainNumber(s.Most), plainNumber(s.Factor), percentWords(s.Width), s.Confirm)},
		{say.T("probe"), say.Sprintf("%v to bring the load in and let it settle, left out of the figures, and %v that are judged", s.Settle, s.Hold)},
		{say.T("limits"), searchLimits(s, say)},
		{say.T("program"), strings.TrimSpace("chatbench " + r.Tool.Version + " " + r.Tool.Go)},
	}
	return slices.DeleteFunc(lines, func(l namedLine) bool { return l.text == "" })
}

// searchLimits are those of the search itself.
func searchLimits(s *capacity.Search, say *lang.Printer) string {
	var list []string
	if s.Budget > 0 {
		list = append(list, say.Sprintf("%v for all probes together", s.Budget))
	}
	if s.Steps > 0 {
		list = append(list, say.Sprintf("%d probes", s.Steps))
	}
	return strings.Join(list, ", ")
}

func plainNumber(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func percentWords(share float64) string { return strconv.FormatFloat(100*share, 'g', 3, 64) + " %" }

func (c *capacityText) outcomeColour(o capacity.Outcome) string {
	switch {
	case !c.opt.Color:
		return ""
	case o == capacity.Carried:
		return green
	case o == capacity.Missed || o == capacity.Gone || o == capacity.Broken:
		return red
	}
	return yellow
}

// probes is a row for each of them, in the order of their loads.
func (c *capacityText) probes() {
	if len(c.r.Probes) == 0 {
		return
	}
	c.heading(c.say.T("Probes, by load"))
	metrics := probedMetrics(c.r, mostProbed)
	head := probeHeader(c.r, metrics, c.say)
	t := table{indent: "  ", right: slices.Repeat([]bool{true}, len(head))}
	t.right[probeOutcome] = false
	t.row(head...)
	for _, p := range capacity.ByLoad(c.r.Probes) {
		t.row(probeCells(&p, metrics, c.say)...)
		t.paint(probeOutcome, c.outcomeColour(p.Outcome))
	}
	t.writeTo(&c.out)
	c.line("", c.say.T(probeWords))
}

const (
	mostProbed   = 3 // metrics with columns of their own: no more than fit
	probeOutcome = 2 // the column of the outcome
	probeWords   = "messages/s: of robot and agents, as they reached customers; present: customers in a conversation, on average; λW: how many they should be by Little's law"
)

func probeHeader(r *capacity.Report, metrics []string, say *lang.Printer) []string {
	head := []string{say.T("probe"), say.T(string(r.Search.Unit)), say.T("outcome"), say.T("messages/s"), say.T("present"), "λW"}
	for _, name := range metrics {
		head = append(head, name+" p50", "p95")
	}
	return head
}

func probeCells(p *capacity.Probe, metrics []string, say *lang.Printer) []string {
	row := []string{strconv.Itoa(p.Number), plainNumber(p.Load), say.T(string(p.Outcome)), figureOrDash(p.Throughput), figureOrDash(p.Present), figureOrDash(p.Little())}
	for _, name := range metrics {
		row = append(row, latencyCells(p, name)...)
	}
	return row
}

func latencyCells(p *capacity.Probe, metric string) []string {
	for _, l := range p.Latency {
		if l.Metric == metric && l.Count > 0 {
			return []string{duration(l.P50), duration(l.P95)}
		}
	}
	return []string{"-", "-"}
}

func figureOrDash(v float64) string {
	if v == 0 {
		return "-"
	}
	return digits(v)
}

// reasons says of each load that was not carried why.
func (c *capacityText) reasons() {
	first := true
	for _, p := range capacity.ByLoad(c.r.Probes) {
		if p.Outcome == capacity.Carried {
			continue
		}
		if first {
			c.heading(c.say.T("Why not"))
			first = false
		}
		c.line(fmt.Sprintf("%4d  ", p.Number), whyNot(&p, c.say))
	}
}

// whyNot is all that stood in the way of a probe.
func whyNot(p *capacity.Probe, say *lang.Printer) string {
	why := []string{say.T(p.Why)}
	for _, l := range p.Limits[min(1, len(p.Limits)):] {
		why = append(why, say.T(l.Sentence))
	}
	return strings.Join(why, " ")
}

func (c *capacityText) law() {
	l := c.r.Law
	if l == nil {
		if c.r.LawNote != "" {
			c.heading(c.say.T("Throughput over load"))
			c.line("", c.say.T(c.r.LawNote))
		}
		return
	}
	c.heading(c.say.T(lawWords))
	t := table{indent: "  ", right: []bool{false, true, true}}
	for _, row := range lawRows(l, c.say) {
		t.row(row...)
	}
	t.writeTo(&c.out)
	c.line("", peakWords(l, c.say))
	c.line("", c.say.T(l.Sentence))
}

const lawWords = "Throughput over load: the Universal Scalability Law, X(N) = λN / (1 + σ(N-1) + κN(N-1))"

// lawRows are the coefficients of a law, each with its error, its interval and what it is.
func lawRows(l *capacity.Law, say *lang.Printer) [][]string {
	var rows [][]string
	add := func(name string, c capacity.Coefficient, means string) {
		rows = append(rows, []string{name, coefficient(c.Value), "± " + coefficient(c.Error),
			say.Sprintf("95 %%: %s to %s", coefficient(c.Low), coefficient(c.High)), means})
	}
	add("λ", l.Lambda, say.T("messages a second of one customer alone"))
	add("σ", l.Sigma, say.T("contention"))
	add("κ", l.Kappa, say.T("coherency"))
	return rows
}

// peakWords say where a law has its peak, and how well it fits.
func peakWords(l *capacity.Law, say *lang.Printer) string {
	if l.PeakLoad > 0 {
		return say.Sprintf("peak: %s messages a second at %s; R² %.4f, %d probes, the highest at %s", digits(l.Peak), coefficient(l.PeakLoad), l.R2, l.Points, coefficient(l.Reach))
	}
	return say.Sprintf("no peak; R² %.4f, %d probes, the highest at %s", l.R2, l.Points, coefficient(l.Reach))
}

func coefficient(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

func (c *capacityText) end() {
	for _, file := range c.opt.Files {
		fmt.Fprintf(&c.out, "\n%s", clean(file))
	}
	if len(c.opt.Files) > 0 {
		c.out.WriteByte('\n')
	}
	if word, command := searchAgain(c.r, len(c.opt.Files) > 0); command != "" {
		fmt.Fprintf(&c.out, "\n%s %s\n", c.say.T(word), clean(command))
	}
}

// searchAgain is the command that makes the search again, or goes on with one that was kept and is not
// finished. A budget that was used up would end it at once.
func searchAgain(r *capacity.Report, kept bool) (word, command string) {
	if len(r.Command) == 0 || r.Answer.Stop == capacity.Complete || !kept {
		return "again:", result.Again(r.Command, r.Scenario.Seed)
	}
	words := r.Command
	switch r.Answer.Stop {
	case capacity.OutOfTime:
		words = withoutFlag(words, "--budget")
	case capacity.OutOfSteps:
		words = withoutFlag(words, "--steps")
	}
	if !slices.Contains(words, "--resume") {
		words = append(slices.Clip(words), "--resume")
	}
	return "go on:", result.Again(words, r.Scenario.Seed)
}

// withoutFlag leaves a flag and its value out of a command line.
func withoutFlag(words []string, flag string) []string {
	var kept []string
	for i, word := range words {
		if word == flag || strings.HasPrefix(word, flag+"=") || i > 0 && words[i-1] == flag {
			continue
		}
		kept = append(kept, word)
	}
	return kept
}
