package check

import (
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// A request is right where a tenant looked at it.
func requestsAreRight(c *chat, n *cases) {
	for _, i := range c.places(c.limit, func(e *trace.Event) bool { return e.Kind == trace.Return && e.Request != "" }) {
		n.Opportunities++
		if c.events[i].Request != trace.Sound {
			n.Violations++
		}
	}
}

func TestRequests(t *testing.T) {
	sent := func(request string) func(*history) {
		return func(h *history) {
			answer := ok()
			answer.Request = request
			h.open().call(aicc.OpUpload, ms, answer).end(trace.ByCustomer)
		}
	}
	runCases(t, []ruleCase{
		{name: "sound", why: "nothing is wrong with it", options: wireOnly, pass: "SIM-14", story: sent(trace.Sound)},
		{name: "wrong", why: "its tenant says so", options: wireOnly, trouble: []string{"SIM-14 ERROR"}, story: sent("it carries no user token")},
		{name: "not looked at", why: "nobody can tell", options: wireOnly, idle: "SIM-14", story: sent("")},
	})
}

// TestFailedIsTold tells of each violation at once: of those whose witness is kept with it, of others
// without.
func TestFailedIsTold(t *testing.T) {
	var kept, others int
	c := New(Options{Failed: func(rule string, customer int, w *Witness) {
		switch {
		case rule != "SIM-14" || customer != 3:
			t.Errorf("told of %s of customer %d, want SIM-14 of customer 3", rule, customer)
		case w == nil:
			others++
		default:
			kept++
		}
	}})
	s := c.Customer(3)
	for i := range 12 {
		s.Observe(&trace.Event{Kind: trace.Return, Customer: 3, At: time.Duration(i) * ms, Status: 404, Class: aicc.Fail, Request: "there is no such path"})
	}
	if kept != maxWitnesses || others != 12-maxWitnesses {
		t.Errorf("told of %d kept witnesses and %d others, want %d and %d", kept, others, maxWitnesses, 12-maxWitnesses)
	}
}
