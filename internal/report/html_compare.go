package report

import (
	"cmp"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"chatbench/internal/compare"
	"chatbench/internal/lang"
)

// ComparisonHTML writes a comparison as a page that needs nothing else, see [HTML]: the verdict, how
// each figure changed, drawn and in a table, rules with another verdict, and in what else the sides
// differ. The error is that of w.
func ComparisonHTML(w io.Writer, c *compare.Report, first *lang.Printer) error {
	p, err := newPage(first)
	if err != nil {
		return err
	}
	p.source = compare.FileName
	p.title = p.say("chatbench compare: %s, %s", p.comparedWord(c.Verdict), p.shortly(c.New.Scenario))
	p.subject = joined(", ", p.say("comparison"), p.shortly(c.New.Scenario), p.tell(c.New.Load))
	p.drawComparison(c)
	p.drawChanges(c)
	p.drawCurves(c)
	p.drawChangedRules(c)
	p.drawDifferences(c)
	p.drawSides(c)
	return p.writeTo(w)
}

// comparedWord is a verdict of a comparison as a page shows it.
func (p *page) comparedWord(v compare.Verdict) words {
	switch v {
	case compare.Better:
		return p.say("BETTER")
	case compare.Same:
		return p.say("SAME")
	case compare.Worse:
		return p.say("WORSE")
	case compare.Unknown:
		return p.say("CANNOT TELL")
	case compare.Changed:
		return p.say("CHANGED")
	case compare.Invalid:
		return p.say("INVALID")
	}
	return p.name(string(v))
}

func comparedClass(v compare.Verdict) string {
	switch v {
	case compare.Better, compare.Same:
		return "pass"
	case compare.Worse:
		return "fail"
	}
	return "warn"
}

func (p *page) drawComparison(c *compare.Report) {
	b := banner{Class: comparedClass(c.Verdict), Word: p.comparedWord(c.Verdict), Exit: p.say("exit code %d", int(c.Exit)), Notes: p.list(c.Notes)}
	b.Sign = verdictSign(b.Class)
	if reasons := p.list(c.Reasons); len(reasons) > 0 {
		b.Why, b.Reasons = reasons[0], reasons[1:]
	}
	found := map[compare.Verdict]int64{}
	for i := range c.Metrics {
		found[c.Metrics[i].Verdict]++
	}
	for _, of := range []struct {
		verdict compare.Verdict
		name    words
	}{{compare.Worse, p.say("Worse")}, {compare.Better, p.say("Better")}, {compare.Same, p.say("Same")}, {compare.Changed, p.say("Changed")}, {compare.Unknown, p.say("Cannot tell")}} {
		if found[of.verdict] > 0 {
			b.Facts = append(b.Facts, p.fact(of.name, count(found[of.verdict]), p.say("of %s figures", count(int64(len(c.Metrics))))))
		}
	}
	p.add("verdict", p.say("Verdict"), p.part("verdict", b))
	p.tag(badge(b.Class, b.Word))
}

// drawChanges shows every figure, what was found first.
func (p *page) drawChanges(c *compare.Report) {
	ratios := chart{ID: "ratios", Kind: "forest", Unit: "x", Log: true, Middle: 1, XName: p.say("change against the base"), Title: p.say("How each figure changed"),
		Help: p.say("A square is the estimate, a line its %s interval. What crosses the line in the middle may be no change at all.", p.name(percentage(c.Method.Level)))}
	differences := chart{ID: "differences-chart", Kind: "forest", Unit: "%", Middle: 0, XName: p.say("difference, in percentage points"), Title: p.say("How shares changed")}
	for _, m := range byWeight(c) {
		switch {
		case m.Change == nil:
		case m.Change.Ratio && m.Change.Low > 0:
			ratios.Rows = append(ratios.Rows, changeRow(&m))
		case !m.Change.Ratio:
			differences.Rows = append(differences.Rows, changeRow(&m))
		}
	}
	p.add("figures", p.say("Figures"), p.draw(ratios), p.draw(differences), p.table(p.changeTable(c)))
}

