package report

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"chatbench/internal/capacity"
)

func TestCapacityHTML(t *testing.T) {
	var b bytes.Buffer
	if err := CapacityHTML(&b, searched(t, 1e6), nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"28 to 30 customers", "both ends confirmed", "handover p95", "the law of scalability", "λN / (1 + σ(N-1) + κN(N-1))",
		"20.0s to bring the load in", "And another.", "chatbench capacity queue.yaml",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

func TestAnswerWord(t *testing.T) {
	for _, tt := range []struct {
		answer capacity.Answer
		want   string
	}{
		{capacity.Answer{Kind: capacity.Found, Low: 1200, High: 1320}, "1,200 to 1,320 arrivals/s"},
		{capacity.Answer{Kind: capacity.Found, High: 0.5}, "less than 0.5 arrivals/s"},
		{capacity.Answer{Kind: capacity.NotReached, Low: 12.5}, "at least 12.5 arrivals/s"},
		{capacity.Answer{Kind: capacity.ByMachine, Low: 40, High: 80}, "at least 40 arrivals/s"},
		{capacity.Answer{Kind: capacity.Nothing}, "nothing known"},
	} {
		r := &capacity.Report{Answer: tt.answer, Search: capacity.Search{Unit: capacity.UnitArrivals}}
		if got := answerWord(r, nil); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.answer, got, tt.want)
		}
	}
}

// TestLoadAxis wants every probe to have a place of its own, also when a load was probed twice.
func TestLoadAxis(t *testing.T) {
	r := &capacity.Report{Probes: []capacity.Probe{{Load: 20, Throughput: 2}, {Load: 10, Throughput: 1}, {Load: 20, Throughput: 3}}}
	x := loads(r)
	values := probed(r, x, func(p *capacity.Probe) float64 { return p.Throughput })
	found := map[point][]point{}
	for i, v := range values {
		if !math.IsNaN(float64(v)) {
			found[x[i]] = append(found[x[i]], v)
		}
	}
	if len(found[10]) != 1 || len(found[20]) != 2 || found[20][0] != 2 || found[20][1] != 3 {
		t.Errorf("points %v, want 1 at 10, 2 and 3 at 20", found)
	}
}
