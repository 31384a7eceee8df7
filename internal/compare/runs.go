package compare

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// What is used where an option is not given.
const (
	DefaultAlpha     = 0.01
	DefaultMinEffect = 0.1
)

const (
	level = 0.95 // of the intervals that are shown
	// leastTime is the least change of a time that matters, in seconds: a customer does not feel
	// less, and how busy the machine is moves times by as much. It is more where chatbench itself was
	// later on one side by more.
	leastTime = 0.001
	// leastShare is the least change of a share that matters.
	leastShare = 0.005
	// unbounded is what stands for a ratio that the samples do not bound; its inverse for 0.
	unbounded = 1000
)

// Options say how to compare. The zero value compares everything in the usual way.
type Options struct {
	Metrics   []string // names out of Names; empty: all that the results have
	Alpha     float64  // probability of a false alarm, over all metrics; 0: DefaultAlpha
	MinEffect float64  // relative change that matters; 0: DefaultMinEffect
	Anyway    bool     // compare what can only be compared with a doubt
	Tool      result.Tool
}

func (o *Options) complete() {
	if o.Alpha == 0 {
		o.Alpha = DefaultAlpha
	}
	if o.MinEffect == 0 {
		o.MinEffect = DefaultMinEffect
	}
}

// Runs compares new results with base results. The error is a *Refusal when they cannot be compared.
func Runs(base, new []Input, opt Options) (*Report, error) {
	opt.complete()
	if refusal := refuse(base, new, opt.Anyway); refusal != nil {
		return nil, refusal
	}
	c := comparison{opt: opt, base: views(base), new: views(new)}
	rep := &Report{
		Schema: Schema1, Tool: opt.Tool, Base: side(base, c.base), New: side(new, c.new),
		Differences: differences(base, new), Rules: rules(base, new),
	}
	rep.Metrics, rep.Curves = c.metrics(), c.curves()
	rep.Method = c.method
	rep.conclude(len(opt.Metrics) > 0)
	return rep, nil
}

func views(side []Input) []*view {
	list := make([]*view, len(side))
	for i := range side {
		list[i] = newView(side[i].Result)
	}
	return list
}

func side(inputs []Input, views []*view) Side {
	first := inputs[0].Result
	s := Side{Scenario: first.Scenario.Name, Load: first.Scenario.Load, Target: first.Target}
	for i := range inputs {
		r := inputs[i].Result
		s.Runs = append(s.Runs, Run{File: inputs[i].File, ID: r.Run.ID, Start: r.Run.Start, Verdict: r.Verdict,
			Tool: r.Tool, Host: r.Run.Host, Seed: r.Scenario.Seed, Seconds: views[i].seconds()})
	}
	return s
}

// comparison is one in the making.
type comparison struct {
	opt       Options
	base, new []*view
	method    Method
}

// tested is a metric of which both sides have enough.
type tested struct {
	subject  subject
	contrast contrast
	at       int     // in the report
	own      float64 // by how much chatbench's own lateness differs, in seconds
}

// metrics compares every figure.
func (c *comparison) metrics() []Metric {
	var list []Metric
	var tests []tested
	for _, s := range subjects(c.opt.Metrics, c.has) {
		m := Metric{Name: s.name, Statistic: s.statistic, Unit: s.unit, Better: s.better, Verdict: Unknown}
		t := tested{s, contrast{ratio: s.ratio}, len(list), math.Abs(late(c.new, s.q) - late(c.base, s.q))}
		var lacking, lackingNew *lackError
		t.contrast.base, lacking = c.measure(&s, c.base, &m.Base)
		t.contrast.new, lackingNew = c.measure(&s, c.new, &m.New)
		switch {
		case lacking == nil && lackingNew == nil && m.Base.Samples+m.New.Samples > 0:
			tests = append(tests, t)
		case lacking == nil && lackingNew == nil, s.optional(), lacking.absent() && lackingNew.absent():
			continue // nobody expects it of these runs
		case lacking != nil:
			m.Lack, m.Sentence = lacking.lack, fmt.Sprintf("%s cannot be told: the base has %v.", m.Label(), lacking)
		default:
			m.Lack, m.Sentence = lackingNew.lack, fmt.Sprintf("%s cannot be told: the new side has %v.", m.Label(), lackingNew)
		}
		list = append(list, m)
	}
	c.test(list, tests)
	return list
}

