package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/memnet"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/tenant"
	"chatbench/internal/trace"
)

// odd is a tenant that is healthy but odd.
type odd struct {
	name  string
	setUp string // in testdata; "" for everything
	steps int64  // that must have been played, at least; 0 for 500
	set   func(s *scenario.Scenario)
	off   []string // notes that the oddity contradicts
}

var odds = []odd{
	{name: "result codes are numbers", set: func(s *scenario.Scenario) { s.Tenant.NumberCodes = true }},
	{name: "timestamps are texts", set: func(s *scenario.Scenario) { s.Tenant.TextTimestamps = true }},
	{name: "timestamps are equal for a second", set: func(s *scenario.Scenario) { s.Tenant.CoarseTimestamps = time.Second }},
	{name: "fields without a value are null", set: func(s *scenario.Scenario) { s.Tenant.NullFields = true }},
	{name: "there are fields that nobody knows", set: func(s *scenario.Scenario) { s.Tenant.ExtraFields = true }},
	{name: "the token comes bare", set: func(s *scenario.Scenario) { s.Tenant.BareToken = true }},
	{name: "answers are chunked", set: func(s *scenario.Scenario) { s.Tenant.Chunked = true }},
	{name: "answers are compressed", set: func(s *scenario.Scenario) { s.Tenant.Gzip = true }},
	{name: "one exchange a connection", set: func(s *scenario.Scenario) { s.Tenant.CloseAfterReply = true }},
	{name: "messages carry a code", set: func(s *scenario.Scenario) { s.Tenant.MessageCodes = true }},
	{name: "every call takes its time", set: func(s *scenario.Scenario) {
		s.Tenant.ReplyDelay = scenario.Dist{A: time.Millisecond, B: 200 * time.Millisecond}
	}},

	{name: "short poll", set: func(s *scenario.Scenario) { s.Tenant.PollHold = 0 }},
	{name: "short poll, and little to say", setUp: "patience", steps: 12, set: func(s *scenario.Scenario) { s.Tenant.PollHold = 0 }},
	{name: "polls are held for 20 s", setUp: "patience", steps: 12, set: func(s *scenario.Scenario) { s.Tenant.PollHold = 20 * time.Second }},
	{name: "one message a poll", set: func(s *scenario.Scenario) { s.Tenant.PollBatch = 1 }},
	{name: "all that waits in a poll, and customers poll seldom", steps: 300, set: func(s *scenario.Scenario) { s.Poll.Pause = 3 * time.Second }},
	{name: "sendAsync", set: func(s *scenario.Scenario) { s.Async = true }},
	{name: "the user token is replaced in mid-conversation", set: func(s *scenario.Scenario) { s.Tenant.UserTokenLife = 2 * time.Second }},
	{name: "the user token is replaced all the time", setUp: "tokens", set: func(s *scenario.Scenario) { s.Tenant.UserTokenLife = 300 * time.Millisecond }},
	{name: "an expired user token is refused", set: func(s *scenario.Scenario) {
		s.Tenant.UserTokenLife, s.Tenant.Renewal = 2*time.Second, scenario.Refuse
	}},
	{name: "customers ask for read receipts", setUp: "receipts", steps: 100, set: func(s *scenario.Scenario) { s.Tenant.Agents.Messages = [2]int{1, 3} }},

	{name: "no notice that an agent is there", off: []string{"HND-03"}, set: func(s *scenario.Scenario) { s.Tenant.Notices = false }},
	{name: "places are JSON objects", set: func(s *scenario.Scenario) {
		s.Tenant.Agents.Media = scenario.Media{Location: 1, LocationJSON: true, Document: 1}
	}},
	{name: "robot and agents echo", set: func(s *scenario.Scenario) { s.Tenant.Speech = scenario.Echo }},
	{name: "robot and agents speak plainly", set: func(s *scenario.Scenario) { s.Tenant.Speech = scenario.Plain }},
	{name: "customers speak Chinese", set: func(s *scenario.Scenario) { s.Locale = "zh_CN" }},
	{name: "customers write Chinese and emoji", setUp: "codes", steps: 50, set: func(s *scenario.Scenario) {
		s.Locale = "zh_CN"
		say(s, "我的订单👩‍👩‍👧‍👦在哪里? 𠮷")
	}},
	{name: "customers write as much as the demo lets them", setUp: "codes", steps: 50, set: func(s *scenario.Scenario) {
		say(s, strings.Repeat("长", 400))
	}},

	{name: "no robot", setUp: "no_robot", steps: 50, set: func(s *scenario.Scenario) { s.Tenant.Agents.Messages = [2]int{2, 3} }},
	{name: "no robot, and one agent for all", setUp: "no_robot", steps: 10, set: func(s *scenario.Scenario) {
		s.Tenant.Agents.Count, s.Tenant.Agents.Conversations, s.Drain = 1, 1, 2*time.Minute
	}},
	{name: "a long queue without end", setUp: "queue", steps: 20, set: func(s *scenario.Scenario) { s.Tenant.Queue.MaxWait = 0 }},
	{name: "who waits too long is hung up on", setUp: "queue", steps: 15, set: func(s *scenario.Scenario) { s.Tenant.Queue.MaxWait = 12 * time.Second }},
	{name: "nobody may wait", setUp: "queue", steps: 10, set: func(s *scenario.Scenario) { s.Tenant.Queue.Limit = 0 }},
	{name: "the agents are at home", steps: 100, set: func(s *scenario.Scenario) { s.Tenant.Hours.Never = true }},
	{name: "neither robot nor agents", setUp: "no_robot", steps: -1, set: func(s *scenario.Scenario) { s.Tenant.Hours.Never = true }},
	{name: "CONNECT in a conversation is refused", set: func(s *scenario.Scenario) { s.Tenant.SecondConnect = "1" }},
	{name: "the customer's DISCONNECT is echoed", set: func(s *scenario.Scenario) { s.Tenant.DisconnectEcho = true }},
	{name: "silent customers are parked", setUp: "silence", steps: 20, set: func(*scenario.Scenario) {}},
	{name: "silent customers are hung up on", setUp: "silence", steps: 20, set: func(s *scenario.Scenario) { s.Tenant.SilenceAsync = false }},
	{name: "texts are refused that are longer than 50 characters", setUp: "codes", steps: 20, set: func(s *scenario.Scenario) {
		s.Tenant.TextLimit = 50
	}, off: []string{"SND-04"}},
}

