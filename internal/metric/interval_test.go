package metric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// TestOrderStatistics holds the ranks against published ones: of medians, Campbell and Gardner
// (1988), "Calculating confidence intervals for some non-parametric analyses", British Medical
// Journal 296, table of ranks; and the textbook example of the median of nine, from the second to the
// eighth, in Pennsylvania State University's STAT 415, section 19.1 (96.1 %).
func TestOrderStatistics(t *testing.T) {
	tests := []struct {
		why       string
		n         int
		q         float64
		low, high int
	}{
		{"STAT 415, nine values", 9, 0.5, 2, 8},
		{"Campbell and Gardner, 10", 10, 0.5, 2, 9},
		{"Campbell and Gardner, 20", 20, 0.5, 6, 15},
		{"Campbell and Gardner, 50", 50, 0.5, 18, 33},
		{"Campbell and Gardner, 100", 100, 0.5, 40, 61},
		{"five values bound no median: 2 * 0.5^5 is more than 5 %", 5, 0.5, 0, 6},
		{"six do", 6, 0.5, 1, 6},
		{"0.95^71 is more than 2.5 %", 71, 0.95, 63, 72},
		{"0.95^72 is less, so the maximum of 72 bounds p95", 72, 0.95, 64, 72},
		{"0.99^368 is less than 2.5 %", 368, 0.99, 360, 368},
	}
	for _, tt := range tests {
		low, high := orderStatistics(tt.n, tt.q, tailOf(Level))
		if low != tt.low || high != tt.high {
			t.Errorf("%s: the quantile %v of %d lies from value %d to %d, want %d to %d", tt.why, tt.q, tt.n, low, high, tt.low, tt.high)
		}
	}
}

// TestClopperPearson holds the interval against Newcombe (1998), "Two-sided confidence intervals for
// the single proportion", Statistics in Medicine 17, table I, method 5.
func TestClopperPearson(t *testing.T) {
	tests := []struct{ hits, trials, low, high float64 }{
		{81, 263, 0.2527, 0.3676},
		{15, 148, 0.0578, 0.1617},
		{0, 20, 0, 0.1684},
		{1, 29, 0.0009, 0.1776},
		{29, 29, 0.8806, 1}, // the mirror image of none of 29: 1 - 0.025^(1/29) = 0.1194
		{0, 0, 0, 1},
	}
	for _, tt := range tests {
		low, high := clopperPearson(tt.hits/max(tt.trials, 1), tt.trials, tailOf(Level))
		if math.Abs(low-tt.low) > 5e-5 || math.Abs(high-tt.high) > 5e-5 {
			t.Errorf("%v of %v: %.4f to %.4f, want %.4f to %.4f", tt.hits, tt.trials, low, high, tt.low, tt.high)
		}
	}
}

// TestRatio wants the sums to be right, each done by hand.
func TestRatio(t *testing.T) {
	tests := []struct {
		why             string
		clusters        []cluster
		value, variance float64
	}{
		{"nothing", nil, 0, 0},
		{"one cluster has no variance", []cluster{{10, 5}}, 0.5, 0},
		// 6/20; residuals 1-3, 5-3: 2/1 * (4+4) / 400
		{"two alike in size", []cluster{{10, 1}, {10, 5}}, 0.3, 0.04},
		// 6/12; residuals 1-1, 2-3, 3-2: 3/2 * 2 / 144
		{"three of other sizes", []cluster{{2, 1}, {6, 2}, {4, 3}}, 0.5, 3.0 / 144},
	}
	for _, tt := range tests {
		value, variance := ratioOf(tt.clusters)
		if math.Abs(value-tt.value) > 1e-12 || math.Abs(variance-tt.variance) > 1e-12 {
			t.Errorf("%s: %v with variance %v, want %v with %v", tt.why, value, variance, tt.value, tt.variance)
		}
	}
}

// TestBatched wants neighbours together, nothing lost, and what is empty left out.
func TestBatched(t *testing.T) {
	for _, n := range []int{0, 1, 3, 10, 11, 25, 300} {
		var clusters []cluster
		for i := range n {
			clusters = append(clusters, cluster{1, float64(i)}, cluster{})
		}
		got := batched(clusters)
		var size, before float64
		for i, b := range got {
			size += b.n
			if i > 0 && b.sum/b.n <= before {
				t.Errorf("%d seconds: batch %d has a mean of %v after %v, want neighbours in order", n, i, b.sum/b.n, before)
			}
			before = b.sum / b.n
		}
		if len(got) != min(n, batches) || size != float64(n) {
			t.Errorf("%d seconds: %d batches of %v in all, want %d of %d", n, len(got), size, min(n, batches), n)
		}
	}
}

// TestEffective wants fewer effective samples where seconds differ, and where there are few of them.
func TestEffective(t *testing.T) {
	tests := []struct {
		why  string
		s    sampling
		want float64
	}{
		{"nothing is known of seconds", independent(100), 100},
		{"ten batches: (1.960 / 2.262)^2", sampling{1000, 1, 60}, 750.7},
		{"five times as variable", sampling{1000, 5, 60}, 150.1},
		{"two seconds: (1.960 / 12.706)^2", sampling{1000, 1, 2}, 23.8},
		{"a single one tells nothing of how seconds differ", sampling{1000, 1, 1}, 0},
	}
	for _, tt := range tests {
		if got := tt.s.effective(tailOf(Level)); math.Abs(got-tt.want) > 0.05 {
			t.Errorf("%s: %.1f effective samples, want %.1f", tt.why, got, tt.want)
		}
	}
}

