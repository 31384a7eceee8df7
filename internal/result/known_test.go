package result

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/check"
)

func TestExpected(t *testing.T) {
	r := &Result{Known: []Known{{Rule: "DSC-03", State: KnownFails}, {Rule: "MED-01", State: KnownExpired}}}
	for _, tt := range []struct {
		id      string
		verdict check.Verdict
		want    bool
		why     string
	}{
		{"DSC-03", check.Fail, true, "broken as expected"},
		{"MED-01", check.Fail, true, "the entry is stale, which is told, and the failure is no new one"},
		{"DSC-03", check.Pass, false, "what held needs no excuse"},
		{"DSC-03", check.Error, false, "a bug is never expected"},
		{"ORD-01", check.Fail, false, "not listed"},
	} {
		got := r.Expected(&check.RuleResult{ID: tt.id, Verdict: tt.verdict})
		if (got != nil) != tt.want || got != nil && got.Rule != tt.id {
			t.Errorf("%s: Expected(%s %s) = %+v, want one: %v", tt.why, tt.id, tt.verdict, got, tt.want)
		}
	}
}

func TestMergeKeepsTheGraverState(t *testing.T) {
	one := func(state KnownState) *Result {
		return &Result{Known: []Known{{Rule: "DSC-03", Place: "known.yaml:2", State: state}}}
	}
	other := &Result{Known: []Known{{Rule: "DSC-03", Scenario: "smoke", Place: "known.yaml:5", State: KnownUnjudged}}}
	states := []KnownState{KnownUnjudged, KnownFails, KnownPasses, KnownExpired}
	for i, a := range states {
		for k, b := range states {
			got := Merge(one(a), other, one(b)).Known
			want := []Known{{Rule: "DSC-03", Place: "known.yaml:2", State: states[max(i, k)]}, other.Known[0]}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s and %s (-want +got):\n%s", a, b, diff)
			}
		}
	}
}
