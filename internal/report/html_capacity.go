package report

import (
	"html/template"
	"io"
	"math"
	"slices"
	"strconv"

	"chatbench/internal/capacity"
	"chatbench/internal/lang"
	"chatbench/internal/result"
)

// CapacityHTML writes a search for a tenant's capacity as a page that needs nothing else, see [HTML]:
// the answer, throughput and times over load with the law of scalability, and every probe. The error
// is that of w.
func CapacityHTML(w io.Writer, r *capacity.Report, first *lang.Printer) error {
	p, err := newPage(first)
	if err != nil {
		return err
	}
	p.source = capacity.FileName
	p.title = p.say("chatbench capacity: %s, %s", p.tell(string(r.Answer.Kind)), p.shortly(r.Scenario.Name))
	p.subject = joined(", ", p.say("search for capacity"), p.shortly(r.Scenario.Name), p.began(r.Start))
	p.drawAnswer(r)
	p.drawScaling(r)
	p.drawProbes(r)
	p.drawLaw(r)
	p.drawSearch(r)
	return p.writeTo(w)
}

// answerClass is green when a demand was met or the limit is known.
func answerClass(exit result.Exit) string {
	switch exit {
	case result.ExitOK:
		return "pass"
	case result.ExitPerformance, result.ExitUnreachable, result.ExitBug:
		return "fail"
	}
	return "warn"
}

func (p *page) drawAnswer(r *capacity.Report) {
	a := &r.Answer
	b := banner{Class: answerClass(r.Exit), Word: p.both(func(say *lang.Printer) string { return phrase(answerWord(r, say)) }), Exit: p.say("exit code %d", int(r.Exit)), Notes: p.list(r.Notes)}
	b.Sign = verdictSign(b.Class)
	if sentences := p.list(a.Sentences); len(sentences) > 0 {
		b.Why, b.Reasons = sentences[0], sentences[1:]
	}
	if a.Limit != nil {
		b.Facts = append(b.Facts, p.fact(p.say("First limit"), a.Limit.Name,
			p.say("observed %s, limit %s", gateValue(a.Limit.Observed, a.Limit.Unit), gateValue(a.Limit.Limit, a.Limit.Unit))))
	}
	b.Facts = append(b.Facts, p.fact(p.say("Probes"), count(int64(len(r.Probes))), p.sureWords(a)))
	if l := r.Law; l != nil && l.PeakLoad > 0 {
		b.Facts = append(b.Facts, p.fact(p.say("Highest throughput by the law"), digits(l.Peak)+"/s",
			p.say("at %s %s", loadNumber(l.PeakLoad), p.tell(string(r.Search.Unit)))))
	}
	p.add("verdict", p.say("Answer"), p.part("verdict", b))
}

// answerWord is the answer in a few words: the interval where there is one.
func answerWord(r *capacity.Report, say *lang.Printer) string {
	a, unit := &r.Answer, say.T(string(r.Search.Unit))
	switch {
	case a.Kind == capacity.Found && a.Low > 0:
		return say.Sprintf("%s to %s %s", loadNumber(a.Low), loadNumber(a.High), unit)
	case a.Kind == capacity.Found:
		return say.Sprintf("less than %s %s", loadNumber(a.High), unit)
	case a.Low > 0:
		return say.Sprintf("at least %s %s", loadNumber(a.Low), unit)
	}
	return say.T(string(a.Kind))
}

// sureWords says whether the ends of the interval were confirmed, and what ended the search early.
func (p *page) sureWords(a *capacity.Answer) words {
	w := p.say("not confirmed as often as asked")
	if a.Sure {
		w = p.say("both ends confirmed")
	}
	if a.Stop != capacity.Complete {
		w = joined("; ", w, p.say("ended early: %s", p.tell(string(a.Stop))))
	}
	return w
}

