package sim

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// The tests of this file play the same over loopback TCP with the loops of the system and with
// portable ones: what a customer sees must not depend on who waits for its polls.

// wired is how a scenario is played over TCP.
type wired struct {
	portable bool
	secure   bool
	slow     bool          // the tenant writes byte by byte
	idle     time.Duration // after which the tenant closes a connection; 0: never
}

func (w wired) String() string {
	return fmt.Sprintf("portable %v, TLS %v, byte by byte %v, idle %v", w.portable, w.secure, w.slow, w.idle)
}

// byBytes is a connection that writes byte by byte.
type byBytes struct{ net.Conn }

func (b byBytes) Write(p []byte) (int, error) {
	for i := range p {
		if n, err := b.Conn.Write(p[i : i+1]); err != nil {
			return i + n, err
		}
	}
	return len(p), nil
}

type slowListener struct{ net.Listener }

func (l slowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return byBytes{c}, nil
}

// play plays a scenario over TCP.
func (w wired) play(t *testing.T, s *scenario.Scenario, tenant *scripted) *played {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := scenario.Target{URL: "http://" + l.Addr().String(), Channel: channel, AppKey: "key", AppSecret: secret, Insecure: w.secure}
	if w.slow {
		l = slowListener{l}
	}
	if w.secure {
		l = tls.NewListener(l, w.certificate())
		target.URL = strings.Replace(target.URL, "http:", "https:", 1)
	}
	server := &http1.Server{Handler: tenant.handle, IdleTimeout: w.idle}
	go server.Serve(l) //nolint:errcheck // it ends when it is closed
	var dial Dialer
	if w.portable {
		dial = new(net.Dialer).DialContext
	}
	endpoint, err := NewEndpoint(target, dial)
	if err != nil {
		t.Fatal(err)
	}
	witness := &witness{t: t}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // so that a test that hangs ends
	defer cancel()
	p := &played{t: t, out: Run(ctx, Config{Scenario: s, Endpoint: endpoint, Run: 7, Seed: 1, Start: tenant.start, Observe: witness.observer,
		Sample: func(kind, id string) []byte { return []byte(kind + " " + id) }})}
	close(tenant.stopped)
	server.Close(context.Background()) //nolint:errcheck // without a deadline it cannot fail
	p.seen, p.events = tenant.seen, witness.finish()
	if p.out.Bug != nil || ctx.Err() != nil {
		t.Errorf("%v: bug %v, %v", w, p.out.Bug, ctx.Err())
	}
	return p
}

func (w wired) certificate() *tls.Config {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	return &tls.Config{Certificates: s.TLS.Certificates}
}

// timeless is the events of a customer without times, and in three streams: what is polled, what
// tokens need, and the rest. There is no order between these that a tenant decides.
func timeless(events []trace.Event) map[string][]trace.Event {
	streams := make(map[string][]trace.Event)
	ids := make(map[uint32]uint32)
	for _, e := range events {
		stream := "flow"
		switch {
		case e.Op == aicc.OpPoll:
			stream = "polls"
		case e.Op == aicc.OpToken || e.Op == aicc.OpApply:
			stream = "tokens"
		}
		if e.Kind == trace.Invoke {
			ids[e.ID] = uint32(len(streams[stream]))
		}
		e.ID = ids[e.ID]
		e.At, e.Intended, e.Late, e.Started, e.Dial = 0, 0, 0, 0, 0
		streams[stream] = append(streams[stream], e)
	}
	return streams
}

