package compare

import (
	"fmt"
	"math"
	"math/rand/v2"

	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// fewestPoints is how many points of its timeline a run must have in the stages that count. What
// varies from second to second cannot be told from fewer.
const fewestPoints = 10

// view is a result as far as its numbers are compared.
type view struct {
	total      *metric.StageMetrics // the stages that count
	points     []metric.Point       // of the timeline, those wholly within them
	resolution int                  // seconds of a point
}

func newView(r *result.Result) *view {
	v := &view{total: r.Metrics.Total(), resolution: r.Metrics.Timeline.Resolution}
	for i := range r.Metrics.Timeline.Points {
		if from := i * v.resolution; counts(r.Metrics, from, from+v.resolution) {
			v.points = append(v.points, r.Metrics.Timeline.Points[i])
		}
	}
	return v
}

// counts reports whether a stretch, in seconds of the run, lies wholly within a stage that is no
// warm-up.
func counts(m *metric.Metrics, from, to int) bool {
	for i := range m.Stages {
		s := &m.Stages[i]
		if !s.Warmup && float64(from) >= s.Start.Seconds() && float64(to) <= s.End.Seconds() {
			return true
		}
	}
	return false
}

func (v *view) seconds() int { return len(v.points) * v.resolution }

// figure is what one run has for a metric.
type figure struct {
	value   float64 // in the metric's unit
	samples int64
	// reach is by how much the true value may lie below and above, z standard errors away: of
	// logarithms for ratios. It may be infinite.
	reach func(z float64) (below, above float64)
}

// subject is a metric at one statistic.
type subject struct {
	name, statistic string
	unit            metric.Unit
	better          Direction
	ratio           bool // ratios are compared, and otherwise differences
	q               float64
	measure         func(*view, *rand.Rand) (figure, *lackError)
}

// The units of what is neither a time nor a rate of bytes.
const (
	Share     metric.Unit = "share"
	PerSecond metric.Unit = "per second"
)

// The names of what is compared beside the metrics of a result.
const (
	errorShare = "errors"
	messages   = "messages"
	exchanges  = "exchanges"
)

// Lack is why a figure cannot be compared, in a few words.
type Lack string

// The reasons.
const (
	FewSamples Lack = "too few samples"
	ShortRun   Lack = "run too short" // less than ten seconds of it count
)

// lackError is the error of a run that has too little of a figure.
type lackError struct {
	lack         Lack
	have, needed int64 // samples, or seconds that count
}

func (e *lackError) Error() string {
	if e.lack == ShortRun {
		return fmt.Sprintf("%d of %d seconds that it takes", e.have, e.needed)
	}
	return fmt.Sprintf("%d of %d samples that it takes", e.have, e.needed)
}

// absent reports whether a figure is not there because of what the run does.
func (e *lackError) absent() bool { return e != nil && e.lack == FewSamples && e.have == 0 }

func thin(have, needed int64) *lackError { return &lackError{FewSamples, have, needed} }

// of measures the subject in a run, with random numbers that are the same for the same run of a side
// every time, so that a comparison can be repeated.
func (s *subject) of(v *view, run int) (figure, *lackError) {
	if len(v.points) < fewestPoints {
		return figure{}, &lackError{ShortRun, int64(v.seconds()), int64(fewestPoints * v.resolution)}
	}
	return s.measure(v, rand.New(rand.NewPCG(1, uint64(run))))
}

// quantile measures a percentile of a metric. How sure it is comes from the share of samples that
// do not exceed it: that share varies smoothly where the percentile itself jumps, as between the two
// peaks of a delivery time. Bounds of the share are read as bounds of the percentile from the
// histogram, which keeps three digits (R. S. Woodruff, "Confidence intervals for medians and other
// position measures", JASA 47, 1952).
func quantile(name string, q float64) func(*view, *rand.Rand) (figure, *lackError) {
	return func(v *view, r *rand.Rand) (figure, *lackError) {
		h := v.total.Hist(name)
		n := h.Count()
		if h.Thin(max(q, 1-q)) {
			return figure{}, thin(n, int64(math.Ceil(10/min(q, 1-q))))
		}
		value := h.Quantile(q)
		s := v.below(name, value)
		if total(s.whole) == 0 {
			return figure{}, thin(0, 1)
		}
		// No correlation makes samples say more than if they were independent.
		deviation := max(s.deviation(r), math.Sqrt(q*(1-q)/float64(n)))
		at := func(share float64) float64 { return positive(h.Quantile(share), h.Unit()) }
		return figure{value: value, samples: n, reach: func(z float64) (below, above float64) {
			below, above = math.Inf(1), math.Inf(1)
			if low := q - z*deviation; low > 0 {
				below = math.Log(at(q) / at(low))
			}
			if high := q + z*deviation; high < 1 {
				above = math.Log(at(high) / at(q))
			}
			return below, above
		}}, nil
	}
}

// positive keeps values that are no more than the resolution of a histogram from being 0, of which
// there is no ratio.
func positive(v float64, unit metric.Unit) float64 {
	if unit == metric.Seconds {
		return max(v, 1e-6)
	}
	return max(v, 1)
}

// below counts the samples of each point that do not exceed a value.
func (v *view) below(name string, value float64) *series {
	s := v.empty()
	for i := range v.points {
		h := v.points[i].Latency[name]
		s.part[i], s.whole[i] = h.Below(value), float64(h.Count())
	}
	return s
}

func (v *view) empty() *series {
	return &series{part: make([]float64, len(v.points)), whole: make([]float64, len(v.points))}
}

// rate measures how many of something there are in a second. When there are none the rate counts as
// that of half of one, so that there is a ratio to it (J. B. S. Haldane, "The estimation and
// significance of the logarithm of a ratio of frequencies", Annals of Human Genetics 20, 1956); and no
// correlation makes a count surer than that of a Poisson process is.
func rate(count func(*metric.Point) int64) func(*view, *rand.Rand) (figure, *lackError) {
	return func(v *view, r *rand.Rand) (figure, *lackError) {
		s := v.empty()
		for i := range v.points {
			s.part[i], s.whole[i] = float64(count(&v.points[i])), float64(v.resolution)
		}
		n := total(s.part)
		value, relative := max(n, 0.5)/total(s.whole), 1/math.Sqrt(max(n, 0.5))
		if n > 0 {
			relative = max(relative, s.deviation(r)/value)
		}
		return figure{value: value, samples: int64(n), reach: func(z float64) (below, above float64) {
			return z * relative, z * relative
		}}, nil
	}
}

// failures measures the share of exchanges that were not ok.
func failures(v *view, r *rand.Rand) (figure, *lackError) {
	s := v.empty()
	for i := range v.points {
		p := &v.points[i]
		s.part[i], s.whole[i] = float64(p.Failed+p.Info), float64(p.Exchanges)
	}
	n := total(s.whole)
	if n == 0 {
		return figure{}, thin(0, 1)
	}
	// A share of 0 has no spread of its own: one more failure and one more success keep it from
	// being taken for certain (A. Agresti and B. Caffo, The American Statistician 54, 2000).
	share := (total(s.part) + 1) / (n + 2)
	deviation := max(s.deviation(r), math.Sqrt(share*(1-share)/(n+2)))
	return figure{value: s.mean(), samples: int64(n), reach: func(z float64) (below, above float64) {
		return z * deviation, z * deviation
	}}, nil
}
