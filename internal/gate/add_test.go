package gate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/result"
)

func TestAdd(t *testing.T) {
	for name, c := range map[string]struct {
		before  result.Result
		verdict result.Verdict
		exit    result.Exit
		want    result.Result // without gates
	}{
		"a gate that passed changes nothing": {
			result.Result{Verdict: result.Warn, Reasons: []string{"first"}}, result.Pass, result.ExitOK,
			result.Result{Verdict: result.Warn, Reasons: []string{"first"}},
		},
		"one that failed decides": {
			result.Result{Verdict: result.Warn, Reasons: []string{"first"}}, result.Fail, result.ExitPerformance,
			result.Result{Verdict: result.Fail, Exit: result.ExitPerformance, Reasons: []string{"added", "first"}},
		},
		"a broken rule stays in front": {
			result.Result{Verdict: result.Fail, Exit: result.ExitConformance, Reasons: []string{"first"}}, result.Fail, result.ExitPerformance,
			result.Result{Verdict: result.Fail, Exit: result.ExitConformance, Reasons: []string{"first", "added"}},
		},
		"what cannot be told gives way to what failed": {
			result.Result{Verdict: result.Fail, Exit: result.ExitPerformance, Reasons: []string{"first"}}, result.Inconclusive, result.ExitInconclusive,
			result.Result{Verdict: result.Fail, Exit: result.ExitPerformance, Reasons: []string{"first", "added"}},
		},
	} {
		got := c.before
		g := result.Gate{Kind: result.GateBaseline, Verdict: c.verdict, Sentence: "added"}
		Add(&got, g, c.exit)
		type judged struct {
			Verdict result.Verdict
			Exit    result.Exit
			Reasons []string
			Gates   []result.Gate
		}
		want := judged{c.want.Verdict, c.want.Exit, c.want.Reasons, []result.Gate{g}}
		if diff := cmp.Diff(want, judged{got.Verdict, got.Exit, got.Reasons, got.Gates}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
