package gate

import (
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

var update = flag.Bool("update", false, "write the golden file anew")

const ms = time.Millisecond

// sends are the metrics of a run with one send for each of the given service times.
func sends(took ...time.Duration) *metric.Metrics {
	r := metric.NewRecorder(nil, 1, metric.Options{})
	m := r.Customer(0)
	for _, d := range took {
		m.Observe(&trace.Event{Kind: trace.Return, Op: aicc.OpSend, Class: aicc.OK, Status: 200, At: d})
	}
	return r.Finish()
}

// minute are the metrics of a minute of ten sends a second, of which those that slow picks take
// 90 ms and the others 10 ms, in two stages: a calm one of 40 s and one called rush.
func minute(slow func(second, i int) bool) *metric.Metrics {
	r := metric.NewRecorder([]metric.StageInfo{{Name: "calm", End: 40 * time.Second}, {Name: "rush", Start: 40 * time.Second, End: time.Minute}}, 1, metric.Options{})
	m := r.Customer(0)
	for second := range 60 {
		for i := range 10 {
			at := time.Duration(second)*time.Second + time.Duration(i)*99*ms
			took := 10 * ms
			if slow(second, i) {
				took = 90 * ms
			}
			m.Observe(&trace.Event{Kind: trace.Return, Op: aicc.OpSend, Class: aicc.OK, Status: 200, Started: at, Intended: at, At: at + took})
		}
	}
	return r.Finish()
}

func never(int, int) bool { return false }

// tenth is every tenth send, in every second the same.
func tenth(_, i int) bool { return i == 0 }

// stall is every send of six seconds, which are a tenth as well.
func stall(second, _ int) bool { return second >= 20 && second < 26 }

// rush is every send from the fortieth second on.
func rush(second, _ int) bool { return second >= 40 }

// counted are the metrics of a run with these counters, and with others in its warm-up, which no
// gate may see.
func counted(c metric.Counters) *metric.Metrics {
	bad := metric.Counters{
		Exchanges: map[string]*metric.Outcomes{"send": {Fail: 1000}},
		Flows:     map[string]*metric.FlowCount{"f": {Steps: map[string]*metric.StepCount{"1 say": {Missed: 1000}}}},
	}
	return &metric.Metrics{Stages: []metric.StageMetrics{
		{Position: 0, Name: "1 warm-up", Warmup: true, Counters: bad},
		{Position: 1, Name: "2", Counters: c},
	}}
}

// exchanged are the metrics of a run with ten sends, of which one was refused and two have no
// outcome, and ten polls that were ok.
func exchanged() *metric.Metrics {
	return counted(metric.Counters{Exchanges: map[string]*metric.Outcomes{
		"send": {OK: 7, Fail: 1, Info: 2, Lost: 2}, "poll": {OK: 10},
	}})
}

// steps are the metrics of a run whose customers took steps.
func steps(done, missed int64) *metric.Metrics {
	return counted(metric.Counters{Flows: map[string]*metric.FlowCount{
		"f": {Steps: map[string]*metric.StepCount{"1 say": {Done: 7}, "2 expect reply": {Done: done, Missed: missed}}},
	}})
}

// lateness is the health of a generator that was so late at p99.
func lateness(poll, send float64) metric.Health {
	return metric.Health{Lateness: map[string]metric.Lateness{"lateness.poll": {P99: poll, Max: 9}, "lateness.send": {P99: send, Max: 9}}}
}

func rule(id string, level check.Level, verdict check.Verdict, violations, opportunities int64) check.RuleResult {
	return check.RuleResult{ID: id, Title: "what " + id + " says", Level: level, Verdict: verdict, Violations: violations, Opportunities: opportunities}
}

var (
	held     = rule("ORD-01", check.Demo, check.Pass, 0, 20)
	broken   = rule("DEL-04", check.Demo, check.Fail, 3, 20)
	promised = rule("SHP-01", check.API, check.Fail, 2, 20)
	expected = rule("DEL-03", check.Inferred, check.Fail, 4, 20)
	ours     = rule("SIM-01", check.Self, check.Error, 1, 20)
)

func rules(list ...check.RuleResult) result.Result { return result.Result{Rules: list} }

// undecided is a rule that two things have left undecided.
func undecided() check.RuleResult {
	r := rule("DEL-04", check.Demo, check.Inconclusive, 0, 20)
	r.Reasons = map[check.Reason]int64{check.RunAborted: 1, check.IndeterminatePoll: 12}
	return r
}

func unobservable() check.RuleResult {
	r := rule("DSC-04", check.Demo, check.NotObservable, 0, 0)
	r.Note = "needs the tenant's own record of its conversations, which only the embedded tenant keeps"
	return r
}

func exercise(id string, atLeast int64) scenario.Scenario {
	return scenario.Scenario{Exercise: []scenario.Exercise{{Rule: id, AtLeast: atLeast}}}
}

func latency(quantile, below float64, samples int64, text string) scenario.Scenario {
	return scenario.Scenario{Gate: scenario.Gate{Latency: []scenario.Limit{
		{Metric: "send.service", Quantile: quantile, Below: below, Samples: samples, Text: text}}}}
}

func mean(below float64, text string) scenario.Scenario {
	s := latency(0, below, 1, text)
	s.Gate.Latency[0].Mean = true
	return s
}

func inStage(s scenario.Scenario, stage string) scenario.Scenario {
	s.Gate.Latency[0].Stage = stage
	return s
}

func orNoData(s scenario.Scenario) scenario.Scenario {
	s.Gate.Latency[0].NoData = true
	return s
}

// patient is a scenario that lets the generator be late.
func patient(s scenario.Scenario) scenario.Scenario {
	s.Gate.MaxLateness = 10 * ms
	return s
}

func errorLimit(metric string, below float64, count bool, samples int64, text string) scenario.Scenario {
	return scenario.Scenario{Gate: scenario.Gate{Errors: []scenario.Limit{
		{Metric: metric, Below: below, Count: count, Samples: samples, Text: text}}}}
}

// oneGate is a result that is held against one demand.
type oneGate struct {
	why  string
	r    result.Result
	s    scenario.Scenario
	end  Ending
	kind result.GateKind
	want result.Gate // without name and sentence
	exit result.Exit
}

// cases are results, each held against one demand. What the gate of the kind comes to is here, its
// words are in the golden file.
var cases = []oneGate{
	{"nothing was broken", rules(held), scenario.Scenario{}, Ending{},
		result.GateConformance, result.Gate{Verdict: result.Pass, Unit: "count"}, result.ExitOK},
	{"what the demo relies on was broken, and what the API promises", rules(held, broken, promised), scenario.Scenario{}, Ending{},
		result.GateConformance, result.Gate{Verdict: result.Fail, Observed: 5, Unit: "count"}, result.ExitConformance},
	{"what nobody promises warns", rules(held, expected), scenario.Scenario{}, Ending{},
		result.GateConformance, result.Gate{Verdict: result.Pass, Unit: "count"}, result.ExitOK},
	{"what nobody promises fails a strict run", rules(expected), scenario.Scenario{Gate: scenario.Gate{Strict: true}}, Ending{},
		result.GateConformance, result.Gate{Verdict: result.Fail, Observed: 4, Unit: "count"}, result.ExitConformance},
	{"what nobody promises does not count beside what is promised", rules(expected, broken), scenario.Scenario{}, Ending{},
		result.GateConformance, result.Gate{Verdict: result.Fail, Observed: 3, Unit: "count"}, result.ExitConformance},
	{"a rule for chatbench itself was broken", rules(held, ours), scenario.Scenario{}, Ending{},
		result.GateConformance, result.Gate{Verdict: result.Pass, Unit: "count"}, result.ExitBug},
	{"a rule that is undecided fails nobody who does not demand it", rules(undecided()), scenario.Scenario{}, Ending{},
		result.GateConformance, result.Gate{Verdict: result.Pass, Unit: "count"}, result.ExitOK},

	{"exercised just often enough", rules(held), exercise("ORD-01", 20), Ending{},
		result.GateExercise, result.Gate{Verdict: result.Pass, Observed: 20, Limit: 20, Unit: "count", Samples: 20}, result.ExitOK},
	{"exercised once too seldom", rules(held), exercise("ORD-01", 21), Ending{},
		result.GateExercise, result.Gate{Verdict: result.Inconclusive, Observed: 20, Limit: 21, Unit: "count", Samples: 20}, result.ExitInconclusive},
	{"broken, which is exercised as well", rules(broken), exercise("DEL-04", 1), Ending{},
		result.GateExercise, result.Gate{Verdict: result.Pass, Observed: 20, Limit: 1, Unit: "count", Samples: 20}, result.ExitConformance},
	{"never came up", rules(rule("DSC-01", check.Demo, check.NotExercised, 0, 0)), exercise("DSC-01", 1), Ending{},
		result.GateExercise, result.Gate{Verdict: result.Inconclusive, Limit: 1, Unit: "count"}, result.ExitInconclusive},
	{"came up once, of two times", rules(rule("DSC-01", check.Demo, check.Pass, 0, 1)), exercise("DSC-01", 2), Ending{},
		result.GateExercise, result.Gate{Verdict: result.Inconclusive, Observed: 1, Limit: 2, Unit: "count", Samples: 1}, result.ExitInconclusive},
	{"cannot be observed", rules(unobservable()), exercise("DSC-04", 1), Ending{},
		result.GateExercise, result.Gate{Verdict: result.Inconclusive, Limit: 1, Unit: "count"}, result.ExitInconclusive},
	{"undecided, however often it came up", rules(undecided()), exercise("DEL-04", 1), Ending{},
		result.GateExercise, result.Gate{Verdict: result.Inconclusive, Observed: 20, Limit: 1, Unit: "count", Samples: 20}, result.ExitInconclusive},
	{"demanded and switched off", rules(held), exercise("MED-01", 1), Ending{},
		result.GateExercise, result.Gate{Verdict: result.Inconclusive, Limit: 1, Unit: "count"}, result.ExitInconclusive},

	{"no expectation was missed", result.Result{Metrics: steps(30, 0)}, scenario.Scenario{}, Ending{},
		result.GateMissed, result.Gate{Verdict: result.Pass, Unit: "share", Samples: 30}, result.ExitOK},
	{"one was missed where none may be", result.Result{Metrics: steps(299_999, 1)}, scenario.Scenario{}, Ending{},
		result.GateMissed, result.Gate{Verdict: result.Fail, Observed: 1.0 / 300_000, Unit: "share", Samples: 300_000}, result.ExitPerformance},
	{"as many were missed as may be", result.Result{Metrics: steps(9, 1)}, scenario.Scenario{Gate: scenario.Gate{MaxMissed: 0.1}}, Ending{},
		result.GateMissed, result.Gate{Verdict: result.Pass, Observed: 0.1, Limit: 0.1, Unit: "share", Samples: 10}, result.ExitOK},
	{"more were missed than may be", result.Result{Metrics: steps(8, 2)}, scenario.Scenario{Gate: scenario.Gate{MaxMissed: 0.125}}, Ending{},
		result.GateMissed, result.Gate{Verdict: result.Fail, Observed: 0.2, Limit: 0.125, Unit: "share", Samples: 10}, result.ExitPerformance},
	{"nobody expected anything", result.Result{}, scenario.Scenario{}, Ending{},
		result.GateMissed, result.Gate{Verdict: result.Pass, Unit: "share"}, result.ExitOK},

	{"fast enough", result.Result{Metrics: sends(10*ms, 20*ms, 49999*time.Microsecond)}, latency(1, 0.05, 1, "send.service max < 50ms"), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Pass, Observed: 0.049999, Limit: 0.05, Unit: "s", Samples: 3}, result.ExitOK},
	{"at the limit is not below it", result.Result{Metrics: sends(10*ms, 20*ms, 50*ms)}, latency(1, 0.05, 1, "send.service max < 50ms"), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Fail, Observed: 0.05, Limit: 0.05, Unit: "s", Samples: 3}, result.ExitPerformance},
	{"the percentile is below what the slowest took", result.Result{Metrics: minute(tenth)}, latency(0.75, 0.05, 1, "send.service p75 < 50ms"), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Pass, Observed: 0.01, Limit: 0.05, Unit: "s", Samples: 600, Interval: &result.Interval{Low: 0.01, High: 0.01, Level: 0.95}}, result.ExitOK},
	{"a tenth is too slow, and no more than a twentieth may be", result.Result{Metrics: minute(tenth)}, latency(0.95, 0.05, 1, "send.service p95 < 50ms"), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Fail, Observed: 0.09, Limit: 0.05, Unit: "s", Samples: 600, Interval: &result.Interval{Low: 0.09, High: 0.09, Level: 0.95}}, result.ExitPerformance},
	{"a tenth is too slow where a tenth may be: more samples are no help", result.Result{Metrics: minute(tenth)}, latency(0.9, 0.05, 1, "send.service p90 < 50ms"), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Inconclusive, Observed: 0.01, Limit: 0.05, Unit: "s", Samples: 600, Interval: &result.Interval{Low: 0.01, High: 0.09, Level: 0.95}}, result.ExitInconclusive},
	{"a tenth in one stall tells less than a tenth that is spread out", result.Result{Metrics: minute(stall)}, latency(0.95, 0.05, 1, "send.service p95 < 50ms"), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Inconclusive, Observed: 0.09, Limit: 0.05, Unit: "s", Samples: 600, Interval: &result.Interval{Low: 0.01, High: math.Inf(1), Level: 0.95, Needed: 5700}}, result.ExitInconclusive},
	{"all that is asked of one stage", result.Result{Metrics: minute(rush)}, inStage(latency(0.95, 0.05, 1, "send.service p95 < 50ms in stage calm"), "calm"), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Pass, Observed: 0.01, Limit: 0.05, Unit: "s", Samples: 400, Stage: "calm", Interval: &result.Interval{Low: 0.01, High: 0.01, Level: 0.95}}, result.ExitOK},
	{"the other stage", result.Result{Metrics: minute(rush)}, inStage(latency(0.5, 0.05, 1, "send.service p50 < 50ms in stage rush"), "rush"), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Fail, Observed: 0.09, Limit: 0.05, Unit: "s", Samples: 200, Stage: "rush", Interval: &result.Interval{Low: 0.09, High: 0.09, Level: 0.95}}, result.ExitPerformance},
	{"a mean", result.Result{Metrics: minute(tenth)}, mean(0.021, "send.service mean < 21ms"), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Pass, Observed: 0.018, Limit: 0.021, Unit: "s", Samples: 600, Interval: &result.Interval{Low: 0.015783, High: 0.020217, Level: 0.95}}, result.ExitOK},
	{"too few samples for a percentile so high, whatever they came to", result.Result{Metrics: minute(never)}, latency(0.999, 0.05, 1, "send.service p99.9 < 50ms"), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Inconclusive, Observed: 0.01, Limit: 0.05, Unit: "s", Samples: 600, Interval: &result.Interval{Low: 0.01, High: math.Inf(1), Level: 0.95, Needed: 3900}}, result.ExitInconclusive},
	{"nothing was measured, which is fine", result.Result{}, orNoData(latency(0.75, 0.05, 1, "send.service p75 < 50ms, or no data")), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Pass, Limit: 0.05, Unit: "s"}, result.ExitOK},
	{"nothing was measured in a stage that is not there", result.Result{}, inStage(latency(0.75, 0.05, 1, "send.service p75 < 50ms in stage rush"), "rush"), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Fail, Limit: 0.05, Unit: "s", Stage: "rush"}, result.ExitPerformance},
	{"nothing was measured before the run was ended", result.Result{}, latency(0.75, 0.05, 1, "send.service p75 < 50ms"),
		Ending{Aborted: &Abort{At: 30 * time.Second, Gate: result.Gate{Kind: result.GateErrors, Sentence: "\"send.failed < 1\": it was 3 of 10 exchanges."}}},
		result.GateLatency, result.Gate{Verdict: result.Inconclusive, Limit: 0.05, Unit: "s"}, result.ExitPerformance},
	{"fast, but not proven often enough", result.Result{Metrics: sends(10 * ms)}, latency(0.75, 0.05, 2, "send.service p75 < 50ms, at least 2 samples"), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Fail, Observed: 0.01, Limit: 0.05, Unit: "s", Samples: 1}, result.ExitPerformance},
	{"nothing was measured", result.Result{}, latency(0.75, 0.05, 1, "send.service p75 < 50ms"), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Fail, Limit: 0.05, Unit: "s"}, result.ExitPerformance},

	{"fewer failed than may", result.Result{Metrics: exchanged()}, errorLimit("send.failed", 0.66, false, 1, "send.failed < 66%"), Ending{},
		result.GateErrors, result.Gate{Verdict: result.Pass, Observed: 0.3, Limit: 0.66, Unit: "share", Samples: 10, Interval: &result.Interval{Low: 0.066740, High: 0.652453, Level: 0.95}}, result.ExitOK},
	{"more failed than may, beyond chance", result.Result{Metrics: exchanged()}, errorLimit("send.failed", 0.06, false, 1, "send.failed < 6%"), Ending{},
		result.GateErrors, result.Gate{Verdict: result.Fail, Observed: 0.3, Limit: 0.06, Unit: "share", Samples: 10, Interval: &result.Interval{Low: 0.066740, High: 0.652453, Level: 0.95}}, result.ExitPerformance},
	{"three of ten failed, which may be chance either way", result.Result{Metrics: exchanged()}, errorLimit("send.failed", 0.31, false, 1, "send.failed < 31%"), Ending{},
		result.GateErrors, result.Gate{Verdict: result.Inconclusive, Observed: 0.3, Limit: 0.31, Unit: "share", Samples: 10, Interval: &result.Interval{Low: 0.066740, High: 0.652453, Level: 0.95, Needed: 8400}}, result.ExitInconclusive},
	{"refused ones are not those without outcome", result.Result{Metrics: exchanged()}, errorLimit("send.refused", 2, true, 1, "send.refused < 2"), Ending{},
		result.GateErrors, result.Gate{Verdict: result.Pass, Observed: 1, Limit: 2, Unit: "count", Samples: 10}, result.ExitOK},
	{"those without outcome by count", result.Result{Metrics: exchanged()}, errorLimit("send.info", 2, true, 1, "send.info < 2"), Ending{},
		result.GateErrors, result.Gate{Verdict: result.Fail, Observed: 2, Limit: 2, Unit: "count", Samples: 10}, result.ExitPerformance},
	{"all kinds together", result.Result{Metrics: exchanged()}, errorLimit("all.lost", 0.325, false, 20, "all.lost < 32.5%, at least 20 samples"), Ending{},
		result.GateErrors, result.Gate{Verdict: result.Pass, Observed: 0.1, Limit: 0.325, Unit: "share", Samples: 20, Interval: &result.Interval{Low: 0.012349, High: 0.316983, Level: 0.95}}, result.ExitOK},
	{"none failed, of too few", result.Result{Metrics: exchanged()}, errorLimit("poll.failed", 1, true, 11, "poll.failed < 1, at least 11 samples"), Ending{},
		result.GateErrors, result.Gate{Verdict: result.Fail, Limit: 1, Unit: "count", Samples: 10}, result.ExitPerformance},
	{"none failed, of none", result.Result{Metrics: exchanged()}, errorLimit("upload.failed", 0.01, false, 1, "upload.failed < 1%"), Ending{},
		result.GateErrors, result.Gate{Verdict: result.Fail, Limit: 0.01, Unit: "share"}, result.ExitPerformance},

	{"a limit that was missed by less than the generator's own lateness", late(53, 0.006), patient(latency(0.5, 0.05, 1, "send.service p50 < 50ms")), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Invalid, Observed: 0.053, Limit: 0.05, Unit: "s", Samples: 200, Interval: &result.Interval{Low: 0.053, High: 0.053, Level: 0.95}}, result.ExitInvalid},
	{"a limit that was missed by more", late(57, 0.006), patient(latency(0.5, 0.05, 1, "send.service p50 < 50ms")), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Fail, Observed: 0.057, Limit: 0.05, Unit: "s", Samples: 200, Interval: &result.Interval{Low: 0.057, High: 0.057, Level: 0.95}}, result.ExitPerformance},
	{"of the slowest the worst lateness may be chatbench's", late(57, 0.006), patient(latency(1, 0.05, 1, "send.service max < 50ms")), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Invalid, Observed: 0.057, Limit: 0.05, Unit: "s", Samples: 200}, result.ExitInvalid},
	{"a limit that held, whatever chatbench added", late(49, 0.006), patient(latency(0.5, 0.05, 1, "send.service p50 < 50ms")), Ending{},
		result.GateLatency, result.Gate{Verdict: result.Pass, Observed: 0.049, Limit: 0.05, Unit: "s", Samples: 200, Interval: &result.Interval{Low: 0.049, High: 0.049, Level: 0.95}}, result.ExitOK},
}

