package gate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// late is a run with sends that took so many milliseconds, twenty in each of ten seconds, and a
// generator that was late.
func late(took int, p99 float64) result.Result {
	r := metric.NewRecorder(nil, 1, metric.Options{})
	m := r.Customer(0)
	for i := range 200 {
		at := time.Duration(i) * 50 * ms
		m.Observe(&trace.Event{Kind: trace.Return, Op: aicc.OpSend, Class: aicc.OK, Status: 200, Started: at, Intended: at, At: at + time.Duration(took)*ms})
	}
	return result.Result{Metrics: r.Finish(),
		Health: metric.Health{Lateness: map[string]metric.Lateness{"lateness.send": {P99: p99, Max: 2 * p99}}}}
}

// most is a value that was the same in every stretch but the worst.
func most(p99, worst float64) metric.Spread { return metric.Spread{P99: p99, Max: worst, MaxAt: 12} }

// strained is a run of two processors whose strain was made from one that lacked nothing.
func strained(change func(*metric.Strain)) result.Result {
	s := &metric.Strain{Stretches: 40, CPU: most(0.4, 0.4), Machine: most(0.6, 0.6), GC: most(0.01, 0.01), GCPause: most(0.0005, 0.0005)}
	change(s)
	return result.Result{Health: metric.Health{Cores: 2, Strain: s}}
}

// embedded is the same run with the tenant in the process.
func embedded(r result.Result) result.Result {
	r.Target.Kind = result.Embedded
	return r
}

// files is a run with so many descriptors open, of so many.
func files(open, limit int64) result.Result {
	return result.Result{Health: metric.Health{OpenFiles: open, FileLimit: limit}}
}

// refused is a run in which the machine had no means for some exchanges, and the tenant refused others.
func refused(short map[string]int64) result.Result {
	return result.Result{Metrics: counted(metric.Counters{Short: short, Exchanges: map[string]*metric.Outcomes{"send": {OK: 9, Fail: 31, Lost: 31}}})}
}

// allowing is a scenario with limits on the generator.
func allowing(late time.Duration, cpu float64) scenario.Scenario {
	return scenario.Scenario{Gate: scenario.Gate{MaxLateness: late, MaxCPU: cpu}}
}

