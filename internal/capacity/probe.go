package capacity

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// Stages gives the load of a probe: half of the settling time to bring the load in evenly, the other
// half to let it settle, both as warm-up, and then the hold. The hold has the name of the scenario's
// highest stage, if it was given one, so that gates on that stage are gates on the hold. Arrivals are
// random if those of the scenario are.
func (s Search) Stages(load float64) func(scenario.Load) []scenario.Stage {
	return func(of scenario.Load) []scenario.Stage {
		at := scenario.Stage{Name: holdName(of.Stages), Length: s.Hold}
		if of.Open {
			at.Arrivals = load
			at.Poisson = slices.ContainsFunc(of.Stages, func(st scenario.Stage) bool { return st.Poisson })
		} else {
			at.Customers = int(load)
		}
		if s.Settle <= 0 {
			return []scenario.Stage{at}
		}
		ramp, settle := at, at
		ramp.Name, ramp.Warmup, ramp.Ramp, ramp.Length = "ramp", true, true, s.Settle/2
		settle.Name, settle.Warmup, settle.Length = "settle", true, s.Settle-s.Settle/2
		return []scenario.Stage{ramp, settle, at}
	}
}

// holdName is the name of the highest stage that is measured, or "hold" when it has none but its
// position.
func holdName(stages []scenario.Stage) string {
	name, most := "hold", -1.0
	for i, st := range stages {
		level := float64(st.Customers) + st.Arrivals // one of them is 0
		if st.Warmup || level <= most {
			continue
		}
		if name, most = st.Name, level; name == strconv.Itoa(i+1) {
			name = "hold"
		}
	}
	return name
}

// Judge says what a run comes to as a probe of a load. It goes by the gates that the scenario sets on
// speed and errors, and by the rules. That a rule was exercised often enough is not asked: with a
// small load it cannot be. A gate with fewer samples than it needs does not tell, while in a run it
// fails.
func Judge(r *result.Result, s *scenario.Scenario, load float64) Probe {
	p := Probe{Load: load, Start: r.Run.Start, Took: r.Run.End.Sub(r.Run.Start)}
	p.Outcome, p.Limits = outcome(r, s)
	p.Why = p.why(r)
	if p.Outcome != Gone && p.Outcome != Broken {
		p.measure(r, s)
	}
	return p
}

func outcome(r *result.Result, s *scenario.Scenario) (Outcome, []Limit) {
	switch r.Run.Ended {
	case result.EndedBroken:
		return Broken, nil
	case result.EndedGone:
		return Gone, nil
	case result.EndedInterrupted:
		return Cut, nil
	}
	f := findingsOf(r, s)
	switch {
	case r.Exit == result.ExitBug:
		return Broken, nil
	case len(f.rules) > 0:
		return Missed, f.rules // a fact, whatever this machine was short of
	case len(f.short) > 0 || r.Run.Ended == result.EndedStarved:
		return Short, f.short
	case len(f.missed) > 0:
		return Missed, f.missed
	case len(f.unclear) > 0:
		return Unclear, f.unclear
	case len(f.thin) > 0:
		return Thin, f.thin
	}
	return Carried, nil
}

// findings is what speaks against a load, sorted by what it comes to.
type findings struct{ rules, short, missed, unclear, thin []Limit }

func findingsOf(r *result.Result, s *scenario.Scenario) findings {
	f := findings{rules: brokenRules(r, s.Gate.Strict)}
	need := samples(s)
	var unjudged []Limit // for want of a better machine
	for i := range r.Gates {
		g := &r.Gates[i]
		l := Limit{Kind: g.Kind, Name: g.Name, Observed: g.Observed, Limit: g.Limit, Unit: g.Unit, Sentence: g.Sentence}
		switch {
		case g.Verdict == result.Invalid && g.Kind == result.GateGenerator:
			f.short = append(f.short, l)
		case g.Verdict == result.Invalid:
			unjudged = append(unjudged, l)
		case !onTenant(g):
		case g.Verdict == result.Fail && g.Samples < need[g.Name]:
			f.thin = append(f.thin, l)
		case g.Verdict == result.Fail:
			f.missed = append(f.missed, l)
		case g.Verdict == result.Inconclusive:
			f.unclear = append(f.unclear, l)
		}
	}
	if len(f.short) == 0 {
		f.short = unjudged
	}
	if ended := r.Metrics.All().Counters.Ended(); ended[trace.ByCustomer]+ended[trace.ByPeer] == 0 {
		f.thin = append(f.thin, Limit{Kind: result.GateMissed, Name: "conversations", Unit: "count",
			Sentence: "No conversation came to its end, so nothing was shown; a longer hold helps."})
	}
	return f
}

// onTenant reports whether a gate is on what the tenant did under this load.
func onTenant(g *result.Gate) bool {
	return g.Kind == result.GateLatency || g.Kind == result.GateErrors || g.Kind == result.GateMissed
}

// samples is how many samples gates need, by name.
func samples(s *scenario.Scenario) map[string]int64 {
	need := map[string]int64{}
	for _, l := range slices.Concat(s.Gate.Latency, s.Gate.Errors) {
		need[l.Text] = max(l.Samples, 1)
	}
	return need
}

