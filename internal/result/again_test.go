package result

import "testing"

// TestResultAgain wants a seed only where it decides something.
func TestResultAgain(t *testing.T) {
	for _, tt := range []struct {
		kind Kind
		want string
	}{
		{Embedded, "chatbench run s.yaml --seed 7"},
		{Real, "chatbench run s.yaml --seed 7"},
		{Recorded, "chatbench run s.yaml"},
	} {
		r := Result{Target: Target{Kind: tt.kind}, Scenario: Scenario{Seed: 7}, Run: Run{Command: []string{"chatbench", "run", "s.yaml"}}}
		if got := r.Again(); got != tt.want {
			t.Errorf("%s: again with %q, want %q", tt.kind, got, tt.want)
		}
	}
}
