package compare

import (
	"fmt"
	"slices"

	"chatbench/internal/check"
)

// rules lists the rules whose verdict is another than in the base.
func rules(base, new []Input) []Rule {
	before, after := rulesOf(base), rulesOf(new)
	var list []Rule
	for i := range after {
		n := &after[i]
		b := check.RuleResult{Verdict: check.NotExercised}
		if k := slices.IndexFunc(before, func(r check.RuleResult) bool { return r.ID == n.ID }); k >= 0 {
			b = before[k]
		}
		if b.Verdict == n.Verdict {
			continue
		}
		list = append(list, Rule{ID: n.ID, Title: n.Title, Base: b.Verdict, New: n.Verdict, Verdict: ruleVerdict(&b, n, expected(new, n)),
			Sentence: fmt.Sprintf("%s was %s in the base and is %s now.", n.ID, b.Verdict, n.Verdict)})
	}
	return list
}

// rulesOf adds the rules of a side's runs up: the gravest verdict of each counts.
func rulesOf(side []Input) []check.RuleResult {
	var sum []check.RuleResult
	for i := range side {
		sum = check.Merge(sum, side[i].Result.Rules)
	}
	return sum
}

// expected reports whether every run that broke the rule has it on its list of known failures.
func expected(side []Input, rule *check.RuleResult) bool {
	for i := range side {
		r := side[i].Result
		k := slices.IndexFunc(r.Rules, func(o check.RuleResult) bool { return o.ID == rule.ID && o.Verdict == check.Fail })
		if k >= 0 && r.Expected(&r.Rules[k]) == nil {
			return false
		}
	}
	return true
}

// ruleVerdict says what the change of a rule's verdict is. One that only warns, or is known to fail,
// makes nothing worse.
func ruleVerdict(before, after *check.RuleResult, known bool) Verdict {
	switch {
	case after.Verdict == check.Fail && !after.Warns() && !known:
		return Worse
	case before.Verdict == check.Fail && after.Verdict == check.Pass:
		return Better
	}
	return Changed
}
