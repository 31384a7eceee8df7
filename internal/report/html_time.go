package report

import (
	"html/template"
	"slices"
	"strings"

	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// drawTime makes the sections that follow the run over time.
func (p *page) drawTime(r *result.Result) {
	m := r.Metrics
	if m == nil {
		return
	}
	p.data.Step = m.Timeline.Resolution
	for i := range m.Stages[:min(len(m.Stages), mostRows)] {
		p.data.Bands = append(p.data.Bands, p.band(&m.Stages[i]))
	}
	p.add("load", p.say("Load"), p.draw(p.loadChart(m)), p.table(p.stageTable(r)))
	p.add("throughput", p.say("Throughput"), p.draw(p.throughputChart(m)))
	p.add("errors", p.say("Errors"), p.draw(p.errorChart(m)), p.noErrors(m), p.table(p.exchangeTable(m)), p.shortages(m))
	p.add("latency", p.say("Latency over time"), p.draw(p.latencyChart(m)))
}

// isDrain reports whether a stage is what follows the load.
func isDrain(s *metric.StageMetrics) bool { return s.Warmup && s.Name == "drain" }

func (p *page) band(s *metric.StageMetrics) band {
	b := band{Name: p.name(capped(s.Name, 40, "…")), Start: point(s.Start.Seconds()), End: point(s.End.Seconds())}
	switch {
	case isDrain(s):
		b.Kind = "drain"
	case s.Warmup:
		b.Kind = "warmup"
	}
	return b
}

// over makes the values of a line over time of something that is counted in each point.
func over(m *metric.Metrics, of func(i int) float64) []point {
	values := make([]point, len(m.Timeline.Points))
	for i := range values {
		values[i] = point(of(i))
	}
	return values
}

// rate makes them a second.
func rate(m *metric.Metrics, of func(p *metric.Point) int64) []point {
	return over(m, func(i int) float64 {
		return float64(of(&m.Timeline.Points[i])) / float64(max(m.Timeline.Resolution, 1))
	})
}

func (p *page) loadChart(m *metric.Metrics) chart {
	return chart{ID: "load", Kind: "time", Unit: "n", Title: p.say("Customers in a conversation"), YName: p.say("customers"),
		Help: p.say("Warm-up and drain are shaded; figures leave them out."),
		Series: []series{{Name: p.say("customers"), Colour: 1, Fill: true,
			Values: over(m, m.Timeline.Customers)}}}
}

func (p *page) throughputChart(m *metric.Metrics) chart {
	return chart{ID: "throughput", Kind: "time", Unit: "/s", Title: p.say("Messages that reached customers, and exchanges"), YName: p.say("per second"),
		Series: []series{
			{Name: p.say("useful messages"), Colour: 1, Values: rate(m, func(p *metric.Point) int64 { return p.Messages })},
			{Name: p.say("exchanges"), Colour: 2, Values: rate(m, func(p *metric.Point) int64 { return p.Exchanges })},
		}}
}

// errorChart is left out when nothing failed.
func (p *page) errorChart(m *metric.Metrics) chart {
	c := chart{ID: "errors", Kind: "time", Unit: "/s", Title: p.say("Exchanges that were not ok"), YName: p.say("per second"),
		Help: p.say("fail: certainly without effect. info: nobody can tell whether it had one.")}
	if n := m.All().Counters.AllExchanges(); n.Fail+n.Info == 0 {
		return c
	}
	c.Series = []series{
		{Name: p.say("fail"), Colour: 3, Fill: true, Values: rate(m, func(p *metric.Point) int64 { return p.Failed })},
		{Name: p.say("info"), Colour: 7, Values: rate(m, func(p *metric.Point) int64 { return p.Info })},
	}
	return c
}

func (p *page) noErrors(m *metric.Metrics) template.HTML {
	if n := m.All().Counters.AllExchanges(); n.Total() == 0 || n.Fail+n.Info > 0 {
		return ""
	}
	return p.paragraph("", p.say("No exchange failed."))
}

// latencyChart lets the reader choose among the metrics of the timeline.
func (p *page) latencyChart(m *metric.Metrics) chart {
	c := chart{ID: "latency", Kind: "time", Unit: "s", Title: p.say("Percentiles by the second"), YName: p.say("time"),
		Help: p.say("Percentiles of a point are right to 6 %%.")}
	if m.Timeline.Resolution > 1 {
		c.Title = p.say("Percentiles, a point every %d seconds", m.Timeline.Resolution)
	}
	for _, name := range inOrder() {
		if s := p.percentilesOver(m, name); s != nil {
			c.Choices = append(c.Choices, choice{Name: name, Help: p.metricWords(name), Unit: timelineUnit(m, name), Series: s})
		}
	}
	return c
}

// inOrder is all metrics but the generator's own, what customers feel first.
func inOrder() []string {
	list := slices.Clone(felt)
	for _, name := range metric.Names() {
		if !isFelt(name) && !strings.HasPrefix(name, "lateness.") {
			list = append(list, name)
		}
	}
	return list
}

func isFelt(name string) bool { return slices.Contains(felt, name) }

// percentilesOver is the percentiles of a metric in each point; nil when it has none.
func (p *page) percentilesOver(m *metric.Metrics, name string) []series {
	some := false
	of := func(q float64) []point {
		return over(m, func(i int) float64 {
			h := m.Timeline.Points[i].Latency[name]
			if h.Count() == 0 {
				return float64(gap)
			}
			some = true
			return h.Quantile(q)
		})
	}
	list := []series{
		{Name: p.name("p50"), Colour: 1, Values: of(.5)}, {Name: p.name("p95"), Colour: 2, Values: of(.95)},
		{Name: p.name("p99"), Colour: 3, Values: of(.99)}, {Name: p.say("maximum"), Colour: 8, Values: of(1), Hidden: true},
	}
	if !some {
		return nil
	}
	return list
}

// oneOver is one percentile of a metric in each point.
func (p *page) oneOver(m *metric.Metrics, name string, q float64) []point {
	return over(m, func(i int) float64 {
		h := m.Timeline.Points[i].Latency[name]
		if h.Count() == 0 {
			return float64(gap)
		}
		return h.Quantile(q)
	})
}

func timelineUnit(m *metric.Metrics, name string) string {
	for i := range m.Timeline.Points {
		if h := m.Timeline.Points[i].Latency[name]; h.Count() > 0 {
			return chartUnit(h.Unit())
		}
	}
	return "s"
}

// stageTable is the plan beside what was measured.
func (p *page) stageTable(r *result.Result) grid {
	g := grid{ID: "stages", Caption: p.say("Stages"), Lead: 0, Head: columns(3,
		p.say("stage"), p.say("planned load"), p.say("counts"), p.say("length"), p.say("conversations begun"), p.say("exchanges/s"), p.say("useful messages/s"), p.say("not ok"))}
	for i := range r.Metrics.Stages {
		s := &r.Metrics.Stages[i]
		n := s.Counters.AllExchanges()
		g.Rows = append(g.Rows, []gridCell{
			text(p.name(s.Name)), text(plannedLoad(p, r, s.Name)), text(p.countsWord(s)), number(duration(s.Length().Seconds())),
			number(count(s.Counters.Begun())), number(perSecond(s, n.Total())), number(perSecond(s, s.Counters.Delivered())),
			number(share(n.Fail+n.Info, n.Total())),
		})
	}
	return g
}

func plannedLoad(p *page, r *result.Result, stage string) words {
	for _, s := range r.Scenario.Stages {
		if s.Name == stage {
			return p.tell(s.Load)
		}
	}
	return words{}
}

func (p *page) countsWord(s *metric.StageMetrics) words {
	switch {
	case isDrain(s):
		return p.say("no, drain")
	case s.Warmup:
		return p.say("no, warm-up")
	}
	return p.say("yes")
}