// say replaces what customers say again and again.
func say(s *scenario.Scenario, text string) {
	words, ok := scenario.ParseTemplate(text)
	if !ok {
		panic(text)
	}
	for _, flow := range s.Flows {
		for _, step := range flow.Steps {
			if again, ok := step.(scenario.Repeat); ok {
				again.Steps[0] = scenario.Say{Text: words}
			}
		}
	}
}

// TestSilence plays against tenants that are healthy but odd, each in a way that the vendor's
// documents allow: no rule may be broken or undecided, not even a note, and no exchange be without
// an outcome.
func TestSilence(t *testing.T) {
	var rules exercised
	t.Run("odd", func(t *testing.T) {
		for _, o := range odds {
			t.Run(o.name, func(t *testing.T) {
				t.Parallel()
				s := setUp(t, cmp.Or(o.setUp, "everything"))
				s.Seed, s.Gate.Off = 2, append(s.Gate.Off, o.off...)
				o.set(s)
				r := virtually(t, s, Options{})
				rules.add(r)
				for _, rule := range r.Broken(check.Fail, check.Inconclusive, check.Error) {
					t.Errorf("%s is %s: %+v", rule.ID, rule.Verdict, rule)
				}
				if all := r.Metrics.All().Counters.AllExchanges(); all.Info > 0 {
					t.Errorf("%d exchanges without outcome", all.Info)
				}
				if n := r.Metrics.All().Counters.Steps().Done; n < cmp.Or(o.steps, 500) {
					t.Errorf("only %d steps were played", n)
				}
			})
		}
	})
	for _, rule := range check.Rules() {
		if !rules.held[rule.ID] && rule.ID != byJudge {
			t.Errorf("%s was exercised by no odd tenant", rule.ID)
		}
	}
}

