package tenant_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/memnet"
	"chatbench/internal/scenario"
	"chatbench/internal/sim"
	"chatbench/internal/tenant"
	"chatbench/internal/trace"
)

type jr struct{ t *tenant.Tenant }

func (j jr) Take(_ context.Context, u string, e int) (trace.Record, bool) { return j.t.Journal(u, e) }

const story = `chatbench: 1
name: kill
tenant:
  robot: {reply: 20ms..80ms}
  agents: {count: 50, conversations: 5, pick_up: 100ms..200ms, reply: 100ms..600ms, media: {image: 60%%, audio: 20%%, local: 30%%}}
load: [{customers: 8, for: 60s}]
probes: 50%%
mutants_placeholder: 
flows:
  buyer:
    - connect: hello
    - expect: {from: robot, within: 20s}
    - say: "where is it"
    - expect: {from: robot, within: 5s}
    - handover: {}
    - expect: {from: agent, within: 60s}
    - repeat: 6
      steps:
        - think: 100ms..1s
        - say: "detail {{n}}"
        - expect: {reply: true, within: 10s}
    - hang_up: {}
`

func TestKill(t *testing.T) {
	names := []string{""}
	for _, m := range tenant.Mutants() {
		names = append(names, m.Name, m.Name+":every=3")
	}
	for _, n := range names {
		t.Run(n, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				txt := fmt.Sprintf(story)
				txt = string([]byte(txt))
				txt = replace(txt, "mutants_placeholder: \n", "")
				var known []string
				for _, m := range tenant.Mutants() {
					known = append(known, m.Name)
				}
				s, err := scenario.Parse("kill.yaml", []byte(txt), scenario.Options{Mutants: known, Rules: check.Known()})
				if err != nil {
					t.Fatal(err)
				}
				cfg := s.Tenant
				if n != "" {
					cfg.Mutants = []string{n}
				}
				tn, err := tenant.New(cfg, tenant.Options{Seed: 3})
				if err != nil {
					t.Fatal(err)
				}
				l := memnet.Listen()
				go tn.Serve(l)
				ep, err := sim.NewEndpoint(scenario.Target{URL: "http://mem", Channel: cfg.Channel, AppKey: cfg.AppKey, AppSecret: cfg.AppSecret}, l.Dial)
				if err != nil {
					t.Fatal(err)
				}
				ck := check.New(check.Options{Run: 9, Markers: true, Journal: true})
				out := sim.Run(context.Background(), sim.Config{Scenario: s, Endpoint: ep, Run: 9, Seed: 4, Markers: true, Journal: jr{tn},
					Observe: func(i int) sim.Observer { return ck.Customer(i) }, Sample: func(k, id string) []byte { return tenant.SampleFile(k, id, 0) }})
				var failed []string
				for _, r := range ck.Report() {
					if r.Verdict == check.Fail || r.Verdict == check.Error || r.Verdict == check.Inconclusive {
						failed = append(failed, r.ID+":"+string(r.Verdict))
						if len(r.Witnesses) > 0 {
							t.Log(r.ID, r.Violations, r.Witnesses[0].Sentence)
						}
					}
				}
				st := tn.Stats()
				var want []string
				for _, m := range tenant.Mutants() {
					if n == m.Name || n == m.Name+":every=3" {
						for _, r := range m.Rules {
							want = append(want, r+":FAIL")
						}
					}
				}
				if !slices.Equal(want, failed) {
					t.Errorf("MISMATCH %s: want %v got %v applied %v; %v opened=%d", n, want, failed, st.Mutants, out, st.Opened)
				}
				tn.Close(context.Background())
				time.Sleep(time.Second)
			})
		})
	}
}

func replace(s, a, b string) string {
	for i := 0; i+len(a) <= len(s); i++ {
		if s[i:i+len(a)] == a {
			return s[:i] + b + s[i+len(a):]
		}
	}
	return s
}
