package main

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPlan(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // nobody beside
	s := settings{closed: 100, paced: 2000, flat: []int{100, 9000}, steady: 3000, scale: []int{100, 9000}, talking: []int{300}, secure: 50, window: time.Second}
	tests := []struct {
		why, parts  string
		descriptors int
		want        []string
		notes       int
	}{
		{"all fit", "closed,paced,flat", 20000, []string{
			"raw loop (parses nothing), closed with 100", "chatbench, trace none, closed with 100", "chatbench, trace all, closed with 100",
			"raw loop (parses nothing), paced with 2000", "chatbench, trace none, paced with 2000",
			"raw loop (parses nothing), flat with 100", "chatbench, trace none, flat with 100",
			"raw loop (parses nothing), flat with 9000", "chatbench, trace none, flat with 9000",
			"raw loop (parses nothing), steady with 100", "chatbench, trace none, steady with 100",
			"raw loop (parses nothing), steady with 9000", "chatbench, trace none, steady with 9000",
		}, 0},
		{"few descriptors leave the big loads out", "scale", 1024, []string{"raw loop (parses nothing), scale with 100", "chatbench, trace none, scale with 100"}, 1},
		{"against the embedded tenant", "talk,tls", 1024, []string{"chatbench, talk with 300", "handshakes", "plain with 50", "TLS with 50"}, 0},
		{"what is played once has no turn in the rounds", "truth,soak", 1024, nil, 0},
	}
	for _, tt := range tests {
		s.scenarios = strings.Split(tt.parts, ",")
		turns, notes := s.plan(nil, tt.descriptors)
		var got []string
		for _, r := range turns {
			got = append(got, r.what)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || len(notes) != tt.notes {
			t.Errorf("%s: %d notes %q, want %d; turns (-want +got):\n%s", tt.why, len(notes), notes, tt.notes, diff)
		}
	}
}

// Customers who come within whole periods are spread evenly over each.
func TestPacedLoadComesInWholePeriods(t *testing.T) {
	tests := []struct {
		customers   int
		every, want time.Duration
	}{
		{1, time.Second, time.Second},
		{1000, time.Second, time.Second},
		{1001, time.Second, 2 * time.Second},
		{9000, time.Second, 9 * time.Second},
		{7000, 3 * time.Second, 9 * time.Second},
		{1000, 300 * time.Millisecond, 1200 * time.Millisecond},
	}
	for _, tt := range tests {
		if got := pacedLoad("paced", tt.customers, tt.every, time.Second).ramp; got != tt.want {
			t.Errorf("%d customers, each every %v, come within %v, want %v", tt.customers, tt.every, got, tt.want)
		}
	}
}

func TestSteadyLoadsHaveOneRate(t *testing.T) {
	s := settings{flat: []int{100, 1000, 9000}, steady: 3000, window: time.Second, scenarios: []string{"flat"}}
	for _, l := range s.loads() {
		want := 3000
		if l.part == "flat" {
			want = l.connections
		}
		if l.rate() != want {
			t.Errorf("%s with %s: %d polls a second, want %d", l.part, strconv.Itoa(l.connections), l.rate(), want)
		}
	}
}
