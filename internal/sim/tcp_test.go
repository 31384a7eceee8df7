package sim

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// playTCP plays a scenario over loopback in real time. The server closes connections that have
// been idle for the given time.
func playTCP(t *testing.T, s *scenario.Scenario, idle time.Duration) *played {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tenant := newScripted(nil)
	tenant.decide = func(q *request) (answer, bool) { return brings().after(100 * ms), q.Op == aicc.OpPoll }
	server := &http1.Server{Handler: tenant.handle, IdleTimeout: idle}
	go server.Serve(l) //nolint:errcheck // it ends when it is closed
	endpoint, err := NewEndpoint(scenario.Target{URL: "http://" + l.Addr().String(), Channel: channel, AppKey: "key", AppSecret: secret}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{t: t}
	p := &played{t: t, out: Run(t.Context(), Config{Scenario: s, Endpoint: endpoint, Run: 7, Seed: 1, Start: tenant.start, Observe: w.observer})}
	close(tenant.stopped)
	server.Close(context.Background()) //nolint:errcheck // without a deadline it cannot fail
	p.seen, p.events = tenant.seen, w.finish()
	return p
}

// TestIdleConnection lets the tenant close the talking connection while the customer thinks. The
// customer notices before it says something, so nothing is lost: this needs a real socket.
func TestIdleConnection(t *testing.T) {
	t.Parallel()
	p := playTCP(t, scene(think(1100*ms), say("one"), say("two")), 500*ms)
	var classes []aicc.Class
	for _, e := range p.told(trace.Return, aicc.OpSend) {
		classes = append(classes, e.Class)
	}
	if diff := cmp.Diff([]aicc.Class{aicc.OK, aicc.OK}, classes); diff != "" {
		t.Errorf("classes of two sends (-want +got):\n%s", diff)
	}
	connect, sends := p.one(aicc.OpConnect), p.wire(aicc.OpSend)
	if sends[0].Conn == connect.Conn || sends[1].Conn != sends[0].Conn {
		t.Errorf("CONNECT on connection %d, sends on %d and %d, want a new one for both sends", connect.Conn, sends[0].Conn, sends[1].Conn)
	}
	if e := p.told(trace.Return, aicc.OpSend)[0]; e.Dial == 0 {
		t.Error("opening the connection took no time")
	}
}
