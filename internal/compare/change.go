package compare

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

const (
	// betweenRuns is how much the same thing differs from one run to the next beyond what the seconds
	// within a run show: the standard deviation of the logarithm, as bench/alarms found it (docs/gates.md).
	betweenRuns = 0.02
	// priorWeight is how much that knowledge weighs beside what several runs show themselves, in
	// degrees of freedom.
	priorWeight = 30
)

// sample is the figures of the runs of a side.
type sample []figure

// center is what a side has, on the scale of the comparison: the mean of its runs' logarithms, or
// of the runs themselves.
func (s sample) center(ratio bool) float64 { return stat.Mean(s.scaled(ratio), nil) }

func (s sample) scaled(ratio bool) []float64 {
	v := make([]float64, len(s))
	for i, f := range s {
		v[i] = f.value
		if ratio {
			v[i] = math.Log(max(f.value, math.SmallestNonzeroFloat64))
		}
	}
	return v
}

func (s sample) values() []float64 { return s.scaled(false) }

func (s sample) samples() int64 {
	var n int64
	for _, f := range s {
		n += f.samples
	}
	return n
}

// contrast is the two sides of a comparison over seconds and runs. Its intervals join those of the
// sides by the method of variance estimates recovery (G. Y. Zou and A. Donner, "Construction of
// confidence limits about effect measures", Statistics in Medicine 27, 2008), which lets them be
// lopsided, as those of percentiles are.
//
// The spread of the runs of a side is what the seconds in them show, with betweenRuns, and what the
// runs show, each weighed by what is known of it (G. K. Smyth, "Linear models and empirical Bayes
// methods", Statistical Applications in Genetics 3, 2004). With one run a side the first is all
// there is.
type contrast struct {
	base, new sample
	ratio     bool
}

func (c *contrast) estimate() float64 { return c.new.center(c.ratio) - c.base.center(c.ratio) }

// degrees of freedom that the runs themselves add.
func (c *contrast) degrees() float64 { return float64(len(c.base) + len(c.new) - 2) }

// pooled is the variance between the runs of a side, of both sides together.
func (c *contrast) pooled() float64 {
	if c.degrees() == 0 {
		return 0
	}
	sum := 0.0
	for _, s := range []sample{c.base, c.new} {
		if len(s) > 1 {
			sum += stat.Variance(s.scaled(c.ratio), nil) * float64(len(s)-1)
		}
	}
	return sum / c.degrees()
}

// reach is how far the true value of a side may lie below and above, z standard errors away; both
// are squared.
func (c *contrast) reach(s sample, z float64) (below, above float64) {
	prior := 0.0
	if c.ratio {
		prior = z * betweenRuns
	}
	for _, f := range s {
		b, a := f.reach(z)
		below += (b*b + prior*prior) / float64(len(s))
		above += (a*a + prior*prior) / float64(len(s))
	}
	seen := z * z * c.pooled() * c.degrees()
	all := float64(len(s)) * (priorWeight + c.degrees())
	return (priorWeight*below + seen) / all, (priorWeight*above + seen) / all
}

// interval is the change, z standard errors around the estimate.
func (c *contrast) interval(z float64) (low, high float64) {
	baseBelow, baseAbove := c.reach(c.base, z)
	newBelow, newAbove := c.reach(c.new, z)
	d := c.estimate()
	return d - math.Sqrt(newBelow+baseAbove), d + math.Sqrt(newAbove+baseBelow)
}

// quantile turns a level of confidence, such as 0.95, into standard errors.
func (c *contrast) errors(level float64) float64 { return c.student().Quantile(0.5 + level/2) }

func (c *contrast) student() distuv.StudentsT {
	return distuv.StudentsT{Sigma: 1, Nu: priorWeight + c.degrees()}
}

// p is the probability of so large an estimate, in either direction, when there is no change: one
// less the level of the interval that just reaches it.
func (c *contrast) p() float64 {
	const farthest = 40 // standard errors; p is 0 beyond for all that anybody cares
	holds := func(z float64) bool {
		low, high := c.interval(z)
		return low <= 0 && 0 <= high
	}
	if c.estimate() == 0 {
		return 1
	}
	near, far := 0.0, float64(farthest)
	if !holds(far) {
		return 0
	}
	for far-near > 1e-6 {
		if middle := (near + far) / 2; holds(middle) {
			far = middle
		} else {
			near = middle
		}
	}
	return 2 * c.student().Survival(far)
}
