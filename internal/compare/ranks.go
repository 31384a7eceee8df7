package compare

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/aclements/go-moremath/stats"
	"gonum.org/v1/gonum/stat/combin"
	"gonum.org/v1/gonum/stat/distuv"
)

// mannWhitney is the two-sided p of the hypothesis that the runs of both sides are of one
// distribution (H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18, 1947): exact for
// up to 50 runs a side, and 25 where values tie, beyond from the normal distribution with the
// corrections for ties and continuity.
func mannWhitney(base, new []float64) float64 {
	test, err := stats.MannWhitneyUTest(base, new, stats.LocationDiffers)
	if err != nil { // all values are the same, or a side has none
		return 1
	}
	return min(test.P, 1)
}

// leastP is the least p that ranks can give for so many runs a side: that of two sides without any
// overlap.
func leastP(base, new int) float64 {
	return 2 * math.Exp(-combin.LogGeneralizedBinomial(float64(base+new), float64(base)))
}

// hodgesLehmann is the median of all differences new minus base, and the interval that belongs to
// Mann and Whitney's test at a level (J. L. Hodges and E. L. Lehmann, Annals of Mathematical
// Statistics 34, 1963). The interval reaches to infinity when there are too few runs for the level.
func hodgesLehmann(base, new []float64, level float64) (estimate, low, high float64) {
	differences := make([]float64, 0, len(base)*len(new))
	for _, b := range base {
		for _, n := range new {
			differences = append(differences, n-b)
		}
	}
	slices.SortFunc(differences, cmp.Compare[float64])
	n := len(differences)
	estimate = (differences[(n-1)/2] + differences[n/2]) / 2
	k := cutOff(len(base), len(new), (1-level)/2)
	if k == 0 {
		return estimate, math.Inf(-1), math.Inf(1)
	}
	return estimate, differences[k-1], differences[n-k]
}

// cutOff is how many of the differences at either end the interval leaves out, and one more: the
// largest k for which U is less than k with no more than the given probability.
func cutOff(base, new int, tail float64) int {
	if max(base, new) > stats.MannWhitneyExactLimit {
		nm := float64(base) * float64(new)
		deviation := math.Sqrt(nm * float64(base+new+1) / 12)
		return max(0, int(nm/2+distuv.UnitNormal.Quantile(tail)*deviation))
	}
	u := stats.UDist{N1: base, N2: new}
	return sort.Search(base*new, func(k int) bool { return u.CDF(float64(k)) > tail }) // a step costs much
}

// holm adjusts p for being one among several, so that the probability of finding any change where
// there is none is no more than what the adjusted ones are held against (S. Holm, "A simple
// sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979).
func holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	adjusted := make([]float64, len(p))
	before := 0.0
	for rank, i := range order {
		before = max(before, min(1, float64(len(p)-rank)*p[i]))
		adjusted[i] = before
	}
	return adjusted
}