func TestGates(t *testing.T) {
	for _, c := range slices.Concat(cases, generatorCases) {
		r := c.r
		Apply(&r, &c.s, c.end)
		i := lastOf(r.Gates, c.kind)
		if i < 0 {
			t.Errorf("%s: no gate of kind %s among %+v", c.why, c.kind, r.Gates)
			continue
		}
		c.want.Kind = c.kind
		if diff := cmp.Diff(c.want, r.Gates[i], cmpopts.IgnoreFields(result.Gate{}, "Name", "Sentence"), cmpopts.EquateApprox(0.001, 0)); diff != "" {
			t.Errorf("%s: gate (-want +got):\n%s", c.why, diff)
		}
		if r.Exit != c.exit {
			t.Errorf("%s: exit code %d, want %d; reasons %q", c.why, r.Exit, c.exit, r.Reasons)
		}
	}
}

// lastOf finds the gate of a kind that is worst or, of several alike, last: the default gates stand
// before those of the scenario.
func lastOf(gates []result.Gate, kind result.GateKind) int {
	at := -1
	for i, g := range gates {
		if g.Kind == kind && (at < 0 || g.Verdict.Worse(gates[at].Verdict) == g.Verdict) {
			at = i
		}
	}
	return at
}

// TestWords keeps what people read: each gate's name and sentence, and the reasons.
func TestWords(t *testing.T) {
	var b strings.Builder
	for _, c := range slices.Concat(cases, generatorCases) {
		r := c.r
		Apply(&r, &c.s, c.end)
		fmt.Fprintf(&b, "# %s\n", c.why)
		for i, g := range r.Gates {
			if i == lastOf(r.Gates, c.kind) || g.Kind == c.kind && g.Kind == result.GateGenerator {
				fmt.Fprintf(&b, "%s: %s\n  %s\n", g.Verdict, g.Name, g.Sentence)
			}
		}
		fmt.Fprintf(&b, "exit %d, %s\n", r.Exit, r.Verdict)
		for _, reason := range r.Reasons {
			fmt.Fprintf(&b, "  because %s\n", reason)
		}
		b.WriteByte('\n')
	}
	const golden = "testdata/words.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", golden, diff)
	}
}

