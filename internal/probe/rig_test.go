package probe

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/http1"
	"chatbench/internal/memnet"
	"chatbench/internal/scenario"
	"chatbench/internal/tenant"
	"chatbench/internal/trace"
)

// outcome is what probing a tenant came to.
type outcome struct {
	events []trace.Event
	rules  map[string]check.RuleResult
	stats  tenant.Stats
	ended  Outcome
}

// notes are the rules that are only looked at when they are asked for.
func notes() []string {
	var ids []string
	for _, r := range check.ActiveRules() {
		if r.Severity == check.Note {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// full is an embedded tenant that can show every case but those of TLS and of an empty queue.
func full() scenario.Tenant {
	cfg := scenario.DefaultTenant()
	cfg.History = true
	cfg.Agents.Media.Image = 1
	return cfg
}

// probing makes all probes of a tenant in virtual time. What is to be done after them is done inside
// the bubble.
func probing(t *testing.T, cfg scenario.Tenant, change func(*Options), after ...func()) outcome {
	t.Helper()
	var out outcome
	synctest.Test(t, func(t *testing.T) {
		embedded, err := tenant.New(cfg, tenant.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		l := memnet.Listen()
		go func() {
			if err := embedded.Serve(l); !errors.Is(err, http1.ErrServerClosed) {
				t.Errorf("Serve: %v", err)
			}
		}()
		checker := check.New(check.Options{Probes: true, On: notes()})
		session := checker.Customer(7)
		o := Options{
			Target:    scenario.Target{URL: "http://tenant", Channel: cfg.Channel, AppKey: cfg.AppKey, AppSecret: cfg.AppSecret},
			Transport: &http.Transport{DialContext: l.Dial},
			Locale:    "en", Customer: 7, Start: time.Now(), Wants: checker.Probes, SessionTime: cfg.SessionTimeout,
			User: func(n int) string { return "probe" + strconv.Itoa(n) },
			Observe: func(e *trace.Event) {
				out.events = append(out.events, *e)
				session.Observe(e)
			},
		}
		if cfg.Robot != nil && len(cfg.Robot.Keywords) > 0 {
			o.Keyword = cfg.Robot.Keywords[0]
		}
		if change != nil {
			change(&o)
		}
		out.ended = Run(t.Context(), o)
		for _, f := range after {
			f()
		}
		out.stats = embedded.Stats()
		if err := embedded.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
		out.rules = make(map[string]check.RuleResult)
		for _, r := range checker.Report() {
			out.rules[r.ID] = r
		}
	})
	return out
}

// broken lists the rules with a verdict, in their order.
func (o *outcome) broken(v check.Verdict) []string {
	var ids []string
	for _, r := range check.ActiveRules() {
		if o.rules[r.ID].Verdict == v {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// tell logs what speaks against the tenant.
func (o *outcome) tell(t *testing.T) {
	t.Helper()
	for _, r := range check.ActiveRules() {
		for _, w := range o.rules[r.ID].Witnesses {
			t.Logf("%s %v", w.Sentence, w.Events)
		}
	}
}
