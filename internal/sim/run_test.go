package sim

import (
	"context"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// openScene lets a customer come every 100 ms for two seconds, who stays for a second.
func openScene() *scenario.Scenario {
	s := scene(think(time.Second))
	s.Load = scenario.Load{Open: true, Stages: []scenario.Stage{{Arrivals: 10, Length: 2 * time.Second}}}
	return s
}

// shortPolls keeps conversations from waiting for a held poll at their end.
func (r *rig) shortPolls() {
	r.decide = func(q *request) (answer, bool) { return brings(), q.Op == aicc.OpPoll }
}

func TestOpenArrivals(t *testing.T) {
	p := play(t, openScene(), nil, (*rig).shortPolls)
	if p.out.Customers != 20 || p.out.Dropped != 0 || p.out.Cut || p.out.Gone != nil {
		t.Errorf("%+v, want 20 customers and none dropped", p.out)
	}
	if p.out.Length < 2900*ms || p.out.Length > 3200*ms {
		t.Errorf("a length of %v, want that of the last customer's end, about 3 s", p.out.Length)
	}
	connects := p.times(aicc.OpConnect)
	for i := 1; i < len(connects); i++ {
		if gap := connects[i] - connects[i-1]; gap < 99*ms || gap > 101*ms {
			t.Errorf("customers come %v apart, want 100 ms", gap)
		}
	}
}

// TestFullHouse bounds the customers present: an arrival that finds no room is dropped, counted, and
// delays nobody.
func TestFullHouse(t *testing.T) {
	s := openScene()
	s.Load.MaxCustomers = 5
	p := play(t, s, nil, (*rig).shortPolls)
	if p.out.Customers+p.out.Dropped != 20 || p.out.Customers < 8 || p.out.Customers > 10 {
		t.Errorf("%d customers came in and %d were dropped, want 20 in all and about 9 let in: 5 at a time for 1.1 s each", p.out.Customers, p.out.Dropped)
	}
	present, most := 0, 0
	for _, q := range p.wire(aicc.OpConnect, aicc.OpDisconnect) {
		if q.Op == aicc.OpConnect {
			present++
		} else {
			present--
		}
		most = max(most, present)
	}
	if most != 5 {
		t.Errorf("up to %d customers at once, want 5", most)
	}
}

// TestCut asks customers to hang up after a second, wherever they are.
func TestCut(t *testing.T) {
	slow := answer{wait: 3 * time.Second}
	for _, c := range []struct {
		name   string
		step   scenario.Step
		script script
		calls  string
		end    time.Duration // of the run, but for a pause that the poller may have begun
		steps  string
	}{
		{"while thinking", think(time.Minute), nil, "token apply connect poll disconnect", 5100 * ms, "cut"},
		{"while expecting: neither met nor missed", within(time.Minute, scenario.Expect{Reply: true}), nil, "token apply connect poll disconnect", 5100 * ms, "cut"},
		{"in the middle of an exchange, which is finished", say("one"), script{aicc.OpSend: {slow}}, "token apply connect send poll disconnect", 5100 * ms, "2 say, cut"},
		{"in the middle of CONNECT", say("one"), script{aicc.OpConnect: {slow}}, "token apply connect disconnect", 3 * time.Second, "cut"},
		{"while the token is awaited: the conversation does not begin", say("one"), script{aicc.OpToken: {slow}}, "token apply", 3 * time.Second, "cut"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := customers(scene(c.step, think(time.Minute)), 1, time.Hour)
			var stopped []trace.Ended
			p := play(t, s, c.script, func(r *rig) {
				cut := make(chan struct{})
				r.cfg.Cut = cut
				r.cfg.Stopping = func(why trace.Ended) { stopped = append(stopped, why) }
				time.AfterFunc(time.Second, func() { close(cut) })
			})
			if diff := cmp.Diff([]trace.Ended{trace.Interrupted}, stopped); diff != "" {
				t.Errorf("told to be stopping (-want +got):\n%s", diff)
			}
			if got := p.calls(); got != c.calls {
				t.Errorf("calls %q, want %q", got, c.calls)
			}
			if got := p.steps(); got != c.steps {
				t.Errorf("steps %q, want %q", got, c.steps)
			}
			if !p.out.Cut || p.out.Length < c.end || p.out.Length > c.end+100*ms {
				t.Errorf("cut: %v, ended at %v, want true and %v", p.out.Cut, p.out.Length, c.end)
			}
		})
	}
}

