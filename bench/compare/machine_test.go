package main

import (
	"errors"
	"runtime"
	"testing"
	"time"
)

func TestReadUsage(t *testing.T) {
	tests := []struct {
		why, stat string
		want      usage
		err       error
	}{
		{"idle and waiting for a disk are not busy, guests are counted once", "cpu  100 20 30 5000 700 8 9 40 60 0\ncpu0 1 1\n", usage{1.67, 0.4}, nil},
		{"one processor only", "cpu0 100 20 30 5000 700 8 9 40 60 0\n", usage{}, errStat},
		{"too few fields", "cpu  1 2 3\n", usage{}, errStat},
		{"not a number", "cpu  a 20 30 5000 700 8 9 40 60 0\n", usage{}, errStat},
		{"empty", "", usage{}, errStat},
	}
	for _, tt := range tests {
		got, err := readUsage([]byte(tt.stat))
		if !errors.Is(err, tt.err) || max(got.busy-tt.want.busy, tt.want.busy-got.busy) > 1e-9 || got.stolen != tt.want.stolen {
			t.Errorf("%s: got %+v, %v; want %+v, %v, from %q", tt.why, got, err, tt.want, tt.err, tt.stat)
		}
	}
}

func TestOthers(t *testing.T) {
	tests := []struct {
		why           string
		before, after usage
		ours          time.Duration
		want          float64
	}{
		{"only we were busy", usage{10, 0}, usage{14, 0}, 4 * time.Second, 0},
		{"half a processor was somebody else's", usage{10, 0}, usage{14, 0}, 3 * time.Second, 0.5},
		{"the host took half a processor away", usage{10, 1}, usage{14, 2}, 4 * time.Second, 0.5},
		{"the system counts in hundredths, we do not", usage{10, 0}, usage{13.99, 0}, 4 * time.Second, 0},
	}
	for _, tt := range tests {
		if got := others(tt.before, tt.after, tt.ours, 2*time.Second); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.why, got, tt.want)
		}
	}
}

func TestMemoryIn(t *testing.T) {
	const status = "Name:\tx\nVmPeak:\t 9 kB\nVmHWM:\t    1024 kB\nVmRSS:\t 7 kB\n"
	tests := []struct {
		why, status, name string
		want              int64
	}{
		{"in KiB", status, "VmHWM", 1 << 20},
		{"another line", status, "VmRSS", 7 << 10},
		{"a process that has ended has none", "Name:\tx\nState:\tZ (zombie)\n", "VmHWM", 0},
		{"not a number", "VmHWM:\t x kB\n", "VmHWM", 0},
	}
	for _, tt := range tests {
		if got := memoryIn([]byte(tt.status), tt.name); got != tt.want {
			t.Errorf("%s: got %d, want %d, from %q", tt.why, got, tt.want, tt.status)
		}
	}
}

func TestProcessor(t *testing.T) {
	if got := processor([]byte("processor\t: 0\nmodel name\t: Some CPU @ 2GHz\n")); got != "Some CPU @ 2GHz" {
		t.Errorf("model = %q, want Some CPU @ 2GHz", got)
	}
	if got := processor(nil); got != runtime.GOARCH {
		t.Errorf("without a model: %q, want %q", got, runtime.GOARCH)
	}
}
