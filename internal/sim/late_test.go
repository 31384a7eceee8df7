package sim

import (
	"context"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// TestLateAfterOpening keeps the loop busy while a connection for a poll is opened: the poll that
// waits for the loop then is late, and that is the generator's doing and not the tenant's.
func TestLateAfterOpening(t *testing.T) {
	// The others wait for the token of the first, which takes a connection, too.
	const dialing, nap = 50 * ms, 80 * ms
	const lag = nap - dialing
	s := customers(scene(scenario.Expect{Disconnect: true, Within: scenario.Constant(20 * time.Second)}), 16, ms) // some of them on the loop of the first
	var napped atomic.Bool
	p := play(t, s, script{aicc.OpPoll: {brings(bye("AGENT"))}}, func(r *rig) {
		dial := r.dial
		r.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			time.Sleep(dialing) // of virtual time
			return dial(ctx, network, address)
		}
		r.busy = func(e *trace.Event) {
			if e.Kind == trace.Return && e.Op == aicc.OpPoll && napped.CompareAndSwap(false, true) {
				time.Sleep(nap)
			}
		}
	})
	var late []time.Duration
	for _, events := range p.events {
		for _, e := range events {
			if e.Kind == trace.Invoke && e.Op == aicc.OpPoll {
				late = append(late, e.Late)
			}
		}
	}
	if least, most := slices.Min(late), slices.Max(late); least != 0 || most < lag-2*ms || most > lag {
		t.Errorf("polls are late by %v, want the first not at all and some by about %v", late, lag)
	}
}
