package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"chatbench/internal/capacity"
)

// TestAbandonedSearch: an error that ends a search does not take with it what was found before.
func TestAbandonedSearch(t *testing.T) {
	full := errors.New("disk full")
	for _, tt := range []struct {
		why    string
		probes []capacity.Probe
		want   string // in the report; "" for no report
	}{
		{"after a probe", []capacity.Probe{{Number: 1, Load: 10, Outcome: capacity.Carried}}, "10  carried"},
		{"before the first", nil, ""},
	} {
		var out bytes.Buffer
		cmd := newCapacity()
		cmd.SetOut(&out)
		f := &capacityFlags{}
		err := f.abandoned(cmd, &capacity.Report{Search: capacity.Search{Unit: capacity.UnitCustomers}, Probes: tt.probes}, full)
		if !errors.Is(err, full) {
			t.Errorf("%s: error %v, want %v", tt.why, err, full)
		}
		if !strings.Contains(out.String(), tt.want) || tt.want == "" && out.Len() > 0 {
			t.Errorf("%s: want %q in\n%s", tt.why, tt.want, out.String())
		}
	}
}
