package sim

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"chatbench/internal/scenario"
)

// span is a stretch of the run in which a customer is there: it starts conversations from start
// on and none from stop on.
type span struct{ start, stop time.Duration }

// loadLength is how long the load lasts, drain left out.
func loadLength(load scenario.Load) time.Duration {
	var total time.Duration
	for _, st := range load.Stages {
		total += st.Length
	}
	return total
}

// peak is the highest number of customers a closed load asks for.
func peak(load scenario.Load) int {
	highest := 0
	for _, st := range load.Stages {
		highest = max(highest, st.Customers)
	}
	return highest
}

// presence gives, for every customer of a closed load, the spans in which it is there. A change of
// the level is spread evenly over its time, each customer at a random place within its own slot, so
// that nobody starts in step. Customers leave in reverse order of arrival.
func presence(load scenario.Load, seed uint64) [][]span {
	r := rand.New(rand.NewPCG(seed, 0x6c6f6164)) // the same draws whatever else the run does
	spans := make([][]span, peak(load))
	level, at := 0, time.Duration(0)
	for _, st := range load.Stages {
		over := st.Length
		if !st.Ramp {
			over = min(load.Spread, st.Length)
		}
		change := st.Customers - level
		slot := float64(over) / math.Abs(float64(change))
		for i := level; i < st.Customers; i++ {
			start := at + time.Duration(slot*(float64(i-level)+r.Float64()))
			spans[i] = append(spans[i], span{start: start})
		}
		for i := level - 1; i >= st.Customers; i-- {
			last := &spans[i][len(spans[i])-1]
			last.stop = at + time.Duration(slot*(float64(level-1-i)+r.Float64()))
		}
		level, at = st.Customers, at+st.Length
	}
	for i := range level {
		spans[i][len(spans[i])-1].stop = at
	}
	return spans
}

// starter is a customer and when it first comes.
type starter struct {
	customer int
	spans    []span
}

// byStart orders the customers of a closed load by their first coming.
func byStart(spans [][]span) []starter {
	all := make([]starter, 0, len(spans))
	for i, s := range spans {
		if len(s) > 0 {
			all = append(all, starter{i, s})
		}
	}
	slices.SortStableFunc(all, func(a, b starter) int {
		return int(a.spans[0].start - b.spans[0].start)
	})
	return all
}

// arrivals gives the times at which the customers of an open load come, in order. The n-th arrival
// of an even load comes when the integral of the rate reaches n (less a random phase); with
// Poisson arrivals the integral grows by exponential steps instead, which is the standard way to
// make a Poisson process of changing rate.
func arrivals(load scenario.Load, seed uint64) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		r := rand.New(rand.NewPCG(seed, 0x61727269))
		rate, at := 0.0, time.Duration(0)
		done, next := 0.0, r.Float64() // integral so far, and where the next arrival is
		for _, st := range load.Stages {
			from := rate
			if !st.Ramp {
				from = st.Arrivals
			}
			rate = st.Arrivals
			seconds := st.Length.Seconds()
			for {
				t, ok := whenReached(from, rate, seconds, next-done)
				if !ok {
					break
				}
				if !yield(at + time.Duration(t*float64(time.Second))) {
					return
				}
				if st.Poisson {
					next += r.ExpFloat64()
				} else {
					next++
				}
			}
			done += (from + rate) / 2 * seconds
			at += st.Length
		}
	}
}

// whenReached is the time, in seconds, at which the integral of a rate that moves evenly from r0
// to r1 over the given seconds reaches area, and whether it does so within them.
func whenReached(r0, r1, seconds, area float64) (float64, bool) {
	if area >= (r0+r1)/2*seconds {
		return 0, false
	}
	slope := (r1 - r0) / seconds
	if math.Abs(slope) < 1e-12 {
		return area / r0, true
	}
	return (math.Sqrt(r0*r0+2*slope*area) - r0) / slope, true
}
