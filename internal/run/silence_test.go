package run

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
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

// TestSilence plays against tenants that are healthy but odd, each in a way that the vendor's
// documents allow: no rule may be broken or undecided, no expectation missed, nothing fail.
func TestSilence(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(s *scenario.Scenario)
	}{
		{"result codes are numbers", func(s *scenario.Scenario) { s.Tenant.NumberCodes = true }},
		{"timestamps are texts", func(s *scenario.Scenario) { s.Tenant.TextTimestamps = true }},
		{"fields without a value are null", func(s *scenario.Scenario) { s.Tenant.NullFields = true }},
		{"the token comes bare", func(s *scenario.Scenario) { s.Tenant.BareToken = true }},
		{"answers are chunked", func(s *scenario.Scenario) { s.Tenant.Chunked = true }},
		{"answers are compressed", func(s *scenario.Scenario) { s.Tenant.Gzip = true }},
		{"one exchange a connection", func(s *scenario.Scenario) { s.Tenant.CloseAfterReply = true }},
		{"messages carry a code", func(s *scenario.Scenario) { s.Tenant.MessageCodes = true }},
		{"short poll", func(s *scenario.Scenario) { s.Tenant.PollHold = 0 }},
		{"one message a poll", func(s *scenario.Scenario) { s.Tenant.PollBatch = 1 }},
		{"sendAsync", func(s *scenario.Scenario) { s.Async = true }},
		{"the user token is replaced in mid-conversation", func(s *scenario.Scenario) { s.Tenant.UserTokenLife = 2 * time.Second }},
		{"an expired user token is refused", func(s *scenario.Scenario) {
			s.Tenant.UserTokenLife, s.Tenant.Renewal = 2*time.Second, scenario.Refuse
		}},
		{"every call takes its time", func(s *scenario.Scenario) {
			s.Tenant.ReplyDelay = scenario.Dist{A: time.Millisecond, B: 200 * time.Millisecond}
		}},
		{"robot and agents echo", func(s *scenario.Scenario) { s.Tenant.Speech = scenario.Echo }},
		{"robot and agents speak plainly", func(s *scenario.Scenario) { s.Tenant.Speech = scenario.Plain }},
		{"the customer's DISCONNECT is echoed", func(s *scenario.Scenario) { s.Tenant.DisconnectEcho = true }},
		{"customers speak Chinese", func(s *scenario.Scenario) { s.Locale = "zh_CN" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := load(t, "testdata/everything.yaml")
			s.Seed = 2
			c.set(s)
			r := virtually(t, s, Options{})
			for _, rule := range r.Broken(check.Fail, check.Inconclusive, check.Error) {
				t.Errorf("%s is %s: %+v", rule.ID, rule.Verdict, rule)
			}
			if all := r.Metrics.All().Counters.AllExchanges(); all.Info > 0 {
				t.Errorf("%d exchanges without outcome", all.Info)
			}
			if n := r.Metrics.All().Counters.Steps().Done; n < 500 {
				t.Errorf("only %d steps were played", n)
			}
		})
	}
}

// unlucky breaks a share of the connections, in the middle of an answer or before a request has
// gone out: what the tenant has handed out then is lost, what the customer said may not have
// arrived, and nobody broke a rule.
type unlucky struct {
	net.Conn
	mu    sync.Mutex
	rng   *rand.Rand
	share float64
}

func (u *unlucky) Read(p []byte) (int, error) {
	n, err := u.Conn.Read(p)
	u.mu.Lock()
	broken := err == nil && u.rng.Float64() < u.share
	u.mu.Unlock()
	if broken {
		u.Conn.Close()
		return 0, errors.New("connection reset by chance")
	}
	return n, err
}

func (u *unlucky) Write(p []byte) (int, error) {
	u.mu.Lock()
	broken := u.rng.Float64() < u.share
	u.mu.Unlock()
	if !broken {
		return u.Conn.Write(p)
	}
	n, _ := u.Conn.Write(p[:len(p)/2])
	u.Conn.Close()
	return n, errors.New("connection reset by chance")
}

// firstLuck is how many connections are spared: those that find out whether the tenant can be used.
const firstLuck = 4

func TestUnluckyButHealthy(t *testing.T) {
	var inconclusive atomic.Int64
	t.Run("seeds", func(t *testing.T) {
		for seed := range uint64(10) {
			t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
				t.Parallel()
				s := load(t, "testdata/everything.yaml")
				s.Seed = seed + 1
				r := playUnlucky(t, s)
				for _, rule := range r.Broken(check.Fail, check.Error) {
					t.Errorf("%s is %s: %+v", rule.ID, rule.Verdict, rule.Witnesses)
				}
				for _, rule := range r.Rules {
					inconclusive.Add(rule.Inconclusive)
				}
				if info := r.Metrics.All().Counters.AllExchanges().Info; info < 10 {
					t.Errorf("only %d exchanges were unlucky", info)
				}
			})
		}
	})
	if inconclusive.Load() == 0 {
		t.Error("bad luck left nothing undecided, so it cannot have been bad enough")
	}
}

// playUnlucky plays a scenario over connections of which one read or write in fifty breaks them.
func playUnlucky(t *testing.T, s *scenario.Scenario) (r *result.Result) {
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
			return &unlucky{Conn: conn, rng: rand.New(rand.NewPCG(s.Seed, n)), share: 0.02}, nil
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
		virtually(t, s, Options{Out: dir, Trace: Policy{1}})
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

// TestRecordedLikeLive checks the traces of a healthy tenant and of one with every fault at once,
// again and again, and wants the rules to come out of the trace as they did live.
func TestRecordedLikeLive(t *testing.T) {
	var all []string
	for _, m := range tenant.Mutants() {
		all = append(all, m.Name+":every=5")
	}
	for _, c := range []struct {
		name    string
		seed    uint64
		mutants []string
		broken  int // rules, at least
	}{
		{"healthy", 5, nil, 0},
		{"every fault at once", 5, all, 15},
		{"every fault at once, to other customers", 6, all, 15},
		{"every fault at once, to others again", 7, all, 15},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := load(t, "testdata/everything.yaml")
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
