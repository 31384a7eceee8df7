package gate

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chatbench/internal/check"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// today is the day of the tests.
var today = time.Date(2027, 3, 1, 23, 0, 0, 0, time.UTC)

// listing is an entry of known.yaml, in the line given.
func listing(line int, rule, scenarioName, until string) scenario.KnownFailure {
	return scenario.KnownFailure{Rule: rule, Scenario: scenarioName, Reason: "it is so", Until: until, File: "known.yaml", Line: line}
}

// TestKnownFailures holds one or two entries against one or two rules.
func TestKnownFailures(t *testing.T) {
	idle := rule("DSC-01", check.Demo, check.NotExercised, 0, 0)
	loss := listing(2, "DEL-04", "", "")
	tests := []struct {
		why    string
		rules  []check.RuleResult
		list   []scenario.KnownFailure
		end    Ending
		exit   result.Exit
		states []result.KnownState
		say    string // in the reasons or notes
	}{
		{"broken as expected", []check.RuleResult{held, broken}, []scenario.KnownFailure{loss}, Ending{}, result.ExitOK,
			[]result.KnownState{result.KnownFails}, "Failed as expected: DEL-04."},
		{"another one is broken as well, which counts", []check.RuleResult{promised, broken}, []scenario.KnownFailure{loss}, Ending{}, result.ExitConformance,
			[]result.KnownState{result.KnownFails}, "The tenant broke 1 rule: SHP-01."},
		{"it held, so the list is stale", []check.RuleResult{held}, []scenario.KnownFailure{listing(7, "ORD-01", "", "")}, Ending{}, result.ExitStale,
			[]result.KnownState{result.KnownPasses}, "ORD-01 is listed as a known failure but held: remove the entry in line 7 of known.yaml."},
		{"a broken rule goes before a stale list", []check.RuleResult{held, promised}, []scenario.KnownFailure{listing(7, "ORD-01", "", "")}, Ending{}, result.ExitConformance,
			[]result.KnownState{result.KnownPasses}, "remove the entry in line 7"},
		{"the last day is still one", []check.RuleResult{broken}, []scenario.KnownFailure{listing(2, "DEL-04", "", "2027-03-01")}, Ending{}, result.ExitOK,
			[]result.KnownState{result.KnownFails}, "Failed as expected: DEL-04."},
		{"the last day is over", []check.RuleResult{broken}, []scenario.KnownFailure{listing(2, "DEL-04", "", "2027-02-28")}, Ending{}, result.ExitStale,
			[]result.KnownState{result.KnownExpired}, "DEL-04 was known to fail until 2027-02-28 and still fails: remove the entry in line 2 of known.yaml, or give it a later day."},
		{"the last day is over, whatever came up", []check.RuleResult{idle}, []scenario.KnownFailure{listing(2, "DSC-01", "", "2027-02-28")}, Ending{}, result.ExitStale,
			[]result.KnownState{result.KnownExpired}, "DSC-01 was known to fail until 2027-02-28: remove the entry in line 2"},
		{"the last day is over, but nobody looked", []check.RuleResult{held}, []scenario.KnownFailure{listing(2, "DSC-01", "", "2027-02-28")}, Ending{}, result.ExitOK,
			[]result.KnownState{result.KnownUnjudged}, "because it was not checked."},
		{"it did not come up", []check.RuleResult{idle}, []scenario.KnownFailure{listing(2, "DSC-01", "", "")}, Ending{}, result.ExitOK,
			[]result.KnownState{result.KnownUnjudged}, "known.yaml:2 lists DSC-01 as a known failure; whether it still fails is not known, because it was NOT-EXERCISED."},
		{"it is undecided", []check.RuleResult{undecided()}, []scenario.KnownFailure{loss}, Ending{}, result.ExitOK,
			[]result.KnownState{result.KnownUnjudged}, "because it was INCONCLUSIVE."},
		{"it was not checked", []check.RuleResult{held}, []scenario.KnownFailure{loss}, Ending{}, result.ExitOK,
			[]result.KnownState{result.KnownUnjudged}, "because it was not checked."},
		{"it held until the run was stopped", []check.RuleResult{held}, []scenario.KnownFailure{listing(2, "ORD-01", "", "")}, Ending{Interrupted: true}, result.ExitInterrupted,
			[]result.KnownState{result.KnownUnjudged}, "because it held only in the part that was seen."},
		{"it held in some customers", []check.RuleResult{held}, []scenario.KnownFailure{listing(2, "ORD-01", "", "")}, Ending{Partial: true}, result.ExitOK,
			[]result.KnownState{result.KnownUnjudged}, "because it held only in the part that was seen."},
		{"the entry is about another scenario", []check.RuleResult{broken}, []scenario.KnownFailure{listing(2, "DEL-04", "smoke", "")}, Ending{}, result.ExitConformance,
			nil, "The tenant broke 1 rule: DEL-04."},
		{"the entry that names the scenario counts", []check.RuleResult{broken},
			[]scenario.KnownFailure{listing(2, "DEL-04", "", "2027-01-01"), listing(5, "DEL-04", "demo", "2028-01-01")}, Ending{}, result.ExitOK,
			[]result.KnownState{result.KnownFails}, "Failed as expected: DEL-04."},
		{"what nobody promises does not even warn when it is known", []check.RuleResult{expected}, []scenario.KnownFailure{listing(2, "DEL-03", "", "")}, Ending{}, result.ExitOK,
			[]result.KnownState{result.KnownFails}, "Failed as expected: DEL-03."},
		{"a bug of ours is never known", []check.RuleResult{ours}, []scenario.KnownFailure{listing(2, "SIM-01", "", "")}, Ending{}, result.ExitBug,
			[]result.KnownState{result.KnownUnjudged}, "chatbench broke its own rule SIM-01"},
	}
	for _, tt := range tests {
		r := rules(tt.rules...)
		r.Scenario.Name = "demo"
		s := scenario.Scenario{Gate: scenario.Gate{Known: tt.list}}
		tt.end.Now = today
		Apply(&r, &s, tt.end)
		if r.Exit != tt.exit {
			t.Errorf("%s: exit code %d, want %d; reasons %q", tt.why, r.Exit, tt.exit, r.Reasons)
		}
		var states []result.KnownState
		for _, k := range r.Known {
			states = append(states, k.State)
		}
		if diff := cmp.Diff(tt.states, states); diff != "" {
			t.Errorf("%s: states (-want +got):\n%s", tt.why, diff)
		}
		if said := strings.Join(append(r.Reasons, r.Notes...), "\n"); !strings.Contains(said, tt.say) {
			t.Errorf("%s: said %q, want %q in it", tt.why, said, tt.say)
		}
		stale := lastOf(r.Gates, result.GateKnown)
		if stale < 0 || (r.Gates[stale].Verdict == result.Stale) != (r.Gates[stale].Observed > 0) {
			t.Errorf("%s: gates %+v, want one of the known failures that counts the stale ones", tt.why, r.Gates)
		}
	}
}

