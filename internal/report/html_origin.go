package report

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
	"time"

	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// drawGenerator shows whether chatbench itself had what it needed.
func (p *page) drawGenerator(r *result.Result) {
	h := &r.Health
	var gates []result.Gate
	for _, g := range r.Gates {
		if g.Kind == result.GateGenerator {
			gates = append(gates, g)
		}
	}
	if h.WallSeconds == 0 && len(h.Lateness) == 0 && len(gates) == 0 {
		return
	}
	parts := []template.HTML{p.paragraph("", p.say("A generator that is too slow measures itself. Where one of these gates does not pass the run is INVALID: it is then neither green nor red."))}
	if facts := p.used(h); len(facts) > 0 {
		parts = append(parts, p.part("facts", facts))
	}
	if r.Metrics != nil {
		parts = append(parts, p.draw(p.latenessChart(r.Metrics)))
	}
	parts = append(parts, p.table(p.latenessTable(h)), p.table(p.strainTable(h.Strain)),
		p.table(p.gateTable("generator-gates", p.say("Gates on the generator"), gates)))
	p.add("generator", p.say("The generator itself"), parts...)
}

// used is what the generator took of its machine; nothing for a trace that was checked.
func (p *page) used(h *metric.Health) []fact {
	if h.WallSeconds == 0 {
		return nil
	}
	facts := []fact{
		p.fact(p.say("CPU time"), duration(h.UserSeconds+h.SystemSeconds), p.say("%s of %s processors", p.name(inPercent(h.CPUShare())), p.name(fmt.Sprintf("%g", h.Allowed())))),
		p.fact(p.say("Memory at most"), size(float64(h.MaxRSS)), words{}),
		p.fact(p.say("Garbage collections"), count(h.GCCycles), p.say("longest pause %s", duration(h.GCPauseMax))),
		p.fact(p.say("Goroutines at most"), count(int64(h.Goroutines)), words{}),
	}
	if h.OpenFiles > 0 {
		facts = append(facts, p.fact(p.say("Descriptors at most"), count(h.OpenFiles), p.say("of %s", count(h.FileLimit))))
	}
	return facts
}

func (p *page) latenessChart(m *metric.Metrics) chart {
	c := chart{ID: "lateness", Kind: "time", Unit: "s", Title: p.say("How late chatbench was, p99"), YName: p.say("time")}
	for i, name := range []string{"lateness.poll", "lateness.send", "lateness.start"} {
		c.Series = append(c.Series, series{Name: p.name(name), Colour: i + 1, Values: p.oneOver(m, name, .99)})
	}
	return c
}

func (p *page) latenessTable(h *metric.Health) grid {
	g := grid{ID: "lateness-table", Caption: p.say("Lateness over the stages that count"), Lead: 0,
		Head: columns(1, p.say("late with"), p.say("count"), p.name("p50"), p.name("p99"), p.say("maximum"))}
	for _, name := range slices.Sorted(maps.Keys(h.Lateness)) {
		l := h.Lateness[name]
		g.Rows = append(g.Rows, []gridCell{codeCell(strings.TrimPrefix(name, "lateness.")),
			number(count(l.Count)), number(duration(l.P50)), number(duration(l.P99)), number(duration(l.Max))})
	}
	return g
}

// strainTable is the worst stretches of five seconds.
func (p *page) strainTable(s *metric.Strain) grid {
	if s == nil {
		return grid{}
	}
	g := grid{ID: "strain", Caption: p.say("In stretches of five seconds"), Lead: 0,
		Head: columns(1, p.say("used"), p.say("99 of 100 stretches at most"), p.say("worst stretch"), p.say("which ended at"))}
	row := func(name words, v metric.Spread, write func(float64) string) {
		g.Rows = append(g.Rows, []gridCell{text(name), number(write(v.P99)), number(write(v.Max)), number(runTime(v.MaxAt))})
	}
	row(p.say("processors, by chatbench"), s.CPU, inPercent)
	row(p.say("processors, by everybody"), s.Machine, inPercent)
	row(p.say("taken away by the host of a virtual machine"), s.Stolen, inPercent)
	row(p.say("processors, by the garbage collector"), s.GC, inPercent)
	row(p.say("longest pause of the garbage collector"), s.GCPause, duration)
	return g
}

