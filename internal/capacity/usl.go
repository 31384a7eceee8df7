package capacity

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"
)

// coefficients is how many numbers the law has.
const coefficients = 3

// Point is a load and the throughput there.
type Point struct{ Load, Throughput float64 }

// At is the throughput at a load by the law.
func (l *Law) At(load float64) float64 {
	return l.Lambda.Value * capacityOf(load, l.Sigma.Value, l.Kappa.Value)
}

// capacityOf is the throughput at load n as a multiple of that at load 1.
func capacityOf(n, sigma, kappa float64) float64 {
	return n / (1 + sigma*(n-1) + kappa*n*(n-1))
}

// Fit fits the Universal Scalability Law by nonlinear least squares, with Sigma and Kappa between 0
// and 1 as in the R package usl, whose standard errors it gives as well (those of a linear model at
// the solution, J. Fox, Nonlinear Regression and Nonlinear Least Squares, 2002). The error says why
// there is no law: there must be more points than coefficients, at three loads or more.
func Fit(points []Point) (*Law, error) {
	loads := map[float64]bool{}
	reach := 0.0
	for _, p := range points {
		if !(p.Load > 0) || !(p.Throughput > 0) || math.IsInf(p.Load+p.Throughput, 0) {
			return nil, fmt.Errorf("a throughput of %g at load %g", p.Throughput, p.Load)
		}
		loads[p.Load] = true
		reach = max(reach, p.Load)
	}
	if len(points) <= coefficients || len(loads) < coefficients {
		return nil, fmt.Errorf("the law has three coefficients and needs four probes at three loads, there are %d at %d", len(points), len(loads))
	}
	sigma, kappa, err := minimum(points, reach)
	if err != nil {
		return nil, err
	}
	law := &Law{Points: len(points), Reach: reach}
	law.Lambda.Value, law.Sigma.Value, law.Kappa.Value = lambda(points, sigma, kappa), sigma, kappa
	if kappa > 0 {
		law.PeakLoad = math.Sqrt((1 - sigma) / kappa)
		law.Peak = law.At(law.PeakLoad)
	}
	law.judge(points)
	law.Sentence = law.words(declines(points))
	return law, nil
}

// lambda is the best throughput at load 1 for the other two, by linear least squares: the law is
// linear in it, so only two coefficients are searched for.
func lambda(points []Point, sigma, kappa float64) float64 {
	var xy, xx float64
	for _, p := range points {
		c := capacityOf(p.Load, sigma, kappa)
		xy += c * p.Throughput
		xx += c * c
	}
	return xy / xx
}

// squares is the sum of the squared residuals at the best lambda.
func squares(points []Point, sigma, kappa float64) float64 {
	l, sum := lambda(points, sigma, kappa), 0.0
	for _, p := range points {
		d := p.Throughput - l*capacityOf(p.Load, sigma, kappa)
		sum += d * d
	}
	return sum
}

// minimum finds the best sigma and kappa. They are searched for as their share in the denominator at
// the highest load, which makes both of the order of one. Beyond the bounds the objective is that at
// the bound and a penalty, so that a solution on a bound lies there exactly.
func minimum(points []Point, reach float64) (sigma, kappa float64, err error) {
	perSigma, perKappa := max(reach-1, 1), max(reach*(reach-1), 1)
	unscaled := func(x []float64) (sigma, kappa, outside float64) {
		a, b := x[0]/perSigma, x[1]/perKappa
		sigma, kappa = min(max(a, 0), 1), min(max(b, 0), 1)
		return sigma, kappa, math.Hypot((a-sigma)*perSigma, (b-kappa)*perKappa)
	}
	scale := squares(points, 0, 0)
	for _, p := range points {
		scale += p.Throughput * p.Throughput
	}
	problem := optimize.Problem{Func: func(x []float64) float64 {
		sigma, kappa, outside := unscaled(x)
		return squares(points, sigma, kappa)/scale + outside*outside
	}}
	settings := &optimize.Settings{Converger: &optimize.FunctionConverge{Absolute: 1e-16, Relative: 1e-14, Iterations: 200}, MajorIterations: 20_000}
	best := math.Inf(1)
	for _, start := range [][]float64{{0.5, 0.5}, {2, 0.1}, {0.05, 2}, {5, 5}, {0.01, 0.01}} {
		found, failed := optimize.Minimize(problem, start, settings, &optimize.NelderMead{})
		if failed != nil {
			err = failed
			continue
		}
		if found.F < best {
			best = found.F
			sigma, kappa, _ = unscaled(found.X)
		}
	}
	if math.IsInf(best, 1) {
		return 0, 0, fmt.Errorf("the fit did not converge: %w", err)
	}
	return sigma, kappa, nil
}

