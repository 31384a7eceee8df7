package main

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestSlope(t *testing.T) {
	tests := []struct {
		why     string
		samples []sample
		want    float64
		err     error
	}{
		{"a straight line", []sample{{0, 100}, {1, 110}, {2, 120}}, 10, nil},
		{"level", []sample{{0, 100}, {5, 100}}, 0, nil},
		// Means 1 and 110: products 1*-10... = (-1)(-10) + 0 + (1)(-10) = 0; 20 more at 1 changes nothing.
		{"one that sticks out in the middle", []sample{{0, 100}, {1, 130}, {2, 100}}, 0, nil},
		// Means 1.5 and 25: products 1.5*15 + 0.5*5 + 0.5*5 + 1.5*15 = 50 over 5.
		{"falling", []sample{{0, 40}, {1, 30}, {2, 20}, {3, 10}}, -10, nil},
		{"one sample", []sample{{3, 100}}, 0, errNoSlope},
		{"none", nil, 0, errNoSlope},
	}
	for _, tt := range tests {
		got, err := slope(tt.samples)
		if math.Abs(got-tt.want) > 1e-9 || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %v, %v; want %v, %v, of %v", tt.why, got, err, tt.want, tt.err, tt.samples)
		}
	}
}

func TestSecondHalf(t *testing.T) {
	tests := []struct {
		why     string
		samples []sample
		want    int
	}{
		{"the middle belongs to it", []sample{{0, 1}, {1, 1}, {2, 1}}, 2},
		{"by time, not by number", []sample{{0, 1}, {0.1, 1}, {0.2, 1}, {4, 1}}, 1},
		{"none", nil, 0},
	}
	for _, tt := range tests {
		if got := len(secondHalf(tt.samples)); got != tt.want {
			t.Errorf("%s: %d samples, want %d, of %v", tt.why, got, tt.want, tt.samples)
		}
	}
}

func TestSoakTable(t *testing.T) {
	s := soak{customers: 100, length: 10 * time.Minute, conversations: 8000,
		generator: []sample{{0, 10 * kibi}, {5, 12 * kibi}, {10, 13 * kibi}}, tenant: []sample{{0, 5 * kibi}}}
	got := s.table()
	for _, want := range []string{
		"100 customers for 10m0s, 8000 conversations.",
		"| chatbench run | 3 | 10.0 | 12.0 | 13.0 | +204.8 |",
		"| chatbench tenant | 1 | | | | too few samples for a slope |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %q in it", got, want)
		}
	}
}