// loadNumber writes a load, of which a law may give many digits.
func loadNumber(v float64) string {
	if v == math.Trunc(v) || v >= 1000 {
		return count(int64(v + 0.5))
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// outcomes are the outcomes of probes as they are shown, with a colour of the charts.
func (p *page) outcomes() []struct {
	of     []capacity.Outcome
	name   words
	class  string
	colour int
} {
	return []struct {
		of     []capacity.Outcome
		name   words
		class  string
		colour int
	}{
		{[]capacity.Outcome{capacity.Carried}, p.say("carried"), "pass", 4},
		{[]capacity.Outcome{capacity.Missed, capacity.Gone, capacity.Broken}, p.say("missed"), "fail", 3},
		{[]capacity.Outcome{capacity.Unclear, capacity.Thin, capacity.Short, capacity.Cut}, p.say("says nothing"), "warn", 7},
	}
}

// drawScaling shows throughput and times over load.
func (p *page) drawScaling(r *capacity.Report) {
	x := loads(r)
	if len(r.Probes) == 0 {
		return
	}
	base := chart{Kind: "xy", X: x, XUnit: "n", XName: p.tell(string(r.Search.Unit))}
	throughput, times := base, base
	throughput.ID, throughput.Unit, throughput.Title, throughput.YName = "scaling", "/s", p.say("Throughput over load"), p.say("messages per second")
	throughput.Help = p.say("A point is a probe.")
	if r.Law != nil {
		throughput.Series = append(throughput.Series, series{Name: p.say("by the law of scalability"), Colour: 1, Values: at(x, r.Law.At)})
	}
	for _, o := range p.outcomes() {
		s := series{Name: o.name, Colour: o.colour, Points: true, Values: probed(r, x, func(probe *capacity.Probe) float64 {
			if !slices.Contains(o.of, probe.Outcome) || probe.Throughput == 0 {
				return math.NaN()
			}
			return probe.Throughput
		})}
		if s.some() {
			throughput.Series = append(throughput.Series, s)
		}
	}
	times.ID, times.Unit, times.Title, times.YName = "times", "s", p.say("Times over load, p95"), p.say("time")
	times.Log = true
	times.Series = p.timesOverLoad(r, x)
	p.add("scaling-charts", p.say("Throughput and times over load"), p.draw(throughput), p.draw(times))
}

// timesOverLoad is a line for each metric, and one for the limit that stood in the way if it is a time.
func (p *page) timesOverLoad(r *capacity.Report, x []point) []series {
	var list []series
	for i, name := range probedMetrics(r, 6) {
		list = append(list, series{Name: p.name(name), Colour: i + 1, Span: true, Values: probed(r, x, func(probe *capacity.Probe) float64 {
			if l := latencyOf(probe, name); l != nil {
				return l.P95
			}
			return math.NaN()
		})})
	}
	if l := r.Answer.Limit; l != nil && l.Kind == result.GateLatency && l.Unit == "s" && len(list) > 0 {
		list = append(list, series{Name: p.say("limit of %s", p.name(capped(l.Name, 60, "…"))), Colour: 8, Values: at(x, func(float64) float64 { return l.Limit })})
	}
	return list
}

// lawSteps is how many points the curve of a law has.
const lawSteps = 80

// loads is the axis of the charts over load: those of the probes, each as often as it was probed, and
// steps between for the curve, ascending.
func loads(r *capacity.Report) []point {
	most := 0.0
	var x []point
	for i := range r.Probes {
		x = append(x, point(r.Probes[i].Load))
		most = max(most, r.Probes[i].Load)
	}
	for i := range lawSteps {
		x = append(x, point(1.1*most*float64(i+1)/lawSteps))
	}
	slices.Sort(x)
	return x
}

// at gives the values of a function over an axis.
func at(x []point, f func(float64) float64) []point {
	values := make([]point, len(x))
	for i := range x {
		values[i] = point(f(float64(x[i])))
	}
	return values
}

// probed puts a value of each probe at its place on the axis.
func probed(r *capacity.Report, x []point, of func(*capacity.Probe) float64) []point {
	values := slices.Repeat([]point{gap}, len(x))
	for i, taken := 0, map[int]bool{}; i < len(r.Probes); i++ {
		for k := range x {
			if x[k] == point(r.Probes[i].Load) && !taken[k] {
				values[k], taken[k] = point(of(&r.Probes[i])), true
				break
			}
		}
	}
	return values
}

// probedMetrics are the metrics of the probes, those with a gate first; no more than so many.
func probedMetrics(r *capacity.Report, most int) []string {
	var names []string
	for _, gated := range []bool{true, false} {
		for i := range r.Probes {
			for _, l := range r.Probes[i].Latency {
				if l.Gated == gated && len(names) < most && !slices.Contains(names, l.Metric) {
					names = append(names, l.Metric)
				}
			}
		}
	}
	return names
}

func latencyOf(probe *capacity.Probe, name string) *capacity.Latency {
	i := slices.IndexFunc(probe.Latency, func(l capacity.Latency) bool { return l.Metric == name && l.Count > 0 })
	if i < 0 {
		return nil
	}
	return &probe.Latency[i]
}

// drawProbes lists the probes in the order of their loads.
func (p *page) drawProbes(r *capacity.Report) {
	names := probedMetrics(r, 2)
	g := grid{ID: "probes-table", Caption: p.say("By load. λW is how many customers there should be by Little's law: where it differs much from those present, the load had not settled."), Lead: 0,
		Head: []column{{p.say("probe"), true}, {p.tell(string(r.Search.Unit)), true}, {p.say("outcome"), false}, {p.say("useful messages/s"), true}, {p.say("present"), true}, {p.name("λW"), true}}}
	for _, name := range names {
		g.Head = append(g.Head, column{p.name(name + " p95"), true})
	}
	g.Head = append(g.Head, column{p.say("finding"), false})
	for _, probe := range capacity.ByLoad(r.Probes) {
		g.Rows = append(g.Rows, p.probeRow(&probe, names))
	}
	p.add("probes", p.say("Probes"), p.table(g))
}

func (p *page) probeRow(probe *capacity.Probe, names []string) []gridCell {
	class := "warn"
	for _, o := range p.outcomes() {
		if slices.Contains(o.of, probe.Outcome) {
			class = o.class
		}
	}
	row := []gridCell{number(count(int64(probe.Number))), number(loadNumber(probe.Load)),
		{Body: badge(class, p.tell(string(probe.Outcome))), Class: "nowrap"},
		number(figureOrDash(probe.Throughput)), number(figureOrDash(probe.Present)), number(figureOrDash(probe.Little()))}
	for _, name := range names {
		row = append(row, number(latencyCells(probe, name)[1]))
	}
	why := text(p.tell(probe.Why))
	for _, l := range probe.Limits[min(1, len(probe.Limits)):min(6, len(probe.Limits))] {
		why = below(why, p.tell(l.Sentence))
	}
	why.Class = "wide"
	return append(row, why)
}

// drawLaw shows the coefficients of the law, or why there is none.
func (p *page) drawLaw(r *capacity.Report) {
	l := r.Law
	if l == nil {
		if r.LawNote != "" {
			p.add("law", p.say("The law of scalability"), p.paragraph("", p.tell(r.LawNote)))
		}
		return
	}
	g := grid{ID: "law-table", Lead: 0, Caption: p.say("Universal Scalability Law, X(N) = λN / (1 + σ(N-1) + κN(N-1)), fitted to %s", p.several(l.Points, p.say("probe"), p.say("probes"))),
		Head: []column{{p.say("coefficient"), false}, {p.say("value"), true}, {p.say("standard error"), true}, {p.say("95 %% interval"), true}, {p.say("what it is"), false}}}
	row := func(name string, c capacity.Coefficient, means words) {
		g.Rows = append(g.Rows, []gridCell{codeCell(name), number(coefficient(c.Value)), number(coefficient(c.Error)),
			number("[" + coefficient(c.Low) + ", " + coefficient(c.High) + "]"), text(means)})
	}
	row("λ", l.Lambda, p.say("messages a second of one customer alone"))
	row("σ", l.Sigma, p.say("contention: the share of the work that only one can do at a time"))
	row("κ", l.Kappa, p.say("coherency: what customers cost each other"))
	p.add("law", p.say("The law of scalability"), p.paragraph("", p.tell(l.Sentence)), p.table(g),
		p.paragraph("note", p.say("R² %s, residual standard error %s/s; beyond %s the law is an extrapolation.",
			strconv.FormatFloat(l.R2, 'f', 4, 64), digits(l.Residual), loadNumber(l.Reach))))
}

// drawSearch says what was asked, and where the report comes from.
func (p *page) drawSearch(r *capacity.Report) {
	s := &r.Search
	g := p.pairs(p.say("Where this report comes from"))
	g.row(p.say("scenario"), joined(", ", p.name(r.Scenario.Name), p.name(r.Scenario.File)).html())
	g.row(p.say("SHA-256 of the scenario"), codeOrNothing(r.Scenario.Hash))
	if r.Scenario.Seed != 0 {
		g.row(p.say("seed"), codeHTML(strconv.FormatUint(r.Scenario.Seed, 10)))
	}
	g.row(p.say("target"), p.targetWords(&r.Target).html())
	g.row(p.say("search"), p.say("%s from %s to at most %s, each stair %s times the last; %d probes must agree at each end",
		p.tell(string(s.Unit)), loadNumber(s.From), loadNumber(s.Most), loadNumber(s.Factor), s.Confirm).html())
	g.row(p.say("each probe"), p.say("%s to bring the load in and let it settle, left out of the figures, then %s that are judged",
		duration(s.Settle.Seconds()), duration(s.Hold.Seconds())).html())
	g.row(p.say("chatbench"), p.name(joined(" ", p.name(r.Tool.Version), p.name(r.Tool.Go)).en).html())
	g.row(p.say("began"), p.began(r.Start).html())
	g.row(p.say("ended"), p.began(r.End).html())
	g.row(p.say("host"), p.hostWords(&r.Host).html())
	g.row(p.say("command line"), codeOrNothing(commandLine(r.Command)))
	g.row(p.say("again"), codeOrNothing(result.Again(r.Command, r.Scenario.Seed)))
	p.add("origin", p.say("Provenance"), p.table(g.grid))
}

// pairTable is a table of names and values; those without a value are left out.
type pairTable struct{ grid }

func (p *page) pairs(caption words) *pairTable {
	return &pairTable{grid{ID: "origin-table", Class: "pairs", Caption: caption, Lead: 0, Head: columns(9, p.say("what"), p.say("value"))}}
}

func (t *pairTable) row(name words, body template.HTML) {
	if body != "" {
		t.Rows = append(t.Rows, []gridCell{text(name), {Body: body}})
	}
}
