package compare

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat"
)

// The seconds of a run are correlated: a queue that is long is long for a while. Taken for
// independent they would make intervals too narrow. So the error of a share or a mean over a run's
// seconds comes from a circular block bootstrap: blocks of successive seconds, drawn with
// replacement, make another run that could have been. See D. N. Politis and J. P. Romano, "A
// circular block-resampling procedure for stationary data", in: Exploring the Limits of Bootstrap,
// Wiley 1992.

const (
	resamples = 1000
	// leastBlock is the shortest block in points of the timeline: what a short run seems to say of
	// its correlation is chance.
	leastBlock = 3
)

// series is something counted by the second, and out of how many. Its mean is the sum of one over
// the sum of the other.
type series struct {
	part, whole []float64
}

func (s *series) mean() float64 { return total(s.part) / total(s.whole) }

func total(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum
}

// deviation is the standard error of the mean, from resampled blocks. Random numbers come from r.
func (s *series) deviation(r *rand.Rand) float64 {
	n := len(s.part)
	length := blockLength(s.residuals())
	part, whole := circularSums(s.part), circularSums(s.whole)
	means := make([]float64, 0, resamples)
	for range resamples {
		p, w := 0.0, 0.0
		for drawn := 0; drawn < n; drawn += length {
			take := min(length, n-drawn)
			from := r.IntN(n)
			p += part[from+take] - part[from]
			w += whole[from+take] - whole[from]
		}
		if w > 0 {
			means = append(means, p/w)
		}
	}
	if len(means) < 2 {
		return math.Inf(1)
	}
	// Blocks of length b out of n seconds see n-b parts of the variance in n.
	return stat.StdDev(means, nil) * math.Sqrt(float64(n)/float64(n-length))
}

// residuals are what each second contributes to the error of the mean.
func (s *series) residuals() []float64 {
	mean := s.mean()
	e := make([]float64, len(s.part))
	for i := range e {
		e[i] = s.part[i] - mean*s.whole[i]
	}
	return e
}

// circularSums are the sums of the first values of a series that begins anew at its end.
func circularSums(v []float64) []float64 {
	sums := make([]float64, 2*len(v)+1)
	for i := range 2 * len(v) {
		sums[i+1] = sums[i] + v[i%len(v)]
	}
	return sums
}

// blockLength chooses the length of blocks for a series by its autocorrelation: the rule of D. N.
// Politis and H. White, "Automatic block-length selection for the dependent bootstrap", Econometric
// Reviews 23 (2004), with the correction of A. Patton, D. N. Politis and H. White, Econometric
// Reviews 28 (2009). It is at least leastBlock and the cube root of the length of the series, and at
// most a third of it.
func blockLength(e []float64) int {
	n := len(e)
	root := math.Cbrt(float64(n))
	length := max(root, leastBlock)
	r := autocovariances(e, bandwidthLimit(n)+patience(n))
	if r[0] > 0 {
		m := bandwidth(r, n)
		g, g0 := 0.0, r[0]
		for k := 1; k <= m; k++ {
			window := min(1, 2*(1-float64(k)/float64(m))) // flat in the middle
			g += 2 * window * float64(k) * r[k]
			g0 += 2 * window * r[k]
		}
		if d := 4. / 3 * g0 * g0; d > 0 {
			length = max(length, math.Cbrt(2*g*g/d)*root)
		}
	}
	return max(1, min(int(math.Round(length)), n/3))
}

// patience is how many lags in a row must show nothing for the correlation to be over.
func patience(n int) int { return max(5, int(math.Ceil(math.Sqrt(math.Log10(float64(n)))))) }

func bandwidthLimit(n int) int { return int(math.Ceil(math.Sqrt(float64(n)))) + patience(n) }

// bandwidth is how many lags count: twice the last before a stretch without any that is
// significant.
func bandwidth(r []float64, n int) int {
	critical := 2 * math.Sqrt(math.Log10(float64(n))/float64(n))
	quiet, limit := 0, bandwidthLimit(n)
	for k := 1; k < len(r); k++ {
		quiet++
		if math.Abs(r[k]/r[0]) >= critical {
			quiet = 0
		}
		if quiet == patience(n) {
			return min(2*(k-quiet), limit)
		}
	}
	return limit
}

// autocovariances of a series at the lags 0 to most, as far as it is long enough; beyond they are 0.
func autocovariances(e []float64, most int) []float64 {
	mean := stat.Mean(e, nil)
	r := make([]float64, most+1)
	for k := range r {
		for i := k; i < len(e); i++ {
			r[k] += (e[i] - mean) * (e[i-k] - mean)
		}
		r[k] /= float64(len(e))
	}
	return r
}