// conversation is a rich one: its polls bring everything that can happen to one.
func conversation() (*scenario.Scenario, *scripted) {
	s := scene(
		scenario.Expect{From: aicc.FromRobot, Within: scenario.Constant(20 * time.Second)},
		say("one"),
		scenario.Expect{Media: aicc.Image, Within: scenario.Constant(20 * time.Second)},
		scenario.Upload{Kind: "image", Type: "jpg"},
		scenario.Expect{Disconnect: true, Within: scenario.Constant(40 * time.Second)},
	)
	s.Poll.Pause, s.Poll.Timeout = 150*ms, 2*time.Second // real time: a busy machine must get there, too
	tenant := newScripted(script{aicc.OpPoll: {
		brings(said("ROBOT", "hello")).after(50 * ms),
		{status: 401},
		brings(said("ROBOT", "after new tokens")),
		{body: `{"resultCode":"0"}`, header: replaced(newToken("header"))},
		{close: true, body: brings(said("SYSTEM", "the last on this connection")).body},
		{close: true, status: 503},
		silently(brings(said("SYSTEM", "the end of this connection comes unannounced")).body),
		silently(brings(said("SYSTEM", "and once more")).body),
		{cut: -1},
		brings(),
		{cut: 25, body: brings(said("ROBOT", "nobody gets this")).body},
		brings(media("ROBOT", "IMAGE", "file-1"), said("ROBOT", "a picture")),
		{never: true},
		{body: `{"resultCode":`},
		brings(said("AGENT", strings.Repeat("long ", 400))).after(100 * ms),
		{raw: "SSH-2.0-OpenSSH_9.6\r\n\r\n"},
		brings().after(600 * ms),
		brings(said("AGENT", "bye"), bye("AGENT")),
	}})
	return s, tenant
}

// silently is an answer behind which the connection is closed although nothing in it says so.
func silently(body string) answer {
	return answer{raw: fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)}
}

// TestSameOnEveryLoop plays the rich conversation in every way and compares the events.
func TestSameOnEveryLoop(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex // protects all
	all := make(map[wired]map[string][]trace.Event)
	var wg sync.WaitGroup
	for i := range 8 {
		w := wired{portable: i&1 > 0, secure: i&2 > 0, slow: i&4 > 0}
		wg.Go(func() {
			s, tenant := conversation()
			p := w.play(t, s, tenant)
			mu.Lock()
			defer mu.Unlock()
			all[w] = timeless(p.events[0])
		})
	}
	wg.Wait()
	want := all[wired{}]
	if n := len(want["polls"]); n < 2*18 {
		t.Errorf("%d events of polls, want at least 36", n)
	}
	for w, got := range all {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v: other events than on a loop of the system (-want +got):\n%s", w, diff)
		}
	}
	// What was closed between polls was noticed before the next one: only those are lost that were cut.
	classes := map[aicc.Class]int{}
	for _, e := range want["polls"] {
		if e.Kind == trace.Return {
			classes[e.Class]++
		}
	}
	if diff := cmp.Diff(map[aicc.Class]int{aicc.OK: 11, aicc.Fail: 1, aicc.Info: 6}, classes); diff != "" {
		t.Errorf("classes of the polls (-want +got):\n%s", diff)
	}
}

// TestClosedInThePause has a tenant that closes connections that rest for shorter than the pause: each
// poll opens one of its own, and none is lost.
func TestClosedInThePause(t *testing.T) {
	t.Parallel()
	for i := range 4 {
		w := wired{portable: i&1 > 0, secure: i&2 > 0, idle: 250 * ms} // long enough for a handshake on a busy machine
		t.Run(w.String(), func(t *testing.T) {
			t.Parallel()
			s := scene(scenario.Expect{Disconnect: true, Within: scenario.Constant(20 * time.Second)})
			s.Poll.Pause = time.Second // far more than the time to rest, so that a busy machine closes in time, too
			const polls = 4
			tenant := newScripted(nil)
			tenant.decide = func(q *request) (answer, bool) {
				if q.N == polls {
					return brings(bye("AGENT")), q.Op == aicc.OpPoll
				}
				return brings(said("ROBOT", "hello")), q.Op == aicc.OpPoll
			}
			p := w.play(t, s, tenant)
			conns := make(map[int]bool)
			for _, q := range p.wire(aicc.OpPoll) {
				conns[q.Conn] = true
			}
			for _, e := range p.told(trace.Return, aicc.OpPoll) {
				if e.Class != aicc.OK || e.Dial == 0 {
					t.Errorf("a poll is %v (%s), opening took %v; want it ok, over a new connection", e.Class, e.Error, e.Dial)
				}
			}
			if n := len(p.told(trace.Return, aicc.OpPoll)); n != polls || len(conns) != polls {
				t.Errorf("%d polls over %d connections, want %d over as many", n, len(conns), polls)
			}
			if got := p.steps(); got != "2 expect disconnect, peer" {
				t.Errorf("steps %q", got)
			}
		})
	}
}

