package run

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"chatbench/internal/aicc"
	"chatbench/internal/capacity"
)

// TestPlanAgainstRuns plays the scenarios that ship and holds what was asked of the tenant against
// what capacity.MakePlan had said before: conversations, and exchanges of each kind, in all stages
// together. A figure may be off by a tenth, and by three standard deviations of a count. Where
// agents are too few seven tenths are allowed: how long the queue is, is a guess. With -v it prints the
// table of docs/staffing.md.
func TestPlanAgainstRuns(t *testing.T) {
	if slowed {
		t.Skip("the same runs as those of TestShippedScenarios")
	}
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
			plan := capacity.MakePlan(s, 0)
			part := 0.1
			if plan.Agents != nil && plan.Agents.Wait > 0 {
				part = 0.7
			}
			all := virtually(t, s, Options{}).Metrics.All()
			line := fmt.Sprintf("| %s ", s.Name)
			line += held(t, "conversations", plan.Total.Begun, float64(all.Counters.Begun()), part)
			for _, op := range aicc.Ops() {
				got := float64(all.Counters.Exchange(op).Total())
				line += held(t, op.String(), plan.Total.Exchanges[op.String()], got, part)
			}
			t.Log(line + "|")
		})
	}
}

// held complains about a figure that is off by more than a part of it, and writes it down.
func held(t *testing.T, what string, planned, got, part float64) string {
	t.Helper()
	if math.Abs(planned-got) > part*got+3*math.Sqrt(got)+1 {
		t.Errorf("%s: planned %.1f, measured %.0f", what, planned, got)
	}
	return fmt.Sprintf("| %s %.0f / %.0f ", what, planned, got)
}
