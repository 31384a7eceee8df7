package result

import (
	"slices"
	"strings"

	"chatbench/internal/check"
)

// KnownState says what a run made of an entry of the known-failure file.
type KnownState string

// The states of an entry, from harmless to grave.
const (
	KnownUnjudged KnownState = "unjudged" // whether the rule still fails is not known
	KnownFails    KnownState = "fails"    // the rule failed, as was expected
	KnownPasses   KnownState = "passes"   // it held: the entry is stale
	KnownExpired  KnownState = "expired"  // its last day is over: the entry is stale
)

var knownOrder = []KnownState{"", KnownUnjudged, KnownFails, KnownPasses, KnownExpired}

// Stale reports whether an entry in this state is to be removed.
func (s KnownState) Stale() bool { return s == KnownPasses || s == KnownExpired }

// Known is an entry of the known-failure file that is about the scenario of this result.
type Known struct {
	Rule     string     `json:"rule"`
	Scenario string     `json:"scenario,omitempty"` // as the entry names it; "": any
	Reason   string     `json:"reason"`
	Link     string     `json:"link,omitempty"`
	Until    string     `json:"until,omitempty"` // last day, such as "2027-03-01"
	Place    string     `json:"place"`           // file and line of the entry
	State    KnownState `json:"state"`
}

// Expected gives the entry that expects a broken rule to be broken, or nil: when there is none the
// failure counts, and a rule that did not fail needs no excuse. Such a failure is shown as XFAIL.
func (r *Result) Expected(rule *check.RuleResult) *Known {
	if rule.Verdict != check.Fail {
		return nil
	}
	i := slices.IndexFunc(r.Known, func(k Known) bool { return k.Rule == rule.ID })
	if i < 0 {
		return nil
	}
	return &r.Known[i]
}

// mergeKnown unites entries. One that is in both keeps the graver of its states, as gates keep the
// graver verdict.
func mergeKnown(a, b []Known) []Known {
	byKey := map[string]Known{}
	for _, k := range slices.Concat(a, b) {
		key := strings.Join([]string{k.Rule, k.Scenario, k.Place}, "\x00")
		if before, ok := byKey[key]; ok {
			k = graverKnown(before, k)
		}
		byKey[key] = k
	}
	return sorted(byKey)
}

func graverKnown(a, b Known) Known {
	switch state := worse(knownOrder, a.State, b.State); {
	case a.State == b.State:
		return least(a, b)
	case state == a.State:
		return a
	}
	return b
}
