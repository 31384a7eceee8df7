package gate

import (
	"strings"
	"testing"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// TestHopeless looks at runs that go on.
func TestHopeless(t *testing.T) {
	limit := func(quantile float64) scenario.Scenario {
		return patient(latency(quantile, 0.05, 1, "send.service < 50ms"))
	}
	tests := []struct {
		why  string
		r    result.Result
		s    scenario.Scenario
		want result.GateKind // "": it may go on
	}{
		{"all is well", result.Result{Rules: []check.RuleResult{held}, Metrics: minute(never)}, limit(0.95), ""},
		{"a rule was broken", rules(broken), scenario.Scenario{}, result.GateConformance},
		{"a rule was broken that is known to fail", rules(broken), scenario.Scenario{Gate: scenario.Gate{Known: []scenario.KnownFailure{listing(2, "DEL-04", "", "")}}}, ""},
		{"a rule was broken that only warns", rules(expected), scenario.Scenario{}, ""},
		{"far beyond the limit", result.Result{Metrics: minute(tenth)}, limit(0.98), result.GateLatency},
		{"beyond it, but not beyond doubt", result.Result{Metrics: minute(stall)}, limit(0.95), ""},
		{"nothing was measured yet", result.Result{}, limit(0.95), ""},
		{"beyond the limit, but the generator is late", result.Result{Metrics: minute(tenth), Health: lateness(1, 1)}, limit(0.98), ""},
		{"more errors than may ever come", result.Result{Metrics: exchanged()}, errorLimit("send.failed", 3, true, 1, "send.failed < 3"), result.GateErrors},
		{"a share of few errors, which may sink yet", result.Result{Metrics: exchanged()}, errorLimit("send.failed", 0.2, false, 1, "send.failed < 20%"), ""},
		{"one was missed where none may be", result.Result{Metrics: steps(99, 1)}, scenario.Scenario{}, result.GateMissed},
		{"one was missed where some may be", result.Result{Metrics: steps(1, 1)}, scenario.Scenario{Gate: scenario.Gate{MaxMissed: 0.1}}, ""},
		{"all were missed", result.Result{Metrics: steps(0, 90)}, scenario.Scenario{Gate: scenario.Gate{MaxMissed: 0.1}}, result.GateMissed},
		{"a rule came up too seldom yet", rules(held), exercise("ORD-01", 1000), ""},
	}
	for _, tt := range tests {
		g := Hopeless(&tt.r, &tt.s, today)
		switch {
		case g == nil && tt.want != "":
			t.Errorf("%s: it may go on, want the gate of %s to end it; gates %+v", tt.why, tt.want, tt.r.Gates)
		case g != nil && g.Kind != tt.want:
			t.Errorf("%s: %s ended it (%s), want %q", tt.why, g.Kind, g.Sentence, tt.want)
		}
	}
}

// TestAborted wants a run that was ended to say which gate and when, and to end with its exit code,
// unless nothing is known of the tenant's speed.
func TestAborted(t *testing.T) {
	slow := result.Gate{Kind: result.GateLatency, Verdict: result.Fail, Sentence: `"send.service p50 < 50ms": it was 90ms.`}
	wrong := result.Gate{Kind: result.GateConformance, Verdict: result.Fail, Sentence: "The tenant broke 1 rule: DEL-04."}
	tests := []struct {
		why     string
		r       result.Result
		gate    result.Gate
		exit    result.Exit
		verdict result.Verdict
	}{
		{"a limit", result.Result{Metrics: minute(never)}, slow, result.ExitPerformance, result.Fail},
		{"a rule", result.Result{Metrics: minute(never)}, wrong, result.ExitConformance, result.Fail},
		{"a limit, by a generator that turned out to be late", result.Result{Metrics: minute(never), Health: lateness(1, 1)}, slow, result.ExitInvalid, result.Invalid},
		{"a rule, by a generator that turned out to be late", result.Result{Metrics: minute(never), Health: lateness(1, 1)}, wrong, result.ExitConformance, result.Fail},
	}
	for _, tt := range tests {
		s := patient(latency(0.95, 0.05, 1000, "send.service p95 < 50ms, at least 1000 samples"))
		Apply(&tt.r, &s, Ending{Aborted: &Abort{At: 42300 * time.Millisecond, Gate: tt.gate}})
		said := strings.Join(tt.r.Reasons, "\n")
		if tt.r.Exit != tt.exit || tt.r.Verdict != tt.verdict || tt.r.Run.Ended != result.EndedAborted {
			t.Errorf("%s: exit code %d, %s, ended %q, want %d, %s, aborted; reasons %q", tt.why, tt.r.Exit, tt.r.Verdict, tt.r.Run.Ended, tt.exit, tt.verdict, tt.r.Reasons)
		}
		if !strings.Contains(said, "ended after 42s, because a gate had failed for good. "+tt.gate.Sentence) {
			t.Errorf("%s: reasons %q, want when and why it was ended", tt.why, tt.r.Reasons)
		}
		if g := tt.r.Gates[lastOf(tt.r.Gates, result.GateLatency)]; g.Verdict == result.Fail {
			t.Errorf("%s: the gate for which samples were still to come failed: %+v", tt.why, g)
		}
	}
}

// TestGoodRunsAreNotEnded looks at a good run every two seconds, as it goes on, whose percentile lies
// right below its limit: it is not ended.
func TestGoodRunsAreNotEnded(t *testing.T) {
	s := patient(latency(0.9, 0.05, 1, "send.service p90 < 50ms"))
	for seed := range 5 {
		for end := 2; end <= 60; end += 2 {
			m := minute(func(second, i int) bool {
				return second < end && (7*second+3*i+seed)*2654435761%4294967296 < 4294967296/11
			})
			m.Timeline.Points = m.Timeline.Points[:end]
			r := result.Result{Metrics: m, Health: metric.Health{}}
			if g := Hopeless(&r, &s, today); g != nil {
				t.Errorf("seed %d: ended after %d s: %s", seed, end, g.Sentence)
			}
		}
	}
}
