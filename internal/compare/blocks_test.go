package compare

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// TestBlockBootstrapCoverage draws autoregressive series, whose mean is known, and counts how often
// the interval holds it. Seconds taken for independent would hold it in about 74 % where one second
// tells half of the next (the true error is 1.7 times as large).
func TestBlockBootstrapCoverage(t *testing.T) {
	if slowed {
		t.Skip("arithmetic of one goroutine, a hundred thousand times")
	}
	for _, c := range []struct {
		n           int
		correlation float64
		least, most float64 // share of intervals at 95 % that hold the mean
	}{
		{30, 0, 0.90, 0.98},
		{120, 0, 0.92, 0.98},
		{30, 0.5, 0.80, 0.98},
		{120, 0.5, 0.87, 0.98},
		{300, 0.5, 0.90, 0.98},
		{300, 0.8, 0.85, 0.98},
	} {
		r := rand.New(rand.NewPCG(uint64(c.n), uint64(100*c.correlation)))
		const trials = 400
		held := 0
		for range trials {
			s := autoregressive(r, c.n, c.correlation)
			if math.Abs(s.mean()-10) <= distuv.UnitNormal.Quantile(0.975)*s.deviation(r) {
				held++
			}
		}
		if got := float64(held) / trials; got < c.least || got > c.most {
			t.Errorf("%d seconds, correlation %g: %.3f of the intervals hold the mean, want %g to %g", c.n, c.correlation, got, c.least, c.most)
		}
	}
}

// autoregressive is a series of order 1 around 10, with a whole of 1 each second.
func autoregressive(r *rand.Rand, n int, correlation float64) *series {
	s := &series{part: make([]float64, n), whole: make([]float64, n)}
	x := r.NormFloat64() / math.Sqrt(1-correlation*correlation)
	for i := range n {
		s.part[i], s.whole[i] = 10+x, 1
		x = correlation*x + r.NormFloat64()
	}
	return s
}

// TestBlockLength: what is correlated for longer gets longer blocks. For an autoregressive series
// the best length is known: the cube root of 3/2 n (2 c/(1-c^2))^2, by the formula of Politis and
// White, here 8.4 at 0.5 and 17.4 at 0.8 for 300 seconds.
func TestBlockLength(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, c := range []struct {
		correlation float64
		least, most float64
	}{{0, 6, 9}, {0.5, 6.5, 13}, {0.8, 11, 30}} {
		lengths := make([]float64, 100)
		for i := range lengths {
			lengths[i] = float64(blockLength(autoregressive(r, 300, c.correlation).residuals()))
		}
		if got := stat.Mean(lengths, nil); got < c.least || got > c.most {
			t.Errorf("correlation %g: blocks of %.1f s on average, want %g to %g", c.correlation, got, c.least, c.most)
		}
	}
	for name, c := range map[string]struct {
		e    []float64
		want int
	}{
		"constant":        {make([]float64, 30), 3},
		"short":           {make([]float64, 10), 3},
		"hardly anything": {make([]float64, 4), 1},
		"a trend":         {trend(30), 7}, // the rule looks back no further than a short run allows
	} {
		if got := blockLength(c.e); got != c.want {
			t.Errorf("%s: got blocks of %d, want %d", name, got, c.want)
		}
	}
}

func trend(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(i)
	}
	return v
}
