package capacity

import (
	"math"
	"strconv"
	"time"
)

// Next is the load to try next when probes were made already, and false when the search has its
// answer. It depends on nothing but the probes' loads and outcomes.
//
// The search climbs in stairs until a load is not carried, or descends until one is, then halves the
// interval (on a logarithmic scale) down to the width that was asked for, and at last repeats the
// probes at both ends until as many agree as were asked for. When they do not agree the majority has
// it; an end that flips so moves, and the search goes on from there. A load of which a probe could
// not tell is tried again, and then gone round. Loads above one that this machine could not make are
// not tried.
func (s Search) Next(probes []Probe) (load float64, more bool) {
	all := s.stances(probes)
	if len(all) == 0 {
		return s.round(min(s.From, s.Most)), true
	}
	for i := range all {
		if all[i].open() {
			return all[i].load, true
		}
	}
	e := edgesOf(all)
	for _, step := range []func(*edges) (float64, bool){s.descend, s.climb, s.narrow, s.demanded, s.confirm} {
		if load, more := step(&e); more {
			return load, true
		}
	}
	return 0, false
}

// descend looks for a load that is carried below the lowest that was tried.
func (s Search) descend(e *edges) (float64, bool) {
	if e.low != nil || e.high == nil && e.ceiling() == nil {
		return 0, false
	}
	lowest := e.all[0].load
	if lowest <= s.Least {
		return 0, false
	}
	return max(min(s.round(lowest/s.Factor), s.before(lowest)), s.Least), true
}

// climb takes the next stair while nothing stands in the way.
func (s Search) climb(e *edges) (float64, bool) {
	top := e.all[len(e.all)-1].load
	if e.high != nil || e.ceiling() != nil || top >= s.Most {
		return 0, false
	}
	return min(max(s.round(top*s.Factor), s.after(top)), s.Most), true
}

// narrow halves what lies between a load that is carried and the next that is not, and then what
// lies between a load of which nothing can be told and the next that is missed.
func (s Search) narrow(e *edges) (float64, bool) {
	if above := e.above(); e.low != nil && above != nil {
		if mid, wide := s.between(e.low.load, above.load); wide {
			return mid, true
		}
	}
	if n := len(e.fog); n > 0 && e.high != nil && e.fog[n-1].outcome == Unclear {
		return s.between(e.fog[n-1].load, e.high.load)
	}
	return 0, false
}

// between is the middle of two loads, and whether they are farther apart than asked for.
func (s Search) between(low, high float64) (mid float64, wide bool) {
	mid = s.round(math.Sqrt(low * high))
	return mid, high > low*(1+s.Width) && mid > low && mid < high
}

// demanded tries the load that the tenant must carry, when it lies within the interval and would not
// be judged otherwise.
func (s Search) demanded(e *edges) (float64, bool) {
	above := e.above()
	inside := e.low != nil && above != nil && s.AtLeast > e.low.load && s.AtLeast < above.load
	return s.AtLeast, inside
}

// confirm repeats the probes at the ends, first at the lower.
func (s Search) confirm(e *edges) (float64, bool) {
	for _, end := range []*stance{e.low, e.high} {
		if end != nil && !end.settled {
			return end.load, true
		}
	}
	return 0, false
}

// round gives the nearest load that can be played: whole customers, arrivals a second to three
// digits.
func (s Search) round(load float64) float64 {
	if s.Unit == UnitCustomers {
		return math.Round(load)
	}
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(load, 'g', 3, 64), 64) // what was just written
	return rounded
}

// grain is the distance between loads that can be told apart.
func (s Search) grain(load float64) float64 {
	if s.Unit == UnitCustomers || load <= 0 {
		return 1
	}
	return math.Pow(10, math.Floor(math.Log10(load))-2)
}

func (s Search) before(load float64) float64 { return s.round(load - s.grain(load)) }
func (s Search) after(load float64) float64  { return s.round(load + s.grain(load)) }

// Afford says why no further probe can be paid for, [Complete] if one can. A probe is taken to last as
// long as the longest one so far, or if there is none as its stages do.
func (s Search) Afford(probes []Probe) Stop {
	if s.Steps > 0 && len(probes) >= s.Steps {
		return OutOfSteps
	}
	var spent time.Duration
	next := s.Settle + s.Hold
	for i := range probes {
		spent += probes[i].Took
		next = max(next, probes[i].Took)
	}
	if s.Budget > 0 && spent+next > s.Budget {
		return OutOfTime
	}
	return Complete
}
