package doctor

import "testing"

func TestHealthy(t *testing.T) {
	v := visit(t, full(), nil)
	for _, s := range v.report.Steps {
		t.Logf("%-8s %-12s %s [%s %s] %.1fs  %s %s", s.State, s.ID, s.Saw, s.Basis.Mark, s.Basis.Section, s.Took, s.Because, s.Advice)
	}
	t.Logf("%+v %+v", v.report.Conversations, v.stats)
	if v.report.Exit != 0 {
		t.Errorf("exit %d", v.report.Exit)
	}
}