// TestSilenceOfMixtures plays against tenants that are odd in several ways at once.
func TestSilenceOfMixtures(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed+1, 0))
			s := setUp(t, setUps[rng.IntN(len(setUps))])
			s.Seed = seed + 1
			var names []string
			for range 4 {
				o := &odds[rng.IntN(len(odds))]
				o.set(s)
				s.Gate.Off = append(s.Gate.Off, o.off...)
				names = append(names, o.name)
			}
			r := virtually(t, s, Options{})
			for _, rule := range r.Broken(check.Fail, check.Error) {
				t.Errorf("%s with %q: %s is %s: %+v", s.Name, names, rule.ID, rule.Verdict, rule.Witnesses)
			}
		})
	}
}

// TestSilenceOfAThousand interleaves the conversations of a thousand customers.
func TestSilenceOfAThousand(t *testing.T) {
	s := setUp(t, "everything")
	s.Load.Stages = []scenario.Stage{{Name: "all", Customers: 1000, Length: time.Second}}
	s.Load.Spread, s.Tenant.Agents.Count, s.Tenant.Agents.Media = time.Second, 300, scenario.Media{}
	r := virtually(t, s, Options{})
	for _, rule := range r.Broken(check.Fail, check.Inconclusive, check.Error) {
		t.Errorf("%s is %s: %+v", rule.ID, rule.Verdict, rule)
	}
	if n := r.Metrics.All().Counters.Begun(); n < 1000 {
		t.Errorf("only %d conversations", n)
	}
}

// TestFlowControlBreaksNothing plays against a tenant that refuses every fourth call or so. What it
// refuses it does not do, so that much is undecided; but nothing that was refused breaks a rule.
func TestFlowControlBreaksNothing(t *testing.T) {
	for name, status := range map[string]bool{"result code": false, "HTTP 429": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := load(t, "testdata/everything.yaml")
			s.Seed, s.Tenant.FlowControl, s.Tenant.FlowControl429 = 2, 3, status
			r := virtually(t, s, Options{})
			for _, rule := range r.Broken(check.Fail, check.Error) {
				t.Errorf("%s is %s: %+v", rule.ID, rule.Verdict, rule.Witnesses)
			}
			if all := r.Metrics.All().Counters.AllExchanges(); all.Fail+all.Info < 100 {
				t.Errorf("only %d exchanges were refused", all.Fail+all.Info)
			}
		})
	}
}

// luck breaks what passes over a connection, by chance.
type luck struct {
	net.Conn
	mu    sync.Mutex // protects rng and the answer
	rng   *rand.Rand
	share float64
	kind  misfortune

	answer []byte // what a gateway answers in the tenant's place
}

// misfortune is what may happen on the way to a tenant that is healthy itself.
type misfortune uint8

const (
	torn      misfortune = iota // the connection breaks, in the middle of an answer or of a request
	swallowed                   // the answer never comes, and the call times out
	gateway                     // a gateway answers 503; the tenant may have got the call or not
)

func (l *luck) strikes() bool { return l.rng.Float64() < l.share }

func (l *luck) Read(p []byte) (int, error) {
	l.mu.Lock()
	if n := copy(p, l.answer); n > 0 {
		l.answer = l.answer[n:]
		l.mu.Unlock()
		return n, nil
	}
	l.mu.Unlock()
	n, err := l.Conn.Read(p)
	l.mu.Lock()
	bad := err == nil && l.kind != gateway && l.strikes()
	l.mu.Unlock()
	switch {
	case !bad:
		return n, err
	case l.kind == swallowed:
		for err == nil {
			_, err = l.Conn.Read(p)
		}
		return 0, err
	}
	l.Conn.Close()
	return 0, errors.New("connection reset by chance")
}

