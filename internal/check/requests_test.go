package check

import (
	"testing"

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
