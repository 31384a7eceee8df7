package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// The permeability of human placental membranes at term and at 12 to 26 weeks: example 4.1 of M.
// Hollander and D. A. Wolfe, Nonparametric Statistical Methods, Wiley 1973. R has it as the example
// of wilcox.test, which gives W = 35, p = 0.2544 two-sided and 0.1272 one-sided, and the estimate of
// the shift 0.305 with the interval -0.15 to 0.76 at 95 %.
var (
	atTerm = []float64{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46}
	early  = []float64{1.15, 0.88, 0.90, 0.74, 1.21}
)

func TestMannWhitneyPublished(t *testing.T) {
	if got, want := mannWhitney(early, atTerm), 0.2544; math.Abs(got-want) > 5e-5 {
		t.Errorf("got p %.5f, want %.4f", got, want)
	}
	if got, want := mannWhitney(early, atTerm), mannWhitney(atTerm, early); math.Abs(got-want) > 1e-12 {
		t.Errorf("got p %v one way and %v the other", got, want)
	}
}

func TestMannWhitneyOddCases(t *testing.T) {
	for name, c := range map[string]struct {
		base, new []float64
		want      float64
	}{
		"all the same":       {[]float64{1, 1, 1}, []float64{1, 1, 1}, 1},
		"one a side":         {[]float64{1}, []float64{2}, 1},
		"no overlap":         {[]float64{1, 2, 3}, []float64{4, 5, 6}, 0.1},
		"ties in the middle": {[]float64{1, 2, 3}, []float64{2, 3, 4}, 0.5}, // 5 of the 20 groupings have ranks that add up to 8 or less
	} {
		if got := mannWhitney(c.base, c.new); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: got p %v, want %v", name, got, c.want)
		}
	}
}

// TestLeastP takes the counts of groupings from the binomial coefficients: 2 of 70, and of 12870.
func TestLeastP(t *testing.T) {
	for _, c := range []struct {
		base, new int
		want      float64
	}{{1, 1, 1}, {4, 4, 2. / 70}, {8, 8, 2. / 12870}, {5, 1, 2. / 6}} {
		if got := leastP(c.base, c.new); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%d and %d runs: got %v, want %v", c.base, c.new, got, c.want)
		}
	}
}

func TestHodgesLehmannPublished(t *testing.T) {
	estimate, low, high := hodgesLehmann(early, atTerm, 0.95)
	for name, c := range map[string]struct{ got, want float64 }{
		"estimate": {estimate, 0.305}, "low": {low, -0.15}, "high": {high, 0.76},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("%s: got %v, want %v", name, c.got, c.want)
		}
	}
}

// TestHodgesLehmannAgreesWithTheTest: 0 lies in the interval exactly when the test does not find a
// shift. Three runs a side are too few for an interval at 95 %.
func TestHodgesLehmannAgreesWithTheTest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		base, new := normals(r, 6, 0), normals(r, 7, 1.5)
		_, low, high := hodgesLehmann(base, new, 0.95)
		if inside, p := low < 0 && 0 < high, mannWhitney(base, new); inside == (p < 0.05) {
			t.Fatalf("the interval is %v to %v and p is %v: base %v, new %v", low, high, p, base, new)
		}
	}
	if _, low, high := hodgesLehmann([]float64{1, 2, 3}, []float64{4, 5, 6}, 0.95); !math.IsInf(low, -1) || !math.IsInf(high, 1) {
		t.Errorf("three a side: got %v to %v, want no bounds", low, high)
	}
}

// TestManyRuns: beyond what is counted exactly the normal distribution takes over, without a step.
func TestManyRuns(t *testing.T) {
	if slowed {
		t.Skip("arithmetic of one goroutine, a hundred thousand times")
	}
	exact, approximate := cutOff(50, 50, 0.025), cutOff(51, 51, 0.025)
	if step := approximate - exact; step < 0 || step > 60 { // U grows by some 50 with a run a side
		t.Errorf("the cut-off jumps from %d to %d with one run more a side", exact, approximate)
	}
	r := rand.New(rand.NewPCG(1, 2))
	estimate, low, high := hodgesLehmann(normals(r, 60, 0), normals(r, 60, 1), 0.95)
	if math.Abs(estimate-1) > 0.5 || low > estimate || high < estimate || high-low > 1 {
		t.Errorf("60 runs a side, shifted by 1: got %v (%v to %v)", estimate, low, high)
	}
}

func normals(r *rand.Rand, n int, mean float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = mean + r.NormFloat64()
	}
	return v
}

// TestHolmPublished takes the fifteen p of the study that Y. Benjamini and Y. Hochberg, "Controlling
// the false discovery rate", JRSS B 57, 1995, work through: with the error of the family controlled at
// 5 % the first three are rejected, as 15 p1, 14 p2 and 13 p3 are below and 12 p4 is not.
func TestHolmPublished(t *testing.T) {
	p := []float64{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0}
	got := holm(p)
	want := []float64{0.0015, 0.0056, 0.0247, 0.1140, 0.2211, 0.2780, 0.2780, 0.2780, 0.3213}
	for i, w := range want {
		if math.Abs(got[i]-w) > 1e-9 {
			t.Errorf("p %v: got %v adjusted, want %v", p[i], got[i], w)
		}
	}
	if !slices.IsSorted(got) || got[14] != 1 {
		t.Errorf("got %v, want what rises to 1", got)
	}
	shuffled := []float64{0.04, 0.01, 0.03} // 3*0.01, then 2*0.03, then no less than that
	if got, want := holm(shuffled), []float64{0.06, 0.03, 0.06}; !slices.EqualFunc(got, want, near) {
		t.Errorf("%v: got %v, want %v", shuffled, got, want)
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }
