package metric

import (
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

func TestHealthOfSomeWork(t *testing.T) {
	before := SampleHealth()
	runtime.GC()
	used := SampleHealth().Since(before)
	if used.GCCycles < 1 || used.WallSeconds <= 0 || used.Cores < 1 || used.Goroutines < 1 {
		t.Errorf("after a collection: %+v, want cycles, wall time, cores and goroutines", used)
	}
	if used.GCPauseMax <= 0 || used.GCPauseMax > used.GCPauseSeconds {
		t.Errorf("longest pause %v of %v s, want more than 0 and not more than the sum", used.GCPauseMax, used.GCPauseSeconds)
	}
	if runtime.GOOS == "linux" && (used.MaxRSS == 0 || used.FileLimit == 0) {
		t.Errorf("memory %d, descriptors %d; want both known on linux", used.MaxRSS, used.FileLimit)
	}
}

func TestSinceLeavesThePausesOfBeforeOut(t *testing.T) {
	edges := []float64{0, 1, 2, 4}
	before := Health{UserSeconds: 1, GCCycles: 3, Goroutines: 50, pauses: []uint64{1, 0, 1}, edges: edges}
	after := Health{UserSeconds: 3, GCCycles: 5, Goroutines: 20, pauses: []uint64{1, 2, 1}, edges: edges}
	got := after.Since(before)
	want := Health{UserSeconds: 2, GCCycles: 2, Goroutines: 50, GCPauseSeconds: 4, GCPauseMax: 2}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Health{})); diff != "" {
		t.Errorf("since (-want +got):\n%s", diff)
	}
}

func TestMergeHealth(t *testing.T) {
	a := Health{UserSeconds: 1, WallSeconds: 10, Cores: 2, MaxRSS: 100, GCPauseMax: 0.5, FileLimit: 1024, OpenFiles: 30,
		Processors: 1.5, GCSeconds: 0.5, Strain: &Strain{Stretches: 3}}
	b := Health{UserSeconds: 2, WallSeconds: 8, Cores: 4, MaxRSS: 50, GCPauseMax: 0.25, FileLimit: 4096, OpenFiles: 70,
		Processors: 4, GCSeconds: 0.25, Strain: &Strain{Stretches: 4}}
	want := Health{UserSeconds: 3, WallSeconds: 10, Cores: 6, MaxRSS: 150, GCPauseMax: 0.5, FileLimit: 1024, OpenFiles: 70,
		Processors: 5.5, GCSeconds: 0.75, Strain: &Strain{Stretches: 7}}
	unexported := cmpopts.IgnoreUnexported(Health{})
	for name, got := range map[string]Health{"a, b": MergeHealth(a, b), "b, a": MergeHealth(b, a)} {
		if diff := cmp.Diff(want, got, unexported); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(a, MergeHealth(a, Health{}), unexported); diff != "" {
		t.Errorf("with the zero value (-want +got):\n%s", diff)
	}
	if got, want := a.CPUShare(), 1/15.; got != want { // of a processor and a half
		t.Errorf("CPU share = %v, want %v", got, want)
	}
}

func TestLatenessIsOfTheStagesThatCount(t *testing.T) {
	s := newStory(t, Options{}, plan()...).
		at(time.Second).exchange(aicc.OpPoll, ms, trace.Event{Late: time.Second}). // warm-up
		at(3*time.Second).exchange(aicc.OpPoll, ms, trace.Event{Late: 2 * ms})
	got := Health{}.WithLateness(s.r.Finish()).Lateness
	want := map[string]Lateness{"lateness.poll": {Count: 1, P50: 0.002, P99: 0.002, Max: 0.002}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lateness (-want +got):\n%s", diff)
	}
}
