package har

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

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
		{"CONNECT without a token", conversation().change("connect", func(s *shot) { s.user, s.status, s.reply = "undefined", 401, "{}" }).also("connect", 130, func(s *shot) { s.user, s.status, s.reply = userToken, 200, done }), []string{"SIM-09"}},
		{"a replacement token is not taken up", conversation().change("poll 2", func(s *shot) { s.back = map[string]string{"ccmessaging-token": newToken} }), []string{"SIM-12"}},
		{"the tenant's: an answer that is a web page", conversation().change("poll 6", func(s *shot) { s.reply = "<!DOCTYPE html><title>Log in</title>" }), []string{"SHP-01"}},
		{"the tenant's: a refused poll", conversation().change("poll 6", func(s *shot) { s.reply = `{"resultCode":"13","resultDesc":"no"}` }), []string{"POL-01"}},
		{"the tenant's: the same message twice", conversation().change("poll 2", func(s *shot) {
			m := message("ROBOT", "CHAT", "TEXT", "On its way.", `,"messageCode":"m-1"`)
			s.reply = says(m, m)
		}), []string{"DEL-07"}},
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

// eventLines tells the events of a recording in short.
func eventLines(t *testing.T, r *Recording) []string {
	t.Helper()
	var lines []string
	_, _, err := r.Replay(nil, func(e *trace.Event) error {
		line := fmt.Sprintf("%d.%d %s", e.Customer, e.Epoch, e.Kind)
		switch e.Kind {
		case trace.Begin:
			line += fmt.Sprintf(" %s midway=%t", e.User, e.Midway)
		case trace.Invoke:
			line += fmt.Sprintf(" %s at %v token %d", e.Op, e.At, e.Token)
		case trace.Return:
			line += fmt.Sprintf(" %s at %v %s %d %q", e.Op, e.At, e.Class, e.Status, e.Code+e.Error)
		case trace.Deliver:
			line += " " + e.Message.SourceType + " " + e.Message.ControlType
		case trace.End:
			line += " " + string(e.Ended)
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestEvents writes down what a recording comes to, where that is not plain.
func TestEvents(t *testing.T) {
	whole := conversation()
	head := whole[:3:3] // to CONNECT
	poll := func(at int, change func(*shot)) shot {
		s := *whole.shotOf("poll 6")
		s.at, s.took = at, 100
		if change != nil {
			change(&s)
		}
		return s
	}
	begin := []string{"0.0 begin " + chatUser + " midway=false",
		"0.0 invoke token at 1ms token -1", `0.0 return token at 20ms ok 200 "0"`,
		"0.0 invoke apply at 31ms token -1", `0.0 return apply at 50ms ok 200 "0"`,
		"0.0 invoke connect at 61ms token 1", `0.0 return connect at 90ms ok 200 "0"`}
	tests := []struct {
		why  string
		tape tape
		want []string
	}{
		{"an answer that came a moment after what it led to came before it: times are rounded",
			append(head, poll(200, nil), poll(297, nil)),
			append(begin, "0.0 invoke poll at 201ms token 1", `0.0 return poll at 298ms ok 200 "0"`,
				"0.0 invoke poll at 298ms token 1", `0.0 return poll at 397ms ok 200 "0"`, "0.0 end cut")},
		{"a poll that was under way when the recording was saved has no answer",
			append(head, poll(200, func(s *shot) { s.reply = "" })),
			append(begin, "0.0 invoke poll at 200ms token 1", "0.0 end cut")},
		{"one that was broken off has: the browser says why",
			append(head, poll(200, func(s *shot) { s.reply, s.problem = "", "net::ERR_ABORTED" })),
			append(begin, "0.0 invoke poll at 200ms token 1", `0.0 return poll at 300ms info 0 "net::ERR_ABORTED"`, "0.0 end cut")},
		{"one that never left the browser certainly had no effect",
			append(head, poll(200, func(s *shot) { s.reply, s.problem = "", "net::ERR_CONNECTION_REFUSED" })),
			append(begin, "0.0 invoke poll at 200ms token 1", `0.0 return poll at 300ms fail 0 "net::ERR_CONNECTION_REFUSED"`, "0.0 end cut")},
		{"and one without a reason, after which another was sent, had ended by then",
			append(head, poll(200, func(s *shot) { s.reply = "" }), poll(500, nil)),
			append(begin, "0.0 invoke poll at 200ms token 1", `0.0 return poll at 300ms info 0 "no answer in the recording"`,
				"0.0 invoke poll at 501ms token 1", `0.0 return poll at 600ms ok 200 "0"`, "0.0 end cut")},
		{"waiting for a connection is no time of the tenant's",
			append(head, poll(200, func(s *shot) { s.blocked = 40 })),
			append(begin, "0.0 invoke poll at 240ms token 1", `0.0 return poll at 300ms ok 200 "0"`, "0.0 end cut")},
		{"a gateway's answer is no answer of the tenant's",
			append(head, poll(200, func(s *shot) { s.status, s.reply = 502, "<html>" })),
			append(begin, "0.0 invoke poll at 201ms token 1", `0.0 return poll at 300ms info 502 "HTTP 502"`, "0.0 end cut")},
		{"a recording may begin in the middle of a conversation",
			tape{poll(200, nil)},
			[]string{"0.0 begin " + chatUser + " midway=true", "0.0 invoke poll at 1ms token 1", `0.0 return poll at 100ms ok 200 "0"`, "0.0 end cut"}},
		{"a second CONNECT begins a second conversation; what the first one's polls bring is lost",
			append(head, poll(200, func(s *shot) { s.took = 5000 }), whole.also("connect", 1000, nil)[len(whole)]),
			append(begin, "0.0 invoke poll at 201ms token 1", "0.0 end customer", "0.1 begin "+chatUser+" midway=false",
				"0.1 invoke connect at 1.001s token 1", `0.1 return connect at 1.03s ok 200 "0"`, "0.1 end cut")},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, eventLines(t, open(t, tt.tape.write()))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, diff)
		}
	}
}

// TestBodiesLeftOut wants what depends on a body that is not there not to be claimed.
func TestBodiesLeftOut(t *testing.T) {
	tape := conversation().change("poll 6", func(s *shot) { s.noBody = true })
	r := open(t, tape.write())
	failed, results := judge(t, r)
	if len(failed) > 0 {
		t.Errorf("failed: %v, want none", failed)
	}
	for _, id := range []string{"SHP-01", "SHP-06", "DEL-03", "DSC-03", "SIM-05", "SIM-10"} {
		if v := results[id].Verdict; v != check.NotObservable {
			t.Errorf("%s is %s, want %s: a poll's answer is missing", id, v, check.NotObservable)
		}
	}
	for _, id := range []string{"SIM-01", "SIM-02", "SIM-04", "SHP-02"} {
		if v := results[id].Verdict; v != check.Pass {
			t.Errorf("%s is %s, want %s: it does not depend on what polls bring", id, v, check.Pass)
		}
	}
	if r.About.Missing != 1 {
		t.Errorf("%d bodies are missing, want 1", r.About.Missing)
	}
}
