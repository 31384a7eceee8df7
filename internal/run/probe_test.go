package run

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chatbench/internal/check"
	"chatbench/internal/memnet"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// builtIn is the scenario that is built into "chatbench check".
func builtIn(t *testing.T) *scenario.Scenario {
	t.Helper()
	s := load(t, "../../cmd/chatbench/check.yaml")
	s.Seed = 4
	return s
}

// TestCheckOfTheEmbeddedTenant wants a check to judge all rules, to find nothing wrong with the
// embedded tenant, and to give the same verdicts from its trace.
func TestCheckOfTheEmbeddedTenant(t *testing.T) {
	dir := t.TempDir()
	var scenes []string
	s := builtIn(t)
	s.Gate.On = []string{"TOK-29", "POL-24"}
	live := virtually(t, s, Options{Out: dir, Trace: Policy{Share: 1},
		Probes: &Probes{SessionTime: time.Minute, Scene: func(name string) { scenes = append(scenes, name) }}})
	if live.Exit != result.ExitOK || len(live.Reasons) > 0 {
		t.Errorf("exit code %d: %v", live.Exit, live.Reasons)
	}
	for _, rule := range live.Rules {
		switch rule.Verdict {
		case check.Pass, check.NotExercised:
		default:
			if rule.ID != "TLS-21" {
				t.Errorf("%s is %s (%s)", rule.ID, rule.Verdict, rule.Note)
			}
		}
	}
	if want := "tokens requests expiry talk agent keyword sendAsync session time TLS"; strings.Join(scenes, " ") != want {
		t.Errorf("scenes %v, want %s", scenes, want)
	}
	again := recheck(t, filepath.Join(dir, TraceFile))
	if again.Exit != live.Exit {
		t.Errorf("exit code %d from the trace, %d live", again.Exit, live.Exit)
	}
	if diff := cmp.Diff(live.Rules, again.Rules, cmpopts.IgnoreFields(check.Witness{}, "Reproduce")); diff != "" {
		t.Errorf("rules (-live +from the trace):\n%s", diff)
	}
}

// TestCheckFindsBoth wants one check to find a fault of ordinary traffic and one that only probes
// bring about, live and in a trace of those who failed.
func TestCheckFindsBoth(t *testing.T) {
	dir := t.TempDir()
	s := builtIn(t)
	s.Tenant.Mutants = []string{"drop-one:3", "open-mailbox", "lax-upload"}
	live := virtually(t, s, Options{Out: dir, Trace: Policy{Share: 1, Failing: true}, Probes: &Probes{}})
	want := []string{"DEL-04", "TOK-27", "MED-21"}
	if got := broken(live, check.Fail); !cmp.Equal(got, want) || live.Exit != result.ExitConformance {
		t.Errorf("broke %v with exit code %d, want %v and %d", got, live.Exit, want, result.ExitConformance)
	}
	if got := broken(recheck(t, filepath.Join(dir, TraceFile)), check.Fail); !cmp.Equal(got, want) {
		t.Errorf("from the trace: broke %v, want %v", got, want)
	}
}

// TestCheckOfChosenRules wants only those to be reported and probed that were chosen.
func TestCheckOfChosenRules(t *testing.T) {
	rules, err := ParseChoice([]string{"TOK-29", "LEA"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var scenes []string
	r := virtually(t, builtIn(t), Options{Rules: rules, Probes: &Probes{Scene: func(name string) { scenes = append(scenes, name) }}})
	var ids []string
	for _, rule := range r.Rules {
		ids = append(ids, rule.ID+" "+string(rule.Verdict))
	}
	if diff := cmp.Diff([]string{"TOK-29 PASS", "LEA-21 PASS"}, ids); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"requests", "talk"}, scenes); diff != "" {
		t.Errorf("scenes (-want +got):\n%s", diff)
	}
}

// TestCheckInterrupted interrupts a check while it probes.
func TestCheckInterrupted(t *testing.T) {
	var interrupt chan struct{}
	var r *result.Result
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		interrupt = make(chan struct{})
		var err error
		r, err = Play(t.Context(), Options{Scenario: builtIn(t), Version: "test", Interrupt: interrupt, network: &network{listener: l, dial: l.Dial},
			Probes: &Probes{Scene: func(name string) {
				if name == "agent" {
					close(interrupt)
				}
			}}})
		if err != nil {
			t.Fatal(err)
		}
	})
	if r.Exit != result.ExitInterrupted {
		t.Errorf("exit code %d, want %d", r.Exit, result.ExitInterrupted)
	}
	verdicts := map[string]check.Verdict{}
	for _, rule := range r.Rules {
		verdicts[rule.ID] = rule.Verdict
	}
	if verdicts["TOK-21"] != check.Pass || verdicts["QUE-25"] != check.NotExercised {
		t.Errorf("TOK-21 is %s and QUE-25 %s, want what was done before and what was not", verdicts["TOK-21"], verdicts["QUE-25"])
	}
}

// TestTenantGoneUnderProbes wants exit code 6 when the tenant goes away while it is probed.
func TestTenantGoneUnderProbes(t *testing.T) {
	var r *result.Result
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		gone := false
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			if gone {
				return nil, errors.New("connection refused")
			}
			return l.Dial(ctx, network, address)
		}
		var err error
		r, err = Play(t.Context(), Options{Scenario: builtIn(t), Version: "test", network: &network{listener: l, dial: dial},
			Probes: &Probes{Scene: func(name string) { gone = gone || name == "talk" }}})
		if err != nil {
			t.Fatal(err)
		}
	})
	if r.Exit != result.ExitUnreachable || !strings.Contains(strings.Join(r.Reasons, " "), "went away while it was probed") {
		t.Errorf("exit code %d with reasons %v, want %d", r.Exit, r.Reasons, result.ExitUnreachable)
	}
}