// has reports whether a run has a metric by the second.
func (c *comparison) has(name string) bool {
	return slices.ContainsFunc(slices.Concat(c.base, c.new), func(v *view) bool {
		return slices.ContainsFunc(v.points, func(p metric.Point) bool { return p.Latency[name].Count() > 0 })
	})
}

// measure gives the figures of the runs of a side, and puts them into the report.
func (c *comparison) measure(s *subject, side []*view, into *Values) (sample, *lackError) {
	var list sample
	for i, v := range side {
		f, lacking := s.of(v, i)
		if lacking != nil {
			into.Samples = recorded(side, s.name)
			return nil, lacking
		}
		list = append(list, f)
	}
	into.Runs, into.Samples, into.Value = list.values(), list.samples(), list.center(s.ratio)
	if s.ratio {
		into.Value = math.Exp(into.Value)
	}
	if into.Samples == 0 { // a rate
		clear(into.Runs)
		into.Value = 0
	}
	return list, nil
}

// recorded is how many samples of a metric the runs of a side have.
func recorded(side []*view, name string) (n int64) {
	for _, v := range side {
		n += v.total.Hist(name).Count()
	}
	return n
}

// test fills in what the tests say. Ranks are used as soon as there are runs enough for them to say
// anything about so many figures at once.
func (c *comparison) test(list []Metric, tests []tested) {
	c.method = Method{Over: RunsAndSeconds, Alpha: c.opt.Alpha, Level: level, MinEffect: c.opt.MinEffect, Tests: len(tests), Resamples: resamples}
	switch n, m := len(c.base), len(c.new); {
	case n == 1 && m == 1:
		c.method.Over = Seconds
	case leastP(n, m)*float64(len(tests)) <= c.opt.Alpha:
		c.method.Over = Ranks
	}
	p := make([]float64, len(tests))
	for i := range tests {
		t := &tests[i]
		list[t.at].Change = t.change(c.method.Over, c.opt.MinEffect)
		p[i] = list[t.at].Change.P
	}
	for i, adjusted := range holm(p) {
		m := &list[tests[i].at]
		m.Change.Adjusted = adjusted
		m.judge(c.opt.Alpha)
	}
}

// late is chatbench's own lateness at a quantile, in seconds: the worst of the runs and of the three
// metrics. What one side was later than the other may be in its times, and is not the tenant's.
func late(side []*view, q float64) float64 {
	worst := 0.0
	for _, v := range side {
		for name, h := range v.total.Latency {
			if strings.HasPrefix(name, "lateness.") {
				worst = max(worst, h.Quantile(q))
			}
		}
	}
	return worst
}

// change is what one test says.
func (t *tested) change(over Over, minEffect float64) *Change {
	c, sides := &Change{Ratio: t.subject.ratio}, &t.contrast
	if over == Ranks {
		base, new := sides.base.scaled(c.Ratio), sides.new.scaled(c.Ratio)
		c.Estimate, c.Low, c.High = hodgesLehmann(base, new, level)
		c.P = mannWhitney(base, new)
	} else {
		c.Estimate, c.P = sides.estimate(), sides.p()
		c.Low, c.High = sides.interval(sides.errors(level))
	}
	if !c.Ratio {
		c.Least, c.Most = -leastShare, leastShare
		return c
	}
	c.Estimate, c.Low, c.High = bounded(c.Estimate), bounded(c.Low), bounded(c.High)
	c.Least, c.Most = 1/(1+minEffect), 1+minEffect
	if t.subject.unit == metric.Seconds {
		floor := max(leastTime, t.own) / math.Exp(sides.base.center(true))
		c.Least, c.Most = max(0, min(c.Least, 1-floor)), min(unbounded, max(c.Most, 1+floor))
	}
	return c
}

// bounded is the ratio of a logarithm.
func bounded(log float64) float64 { return min(unbounded, max(1./unbounded, math.Exp(log))) }