func (l *luck) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kind == swallowed || !l.strikes() {
		return l.Conn.Write(p)
	}
	if l.kind == gateway {
		if l.rng.IntN(2) == 0 {
			l.Conn.Write(p)
		}
		l.answer = []byte("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		return len(p), nil
	}
	n, _ := l.Conn.Write(p[:len(p)/2])
	l.Conn.Close()
	return n, errors.New("connection reset by chance")
}

// firstLuck is how many connections are spared: those that find out whether the tenant can be used.
const firstLuck = 4

// TestUnluckyButHealthy plays every set-up, the first one several times, over connections that are
// bad: much may be undecided and nothing broken.
func TestUnluckyButHealthy(t *testing.T) {
	for _, c := range []struct {
		name  string
		kind  misfortune
		share float64 // of reads and writes, or of calls
		off   []string
	}{
		{"connections break", torn, 0.02, nil},
		{"connections break all the time", torn, 0.2, nil},
		{"answers are swallowed", swallowed, 0.02, nil},
		{"a gateway fails", gateway, 0.01, []string{"SHP-04"}}, // which is about the gateway
	} {
		var undecided, unlucky atomic.Int64
		t.Run(c.name, func(t *testing.T) {
			for seed, name := range slices.Concat(setUps, []string{"everything", "everything"}) {
				t.Run(fmt.Sprint(name, " ", seed+1), func(t *testing.T) {
					t.Parallel()
					s := setUp(t, name)
					s.Seed, s.Gate.Off = uint64(seed+1), append(s.Gate.Off, c.off...)
					r := playUnlucky(t, s, c.kind, c.share)
					for _, rule := range r.Broken(check.Fail, check.Error) {
						t.Errorf("%s is %s: %+v", rule.ID, rule.Verdict, rule.Witnesses)
					}
					for _, rule := range r.Rules {
						undecided.Add(rule.Inconclusive)
					}
					unlucky.Add(r.Metrics.All().Counters.AllExchanges().Info)
				})
			}
		})
		if undecided.Load() == 0 || unlucky.Load() < 50 {
			t.Errorf("%s: %d exchanges without outcome left %d cases undecided, so luck cannot have been bad enough", c.name, unlucky.Load(), undecided.Load())
		}
	}
}

// playUnlucky plays a scenario over connections on which something may happen at every read or
// write.
func playUnlucky(t *testing.T, s *scenario.Scenario, kind misfortune, share float64) (r *result.Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		var made atomic.Uint64
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := l.Dial(ctx, network, address)
			n := made.Add(1)
			if err != nil || n <= firstLuck {
				return conn, err
			}
			return &luck{Conn: conn, rng: rand.New(rand.NewPCG(s.Seed, n)), share: share, kind: kind}, nil
		}
		var err error
		r, err = Play(t.Context(), Options{Scenario: s, Version: "test", network: &network{listener: l, dial: dial}})
		if err != nil {
			t.Fatal(err)
		}
	})
	return r
}

// TestSameSeedSameDecisions plays twice with one seed and once with another and compares what the
// customers decided: flows, texts, uploads.
func TestSameSeedSameDecisions(t *testing.T) {
	decisions := func(seed uint64) []string {
		s := load(t, "testdata/everything.yaml")
		s.Seed, s.Markers = seed, scenario.Off
		dir := t.TempDir()
		virtually(t, s, Options{Out: dir, Trace: Policy{Share: 1}})
		return decided(t, dir+"/"+TraceFile)
	}
	a, b, c := decisions(3), decisions(3), decisions(4)
	if len(a) < 100 {
		t.Fatalf("only %d decisions", len(a))
	}
	if !slices.Equal(a, b) {
		t.Error("two runs with one seed decided differently")
	}
	if slices.Equal(a, c) {
		t.Error("runs with different seeds decided alike")
	}
}