// generatorCases are generators that were short of something, and some that were not.
var generatorCases = []oneGate{
	{"the generator was as late as it may be", result.Result{Health: lateness(0.05, 0.01)}, allowing(50*ms, 0.85), Ending{},
		result.GateGenerator, result.Gate{Verdict: result.Pass, Observed: 0.05, Limit: 0.05, Unit: "s"}, result.ExitOK},
	{"the generator was later in one thing", result.Result{Health: lateness(0.01, 0.0612345)}, allowing(50*ms, 0.85), Ending{},
		result.GateGenerator, result.Gate{Verdict: result.Invalid, Observed: 0.0612345, Limit: 0.05, Unit: "s"}, result.ExitInvalid},
	{"there was no room for an arrival", result.Result{}, scenario.Scenario{}, Ending{Dropped: 1},
		result.GateGenerator, result.Gate{Verdict: result.Invalid, Observed: 1, Unit: "count"}, result.ExitInvalid},
	{"the process used more CPU than it may", strained(func(s *metric.Strain) { s.CPU = most(0.86, 0.86) }), allowing(10*ms, 0.85), Ending{},
		result.GateGenerator, result.Gate{Verdict: result.Invalid, Observed: 0.86, Limit: 0.85, Unit: "share", Samples: 40}, result.ExitInvalid},
	{"the process and the tenant in it used more CPU than they may", embedded(strained(func(s *metric.Strain) { s.CPU = most(0.97, 0.97) })), allowing(10*ms, 0.85), Ending{},
		result.GateGenerator, result.Gate{Verdict: result.Invalid, Observed: 0.97, Limit: 0.85, Unit: "share", Samples: 40}, result.ExitInvalid},
	{"few stretches of a long run were short of CPU", strained(func(s *metric.Strain) { s.CPU = most(0.7, 1) }), allowing(10*ms, 0.85), Ending{},
		result.GateGenerator, result.Gate{Verdict: result.Pass, Observed: 0.0005, Limit: 0.01, Unit: "s", Samples: 40}, result.ExitOK},
	{"others had the machine, and its host", strained(func(s *metric.Strain) { s.Machine, s.Stolen = most(0.99, 1), most(0.1, 0.31) }), allowing(10*ms, 0.85), Ending{},
		result.GateGenerator, result.Gate{Verdict: result.Invalid, Observed: 0.99, Limit: 0.95, Unit: "share", Samples: 40}, result.ExitInvalid},
	{"a neighbour had the host, at times when little was to be done here", strained(func(s *metric.Strain) { s.Machine, s.Stolen = most(0.5, 0.6), most(0.12, 0.2) }), allowing(10*ms, 0.85), Ending{},
		result.GateGenerator, result.Gate{Verdict: result.Invalid, Observed: 0.12, Limit: 0.1, Unit: "share", Samples: 40}, result.ExitInvalid},
	{"a scenario that lets the process have more does not ask for less of the machine", strained(func(s *metric.Strain) { s.CPU, s.Machine = most(0.96, 0.96), most(0.97, 0.97) }), allowing(10*ms, 0.98), Ending{},
		result.GateGenerator, result.Gate{Verdict: result.Pass, Observed: 0.0005, Limit: 0.01, Unit: "s", Samples: 40}, result.ExitOK},
	{"a scenario that looks at no CPU time", strained(func(s *metric.Strain) { s.CPU, s.Machine = most(1.02, 1.02), most(1, 1) }), allowing(10*ms, 1), Ending{},
		result.GateGenerator, result.Gate{Verdict: result.Pass, Observed: 0.0005, Limit: 0.01, Unit: "s", Samples: 40}, result.ExitOK},
	{"the collector took too much", strained(func(s *metric.Strain) { s.GC = most(0.3, 0.4) }), allowing(10*ms, 0.85), Ending{},
		result.GateGenerator, result.Gate{Verdict: result.Invalid, Observed: 0.3, Limit: 0.25, Unit: "share", Samples: 40}, result.ExitInvalid},
	{"the collector stopped everything for longer than anybody may be late", strained(func(s *metric.Strain) { s.GCPause = most(0.012, 0.012) }), allowing(10*ms, 0.85), Ending{},
		result.GateGenerator, result.Gate{Verdict: result.Invalid, Observed: 0.012, Limit: 0.01, Unit: "s", Samples: 40}, result.ExitInvalid},
	{"a descriptor was left", files(299, 300), scenario.Scenario{}, Ending{},
		result.GateGenerator, result.Gate{Verdict: result.Pass, Observed: 299, Limit: 300, Unit: "count"}, result.ExitOK},
	{"no descriptor was left", files(300, 300), scenario.Scenario{}, Ending{},
		result.GateGenerator, result.Gate{Verdict: result.Invalid, Observed: 300, Limit: 300, Unit: "count"}, result.ExitInvalid},
	{"exchanges were refused by this machine", refused(map[string]int64{"too many open files": 30, "cannot assign requested address": 1}), scenario.Scenario{}, Ending{},
		result.GateGenerator, result.Gate{Verdict: result.Invalid, Observed: 31, Unit: "count"}, result.ExitInvalid},
	{"exchanges were refused by the tenant", refused(nil), scenario.Scenario{}, Ending{},
		result.GateGenerator, result.Gate{Verdict: result.Pass, Unit: "count"}, result.ExitOK},
	{"nobody could be reached any more, which was this machine's fault", rules(held), scenario.Scenario{},
		Ending{Starved: "too many open files"},
		result.GateConformance, result.Gate{Verdict: result.Pass, Unit: "count"}, result.ExitInvalid},
}

