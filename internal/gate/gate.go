// Package gate decides what a run comes to: it holds a result against the demands of its scenario
// and gives the verdict, the exit code and the reasons.
//
// It measures nothing and checks no rule; everything it looks at is in the result.
package gate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// Ending is how the run ended, as far as the result's numbers do not tell.
type Ending struct {
	Now         time.Time // the day that known failures are held against; zero: none of them is past its last day
	Partial     bool      // the events are not of all customers, so a rule that held proves little
	Chosen      bool      // they were picked for what they broke: that no conversation is whole among them, or none is there, is no fault
	Unchecked   bool      // no rule was left to check, so that nothing was judged
	Interrupted bool      // by the user
	Gone        string    // the tenant went away in mid-run: a sentence, or ""
	Starved     string    // what this machine was short of so that nobody could be reached any more, or ""
	Bug         string    // chatbench itself failed: what it said, or ""
	Aborted     *Abort    // it was ended because a gate had failed; nil: it was not
	Dropped     int       // arrivals for which there was no room
}

// Apply judges r by the demands of s, and sets its gates, verdict, exit code and reasons.
func Apply(r *result.Result, s *scenario.Scenario, end Ending) {
	r.Run.Ended = end.kept(r.Run.Ended)
	j := judge{r: r, total: r.Metrics.Total(), aborted: end.Aborted != nil}
	j.known(s, end)
	if end.Unchecked {
		j.add(result.Inconclusive, result.ExitInconclusive, "No rule was checked: those that were chosen need a probe, or are off.")
	}
	j.conformance(s.Gate.Strict)
	j.stale(len(s.Gate.Known))
	if end.Gone == "" && end.Starved == "" && end.Bug == "" && !end.Interrupted {
		j.generator(&s.Gate, end.Dropped) // first: what is not known of the tenant then must not be said
		if !end.Chosen {
			j.played()
		}
		j.exercise(s.Exercise)
		j.missed(s.Gate.MaxMissed)
		for _, l := range s.Gate.Latency {
			j.latency(l)
		}
		for _, l := range s.Gate.Errors {
			j.errors(l)
		}
	}
	if end.Aborted != nil {
		j.ended(end.Aborted)
	}
	if end.Bug != "" {
		j.add(result.Error, result.ExitBug, "chatbench itself failed, which is a bug in it; what was measured until then is reported. "+end.Bug)
	}
	if end.Gone != "" {
		j.add(result.Unreachable, result.ExitUnreachable, upperFirst(end.Gone)+".")
	}
	if end.Starved != "" {
		j.add(result.Invalid, result.ExitInvalid, "chatbench could not go on: "+end.Starved+". This machine was short of something, which says nothing about the tenant; "+moreMeans+".")
	}
	if end.Interrupted {
		j.add(result.Interrupted, result.ExitInterrupted, "The run was interrupted; what was measured until then is reported.")
	}
	j.finish()
}

// kept is how the run ended, as it stands in the result: before says what is there already.
func (e *Ending) kept(before result.Ended) result.Ended {
	switch {
	case e.Bug != "":
		return result.EndedBroken
	case e.Gone != "":
		return result.EndedGone
	case e.Starved != "":
		return result.EndedStarved
	case e.Interrupted:
		return result.EndedInterrupted
	case e.Aborted != nil:
		return result.EndedAborted
	}
	return before
}

// judge collects what speaks against a run.
type judge struct {
	r       *result.Result
	total   *metric.StageMetrics
	invalid bool // chatbench itself was short of something
	running bool // the run goes on; only what is certain counts
	aborted bool // the run was ended early, so that what is missing may just not have come yet
	verdict result.Verdict
	reasons []reason
}

type reason struct {
	exit     result.Exit
	sentence string
}

// add takes one thing that speaks against the run.
func (j *judge) add(v result.Verdict, exit result.Exit, sentence string) {
	j.verdict = j.verdict.Worse(v)
	j.reasons = append(j.reasons, reason{exit, sentence})
}

