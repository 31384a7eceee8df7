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
	fmt.Fprintf(&c.out, "\n%s\n", c.paint(c.say.T(s), bold))
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
	r, s := c.r, &c.r.Search
	c.heading("What was tested")
	item := func(name, text string) { c.line(padded(c.say.T(name), 9)+" ", text) }
	item("scenario", scenarioLine(c.say, &r.Scenario))
	item("changed", strings.Join(r.Scenario.Overrides, ", "))
	item("target", targetLine(c.say, &r.Target))
	item("search", c.say.Sprintf("%s from %s to at most %s, each stair %s times the last; an interval of %s; %d probes must agree at its ends",
		c.say.T(string(s.Unit)), plainNumber(s.From), plainNumber(s.Most), plainNumber(s.Factor), percentWords(s.Width), s.Confirm))
	item("probe", c.say.Sprintf("%v to bring the load in and let it settle, left out of the figures, and %v that are judged", s.Settle, s.Hold))
	item("limits", c.limits())
	item("program", strings.TrimSpace("chatbench "+r.Tool.Version+" "+r.Tool.Go))
}

// limits are those of the search itself.
func (c *capacityText) limits() string {
	var list []string
	if s := &c.r.Search; s.Budget > 0 {
		list = append(list, c.say.Sprintf("%v for all probes together", s.Budget))
	}
	if s := &c.r.Search; s.Steps > 0 {
		list = append(list, c.say.Sprintf("%d probes", s.Steps))
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
	c.heading("Probes, by load")
	metrics := c.metrics()
	t := table{indent: "  ", right: []bool{true, true, false, true, true, true}}
	head := []string{"probe", c.say.T(string(c.r.Search.Unit)), c.say.T("outcome"), c.say.T("messages/s"), c.say.T("present"), "λW"}
	for _, name := range metrics {
		head = append(head, name+" p50", "p95")
		t.right = append(t.right, true, true)
	}
	t.row(head...)
	for _, p := range capacity.ByLoad(c.r.Probes) {
		row := []string{strconv.Itoa(p.Number), plainNumber(p.Load), c.say.T(string(p.Outcome)), figureOrDash(p.Throughput), figureOrDash(p.Present), figureOrDash(p.Little())}
		for _, name := range metrics {
			row = append(row, latencyCells(&p, name)...)
		}
		t.row(row...)
		t.paint(2, c.outcomeColour(p.Outcome))
	}
	t.writeTo(&c.out)
	c.line("", c.say.T("messages/s: of robot and agents, as they reached customers; present: customers in a conversation, on average; λW: how many they should be by Little's law"))
}

// metrics are those that have columns: no more than fit.
func (c *capacityText) metrics() []string {
	const most = 3
	var names []string
	seen := map[string]bool{}
	for _, gated := range []bool{true, false} {
		for i := range c.r.Probes {
			for _, l := range c.r.Probes[i].Latency {
				if l.Gated == gated && !seen[l.Metric] && len(names) < most {
					seen[l.Metric], names = true, append(names, l.Metric)
				}
			}
		}
	}
	return names
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
			c.heading("Why not")
			first = false
		}
		why := []string{c.say.T(p.Why)}
		for _, l := range p.Limits[min(1, len(p.Limits)):] {
			why = append(why, c.say.T(l.Sentence))
		}
		c.line(fmt.Sprintf("%4d  ", p.Number), strings.Join(why, " "))
	}
}

func (c *capacityText) law() {
	l := c.r.Law
	if l == nil {
		if c.r.LawNote != "" {
			c.heading("Throughput over load")
			c.line("", c.say.T(c.r.LawNote))
		}
		return
	}
	c.heading("Throughput over load: the Universal Scalability Law, X(N) = λN / (1 + σ(N-1) + κN(N-1))")
	t := table{indent: "  ", right: []bool{false, true, true}}
	for _, row := range []struct {
		name  string
		value capacity.Coefficient
		means string
	}{
		{"λ", l.Lambda, "messages a second of one customer alone"},
		{"σ", l.Sigma, "contention"},
		{"κ", l.Kappa, "coherency"},
	} {
		t.row(row.name, coefficient(row.value.Value), "± "+coefficient(row.value.Error), c.say.Sprintf("95 %%: %s to %s", coefficient(row.value.Low), coefficient(row.value.High)), c.say.T(row.means))
	}
	t.writeTo(&c.out)
	if l.PeakLoad > 0 {
		c.line("", c.say.Sprintf("peak: %s messages a second at %s; R² %.4f, %d probes, the highest at %s", digits(l.Peak), coefficient(l.PeakLoad), l.R2, l.Points, coefficient(l.Reach)))
	} else {
		c.line("", c.say.Sprintf("no peak; R² %.4f, %d probes, the highest at %s", l.R2, l.Points, coefficient(l.Reach)))
	}
	c.line("", c.say.T(l.Sentence))
}

func coefficient(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

func (c *capacityText) end() {
	for _, file := range c.opt.Files {
		fmt.Fprintf(&c.out, "\n%s", clean(file))
	}
	if len(c.opt.Files) > 0 {
		c.out.WriteByte('\n')
	}
	again, word := result.Again(c.r.Command, c.r.Scenario.Seed), "again:"
	if again == "" {
		return
	}
	if c.r.Answer.Stop != capacity.Complete && len(c.opt.Files) > 0 {
		word = "go on:"
		if !slices.Contains(c.r.Command, "--resume") {
			again += " --resume"
		}
	}
	fmt.Fprintf(&c.out, "\n%s %s\n", c.say.T(word), clean(again))
}
