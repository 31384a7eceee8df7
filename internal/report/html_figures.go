package report

import (
	"html/template"
	"math"
	"strings"

	"chatbench/internal/aicc"
	"chatbench/internal/lang"
	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// drawFigures makes the sections on percentiles.
func (p *page) drawFigures(r *result.Result) {
	total := r.Metrics.Total()
	p.add("percentiles", p.say("Percentiles"), p.draw(p.percentileChart(total)), p.table(p.timesTable(total)), p.suffixWords(total))
	p.add("service", p.say("Delivery against service time"), p.deliveryWords(total), p.draw(p.serviceChart(total)))
}

// metricWords says what a metric is.
func (p *page) metricWords(name string) words {
	switch name {
	case "delivery":
		return p.say("from being said to being shown")
	case "reply":
		return p.say("from a customer's message to the one that answers it")
	case "first_word":
		return p.say("from CONNECT to the first message")
	case "queue_wait":
		return p.say("from the first queue notice to the first word of an agent")
	case "handover":
		return p.say("from asking for an agent to an agent's first word")
	case "conversation":
		return p.say("from begin to end")
	case "dial":
		return p.say("opening a connection")
	case "download.rate":
		return p.say("bytes a second of a downloaded file")
	case "poll.useful.service":
		return p.say("polls that brought messages; mostly waiting for them")
	case "poll.empty.service":
		return p.say("polls that brought nothing")
	case "lateness.poll", "lateness.start", "lateness.send":
		return p.say("chatbench's own lateness")
	}
	switch {
	case strings.HasSuffix(name, ".service"):
		return p.say("from the request's last byte to the answer's")
	case strings.HasSuffix(name, ".response"):
		return p.say("from when the schedule wanted it to the answer's last byte")
	case strings.HasSuffix(name, ".lost"):
		return p.say("until giving up, of exchanges without an answer")
	}
	return words{}
}

// perDecade is how many points a percentile curve has from 90 % to 99 %, and from there to 99.9 %.
const perDecade = 16

// curve is the values of a histogram over 1/(1-q), by decades, as far as there are samples, and from
// which on fewer than ten lie beyond. The axis is that of HdrHistogram's plots
// (https://hdrhistogram.github.io/HdrHistogram/plotFiles.html).
func curve(h *metric.Hist) (values []point, thin int) {
	n := float64(h.Count())
	for k := 0; ; k++ {
		x := math.Pow(10, float64(k)/perDecade)
		q := 1 - 1/x
		if thin == 0 && k > 0 && h.Thin(q) {
			thin = k
		}
		if x >= n {
			return append(values, point(h.Max())), thin
		}
		values = append(values, point(h.Quantile(q)))
	}
}

// curveX is the horizontal axis of curves.
func curveX(longest int) []point {
	x := make([]point, longest)
	for k := range x {
		x[k] = point(math.Pow(10, float64(k)/perDecade))
	}
	return x
}

// curves draws some metrics of a stage; those that are not shown at first can be switched on.
func (p *page) curves(c chart, s *metric.StageMetrics, names []string, shown func(string) bool) chart {
	longest, first, other := 0, 0, 4 // those that are shown at first have colours of their own
	for _, name := range names {
		h := s.Hist(name)
		if h.Count() == 0 || h.Unit() != metric.Seconds {
			continue
		}
		values, thin := curve(h)
		longest = max(longest, len(values))
		one := series{Name: p.name(name), Colour: other%8 + 1, Values: values, Thin: thin, Hidden: !shown(name)}
		if one.Hidden {
			other++
		} else {
			one.Colour = first%8 + 1
			first++
		}
		c.Series = append(c.Series, one)
	}
	for i := range c.Series {
		for len(c.Series[i].Values) < longest {
			c.Series[i].Values = append(c.Series[i].Values, gap)
		}
	}
	c.X = curveX(longest)
	return c
}

func (p *page) percentileChart(s *metric.StageMetrics) chart {
	c := chart{ID: "percentiles", Kind: "curve", Unit: "s", Log: true, Title: p.say("Percentile curves"), YName: p.say("time"),
		Help: p.say("Press a name to show or hide its curve.")}
	return p.curves(c, s, inOrder(), func(name string) bool {
		return name == "delivery" || name == "reply" || name == "first_word" || name == "send.response"
	})
}

// deliveryWords says what the two times have to do with each other.
func (p *page) deliveryWords(s *metric.StageMetrics) template.HTML {
	d, v := s.Hist("delivery"), s.Hist("send.service")
	if d.Count() == 0 || v.Count() == 0 {
		return ""
	}
	return p.paragraph("", p.say("A request was answered within %s and a message shown within %s, both at p95. Service time is how fast the tenant answers; delivery time is what people wait for, the pause between two polls included.",
		duration(v.Quantile(.95)), duration(d.Quantile(.95))))
}

func (p *page) serviceChart(s *metric.StageMetrics) chart {
	c := chart{ID: "service", Kind: "curve", Unit: "s", Log: true, Title: p.say("Both by percentile"), YName: p.say("time")}
	if s.Hist("delivery").Count() == 0 {
		return c
	}
	return p.curves(c, s, []string{"delivery", "send.service", "poll.useful.service", "transfer.service"},
		func(name string) bool { return name != "transfer.service" })
}

// timesTable has the figures of every metric.
func (p *page) timesTable(s *metric.StageMetrics) grid {
	g := grid{ID: "times", Caption: p.say("Over the stages that count. A value with ? is thin: fewer than ten samples lie beyond it, so it says more about chance than about the tenant."), Lead: 0,
		Head: columns(1, p.say("metric"), p.say("count"), p.say("mean"))}
	for _, percentile := range metric.Percentiles() {
		g.Head = append(g.Head, column{p.name(percentile.Name), true})
	}
	g.Head = append(g.Head, column{p.say("maximum"), true})
	for _, name := range inOrder() {
		if h := s.Hist(name); h.Count() > 0 {
			g.Rows = append(g.Rows, p.timesRow(name, h))
		}
	}
	return g
}

func (p *page) timesRow(name string, h *metric.Hist) []gridCell {
	row := []gridCell{p.metricCell(name), number(count(h.Count())), number(value(h.Mean(), h.Unit()))}
	for _, percentile := range metric.Percentiles() {
		c := number(value(h.Quantile(percentile.Q), h.Unit()))
		if h.Thin(percentile.Q) {
			c.Body, c.Class = c.Body+"?", "num thin"
		}
		row = append(row, c)
	}
	return append(row, number(value(h.Max(), h.Unit())))
}

// suffixWords says once what is the same for every exchange.
func (p *page) suffixWords(s *metric.StageMetrics) template.HTML {
	if len(s.Latency) == 0 {
		return ""
	}
	return p.paragraph("note", p.say("service: from the request to the last byte of the answer. response: the same from when the schedule wanted it, so a delay of chatbench or of the connection is in it. lost: until giving up, of exchanges without an answer."))
}

// metricCell names a metric, and says what it is unless that is told of all of its kind.
func (p *page) metricCell(name string) gridCell {
	c := noBreak(codeCell(name))
	if strings.Count(name, ".") == 1 && name != "download.rate" {
		return c
	}
	return below(c, p.metricWords(name))
}

// exchangeTable counts the exchanges by how they ended.
func (p *page) exchangeTable(m *metric.Metrics) grid {
	g := grid{ID: "exchanges", Caption: p.say("Exchanges, warm-up and drain included"), Lead: 0, Head: []column{
		{p.say("exchange"), false}, {p.say("all"), true}, {p.say("ok"), true}, {p.say("fail"), true}, {p.say("info"), true},
		{p.say("without an answer"), true}, {p.say("not ok"), true}, {p.say("reasons"), false},
	}}
	counters := m.All().Counters
	for _, op := range aicc.Ops() {
		if o := counters.Exchange(op); o.Total() > 0 {
			g.Rows = append(g.Rows, []gridCell{
				codeCell(op.String()), number(count(o.Total())), number(count(o.OK)), bad(o.Fail), bad(o.Info), bad(o.Lost),
				number(share(o.Fail+o.Info, o.Total())), text(p.both(func(say *lang.Printer) string { return topReasons(say, o.Reasons) })),
			})
		}
	}
	return g
}

// bad is a count that should be 0.
func bad(n int64) gridCell {
	c := number(count(n))
	if n > 0 {
		c.Class = "num bad"
	}
	return c
}

// shortages tells of what this machine was short of.
func (p *page) shortages(m *metric.Metrics) template.HTML {
	counters := m.All().Counters
	if len(counters.Short) == 0 {
		return ""
	}
	return p.paragraph("", p.say("This machine, not the tenant, made exchanges fail because it was short of something: %s.", p.both(func(say *lang.Printer) string { return topReasons(say, counters.Short) })))
}
