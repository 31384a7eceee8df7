package gate

import (
	"fmt"
	"slices"
	"strings"

	"chatbench/internal/check"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// known holds the entries of the known-failure file against what the rules came to. Of several
// entries for a rule the one that names the scenario counts.
func (j *judge) known(s *scenario.Scenario, end Ending) {
	whole := j.r.Run.Ended == "" && !end.Partial
	for i := range s.Gate.Known {
		k := &s.Gate.Known[i]
		if !k.About(k.Rule, j.r.Scenario.Name) || k.Scenario == "" && shadowed(k, s.Gate.Known, j.r.Scenario.Name) {
			continue
		}
		verdict := verdictOf(j.r, k.Rule)
		entry := result.Known{Rule: k.Rule, Scenario: k.Scenario, Reason: k.Reason, Link: k.Link, Until: k.Until,
			Place: k.Place(), State: stateOf(verdict, whole)}
		if over := k.Until != "" && !end.Now.IsZero() && scenario.Day(end.Now) > k.Until; over && verdict != "" {
			entry.State = result.KnownExpired
		}
		if entry.State == result.KnownUnjudged {
			j.r.Notes = append(j.r.Notes, unjudged(&entry, verdict, whole))
		}
		j.r.Known = append(j.r.Known, entry)
	}
}

// shadowed reports whether another entry names the scenario for the same rule.
func shadowed(k *scenario.KnownFailure, all []scenario.KnownFailure, name string) bool {
	return slices.ContainsFunc(all, func(other scenario.KnownFailure) bool {
		return other.Scenario != "" && other.About(k.Rule, name)
	})
}

// verdictOf is the verdict of a rule, or "" when it was not checked.
func verdictOf(r *result.Result, id string) check.Verdict {
	for i := range r.Rules {
		if r.Rules[i].ID == id {
			return r.Rules[i].Verdict
		}
	}
	return ""
}

// stateOf is what a verdict makes of an entry. That a rule held shows something only when the run
// was played to its end and all of it was seen.
func stateOf(v check.Verdict, whole bool) result.KnownState {
	switch {
	case v == check.Fail:
		return result.KnownFails
	case v == check.Pass && whole:
		return result.KnownPasses
	}
	return result.KnownUnjudged
}

// unjudged is the note about an entry of which the run shows nothing.
func unjudged(k *result.Known, v check.Verdict, whole bool) string {
	why := fmt.Sprintf("it was %s", v)
	switch {
	case v == "":
		why = "it was not checked"
	case v == check.Pass && !whole:
		why = "it held only in the part that was seen"
	}
	return fmt.Sprintf("%s lists %s as a known failure; whether it still fails is not known, because %s.", k.Place, k.Rule, why)
}

// stale fails a run whose known-failure file lists what is no known failure any more. Without a
// file, of which listed is the number of entries, there is no such demand.
func (j *judge) stale(listed int) {
	if listed == 0 {
		return
	}
	g := result.Gate{Kind: result.GateKnown, Name: "no stale known failures", Verdict: result.Pass, Unit: "count"}
	var sentences []string
	for i := range j.r.Known {
		if k := &j.r.Known[i]; k.State.Stale() {
			sentences = append(sentences, j.staleWords(k))
		}
	}
	g.Observed = float64(len(sentences))
	g.Sentence = "Every known failure that came up still fails."
	if len(sentences) > 0 {
		g.Verdict, g.Sentence = result.Stale, strings.Join(sentences, " ")
	}
	j.gate(g, result.ExitStale)
}

// staleWords says what to do about an entry.
func (j *judge) staleWords(k *result.Known) string {
	file, line := k.Place, ""
	if i := strings.LastIndexByte(k.Place, ':'); i >= 0 {
		file, line = k.Place[:i], k.Place[i+1:]
	}
	remove := fmt.Sprintf("remove the entry in line %s of %s", line, file)
	switch {
	case k.State == result.KnownPasses:
		return fmt.Sprintf("%s is listed as a known failure but held: %s.", k.Rule, remove)
	case verdictOf(j.r, k.Rule) == check.Fail:
		return fmt.Sprintf("%s was known to fail until %s and still fails: %s, or give it a later day.", k.Rule, k.Until, remove)
	}
	return fmt.Sprintf("%s was known to fail until %s: %s.", k.Rule, k.Until, remove)
}

// Update is what is to change in a known-failure file.
type Update struct {
	Add    []scenario.KnownFailure // failures that are not listed: Rule and Scenario; the rest is the caller's
	Remove []scenario.KnownFailure // entries whose rule held
}

// UpdateKnown compares a known-failure file with results. A broken rule is to be listed when it
// failed its run or would have; one that only warned is not. An entry is to be removed when its rule
// held in a result that it is about and failed in none. That it held counts only in runs that came
// to their end, and not in checked traces, which may hold some of the customers only.
func UpdateKnown(list []scenario.KnownFailure, results []*result.Result) Update {
	var u Update
	var listed []scenario.KnownFailure // afterwards
	for _, k := range list {
		if heldIn(results, &k) {
			u.Remove = append(u.Remove, k)
		} else {
			listed = append(listed, k)
		}
	}
	for _, r := range results {
		for i := range r.Rules {
			rule := &r.Rules[i]
			about := func(k scenario.KnownFailure) bool { return k.About(rule.ID, r.Scenario.Name) }
			if rule.Verdict == check.Fail && !(rule.Warns() && !strictly(r)) && !slices.ContainsFunc(listed, about) {
				k := scenario.KnownFailure{Rule: rule.ID, Scenario: r.Scenario.Name}
				u.Add, listed = append(u.Add, k), append(listed, k)
			}
		}
	}
	return u
}

// heldIn reports whether an entry has become stale.
func heldIn(results []*result.Result, k *scenario.KnownFailure) bool {
	passed := false
	for _, r := range results {
		if !k.About(k.Rule, r.Scenario.Name) {
			continue
		}
		switch verdictOf(r, k.Rule) {
		case check.Fail:
			return false
		case check.Pass:
			passed = passed || toTheEnd(r)
		}
	}
	return passed
}

// toTheEnd reports whether a result is that of a whole run.
func toTheEnd(r *result.Result) bool {
	switch r.Exit { // of a result that was saved without Run.Ended it is all there is
	case result.ExitInterrupted, result.ExitUnreachable, result.ExitBug:
		return false
	}
	return r.Run.Ended == "" && r.Target.Kind != result.Recorded && r.Target.Kind != result.Judged
}

// strictly reads how a result was judged off the name of its gate.
func strictly(r *result.Result) bool {
	return slices.ContainsFunc(r.Gates, func(g result.Gate) bool {
		return g.Kind == result.GateConformance && g.Name == strictName
	})
}