// TestRecordedLikeLive checks the traces of a healthy tenant and of one with many faults at once,
// again and again, and wants the rules to come out of the trace as they did live.
func TestRecordedLikeLive(t *testing.T) {
	var all []string
	for _, m := range tenant.Mutants() {
		all = append(all, m.Name+":every=5")
	}
	for _, c := range []struct {
		name    string
		setUp   string
		seed    uint64
		mutants []string
		broken  int // rules, at least
	}{
		{"healthy", "everything", 5, nil, 0},
		{"every fault at once", "everything", 5, all, 30},
		{"every fault at once, to other customers", "everything", 6, all, 30},
		{"every fault at once, to others again", "everything", 7, all, 30},
		{"with tokens that end", "tokens", 5, faults("tokens"), 2},
		{"with message codes", "codes", 5, faults("codes"), 1},
		{"without a robot", "no_robot", 5, faults("no_robot"), 1},
		{"in a queue", "queue", 5, faults("queue"), 2},
		{"with patience", "patience", 5, faults("patience"), 2},
		{"with receipts", "receipts", 5, faults("receipts"), 1},
		{"with silence", "silence", 5, faults("silence"), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := setUp(t, c.setUp)
			s.Seed, s.Tenant.Mutants = c.seed, c.mutants
			live := recorded(t, s)
			if got := broken(live, check.Fail); len(got) < c.broken {
				t.Errorf("rules broken: %v, want at least %d, or the faults cannot have been many", got, c.broken)
			}
			if got := broken(live, check.Error); len(got) > 0 {
				t.Errorf("the customer broke its own rules: %v", got)
			}
		})
	}
}

// faults are the mutants that are played with a set-up of their own, every third time.
func faults(setUp string) []string {
	var specs []string
	for name, chance := range chances {
		if chance.setUp == setUp {
			specs = append(specs, name+":every=3")
		}
	}
	slices.Sort(specs)
	return specs
}

// TestCutBreaksNothing interrupts every set-up at some moment: what is left undecided then is no
// fault of the tenant's.
func TestCutBreaksNothing(t *testing.T) {
	for i, name := range setUps {
		for _, after := range []time.Duration{300 * time.Millisecond, 3 * time.Second, 11 * time.Second} {
			t.Run(fmt.Sprint(name, " after ", after), func(t *testing.T) {
				t.Parallel()
				s := setUp(t, name)
				s.Seed = uint64(i + 1)
				var r *result.Result
				synctest.Test(t, func(t *testing.T) {
					l := memnet.Listen()
					interrupt := make(chan struct{})
					time.AfterFunc(after, func() { close(interrupt) })
					var err error
					r, err = Play(t.Context(), Options{Scenario: s, Version: "test", Interrupt: interrupt, network: &network{listener: l, dial: l.Dial}})
					if err != nil {
						t.Fatal(err)
					}
				})
				for _, rule := range r.Broken(check.Fail, check.Error) {
					t.Errorf("%s is %s: %+v", rule.ID, rule.Verdict, rule.Witnesses)
				}
			})
		}
	}
}

func TestCutEndsEveryConversation(t *testing.T) {
	s := load(t, "testdata/everything.yaml")
	s.Seed = 6
	var r *result.Result
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		interrupt := make(chan struct{})
		time.AfterFunc(7*time.Second, func() { close(interrupt) })
		var err error
		start := time.Now()
		r, err = Play(t.Context(), Options{Scenario: s, Version: "test", Interrupt: interrupt, network: &network{listener: l, dial: l.Dial}})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 14*time.Second {
			t.Errorf("the run took %v after an interruption at 7 s", took)
		}
	})
	if r.Exit != result.ExitInterrupted {
		t.Errorf("exit code %d, want %d", r.Exit, result.ExitInterrupted)
	}
	counters := r.Metrics.All().Counters
	ended := counters.Ended()
	if ended[trace.CutShort] == 0 {
		t.Errorf("no conversation was cut: %v", ended)
	}
	if cut, said := ended[trace.CutShort]+ended[trace.ByCustomer], counters.Exchanges["disconnect"].OK; said < cut {
		t.Errorf("%d conversations ended by the customer, but only %d DISCONNECTs were accepted", cut, said)
	}
	if got := broken(r, check.Fail); len(got) > 0 {
		t.Errorf("rules broken: %v", got)
	}
}
