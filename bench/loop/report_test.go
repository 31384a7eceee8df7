package loop

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPercentiles(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i+1) * time.Microsecond
	}
	tests := []struct {
		name  string
		times []time.Duration
		want  Percentiles
	}{
		{"nothing was recorded", nil, Percentiles{}},
		{"the p50 of 1 to 100 µs is 50 µs", hundred, Percentiles{50e-6, 90e-6, 99e-6, 100e-6, 100e-6}},
		{"a clock that was set back", []time.Duration{-time.Second}, Percentiles{}},
	}
	near := cmp.Comparer(func(a, b float64) bool { return a-b < 1e-7 && b-a < 1e-7 })
	for _, tt := range tests {
		times := NewTimes()
		for _, d := range tt.times {
			times.Add(d)
		}
		if diff := cmp.Diff(tt.want, times.Percentiles(), near); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestTimesTooLongAreKeptAsTheLongest(t *testing.T) {
	times := NewTimes()
	times.Add(time.Hour)
	if got := times.Percentiles().Max; got < 60 || got > 60.1 {
		t.Errorf("maximum of one hour = %v s, want 60", got)
	}
	times.Reset()
	if got := times.Percentiles(); got != (Percentiles{}) {
		t.Errorf("after Reset: %+v, want nothing", got)
	}
}

func TestReportIsOneLine(t *testing.T) {
	var b strings.Builder
	n, err := (&Report{Polls: 3, Seconds: 1.5}).WriteTo(&b)
	const want = `{"polls":3,"others":0,"opened":0,"closed":0,"broken":0,"seconds":1.5,` +
		`"times":{"p50":0,"p90":0,"p99":0,"p99.9":0,"max":0}}` + "\n"
	if err != nil || n != int64(len(want)) {
		t.Errorf("wrote %d bytes, error %v; want %d and none", n, err, len(want))
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}