// judge says how far the coefficients may be trusted.
func (l *Law) judge(points []Point) {
	free := float64(len(points) - coefficients)
	rest := squares(points, l.Sigma.Value, l.Kappa.Value)
	var mean, total float64
	for _, p := range points {
		mean += p.Throughput / float64(len(points))
	}
	for _, p := range points {
		total += (p.Throughput - mean) * (p.Throughput - mean)
	}
	if total > 0 {
		l.R2 = 1 - rest/total
	}
	l.Residual = math.Sqrt(rest / free)
	var inverse mat.Dense
	if inverse.Inverse(l.information(points)) != nil {
		return // singular: nothing is known of the errors
	}
	t := distuv.StudentsT{Sigma: 1, Nu: free}.Quantile(0.975)
	for i, c := range []*Coefficient{&l.Lambda, &l.Sigma, &l.Kappa} {
		c.Error = l.Residual * math.Sqrt(max(inverse.At(i, i), 0))
		c.Low, c.High = c.Value-t*c.Error, c.Value+t*c.Error
	}
}

// information is JᵀJ, J being the derivatives of the throughput at each load by each coefficient.
func (l *Law) information(points []Point) *mat.Dense {
	j := mat.NewDense(len(points), coefficients, nil)
	for i, p := range points {
		c := capacityOf(p.Load, l.Sigma.Value, l.Kappa.Value)
		by := -l.Lambda.Value * c * c / p.Load // the derivative by the denominator
		j.SetRow(i, []float64{c, by * (p.Load - 1), by * p.Load * (p.Load - 1)})
	}
	var jtj mat.Dense
	jtj.Mul(j.T(), j)
	return &jtj
}

// linear is the loss at the highest load tried below which scaling counts as near linear.
const linear = 0.1

// declines reports whether the highest load has less than the highest throughput.
func declines(points []Point) bool {
	most := slices.MaxFunc(points, func(a, b Point) int { return cmp.Compare(a.Throughput, b.Throughput) })
	last := slices.MaxFunc(points, func(a, b Point) int {
		return cmp.Or(cmp.Compare(a.Load, b.Load), cmp.Compare(a.Throughput, b.Throughput))
	})
	return last.Throughput < most.Throughput
}

// words says what the coefficients mean at the loads that were tried, at the highest of which the
// throughput declines or not.
func (l *Law) words(declines bool) string {
	contention, coherency := l.Sigma.Value*(l.Reach-1), l.Kappa.Value*l.Reach*(l.Reach-1)
	loss := 1 - 1/(1+contention+coherency)
	if loss < linear {
		return "Throughput grows nearly in proportion to the load as far as it was tried; the data do not reach the bend, so they do not say where it is."
	}
	leading, cause := &l.Sigma, "mostly because work waits for what only some can use at a time (contention)"
	if coherency > contention {
		leading, cause = &l.Kappa, "mostly for what customers cost each other (coherency)"
	}
	if leading.Low <= 0 {
		cause = "and whether for contention or for coherency the data do not tell"
	}
	shape := fmt.Sprintf("At the highest load tried the tenant gives %.0f %% less than as many times a single customer's throughput, %s", 100*loss, cause)
	switch {
	case l.PeakLoad == 0:
		return shape + "; the law sees no peak."
	case l.PeakLoad > l.Reach:
		return fmt.Sprintf("%s; the peak, at %.3g, lies beyond the loads tried and is an extrapolation.", shape, l.PeakLoad)
	case !declines:
		return fmt.Sprintf("%s; it puts a peak at %.3g, which the probes beyond do not show: the law does not fit this tenant there.", shape, l.PeakLoad)
	case l.Kappa.Low <= 0:
		return fmt.Sprintf("%s; a peak at %.3g is likely but not certain.", shape, l.PeakLoad)
	}
	return fmt.Sprintf("%s; beyond %.3g more load gives less throughput.", shape, l.PeakLoad)
}
