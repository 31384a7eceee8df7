package metric

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// second is how a generator of two processors used one second of the run, in processors.
type second struct {
	cpu, gc              float64
	busy, stolen, paused int // hundredths of the machine's processors; pauses of 20 ms
}

// watched plays seconds to a watch, one sample at the end of each and one before the first.
func watched(stages []StageInfo, seconds ...second) *Strain {
	h := Health{Cores: 2, Processors: 2, wall: wall, edges: []float64{0, 0.001, 0.02, 0.04}, pauses: make([]uint64, 3)}
	w := NewWatch(stages)
	w.Add(0, h)
	for i, s := range seconds {
		h.UserSeconds += s.cpu / 2
		h.SystemSeconds += s.cpu / 2
		h.GCSeconds += s.gc
		h.machine.total += 100
		h.machine.busy += uint64(s.busy)
		h.machine.stolen += uint64(s.stolen)
		h.pauses = slices.Clone(h.pauses)
		h.pauses[0]++
		h.pauses[2] += uint64(s.paused)
		w.Add(time.Duration(i+1)*time.Second, h)
	}
	return Health{}.WithStrain(w).Strain
}

// times repeats a second.
func times(n int, s second) []second { return slices.Repeat([]second{s}, n) }

func TestStrain(t *testing.T) {
	idle, full := second{cpu: 0.2, busy: 20}, second{cpu: 2, gc: 0.5, busy: 100, stolen: 30, paused: 1}
	warm := []StageInfo{{Name: "1 warm-up", Warmup: true, End: 10 * time.Second}, {Name: "2", Start: 10 * time.Second, End: 20 * time.Second}, {Name: "drain", Warmup: true, Start: 20 * time.Second}}
	brief := []StageInfo{{Name: "1", End: 3 * time.Second}, {Name: "drain", Warmup: true, Start: 3 * time.Second}}
	quiet := func(stretches int64, at float64) *Strain {
		return &Strain{Stretches: stretches, CPU: Spread{0.1, 0.1, at}, Machine: Spread{0.2, 0.2, at}}
	}
	for _, tt := range []struct {
		why     string
		stages  []StageInfo
		seconds []second
		want    *Strain
	}{
		{"too short for anything", nil, nil, nil},
		{"shorter than a stretch: what there is", nil, times(3, idle), quiet(1, 3)},
		{"one stretch", nil, times(5, idle), quiet(1, 5)},
		{"a stretch ends every second", nil, times(7, idle), quiet(3, 5)},
		{"a second of five is a fifth of a stretch", nil, slices.Concat(times(7, idle), times(1, full), times(7, idle)), &Strain{Stretches: 11,
			CPU: Spread{0.28, 0.28, 8}, Machine: Spread{0.36, 0.36, 8}, Stolen: Spread{0.06, 0.06, 8}, GC: Spread{0.05, 0.05, 8}, GCPause: Spread{0.02, 0.02, 8}}},
		{"all five", nil, slices.Concat(times(7, idle), times(5, full), times(7, idle)), &Strain{Stretches: 15,
			CPU: Spread{1, 1, 12}, Machine: Spread{1, 1, 12}, Stolen: Spread{0.3, 0.3, 12}, GC: Spread{0.25, 0.25, 12}, GCPause: Spread{0.02, 0.02, 8}}},
		{"five of a thousand are the worst and no more", nil, slices.Concat(times(500, idle), times(5, full), times(495, idle)), &Strain{Stretches: 996,
			CPU: Spread{0.1, 1, 505}, Machine: Spread{0.2, 1, 505}, Stolen: Spread{0, 0.3, 505}, GC: Spread{0, 0.25, 505}, GCPause: Spread{0, 0.02, 501}}},
		{"twenty of a thousand say something about p99", nil, slices.Concat(times(500, idle), times(20, full), times(480, idle)), &Strain{Stretches: 996,
			CPU: Spread{1, 1, 505}, Machine: Spread{1, 1, 505}, Stolen: Spread{0.3, 0.3, 505}, GC: Spread{0.25, 0.25, 505}, GCPause: Spread{0.02, 0.02, 501}}},
		{"warm-up and drain do not count", warm, slices.Concat(times(10, full), times(10, idle), times(5, full)), quiet(5, 15)},
		{"a stage of less than a stretch counts as far as it goes", brief, slices.Concat(times(3, idle), times(5, full)), quiet(1, 2)},
	} {
		got := watched(tt.stages, tt.seconds...)
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateApprox(0.002, 0)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, diff)
		}
	}
}

// TestStrainOfMissedTicks wants samples that come late, as on a busy machine, to be held against
// the time that went by.
func TestStrainOfMissedTicks(t *testing.T) {
	h := Health{Cores: 1, wall: wall, edges: []float64{0, 1}, pauses: make([]uint64, 1)}
	w := NewWatch(nil)
	for at := time.Duration(0); at <= 21*time.Second; at += 7 * time.Second {
		h.UserSeconds = at.Seconds() * 0.9
		w.Add(at, h)
	}
	got := Health{}.WithStrain(w).Strain
	want := &Strain{Stretches: 3, CPU: Spread{0.9, 0.9, 7}}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0.002, 0)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWatchKeepsPeaks wants the highest number of descriptors and the lowest limit, of warm-up as
