package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"chatbench/internal/check"
	"chatbench/internal/lang"
	"chatbench/internal/result"
)

// capped shortens a text to so many bytes, in whole characters, with a mark where it was cut.
func capped(s string, most int, mark string) string {
	if len(s) <= most {
		return s
	}
	cut := max(most-len(mark), 0)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + mark
}

// phrase is a text from outside on one line and of a sensible length.
func phrase(s string) string {
	const most = 600
	return capped(strings.Join(strings.Fields(clean(s)), " "), most, "…")
}

// witnessLines tells of one violation, how to see it again first: what follows may be cut.
func witnessLines(say *lang.Printer, w *check.Witness) []string {
	lines := []string{say.T("witness") + ": " + phrase(say.T(w.Sentence))}
	if w.Reproduce != "" {
		lines = append(lines, say.T("again")+": "+phrase(w.Reproduce))
	}
	for _, e := range w.Events {
		lines = append(lines, moment(e.At)+"  "+phrase(say.T(e.Text)))
	}
	return lines
}

// brokenWords counts what speaks against a rule.
func brokenWords(say *lang.Printer, rule *check.RuleResult) string {
	s := say.Sprintf("broken %s of %s", count(rule.Violations), say.Count(rule.Opportunities, "time"))
	if rule.Inconclusive > 0 {
		s += "; " + say.Sprintf("%s undecided because of %s", count(rule.Inconclusive), reasons(say, rule.Reasons))
	}
	return s
}

// xfail is how the verdict of a rule reads that failed as its entry in the known-failure file says.
const xfail = "XFAIL"

// verdictWord is the verdict of a rule as reports show it.
func verdictWord(r *result.Result, rule *check.RuleResult) string {
	if r.Expected(rule) != nil {
		return xfail
	}
	return string(rule.Verdict)
}

// knownWords tells of an entry of the known-failure file.
func knownWords(say *lang.Printer, k *result.Known) string {
	state := map[result.KnownState]string{
		result.KnownFails: "fails as expected", result.KnownPasses: "STALE, it held",
		result.KnownExpired: "STALE, its last day is over", result.KnownUnjudged: "not known whether it still fails",
	}[k.State]
	words := []string{say.T(state) + ": " + k.Reason}
	if k.Link != "" {
		words = append(words, k.Link)
	}
	if k.Until != "" {
		words = append(words, say.Sprintf("until %s", k.Until))
	}
	return strings.Join(words, ", ") + " (" + k.Place + ")"
}

// warnsOnly reports whether a broken rule did not count against the run: nobody promises it, and
// the run was not strict.
func warnsOnly(r *result.Result, rule *check.RuleResult) bool {
	return rule.Verdict == check.Fail && rule.Warns() && !strict(r) && r.Expected(rule) == nil
}

// strict reads how the rules were judged off the name that the gate room gives its demand.
func strict(r *result.Result) bool {
	for _, g := range r.Gates {
		if g.Kind == result.GateConformance && strings.HasSuffix(g.Name, "strict") {
			return true
		}
	}
	return false
}

// estimated reports whether a gate of a result has a confidence interval.
func estimated(r *result.Result) bool {
	return slices.ContainsFunc(r.Gates, func(g result.Gate) bool { return g.Interval != nil })
}

// intervalWords is the confidence interval of a gate, "" for a gate without one.
func intervalWords(say *lang.Printer, g *result.Gate) string {
	if g.Interval == nil {
		return ""
	}
	show := duration
	if g.Unit == "share" {
		show = percentage
	}
	level := fmt.Sprintf("%.4g", 100*g.Interval.Level)
	if math.IsInf(g.Interval.High, 1) {
		return say.Sprintf("%s %% from %s on", level, show(g.Interval.Low))
	}
	return say.Sprintf("%s %% in [%s, %s]", level, show(g.Interval.Low), show(g.Interval.High))
}

func percentage(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }
