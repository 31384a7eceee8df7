package run

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/memnet"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/tenant"
	"chatbench/internal/trace"
)

// load reads a scenario for a test.
func load(t *testing.T, file string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.LoadFile(file, scenario.Options{Rules: check.Known()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// virtually plays a scenario in memory and in virtual time. Everything else is as in a real run:
// the embedded tenant, HTTP, the checker.
func virtually(t *testing.T, s *scenario.Scenario, opt Options) *result.Result {
	t.Helper()
	var r *result.Result
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		opt.Scenario, opt.Version, opt.network = s, "test", &network{listener: l, dial: l.Dial}
		var err error
		if r, err = Play(t.Context(), opt); err != nil {
			t.Fatal(err)
		}
	})
	for name, late := range r.Health.Lateness {
		if late.Max > 0.001 { // the virtual clock does not move while anybody has something to do
			t.Errorf("%s: the generator counts itself late by up to %.3f s in virtual time", name, late.Max)
		}
	}
	return r
}

// recorded plays a scenario, checks its trace and wants the rules to come out as they did live.
func recorded(t *testing.T, s *scenario.Scenario) *result.Result {
	t.Helper()
	dir := t.TempDir()
	live := virtually(t, s, Options{Out: dir, Trace: Policy{Share: 1}})
	again := recheck(t, filepath.Join(dir, TraceFile))
	if again.Exit != live.Exit {
		t.Errorf("exit code %d from the trace, %d live", again.Exit, live.Exit)
	}
	if diff := cmp.Diff(live.Rules, again.Rules, cmpopts.IgnoreFields(check.Witness{}, "Reproduce")); diff != "" {
		t.Errorf("rules (-live +from the trace):\n%s", diff)
	}
	return live
}

// broken lists the rules with a verdict.
func broken(r *result.Result, verdict check.Verdict) []string {
	var ids []string
	for _, rule := range r.Broken(verdict) {
		ids = append(ids, rule.ID)
	}
	return ids
}

// setUps are the files in testdata that mutants are played with.
var setUps = []string{"everything", "codes", "no_robot", "patience", "queue", "receipts", "silence", "tokens"}

// setUp reads one of them, with the rules in force that are off unless asked for.
func setUp(t *testing.T, name string) *scenario.Scenario {
	t.Helper()
	s := load(t, "testdata/"+name+".yaml")
	s.Seed, s.Gate.On = 1, check.Known()
	return s
}

// exercised collects the rules that held somewhere.
type exercised struct {
	mu   sync.Mutex // protects held
	held map[string]bool
}

func (e *exercised) add(r *result.Result) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.held == nil {
		e.held = map[string]bool{}
	}
	for _, id := range broken(r, check.Pass) {
		e.held[id] = true
	}
}

// TestHealthyTenantBreaksNothing plays every set-up without a mutant. Each rule has to hold
// somewhere, and to be broken or undecided nowhere.
func TestHealthyTenantBreaksNothing(t *testing.T) {
	var rules exercised
	t.Run("set-up", func(t *testing.T) {
		for _, name := range setUps {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := virtually(t, setUp(t, name), Options{})
				for _, rule := range r.Broken(check.Fail, check.Inconclusive, check.Error, check.NotObservable) {
					t.Errorf("%s is %s: %+v", rule.ID, rule.Verdict, rule)
				}
				if r.Exit != result.ExitOK || len(r.Reasons) > 0 {
					t.Errorf("exit code %d: %v", r.Exit, r.Reasons)
				}
				rules.add(r)
			})
		}
	})
	for _, rule := range check.Rules() {
		if !rules.held[rule.ID] && !unprovoked[rule.ID] {
			t.Errorf("%s was exercised by no set-up", rule.ID)
		}
	}
}

// unprovoked are rules whose case a healthy tenant does not bring about in a set-up: a text or a
// call is refused there, and TestSilence has such tenants.
var unprovoked = map[string]bool{"TOK-04": true, "DEL-05": true, "SIM-08": true, byJudge: true}

// byJudge is a rule that only a tenant looks at which judges its clients.
const byJudge = "SIM-14"

