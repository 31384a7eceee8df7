package report

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/trace"
)

// drawFlows makes the sections on how conversations went.
func (p *page) drawFlows(r *result.Result) {
	if r.Metrics == nil {
		return
	}
	counters := r.Metrics.All().Counters
	p.add("flows", p.say("Flows"), p.flows(&counters)...)
	p.add("queue", p.say("Queue and hand-over"), p.queue(r, &counters)...)
	p.add("media", p.say("Media"), p.media(r, &counters)...)
}

// Flows are shown the largest first: some at once, more when they are asked for.
const (
	openFlows = 6
	mostFlows = 40
)

func (p *page) flows(c *metric.Counters) []template.HTML {
	names := slices.SortedFunc(maps.Keys(c.Flows), func(a, b string) int {
		if x, y := begun(c.Flows[a]), begun(c.Flows[b]); x != y {
			return int(y - x)
		}
		return strings.Compare(a, b)
	})
	var parts []template.HTML
	var more template.HTML
	for i, name := range names[:min(len(names), mostFlows)] {
		f := c.Flows[name]
		if f == nil {
			continue
		}
		flow := p.heading(p.name(name)) + p.paragraph("", p.flowWords(f)) + p.table(p.ladder(i, name, f))
		if i < openFlows {
			parts = append(parts, flow)
		} else {
			more += flow
		}
	}
	parts = append(parts, p.details(p.say("%s more", p.several(min(len(names), mostFlows)-openFlows, p.say("flow"), p.say("flows"))), more))
	if left := len(names) - mostFlows; left > 0 {
		parts = append(parts, p.paragraph("note", p.say("%d more are in %s.", left, p.name(p.source))))
	}
	if c.Unanswered > 0 {
		parts = append(parts, p.paragraph("", p.say("%s had no answer when the conversation ended.",
			p.several(int(c.Unanswered), p.say("message of a customer"), p.say("messages of customers")))))
	}
	return parts
}

func begun(f *metric.FlowCount) int64 {
	if f == nil {
		return 0
	}
	return f.Begun
}

// flowWords says how many conversations began and how they ended.
func (p *page) flowWords(f *metric.FlowCount) words {
	list := []words{p.say("%s conversations begun", count(f.Begun))}
	for _, end := range ends {
		if n := f.Ended[end.how]; n > 0 {
			list = append(list, p.say("%s %s", count(n), p.endWords(end.how)))
		}
	}
	return joined(", ", list...)
}

// endWords says how a conversation ended.
func (p *page) endWords(how trace.Ended) words {
	switch how {
	case trace.ByCustomer:
		return p.say("ended by the customer")
	case trace.ByPeer:
		return p.say("ended by the other side")
	case trace.GaveUp:
		return p.say("gave up waiting")
	case trace.NoConnect:
		return p.say("refused at CONNECT")
	case trace.NoToken:
		return p.say("without a token")
	case trace.LostContact:
		return p.say("lost contact")
	case trace.CutShort:
		return p.say("cut by the end of the run")
	}
	return p.name(string(how))
}

// ladder is the steps of a flow from top to bottom, each with a bar that is full when every
// conversation that began has come so far.
func (p *page) ladder(i int, name string, f *metric.FlowCount) grid {
	g := grid{ID: fmt.Sprintf("flow-%d", i), Caption: p.say("Steps of %s, warm-up and drain included", p.name(name)), Lead: 0, Head: []column{
		{p.say("step"), false}, {p.say("done"), true}, {p.say("missed"), true}, {p.say("per conversation"), true}, {p.say("reached by"), false},
	}}
	for _, rung := range f.Ladder() {
		each := 0.0
		if f.Begun > 0 {
			each = float64(rung.Done) / float64(f.Begun)
		}
		g.Rows = append(g.Rows, []gridCell{
			codeCell(rung.Name), number(count(rung.Done)), bad(rung.Missed), number(fmt.Sprintf("%.2f", each)),
			{Body: p.part("bar", fmt.Sprintf("%.1f", 100*min(each, 1))), Class: "bars"},
		})
	}
	return g
}