// brokenRules are the rules that fail the run, the most often broken first.
func brokenRules(r *result.Result, strict bool) []Limit {
	var list []Limit
	for i := range r.Rules {
		rule := &r.Rules[i]
		if rule.Verdict != check.Fail || r.Expected(rule) != nil || rule.Warns() && !strict {
			continue
		}
		list = append(list, Limit{Kind: result.GateConformance, Name: rule.ID, Observed: float64(rule.Violations), Unit: "count",
			Sentence: fmt.Sprintf("The tenant broke %s (%s): %d of %d times.", rule.ID, rule.Title, rule.Violations, rule.Opportunities)})
	}
	slices.SortStableFunc(list, func(a, b Limit) int { return cmp.Compare(b.Observed, a.Observed) })
	return list
}

// why is the outcome in a sentence.
func (p *Probe) why(r *result.Result) string {
	switch {
	case len(p.Limits) > 0:
		return p.Limits[0].Sentence
	case p.Outcome == Carried:
		return "Every gate passed."
	case len(r.Reasons) > 0:
		return r.Reasons[0]
	}
	return "No reason was given."
}

// measure takes the figures of the hold. Those of a hold that did not come to its end are left out.
func (p *Probe) measure(r *result.Result, s *scenario.Scenario) {
	hold := r.Metrics.Total()
	p.latencies(hold, s)
	if r.Metrics == nil || r.Run.Ended != "" || p.Took < hold.End {
		return
	}
	counters := &hold.Counters
	p.Throughput = hold.Rate(counters.Messages[aicc.FromRobot] + counters.Messages[aicc.FromAgent])
	p.Begun = hold.Rate(counters.Begun())
	p.Duration = hold.Hist("conversation").Mean()
	if n := counters.Begun(); n > 0 {
		p.CutShort = float64(counters.Ended()[trace.CutShort]) / float64(n)
	}
	p.Present = present(&r.Metrics.Timeline, hold.Start, hold.End)
}

// present is the average number of customers in a conversation between two moments.
func present(t *metric.Timeline, from, to time.Duration) float64 {
	sum, n := 0.0, 0
	for i := range t.Points {
		start := time.Duration(i*t.Resolution) * time.Second
		if start >= from && start+time.Duration(t.Resolution)*time.Second <= to {
			sum += t.Customers(i)
			n++
		}
	}
	return sum / float64(max(n, 1))
}

// felt are the metrics that a report shows whether they are gated or not.
var felt = []string{"reply", "delivery", "queue_wait"}

func (p *Probe) latencies(hold *metric.StageMetrics, s *scenario.Scenario) {
	names := slices.Clone(felt)
	gated := map[string]bool{}
	for i := len(s.Gate.Latency) - 1; i >= 0; i-- { // so that they come first, in their order
		name := s.Gate.Latency[i].Metric
		gated[name] = true
		names = slices.Insert(slices.DeleteFunc(names, func(n string) bool { return n == name }), 0, name)
	}
	for _, name := range names {
		if h := hold.Hist(name); h.Count() > 0 || gated[name] {
			p.Latency = append(p.Latency, Latency{Metric: name, Gated: gated[name], Count: h.Count(), Mean: h.Mean(), P50: h.Quantile(0.5), P95: h.Quantile(0.95)})
		}
	}
}

// notes tell a reader how far the probes may be trusted.
func (r *Report) notes() []string {
	var list []string
	if p := r.carriedAtLow(); p != nil {
		long := time.Duration(p.Duration * float64(time.Second)).Round(100 * time.Millisecond)
		switch s := &r.Search; {
		case p.CutShort > 0.5 || long > s.Hold:
			list = append(list, fmt.Sprintf("The hold of %v is shorter than a conversation: %.0f %% of those that began in it were cut off, after %v on average. What comes late in a conversation was hardly seen; use a longer --hold.", s.Hold, 100*p.CutShort, long))
		case long > s.Settle:
			list = append(list, fmt.Sprintf("A conversation takes %v and the load settles for %v: when the hold began, the first conversations were still going on. Use --settle %v or more.", long, s.Settle, 2*long.Round(time.Second)))
		}
	}
	if unsteady := r.unsteady(); len(unsteady) > 0 {
		list = append(list, fmt.Sprintf("The load had not settled at %s: by Little's law there should have been another number of customers in a conversation than there were (L and λW differ by more than a fifth).", strings.Join(unsteady, ", ")))
	}
	return list
}

// carriedAtLow is a probe of the highest load that was carried, or if none was of any load.
func (r *Report) carriedAtLow() *Probe {
	var found *Probe
	for i := range r.Probes {
		if p := &r.Probes[i]; p.Duration > 0 && (found == nil || p.Load == r.Answer.Low) {
			found = p
		}
	}
	return found
}

// unsteady lists the loads whose probes disagree with Little's law, in words.
func (r *Report) unsteady() []string {
	var list []string
	for _, load := range r.loads() {
		off := slices.ContainsFunc(r.Probes, func(p Probe) bool {
			little := p.Little()
			return p.Load == load && p.Outcome != Short && p.Begun*r.Search.Hold.Seconds() >= 100 && (little > 1.2*p.Present || p.Present > 1.2*little)
		})
		if off {
			list = append(list, r.Search.Words(load))
		}
	}
	return list
}

// loads are the loads that were tried, ascending.
func (r *Report) loads() []float64 {
	var list []float64
	for i := range r.Probes {
		list = append(list, r.Probes[i].Load)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