// well: a connection that was refused then is missing later.
func TestWatchKeepsPeaks(t *testing.T) {
	w := NewWatch([]StageInfo{{Warmup: true, End: time.Hour}})
	for i, open := range []int64{10, 300, 20} {
		w.Add(time.Duration(i)*time.Second, Health{Cores: 1, OpenFiles: open, FileLimit: 1024 - open, Goroutines: int(open)})
	}
	got := Health{OpenFiles: 5, FileLimit: 1024}.WithStrain(w)
	if diff := cmp.Diff(Health{OpenFiles: 300, FileLimit: 724, Goroutines: 300}, got, cmpopts.IgnoreUnexported(Health{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestVirtualTimeTellsNothing wants the zero value, which a run in virtual time hands over, to be no sample.
func TestVirtualTimeTellsNothing(t *testing.T) {
	w := NewWatch(nil)
	for i := range 10 {
		w.Add(time.Duration(i)*time.Second, Health{})
	}
	if got := (Health{}).WithStrain(w).Strain; got != nil {
		t.Errorf("strain %+v, want none", got)
	}
}

// TestStrainOfWork wants real work to be seen: a process that does nothing else uses its processor.
func TestStrainOfWork(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the machine's processors are known on linux alone")
	}
	begin := SampleHealth()
	for time.Since(begin.wall) < 300*time.Millisecond || SampleHealth().Since(begin).UserSeconds < 0.05 { // however busy the machine is
		runtime.GC()
	}
	w := NewWatch(nil)
	w.Add(0, begin)
	w.Add(time.Second, SampleHealth()) // the times of the processor are what counts
	got := Health{}.WithStrain(w)
	if s := got.Strain; s == nil || s.CPU.Max <= 0 || s.Machine.Max <= 0 || s.Machine.Max > 1 || s.GC.Max <= 0 || s.GC.Max > 1 {
		t.Errorf("after a third of a second of work: %+v, want CPU time of process, machine and collector", s)
	}
	if got.OpenFiles < 3 || got.OpenFiles > got.FileLimit {
		t.Errorf("%d of %d descriptors are open, want three at least", got.OpenFiles, got.FileLimit)
	}
}

func TestMergeStrains(t *testing.T) {
	a := &Strain{Stretches: 10, CPU: Spread{P99: 0.5, Max: 0.6, MaxAt: 7}, GC: Spread{P99: 0.2, Max: 0.2, MaxAt: 9}}
	b := &Strain{Stretches: 20, CPU: Spread{P99: 0.4, Max: 0.9, MaxAt: 12}, GC: Spread{P99: 0.2, Max: 0.2, MaxAt: 8}}
	want := &Strain{Stretches: 30, CPU: Spread{P99: 0.5, Max: 0.9, MaxAt: 12}, GC: Spread{P99: 0.2, Max: 0.2, MaxAt: 8}}
	for name, got := range map[string]*Strain{"a, b": mergeStrains(a, b), "b, a": mergeStrains(b, a)} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if mergeStrains(nil, a) != a || mergeStrains(a, nil) != a || mergeStrains(nil, nil) != nil {
		t.Error("nil is not neutral")
	}
}

// TestWorstSecond wants the second in which the generator was latest, of those that count.
func TestWorstSecond(t *testing.T) {
	late := func(s *story, at, by time.Duration) {
		s.at(at).exchange(aicc.OpPoll, ms, trace.Event{Late: by})
	}
	s := newStory(t, Options{}, plan()...)
	late(s, time.Second, time.Second) // warm-up
	late(s, 3*time.Second, 2*ms)
	late(s, 4*time.Second, 20*ms)
	late(s, 5*time.Second, 3*ms)
	m := s.r.Finish()
	if second, ok := m.WorstSecond("lateness.poll"); second != 4 || !ok {
		t.Errorf("second %d, %v; want 4", second, ok)
	}
	if second, ok := m.WorstSecond("lateness.send"); ok {
		t.Errorf("nothing was sent, and its worst second is %d", second)
	}
	var none *Metrics
	if _, ok := none.WorstSecond("lateness.poll"); ok {
		t.Error("without metrics there is a worst second")
	}
}

// TestShortagesAreCounted wants exchanges that this machine had no means for to be told from those
// that failed otherwise, and to merge.
func TestShortagesAreCounted(t *testing.T) {
	s := newStory(t, Options{})
	for i, failure := range []string{"too many open files", "connection refused", "cannot assign requested address", "too many open files"} {
		s.at(time.Duration(i)*time.Second).exchange(aicc.OpSend, ms, trace.Event{Class: aicc.Fail, Error: failure})
	}
	m := s.r.Finish()
	want := map[string]int64{"too many open files": 2, "cannot assign requested address": 1}
	if runtime.GOOS != "linux" {
		t.Skip("the words are the system's")
	}
	if diff := cmp.Diff(want, m.Total().Counters.Short); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Merge(m, m).Total().Counters; got.Short["too many open files"] != 4 || got.Exchange(aicc.OpSend).Fail != 8 {
		t.Errorf("merged with itself: %v among %d failed, want 4 among 8", got.Short, got.Exchange(aicc.OpSend).Fail)
	}
}