// TestKnownWithoutADay wants entries to hold for ever when no day is given to hold them against.
func TestKnownWithoutADay(t *testing.T) {
	r, s := rules(broken), scenario.Scenario{Gate: scenario.Gate{Known: []scenario.KnownFailure{listing(2, "DEL-04", "", "1999-01-01")}}}
	Apply(&r, &s, Ending{})
	if r.Exit != result.ExitOK {
		t.Errorf("exit code %d, want 0; reasons %q", r.Exit, r.Reasons)
	}
}

func TestUpdateKnown(t *testing.T) {
	of := func(name string, exit result.Exit, list ...check.RuleResult) *result.Result {
		r := rules(list...)
		r.Scenario.Name, r.Exit = name, exit
		return &r
	}
	strict := of("demo", 1, expected)
	strict.Gates = []result.Gate{{Kind: result.GateConformance, Name: strictName}}
	stopped := of("demo", 1, held, broken)
	stopped.Run.Ended = result.EndedInterrupted
	taped := of("demo", 0, held)
	taped.Target.Kind = result.Recorded
	fixed := rule("DEL-04", check.Demo, check.Pass, 0, 9)
	order, loss := listing(2, "ORD-01", "", ""), listing(5, "DEL-04", "demo", "")
	tests := []struct {
		why         string
		list        []scenario.KnownFailure
		results     []*result.Result
		add, remove []string // rules, with their scenarios
	}{
		{"a new failure", nil, []*result.Result{of("demo", 1, held, broken)}, []string{"DEL-04 demo"}, nil},
		{"the same in two scenarios, and twice in one", nil, []*result.Result{of("demo", 1, broken), of("smoke", 1, broken), of("demo", 1, broken)},
			[]string{"DEL-04 demo", "DEL-04 smoke"}, nil},
		{"it is listed", []scenario.KnownFailure{loss}, []*result.Result{of("demo", 0, broken)}, nil, nil},
		{"it is listed for another scenario", []scenario.KnownFailure{loss}, []*result.Result{of("smoke", 1, broken)}, []string{"DEL-04 smoke"}, nil},
		{"what only warns is not listed", nil, []*result.Result{of("demo", 0, expected)}, nil, nil},
		{"in a strict run it fails", nil, []*result.Result{strict}, []string{"DEL-03 demo"}, nil},
		{"a bug of ours is not listed", nil, []*result.Result{of("demo", 70, ours)}, nil, nil},
		{"it held", []scenario.KnownFailure{order, loss}, []*result.Result{of("demo", 4, held, broken)}, nil, []string{"ORD-01 "}},
		{"it held in one scenario and not in the other", []scenario.KnownFailure{listing(2, "DEL-04", "", "")},
			[]*result.Result{of("demo", 4, fixed), of("smoke", 0, broken)}, nil, nil},
		{"it held in another scenario", []scenario.KnownFailure{loss}, []*result.Result{of("smoke", 4, fixed)}, nil, nil},
		{"it held until the run was stopped", []scenario.KnownFailure{order}, []*result.Result{of("demo", 130, held)}, nil, nil},
		{"it held until the run was stopped, which had broken another", []scenario.KnownFailure{order, loss}, []*result.Result{stopped}, nil, nil},
		{"it held in a trace, which may be of some customers", []scenario.KnownFailure{order}, []*result.Result{taped}, nil, nil},
		{"it did not come up", []scenario.KnownFailure{order}, []*result.Result{of("demo", 0, broken)}, []string{"DEL-04 demo"}, nil},
	}
	names := func(list []scenario.KnownFailure) (names []string) {
		for _, k := range list {
			names = append(names, k.Rule+" "+k.Scenario)
		}
		return names
	}
	for _, tt := range tests {
		got := UpdateKnown(tt.list, tt.results)
		if diff := cmp.Diff([2][]string{tt.add, tt.remove}, [2][]string{names(got.Add), names(got.Remove)}, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: to add and to remove (-want +got):\n%s", tt.why, diff)
		}
	}
}
