package metric

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// staged is a run of three stages of ten seconds, the first a warm-up, with sends that take 10, 20
// and 30 ms, and a drain.
func staged() *Metrics {
	m := &Metrics{Timeline: Timeline{Resolution: 1}}
	for i, name := range []string{"1 warm-up", "half", "full", "drain"} {
		h := newHist(Seconds, stageDigits)
		for second := range 10 {
			took := int64(10_000*(i+1) + 100*second)
			h.record(took)
			var p Point
			p.Exchanges = 1
			p.hist("send.response", Seconds).record(took)
			m.Timeline.Points = append(m.Timeline.Points, p)
		}
		start := time.Duration(10*i) * time.Second
		m.Stages = append(m.Stages, StageMetrics{Position: i, Name: name, Warmup: i == 0 || i == 3, Start: start, End: start + 10*time.Second,
			Latency: map[string]*Hist{"send.response": h}})
	}
	return m
}

func TestPart(t *testing.T) {
	tests := []struct {
		stage         string
		there         bool
		points        int
		fastest, slow float64 // ms, of the samples
	}{
		{"", true, 20, 20, 30.9},
		{"full", true, 10, 30, 30.9},
		{"1 warm-up", true, 10, 10, 10.9}, // by name a warm-up counts
		{"nobody", false, 0, 0, 0},
	}
	for _, tt := range tests {
		p, ok := staged().Part(tt.stage)
		h := p.Hist("send.response")
		if ok != tt.there || len(p.points) != tt.points || math.Abs(h.Max()*1e3-tt.slow) > 0.01 || math.Abs(h.Quantile(0.01)*1e3-tt.fastest) > 0.05 {
			t.Errorf("stage %q: there %v, %d points from %v to %v s, want %v, %d, %v to %v ms", tt.stage, ok, len(p.points), h.Quantile(0.01), h.Max(), tt.there, tt.points, tt.fastest, tt.slow)
		}
	}
	var none *Metrics
	if p, ok := none.Part(""); !ok || p.Hist("send.response").Count() != 0 {
		t.Errorf("nothing was measured: there %v, %+v, want an empty part", ok, p)
	}
}

// TestCoarseTimelines wants a long run, whose points are several seconds, to keep to its stages.
func TestCoarseTimelines(t *testing.T) {
	m := staged()
	for m.Timeline.Resolution < 4 {
		m.Timeline.coarsen()
	}
	if p, _ := m.Part("half"); len(p.points) != 3 { // those with their middle at 10, 14 and 18 s
		t.Errorf("%d points of 4 s in a stage from 10 s to 20 s, want 3", len(p.points))
	}
}

// TestEstimatesOfLittle looks at estimates that have no bound, and what would give them one.
func TestEstimatesOfLittle(t *testing.T) {
	few := secondsOf([][]float64{{0.1, 0.2}, {0.1, 0.3}, {0.2, 0.2}})
	same := secondsOf([][]float64{{0.1, 0.1}, {0.1, 0.1}, {0.1, 0.1}, {0.1, 0.1}})
	once := secondsOf([][]float64{{0.1, 0.2, 0.1, 0.2, 0.1, 0.2, 0.1, 0.3, 0.1, 0.1, 0.2, 0.2}})
	part := func(m *Metrics) Part { p, _ := m.Part(""); return p }
	tests := []struct {
		why      string
		e        Estimate
		bounded  bool
		needable bool // for a limit of a second
	}{
		{"nothing was measured", part(few).Quantile("poll.lost", 0.5), false, false},
		{"six samples do not bound p95", part(few).Quantile("send.response", 0.95), false, true},
		{"nor does one second, however much happened in it", part(once).Quantile("send.response", 0.5), false, true},
		{"its mean neither", part(once).Mean("send.response"), false, true},
		{"what is always the same has a mean without doubt", part(same).Mean("send.response"), true, true},
	}
	for _, tt := range tests {
		if got := !math.IsInf(tt.e.High, 1); got != tt.bounded {
			t.Errorf("%s: %v to %v, want a bound: %v", tt.why, tt.e.Low, tt.e.High, tt.bounded)
		}
		if got := tt.e.Needed(1) > 0; got != tt.needable {
			t.Errorf("%s: %d samples would decide, want some: %v", tt.why, tt.e.Needed(1), tt.needable)
		}
	}
}

// TestNeeded plays a run that cannot tell, and then one of the length that would.
func TestNeeded(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	short, long := world{20, 20, 0, 0.2, 0.5}, world{0, 20, 0, 0.2, 0.5}
	limit := short.quantile(0.95) * 1.15
	decided := 0
	for range 40 {
		part, _ := secondsOf(short.draw(r)).Part("")
		e := part.Quantile("send.response", 0.95)
		n := e.Needed(limit)
		if e.High < limit || e.Low >= limit || n == 0 {
			decided++
			continue
		}
		if n < e.Samples {
			t.Fatalf("%d of %d samples would decide what they did not", n, e.Samples)
		}
		long.seconds = int(n/20) * 2 // a half of such runs still cannot tell, at twice the length few
		again, _ := secondsOf(long.draw(r)).Part("")
		if e := again.Quantile("send.response", 0.95); e.High < limit || e.Low >= limit {
			decided++
		}
	}
	if decided < 24 {
		t.Errorf("%d of 40 decided with twice the samples that were said to be needed, want most", decided)
	}
}

