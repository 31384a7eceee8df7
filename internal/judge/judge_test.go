package judge

import (
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/result"
)

// TestOwnCustomers plays the whole curriculum to chatbench's own customers, who break no rule.
func TestOwnCustomers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := quick()
		r := newRig(t, cfg, Options{Curriculum: true})
		out := play(t, everything(t), "http://127.0.0.1:80", r.net.Dial, cfg)
		if out.Gone != nil || out.Bug != nil {
			t.Fatalf("the customers were stopped: %v, %v", out.Gone, out.Bug)
		}
		select {
		case <-r.judge.Done():
		case <-time.After(time.Minute):
			t.Error("not every lesson was met, or a conversation goes on")
		}
		res := r.end()
		for _, one := range res.Rules {
			for _, w := range one.Witnesses {
				t.Errorf("%s: %s %v", one.ID, w.Sentence, w.Events)
			}
		}
		for _, g := range res.Gates {
			if g.Kind == result.GateLesson && g.Verdict != result.Pass {
				t.Errorf("%s: %s", g.Name, g.Sentence)
			}
		}
		if res.Exit != result.ExitOK {
			t.Errorf("exit %d, %v; want 0", res.Exit, res.Reasons)
		}
	})
}
