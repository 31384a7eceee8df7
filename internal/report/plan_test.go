package report

import (
	"errors"
	"strings"
	"testing"
	"time"

	"chatbench/internal/capacity"
)

// TestPlan checks the sentences that depend on what a plan found.
func TestPlan(t *testing.T) {
	plan := func(change func(*capacity.Plan)) string {
		p := &capacity.Plan{Scenario: "a\x1bb", Embedded: true, Seconds: 60, Drain: 10, PeakCrowd: 1200,
			Flows: []capacity.FlowPlan{{Name: "f", Share: 1, Length: capacity.Length{Mean: 8, P95: 9, Shortest: 7, Longest: 70}}},
			Total: capacity.StagePlan{Begun: 12345.4, Exchanges: map[string]float64{"poll": 99999.6}}, PeakRates: map[string]float64{"poll": 123.4}}
		change(p)
		var b strings.Builder
		if err := Plan(&b, nil, p); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for _, row := range []struct {
		change func(*capacity.Plan)
		want   []string
	}{
		{func(*capacity.Plan) {}, []string{"a·b: what it will ask for", "About 12,345 conversations in 60.0s", "Up to 1,200 customers", "  poll      100,000  "}},
		{func(p *capacity.Plan) { p.Open, p.MaxCrowd, p.Dropped = true, 8, 0.5 }, []string{"50 % of the arrivals would find no room and be dropped (max_customers: 8)."}},
		{func(p *capacity.Plan) { p.Open, p.MaxCrowd = true, 8 }, []string{"room for 8 (max_customers); hardly an arrival"}},
		{func(p *capacity.Plan) { p.Embedded = false }, []string{"How fast this tenant answers is not known"}},
		{func(p *capacity.Plan) {
			p.Agents = &capacity.AgentPlan{Arrivals: 0.5, Handling: 240, Load: 120, Places: 50, Concurrent: 5, Wait: 3}
		},
			[]string{"too few: customers would wait for about 3.00s", "How many agents that takes: chatbench staff --arrivals 30/min --handling 240s --concurrent 5\n"}},
		{func(p *capacity.Plan) {
			p.Machine = &capacity.Machine{Descriptors: 9000, Problem: "too few", Hint: "ulimit"}
		},
			[]string{"Descriptors: 9,000 of ?.", "This machine cannot play it: too few", "What helps: ulimit"}},
	} {
		got := plan(row.change)
		for _, want := range row.want {
			if !strings.Contains(got, want) {
				t.Errorf("want %q in\n%s", want, got)
			}
		}
	}
}

func TestStaff(t *testing.T) {
	r, err := capacity.Staff(capacity.Demand{Arrivals: 0.2, Handling: 4 * time.Minute, Concurrent: 1, Answered: 0.8, Within: 15 * time.Second, MaxOccupancy: 0.75}, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := Staff(&b, nil, r); err != nil || !strings.Contains(b.String(), "64 agents are needed, so that no more than 75 % of their places are taken.") {
		t.Errorf("%v\n%s", err, b.String())
	}
	if err := Staff(full{}, nil, r); err == nil {
		t.Error("a full disk went unnoticed")
	}
}

// full is a writer that takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// TestPercent keeps a share from looking like none or all of it.
func TestPercent(t *testing.T) {
	for v, want := range map[float64]string{0: "0 %", 1: "100 %", 0.8: "80 %", 0.846: "84.6 %", 1e-9: "<0.1 %", 0.99999: ">99.9 %", 0.07: "7 %"} {
		if got := percent(v); got != want {
			t.Errorf("%g: got %s, want %s", v, got, want)
		}
	}
}
