package judge

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/result"
	"chatbench/internal/run"
	"chatbench/internal/scenario"
	"chatbench/internal/tenant"
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

// TestRecheck judges the trace again, as "chatbench check DIR" does: the verdicts are the same.
func TestRecheck(t *testing.T) {
	dir := t.TempDir()
	var first *result.Result
	synctest.Test(t, func(t *testing.T) {
		cfg := quick()
		r := newRig(t, cfg, Options{Curriculum: true, Out: dir})
		for _, p := range []*page{newPage(t, r, cfg, "u-1"), newPage(t, r, cfg, "u-2", "no pause", "downloads nothing")} {
			for _, l := range Lessons()[:8] {
				p.converse(l.Do)
			}
			p.http.CloseIdleConnections()
		}
		first = r.end()
	})
	f, err := os.Open(filepath.Join(dir, TraceFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	again, err := run.Recheck(run.FromTrace(f), run.RecheckOptions{File: TraceFile, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := verdicts(again), verdicts(first); got != want || !strings.Contains(want, "SIM-04 FAIL") {
		t.Errorf("the trace was judged\n%swant\n%s", got, want)
	}
	if again.Exit != result.ExitConformance || first.Trace == nil || !first.Trace.Complete {
		t.Errorf("exit %d, trace %+v; want 1 and a whole trace", again.Exit, first.Trace)
	}
}

func verdicts(r *result.Result) string {
	var b strings.Builder
	for _, one := range r.Rules {
		fmt.Fprintf(&b, "%s %s %d of %d\n", one.ID, one.Verdict, one.Violations, one.Opportunities)
	}
	return b.String()
}

// TestSockets judges a page and chatbench's customers over real sockets, at the same time.
func TestSockets(t *testing.T) {
	if testing.Short() {
		t.Skip("takes real time")
	}
	cfg := quick()
	r := newRig(t, cfg, Options{Curriculum: true, Only: "agent"})
	l := tcp(t)
	go r.judge.Serve(l) //nolint:errcheck // the rig's other listener tells
	base := "http://" + l.Addr().String()
	var clients sync.WaitGroup
	for i := range 3 {
		clients.Go(func() {
			p := pageAt(t, base, new(net.Dialer).DialContext, cfg, fmt.Sprintf("page-%d", i))
			defer p.http.CloseIdleConnections()
			p.converse("")
			p.converse("say something, and leave")
		})
	}
	s := everything(t)
	s.Load.Stages[0].Length, s.Drain = 2*time.Second, 2*time.Second
	clients.Go(func() { play(t, s, base, nil, cfg) })
	clients.Wait()
	res := r.end()
	if got := broken(res); got != "" || rule(t, res, "SIM-01").Opportunities == 0 {
		t.Errorf("broken %q in %d polls, want none", got, rule(t, res, "SIM-01").Opportunities)
		for _, one := range res.Broken(check.Fail, check.Error) {
			t.Logf("%s %+v", one.ID, one.Witnesses)
		}
	}
}

// TestGivenUp lets a client close the connection of a poll and poll again at once, as after a time-out
// of its own: it had one poll at a time.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := quick()
		r := newRig(t, cfg, Options{})
		p := newPage(t, r, cfg, "u-1")
		p.renew()
		p.send(aicc.Connect, aicc.Text, "hello")
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			q, err := http.NewRequestWithContext(ctx, "GET", p.base+aicc.PathPoll+"?receiverId=u-1&channel=WEB", nil)
			if err != nil {
				t.Fatal(err)
			}
			q.Header.Set("ccmessaging-token", p.token)
			if res, err := p.http.Do(q); err == nil {
				res.Body.Close()
			}
			cancel()
			time.Sleep(100 * time.Millisecond)
		}
		p.send(aicc.Disconnect, aicc.Text, "")
		p.http.CloseIdleConnections()
		res := r.end()
		if got := broken(res); got != "" || rule(t, res, "SIM-01").Opportunities != 3 {
			t.Errorf("broken %q in %d polls, want none in 3", got, rule(t, res, "SIM-01").Opportunities)
		}
	})
}