// everything is a result and a scenario in which all goes wrong at once.
func everything() (result.Result, scenario.Scenario) {
	r := rules(held, expected, broken, ours)
	r.Metrics, r.Health = steps(8, 2), lateness(1, 1)
	return r, exercise("MED-01", 1) // no lateness is allowed
}

// TestGravest takes one trouble after the other away, the gravest first, and wants the next to
// decide, with the reasons always in that order.
func TestGravest(t *testing.T) {
	const (
		bug       = "chatbench broke its own rule"
		rule      = "The tenant broke 1 rule"
		gone      = "The tenant stopped answering"
		stopped   = "The run was interrupted"
		late      = "chatbench itself was too slow"
		missed    = "2 of 10 expectations were missed"
		undecided = "MED-01 must be exercised"
		warned    = "Only rules that warn"
	)
	r, s := everything()
	without := func(ids ...string) func(*result.Result, *Ending) {
		return func(r *result.Result, _ *Ending) {
			r.Rules = slices.DeleteFunc(slices.Clone(r.Rules), func(x check.RuleResult) bool { return slices.Contains(ids, x.ID) })
		}
	}
	end := Ending{Interrupted: true, Gone: "the tenant stopped answering 3 s into the run"}
	for _, step := range []struct {
		change  func(*result.Result, *Ending)
		exit    result.Exit
		verdict result.Verdict
		reasons []string // how they begin
	}{
		{without(), result.ExitBug, result.Error, []string{bug, rule, gone, stopped}},
		{without("SIM-01"), result.ExitConformance, result.Fail, []string{rule, gone, stopped}},
		{without("DEL-04"), result.ExitUnreachable, result.Unreachable, []string{gone, stopped, warned}},
		{func(_ *result.Result, e *Ending) { e.Gone = "" }, result.ExitInterrupted, result.Interrupted, []string{stopped, warned}},
		{func(_ *result.Result, e *Ending) { e.Interrupted = false }, result.ExitInvalid, result.Invalid, []string{late, undecided, warned}},
		{func(r *result.Result, _ *Ending) { r.Health = metric.Health{} }, result.ExitPerformance, result.Fail, []string{missed, undecided, warned}},
		{func(r *result.Result, _ *Ending) { r.Metrics = nil }, result.ExitInconclusive, result.Inconclusive, []string{undecided, warned}},
		{func(*result.Result, *Ending) { s.Exercise = nil }, result.ExitOK, result.Warn, []string{warned}},
		{without("DEL-03"), result.ExitOK, result.Pass, nil},
		{func(_ *result.Result, e *Ending) { e.Bug = "a panic" }, result.ExitBug, result.Error, []string{"chatbench itself failed, which is a bug in it"}},
	} {
		step.change(&r, &end)
		judged := r
		Apply(&judged, &s, end)
		if judged.Exit != step.exit || judged.Verdict != step.verdict {
			t.Errorf("got exit code %d and verdict %s, want %d and %s; reasons %q", judged.Exit, judged.Verdict, step.exit, step.verdict, judged.Reasons)
		}
		begin := func(reason, prefix string) bool { return strings.HasPrefix(reason, prefix) }
		if !slices.EqualFunc(judged.Reasons, step.reasons, begin) {
			t.Errorf("reasons %q, want them to begin with %q", judged.Reasons, step.reasons)
		}
	}
}