// secondsOf is a run of one stage whose sends took as long as they are listed, second by second.
func secondsOf(values [][]float64) *Metrics {
	h := newHist(Seconds, stageDigits)
	m := &Metrics{Timeline: Timeline{Resolution: 1}}
	for _, second := range values {
		var p Point
		for _, v := range second {
			kept := int64(v * 1e6)
			h.record(kept)
			p.hist("send.response", Seconds).record(kept)
			p.Exchanges++
			if v > 1 {
				p.Failed++
			}
		}
		m.Timeline.Points = append(m.Timeline.Points, p)
	}
	m.Stages = []StageMetrics{{Name: "run", End: time.Duration(len(values)) * time.Second, Latency: map[string]*Hist{"send.response": h}}}
	return m
}

// world draws runs in which the seconds are alike or not: a lognormal time whose logarithm has, from
// second to second, a mean that goes on as an AR(1) process does.
type world struct {
	seconds, each int
	goesOn        float64 // correlation of a second with the next
	between       float64 // standard deviation of the seconds' means
	within        float64 // standard deviation within a second
}

func (w world) draw(r *rand.Rand) [][]float64 {
	values := make([][]float64, w.seconds)
	mean := w.between * r.NormFloat64()
	for i := range values {
		mean = w.goesOn*mean + math.Sqrt(1-w.goesOn*w.goesOn)*w.between*r.NormFloat64()
		for range w.each {
			values[i] = append(values[i], 0.2*math.Exp(mean+w.within*r.NormFloat64()))
		}
	}
	return values
}

// quantile and mean are the truth, of a run without end.
func (w world) quantile(q float64) float64 {
	return 0.2 * math.Exp(math.Hypot(w.between, w.within)*distuv.UnitNormal.Quantile(q))
}

func (w world) mean() float64 { return 0.2 * math.Exp((w.between*w.between+w.within*w.within)/2) }

func (w world) slow() float64 {
	return 1 - distuv.UnitNormal.CDF(math.Log(5)/math.Hypot(w.between, w.within))
}

// TestCoverage plays a few hundred runs of worlds whose truth is known and counts how often the
// interval holds it. The bounds leave room for chance: 95 % of 400 is known to 2.2 points. A
// disturbance that lasts for longer than a tenth of the run is seen in part only, as the last world
// shows, which is why docs/gates.md wants long stages. Intervals that took the samples for
// independent held the truth so much less often that this is the reason for all of it.
func TestCoverage(t *testing.T) {
	if slowed {
		t.Skip("one goroutine draws numbers: there is nothing that the race detector could see")
	}
	const trials = 400
	worlds := []struct {
		name  string
		w     world
		least float64 // in percent, of all the figures
		naive float64 // the interval of independent samples holds p50 at most so often
	}{
		{name: "seconds alike, 20 s", w: world{20, 40, 0, 0, 0.5}, least: 93, naive: 98},
		{name: "seconds alike, 60 s", w: world{60, 30, 0, 0, 0.5}, least: 93, naive: 98},
		{name: "each second differs, 60 s", w: world{60, 30, 0, 0.4, 0.5}, least: 92, naive: 60},
		{name: "AR(1) of 0.5, 60 s", w: world{60, 30, 0.5, 0.4, 0.5}, least: 90, naive: 40},
		{name: "AR(1) of 0.5, 300 s", w: world{300, 20, 0.5, 0.4, 0.5}, least: 92, naive: 50},
		{name: "AR(1) of 0.8, 300 s", w: world{300, 20, 0.8, 0.4, 0.5}, least: 90, naive: 35},
		{name: "AR(1) of 0.8, 60 s", w: world{60, 30, 0.8, 0.4, 0.5}, least: 75, naive: 30},
	}
	for i, tt := range worlds {
		t.Run(tt.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, uint64(i)))
			held := map[string]float64{}
			count := func(figure string, low, high, truth float64) {
				if low <= truth*1.001 && truth <= high*1.001 { // three digits are kept
					held[figure] += 100.0 / trials
				} else {
					held[figure] += 0
				}
			}
			for range trials {
				part, _ := secondsOf(tt.w.draw(r)).Part("")
				for _, q := range []float64{0.5, 0.95, 0.99} {
					e := part.Quantile("send.response", q)
					count(fmt.Sprintf("p%g", 100*q), e.Low, e.High, tt.w.quantile(q))
				}
				mean := part.Mean("send.response")
				count("mean", mean.Low, mean.High, tt.w.mean())
				var slow int64
				for _, p := range part.points {
					slow += p.Failed
				}
				failed := part.Failures(slow, mean.Samples, func(p *Point) int64 { return p.Failed })
				count("failed", failed.Low, failed.High, tt.w.slow())
				h := part.Hist("send.response")
				low, high := orderStatistics(int(h.Count()), 0.5, tailOf(Level))
				count("p50 as if independent", h.atRank(float64(low)), h.atRank(float64(high)), tt.w.quantile(0.5))
			}
			naive := held["p50 as if independent"]
			delete(held, "p50 as if independent")
			t.Logf("%s: %v, as if independent %.1f", tt.name, held, naive)
			for figure, share := range held {
				if share < tt.least {
					t.Errorf("the interval of %s holds the truth in %.1f %% of %d runs, want %v %%", figure, share, trials, tt.least)
				}
			}
			if naive > tt.naive {
				t.Errorf("the interval of independent samples holds the truth in %.1f %%, want %v %% at most: this world needs no clusters", naive, tt.naive)
			}
		})
	}
}
