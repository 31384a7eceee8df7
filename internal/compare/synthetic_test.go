package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/trace"
)

// tenant is what a synthetic run meets.
type tenant struct {
	seconds int           // that count; two of warm-up come before
	rate    float64       // exchanges a second
	times   float64       // what its times are multiplied with
	between float64       // standard deviation of the logarithm from run to run
	drift   float64       // the same from second to second, where one second tells 0.6 of the next
	failing float64       // share of exchanges that fail
	peaks   bool          // half of the times are next to nothing
	late    time.Duration // of chatbench itself, all the time
}

// usual is a run of half a minute, on a tenant that differs from run to run by as much as is presumed.
func usual() tenant {
	return tenant{seconds: 28, rate: 160, times: 1, between: betweenRuns, drift: 0.03}
}

// sends is about how many SENDs of a run count.
func (tn tenant) sends() int64 { return int64(tn.rate*float64(tn.seconds)) / int64(len(ops)) }

// ops are the exchanges of a synthetic run, with their median times.
var ops = []struct {
	op     aicc.Op
	median float64 // seconds
}{{aicc.OpConnect, 0.05}, {aicc.OpSend, 0.02}, {aicc.OpTransfer, 0.3}, {aicc.OpDisconnect, 0.02}}

// play makes the result of a run.
func (tn tenant) play(r *rand.Rand) *result.Result {
	const warmup = 2
	stages := []metric.StageInfo{
		{Name: "warm-up", Warmup: true, End: warmup * time.Second},
		{Name: "load", Start: warmup * time.Second, End: time.Duration(warmup+tn.seconds) * time.Second},
	}
	recorder := metric.NewRecorder(stages, 1, metric.Options{})
	meter := recorder.Customer(0)
	run, second := math.Exp(tn.between*r.NormFloat64()), 0.0
	for at := range warmup + tn.seconds {
		second = 0.6*second + 0.8*tn.drift*r.NormFloat64()
		tn.second(meter, r, at, run*math.Exp(second))
		recorder.Tick(at)
	}
	return &result.Result{
		Schema: result.Schema1, Verdict: result.Pass, Metrics: recorder.Finish(),
		Scenario: result.Scenario{Name: "synthetic", Hash: "0123456789abcdef"},
		Target:   result.Target{Kind: result.Embedded},
		Run: result.Run{ID: fmt.Sprintf("%x", r.Uint64()), Start: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
			Host: result.Host{OS: "linux", Arch: "amd64", Cores: 2}},
	}
}

// second makes the exchanges of one second. Each ends in the second in which it began.
func (tn tenant) second(m *metric.Meter, r *rand.Rand, at int, level float64) {
	n := int(tn.rate * (1 + 0.1*r.NormFloat64()))
	start := time.Duration(at) * time.Second
	for i := range n {
		o := ops[i%len(ops)]
		took := o.median * tn.times * level * math.Exp(0.4*r.NormFloat64())
		if tn.peaks && r.IntN(2) == 0 {
			took = 40e-6
		}
		began := start + time.Duration(i)*500*time.Millisecond/time.Duration(n)
		e := trace.Event{Kind: trace.Invoke, At: began, Op: o.op, ID: uint32(at*10000 + i), Intended: began, Late: tn.late}
		m.Observe(&e)
		e.Kind, e.Started, e.At = trace.Return, began, min(began+time.Duration(took*1e9), start+999*time.Millisecond)
		e.Class, e.Status, e.Code = aicc.OK, 200, aicc.CodeOK
		if r.Float64() < tn.failing {
			e.Class, e.Status, e.Code = aicc.Fail, 500, ""
		}
		m.Observe(&e)
	}
}

// plays makes the results of many runs.
func (tn tenant) plays(n int, r *rand.Rand) []Input {
	list := make([]Input, n)
	for i := range list {
		list[i] = Input{File: fmt.Sprintf("run %d", i), Result: tn.play(r)}
	}
	return list
}

// TestFalseAlarmsAndWhatIsFound compares synthetic runs. Their seconds are correlated, and runs of
// the same tenant differ from each other by more than the seconds in one of them show. A tenant that
// is a fifth slower must be found in 95 of 100 comparisons, and hardly any may be wrong about tenants
// that are the same. bench/alarms does the same with real ones.
func TestFalseAlarmsAndWhatIsFound(t *testing.T) {
	if slowed || testing.Short() {
		t.Skip("arithmetic of one goroutine, a hundred thousand times; fewer comparisons would show nothing of one in a hundred")
	}
	const runs = 200
	r := rand.New(rand.NewPCG(5, 5))
	same, slow := usual(), usual()
	slow.times = 1.2
	base, new, slower := same.plays(runs, r), same.plays(runs, r), slow.plays(runs, r)
	for _, size := range []int{1, 3, 8} {
		alarms, found, trials := 0, 0, runs/size
		for i := range trials {
			b := base[i*size : (i+1)*size]
			if v := verdict(t, b, new[i*size:(i+1)*size]); v == Better || v == Worse {
				alarms++
			}
			if verdict(t, b, slower[i*size:(i+1)*size]) == Worse {
				found++
			}
		}
		if alarms*100 > trials {
			t.Errorf("%d a side: %d false alarms in %d comparisons of the same", size, alarms, trials)
		}
		if found*100 < 95*trials {
			t.Errorf("%d a side: a slowdown by a fifth was found in %d of %d comparisons", size, found, trials)
		}
	}
}

func verdict(t *testing.T, base, new []Input) Verdict {
	t.Helper()
	rep, err := Runs(base, new, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return rep.Verdict
}

// TestSpreads: what differs between runs and is not seen within them is told apart.
func TestSpreads(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	restless := usual()
	restless.between = 0.1
	for name, c := range map[string]struct {
		tenant      tenant
		least, most float64
	}{"the seconds tell all": {tenant{seconds: 28, rate: 160, times: 1, drift: 0.03}, 0, 0.015}, "runs differ by a tenth": {restless, 0.06, 0.15}} {
		list, err := Spreads(c.tenant.plays(25, r))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			if s.Name == "send.response" && s.Statistic == "p50" && (s.Between() < c.least || s.Between() > c.most) {
				t.Errorf("%s: got %.4f between the runs (seen %.4f, expected %.4f), want %g to %g", name, s.Between(), s.Seen, s.Expected, c.least, c.most)
			}
		}
		if len(list) == 0 {
			t.Errorf("%s: no figure", name)
		}
	}
	if _, err := Spreads(usual().plays(2, r)); err == nil {
		t.Error("two runs: got no error")
	}
}
