package judge

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// TestOwnCustomers plays the whole curriculum to chatbench's own customers, who break no rule.
func TestOwnCustomers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := quick()
		r := newRig(t, cfg, Options{Curriculum: true})
		out := play(t, everything(t), "http://127.0.0.1:80", r.net.Dial, cfg)
		if out.Gone != nil || out.Bug != nil {
			t.Fatalf("the customers were stopped: %v, %v", out.Gone, out.Bug)
		}
		select {
		case <-r.judge.Done():
		case <-time.After(time.Minute):
			t.Error("not every lesson was met, or a conversation goes on")
		}
		res := r.end()
		for _, one := range res.Rules {
			for _, w := range one.Witnesses {
				t.Errorf("%s: %s %v", one.ID, w.Sentence, w.Events)
			}
		}
		for _, g := range res.Gates {
			if g.Kind == result.GateLesson && g.Verdict != result.Pass {
				t.Errorf("%s: %s", g.Name, g.Sentence)
			}
		}
		if res.Exit != result.ExitOK {
			t.Errorf("exit %d, %v; want 0", res.Exit, res.Reasons)
		}
	})
}

// TestClients lets pages that are wrong in one way each go through the curriculum: exactly the rule is
// broken that is meant to be.
func TestClients(t *testing.T) {
	for _, c := range []struct {
		name, why string
		faults    []string
		do        string // what the person does in every conversation; "": what the lesson says
		only      string // a lesson; "": all of them
		change    func(*scenario.Tenant)
		want      string
	}{
		{name: "right", why: "it keeps to the demo flow"},
		{name: "two polls", why: "it polls when its window is looked at, too", faults: []string{"two polls"}, only: "agent", want: "SIM-01"},
		{name: "polls first", why: "it does not wait for the answer to CONNECT", faults: []string{"polls first"}, only: "agent", want: "SIM-02"},
		{name: "polls on", why: "DISCONNECT does not stop the timer", faults: []string{"polls on"}, only: "agent", want: "SIM-03"},
		{name: "no pause", why: "it polls 10 ms after the answer", faults: []string{"no pause"}, only: "agent", want: "SIM-04"},
		{name: "no download", why: "it shows no pictures", faults: []string{"downloads nothing"}, only: "pictures, voice and film", want: "SIM-05"},
		{name: "two downloads", why: "it draws each picture twice", faults: []string{"downloads twice"}, only: "files of the agent's computer", want: "SIM-05"},
		{name: "impatient", why: "it asks for the queue every 3 s", faults: []string{"asks the queue too often"}, only: "queue", want: "SIM-06"},
		{name: "walks out", why: "the window is closed, and nobody says so", faults: []string{"walks out"}, only: "leaving", want: "SIM-07"},
		{name: "turned away", why: "it has no form for messages", faults: []string{"leaves no message"}, want: "SIM-08", only: "agent",
			change: func(s *scenario.Tenant) { s.Hours.Never = true }},
		{name: "a message is left", why: "it has one", only: "agent", change: func(s *scenario.Tenant) { s.Hours.Never = true }},
		{name: "no tokens", why: "CONNECT does not wait for them", faults: []string{"no tokens"}, only: "agent", want: "SIM-09"},
		{name: "no queue", why: "it does not look at queueFlag", faults: []string{"does not queue"}, only: "queue", want: "SIM-10"},
		{name: "many questions", why: "each message of an agent asks for calls", faults: []string{"asks for calls each time"}, only: "agent", want: "SIM-11"},
		{name: "no question", why: "it offers no calls", faults: []string{"never asks for calls"}, only: "agent", want: "SIM-11"},
		{name: "keeps its token", why: "it does not read the header", faults: []string{"keeps its token"}, only: "replacement token", want: "SIM-12"},
		{name: "thanks", why: "its input stays open", faults: []string{"thanks the other side"}, only: "agent", want: "SIM-13"},
		{name: "late good-bye", why: "it says something behind its own DISCONNECT", faults: []string{"says good-bye too late"}, do: "leave", only: "leaving", want: "SIM-13"},
		{name: "garbled", why: "its JSON breaks off", do: "garble", only: "leaving", want: "SIM-14"},
		{name: "nowhere", why: "there is no such path", do: "nowhere", only: "leaving", want: "SIM-14"},
		{name: "impersonator", why: "it polls for somebody else", do: "impersonate", only: "leaving", want: "SIM-14"},
		{name: "another channel", why: "it sends to a channel that is not the tenant's", faults: []string{"another channel"}, do: "say", only: "leaving", want: "SIM-14"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := quick()
				if c.change != nil {
					c.change(&cfg)
				}
				r := newRig(t, cfg, Options{Curriculum: true, Only: c.only})
				p := newPage(t, r, cfg, "u-1", c.faults...)
				for _, l := range Lessons() {
					if c.only == "" || l.Name == c.only {
						p.converse(cmp.Or(c.do, l.Do))
					}
				}
				time.Sleep(2 * time.Minute) // until the tenant takes the client to be gone
				p.http.CloseIdleConnections()
				res := r.end()
				if got := broken(res); got != c.want {
					t.Errorf("%s (%s): broken %q, want %q", c.name, c.why, got, c.want)
					for _, one := range res.Broken(check.Fail, check.Error) {
						for _, w := range one.Witnesses {
							t.Logf("%s %s\n%+v", one.ID, w.Sentence, w.Events)
						}
					}
				}
				r.told(c.want)
			})
		})
	}
}

// told compares what was said while it happened with what was found in the end.
func (r *rig) told(want string) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []string
	for _, f := range r.found {
		if f.Rule != "" && !slices.Contains(ids, f.Rule) {
			ids = append(ids, f.Rule)
		}
	}
	slices.Sort(ids)
	if got := strings.Join(ids, " "); got != want {
		r.t.Errorf("told of %q, want %q", got, want)
	}
}