// TestDrain gives conversations two seconds when the load is over.
func TestDrain(t *testing.T) {
	open := openScene()
	open.Load.Stages[0].Length = time.Second
	open.Flows[0].Steps[1] = think(2500 * ms)
	for _, c := range []struct {
		name string
		s    *scenario.Scenario
		want map[trace.Ended]int
	}{
		{"closed: two of three conversations end by themselves", customers(scene(scenario.Repeat{Min: 1, Max: 1, Steps: []scenario.Step{think(2500 * ms)}}), 1, 6*time.Second),
			map[trace.Ended]int{trace.ByCustomer: 2, trace.CutShort: 0}},
		{"closed: the time is over", customers(scene(think(time.Minute)), 3, time.Second), map[trace.Ended]int{trace.CutShort: 3}},
		{"open: everybody has time until 3 s, those who came in the first half second finish", open, map[trace.Ended]int{trace.ByCustomer: 5, trace.CutShort: 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.s.Drain = 2 * time.Second
			p := play(t, c.s, nil, (*rig).shortPolls)
			got := p.ended()
			for ended, n := range c.want {
				if got[ended] != n {
					t.Errorf("ends %v, want %v", got, c.want)
				}
			}
			if p.out.Cut {
				t.Error("the end of the load is told as a cut by the user")
			}
			if most := loadLength(c.s.Load) + c.s.Drain + 200*ms; p.out.Length > most {
				t.Errorf("a length of %v, want at most %v", p.out.Length, most)
			}
		})
	}
}

// TestStop cancels the run under the customers' hands. That Run returns, in a bubble, means that no
// goroutine is left.
func TestStop(t *testing.T) {
	for _, c := range []struct {
		name   string
		step   scenario.Step
		script script
	}{
		{"while thinking, with a held poll", think(time.Minute), nil},
		{"during a send", say("one"), script{aicc.OpSend: {{never: true}}}},
		{"during CONNECT", say("one"), script{aicc.OpConnect: {{never: true}}}},
		{"while everybody waits for a token", say("one"), script{aicc.OpToken: {{never: true}}}},
		{"while tokens are renewed", think(time.Minute), script{aicc.OpPoll: {{status: 401}}, aicc.OpApply: {{}, {never: true}}}},
		{"after polls without an answer", think(time.Minute), script{aicc.OpPoll: {{cut: -1}, {cut: -1}, {cut: -1}, {cut: -1}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, customers(scene(c.step), 3, time.Hour), c.script, func(r *rig) {
				r.unpaced = true
				ctx, cancel := context.WithCancel(r.ctx)
				time.AfterFunc(time.Second, cancel)
				r.ctx = ctx
			})
			if p.out.Length != time.Second {
				t.Errorf("returned at %v, want 1 s", p.out.Length)
			}
			if n := len(p.wire(aicc.OpDisconnect)); n != 0 {
				t.Errorf("%d DISCONNECTs of a run that was stopped at once", n)
			}
		})
	}
}

func TestStopBeforeTheStart(t *testing.T) {
	for _, s := range []*scenario.Scenario{scene(), openScene()} {
		p := play(t, s, nil, func(r *rig) {
			ctx, cancel := context.WithCancel(r.ctx)
			cancel()
			r.ctx = ctx
		})
		if len(p.seen) > 0 || p.out.Customers > 0 {
			t.Errorf("%d customers made %d calls of a run that was never to begin", p.out.Customers, len(p.seen))
		}
	}
}