// queue tells of waiting for an agent.
func (p *page) queue(r *result.Result, c *metric.Counters) []template.HTML {
	names := []string{"queue_wait", "handover"}
	total := r.Metrics.Total()
	facts := p.waits(total, names)
	for _, op := range []aicc.Op{aicc.OpTransfer, aicc.OpQueue} {
		if o := c.Exchange(op); o.Total() > 0 {
			facts = append(facts, p.fact(p.say("%s exchanges", p.name(op.String())), count(o.Total()), p.say("%s not ok", count(o.Fail+o.Info))))
		}
	}
	if len(facts) == 0 {
		return nil
	}
	return []template.HTML{p.part("facts", facts), p.draw(p.waitChart(r.Metrics, "queue", p.say("Waiting over time"), names))}
}

// waits are metrics as facts, over the stages that count.
func (p *page) waits(total *metric.StageMetrics, names []string) []fact {
	var facts []fact
	for _, name := range names {
		if h := total.Hist(name); h.Count() > 0 {
			facts = append(facts, p.fact(p.say("%s p95", p.name(name)), value(h.Quantile(.95), h.Unit()),
				p.say("p50 %s, maximum %s, %s samples", value(h.Quantile(.5), h.Unit()), value(h.Max(), h.Unit()), count(h.Count()))))
		}
	}
	return facts
}

// waitChart is p50 and p95 of some metrics over time.
func (p *page) waitChart(m *metric.Metrics, id string, title words, names []string) chart {
	c := chart{ID: id, Kind: "time", Unit: "s", Title: title, YName: p.say("time")}
	colour := 0
	for _, name := range names {
		for _, percentile := range []struct {
			name string
			q    float64
		}{{"p50", .5}, {"p95", .95}} {
			colour++
			c.Series = append(c.Series, series{Name: p.name(name + " " + percentile.name), Colour: colour, Values: p.oneOver(m, name, percentile.q)})
		}
	}
	return c
}

// media tells of files that were sent and downloaded, and how their rules fared.
func (p *page) media(r *result.Result, c *metric.Counters) []template.HTML {
	var facts []fact
	if o := c.Exchange(aicc.OpDownload); o.Total() > 0 {
		facts = append(facts, p.fact(p.say("Downloads"), count(o.Total()), p.say("%s not ok", count(o.Fail+o.Info))),
			p.fact(p.say("Downloaded"), size(float64(c.Downloaded)), words{}))
	}
	if o := c.Exchange(aicc.OpUpload); o.Total() > 0 {
		facts = append(facts, p.fact(p.say("Uploads"), count(o.Total()), p.say("%s not ok", count(o.Fail+o.Info))),
			p.fact(p.say("Uploaded"), size(float64(c.Uploaded)), words{}))
	}
	if len(facts) == 0 {
		return nil
	}
	if h := r.Metrics.Total().Hist("download.rate"); h.Count() > 0 {
		facts = append(facts, p.fact(p.say("Download rate p50"), value(h.Quantile(.5), h.Unit()), p.say("slowest tenth below %s", value(h.Quantile(.1), h.Unit()))))
	}
	facts = append(facts, p.waits(r.Metrics.Total(), []string{"download.response", "upload.response"})...)
	return []template.HTML{p.part("facts", facts),
		p.draw(p.waitChart(r.Metrics, "media", p.say("Response times of files over time"), []string{"download.response", "upload.response"})),
		p.table(p.mediaRules(r))}
}

func (p *page) mediaRules(r *result.Result) grid {
	var rules []check.RuleResult
	for _, rule := range r.Rules {
		if strings.HasPrefix(rule.ID, "MED-") {
			rules = append(rules, rule)
		}
	}
	g := p.ruleTable("rules-media", p.say("Rules of media"), rules)
	for i := range g.Rows {
		g.Rows[i][5].Body = badge(ruleClass(r, &rules[i]), p.name(verdictWord(r, &rules[i])))
	}
	return g
}
