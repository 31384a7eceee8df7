package metric

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// Level is the confidence of intervals, 0 to 1, where none is asked for.
const Level = 0.95

// Estimate is a figure of a run, with what it says of the value that a run without end would come
// to: in a share of Level of all runs like this one, that value lies from Low to High. The zero
// value is the estimate of nothing.
type Estimate struct {
	Value     float64 // as observed, in the unit of its metric
	Low, High float64 // High is +Inf, or Low 0, where the samples set no bound on that side
	Level     float64 // 0 to 1
	Samples   int64
	// Effective is how many independent samples would tell as much, at most Samples: those of one
	// second are alike, because they met the same queue.
	Effective float64

	from    sampling
	decides func(limit, effective float64) bool
}

// Needed is about how many samples would put the interval of the same value and scatter on one side
// of limit, to two digits: those of the same load for a longer time. It is 0 when a thousand times
// the samples would not.
func (e *Estimate) Needed(limit float64) int64 {
	if e.decides == nil {
		return 0
	}
	for factor := 1.0; factor <= 1000; factor *= 1.05 {
		if grown := e.from.times(factor); e.decides(limit, grown.effective(tailOf(e.Level))) {
			return twoDigits(grown.n)
		}
	}
	return 0
}

// tailOf is what each end of an interval leaves out.
func tailOf(level float64) float64 { return (1 - level) / 2 }

// twoDigits rounds up.
func twoDigits(n float64) int64 {
	unit := math.Pow(10, max(math.Floor(math.Log10(n))-1, 0))
	return int64(math.Ceil(n/unit) * unit)
}

// sampling is how samples came about.
type sampling struct {
	n float64
	// design is the design effect (Kish 1965): how many times the variance of independent samples
	// the estimate has. At least 1.
	design float64
	// stretches is in how many points of the timeline they lie; 0: nothing is known of that, and they
	// count as independent.
	stretches int
}

// independent are samples of which nothing else is known.
func independent(n int64) sampling { return sampling{n: float64(n), design: 1} }

// times is the same for a run that lasts so many times as long.
func (s sampling) times(factor float64) sampling {
	return sampling{n: s.n * factor, design: s.design, stretches: int(float64(s.stretches) * factor)}
}

// effective is the effective sample size of Korn and Graubard (1998), "Confidence intervals for
// proportions with small expected number of positive counts estimated from survey data", Survey
// Methodology 24: n over the design effect, less what the few batches leave unknown of that. It is
// 0 when all samples lie in one stretch, which tells nothing of how stretches differ.
func (s sampling) effective(tail float64) float64 {
	m := s.n / s.design
	if s.stretches > 0 {
		ratio := studentsT(math.Inf(1), tail) / studentsT(float64(min(s.stretches, batches)-1), tail)
		m *= ratio * ratio
	}
	return m
}

// studentsT is what leaves a tail on the right of Student's t; of the normal distribution
// for infinite degrees of freedom, and infinite for none.
func studentsT(freedom, tail float64) float64 {
	switch {
	case math.IsInf(freedom, 1):
		return distuv.UnitNormal.Quantile(1 - tail)
	case freedom < 1:
		return math.Inf(1)
	}
	return distuv.StudentsT{Sigma: 1, Nu: freedom}.Quantile(1 - tail)
}

// batches is how many pieces of equal length a stretch of the run is cut into to see how they
// differ. What happens in one second goes on in the next, so seconds are not independent; a tenth of
// the run is nearly. Ten is the least that Schmeiser (1982), "Batch size effects in the analysis of
// simulation output", Operations Research 30, recommends: more make the interval narrower by 10 % at
// most, and overlook a disturbance that lasts longer than the shorter batch.
const batches = 10

// cluster is what a stretch has: so many samples, and the sum of what is looked at in them.
type cluster struct{ n, sum float64 }

// batched puts neighbours together, into ten batches or, if there are fewer, one each. Stretches
// without samples do not count.
func batched(clusters []cluster) []cluster {
	var filled []cluster
	for _, c := range clusters {
		if c.n > 0 {
			filled = append(filled, c)
		}
	}
	count := min(len(filled), batches)
	out := make([]cluster, count)
	for i, c := range filled {
		b := &out[i*count/len(filled)]
		b.n += c.n
		b.sum += c.sum
	}
	return out
}

// ratioOf estimates sum over n and the variance of that, by how the batches differ: the ratio
// estimator for clusters of unequal size (Cochran, Sampling Techniques, 3rd ed. 1977, 6.3). With
// fewer than two batches there is no variance, and it is 0.
func ratioOf(clusters []cluster) (value, variance float64) {
	var n, sum, squares float64
	for _, c := range clusters {
		n += c.n
		sum += c.sum
	}
	if n == 0 {
		return 0, 0
	}
	value = sum / n
	for _, c := range clusters {
		rest := c.sum - value*c.n
		squares += rest * rest
	}
	if b := float64(len(clusters)); b > 1 {
		variance = b / (b - 1) * squares / (n * n)
	}
	return value, variance
}

// designEffect compares the variance between batches with that of as many independent samples, of
// which each has the variance given. ok is false when that is none.
func designEffect(clusters []cluster, each float64) (design float64, ok bool) {
	if each <= 0 {
		return 1, false
	}
	var n float64
	for _, c := range clusters {
		n += c.n
	}
	_, variance := ratioOf(batched(clusters))
	return max(1, variance*n/each), true
}

// filled counts the clusters with samples.
func filled(clusters []cluster) (n int) {
	for _, c := range clusters {
		if c.n > 0 {
			n++
		}
	}
	return n
}

// orderStatistics are the ranks, from 1, of those of n independent values in order between which the
// quantile q lies but for a tail on each side, from the binomial distribution of how many values lie below it
// (David and Nagaraja, Order Statistics, 3rd ed. 2003, 7.1). low is 0 or high n+1 where no value
// bounds it.
func orderStatistics(n int, q, tail float64) (low, high int) {
	below := distuv.Binomial{N: float64(n), P: q}
	low = sort.Search(n, func(k int) bool { return below.CDF(float64(k)) > tail })
	high = 1 + sort.Search(n, func(k int) bool { return below.CDF(float64(k)) >= 1-tail })
	return low, high
}

// quantileShares are between which shares of all values in order the quantile q lies when so many
// independent ones tell as much; high is more than 1 when nothing bounds it.
func quantileShares(effective, q, tail float64) (low, high float64) {
	n := int(effective)
	if n < 1 {
		return 0, math.Inf(1)
	}
	l, h := orderStatistics(n, q, tail)
	if h > n {
		return float64(l) / float64(n+1), math.Inf(1)
	}
	return float64(l) / float64(n+1), float64(h) / float64(n+1)
}

// clopperPearson is the exact interval of a share that so many independent trials came to (Clopper
// and Pearson 1934), which need not be whole ones.
func clopperPearson(share, trials, tail float64) (low, high float64) {
	hits := share * trials
	low, high = 0, 1
	if trials <= 0 {
		return low, high
	}
	if hits > 0 {
		low = distuv.Beta{Alpha: hits, Beta: trials - hits + 1}.Quantile(tail)
	}
	if hits < trials {
		high = distuv.Beta{Alpha: hits + 1, Beta: trials - hits}.Quantile(1 - tail)
	}
	return low, high
}