// TestUnfinishedRuns wants a run that came to no proper end to be judged by the rules alone.
func TestUnfinishedRuns(t *testing.T) {
	for _, end := range []Ending{{Interrupted: true}, {Gone: "the tenant stopped answering"}, {Interrupted: true, Gone: "the tenant stopped answering", Dropped: 3}} {
		r, s := everything()
		s.Gate.Latency = latency(1, 0.05, 1, "send.service max < 50ms").Gate.Latency
		s.Gate.Errors = errorLimit("send.failed", 1, true, 1, "send.failed < 1").Gate.Errors
		Apply(&r, &s, end)
		if len(r.Gates) != 1 || r.Gates[0].Kind != result.GateConformance {
			t.Errorf("%+v: gates %+v, want that of the rules alone", end, r.Gates)
		}
	}
}

// TestCounters wants every name that an error gate can have to be readable in a scenario and to
// count what it says.
func TestCounters(t *testing.T) {
	const file = `chatbench: 1
name: counters
load: [{customers: 1, for: 1s}]
flows: {f: [connect: hello]}
gate: {errors: ["%s < 100"]}
`
	names := Counters()
	if len(names) != 4*(len(aicc.Ops())+1) {
		t.Fatalf("%d counters, want four for each of %d exchanges and for all", len(names), len(aicc.Ops()))
	}
	outcomes := map[string]*metric.Outcomes{}
	for _, op := range aicc.Ops() {
		outcomes[op.String()] = &metric.Outcomes{OK: 1, Fail: 4, Info: 8, Lost: 2}
	}
	want := map[string]float64{"failed": 12, "refused": 4, "info": 8, "lost": 2}
	for _, name := range names {
		s, err := scenario.Parse("counters.yaml", fmt.Appendf(nil, file, name), scenario.Options{Errors: names})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r := result.Result{Metrics: counted(metric.Counters{Exchanges: outcomes})}
		Apply(&r, s, Ending{})
		op, kind, _ := strings.Cut(name, ".")
		expect := want[kind]
		if op == "all" {
			expect *= float64(len(aicc.Ops()))
		}
		if g := r.Gates[lastOf(r.Gates, result.GateErrors)]; g.Observed != expect {
			t.Errorf("%s counted %v, want %v", name, g.Observed, expect)
		}
	}
}

func TestPercent(t *testing.T) {
	tests := []struct {
		share float64
		want  string
	}{
		{0, "0 %"}, {1, "100 %"}, {0.001, "0.1 %"}, {0.12345, "12.3 %"}, {1.0 / 3_000_000, "0.0000333 %"}, {0.29, "29 %"},
	}
	for _, tt := range tests {
		if got := percent(tt.share); got != tt.want {
			t.Errorf("percent(%v) = %q, want %q", tt.share, got, tt.want)
		}
	}
}

func TestSeconds(t *testing.T) {
	tests := []struct {
		seconds float64
		want    string
	}{
		{-1, "0 s"}, {0, "0 s"}, {0.0000004, "400ns"}, {0.0123456, "12.3ms"}, {0.05, "50ms"}, {65.432, "1m5.4s"}, {3600, "1h0m0s"},
	}
	for _, tt := range tests {
		if got := seconds(tt.seconds); got != tt.want {
			t.Errorf("seconds(%v) = %q, want %q", tt.seconds, got, tt.want)
		}
	}
}
