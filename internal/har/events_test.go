package har

import (
	"slices"
	"testing"

	"chatbench/internal/check"
	"chatbench/internal/trace"
)

// judge checks a recording and gives the rules that failed, and all results by id.
func judge(t *testing.T, r *Recording) (failed []string, results map[string]check.RuleResult) {
	t.Helper()
	var c *check.Checker
	sessions := map[int]*check.Session{}
	_, _, err := r.Replay(func(h trace.Header) {
		c = check.New(check.Options{Foreign: h.Foreign, Start: h.Start, Setup: h.Setup, Off: []string{"SHP-09"}}) // the tapes are not of today
	}, func(e *trace.Event) error {
		if sessions[e.Customer] == nil {
			sessions[e.Customer] = c.Customer(e.Customer)
		}
		sessions[e.Customer].Observe(e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sessions {
		s.Close()
	}
	results = map[string]check.RuleResult{}
	for _, rule := range c.Report() {
		results[rule.ID] = rule
		if rule.Violations > 0 {
			failed = append(failed, rule.ID)
		}
	}
	return failed, results
}

// TestPageFaults plants one fault at a time into what a page does, and into what the tenant answers,
// and wants exactly the rule that is about it to fail.
func TestPageFaults(t *testing.T) {
	tests := []struct {
		fault string
		tape  tape
		want  []string
	}{
		{"none: the page keeps to the flow", conversation(), nil},
		{"a poll before CONNECT", conversation().also("poll 6", 55, func(s *shot) { s.took = 2 }), []string{"SIM-02"}},
		{"a poll while CONNECT is on its way", conversation().also("poll 6", 65, func(s *shot) { s.took = 10 }), []string{"SIM-02"}},
		{"a second poll in parallel", conversation().also("poll 6", 5000, nil), []string{"SIM-01"}},
		{"no pause", conversation().change("poll 5", func(s *shot) { s.at, s.took = 3770, 300 }), []string{"SIM-04"}},
		{"a pause of 60 ms", conversation().change("poll 5", func(s *shot) { s.at, s.took = 3825, 245 }), []string{"SIM-04"}},
		{"a poll after DISCONNECT", conversation().also("poll 6", 7790, nil), []string{"SIM-03"}},
		{"the picture is not fetched", conversation().without("download"), []string{"SIM-05"}},
		{"the picture is fetched twice", conversation().also("download", 4200, nil), []string{"SIM-05"}},
		{"the queue is not asked", conversation().without("queue"), []string{"SIM-10"}},
		{"click-to-call is asked about twice", conversation().also("support", 4300, nil), []string{"SIM-11"}},
		{"a text after DISCONNECT", conversation().also("text", 8000, func(s *shot) { s.reply = `{"resultCode":"13","resultDesc":"no"}` }), []string{"SIM-13"}},
		{"another CONNECT while the conversation runs", conversation().without("poll 7").also("connect", 7400, nil), []string{"SIM-07"}},
		{"CONNECT without a token", conversation().change("connect", func(s *shot) { s.user, s.status, s.reply = "undefined", 401, "{}" }).also("connect", 130, nil), []string{"SIM-09"}},
		{"a replacement token is not taken up", conversation().change("poll 2", func(s *shot) { s.back = map[string]string{"ccmessaging-token": newToken} }), []string{"SIM-12"}},
		{"the tenant's: an answer that is a web page", conversation().change("poll 6", func(s *shot) { s.reply = "<!DOCTYPE html><title>Log in</title>" }), []string{"SHP-01"}},
		{"the tenant's: a refused poll", conversation().change("poll 6", func(s *shot) { s.reply = `{"resultCode":"13","resultDesc":"no"}` }), []string{"POL-01"}},
		{"the tenant's: the same message twice", conversation().change("poll 2", func(s *shot) {
			m := message("ROBOT", "CHAT", "TEXT", "On its way.", `,"messageCode":"m-1"`)
			s.reply = says(m, m)
		}), []string{"DEL-03", "DEL-07"}},
	}
	for _, tt := range tests {
		t.Run(tt.fault, func(t *testing.T) {
			failed, results := judge(t, open(t, tt.tape.write()))
			if !slices.Equal(failed, tt.want) {
				t.Errorf("failed: %v, want %v", failed, tt.want)
				for _, id := range failed {
					for _, w := range results[id].Witnesses {
						t.Logf("%s %s %v", id, w.Sentence, w.Events)
					}
				}
			}
		})
	}
}
