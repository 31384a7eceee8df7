package scenario

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDemand adds one demand to a scenario, as a flag does.
func TestDemand(t *testing.T) {
	before := Gate{MaxLateness: mostLateness, MaxCPU: mostCPU, MaxMissed: 0.5}
	with := func(change func(*Gate)) Gate { g := before; change(&g); return g }
	tests := []struct {
		why, text string
		want      Gate
		exercise  []Exercise
	}{
		{"a percentile of any height, of one stage", "delivery p99.95 < 2s in stage full load, at least 10 samples",
			with(func(g *Gate) {
				g.Latency = []Limit{{Metric: "delivery", Quantile: 0.9995, Below: 2, Stage: "full load", Samples: 10, Text: "delivery p99.95 < 2s in stage full load, at least 10 samples"}}
			}), nil},
		{"a tight limit wants a generator that is in time", "delivery mean<50ms",
			with(func(g *Gate) {
				g.Latency, g.MaxLateness = []Limit{{Metric: "delivery", Mean: true, Below: 0.05, Samples: 1, Text: "delivery mean<50ms"}}, 5*time.Millisecond
			}), nil},
		{"errors, of which there may have been nothing to count", "send.failed < 3, or no data",
			with(func(g *Gate) {
				g.Errors = []Limit{{Metric: "send.failed", Below: 3, Count: true, Samples: 1, NoData: true, Text: "send.failed < 3, or no data"}}
			}), nil},
		{"how often a rule came up", "DSC-01 exercised at least 100", before, []Exercise{{Rule: "DSC-01", AtLeast: 100}}},
		{"the same, short", "DSC-01>=100", before, []Exercise{{Rule: "DSC-01", AtLeast: 100}}},
		{"there is one share that may be missed", "missed < 1%", with(func(g *Gate) { g.MaxMissed = 0.01 }), nil},
		{"and one of CPU time", "cpu <= 70%", with(func(g *Gate) { g.MaxCPU = 0.7 }), nil},
		{"and one lateness", "lateness < 1s", with(func(g *Gate) { g.MaxLateness, g.LatenessGiven = time.Second, true }), nil},
		{"strict", "strict", with(func(g *Gate) { g.Strict = true }), nil},
		{"what is demanded anyway", "no violations", before, nil},
	}
	for _, tt := range tests {
		s := &Scenario{Gate: before, Load: Load{Stages: []Stage{{Name: "full load"}}}}
		if err := s.Demand(tt.text, knownNames()); err != nil {
			t.Errorf("%s: %q: %v", tt.why, tt.text, err)
			continue
		}
		if diff := cmp.Diff(tt.want, s.Gate); diff != "" {
			t.Errorf("%s: %q (-want +got):\n%s", tt.why, tt.text, diff)
		}
		if diff := cmp.Diff(tt.exercise, s.Exercise); diff != "" {
			t.Errorf("%s: %q: exercise (-want +got):\n%s", tt.why, tt.text, diff)
		}
	}
}

// TestDemandRefused wants a demand that is wrong to say where, and the scenario to stay as it was.
func TestDemandRefused(t *testing.T) {
	if err := new(Scenario).Demand("delivery p95 < 1s in stage full", knownNames()); err == nil || !strings.HasPrefix(err.Error(), "column 28: no stage is known here") {
		t.Errorf("a stage of a scenario without stages: %v, want it to be refused", err)
	}
	tests := []struct{ text, want string }{
		{"delivery p9x < 1s", "column 10: \"p9x\" is not known here (write a percentile such as p50, p95 or p99.9, or max or mean)\n  delivery p9x < 1s\n           ^"},
		{"", "column 1: \"\" is not a demand (" + anyKind.example() + ")\n  \n  ^"},
		{"missed < 1", "column 10: \"1\" has no percent sign (write 1%)\n  missed < 1\n           ^"},
		{"delivery p95 < 1s in stage 雨, at best", "column 28: unknown stage \"雨\" (allowed: full)\n  delivery p95 < 1s in stage 雨, at best\n                             ^"},
	}
	for _, tt := range tests {
		s := &Scenario{Load: Load{Stages: []Stage{{Name: "full"}}}}
		err := s.Demand(tt.text, knownNames())
		var demand *DemandError
		if !errors.As(err, &demand) {
			t.Errorf("%q: %v, want a DemandError", tt.text, err)
			continue
		}
		if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
		if diff := cmp.Diff(Gate{}, s.Gate); diff != "" {
			t.Errorf("%q changed the gate:\n%s", tt.text, diff)
		}
	}
}