// TestFailuresBunched wants failures that come all at once to say less than those that do not.
func TestFailuresBunched(t *testing.T) {
	spread, bunched := &Metrics{Stages: []StageMetrics{{Name: "run"}}}, &Metrics{Stages: []StageMetrics{{Name: "run"}}}
	spread.Timeline.Resolution, bunched.Timeline.Resolution = 1, 1
	for i := range 40 {
		even, all := Point{Exchanges: 100, Failed: 2}, Point{Exchanges: 100}
		if i == 17 {
			all.Failed = 80
		}
		spread.Timeline.Points = append(spread.Timeline.Points, even)
		bunched.Timeline.Points = append(bunched.Timeline.Points, all)
	}
	failed := func(p *Point) int64 { return p.Failed }
	a, _ := spread.Part("")
	b, _ := bunched.Part("")
	even, all := a.Failures(80, 4000, failed), b.Failures(80, 4000, failed)
	if even.Value != 0.02 || all.Value != 0.02 || all.Effective*10 > even.Effective || all.High < 2*even.High {
		t.Errorf("spread out %+v, bunched %+v, want the same share of 2 %% and much less certainty", even, all)
	}
	if none := a.Failures(0, 4000, failed); none.Low != 0 || math.Abs(none.High-0.000922) > 1e-6 { // 1 - 0.025^(1/4000)
		t.Errorf("none of 4000: %v to %v, want 0 to 0.0922 %%", none.Low, none.High)
	}
}

// TestStandIns wants every metric that can be gated to stand in the timeline, to have a stand-in
// there, or to be one of the few that docs/gates.md lists.
func TestStandIns(t *testing.T) {
	alone := map[string]bool{"conversation": true, "support.service": true, "support.response": true}
	inTimeline := map[string]bool{}
	for i, name := range names {
		inTimeline[name] = name != "" && overTime(id(i))
	}
	for _, name := range Names() {
		if got := inTimeline[shownBy(name)]; got == alone[name] {
			t.Errorf("%s is shown over time by %s: %v, want %v", name, shownBy(name), got, !alone[name])
		}
	}
}

func TestShareBelow(t *testing.T) {
	h := newHist(Seconds, stageDigits)
	for i := range int64(100) {
		h.record(1000 * (i + 1))
	}
	for limit, want := range map[float64]float64{0: 0, 0.001: 0, 0.0505: 0.5, 0.0999: 0.99, 0.1001: 1, 7: 1} {
		if got := h.ShareBelow(limit); math.Abs(got-want) > 1e-9 {
			t.Errorf("of 1 to 100 ms a share of %v is below %v s, want %v", got, limit, want)
		}
	}
}

// TestUntouched has samples whose siblings come in bunches: that nothing reached a limit shows without
// them, if there are enough.
func TestUntouched(t *testing.T) {
	of := func(n int, longest int64) Part {
		h := newHist(Seconds, stageDigits)
		for range n - 1 {
			h.record(5_000)
		}
		h.record(longest)
		m := &Metrics{Stages: []StageMetrics{{End: time.Minute, Latency: map[string]*Hist{"send.service": h}}}}
		part, _ := m.Part("")
		return part
	}
	for _, tt := range []struct {
		why     string
		n       int
		longest int64
		want    bool
	}{
		{"0.99^367 is more than a fortieth", 367, 6_000, false},
		{"0.99^368 is less", 368, 6_000, true},
		{"one has reached it", 10_000, 10_000, false},
	} {
		if got := of(tt.n, tt.longest).Untouched("send.service", 0.99, 0.01); got != tt.want {
			t.Errorf("%s: %v for the p99 of %d samples up to %d us and a limit of 10 ms, want %v", tt.why, got, tt.n, tt.longest, tt.want)
		}
	}
}

// TestAlike has a metric whose values differ by less than a bucket of the timeline is wide: its
// interval is as wide as its mean is uncertain, and does not lose its upper end to the buckets.
func TestAlike(t *testing.T) {
	h, m := newHist(Seconds, stageDigits), &Metrics{Timeline: Timeline{Resolution: 1}}
	for second := range 20 {
		var p Point
		for range 100 {
			took := int64(5_000 + 2*second)
			h.record(took)
			p.hist("send.response", Seconds).record(took)
		}
		m.Timeline.Points = append(m.Timeline.Points, p)
	}
	m.Stages = []StageMetrics{{End: 20 * time.Second, Latency: map[string]*Hist{"send.response": h}}}
	part, _ := m.Part("")
	if e := part.Quantile("send.response", 0.99); e.Low < 0.0049 || e.Low >= e.Value || e.High <= e.Value || e.High > 0.0053 {
		t.Errorf("the p99 is %v in [%v, %v], want an interval of a few hundredths of a millisecond", e.Value, e.Low, e.High)
	}
}
