package metric

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestSnapshotIsWhatWouldBeTheEnd wants a copy of everything but the timeline when the last second
// was closed, and that nothing of it changes afterwards.
func TestSnapshotIsWhatWouldBeTheEnd(t *testing.T) {
	r := NewRecorder(plan(), 2, Options{})
	for i := range 10 {
		traffic(5, i, r.Customer(i).Observe)
	}
	r.Tick(60)
	early := r.Snapshot()
	before := jsonOf(t, early)
	for i := range 10 {
		traffic(6, 10+i, r.Customer(10+i).Observe)
	}
	r.Tick(61)
	if after := jsonOf(t, early); after != before {
		t.Errorf("the snapshot changed with the run:\n%s", cmp.Diff(before, after))
	}
	late := r.Snapshot()
	end := r.Finish()
	end.Timeline = Timeline{}
	if diff := cmp.Diff(end, late, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the last snapshot is not what the run ended with (-end +snapshot):\n%s", diff)
	}
}

// TestSnapshotsOnlyGrow takes them while customers go on, as a scraper of the run needs them.
func TestSnapshotsOnlyGrow(t *testing.T) {
	r := NewRecorder(plan(), 4, Options{})
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() { traffic(7, i, r.Customer(i).Observe) })
	}
	var exchanges, samples int64
	for second := range 10 {
		r.Tick(second)
		all := r.Snapshot().All()
		outcomes := all.Counters.AllExchanges()
		n, measured := outcomes.Total(), all.Hist("delivery").Count()+all.Hist("poll.response").Count()
		if n < exchanges || measured < samples {
			t.Errorf("second %d has %d exchanges and %d samples, the one before had %d and %d", second, n, measured, exchanges, samples)
		}
		exchanges, samples = n, measured
	}
	wg.Wait()
}

func TestAtMost(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	limits := []float64{0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 3600}
	for name, draw := range distributions(r) {
		h := newHist(Seconds, stageDigits)
		values := make([]float64, 20_000)
		for i := range values {
			v := draw()
			h.record(v)
			values[i] = float64(min(v, limit)) / 1e6
		}
		slices.Sort(values)
		for i, got := range h.AtMost(limits) {
			least, _ := slices.BinarySearch(values, limits[i]+1e-9)
			most, _ := slices.BinarySearch(values, limits[i]*(1+1.0/1000))
			if int(got) < least || int(got) > max(most, least) {
				t.Errorf("%d of %d %s values are at most %v s, want %d to %d", got, len(values), name, limits[i], least, most)
			}
		}
	}
	if got := (*Hist)(nil).AtMost([]float64{1, 2}); !slices.Equal(got, []int64{0, 0}) {
		t.Errorf("no values: %v, want 0 for each limit", got)
	}
	if got := (*Hist)(nil).Sum(); got != 0 {
		t.Errorf("the sum of no values is %v, want 0", got)
	}
	if got := histOf(1_000_000, 500_000).Sum(); got != 1.5 {
		t.Errorf("the sum of 1 s and 0.5 s is %v, want 1.5", got)
	}
}

// TestOverTime compares the list with what recorders put into their timelines.
func TestOverTime(t *testing.T) {
	r := NewRecorder(nil, 1, Options{})
	for i := range 20 {
		traffic(8, i, r.Customer(i).Observe)
	}
	list := OverTime()
	for _, p := range r.Finish().Timeline.Points {
		for name, h := range p.Latency {
			if !slices.Contains(list, name) {
				t.Errorf("the timeline has %s, the list is %v", name, list)
			}
			if h.Unit() != UnitOf(name) {
				t.Errorf("the timeline has %s in %s, UnitOf says %s", name, h.Unit(), UnitOf(name))
			}
		}
	}
	if order := slices.DeleteFunc(Names(), func(name string) bool { return !slices.Contains(list, name) }); !slices.Equal(order, list) {
		t.Errorf("the list is %v, in the order of names it is %v", list, order)
	}
}

// BenchmarkSnapshot is what a scraped run pays once a second, beside its customers: three stages in
// which every metric has samples.
func BenchmarkSnapshot(b *testing.B) {
	r := NewRecorder(plan(), 4, Options{Wall: wall, SameClock: true})
	for i := range 500 {
		traffic(9, i, r.Customer(i).Observe)
	}
	r.Tick(int(time.Minute / time.Second))
	b.ReportAllocs()
	for b.Loop() {
		r.Snapshot()
	}
}