// gate notes a demand and, when it was not met, what that makes of the run. Whether demands on the
// tenant's performance were met is not known of an INVALID run, be they green or red.
func (j *judge) gate(g result.Gate, exit result.Exit) {
	if j.invalid && g.Kind.OnFigures() {
		g.Verdict = result.Invalid
		g.Sentence += " It is not judged: chatbench itself was short of something."
		j.r.Gates = append(j.r.Gates, g)
		return
	}
	j.r.Gates = append(j.r.Gates, g)
	if g.Verdict != result.Pass {
		j.add(g.Verdict, exit, g.Sentence)
	}
}

// finish puts the reasons that decide the exit code first.
func (j *judge) finish() {
	exit := result.ExitOK
	for _, r := range j.reasons {
		exit = exit.Worse(r.exit)
	}
	slices.SortStableFunc(j.reasons, func(a, b reason) int {
		switch {
		case a.exit == b.exit:
			return 0
		case a.exit.Worse(b.exit) == a.exit:
			return -1
		}
		return 1
	})
	for _, r := range j.reasons {
		j.r.Reasons = append(j.r.Reasons, r.sentence)
	}
	j.r.Exit, j.r.Verdict = exit, j.verdict.Worse(result.Pass)
}

// strictName is the demand that also takes the rules that otherwise warn.
const strictName = "no violations, strict"

// conformance looks at the rules. Broken rules of severity warning or note warn unless the
// scenario is strict.
func (j *judge) conformance(strict bool) {
	g := result.Gate{Kind: result.GateConformance, Name: "no violations", Verdict: result.Pass, Unit: "count"}
	if strict {
		g.Name = strictName
	}
	var failed, client, warned, expected []string
	for i := range j.r.Rules {
		rule := &j.r.Rules[i]
		switch {
		case rule.Verdict == check.Error:
			j.add(result.Error, result.ExitBug, fmt.Sprintf("chatbench broke its own rule %s (%s), so the run was not the demo flow; this is a bug in chatbench.", rule.ID, rule.Title))
		case j.r.Expected(rule) != nil:
			expected = append(expected, rule.ID)
		case rule.Verdict == check.Fail && rule.Warns() && !strict:
			warned = append(warned, rule.ID)
		case rule.Verdict == check.Fail:
			g.Observed += float64(rule.Violations)
			if rule.Level == check.Self {
				client = append(client, rule.ID)
			} else {
				failed = append(failed, rule.ID)
			}
		}
	}
	switch {
	case len(failed)+len(client) > 0:
		g.Verdict = result.Fail
		g.Sentence = broke(failed, client)
	case len(warned) > 0:
		g.Sentence = "Only rules that warn were broken: " + strings.Join(warned, ", ") + "."
		j.add(result.Warn, result.ExitOK, g.Sentence+" They warn; --strict makes them fail the run.")
	case len(expected) > 0:
		g.Sentence = "The tenant broke no rule but those that are known to fail."
	default:
		g.Sentence = "The tenant broke no rule."
	}
	j.gate(g, result.ExitConformance)
	if len(expected) > 0 {
		j.add(result.Pass, result.ExitOK, "Failed as expected: "+strings.Join(expected, ", ")+".")
	}
}

// broke says who broke which rules: the tenant, or a client that is judged, or both.
func broke(tenant, client []string) string {
	var sentences []string
	if len(tenant) > 0 {
		sentences = append(sentences, fmt.Sprintf("The tenant broke %s: %s.", plural(len(tenant), "rule"), strings.Join(tenant, ", ")))
	}
	if len(client) > 0 {
		sentences = append(sentences, fmt.Sprintf("The clients broke %s: %s.", plural(len(client), "rule"), strings.Join(client, ", ")))
	}
	return strings.Join(sentences, " ")
}

