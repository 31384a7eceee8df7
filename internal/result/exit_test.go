package result

import "testing"

func TestWorseExit(t *testing.T) {
	tests := []struct {
		a, b, want Exit
		why        string
	}{
		{ExitOK, ExitOK, ExitOK, "nothing happened"},
		{ExitOK, ExitStale, ExitStale, "anything is worse than nothing"},
		{ExitPerformance, ExitInvalid, ExitInvalid, "figures of a slow generator prove nothing"},
		{ExitInvalid, ExitConformance, ExitConformance, "a broken rule is a fact all the same"},
		{ExitInterrupted, ExitConformance, ExitConformance, "so it is when the run was cut short"},
		{ExitConformance, ExitBug, ExitBug, "a bug puts the fact itself in doubt"},
		{ExitBug, Exit(99), Exit(99), "an unknown code is never hidden"},
	}
	for _, tt := range tests {
		if got := tt.a.Worse(tt.b); got != tt.want {
			t.Errorf("%d.Worse(%d) = %d, want %d: %s", tt.a, tt.b, got, tt.want, tt.why)
		}
		if got := tt.b.Worse(tt.a); got != tt.want {
			t.Errorf("%d.Worse(%d) = %d, want %d: %s", tt.b, tt.a, got, tt.want, tt.why)
		}
	}
}

func TestWorseVerdict(t *testing.T) {
	for i, a := range verdictOrder {
		for j, b := range verdictOrder {
			if got, want := a.Worse(b), verdictOrder[max(i, j)]; got != want {
				t.Errorf("%q.Worse(%q) = %q, want %q", a, b, got, want)
			}
		}
		if got := a.Worse("unheard-of"); got != "unheard-of" {
			t.Errorf("%q.Worse of an unknown verdict = %q, want the unknown one", a, got)
		}
	}
}
