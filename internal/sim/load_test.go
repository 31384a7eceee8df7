package sim

import (
	"math"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"chatbench/internal/scenario"
)

func closedLoad(stages ...scenario.Stage) scenario.Load {
	return scenario.Load{Stages: stages, Spread: time.Second}
}

// present is how many customers are there at a moment.
func present(spans [][]span, at time.Duration) int {
	n := 0
	for _, list := range spans {
		for _, s := range list {
			if s.start <= at && at < s.stop {
				n++
			}
		}
	}
	return n
}

func TestPresenceFollowsTheLevel(t *testing.T) {
	up := scenario.Stage{Customers: 100, Ramp: true, Length: 10 * time.Second}
	hold := scenario.Stage{Customers: 100, Length: 20 * time.Second}
	down := scenario.Stage{Customers: 0, Ramp: true, Length: 10 * time.Second}
	dip := scenario.Stage{Customers: 40, Length: 10 * time.Second}
	for _, c := range []struct {
		name   string
		load   scenario.Load
		at     time.Duration
		lo, hi int
	}{
		{"half way up the ramp: 50, each within a slot of 100 ms", closedLoad(up, hold), 5 * time.Second, 49, 51},
		{"at the end of the ramp everybody is there", closedLoad(up, hold), 10 * time.Second, 100, 100},
		{"during the hold", closedLoad(up, hold), 25 * time.Second, 100, 100},
		{"after the load nobody is there", closedLoad(up, hold), 30 * time.Second, 0, 0},
		{"half way down", closedLoad(up, hold, down), 35 * time.Second, 49, 51},
		{"a jump is spread over a second", closedLoad(hold), 500 * time.Millisecond, 49, 51},
		{"and then done", closedLoad(hold), time.Second, 100, 100},
		{"a dip takes the last ones away", closedLoad(hold, dip, hold), 25 * time.Second, 40, 40},
		{"and they come back", closedLoad(hold, dip, hold), 32 * time.Second, 100, 100},
	} {
		if got := present(presence(c.load, 1), c.at); got < c.lo || got > c.hi {
			t.Errorf("%s: %d customers at %v, want %d to %d", c.name, got, c.at, c.lo, c.hi)
		}
	}
}

func TestPresenceIsInOrder(t *testing.T) {
	load := closedLoad(
		scenario.Stage{Customers: 50, Ramp: true, Length: 5 * time.Second},
		scenario.Stage{Customers: 10, Ramp: true, Length: 5 * time.Second},
		scenario.Stage{Customers: 80, Length: 3 * time.Second},
		scenario.Stage{Customers: 0, Ramp: true, Length: time.Second},
	)
	for i, list := range presence(load, 3) {
		end := time.Duration(-1)
		for _, s := range list {
			if s.start <= end || s.stop <= s.start || s.stop > loadLength(load) {
				t.Errorf("customer %d: spans %v overlap, are empty or end after the load", i, list)
			}
			end = s.stop
		}
	}
	starts := byStart(presence(load, 3))
	if len(starts) != 80 {
		t.Errorf("%d customers start, want 80", len(starts))
	}
	if !slices.IsSortedFunc(starts, func(a, b starter) int { return int(a.spans[0].start - b.spans[0].start) }) {
		t.Error("the customers are not in the order of their start")
	}
}

func TestSameSeedSameLoad(t *testing.T) {
	closed := closedLoad(scenario.Stage{Customers: 30, Ramp: true, Length: 5 * time.Second})
	open := scenario.Load{Open: true, Stages: []scenario.Stage{{Arrivals: 20, Length: 10 * time.Second, Poisson: true}}}
	first := func(seed uint64) time.Duration { return presence(closed, seed)[7][0].start }
	if one, again, other := first(5), first(5), first(6); one != again || one == other {
		t.Errorf("starts %v and %v for one seed, %v for another", one, again, other)
	}
	a, b, c := slices.Collect(arrivals(open, 5)), slices.Collect(arrivals(open, 5)), slices.Collect(arrivals(open, 6))
	if !slices.Equal(a, b) || slices.Equal(a, c) {
		t.Error("arrivals do not depend on the seed alone")
	}
}

func TestArrivals(t *testing.T) {
	even := func(rate float64, length time.Duration) scenario.Stage {
		return scenario.Stage{Arrivals: rate, Length: length}
	}
	ramp := func(rate float64, length time.Duration) scenario.Stage {
		return scenario.Stage{Arrivals: rate, Length: length, Ramp: true}
	}
	for _, c := range []struct {
		name   string
		stages []scenario.Stage
		want   int
	}{
		{"40/s for 10 s", []scenario.Stage{even(40, 10*time.Second)}, 400},
		{"0 to 40/s over 10 s is half of it", []scenario.Stage{ramp(40, 10*time.Second)}, 200},
		{"up, hold, down", []scenario.Stage{ramp(10, 10*time.Second), even(10, 10*time.Second), ramp(0, 10*time.Second)}, 200},
		{"a pause in the middle", []scenario.Stage{even(10, 5*time.Second), even(0, 5*time.Second), even(10, 5*time.Second)}, 100},
		{"less than one a second", []scenario.Stage{even(0.5, 20*time.Second)}, 10},
	} {
		got := slices.Collect(arrivals(scenario.Load{Open: true, Stages: c.stages}, 9))
		if len(got) < c.want-1 || len(got) > c.want+1 {
			t.Errorf("%s: %d arrivals, want %d", c.name, len(got), c.want)
		}
		if !slices.IsSorted(got) {
			t.Errorf("%s: arrivals are not in order", c.name)
		}
	}
}

func TestEvenArrivalsAreEven(t *testing.T) {
	got := slices.Collect(arrivals(scenario.Load{Stages: []scenario.Stage{{Arrivals: 50, Length: 10 * time.Second}}}, 1))
	for i := 1; i < len(got); i++ {
		if gap := got[i] - got[i-1]; gap < 19*time.Millisecond || gap > 21*time.Millisecond {
			t.Fatalf("gap %d is %v, want 20 ms", i, gap)
		}
	}
}

// TestPoissonArrivals looks at the gaps of 20,000 arrivals: their mean and their coefficient of
// variation, which is 1 for an exponential distribution. The tolerances are over 5 standard errors.
func TestPoissonArrivals(t *testing.T) {
	load := scenario.Load{Stages: []scenario.Stage{{Arrivals: 100, Length: 200 * time.Second, Poisson: true}}}
	got := slices.Collect(arrivals(load, 11))
	gaps := make([]float64, len(got)-1)
	for i := range gaps {
		gaps[i] = (got[i+1] - got[i]).Seconds()
	}
	mean, deviation := stat.MeanStdDev(gaps, nil)
	variation := deviation / mean
	if math.Abs(mean-0.01) > 0.0004 || math.Abs(variation-1) > 0.05 {
		t.Errorf("%d gaps with mean %.5f s and coefficient of variation %.3f, want 0.01 s and 1", len(gaps), mean, variation)
	}
}
