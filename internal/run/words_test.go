package run

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

func TestWords(t *testing.T) {
	type stages = []scenario.Stage
	tests := []struct {
		why    string
		load   scenario.Load
		words  string
		stages []string
	}{
		{"one customer is one", scenario.Load{Stages: stages{{Customers: 1, Length: time.Second}}},
			"up to 1 customer for 1s", []string{"1 customer"}},
		{"a ramp begins where the stage before it ended", scenario.Load{Stages: stages{
			{Customers: 2000, Ramp: true, Length: 20 * time.Second},
			{Customers: 2000, Length: time.Minute},
			{Customers: 0, Ramp: true, Length: 10 * time.Second},
		}}, "up to 2000 customers for 1m30s", []string{"0 to 2000 customers", "2000 customers", "2000 to 0 customers"}},
		{"arrivals have fractions", scenario.Load{Open: true, MaxCustomers: 50, Stages: stages{
			{Arrivals: 0.5, Length: time.Second},
			{Arrivals: 1, Length: time.Second},
			{Arrivals: 40.25, Ramp: true, Poisson: true, Length: 1500 * time.Millisecond},
		}}, "up to 40.25 arrivals a second for 3.5s", []string{"0.5 arrivals a second", "1 arrival a second", "1 to 40.25 arrivals a second, Poisson"}},
	}
	for _, tt := range tests {
		s := &scenario.Scenario{Load: tt.load}
		if got := loadWords(s); got != tt.words {
			t.Errorf("%s: load %q, want %q", tt.why, got, tt.words)
		}
		var got []string
		for _, st := range stageWords(s) {
			got = append(got, st.Load)
		}
		if diff := cmp.Diff(tt.stages, got); diff != "" {
			t.Errorf("%s: stages (-want +got):\n%s", tt.why, diff)
		}
	}
}

func TestStageWordsKeepTheRest(t *testing.T) {
	s := &scenario.Scenario{Load: scenario.Load{Stages: []scenario.Stage{{Name: "1 warm-up", Customers: 3, Length: time.Minute, Warmup: true}}}}
	want := []result.Stage{{Name: "1 warm-up", Load: "3 customers", Length: time.Minute, Warmup: true}}
	if diff := cmp.Diff(want, stageWords(s)); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
}