// drawCurves lays the percentile curves of the sides over each other, one metric at a time.
func (p *page) drawCurves(c *compare.Report) {
	if c.Curves == nil {
		return
	}
	figure := chart{ID: "curves", Kind: "curve", Unit: "s", Log: true, YName: p.say("time"), Title: p.say("Percentile curves of both sides"),
		Help: p.say("Of one metric at a time, what was found first. The verdicts are from the figures above: a curve says nothing of chance.")}
	for _, share := range c.Curves.Shares {
		figure.X = append(figure.X, point(1/(1-share)))
	}
	for _, curve := range curvesByWeight(c) {
		figure.Choices = append(figure.Choices, choice{Name: phrase(curve.Name), Help: p.metricWords(curve.Name), Series: []series{
			p.sideCurve(p.say("base"), 1, &curve.Base, len(figure.X)), p.sideCurve(p.say("now"), 2, &curve.New, len(figure.X))}})
	}
	p.add("curves", p.say("Percentiles"), p.draw(figure))
}

// curvesByWeight gives the curves that have values, in the order of [byWeight].
func curvesByWeight(c *compare.Report) []compare.Curve {
	place := map[string]int{}
	for i, m := range byWeight(c) {
		if _, seen := place[m.Name]; !seen {
			place[m.Name] = i
		}
	}
	list := slices.DeleteFunc(slices.Clone(c.Curves.Metrics), func(one compare.Curve) bool {
		return len(one.Base.Values) == 0 && len(one.New.Values) == 0
	})
	slices.SortStableFunc(list, func(a, b compare.Curve) int { return place[a.Name] - place[b.Name] })
	return list[:min(len(list), mostRows)]
}

// sideCurve is the curve of a side over an axis of so many points.
func (p *page) sideCurve(name words, colour int, l *compare.Line, points int) series {
	s := series{Name: name, Colour: colour, Thin: l.Thin, Values: slices.Repeat([]point{gap}, points)}
	for i, v := range l.Values[:min(len(l.Values), points)] {
		s.Values[i] = point(v)
	}
	return s
}

func changeRow(m *compare.Metric) forestRow {
	class := map[compare.Verdict]string{compare.Better: "pass", compare.Worse: "fail", compare.Same: "idle"}[m.Verdict]
	return forestRow{Name: phrase(m.Label()), Low: point(m.Change.Low), Mid: point(m.Change.Estimate), High: point(m.Change.High), Class: cmp.Or(class, "warn")}
}

func (p *page) changeTable(c *compare.Report) grid {
	g := grid{ID: "figures-table", Caption: p.say("Every figure, what was found first. p is the probability of such a change by chance, adjusted for the number of figures (Holm)."), Lead: 1,
		Head: []column{{p.say("verdict"), false}, {p.say("figure"), false}, {p.say("base"), true}, {p.say("now"), true}, {p.say("change"), true},
			{p.say("%s interval", p.name(percentage(c.Method.Level))), true}, {p.name("p"), true}, {p.say("samples"), true}}}
	for _, m := range byWeight(c) {
		shift, interval, chance := "", p.tell(string(cmp.Or(m.Lack, compare.FewSamples))), ""
		if m.Change != nil {
			shift, interval, chance = m.Change.Shift(), p.both(func(say *lang.Printer) string { return say.T(m.Change.Interval()) }), fmt.Sprintf("%.2g", m.Change.Adjusted)
		}
		figure := noBreak(codeCell(m.Label()))
		if m.Change == nil { // otherwise the sentence says what the row says
			figure = below(figure, p.tell(m.Sentence))
		}
		g.Rows = append(g.Rows, []gridCell{
			{Body: badge(comparedClass(m.Verdict), p.comparedWord(m.Verdict)), Class: "nowrap"}, figure,
			number(figureValue(&m.Base, m.Unit)), number(figureValue(&m.New, m.Unit)), number(shift), {Body: interval.html(), Class: "num"}, number(chance),
			below(number(count(m.New.Samples)), p.say("base %s", count(m.Base.Samples))),
		})
	}
	return g
}