// chances says with which set-up a mutant is played and which chances it takes; the others are
// played with everything.yaml and take the third.
var chances = map[string]struct{ setUp, spec string }{
	"token-untyped":      {"everything", ":2"}, // the first is made before the run, and there are no more
	"token-long":         {"everything", ":2"},
	"dead-replacement":   {"tokens", ":3"},
	"lose-at-renewal":    {"tokens", ":3"},
	"odd-code":           {"queue", ":1"}, // after it the customer asks no more
	"queue-negative":     {"queue", ":3"},
	"queue-stuck":        {"queue", ":1"},
	"queue-back":         {"queue", ":3"},
	"queue-forever":      {"queue", ":every=1"}, // somebody has to wait for long
	"slow-hold":          {"patience", ":every=1"},
	"restless":           {"patience", ":3"},
	"mute-handover":      {"patience", ":3"},
	"poll-outside-error": {"everything", ":every=1"}, // polls that hang-ups overtake are chances too
	"foreign-read":       {"receipts", ":3"},
	"same-code":          {"codes", ":3"},
	"surprise-robot":     {"no_robot", ":3"},
	"no-tip":             {"silence", ":3"},
	"impatient":          {"silence", ":3"},
}

// TestMutants is the kill matrix: each fault of the embedded tenant is applied and breaks exactly
// the rules it says it breaks.
func TestMutants(t *testing.T) {
	for _, m := range tenant.Mutants() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			chance, ok := chances[m.Name]
			if !ok {
				chance.setUp, chance.spec = "everything", ":3"
			}
			s := setUp(t, chance.setUp)
			s.Tenant.Mutants = []string{m.Name + chance.spec}
			r, applied := mutated(t, s, m.Name)
			if applied == 0 {
				t.Error("the mutant was not applied")
			}
			if got := broken(r, check.Fail); !equal(got, m.Rules) {
				t.Errorf("broke %v, want %v", got, m.Rules)
				for _, rule := range r.Broken(check.Fail) {
					t.Logf("%s: %+v", rule.ID, rule.Witnesses)
				}
			}
			if got := broken(r, check.Error); len(got) > 0 {
				t.Errorf("the customer broke its own rules: %v", got)
			}
		})
	}
}

// mutated plays a scenario and tells how often the tenant says that it has committed a fault.
func mutated(t *testing.T, s *scenario.Scenario, name string) (r *result.Result, applied int64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		transport := &http.Transport{DialContext: l.Dial, DisableKeepAlives: true}
		client := &http.Client{Transport: transport}
		look := func(Progress) {
			var about tenant.About
			if err := get(t.Context(), client, "http://tenant"+tenant.AboutPath, &about); err != nil {
				t.Error(err)
			}
			applied = about.Stats.Mutants[name]
		}
		var err error
		r, err = Play(t.Context(), Options{Scenario: s, Version: "test", Progress: look, network: &network{listener: l, dial: l.Dial}})
		if err != nil {
			t.Fatal(err)
		}
	})
	return r, applied
}

// TestEveryRuleHasAMutant wants each rule for the tenant to be broken by a fault.
func TestEveryRuleHasAMutant(t *testing.T) {
	killed := map[string]bool{}
	for _, m := range tenant.Mutants() {
		for _, id := range m.Rules {
			killed[id] = true
		}
	}
	for _, rule := range check.Rules() {
		if rule.Level != check.Self && !killed[rule.ID] {
			t.Errorf("no mutant breaks %s", rule.ID)
		}
	}
}

func equal(a, b []string) bool {
	set := map[string]int{}
	for _, s := range a {
		set[s]++
	}
	for _, s := range b {
		set[s]--
	}
	for _, n := range set {
		if n != 0 {
			return false
		}
	}
	return true
}

// decided reads what customers decided from a trace: the flow of every conversation, and the kind
// and sequence number of everything they said, by customer and epoch.
func decided(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []string
	_, _, err = trace.Read(f, nil, func(e *trace.Event) error {
		switch e.Kind {
		case trace.Begin:
			list = append(list, fmt.Sprintf("%03d/%03d 0 begins %s", e.Customer, e.Epoch, e.Flow))
		case trace.Invoke:
			if e.Op == aicc.OpSend || e.Op == aicc.OpTransfer || e.Op == aicc.OpUpload {
				list = append(list, fmt.Sprintf("%03d/%03d 1 %v %v", e.Customer, e.Epoch, e.Op, e.Seq))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func recheck(t *testing.T, file string) *result.Result {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := Recheck(FromTrace(f), RecheckOptions{File: file, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
