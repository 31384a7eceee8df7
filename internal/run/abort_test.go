package run

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chatbench/internal/check"
	"chatbench/internal/memnet"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// long is a scenario of a minute with a hundred customers, that is ended when it is hopeless.
func long(t *testing.T, change func(*scenario.Scenario)) *scenario.Scenario {
	s := brief(t)
	s.Load.Stages[len(s.Load.Stages)-1].Length = time.Minute
	s.Gate.AbortAfter = 10 * time.Second
	change(s)
	return s
}

func demand(t *testing.T, text string) func(*scenario.Scenario) {
	return func(s *scenario.Scenario) {
		if err := s.Demand(text, scenario.Options{}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestHopelessRunIsEnded plays runs that are ended, or not, and wants the customers to hang up, the
// report to say why, and the trace to tell the same.
func TestHopelessRunIsEnded(t *testing.T) {
	tests := []struct {
		why    string
		change func(*scenario.Scenario)
		exit   result.Exit
		ended  result.Ended
		reason string
	}{
		{"nothing is wrong", func(*scenario.Scenario) {}, result.ExitOK, "", ""},
		{"a rule is broken", func(s *scenario.Scenario) { s.Tenant.Mutants = []string{"drop-one:every=5"} }, result.ExitConformance, result.EndedAborted, "because a gate had failed for good. The tenant broke"},
		{"a limit is missed by far", func(s *scenario.Scenario) {
			s.Tenant.ReplyDelay = scenario.Dist{A: 30 * time.Millisecond, B: 50 * time.Millisecond}
			demand(t, "send.service p50 < 20ms")(s)
		}, result.ExitPerformance, result.EndedAborted, `because a gate had failed for good. "send.service p50 < 20ms": it was`},
		{"what is broken is not checked", func(s *scenario.Scenario) {
			s.Tenant.Mutants = []string{"drop-one:every=5"}
			s.Gate.Off = append(s.Gate.Off, "DEL-01", "DEL-02", "DEL-03", "DEL-04", "DEL-06", "ORD-01")
		}, result.ExitOK, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			dir := t.TempDir()
			var live *result.Result
			took := time.Duration(0)
			synctest.Test(t, func(t *testing.T) {
				l := memnet.Listen()
				begun := time.Now()
				var err error
				live, err = Play(t.Context(), Options{Scenario: long(t, tt.change), Version: "test", Out: dir, Trace: Policy{Share: 1}, network: &network{listener: l, dial: l.Dial}})
				if err != nil {
					t.Fatal(err)
				}
				took = time.Since(begun)
			})
			if live.Exit != tt.exit || live.Run.Ended != tt.ended || !strings.Contains(strings.Join(live.Reasons, "\n"), tt.reason) {
				t.Errorf("exit code %d, ended %q, reasons %q; want %d, %q, %q", live.Exit, live.Run.Ended, live.Reasons, tt.exit, tt.ended, tt.reason)
			}
			if short := took < 40*time.Second; short != (tt.ended != "") || took < 10*time.Second {
				t.Errorf("it took %v, want a minute for a whole run and less for one that was ended, after 10 s", took)
			}
			again := recheck(t, filepath.Join(dir, TraceFile))
			if again.Run.Ended != tt.ended {
				t.Errorf("the trace ended %q, want %q", again.Run.Ended, tt.ended)
			}
			if diff := cmp.Diff(live.Rules, again.Rules, cmpopts.IgnoreFields(check.Witness{}, "Reproduce")); diff != "" {
				t.Errorf("rules (-live +from the trace):\n%s", diff)
			}
		})
	}
}
