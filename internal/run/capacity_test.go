package run

import (
	"fmt"
	"os"
	"testing"
	"time"

	"chatbench/internal/capacity"
	"chatbench/internal/scenario"
)

// TestCapacityAgreesWithArithmetic searches for the capacity of embedded tenants whose capacity can
// be worked out, with whole runs in virtual time, and wants the sum within the interval but for 4 %.
//
// A tenant has agents times conversations places. A customer holds one from being assigned to the
// hang-up, for h, and is elsewhere for e: with the robot, and between two conversations. Nobody waits
// as long as there are no more than places·(h+e)/h customers, or places/h arrivals a second. Both h
// and e are taken from the probe of the least load, in which nobody waits.
func TestCapacityAgreesWithArithmetic(t *testing.T) {
	if testing.Short() || slowed {
		t.Skip("forty runs of one world each, whose races other tests look for")
	}
	const between = 2500 * time.Millisecond // mean, as in the scenario
	for _, tt := range []struct {
		agents, conversations int
		arrivals              bool
	}{
		{5, 4, false}, {5, 4, true}, {12, 1, false}, {2, 12, true},
	} {
		t.Run(fmt.Sprintf("%d agents of %d, arrivals %v", tt.agents, tt.conversations, tt.arrivals), func(t *testing.T) {
			t.Parallel()
			search := capacity.Search{Unit: capacity.UnitCustomers, From: 4, Least: 1, Most: 1000, Factor: 2, Width: 0.05, Confirm: 2,
				Settle: 40 * time.Second, Hold: 2 * time.Minute}
			if tt.arrivals {
				search.Unit, search.From, search.Least = capacity.UnitArrivals, 0.5, 0.1
			}
			r := &capacity.Report{Search: search}
			err := r.Go(func(number int, load float64) (capacity.Probe, error) {
				s := atLoad(t, search, load, uint64(number))
				s.Tenant.Agents.Count, s.Tenant.Agents.Conversations = tt.agents, tt.conversations
				return capacity.Judge(virtually(t, s, Options{}), s, load), nil
			}, func(*capacity.Report) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			least := capacity.ByLoad(r.Probes)[0]
			const robot = 0.108 // from the beginning to the hand-over
			places, held := float64(tt.agents*tt.conversations), least.Duration-robot
			want := places / held
			if !tt.arrivals {
				want *= least.Duration + between.Seconds()
			}
			t.Logf("%d probes: %s; the sum is %.3g %s", len(r.Probes), r.Answer.Sentences, want, search.Unit)
			if a := r.Answer; a.Kind != capacity.Found || !a.Sure || want < 0.96*a.Low || want > 1.04*a.High {
				t.Errorf("%+v, want an interval with %.4g %s", a, want, search.Unit)
			}
		})
	}
}

// atLoad is the scenario that ships for the search, at a load.
func atLoad(t *testing.T, search capacity.Search, load float64, seed uint64) *scenario.Scenario {
	t.Helper()
	text, err := os.ReadFile("../../scenarios/capacity.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Parse("capacity.yaml", text, scenario.Options{Seed: seed, Stages: func(of scenario.Load) []scenario.Stage {
		of.Open = search.Unit == capacity.UnitArrivals
		return search.Stages(load)(of)
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.Load.Open = search.Unit == capacity.UnitArrivals
	return s
}