func (j *judge) exercise(demands []scenario.Exercise) {
	for _, d := range demands {
		g := result.Gate{Kind: result.GateExercise, Name: fmt.Sprintf("%s >= %d", d.Rule, d.AtLeast), Verdict: result.Pass,
			Line: d.Line, Limit: float64(d.AtLeast), Unit: "count"}
		i := slices.IndexFunc(j.r.Rules, func(r check.RuleResult) bool { return r.ID == d.Rule })
		if i < 0 {
			g.Verdict = result.Inconclusive
			g.Sentence = fmt.Sprintf("%s must be exercised but is switched off.", d.Rule)
			j.gate(g, result.ExitInconclusive)
			continue
		}
		rule := j.r.Rules[i]
		g.Observed, g.Samples = float64(rule.Opportunities), rule.Opportunities
		g.Sentence = fmt.Sprintf("%s had %s.", d.Rule, opportunities(rule.Opportunities))
		switch {
		case rule.Verdict == check.NotObservable:
			g.Verdict, g.Sentence = result.Inconclusive, fmt.Sprintf("%s cannot be observed on this tenant: %s.", d.Rule, strings.TrimSuffix(rule.Note, "."))
		case rule.Verdict == check.Inconclusive:
			g.Verdict, g.Sentence = result.Inconclusive, fmt.Sprintf("%s is INCONCLUSIVE (%s).", d.Rule, reasonWords(rule.Reasons))
		case rule.Opportunities < d.AtLeast:
			g.Verdict = result.Inconclusive
			g.Sentence = fmt.Sprintf("%s had %s; the scenario demands %d.", d.Rule, opportunities(rule.Opportunities), d.AtLeast)
		}
		j.gate(g, result.ExitInconclusive)
	}
}

// missed looks at the expectations of the flows. A conversation that the tenant did not hold at all
// counts as one that was missed: otherwise a tenant that refuses everybody would disappoint nobody.
func (j *judge) missed(limit float64) {
	counters := &j.total.Counters
	steps, unserved := counters.Expectations(), counters.Unserved()
	missed := steps.Missed + unserved
	g := result.Gate{Kind: result.GateMissed, Name: "missed expectations <= " + percent(limit), Verdict: result.Pass,
		Limit: limit, Unit: "share", Samples: steps.Done + missed}
	if g.Samples > 0 {
		g.Observed = float64(missed) / float64(g.Samples)
	}
	share := percent(g.Observed)
	if g.Observed > limit && j.certain(missed, g.Samples, limit) {
		g.Verdict = result.Fail
		share += ", allowed " + percent(limit)
	}
	g.Sentence = fmt.Sprintf("%d of %s missed (%s).", missed, wereOrWas(g.Samples), share)
	if unserved > 0 {
		g.Sentence += fmt.Sprintf(" Among them: %s that could not be held, for want of a token, a CONNECT or contact.", plural(int(unserved), "conversation"))
	}
	j.gate(g, result.ExitPerformance)
}

func wereOrWas(n int64) string {
	if n == 1 {
		return "1 expectation was"
	}
	return fmt.Sprintf("%d expectations were", n)
}

// played makes sure that there was something to judge.
func (j *judge) played() {
	if j.r.Metrics == nil {
		return
	}
	all := &j.r.Metrics.All().Counters
	exchanges := all.AllExchanges()
	if steps := all.Steps(); all.Begun() == 0 && exchanges.Total() == 0 && steps.Done+steps.Missed == 0 {
		j.add(result.Inconclusive, result.ExitInconclusive, "No conversation was played, so nothing was judged.")
		return
	}
	ended := all.Ended()
	if n := all.Begun(); n > 0 && ended[trace.ByCustomer]+ended[trace.ByPeer] == 0 {
		j.add(result.Inconclusive, result.ExitInconclusive, fmt.Sprintf("None of %s came to its end, so little was shown.", plural(int(n), "conversation")))
	}
}

func reasonWords(reasons map[check.Reason]int64) string {
	var words []string
	for r, n := range reasons {
		words = append(words, fmt.Sprintf("%s %s", r, plural(int(n), "time")))
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

func opportunities(n int64) string {
	if n == 1 {
		return "1 opportunity"
	}
	return fmt.Sprintf("%d opportunities", n)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// percent writes a share with three significant digits and never with an exponent.
func percent(share float64) string {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(share*100, 'g', 3, 64), 64) // what was just written
	return strconv.FormatFloat(rounded, 'f', -1, 64) + " %"
}

// seconds writes a latency with a sensible number of digits.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	if d <= 0 {
		return "0 s"
	}
	digits := math.Floor(math.Log10(float64(d)))
	return d.Round(time.Duration(math.Pow(10, max(digits-2, 0)))).String()
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
