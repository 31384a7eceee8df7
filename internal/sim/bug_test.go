package sim

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/memnet"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// clumsy is an observer with a bug, which shows at an event of some kind.
type clumsy struct{ at trace.Kind }

func (c clumsy) Observe(e *trace.Event) {
	if e.Kind == c.at && e.Customer == 3 {
		panic("this cannot happen")
	}
}

func (clumsy) Close() {}

// TestBug lets whoever reads the events of one customer fail, on the flow's goroutine and on the
// poller's: the run must end by itself and tell, and must not take the process with it.
func TestBug(t *testing.T) {
	for _, at := range []trace.Kind{trace.Begin, trace.Invoke, trace.Return, trace.Deliver, trace.Step} {
		synctest.Test(t, func(t *testing.T) {
			net := memnet.Listen()
			tenant := newScripted(script{aicc.OpPoll: {brings(said(aicc.FromRobot, "hello"))}})
			server := &http1.Server{Handler: tenant.handle}
			go server.Serve(net) //nolint:errcheck // ends with Close
			endpoint, err := NewEndpoint(scenario.Target{URL: "http://tenant.test", Channel: channel}, net.Dial)
			if err != nil {
				t.Fatal(err)
			}
			s := customers(scene(scenario.Expect{From: "ROBOT", Within: scenario.Constant(hold)}), 8, hold)
			out := Run(t.Context(), Config{Scenario: s, Endpoint: endpoint, Run: 7, Seed: 1,
				Observe: func(int) Observer { return clumsy{at} }})
			close(tenant.stopped)
			server.Close(context.Background()) //nolint:errcheck // without a deadline it cannot fail
			if out.Bug == nil || !strings.Contains(out.Bug.Error(), "this cannot happen") || !strings.Contains(out.Bug.Error(), "bug_test.go") {
				t.Errorf("at %v: %v, want the panic and where it was", at, out.Bug)
			}
		})
	}
}
