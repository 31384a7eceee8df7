package run

import (
	"path/filepath"
	"testing"

	"chatbench/internal/check"
	"chatbench/internal/result"
)

// TestShippedScenarios plays every scenario that ships, as a user would but in virtual time: each
// must come to its end with nothing broken, nothing undecided, and something done.
func TestShippedScenarios(t *testing.T) {
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d scenarios, %v; want at least 8", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			s := load(t, file)
			s.Seed = 4
			for i := range s.Load.Stages { // the demo's crowd is for a real run
				s.Load.Stages[i].Customers = min(s.Load.Stages[i].Customers, 300)
			}
			r := virtually(t, s, Options{})
			if r.Exit != result.ExitOK || len(r.Reasons) > 0 {
				t.Errorf("exit code %d: %v", r.Exit, r.Reasons)
			}
			for _, rule := range r.Broken(check.Fail, check.Error, check.Inconclusive) {
				t.Errorf("%s is %s: %+v", rule.ID, rule.Verdict, rule)
			}
			if n := r.Metrics.Total().Counters.Begun(); n < 20 {
				t.Errorf("only %d conversations were begun", n)
			}
		})
	}
}
