package metric

import (
	"errors"
	"math"
	"math/bits"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Unit is what the values of a histogram are.
type Unit string

// The units.
const (
	Seconds        Unit = "seconds" // kept in microseconds
	BytesPerSecond Unit = "bytes/s"
)

// of turns what is kept into the unit.
func (u Unit) of(kept float64) float64 {
	if u == BytesPerSecond {
		return kept
	}
	return kept / 1e6
}

const (
	// limit is the largest value kept: an hour, or 3.6 GB/s. Larger ones are counted as limit.
	limit = 3_600_000_000
	// stageDigits and pointDigits are the significant decimal digits of the histograms of stages
	// and of points of the timeline.
	stageDigits = 3
	pointDigits = 1
)

// ErrHistogram is the error of a stored histogram that cannot be read back.
var ErrHistogram = errors.New("the histogram is damaged")

// Hist is a distribution of times or rates. Quantiles are right to three significant digits (to 6 %
// in a [Timeline]); count, mean and maximum are exact. The zero value is empty. A Hist is not safe
// for use while something is recorded into it; those of a [Metrics] are never recorded into.
type Hist struct {
	packed  *hdr.PackedHistogram // nil while empty
	digits  int
	unit    Unit
	sum     int64
	max     int64
	clamped int64
}

func newHist(unit Unit, digits int) *Hist { return &Hist{unit: unit, digits: digits} }

func (h *Hist) storage() *hdr.PackedHistogram {
	if h.packed == nil {
		h.packed = hdr.NewPacked(1, limit, h.digits)
	}
	return h.packed
}

// record adds one value in microseconds or bytes per second.
func (h *Hist) record(v int64) {
	if v > limit {
		v = limit
		h.clamped++
	}
	// The only errors are a value out of range, which was just excluded, and 2^63 values.
	_ = h.storage().RecordValue(v)
	h.sum += v
	h.max = max(h.max, v)
}

// add merges other into h. Points have fewer digits than stages: their buckets hold whole buckets
// of a stage's, so nothing moves.
func (h *Hist) add(other *Hist) {
	if other == nil || other.packed == nil {
		return
	}
	h.storage().Merge(other.packed)
	h.sum += other.sum
	h.max = max(h.max, other.max)
	h.clamped += other.clamped
}

// mergeHist gives a new histogram with what both hold; either may be nil.
func mergeHist(a, b *Hist) *Hist {
	like := a
	if like == nil {
		like = b
	}
	h := newHist(like.unit, like.digits)
	h.add(a)
	h.add(b)
	return h
}

// Equal reports whether both hold the same values, as far as they are kept. All empty histograms
// are equal, nil included.
func (h *Hist) Equal(other *Hist) bool {
	if h.Count() == 0 || other.Count() == 0 {
		return h.Count() == other.Count()
	}
	return h.unit == other.unit && h.digits == other.digits && h.sum == other.sum && h.max == other.max &&
		h.clamped == other.clamped && h.bucketText() == other.bucketText()
}

// Unit is what the values are.
func (h *Hist) Unit() Unit { return h.unit }

// Count is how many values were recorded; 0 for nil.
func (h *Hist) Count() int64 {
	if h == nil || h.packed == nil {
		return 0
	}
	return h.packed.TotalCount()
}

// Mean is the arithmetic mean in the histogram's unit, 0 without values.
func (h *Hist) Mean() float64 {
	if h.Count() == 0 {
		return 0
	}
	return h.unit.of(float64(h.sum) / float64(h.Count()))
}

// Sum adds all values up, in the histogram's unit; 0 without values.
func (h *Hist) Sum() float64 {
	if h == nil {
		return 0
	}
	return h.unit.of(float64(h.sum))
}

// AtMost counts for each limit the values that do not exceed it. The limits are in the histogram's
// unit and ascend. A limit is as exact as a quantile: a value less than a thousandth above it may be
// counted as not exceeding it.
func (h *Hist) AtMost(limits []float64) []int64 {
	counts := make([]int64, len(limits))
	if h.Count() == 0 {
		return counts
	}
	i, below := 0, int64(0)
	for value, n := range h.packed.ForEachBucket {
		for i < len(limits) && h.unit.of(float64(value)) > limits[i] {
			counts[i] = below
			i++
		}
		below += n
	}
	for ; i < len(limits); i++ {
		counts[i] = below
	}
	return counts
}

// Max is the largest value in the histogram's unit, 0 without values. It is exact up to an hour.
func (h *Hist) Max() float64 {
	if h == nil {
		return 0
	}
	return h.unit.of(float64(h.max))
}

// Clamped is how many values were too large to be kept and count as one hour.
func (h *Hist) Clamped() int64 { return h.clamped }

// Quantile is the smallest value that at least a share q (0 to 1) of all values does not exceed, in
// the histogram's unit; 0 without values. Quantile(1) is [Hist.Max].
func (h *Hist) Quantile(q float64) float64 {
	if h.Count() == 0 {
		return 0
	}
	if q >= 1 {
		return h.Max()
	}
	// The library rounds the rank, so that the p90 of 9 values would be the 8th of them, which only
	// 89 % do not exceed. It is given the percentile of the very rank instead.
	return h.atRank(max(math.Ceil(q*float64(h.Count())-1e-9), 1))
}

// atRank is the value that so many values do not exceed, 0 for none.
func (h *Hist) atRank(rank float64) float64 {
	if h.Count() == 0 || rank < 1 {
		return 0
	}
	n := float64(h.Count())
	v := h.packed.ValueAtPercentile(100 * min(rank, n) / n)
	return h.unit.of(float64(min(v, h.max)))
}

// ShareBelow is the share of the values, 0 to 1, that are less than limit, in the histogram's unit
// and as exact as its buckets; 0 without values.
func (h *Hist) ShareBelow(limit float64) float64 {
	if h.Count() == 0 {
		return 0
	}
	if limit > h.Max() {
		return 1
	}
	kept := int64(math.Ceil(limit/h.unit.of(1) - 1e-6)) // 0.1 s is 100000 µs and no more
	return 1 - float64(h.countFrom(kept))/float64(h.Count())
}

// countFrom counts the values in buckets whose lower edge is at least edge, as it is kept.
func (h *Hist) countFrom(edge int64) (n int64) {
	if h.Count() == 0 {
		return 0
	}
	for value, count := range h.packed.ForEachBucket {
		if value >= edge {
			n += count
		}
	}
	return n
}

// bucketOf is the lower edge of the bucket that the quantile q lies in, as it is kept.
func (h *Hist) bucketOf(q float64) (edge int64) {
	rank := int64(math.Ceil(q*float64(h.Count()) - 1e-9))
	for value, count := range h.storage().ForEachBucket {
		edge = value
		if rank -= count; rank <= 0 {
			break
		}
	}
	return edge
}

// deviation is the standard deviation of the values in the histogram's unit, 0 without values.
func (h *Hist) deviation() float64 {
	if h.Count() == 0 {
		return 0
	}
	return h.unit.of(h.packed.StdDev())
}

// Below is how many values do not exceed v, which is in the histogram's unit. Of the values in the
// bucket that v lies in, as many count as if they were spread evenly over it, where [Hist.AtMost]
// takes whole buckets.
func (h *Hist) Below(v float64) float64 {
	if h.Count() == 0 {
		return 0
	}
	kept := int64(math.Round(v / h.unit.of(1)))
	below := int64(0)
	part := 0.0
	for low, count := range h.packed.ForEachBucket {
		if low > kept {
			break
		}
		width := bucketWidth(low, h.digits)
		if inside := kept - low + 1; inside < width {
			part = float64(count) * float64(inside) / float64(width)
			break
		}
		below += count
	}
	return float64(below) + part
}

// bucketWidth is how many values share the bucket that begins at low: in an HdrHistogram the
// smallest power of two with which so many digits are kept.
func bucketWidth(low int64, digits int) int64 {
	resolved := bits.Len64(uint64(2*math.Pow10(digits)) - 1)
	return 1 << max(bits.Len64(uint64(low))-resolved, 0)
}

// fewest is how many values must lie beyond a quantile for it to mean something.
const fewest = 10

// Thin reports whether fewer than ten values lie beyond the quantile q, so that it says more about
// chance than about the tenant.
func (h *Hist) Thin(q float64) bool {
	beyond := float64(h.Count()) * (1 - q)
	return math.Round(beyond*1e6)/1e6 < fewest // 10000 * (1 - 0.999) is a little less than 10
}

// Percentile is one of the quantiles every report shows.
type Percentile struct {
	Name string // "p99.9"
	Q    float64
}

// Percentiles lists them in order, without the maximum.
func Percentiles() []Percentile {
	return []Percentile{{"p50", 0.5}, {"p75", 0.75}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}}
}