func (p *page) drawChangedRules(c *compare.Report) {
	g := grid{ID: "rules-table", Caption: p.say("Rules whose verdict is another"), Lead: 1,
		Head: columns(9, p.say("verdict"), p.say("rule"), p.say("what it says"), p.say("base"), p.say("now"), p.say("finding"))}
	for i := range c.Rules {
		r := &c.Rules[i]
		g.Rows = append(g.Rows, []gridCell{
			{Body: badge(comparedClass(r.Verdict), p.comparedWord(r.Verdict)), Class: "nowrap"}, noBreak(codeCell(r.ID)), text(p.tell(r.Title)),
			text(p.name(string(r.Base))), text(p.name(string(r.New))), text(p.tell(r.Sentence)),
		})
	}
	p.add("rules", p.say("Rules with another verdict"), p.table(g))
}

func (p *page) drawDifferences(c *compare.Report) {
	g := grid{ID: "differences-table", Caption: p.say("What else differs between the sides, and may explain what was found"), Lead: 0,
		Head: columns(9, p.say("what"), p.say("base"), p.say("now"), p.say("doubt"))}
	for _, d := range c.Differences {
		doubt := words{}
		if d.Doubt {
			doubt = p.say("whether that can be compared is in doubt")
		}
		g.Rows = append(g.Rows, []gridCell{text(p.tell(d.What)), text(p.tell(cmp.Or(d.Base, "-"))), text(p.tell(cmp.Or(d.New, "-"))), text(doubt)})
	}
	p.add("differences", p.say("What else differs"), p.table(g))
}

// drawSides says what was compared, and how.
func (p *page) drawSides(c *compare.Report) {
	g := p.pairs(p.say("Where this comparison comes from"))
	g.row(p.say("scenario"), p.name(c.Base.Scenario).html())
	g.row(p.say("load"), p.tell(c.Base.Load).html())
	g.row(p.say("method"), p.both(func(say *lang.Printer) string { return methodWords(c, say) }).html())
	g.row(p.say("chatbench"), p.name(strings.TrimSpace(c.Tool.Version+" "+c.Tool.Go)).html())
	p.add("origin", p.say("Provenance"), p.table(g.grid), p.runsTable(c))
}

// runsTable lists the runs of both sides.
func (p *page) runsTable(c *compare.Report) template.HTML {
	g := grid{ID: "runs-table", Caption: p.say("Runs"), Lead: 1, Head: []column{
		{p.say("side"), false}, {p.say("run"), false}, {p.say("began"), false}, {p.say("verdict"), false}, {p.say("chatbench"), false},
		{p.say("host"), false}, {p.say("seed"), true}, {p.say("seconds that count"), true}}}
	for _, side := range []struct {
		name words
		runs []compare.Run
	}{{p.say("base"), c.Base.Runs}, {p.say("now"), c.New.Runs}} {
		for _, run := range side.runs {
			g.Rows = append(g.Rows, []gridCell{text(side.name), runCell(&run), text(p.began(run.Start)),
				{Body: badge(verdictClass(run.Verdict), p.verdictWord(run.Verdict))}, text(p.name(strings.TrimSpace(run.Tool.Version + " " + run.Tool.Go))),
				text(p.hostWords(&run.Host)), number(seedWords(run.Seed)), number(count(int64(run.Seconds)))})
		}
	}
	return p.table(g)
}

// runCell names a run by its file, and by its id.
func runCell(run *compare.Run) gridCell {
	if run.File == "" {
		return codeCell(run.ID)
	}
	return below(codeCell(run.File), words{phrase(run.ID), phrase(run.ID)})
}

// seedWords is a seed, or nothing.
func seedWords(seed uint64) string {
	if seed == 0 {
		return ""
	}
	return fmt.Sprint(seed)
}
