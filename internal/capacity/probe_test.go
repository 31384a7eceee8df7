package capacity

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/check"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// gated is a scenario with two limits on speed, of which one needs many samples.
func gated() *scenario.Scenario {
	return &scenario.Scenario{Gate: scenario.Gate{Latency: []scenario.Limit{
		{Metric: "reply", Quantile: 0.95, Below: 1, Samples: 1, Text: "reply p95 < 1s"},
		{Metric: "handover", Quantile: 0.95, Below: 2, Samples: 100, Text: "handover p95 < 2s, at least 100 samples"},
	}}}
}

// gate is a gate of a result.
func gate(kind result.GateKind, name string, v result.Verdict, samples int64) result.Gate {
	return result.Gate{Kind: kind, Name: name, Verdict: v, Samples: samples, Sentence: "About " + name + "."}
}

// played is the result of a run in which conversations came to their end.
func played(t *testing.T, change func(*result.Result)) *result.Result {
	t.Helper()
	r := &result.Result{Metrics: measured(t, `{"stages": [
		{"position": 0, "name": "settle", "warmup": true, "start_ns": 0, "end_ns": 2000000000, "counters": {"flows": {"f": {"begun": 50}}}},
		{"position": 1, "name": "hold", "start_ns": 2000000000, "end_ns": 12000000000, "counters": {
			"messages": {"ROBOT": 20, "AGENT": 30, "SYSTEM": 7},
			"flows": {"f": {"begun": 40, "ended": {"customer": 30, "cut": 10}}}}}],
		"timeline": {"resolution_s": 1, "points": [{"customer_seconds": 99}, {"customer_seconds": 99}, {"customer_seconds": 10},
			{"customer_seconds": 12}, {"customer_seconds": 14}]}}`)}
	r.Run.Start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r.Run.End = r.Run.Start.Add(15 * time.Second)
	if change != nil {
		change(r)
	}
	return r
}

func measured(t *testing.T, text string) *metric.Metrics {
	t.Helper()
	var m metric.Metrics
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return &m
}

func TestJudgeOutcome(t *testing.T) {
	const reply, handover = "reply p95 < 1s", "handover p95 < 2s, at least 100 samples"
	for _, tt := range []struct {
		name  string // why the row is there
		run   func(*result.Result)
		want  Outcome
		first string // name of the first limit
	}{
		{"every gate passed", func(r *result.Result) {
			r.Gates = []result.Gate{gate(result.GateLatency, reply, result.Pass, 50)}
		}, Carried, ""},
		{"a limit was missed", func(r *result.Result) {
			r.Gates = []result.Gate{gate(result.GateLatency, reply, result.Fail, 50)}
		}, Missed, reply},
		{"expectations were missed", func(r *result.Result) {
			r.Gates = []result.Gate{gate(result.GateMissed, "missed expectations <= 0 %", result.Fail, 50)}
		}, Missed, "missed expectations <= 0 %"},
		{"too few samples are no limit of the tenant", func(r *result.Result) {
			r.Gates = []result.Gate{gate(result.GateLatency, handover, result.Fail, 99)}
		}, Thin, handover},
		{"enough samples are", func(r *result.Result) {
			r.Gates = []result.Gate{gate(result.GateLatency, handover, result.Fail, 100)}
		}, Missed, handover},
		{"a missed limit goes before too few samples", func(r *result.Result) {
			r.Gates = []result.Gate{gate(result.GateLatency, handover, result.Fail, 99), gate(result.GateLatency, reply, result.Fail, 50)}
		}, Missed, reply},
		{"the limit lies within the confidence interval", func(r *result.Result) {
			r.Gates = []result.Gate{gate(result.GateLatency, reply, result.Inconclusive, 50)}
		}, Unclear, reply},
		{"a rule that was not exercised is no limit", func(r *result.Result) {
			r.Exit = result.ExitInconclusive
			r.Gates = []result.Gate{gate(result.GateExercise, "DSC-01 >= 100", result.Inconclusive, 3)}
		}, Carried, ""},
		{"a stale known failure is no limit", func(r *result.Result) {
			r.Exit = result.ExitStale
			r.Gates = []result.Gate{gate(result.GateKnown, "known failures", result.Stale, 0)}
		}, Carried, ""},
		{"the generator was late; what was missed is not judged", func(r *result.Result) {
			r.Gates = []result.Gate{gate(result.GateLatency, reply, result.Invalid, 50), gate(result.GateGenerator, "generator lateness p99 <= 10ms", result.Invalid, 0)}
		}, Short, "generator lateness p99 <= 10ms"},
		{"a limit too tight for this machine", func(r *result.Result) {
			r.Gates = []result.Gate{gate(result.GateLatency, reply, result.Invalid, 50)}
		}, Short, reply},
		{"no descriptors left", func(r *result.Result) { r.Run.Ended = result.EndedStarved }, Short, ""},
		{"a rule was broken, though the generator was late", func(r *result.Result) {
			r.Gates = []result.Gate{gate(result.GateGenerator, "generator lateness p99 <= 10ms", result.Invalid, 0)}
			r.Rules = []check.RuleResult{{ID: "ORD-01", Verdict: check.Fail, Severity: check.Failure, Violations: 2}, {ID: "DEL-04", Verdict: check.Fail, Severity: check.Failure, Violations: 5}}
		}, Missed, "DEL-04"},
		{"a rule that warns", func(r *result.Result) {
			r.Rules = []check.RuleResult{{ID: "TOK-02", Verdict: check.Fail, Severity: check.Warning, Violations: 2}}
		}, Carried, ""},
		{"a known failure", func(r *result.Result) {
			r.Rules = []check.RuleResult{{ID: "ORD-01", Verdict: check.Fail, Severity: check.Failure, Violations: 2}}
			r.Known = []result.Known{{Rule: "ORD-01"}}
		}, Carried, ""},
		{"the tenant went away", func(r *result.Result) { r.Run.Ended = result.EndedGone }, Gone, ""},
		{"interrupted", func(r *result.Result) { r.Run.Ended = result.EndedInterrupted }, Cut, ""},
		{"a bug", func(r *result.Result) { r.Run.Ended = result.EndedBroken }, Broken, ""},
		{"chatbench broke a rule for itself", func(r *result.Result) { r.Exit = result.ExitBug }, Broken, ""},
		{"no conversation came to its end", func(r *result.Result) { r.Metrics = nil }, Thin, "conversations"},
	} {
		p := Judge(played(t, tt.run), gated(), 40)
		first := ""
		if len(p.Limits) > 0 {
			first = p.Limits[0].Name
		}
		if p.Outcome != tt.want || first != tt.first || p.Why == "" {
			t.Errorf("%s: %s, first limit %q, why %q; want %s, %q and a reason", tt.name, p.Outcome, first, p.Why, tt.want, tt.first)
		}
	}
}

