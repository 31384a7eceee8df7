package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"chatbench/internal/aicc"
)

var rank = map[Verdict]int{NotObservable: 1, NotExercised: 2, Pass: 3, Inconclusive: 4, Fail: 5, Error: 6}

// Worst returns the worse of two verdicts. The empty verdict is better than any.
func Worst(a, b Verdict) Verdict {
	if rank[b] > rank[a] {
		return b
	}
	return a
}

// result puts the tally of a rule into its public form; c.mu is held.
func (c *Checker) result(id rule, n *counts) RuleResult {
	r, t := &registry[id], c.tallies[id]
	t.opportunities = n.met[id]
	res := RuleResult{
		ID: r.ID, Title: r.Title, Level: r.Level, Severity: r.Severity,
		Reasons:    maps.Clone(t.reasons),
		Violations: t.violations, Inconclusive: t.inconclusive, Opportunities: t.opportunities,
		Witnesses: slices.Clone(t.witnesses),
	}
	for op, lost := range n.unread {
		if bodies[id].has(aicc.Op(op)) {
			res.Unseen += lost
		}
	}
	res.Verdict = t.verdict(r, c.observable(r.Needs, n) && res.Unseen == 0)
	if res.Verdict == Pass && res.Unseen > 0 {
		res.Verdict = NotObservable // that it held every time cannot be said
	}
	if res.Verdict == Error && c.opts.Foreign {
		res.Verdict = Fail
	}
	if id == del04 {
		res.InfoPolls = n.infoPolls
	}
	res.Note = note(r, &res)
	return res
}

func (c *Checker) observable(needs Needs, n *counts) bool {
	switch needs {
	case Markers:
		return n.markers
	case Journal:
		return n.journal
	case TokensSeen:
		return n.tokens
	case Setup:
		return c.opts.Setup.Robot != nil || c.opts.Setup.Hold != nil
	}
	return true
}

func (t *tally) verdict(r *Rule, observable bool) Verdict {
	switch {
	case t.violations > 0 && r.Level == Self:
		return Error
	case t.violations > 0:
		return Fail
	case t.inconclusive > 0:
		return Inconclusive
	case t.opportunities > 0:
		return Pass
	case !observable:
		return NotObservable
	}
	return NotExercised
}

// note says in words what the numbers of a result leave open.
func note(r *Rule, res *RuleResult) string {
	switch {
	case res.Unseen > 0 && res.Verdict == NotObservable:
		return "needs what is in the answers, and their bodies were not kept"
	case res.Verdict == NotObservable && r.Needs == TokensSeen:
		return "needs to know which tokens the requests carried, which this trace does not tell"
	case res.Verdict == NotObservable && r.Needs == Journal:
		return "needs the tenant's own record of its conversations, which only the embedded tenant keeps"
	case res.Verdict == NotObservable && r.Needs == Setup:
		return "needs to know how the tenant is set up: target.robot and target.poll_hold in the scenario"
	case res.Verdict == NotObservable:
		return "needs a robot or an agent that marks its texts or echoes the customer's"
	case r.ID == registry[del04].ID && res.Violations+res.Inconclusive > 0:
		return fmt.Sprintf("missing: %d unexplained, %d that a poll without an answer may have taken; such polls: %d",
			res.Violations, res.Reasons[IndeterminatePoll], res.InfoPolls)
	}
	return ""
}

// Merge adds up the results of two runs, workers or shards. It is associative and commutative, and
// nil is its neutral element. Results are matched by id and come out in catalogue order; ids that
// this version does not know follow, sorted.
func Merge(a, b []RuleResult) []RuleResult {
	byID := make(map[string]RuleResult, len(a)+len(b))
	for _, r := range slices.Concat(a, b) {
		if have, ok := byID[r.ID]; ok {
			r = mergeTwo(have, r)
		}
		byID[r.ID] = r
	}
	return slices.SortedFunc(maps.Values(byID), func(x, y RuleResult) int {
		return cmp.Or(cmp.Compare(place(x.ID), place(y.ID)), cmp.Compare(x.ID, y.ID))
	})
}

// place is where an id stands in the catalogue; unknown ones stand behind it.
func place(id string) int {
	if i := slices.IndexFunc(registry[:], func(r Rule) bool { return r.ID == id }); i >= 0 {
		return i
	}
	if i := activeIndex(id); i >= 0 {
		return len(registry) + i
	}
	return len(registry) + len(active)
}

func mergeTwo(a, b RuleResult) RuleResult {
	m := a
	m.Title, m.Level, m.Severity = min(a.Title, b.Title), min(a.Level, b.Level), min(a.Severity, b.Severity)
	m.Verdict = Worst(a.Verdict, b.Verdict)
	m.Violations += b.Violations
	m.Inconclusive += b.Inconclusive
	m.Opportunities += b.Opportunities
	m.InfoPolls += b.InfoPolls
	m.Unseen += b.Unseen
	m.Reasons = addReasons(a.Reasons, b.Reasons)
	m.Witnesses = retain(slices.Concat(a.Witnesses, b.Witnesses))
	m.Note = mergeNotes(&m, a, b)
	return m
}

func addReasons(a, b map[Reason]int64) map[Reason]int64 {
	if a == nil {
		return maps.Clone(b)
	}
	sum := maps.Clone(a)
	for reason, n := range b {
		sum[reason] += n
	}
	return sum
}

// mergeNotes writes the note of a known rule anew. Of an active or unknown one it keeps a note that belongs
// to the merged verdict, the smaller if there are two, so that the order of merging is no matter.
func mergeNotes(m *RuleResult, a, b RuleResult) string {
	if r, ok := Find(m.ID); ok && r.Needs != ByProbe {
		return note(&r, m)
	}
	kept := ""
	for _, r := range []RuleResult{a, b} {
		if r.Verdict == m.Verdict && r.Note != "" && (kept == "" || r.Note < kept) {
			kept = r.Note
		}
	}
	return kept
}
