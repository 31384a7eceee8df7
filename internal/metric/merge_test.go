package metric

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// randomMetrics is what a recorder with some of three stages found, at some length of run.
func randomMetrics(r *rand.Rand) *Metrics {
	stages := plan()[r.IntN(2):]
	rec := NewRecorder(stages, 1+r.IntN(3), Options{})
	for range r.IntN(6) {
		i := r.IntN(100)
		traffic(r.Uint64(), i, rec.Customer(i).Observe)
	}
	for range r.IntN(4) {
		rec.Tick(r.IntN(3000))
	}
	return rec.Finish()
}

func TestMergeLaws(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 0))
		a, b, c := randomMetrics(r), randomMetrics(r), randomMetrics(r)
		before := []*Metrics{Merge(a, nil), Merge(b, nil), Merge(c, nil)}
		laws := []struct {
			name        string
			left, right *Metrics
		}{
			{"associative", Merge(Merge(a, b), c), Merge(a, Merge(b, c))},
			{"commutative", Merge(a, b), Merge(b, a)},
			{"nil is neutral", Merge(a, nil), a},
			{"zero is neutral", Merge(&Metrics{}, a), a},
		}
		for _, law := range laws {
			if diff := cmp.Diff(law.left, law.right, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("seed %d: not %s:\n%s", seed, law.name, diff)
			}
		}
		if diff := cmp.Diff(before, []*Metrics{a, b, c}, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d: merging changed its arguments:\n%s", seed, diff)
		}
	}
}

// TestMergeIsAsGoodAsOneRun splits the customers of a run between two recorders.
func TestMergeIsAsGoodAsOneRun(t *testing.T) {
	whole, one, two := NewRecorder(plan(), 2, Options{}), NewRecorder(plan(), 2, Options{}), NewRecorder(plan(), 2, Options{})
	for i := range 40 {
		traffic(3, i, whole.Customer(i).Observe)
		half := one
		if i%2 == 1 {
			half = two
		}
		traffic(3, i, half.Customer(i).Observe)
	}
	if diff := cmp.Diff(whole.Finish(), Merge(one.Finish(), two.Finish()), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("one run and two merged halves differ:\n%s", diff)
	}
}

func TestMergeKeepsStagesApart(t *testing.T) {
	a := &Metrics{Stages: []StageMetrics{
		{Position: 0, Name: "warm-up", Warmup: true, End: 2 * time.Second},
		{Position: 1, Name: "hold", Start: 2 * time.Second, End: 5 * time.Second},
	}}
	b := &Metrics{Stages: []StageMetrics{
		{Position: 0, Name: "hold", End: 4 * time.Second},
		{Position: 1, Name: "hold", Start: 1 * time.Second, End: 4 * time.Second},
	}}
	var got []string
	for _, s := range Merge(a, b).Stages {
		got = append(got, fmt.Sprintf("%d %s %v..%v %v", s.Position, s.Name, s.Start, s.End, s.Warmup))
	}
	want := []string{"0 hold 0s..4s false", "0 warm-up 0s..2s true", "1 hold 1s..5s false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("merged stages (-want +got):\n%s", diff)
	}
}

func TestMetricsSurviveJSON(t *testing.T) {
	m := randomMetrics(rand.New(rand.NewPCG(5, 0)))
	want := jsonOf(t, m)
	var back Metrics
	if err := json.Unmarshal([]byte(want), &back); err != nil {
		t.Fatal(err)
	}
	if got := jsonOf(t, &back); got != want {
		t.Errorf("read and written again:\n%s\nwas\n%s", got, want)
	}
}

func TestTotalOfNothing(t *testing.T) {
	var none *Metrics
	for name, m := range map[string]*Metrics{"nil": none, "zero": {}} {
		if s := m.Total(); s.Hist("poll.service").Count() != 0 || s.Rate(5) != 0 || s.Counters.Begun() != 0 {
			t.Errorf("total of %s metrics = %+v, want nothing", name, s)
		}
	}
}

func TestNamesAreComplete(t *testing.T) {
	names := Names()
	seen := map[string]bool{}
	for _, name := range names {
		if name == "" || seen[name] {
			t.Errorf("name %q is empty or there twice", name)
		}
		seen[name] = true
	}
	for _, name := range []string{"poll.service", "send.response", "leave.lost", "token.service", "delivery", "lateness.send"} {
		if !seen[name] {
			t.Errorf("%s is missing among %v", name, names)
		}
	}
	if want := 12*3 + 13; len(names) != want {
		t.Errorf("%d names, want %d: three for each exchange and thirteen more", len(names), want)
	}
}
