package result

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/metric"
	"chatbench/internal/trace"
)

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// measured is the metrics of a few conversations.
func measured(r *rand.Rand) *metric.Metrics {
	rec := metric.NewRecorder([]metric.StageInfo{
		{Name: "warm-up", Warmup: true, End: time.Second}, {Name: "hold", Start: time.Second},
	}, 2, metric.Options{Wall: start, SameClock: true})
	for customer := range 1 + r.IntN(4) {
		converse(rec.Customer(customer), r)
	}
	rec.Tick(3)
	return rec.Finish()
}

func converse(m *metric.Meter, r *rand.Rand) {
	now := time.Duration(r.IntN(900)) * time.Millisecond
	tell := func(e trace.Event) {
		e.At = now
		m.Observe(&e)
	}
	tell(trace.Event{Kind: trace.Begin, Flow: "buyer"})
	for _, op := range aicc.Ops() {
		e := trace.Event{Kind: trace.Invoke, Op: op, Intended: now, Late: time.Microsecond, Class: aicc.OK, Status: 200,
			Code: "0", Count: 1, File: &trace.File{Size: 1000}, NewToken: true, Dial: time.Millisecond}
		if r.IntN(4) == 0 {
			e.Class, e.Status, e.Error = aicc.Info, 0, pick(r, "timeout", "too many open files")
		}
		tell(e)
		e.Kind, e.Started = trace.Return, now
		now += time.Duration(1+r.IntN(300)) * time.Millisecond
		tell(e)
		tell(trace.Event{Kind: trace.Deliver, Message: &aicc.Downlink{SourceType: aicc.FromAgent,
			Timestamp: aicc.Loose(fmt.Sprint(start.Add(now).UnixMilli() - 20))}})
	}
	tell(trace.Event{Kind: trace.Step, Name: "1 connect", Missed: r.IntN(2) == 0})
	tell(trace.Event{Kind: trace.End, Ended: trace.ByPeer})
}

// pick gives one of the values.
func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// strain is that of a run, or of one that was not watched.
func strain(r *rand.Rand) *metric.Strain {
	spread := func() metric.Spread {
		worst := float64(r.IntN(100)) / 100
		return metric.Spread{P99: worst / 2, Max: worst, MaxAt: float64(r.IntN(60))}
	}
	return pick(r, nil, &metric.Strain{Stretches: 1 + r.Int64N(50), CPU: spread(), Machine: spread(), Stolen: spread(), GC: spread(), GCPause: spread()})
}

// sample is a result with everything in it.
func sample(t *testing.T, seed uint64) *Result {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 9))
	m := measured(r)
	verdict := pick(r, Pass, Warn, Fail, Invalid, Interrupted)
	return &Result{
		Schema: Schema1,
		Tool:   Tool{Version: "v1.0.0", Go: "go1.26"},
		Scenario: Scenario{
			Name: pick(r, "handover", "robot-only"), File: "scenarios/handover.yaml", Hash: "9f86d081884c7d65", Seed: 42,
			Load: "20 customers for 3s", Overrides: []string{"--customers 20"},
			Stages: []Stage{{Name: "warm-up", Load: "0 to 20 customers", Length: time.Second, Warmup: true}},
		},
		Target: Target{Kind: pick(r, Embedded, Real), URL: "http://127.0.0.1:8080", Note: "as it is by default"},
		Run: Run{
			ID: fmt.Sprintf("r%03d", r.IntN(1000)), Start: start.Add(time.Duration(r.IntN(9)) * time.Second), End: start.Add(10 * time.Second),
			Host:    Host{OS: "linux", Arch: "amd64", Cores: 2, Name: pick(r, "one", "two")},
			Command: []string{"chatbench", "run", "scenarios/handover.yaml"},
			Ended:   pick(r, "", EndedInterrupted, EndedStarved, EndedGone, EndedBroken),
		},
		Verdict: verdict,
		Exit:    pick(r, ExitOK, ExitConformance, ExitInvalid, ExitInterrupted),
		Reasons: []string{pick(r, "ORD-01 was broken.", "Nothing was wrong.")},
		Rules: []check.RuleResult{{
			ID: "ORD-01", Title: "messages of one sender keep their order", Level: check.Demo, Severity: check.Failure,
			Verdict: pick(r, check.Fail, check.Pass, check.NotExercised), Violations: r.Int64N(5), Opportunities: r.Int64N(1000),
			Reasons: map[check.Reason]int64{check.IndeterminatePoll: r.Int64N(3)},
			Witnesses: []check.Witness{{
				Customer: r.IntN(20), Sentence: "agent message 4 was delivered after message 5", Reproduce: "customer 3",
				Events: []check.WitnessEvent{{At: time.Duration(r.Int64N(1e9)), Text: "poll 7 delivers agent message 5"}},
			}},
		}},
		Known: []Known{{Rule: "ORD-01", Scenario: pick(r, "", "handover"), Reason: "two instances", Link: "https://tracker.example.com/1",
			Until: pick(r, "", "2027-03-01"), Place: "known.yaml:2", State: pick(r, KnownUnjudged, KnownFails, KnownPasses, KnownExpired)}},
		Gates: []Gate{{
			Kind: GateLatency, Name: "poll.service p95 < 50ms", Verdict: pick(r, Pass, Fail), Observed: float64(r.IntN(100)) / 1000,
			Limit: 0.05, Unit: "s", Samples: 100, Sentence: "p95 of poll.service is 12 ms over 100 samples",
			Stage: pick(r, "", "full"), Line: r.IntN(20), Interval: pick(r, nil, &Interval{Low: 0.01, High: 0.06, Level: 0.95, Needed: 400}, &Interval{Low: 0.01, High: math.Inf(1), Level: 0.95}),
		}},
		Metrics: m,
		Health: metric.Health{UserSeconds: float64(r.IntN(9)), WallSeconds: 3, Cores: 2, Processors: 1.5, GCSeconds: float64(r.IntN(3)),
			OpenFiles: 1 + r.Int64N(100), FileLimit: 1024, Strain: strain(r)}.WithLateness(m),
		Trace: &Trace{Files: []string{fmt.Sprintf("trace-%d.ndjson", r.IntN(10))}, Policy: "all", Events: 100, Complete: r.IntN(2) == 0},
		Notes: []string{"Markers were switched off."},
	}
}