// TestTenantGoes lets the tenant vanish after two seconds: within another few the run is given up.
func TestTenantGoes(t *testing.T) {
	for _, c := range []struct {
		name string
		back time.Duration // when it is there again
		gone bool
	}{
		{"for good", time.Hour, true},
		{"for less than five seconds", 6 * time.Second, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := customers(scene(scenario.Repeat{Min: 50, Max: 50, Steps: []scenario.Step{say("x"), think(500 * ms)}}), 4, 20*time.Second)
			var stopped []trace.Ended
			p := play(t, s, nil, func(r *rig) {
				r.cfg.Stopping = func(why trace.Ended) { stopped = append(stopped, why) }
				r.unpaced = true
				away := func() bool { at := time.Since(r.start); return at >= 2*time.Second && at < c.back }
				r.decide = func(q *request) (answer, bool) {
					if away() {
						return answer{cut: -1}, true
					}
					return brings(), q.Op == aicc.OpPoll
				}
				r.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
					if away() {
						return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
					}
					return r.net.Dial(ctx, network, address)
				}
			})
			if got := p.out.Gone != nil; got != c.gone || p.out.Cut {
				t.Fatalf("gone: %v, cut by the user: %v, want %v and false", p.out.Gone, p.out.Cut, c.gone)
			}
			if !c.gone {
				if len(stopped) > 0 {
					t.Errorf("told to be stopping for %v", stopped)
				}
				return
			}
			if diff := cmp.Diff([]trace.Ended{trace.Gone}, stopped); diff != "" {
				t.Errorf("told to be stopping (-want +got):\n%s", diff)
			}
			if p.out.Length < 7*time.Second || p.out.Length > 10*time.Second {
				t.Errorf("given up at %v, want soon after 7 s", p.out.Length)
			}
			if want := "the tenant stopped answering 2 s into the run"; !strings.HasPrefix(p.out.Gone.Error(), want) || !strings.HasSuffix(p.out.Gone.Error(), "connection refused") {
				t.Errorf("told %q, want %q and the cause", p.out.Gone, want)
			}
		})
	}
}

// TestQuietTenant breaks three sends within a second after a time in which nobody asked anything:
// that is bad luck, and not yet five seconds of it.
func TestQuietTenant(t *testing.T) {
	pause := think(300 * ms)
	broken := answer{cut: -1}
	p := play(t, scene(say("broken"), say("good"), think(8*time.Second), say("broken"), pause, say("broken"), pause, say("broken"), think(2*time.Second), say("good")), script{
		aicc.OpSend: {broken, {}, broken, broken, broken}, aicc.OpPoll: {{wait: 12 * time.Second}},
	}, func(r *rig) { r.unpaced = true })
	if p.out.Gone != nil || p.steps() != "2 say, 3 say, 5 say, 7 say, 9 say, 11 say, customer" {
		t.Errorf("gone: %v, steps %q, want every step played", p.out.Gone, p.steps())
	}
}

// TestFrozenTenant accepts connections and answers nothing from the second CONNECT on. It is there,
// so the run goes on, and ends by its own time-outs.
func TestFrozenTenant(t *testing.T) {
	p := play(t, customers(scene(say("one"), say("two")), 5, 40*time.Second), nil, func(r *rig) {
		r.unpaced = true
		r.decide = func(q *request) (answer, bool) { return answer{never: true}, r.since() >= time.Second }
	})
	if p.out.Gone != nil {
		t.Errorf("taken for gone: %v", p.out.Gone)
	}
	for _, events := range p.events {
		for _, e := range events {
			if e.Kind == trace.Return && e.Status == 0 && (e.Error != "timed out" || e.Class != aicc.Info) {
				t.Errorf("%v ended as %v with %q, want info and \"timed out\"", e.Op, e.Class, e.Error)
			}
		}
	}
	// Nobody begins after 40 s; CONNECT and DISCONNECT of the last take 30 s each.
	if p.out.Length > 101*time.Second {
		t.Errorf("it took %v to end", p.out.Length)
	}
	if got := p.ended(); got[trace.LostContact] == 0 {
		t.Errorf("ends %v, want some to have lost contact", got)
	}
}

func (s *scripted) since() time.Duration { return time.Since(s.start) }

// notebook is a journal that knows the first conversation of everybody.
type notebook struct{}

func (notebook) Take(_ context.Context, user string, epoch int) (trace.Record, bool) {
	return trace.Record{User: user, Epoch: epoch}, epoch == 0
}

func TestJournal(t *testing.T) {
	for _, c := range []struct {
		name    string
		markers bool
		want    []trace.Kind
	}{
		{"of the first of two conversations", true, []trace.Kind{trace.Journal, trace.End, trace.End}},
		{"without markers there is nothing to compare", false, []trace.Kind{trace.End, trace.End}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, customers(scene(think(time.Second)), 1, 7*time.Second), nil, func(r *rig) {
				r.cfg.Journal, r.cfg.Markers = notebook{}, c.markers
			})
			var kinds []trace.Kind
			for _, e := range p.events[0] {
				if e.Kind == trace.Journal && e.Record.User != user {
					t.Errorf("the record of %q, want %q", e.Record.User, user)
				}
				if e.Kind == trace.Journal || e.Kind == trace.End {
					kinds = append(kinds, e.Kind)
				}
			}
			if diff := cmp.Diff(c.want, kinds); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}