func TestLateness(t *testing.T) {
	tests := []struct {
		why   string
		h     metric.Health
		worst float64
		name  string
	}{
		{"nothing had a schedule", metric.Health{}, 0, ""},
		{"the worst counts", lateness(0.01, 0.02), 0.02, "lateness.send"},
		{"of two alike the first by name, whatever the map's order", lateness(0.02, 0.02), 0.02, "lateness.poll"},
	}
	for _, tt := range tests {
		for range 20 {
			if worst, name := Lateness(tt.h); worst != tt.worst || name != tt.name {
				t.Fatalf("%s: got %v of %q, want %v of %q", tt.why, worst, name, tt.worst, tt.name)
			}
		}
	}
}

// TestInvalidJudgesNobody wants demands on the tenant's performance to be neither green nor red, and
// no reason of their own, when chatbench was short of something; rules stand.
func TestInvalidJudgesNobody(t *testing.T) {
	demands := scenario.Gate{MaxLateness: 10 * ms, MaxMissed: 1,
		Latency: append(latency(1, 0.05, 1, "send.service max < 50ms").Gate.Latency, latency(0.5, 9, 1, "send.service p50 < 9s").Gate.Latency...),
		Errors:  errorLimit("send.failed", 0.01, false, 1, "send.failed < 1%").Gate.Errors}
	r := refused(map[string]int64{"too many open files": 31})
	Apply(&r, &scenario.Scenario{Gate: demands}, Ending{})
	if r.Exit != result.ExitInvalid || r.Verdict != result.Invalid || len(r.Reasons) != 1 {
		t.Errorf("exit code %d, verdict %s for %q; want %d, %s for the shortage", r.Exit, r.Verdict, r.Reasons, result.ExitInvalid, result.Invalid)
	}
	for _, g := range r.Gates {
		judged := slices.Contains([]result.GateKind{result.GateConformance, result.GateKnown, result.GateGenerator}, g.Kind)
		if said := strings.Contains(g.Sentence, "It is not judged"); said == judged || !judged && g.Verdict != result.Invalid {
			t.Errorf("%s: verdict %s, %q; want it INVALID unless it is about rules or chatbench", g.Name, g.Verdict, g.Sentence)
		}
	}
	r = refused(map[string]int64{"too many open files": 31})
	r.Rules = rules(broken).Rules
	if Apply(&r, &scenario.Scenario{Gate: demands}, Ending{}); r.Exit != result.ExitConformance || r.Verdict != result.Fail {
		t.Errorf("with a broken rule: exit code %d, verdict %s; want %d, %s", r.Exit, r.Verdict, result.ExitConformance, result.Fail)
	}
}

// TestRecordingHasNoHealth wants nothing to be said of the generator when events were recorded,
// even if they show that it was late and short of something.
func TestRecordingHasNoHealth(t *testing.T) {
	r := strained(func(s *metric.Strain) { s.CPU = most(1, 1) })
	r.Metrics, r.Health.Lateness = refused(map[string]int64{"too many open files": 31}).Metrics, lateness(9, 9).Lateness
	r.Target.Kind = result.Recorded
	Apply(&r, &scenario.Scenario{Gate: scenario.Gate{MaxMissed: 1}}, Ending{})
	if i := lastOf(r.Gates, result.GateGenerator); i >= 0 || r.Exit == result.ExitInvalid {
		t.Errorf("exit code %d, gates %+v; want none on the generator", r.Exit, r.Gates)
	}
}

// TestUnknownIsNotClaimed wants no gate on what the system does not tell.
func TestUnknownIsNotClaimed(t *testing.T) {
	r := strained(func(s *metric.Strain) { s.CPU, s.Machine = metric.Spread{}, metric.Spread{} })
	s := allowing(10*ms, 0.85)
	Apply(&r, &s, Ending{})
	for _, g := range r.Gates {
		if strings.HasSuffix(g.Name, "CPU <= 85 %") || strings.HasPrefix(g.Name, "machine") || strings.Contains(g.Name, "descriptors <") {
			t.Errorf("gate %+v, though the system tells neither CPU time nor descriptors", g)
		}
	}
}
