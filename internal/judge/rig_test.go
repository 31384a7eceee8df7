package judge

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/http1"
	"chatbench/internal/memnet"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/sim"
	"chatbench/internal/tenant"
	"chatbench/internal/trace"
)

// rig is a judge on a network in memory, inside a bubble of virtual time.
type rig struct {
	t     *testing.T
	judge *Judge
	net   *memnet.Listener

	mu    sync.Mutex // protects the following
	found []Finding
}

// quick is a tenant whose people are quick.
func quick() scenario.Tenant {
	cfg := scenario.DefaultTenant()
	cfg.Robot.Reply = scenario.Constant(100 * time.Millisecond)
	cfg.Agents.PickUp = scenario.Constant(200 * time.Millisecond)
	cfg.Agents.Reply = scenario.Constant(300 * time.Millisecond)
	return cfg
}

func newRig(t *testing.T, cfg scenario.Tenant, opt Options) *rig {
	t.Helper()
	r := &rig{t: t, net: memnet.Listen()}
	opt.Tenant = tenant.Options{Seed: 1, Version: "test"}
	opt.Found = func(f Finding) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.found = append(r.found, f)
	}
	j, err := New(cfg, opt)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	r.judge = j
	go func() {
		if err := j.Serve(r.net); !errors.Is(err, http1.ErrServerClosed) {
			t.Errorf("Serve: %v, want http1.ErrServerClosed", err)
		}
	}()
	return r
}

// end closes the judge and gives its result.
func (r *rig) end() *result.Result {
	r.t.Helper()
	if err := r.judge.Close(context.Background()); err != nil {
		r.t.Errorf("Close: %v", err)
	}
	return r.judge.Result()
}

// rule is what a result says of a rule.
func rule(t *testing.T, r *result.Result, id string) check.RuleResult {
	t.Helper()
	for _, one := range r.Rules {
		if one.ID == id {
			return one
		}
	}
	t.Fatalf("the result has no rule %s", id)
	return check.RuleResult{}
}

// broken lists the rules that failed.
func broken(r *result.Result) string {
	var ids []string
	for _, one := range r.Broken(check.Fail, check.Error) {
		ids = append(ids, one.ID)
	}
	return strings.Join(ids, " ")
}

// blind observes nothing: what chatbench's own customers see of the tenant is not the matter here.
type blind struct{}

func (blind) Observe(*trace.Event) {}
func (blind) Close()               {}

// play lets chatbench's customers play a scenario.
func play(t *testing.T, s *scenario.Scenario, url string, dial sim.Dialer, cfg scenario.Tenant) sim.Outcome {
	t.Helper()
	endpoint, err := sim.NewEndpoint(scenario.Target{URL: url, Channel: cfg.Channel, AppKey: cfg.AppKey, AppSecret: cfg.AppSecret}, dial)
	if err != nil {
		t.Fatal(err)
	}
	if err := endpoint.Resolve(t.Context()); err != nil {
		t.Fatal(err)
	}
	return sim.Run(t.Context(), sim.Config{Scenario: s, Endpoint: endpoint, Run: 7, Seed: 3,
		Observe: func(int) sim.Observer { return blind{} },
		Sample:  func(kind, id string) []byte { return tenant.SampleFile("jpg", id, 100) }})
}

func everything(t *testing.T) *scenario.Scenario {
	t.Helper()
	const file = "testdata/everything.yaml"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Parse(file, data, scenario.Options{Elsewhere: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tcp is a listener of this machine.
func tcp(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}
