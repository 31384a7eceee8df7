package probe

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/check"
	"chatbench/internal/scenario"
	"chatbench/internal/tenant"
)

// setUps are for the mutants that have no chance on a full tenant.
var setUps = map[string]func(*scenario.Tenant){
	"refuse-and-serve": shut,
	"queue-trap":       func(c *scenario.Tenant) { c.Agents.Count = 0 },
}

// shut has nobody who answers.
func shut(c *scenario.Tenant) {
	c.Robot, c.Hours.Never = nil, true
}

// TestMutants is the kill matrix: each fault is committed at every chance and breaks exactly the
// rules it says it breaks.
func TestMutants(t *testing.T) {
	for _, m := range tenant.ProbeMutants() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			cfg := full()
			if change := setUps[m.Name]; change != nil {
				change(&cfg)
			}
			cfg.Mutants = []string{m.Name + ":every=1"}
			out := probing(t, cfg, nil)
			if out.stats.Mutants[m.Name] == 0 {
				t.Error("the mutant was not applied")
			}
			if diff := cmp.Diff(m.Rules, out.broken(check.Fail)); diff != "" {
				t.Errorf("rules broken (-want +got):\n%s", diff)
				out.tell(t)
			}
			if got := out.broken(check.Inconclusive); len(got) > 0 {
				t.Errorf("undecided: %v, want none", got)
			}
		})
	}
}

// TestEveryActiveRule wants each rule to have its cases asked for, and a mutant that breaks it.
func TestEveryActiveRule(t *testing.T) {
	var asked []string
	for _, a := range acts {
		asked = append(asked, a.cases...)
	}
	killed := map[string]bool{"TLS-21": true} // the embedded tenant leaves TLS to its listener; see TestOldTLS
	for _, m := range tenant.ProbeMutants() {
		for _, id := range m.Rules {
			killed[id] = true
		}
	}
	known := 0
	for _, r := range check.ActiveRules() {
		cases := check.Cases(r.ID)
		known += len(cases)
		for _, name := range cases {
			if !slices.Contains(asked, name) {
				t.Errorf("no act asks for %q", name)
			}
		}
		if !killed[r.ID] {
			t.Errorf("no mutant breaks %s", r.ID)
		}
	}
	if len(asked) != known {
		t.Errorf("acts ask for %d cases, the rules have %d", len(asked), known)
	}
}
