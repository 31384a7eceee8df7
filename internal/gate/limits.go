package gate

import (
	"fmt"
	"math"
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// limit is a limit on a figure of the tenant that is being judged.
type limit struct {
	scenario.Limit
	part  metric.Part
	gate  result.Gate
	noun  string // what samples are: "sample" or "exchange"
	shown string // what it was, in words
}

// limited begins the gate of a limit.
func (j *judge) limited(kind result.GateKind, l scenario.Limit, noun string) limit {
	part, _ := j.r.Metrics.Part(l.Stage)
	if j.running {
		part = part.At(runningLevel)
	}
	return limit{Limit: l, part: part, noun: noun,
		gate: result.Gate{Kind: kind, Name: l.Text, Stage: l.Stage, Line: l.Line, Verdict: result.Pass, Limit: l.Below}}
}

// enough reports whether there is something to judge. Too few samples are a failure, because a limit
// that nothing went through must not be green; but a run that was ended early may not have come so
// far.
func (j *judge) enough(l *limit) bool {
	g, needs := &l.gate, max(l.Samples, 1)
	switch {
	case g.Samples == 0 && l.NoData:
		g.Sentence = fmt.Sprintf("%q: there was no %s, which is fine with this gate.", l.Text, l.noun)
	case g.Samples >= needs:
		return true
	default:
		g.Verdict = result.Fail
		g.Sentence = fmt.Sprintf("%q: %s, the gate needs %d.", l.Text, plural(int(g.Samples), l.noun), needs)
		if j.running || j.aborted {
			g.Verdict = result.Inconclusive
			g.Sentence = strings.TrimSuffix(g.Sentence, ".") + ", and the run was ended before."
		}
	}
	return false
}

// tooFew adds the gate of a limit without enough samples.
func (j *judge) tooFew(l *limit) {
	exit := result.ExitPerformance
	if l.gate.Verdict == result.Inconclusive {
		exit = result.ExitInconclusive
	}
	j.gate(l.gate, exit)
}

// latency judges a percentile, the mean or the maximum of a metric. What chatbench adds to a time
// only makes it longer, so a limit that held holds; one that was missed by no more than that is not
// the tenant's fault.
func (j *judge) latency(from scenario.Limit) {
	l := j.limited(result.GateLatency, from, "sample")
	h := l.part.Hist(l.Metric)
	l.gate.Unit, l.gate.Samples = "s", h.Count()
	var e metric.Estimate
	switch {
	case l.Mean:
		e = l.part.Mean(l.Metric)
	case l.Quantile < 1:
		e = l.part.Quantile(l.Metric, l.Quantile)
		if l.part.Untouched(l.Metric, l.Quantile, l.Below) {
			e.High = min(e.High, h.Max())
		}
	default: // the slowest of a run says nothing of the slowest of the next
		e = metric.Estimate{Value: h.Max(), Low: h.Max(), High: h.Max(), Samples: h.Count()}
	}
	l.gate.Observed = e.Value
	if !j.enough(&l) {
		j.tooFew(&l)
		return
	}
	l.shown = fmt.Sprintf("it was %s over %s", seconds(e.Value), plural(int(e.Samples), l.noun))
	if l.Quantile == 1 && !l.Mean {
		l.shown = fmt.Sprintf("it was %s, the longest of %s", seconds(e.Value), plural(int(e.Samples), l.noun))
	}
	j.decide(&l, &e, blame(j.r.Health, l.Quantile))
}

// decide holds an estimate against its limit. Own is how much of it may be chatbench's own doing.
func (j *judge) decide(l *limit, e *metric.Estimate, own float64) {
	g, exit := &l.gate, result.ExitPerformance
	l.interval(e)
	switch {
	case e.High < l.Below:
		g.Sentence = fmt.Sprintf("%q: %s.", l.Text, l.shown)
	case e.Low-own >= l.Below:
		g.Verdict = result.Fail
		g.Sentence = fmt.Sprintf("%q: %s.", l.Text, l.shown)
	case e.Low >= l.Below:
		g.Verdict, exit = result.Invalid, result.ExitInvalid
		g.Sentence = fmt.Sprintf("%q cannot be judged: %s, of which up to %s may be chatbench's own; a limit so tight needs a faster machine.", l.Text, l.shown, seconds(own))
	default:
		g.Verdict, exit = result.Inconclusive, result.ExitInconclusive
		if !j.running {
			g.Interval.Needed = e.Needed(l.Below)
		}
		g.Sentence = fmt.Sprintf("%q cannot tell: %s; %s.", l.Text, l.shown, l.wouldDecide())
	}
	j.gate(*g, exit)
}

// interval puts the interval of an estimate into the gate and into words. A maximum has none.
func (l *limit) interval(e *metric.Estimate) {
	if e.Level == 0 {
		return
	}
	l.gate.Interval = &result.Interval{Low: e.Low, High: e.High, Level: e.Level}
	show := seconds
	if l.gate.Unit == "share" {
		show = percent
	}
	confidence := tidy(100 * e.Level)
	switch {
	case math.IsInf(e.High, 1) && e.Low == 0:
		l.shown += fmt.Sprintf(", of which nothing can be said with %s %% confidence", confidence)
		return
	case math.IsInf(e.High, 1):
		l.shown += fmt.Sprintf(", with %s %% confidence %s at least and without an upper bound", confidence, show(e.Low))
		return
	}
	l.shown += fmt.Sprintf(", with %s %% confidence in [%s, %s]", confidence, show(e.Low), show(e.High))
}

// tidy writes a level of confidence.
func tidy(percent float64) string { return fmt.Sprintf("%.4g", percent) }

// wouldDecide says how many samples would do, and for how long the same load makes so many.
func (l *limit) wouldDecide() string {
	needed, have := l.gate.Interval.Needed, l.gate.Samples
	if needed == 0 {
		return "it is so near to the limit that more samples are no help"
	}
	words := fmt.Sprintf("about %d would decide", needed)
	longer := time.Duration(float64(l.part.Length()) * float64(needed) / float64(have)).Round(time.Second)
	if longer > 0 {
		words += fmt.Sprintf(", which is %v of this load", longer)
	}
	return words
}

// Counters lists what an error gate can name: for every exchange, and for "all" of them together,
// the failed (not ok), refused (class fail), info (outcome unknown) and lost (no answer) ones.
func Counters() []string {
	var names []string
	for _, op := range append([]string{"all"}, opNames()...) {
		for _, kind := range []string{"failed", "refused", "info", "lost"} {
			names = append(names, op+"."+kind)
		}
	}
	return names
}

func opNames() []string {
	var names []string
	for _, op := range aicc.Ops() {
		names = append(names, op.String())
	}
	return names
}

// errors judges how many exchanges went wrong: by number, which is what it is, or as a share, which
// is an estimate like a percentile.
func (j *judge) errors(from scenario.Limit) {
	l := j.limited(result.GateErrors, from, "exchange")
	op, kind, _ := strings.Cut(l.Metric, ".")
	outcomes := l.part.Counters.AllExchanges()
	if op != "all" {
		outcomes = *l.part.Counters.Exchange(aicc.ParseOp(op))
	}
	n := map[string]int64{
		"failed": outcomes.Fail + outcomes.Info, "refused": outcomes.Fail, "info": outcomes.Info, "lost": outcomes.Lost,
	}[kind]
	g := &l.gate
	g.Unit, g.Samples = "share", outcomes.Total()
	e := l.part.Failures(n, g.Samples, shown(op, kind))
	l.shown = fmt.Sprintf("it was %d of %s", n, plural(int(g.Samples), l.noun))
	if l.Count {
		g.Unit, e = "count", metric.Estimate{Value: float64(n), Low: float64(n), High: float64(n)}
	} else if g.Samples > 0 {
		l.shown += " (" + percent(e.Value) + ")"
	}
	g.Observed = e.Value
	if !j.enough(&l) {
		j.tooFew(&l)
		return
	}
	j.decide(&l, &e, 0)
}

// shown is what the timeline has of an outcome: of exchanges without an answer each kind by itself,
// of the others all kinds together.
func shown(op, kind string) func(*metric.Point) int64 {
	return func(p *metric.Point) (n int64) {
		switch kind {
		case "failed":
			return p.Failed + p.Info
		case "refused":
			return p.Failed
		case "info":
			return p.Info
		}
		for name, h := range p.Latency {
			if of, lost := strings.CutSuffix(name, ".lost"); lost && (op == "all" || of == op) {
				n += h.Count()
			}
		}
		return n
	}
}
