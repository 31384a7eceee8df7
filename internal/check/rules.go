package check

import "slices"

// Needs is what a rule must be able to see. Without it the verdict is NOT-OBSERVABLE, never PASS.
type Needs string

// What a rule may need.
const (
	Wire    Needs = "wire"    // the exchanges themselves; always there
	Markers Needs = "markers" // texts that a cooperating robot or agent marks, or an echo of the customer's own
	Journal Needs = "journal" // the tenant's own record of the conversation
	Setup   Needs = "set-up"  // what the tenant is set up to do, from its configuration or the scenario
	// TokensSeen stands for knowing which token each request carried.
	TokensSeen Needs = "tokens"
	ByProbe    Needs = "probe" // asked for on purpose, see [ActiveRules]
)

// Rule is one sentence of the conversation's contract and where it comes from.
type Rule struct {
	ID        string // "ORD-01"; given once, never reused
	Title     string // a few words, for tables
	Level     Level
	Severity  Severity
	Needs     Needs
	Source    string // the page it is read from, or what else makes people rely on it
	Statement string // the sentence that is broken, in our words
	Look      string // what to look at in the tenant's set-up when it fails
}

// rule is a place in the registry.
type rule uint8

const (
	tok01 rule = iota
	tok02
	tok03
	tok04
	tok05
	shp01
	shp02
	shp03
	shp04
	shp05
	shp06
	shp07
	shp08
	shp09
	shp10
	shp11
	shp12
	shp13
	con01
	con02
	pol01
	pol02
	pol03
	pol04
	pol05
	pol06
	ord01
	ord02
	ord03
	del01
	del02
	del03
	del04
	del05
	del06
	del07
	del08
	snd01
	snd02
	snd03
	snd04
	que01
	que02
	que03
	que04
	rob01
	rob02
	rob03
	hnd01
	hnd02
	hnd03
	dsc01
	dsc02
	dsc03
	dsc04
	dsc05
	dsc07
	dsc08
	dsc09
	dsc10
	dsc11
	med01
	med02
	med03
	med04
	med05
	med06
	sim01
	sim02
	sim03
	sim04
	sim05
	sim06
	sim07
	sim08
	sim09
	sim10
	sim11
	sim12
	sim13
	ruleCount
)

// Rules lists the rules that ordinary traffic shows, in their order. The slice is the caller's.
func Rules() []Rule { return slices.Clone(registry[:]) }

// Known lists the ids of all rules, those of [Rules] and then those of [ActiveRules].
func Known() []string {
	ids := make([]string, 0, int(ruleCount)+len(active))
	for i := range registry {
		ids = append(ids, registry[i].ID)
	}
	for i := range active {
		ids = append(ids, active[i].ID)
	}
	return ids
}

// Find returns the rule with this id, be it active or not.
func Find(id string) (Rule, bool) {
	if i := slices.IndexFunc(registry[:], func(r Rule) bool { return r.ID == id }); i >= 0 {
		return registry[i], true
	}
	if i := activeIndex(id); i >= 0 {
		return active[i].Rule, true
	}
	return Rule{}, false
}
