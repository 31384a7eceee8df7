package run

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"chatbench/internal/probe"
	"chatbench/internal/sim"
	"chatbench/internal/trace"
)

// Probes are the active rules: behind the load, the tenant is asked on purpose for what customers do
// not ask for.
type Probes struct {
	Keyword     string            // that hands over from the robot; "": as the embedded tenant is set up
	SessionTime time.Duration     // after which the tenant releases who does not poll; 0: not looked at
	Scene       func(name string) // told what is being done; may be nil
}

// probeCustomer is the index that probes have in events, beyond any customer of the load.
const probeCustomer = 1 << 24

// probe makes the probes, unless the load has shown that there is no use or no time for them.
func (p *play) probe(ctx context.Context, out *sim.Outcome) error {
	if p.Probes == nil || out.Cut || out.Gone != nil || out.Bug != nil {
		return nil
	}
	transport, ok := p.endpoint.Transport().(*http.Transport)
	if !ok {
		return fmt.Errorf("probes need an HTTP transport, not %T", p.endpoint.Transport())
	}
	session := p.checker.Customer(probeCustomer)
	defer session.Close()
	ended := probe.Run(ctx, probe.Options{
		Target: p.endpoint.Target, Transport: transport, Locale: p.s.Locale,
		User:     func(n int) string { return sim.UserID(p.run64, probeCustomer+n) },
		Customer: probeCustomer, Start: p.start, Wants: p.checker.Probes,
		Observe: func(e *trace.Event) {
			session.Observe(e)
			if p.trace != nil {
				p.trace.Write(e)
			}
		},
		Keyword: p.keyword(), SessionTime: p.Probes.SessionTime, Scene: p.Probes.Scene, Interrupt: p.Interrupt,
	})
	out.Cut, out.Gone = ended.Interrupted, ended.Gone
	switch {
	case out.Cut:
		p.stopping(trace.Interrupted)
	case out.Gone != nil:
		p.stopping(trace.Gone)
	}
	return nil
}

// keyword is what hands over: as the user says it, or as the embedded tenant is set up.
func (p *play) keyword() string {
	robot := p.s.Tenant.Robot
	if p.Probes.Keyword != "" || p.s.Target != nil || robot == nil || len(robot.Keywords) == 0 {
		return p.Probes.Keyword
	}
	return robot.Keywords[0]
}