// TestGarbage sends what is no HTTP, and HTTP that is no call: the judge says so, and judges on.
func TestGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := quick()
		r := newRig(t, cfg, Options{})
		for _, garbage := range []string{
			"\x16\x03\x01\x02\n\n", "hello\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
			"POST " + aicc.PathSend + " HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n\xff\xfe{",
			"POST " + aicc.PathApply + " HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n{\"userId\":123}",
			"GET " + aicc.PathPoll + "?receiverId=%zz HTTP/1.1\r\nHost: x\r\nccmessaging-token: %%%\r\n\r\n",
			"OPTIONS " + aicc.PathSend + " HTTP/1.1\r\nHost: x\r\n\r\n", "BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n",
		} {
			conn, err := r.net.Dial(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			shout(t, conn, []byte(garbage))
		}
		for _, fine := range []string{"/favicon.ico", "/.well-known/security.txt", "/", tenant.AboutPath, tenant.JournalPath} {
			conn, err := r.net.Dial(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			shout(t, conn, []byte("GET "+fine+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
		}
		p := newPage(t, r, cfg, "u-1")
		p.converse("leave")
		p.http.CloseIdleConnections()
		res := r.end()
		if got, n := broken(res), rule(t, res, "SIM-14").Violations; got != "SIM-14" || n != 8 {
			t.Errorf("broken %q, %d wrong requests; want SIM-14 and 8", got, n)
			for _, w := range rule(t, res, "SIM-14").Witnesses {
				t.Log(w.Sentence)
			}
		}
	})
}

// TestThousandClients judges a thousand users at once, and forgets them when they are gone.
func TestThousandClients(t *testing.T) {
	users := 1000
	if slowed {
		users = 50
	}
	synctest.Test(t, func(t *testing.T) {
		cfg := quick()
		r := newRig(t, cfg, Options{Curriculum: true})
		s := everything(t)
		s.Load.Stages[0].Customers, s.Load.Stages[0].Length = users, 5*time.Second
		play(t, s, "http://127.0.0.1:80", r.net.Dial, cfg)
		r.judge.mu.Lock()
		known := len(r.judge.customers)
		r.judge.mu.Unlock()
		time.Sleep(forget + 2*linger)
		r.judge.mu.Lock()
		left := len(r.judge.customers)
		r.judge.mu.Unlock()
		r.judge.byIndex.Range(func(any, any) bool { left++; return true })
		res := r.end()
		if known != users || left > 1 { // the calls that name nobody stay
			t.Errorf("%d users were known, and %d are left; want %d and at most 1", known, left, users)
		}
		if got := broken(res); got != "" {
			t.Errorf("broken %q, want none", got)
			for _, one := range res.Broken(check.Fail, check.Error) {
				t.Logf("%s %d times: %+v", one.ID, one.Violations, one.Witnesses[0])
			}
		}
	})
}

// TestEnds ends the judging by its limits, and when there was nothing to judge.
func TestEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		opt  Options
		play int // conversations
		want time.Duration
		exit result.Exit
	}{
		{name: "time", opt: Options{For: 30 * time.Second}, want: 30 * time.Second, exit: result.ExitInconclusive},
		{name: "conversations", opt: Options{Conversations: 2}, play: 2, exit: result.ExitOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				r := newRig(t, quick(), c.opt)
				p := newPage(t, r, quick(), "u-1")
				for range c.play {
					p.converse("leave")
				}
				<-r.judge.Done()
				if took := time.Since(start); c.want > 0 && took != c.want {
					t.Errorf("ended after %v, want %v", took, c.want)
				}
				p.http.CloseIdleConnections()
				if res := r.end(); res.Exit != c.exit {
					t.Errorf("exit %d, %v; want %d", res.Exit, res.Reasons, c.exit)
				}
			})
		})
	}
}

// TestEndsWhileOthersTalk ends the judging after so many conversations, also when the next has begun: under
// load there is always one that goes on.
func TestEndsWhileOthersTalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, quick(), Options{Conversations: 2})
		p, next := newPage(t, r, quick(), "u-1"), newPage(t, r, quick(), "u-2")
		p.converse("leave")
		p.converse("leave")
		next.renew()
		start := time.Now()
		<-r.judge.Done()
		if took := time.Since(start); took > linger+2*time.Second {
			t.Errorf("ended %v after the last conversation, want %v: it waited for one that went on", took, linger)
		}
		p.http.CloseIdleConnections()
		next.http.CloseIdleConnections()
		if res := r.end(); res.Exit != result.ExitOK {
			t.Errorf("exit %d, %v; want 0", res.Exit, res.Reasons)
		}
	})
}

// TestMutantsAreNotBlamed lets a page meet tenants that commit faults: none of them is the client's.
func TestMutantsAreNotBlamed(t *testing.T) {
	for _, m := range tenant.Mutants() {
		t.Run(m.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := quick()
				cfg.Mutants = []string{m.Name + ":every=2"}
				cfg.Agents.Media = scenario.Media{Image: 1, Audio: 1, Local: 0.5}
				cfg.Agents.Chats = [2]int{1, 1}
				r := newRig(t, cfg, Options{})
				p := newPage(t, r, cfg, "u-1")
				for _, do := range []string{"say something", "TRANS2AGENT", "leave"} {
					p.converse(do)
				}
				p.http.CloseIdleConnections()
				if res := r.end(); broken(res) != "" {
					t.Errorf("%s: broken %q, want none", m.Fault, broken(res))
					for _, one := range res.Broken(check.Fail, check.Error) {
						t.Logf("%s %+v", one.ID, one.Witnesses)
					}
				}
			})
		})
	}
}
