package run

import (
	"strings"
	"testing"
	"time"

	"chatbench/internal/scenario"
)

func TestEnough(t *testing.T) {
	closed := func(n int) scenario.Load {
		return scenario.Load{MaxCustomers: 5000, Stages: []scenario.Stage{{Customers: n / 2, Length: time.Second}, {Customers: n, Length: time.Second}}}
	}
	open := func(rate float64, most int) scenario.Load {
		return scenario.Load{Open: true, MaxCustomers: most, Stages: []scenario.Stage{{Arrivals: rate, Length: time.Second}}}
	}
	tests := []struct {
		why      string
		load     scenario.Load
		embedded bool
		have     machine
		want     []string // parts of the error; none: it is enough
	}{
		{"a system that tells nothing is trusted", closed(1_000_000), true, machine{}, nil},
		{"two descriptors a customer and some to spare", closed(100), false, machine{descriptors: 264}, nil},
		{"one descriptor too few", closed(100), false, machine{descriptors: 263},
			[]string{"100 customers need 264 file descriptors", "may have 263, enough for 99 customers", `"ulimit -n 264"`}},
		{"the embedded tenant needs as many", closed(100), true, machine{descriptors: 464}, nil},
		{"the embedded tenant's end is too much", closed(100), true, machine{descriptors: 300},
			[]string{"100 customers need 464 file descriptors", "may have 300, enough for 59 customers", "the embedded tenant's end", `"chatbench tenant"`}},
		{"less than is kept to spare", closed(100), true, machine{descriptors: 32}, []string{"enough for 0 customers"}},
		{"of arrivals, as many as can be there at once", open(1, 100), false, machine{descriptors: 263}, []string{"100 customers need 264"}},
		{"a port a connection", closed(100), false, machine{ports: 200}, nil},
		{"one port too few", closed(100), false, machine{ports: 199}, []string{"200 connections", "gives 199", "ip_local_port_range"}},
		{"the ports of those who left wait a minute", open(10, 100), false, machine{ports: 1199}, []string{"1200 connections"}},
		{"the ports of those who left just fit", open(10, 100), false, machine{ports: 1200}, nil},
	}
	for _, tt := range tests {
		err := enough(tt.load, tt.embedded, tt.have)
		if len(tt.want) == 0 && err != nil || len(tt.want) > 0 && err == nil {
			t.Errorf("%s: error %v, want %q", tt.why, err, tt.want)
			continue
		}
		for _, part := range tt.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error %q, want it to say %q", tt.why, err, part)
			}
		}
	}
}

func TestThisMachine(t *testing.T) {
	if m := thisMachine(); m.descriptors < 0 || m.ports < 0 || m.ports > 65536 {
		t.Errorf("this machine has %+v", m)
	}
}