// TestJudgeStrict has a rule that warns fail where the scenario is strict.
func TestJudgeStrict(t *testing.T) {
	s := gated()
	s.Gate.Strict = true
	p := Judge(played(t, func(r *result.Result) {
		r.Rules = []check.RuleResult{{ID: "TOK-02", Title: "t", Verdict: check.Fail, Severity: check.Warning, Violations: 2, Opportunities: 9}}
	}), s, 40)
	if p.Outcome != Missed || !strings.Contains(p.Why, "TOK-02 (t): 2 of 9") {
		t.Errorf("%s: %s", p.Outcome, p.Why)
	}
}

func TestJudgeFigures(t *testing.T) {
	p := Judge(played(t, nil), gated(), 40)
	p.Latency = nil
	want := Probe{
		Load: 40, Outcome: Carried, Why: "Every gate passed.", Start: p.Start, Took: 15 * time.Second,
		Throughput: 5,  // 20 and 30 messages in 10 s; those of the system are no answers
		Begun:      4,  // 40 in 10 s
		Present:    12, // the mean of 10, 12 and 14; the first two seconds are not of the hold
		CutShort:   0.25,
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	cut := Judge(played(t, func(r *result.Result) { r.Run.End = r.Run.Start.Add(9 * time.Second) }), gated(), 40)
	if cut.Throughput != 0 || cut.Begun != 0 {
		t.Errorf("a hold that was cut short has a throughput of %g and %g conversations a second, want none", cut.Throughput, cut.Begun)
	}
}

func TestStages(t *testing.T) {
	s := Search{Settle: 5 * time.Second, Hold: 20 * time.Second}
	closed := scenario.Load{Stages: []scenario.Stage{{Name: "1", Customers: 7, Length: time.Minute}}}
	want := []scenario.Stage{
		{Name: "ramp", Customers: 40, Ramp: true, Length: 2500 * time.Millisecond, Warmup: true},
		{Name: "settle", Customers: 40, Length: 2500 * time.Millisecond, Warmup: true},
		{Name: "hold", Customers: 40, Length: 20 * time.Second},
	}
	if diff := cmp.Diff(want, s.Stages(40)(closed)); diff != "" {
		t.Errorf("closed load (-want +got):\n%s", diff)
	}
	open := scenario.Load{Open: true, Stages: []scenario.Stage{{Name: "in", Arrivals: 9, Warmup: true}, {Name: "half", Arrivals: 4}, {Name: "full", Arrivals: 7, Poisson: true}, {Name: "out", Arrivals: 1}}}
	s.Settle = 0
	want = []scenario.Stage{{Name: "full", Arrivals: 2.5, Poisson: true, Length: 20 * time.Second}}
	if diff := cmp.Diff(want, s.Stages(2.5)(open)); diff != "" {
		t.Errorf("open load that does not settle (-want +got):\n%s", diff)
	}
}
