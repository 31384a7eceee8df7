package main

import (
	"math"
	"testing"
	"time"
)

func TestDispersion(t *testing.T) {
	evenly := func(i int) time.Duration { return time.Duration(i) * 5 * ms }
	tests := []struct {
		why   string
		calls int
		at    func(i int) time.Duration
		until time.Duration
		want  float64
	}{
		{"nobody came", 0, nil, time.Second, 0},
		{"two in each window", 200, evenly, time.Second, 0},
		{"the window that goes on is left out", 201, evenly, time.Second + 9*ms, 0},
		// Counts 100 and 99 times 0: mean 1, variance 100*100/100 - 1 = 99.
		{"all at once in a second", 100, func(int) time.Duration { return 0 }, time.Second, 99},
		// Counts 0 and 2 in turn: mean 1, variance 1.
		{"every second window is empty", 100, func(i int) time.Duration { return time.Duration(i/2) * 20 * ms }, time.Second, 1},
	}
	for _, tt := range tests {
		var h herd
		for i := range tt.calls {
			h.add(tt.at(i))
		}
		if got := h.dispersion(tt.until); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%s: dispersion of %d calls until %v = %v, want %v", tt.why, tt.calls, tt.until, got, tt.want)
		}
	}
}
