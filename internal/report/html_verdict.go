package report

import (
	"fmt"
	"html/template"
	"slices"

	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// drawResult makes the sections of a result, the verdict first.
func (p *page) drawResult(r *result.Result) {
	p.drawVerdict(r)
	p.drawGates(r)
	p.drawRules(r)
	p.drawTime(r)
	p.drawFigures(r)
	p.drawFlows(r)
	p.drawGenerator(r)
	p.drawOrigin(r)
}

// runSubject is the line below the name of the program.
func (p *page) runSubject(r *result.Result) words {
	return joined(", ", p.shortly(r.Scenario.Name), p.tell(capped(r.Scenario.Load, 100, "…")), p.began(r.Run.Start))
}

// verdictWord is the verdict of a run or a gate as a page shows it.
func (p *page) verdictWord(v result.Verdict) words {
	switch v {
	case result.Pass:
		return p.say("PASS")
	case result.Warn:
		return p.say("WARN")
	case result.Stale:
		return p.say("STALE")
	case result.Inconclusive:
		return p.say("CANNOT TELL")
	case result.Invalid:
		return p.say("INVALID")
	case result.Interrupted:
		return p.say("INTERRUPTED")
	case result.Unreachable:
		return p.say("UNREACHABLE")
	case result.Fail:
		return p.say("FAIL")
	case result.Error:
		return p.say("ERROR")
	case "":
		return p.say("NO VERDICT")
	}
	return p.name(string(v))
}

// exitMeaning says what an exit code tells a script.
func (p *page) exitMeaning(code result.Exit) words {
	switch code {
	case result.ExitOK:
		return p.say("Exit code 0: all gates passed.")
	case result.ExitConformance:
		return p.say("Exit code 1: a rule of the conversation's contract was broken.")
	case result.ExitInconclusive:
		return p.say("Exit code 2: nothing failed, but something that was demanded is undecided.")
	case result.ExitPerformance:
		return p.say("Exit code 3: a limit on times, errors or missed expectations was not kept.")
	case result.ExitStale:
		return p.say("Exit code 4: the file of known failures lists something that no longer fails.")
	case result.ExitInvalid:
		return p.say("Exit code 5: chatbench or its machine was short of something, so the figures say nothing about the tenant's speed.")
	case result.ExitUnreachable:
		return p.say("Exit code 6: the tenant could not be reached, refused the credentials or went away.")
	case result.ExitUsage:
		return p.say("Exit code 64: the command line or the scenario is wrong, or a file could not be read or written.")
	case result.ExitBug:
		return p.say("Exit code 70: a bug in chatbench, which broke a rule for itself.")
	case result.ExitInterrupted:
		return p.say("Exit code 130: the run was interrupted; what was measured until then is here.")
	}
	return words{}
}

// verdictSign is the verdict for those who do not see colours.
func verdictSign(class string) string {
	switch class {
	case "pass":
		return "✓"
	case "fail":
		return "✗"
	case "warn":
		return "!"
	}
	return "–"
}

// banner is the verdict at the top of a page.
type banner struct {
	Class, Sign              string
	Word, Exit, Why, Meaning words
	Reasons                  []words
	Facts                    []fact
	Notes                    []words
}

// fact is a figure that a reader looks for first.
type fact struct {
	Name  words
	Value template.HTML
}

func (p *page) fact(name words, value string, details words) fact {
	body := outside(phrase(value))
	if !details.none() {
		body += "<small>" + details.html() + "</small>"
	}
	return fact{name, body}
}

func (p *page) drawVerdict(r *result.Result) {
	b := banner{
		Class: verdictClass(r.Verdict), Word: p.verdictWord(r.Verdict), Exit: p.say("exit code %d", int(r.Exit)),
		Why: p.say("Every gate passed."), Meaning: p.exitMeaning(r.Exit),
		Facts: p.facts(r), Notes: p.list(r.Notes),
	}
	b.Sign = verdictSign(b.Class)
	if r.Verdict != result.Pass {
		b.Why = p.say("No reason was given.")
	}
	if reasons := p.list(r.Reasons); len(reasons) > 0 {
		b.Why, b.Reasons = reasons[0], reasons[1:]
	}
	p.add("verdict", p.say("Verdict"), p.part("verdict", b))
	p.tag(badge(b.Class, b.Word))
}

// list takes over sentences; the last one counts what is too much.
func (p *page) list(sentences []string) []words {
	const most = 50
	var list []words
	for _, s := range sentences[:min(len(sentences), most)] {
		list = append(list, p.tell(s))
	}
	if left := len(sentences) - most; left > 0 {
		list = append(list, p.say("%d more are in %s.", left, p.name(p.source)))
	}
	return list
}

// facts are the figures of the whole run.
func (p *page) facts(r *result.Result) []fact {
	var list []fact
	total, all := r.Metrics.Total(), r.Metrics.All()
	if n := all.Counters.Begun(); n > 0 {
		list = append(list, p.fact(p.say("Conversations"), count(n), p.peak(r.Metrics)))
	}
	if n := total.Counters.AllExchanges(); n.Total() > 0 {
		list = append(list,
			p.fact(p.say("Useful messages"), perSecond(total, total.Counters.Delivered())+"/s", p.say("%s delivered", count(total.Counters.Delivered()))),
			p.fact(p.say("Exchanges"), perSecond(total, n.Total())+"/s", p.say("%s in all", count(n.Total()))),
			p.fact(p.say("Not ok"), share(n.Fail+n.Info, n.Total()), p.say("%s of %s exchanges", count(n.Fail+n.Info), count(n.Total()))))
	}
	if h := total.Hist("delivery"); h.Count() > 0 {
		list = append(list, p.fact(p.say("Delivery p95"), duration(h.Quantile(.95)),
			p.say("p50 %s, p99 %s", duration(h.Quantile(.5)), duration(h.Quantile(.99)))))
	}
	if h := total.Hist("reply"); h.Count() > 0 {
		list = append(list, p.fact(p.say("Reply p95"), duration(h.Quantile(.95)),
			p.say("p50 %s, p99 %s", duration(h.Quantile(.5)), duration(h.Quantile(.99)))))
	}
	if len(r.Rules) > 0 {
		list = append(list, p.violations(r))
	}
	return list
}

// violations counts the rules that were broken, over all those that came up.
func (p *page) violations(r *result.Result) fact {
	var violations, broken, judged int64
	for i := range r.Rules {
		rule := &r.Rules[i]
		violations += rule.Violations
		if rule.Violations > 0 {
			broken++
		}
		if rule.Opportunities > 0 || rule.Violations > 0 {
			judged++
		}
	}
	return p.fact(p.say("Violations"), count(violations), p.say("%s of %s rules broken", count(broken), count(judged)))
}

// peak is the highest number of customers in the timeline.
func (p *page) peak(m *metric.Metrics) words {
	if m == nil {
		return words{}
	}
	most := 0.0
	for i := range m.Timeline.Points {
		most = max(most, m.Timeline.Customers(i))
	}
	if most == 0 {
		return words{}
	}
	return p.say("%s customers at the peak", count(int64(most+0.5)))
}

func (p *page) drawGates(r *result.Result) {
	var ours, exercise, generator []result.Gate
	for _, g := range r.Gates {
		switch {
		case g.Kind == result.GateGenerator && g.Verdict == result.Pass:
			generator = append(generator, g)
		case g.Kind == result.GateExercise && g.Verdict == result.Pass:
			exercise = append(exercise, g)
		default:
			ours = append(ours, g)
		}
	}
	slices.SortStableFunc(ours, func(a, b result.Gate) int { return gateRank(&a) - gateRank(&b) })
	note := template.HTML("")
	if len(generator) > 0 {
		note = p.paragraph("note", p.say("%s more on the generator itself passed; they are below, with its health.", p.several(len(generator), p.say("gate"), p.say("gates"))))
	}
	p.add("gates", p.say("Gates"), p.table(p.gateTable("gates", p.say("What makes this run pass or fail"), ours)),
		p.details(p.say("%s on exercise passed: the rules came up as often as demanded", p.several(len(exercise), p.say("gate"), p.say("gates"))),
			p.table(p.gateTable("gates-exercise", p.say("How often rules must have come up"), exercise))), note)
}

// several writes "1 gate" or "3 gates". Chinese, which has no plural, takes many with its measure word
// for one, too.
func (p *page) several(n int, one, many words) words {
	noun := many
	if n == 1 {
		noun.en = one.en
	}
	return p.say("%s %s", count(int64(n)), noun)
}

// gateRank puts the gates that did not pass first.
func gateRank(g *result.Gate) int {
	switch {
	case g.Verdict == result.Fail, g.Verdict == result.Error:
		return 0
	case g.Verdict != result.Pass:
		return 1
	}
	return 2
}

func (p *page) gateTable(id string, caption words, gates []result.Gate) grid {
	estimated := slices.ContainsFunc(gates, func(g result.Gate) bool { return g.Interval != nil })
	g := grid{ID: id, Class: "gates", Caption: caption, Lead: 1, Head: []column{
		{p.say("verdict"), false}, {p.say("gate"), false}, {p.say("observed"), true}, {p.say("limit"), true},
	}}
	if estimated {
		g.Head = append(g.Head, column{p.say("interval"), true})
	}
	g.Head = append(g.Head, column{p.say("samples"), true}, column{p.say("finding"), false})
	for i := range gates {
		g.Rows = append(g.Rows, p.gateRow(&gates[i], estimated))
	}
	return g
}

// gateRow is a gate; its interval has a column if any gate of the table has one.
func (p *page) gateRow(g *result.Gate, estimated bool) []gridCell {
	name := codeCell(g.Name)
	if g.Stage != "" {
		name = below(name, p.say("stage %s", p.name(g.Stage)))
	}
	row := []gridCell{
		{Body: badge(verdictClass(g.Verdict), p.verdictWord(g.Verdict)), Class: "nowrap"},
		name, number(gateValue(g.Observed, g.Unit)), number(gateValue(g.Limit, g.Unit)),
	}
	if estimated {
		row = append(row, p.interval(g))
	}
	samples := number("")
	if g.Samples > 0 {
		samples = number(count(g.Samples))
	}
	sentence := text(p.tell(g.Sentence))
	sentence.Class = "wide"
	return append(row, samples, sentence)
}

// interval is where the true value lies, and what would decide the gate.
func (p *page) interval(g *result.Gate) gridCell {
	if g.Interval == nil {
		return number("")
	}
	c := number(fmt.Sprintf("[%s, %s]", gateValue(g.Interval.Low, g.Unit), gateValue(g.Interval.High, g.Unit)))
	details := words{}
	if g.Interval.Level > 0 {
		details = p.say("%s confidence", p.name(fmt.Sprintf("%.3g %%", 100*g.Interval.Level)))
	}
	if g.Interval.Needed > 0 {
		details = joined("; ", details, p.say("about %s samples would decide", count(g.Interval.Needed)))
	}
	return below(c, details)
}

// gateValue writes a value in the unit of its gate.
func gateValue(v float64, unit string) string {
	switch unit {
	case "s":
		return duration(v)
	case "share":
		return inPercent(v)
	}
	if v != float64(int64(v)) {
		return digits(v)
	}
	return count(int64(v))
}

// inPercent writes a share of 0 to 1 with as many digits as it needs.
func inPercent(v float64) string {
	return fmt.Sprintf("%.3g %%", 100*v)
}
