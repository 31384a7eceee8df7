package run

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	live := virtually(t, s, Options{Out: dir, Trace: Policy{1}})
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

func TestHealthyTenantBreaksNothing(t *testing.T) {
	s := load(t, "testdata/everything.yaml")
	s.Seed = 1
	r := virtually(t, s, Options{})
	for _, rule := range r.Rules {
		if rule.Verdict != check.Pass {
			t.Errorf("%s is %s: %+v", rule.ID, rule.Verdict, rule)
		}
	}
	if r.Exit != result.ExitOK || len(r.Reasons) > 0 {
		t.Errorf("exit code %d: %v", r.Exit, r.Reasons)
	}
}

// TestMutants is the kill matrix: each fault of the embedded tenant is applied and breaks exactly
// the rules it says it breaks, and each rule for the tenant is broken by one.
func TestMutants(t *testing.T) {
	killed := map[string]bool{}
	for _, m := range tenant.Mutants() {
		for _, id := range m.Rules {
			killed[id] = true
		}
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			s := load(t, "testdata/everything.yaml")
			s.Seed = 1
			s.Tenant.Mutants = []string{m.Name + ":3"}
			r := virtually(t, s, Options{})
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
	r, err := Recheck(f, RecheckOptions{File: file, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
