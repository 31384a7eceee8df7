package compare

import (
	"math"
	"math/rand/v2"
	"testing"

	"chatbench/internal/metric"
)

// TestCurves holds each point against the quantile of the run's own histogram, and the length of a
// curve against what its samples can show.
func TestCurves(t *testing.T) {
	slow := usual()
	slow.times, slow.rate = 1.5, 40
	r := rand.New(rand.NewPCG(5, 5))
	base, new := usual().plays(1, r), slow.plays(1, r)
	c := compared(t, base, new, Options{}).Curves
	if c == nil || len(c.Metrics) == 0 {
		t.Fatal("got no curves")
	}
	for _, one := range c.Metrics {
		for side, l := range map[string]struct {
			Line
			hist *metric.Hist
		}{"base": {one.Base, base[0].Result.Metrics.Total().Hist(one.Name)}, "new": {one.New, new[0].Result.Metrics.Total().Hist(one.Name)}} {
			if len(l.Values) == 0 || len(l.Values) > len(c.Shares) {
				t.Fatalf("%s, %s: got %d values of %d shares", one.Name, side, len(l.Values), len(c.Shares))
			}
			for k, v := range l.Values {
				if want := l.hist.Quantile(c.Shares[k]); math.Abs(v/want-1) > 1e-9 {
					t.Errorf("%s, %s: got %v at %v, want %v", one.Name, side, v, c.Shares[k], want)
				}
			}
			last := c.Shares[len(l.Values)-1]
			if n := float64(l.hist.Count()); n*(1-last) < 1-1e-9 || n*(1-last) > 1.2 {
				t.Errorf("%s, %s: ends at %v with %v samples", one.Name, side, last, n)
			}
			if !l.hist.Thin(c.Shares[l.Thin]) || l.hist.Thin(c.Shares[l.Thin-1]) {
				t.Errorf("%s, %s: thin from %v on, with %d samples", one.Name, side, c.Shares[l.Thin], l.hist.Count())
			}
		}
	}
}

// TestCurvesOfSeveralRuns: the middle of the runs' curves agrees with the figure's value, and the run
// with the fewest samples decides how far it goes.
func TestCurvesOfSeveralRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	base, new := usual().plays(3, r), usual().plays(2, r)
	rep := compared(t, base, new, Options{Metrics: []string{"send.response"}})
	if len(rep.Curves.Metrics) != 1 || rep.Curves.Metrics[0].Name != "send.response" {
		t.Fatalf("got %+v, want one curve, of send.response", rep.Curves)
	}
	want := 1.0
	for _, in := range base {
		want *= in.Result.Metrics.Total().Hist("send.response").Quantile(0.9)
	}
	if got := rep.Curves.Metrics[0].Base.Values[perDecade]; math.Abs(got/math.Cbrt(want)-1) > 1e-9 {
		t.Errorf("p90 of three runs: got %v, want %v", got, math.Cbrt(want))
	}
}

func TestNoCurvesWithoutTimes(t *testing.T) {
	base, new := pair()
	if c := compared(t, []Input{base}, []Input{new}, Options{Metrics: []string{"errors"}}).Curves; c != nil {
		t.Errorf("got %+v", c)
	}
}