// runTime writes seconds of the run as 1:02 or 1:00:02.
func runTime(seconds float64) string {
	s := int64(seconds + 0.5)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// drawOrigin says where the result comes from and how to make it again.
func (p *page) drawOrigin(r *result.Result) {
	g := p.pairs(p.say("Where this result comes from"))
	s, run := &r.Scenario, &r.Run
	g.row(p.say("scenario"), joined(", ", p.name(s.Name), p.name(s.File)).html())
	g.row(p.say("SHA-256 of the scenario"), codeOrNothing(s.Hash))
	if s.Seed != 0 {
		g.row(p.say("seed"), codeHTML(fmt.Sprint(s.Seed)))
	}
	g.row(p.say("load"), p.tell(s.Load).html())
	g.row(p.say("changed by flags"), codeOrNothing(strings.Join(s.Overrides, " ")))
	g.row(p.say("target"), p.targetWords(&r.Target).html())
	g.row(p.say("chatbench"), p.name(strings.TrimSpace(r.Tool.Version+" "+r.Tool.Go)).html())
	g.row(p.say("run"), p.name(cmp.Or(run.ID, strings.Join(run.Parts, " + "))).html())
	g.row(p.say("began"), p.began(run.Start).html())
	g.row(p.say("ended"), joined(", ", p.began(run.End), p.endedWords(run)).html())
	g.row(p.say("host"), p.hostWords(&run.Host).html())
	g.row(p.say("command line"), codeOrNothing(commandLine(run.Command)))
	g.row(p.say("again"), codeOrNothing(r.Again()))
	if t := r.Trace; t != nil {
		g.row(p.say("trace"), p.traceWords(t).html())
	}
	p.add("origin", p.say("Provenance"), p.table(g.grid))
}

// began writes a moment; one that is not known is nothing.
func (p *page) began(at time.Time) words {
	if at.IsZero() {
		return words{}
	}
	return p.name(at.UTC().Format("2006-01-02 15:04:05 UTC"))
}

func codeOrNothing(s string) template.HTML {
	if s == "" {
		return ""
	}
	return codeHTML(s)
}

// commandLine is the command as it was given, safe to paste; secrets are masked already.
func commandLine(words []string) string { return result.Again(words, 0) }

func (p *page) targetWords(t *result.Target) words {
	what := p.name(t.URL)
	switch t.Kind {
	case result.Embedded:
		what = joined(", ", p.say("embedded tenant in this process, not a real one"), p.name(t.URL))
	case result.Recorded:
		what = joined(", ", p.say("none: recorded events were checked"), p.name(t.URL))
	case result.Judged:
		what = p.say("the clients of this embedded tenant")
	}
	if t.Insecure {
		what = joined(", ", what, p.say("certificate NOT verified"))
	}
	return joined(", ", what, p.tell(t.Note))
}

// endedWords says what cut a run short, and how long it took.
func (p *page) endedWords(run *result.Run) words {
	took := words{}
	if d := run.End.Sub(run.Start); d > 0 && !run.Start.IsZero() {
		took = p.say("after %s", duration(d.Seconds()))
	}
	if run.Ended != "" {
		took = joined(", ", took, p.say("cut short: %s", p.name(string(run.Ended))))
	}
	return took
}

func (p *page) hostWords(h *result.Host) words {
	if h.OS == "" {
		return p.name(h.Name)
	}
	return joined(", ", p.name(h.Name), p.name(h.OS+"/"+h.Arch), p.several(h.Cores, p.say("core"), p.say("cores")))
}

func (p *page) traceWords(t *result.Trace) words {
	w := joined(", ", p.name(strings.Join(t.Files, ", ")), p.several(int(t.Events), p.say("event"), p.say("events")))
	if t.Policy != "" {
		w = joined(", ", w, p.say("kept: %s", p.name(t.Policy)))
	}
	if !t.Complete {
		w = joined(", ", w, p.say("INCOMPLETE"))
	}
	return w
}