// crowd is a tenant that holds the first poll of every customer until all are there.
type crowd struct {
	*scripted
	size int
	mu   sync.Mutex // protects held
	held int
	full chan struct{} // closed: all are there
	free chan struct{} // closed: answer them
}

func newCrowd(size int) *crowd {
	c := &crowd{scripted: newScripted(nil), size: size, full: make(chan struct{}), free: make(chan struct{})}
	c.decide = c.answerTo
	return c
}

// answerTo lets the other side hang up on every second customer, on its second poll.
func (c *crowd) answerTo(q *request) (answer, bool) {
	if q.Op != aicc.OpPoll {
		return answer{}, false
	}
	if q.N == 1 {
		c.mu.Lock()
		if c.held++; c.held == c.size {
			close(c.full)
		}
		c.mu.Unlock()
		select {
		case <-c.free:
		case <-c.stopped:
		}
		return brings(said("ROBOT", "hello")), true
	}
	if q.User[len(q.User)-1]%2 == 0 {
		return brings(bye("AGENT")), true
	}
	return brings().after(50 * ms), true
}

// TestCrowd has 300 customers poll at once. While their polls are held, a customer takes one goroutine
// on a loop of the system; elsewhere its connection takes another.
func TestCrowd(t *testing.T) {
	const size, few = 300, 30
	for _, portable := range []bool{false, true} {
		w := wired{portable: portable}
		t.Run(w.String(), func(t *testing.T) {
			tenant := newCrowd(size)
			s := customers(scene(say("one"), scenario.Expect{From: aicc.FromRobot, Within: scenario.Constant(20 * time.Second)}, think(300*ms)), size, ms)
			s.Poll.Timeout = 30 * time.Second
			counted := make(chan int, 1)
			go func() {
				defer close(tenant.free)
				late := time.NewTimer(20 * time.Second)
				defer late.Stop()
				select {
				case <-tenant.full:
					counted <- ours()
				case <-late.C:
					counted <- -1
				}
			}()
			p := w.play(t, s, tenant.scripted)
			n, most := <-counted, size+few
			if portable {
				most += size
			}
			if n < size || n > most && runtime.GOOS == "linux" {
				t.Errorf("%d goroutines while %d polls are held, want at most %d", n, size, most)
			}
			for _, list := range p.events {
				lawful(t, list)
			}
			ends := p.ended()
			if ends[trace.ByPeer]+ends[trace.ByCustomer] != size || ends[trace.ByPeer] == 0 || ends[trace.ByCustomer] == 0 {
				t.Errorf("conversations ended %v, want %d by the customer or the peer", ends, size)
			}
		})
	}
}

// ours counts the goroutines that are not the tenant's.
func ours() int {
	stacks := make([]byte, 16<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	n := 0
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		customers := strings.Contains(stack, "internal/sim.") || strings.Contains(stack, "internal/reactor.")
		if customers && !strings.Contains(stack, "http1.(*Server)") {
			n++
		}
	}
	return n
}

// lawful checks the events of a customer in real time, in which the generator may be late.
func lawful(t *testing.T, events []trace.Event) {
	t.Helper()
	kept := make([]trace.Event, len(events))
	for i, e := range events {
		e.Late = 0
		kept[i] = e
		if e.Kind == trace.Return && e.Class != aicc.OK {
			t.Errorf("%v is %v: %s", e.Op, e.Class, e.Error)
		}
	}
	obey(t, kept)
}
