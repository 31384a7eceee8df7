package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/caller"
	"chatbench/internal/check"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// TestFullTenant wants every rule looked at that a full tenant can show.
func TestFullTenant(t *testing.T) {
	out := probing(t, full(), nil)
	for _, r := range check.ActiveRules() {
		want := check.Pass
		switch r.ID {
		case "CON-21", "QUE-26": // CONNECT is not refused, and nobody has to queue
			want = check.NotExercised
		case "TLS-21":
			want = check.NotObservable
		}
		got := out.rules[r.ID]
		if got.Verdict != want || want != check.Pass && got.Note == "" {
			t.Errorf("%s is %s (%s), want %s", r.ID, got.Verdict, got.Note, want)
		}
		if n := len(check.Cases(r.ID)); want == check.Pass && got.Opportunities != int64(n) {
			t.Errorf("%s was looked at in %d cases, want %d", r.ID, got.Opportunities, n)
		}
	}
}

// TestWhatItCosts holds the figures of docs/checking.md: users, conversations, calls, time.
func TestWhatItCosts(t *testing.T) {
	cfg := full()
	out := probing(t, cfg, nil)
	calls := int64(0)
	for _, n := range out.stats.Requests {
		calls += n
	}
	took := out.events[len(out.events)-1].At - cfg.SessionTimeout*5/4
	if out.stats.Opened != 5 || out.stats.Customers > 15 || calls > 230 || took > 75*time.Second {
		t.Errorf("%d conversations, %d users, %d calls, %v and the session time and a quarter; want 5, 15, 230 and 75s at most",
			out.stats.Opened, out.stats.Customers, calls, took)
	}
}

// TestEventsAreInOrder wants one event for each case, in the order of time, and none for others.
func TestEventsAreInOrder(t *testing.T) {
	out := probing(t, full(), nil)
	seen := map[string]bool{}
	last := time.Duration(0)
	for _, e := range out.events {
		if e.Kind != trace.Probe || e.Customer != 7 || e.At < last || e.Started > e.At || seen[e.Name] {
			t.Errorf("event %+v after %v, seen before: %t", e, last, seen[e.Name])
		}
		seen[e.Name], last = true, e.At
	}
	for _, r := range check.ActiveRules() {
		for _, name := range check.Cases(r.ID) {
			if !seen[name] {
				t.Errorf("no event for %s", name)
			}
		}
	}
}

// TestOnlyWhatIsWanted asks for few rules and wants nothing done for the others.
func TestOnlyWhatIsWanted(t *testing.T) {
	for _, c := range []struct {
		rules         string
		conversations int64
		users         int
	}{
		{"TOK-24", 0, 1}, // a user of its own that applies; those that must get no token are not there
		{"SRV-22", 0, 1},
		{"QUE-25", 1, 1},
		{"HND-22", 1, 1},
		{"SRV-21 POL-22", 2, 2},
	} {
		out := probing(t, full(), func(o *Options) { o.Wants = func(id string) bool { return strings.Contains(c.rules, id) } })
		for _, e := range out.events {
			if id, _, _ := strings.Cut(e.Name, " "); !strings.Contains(c.rules, id) {
				t.Errorf("%s: %s was told", c.rules, e.Name)
			}
		}
		for id := range strings.FieldsSeq(c.rules) {
			if v := out.rules[id].Verdict; v != check.Pass {
				t.Errorf("%s: %s is %s, want PASS", c.rules, id, v)
			}
		}
		if out.stats.Opened != c.conversations || out.stats.Customers != c.users {
			t.Errorf("%s: %d conversations of %d users, want %d of %d", c.rules, out.stats.Opened, out.stats.Customers, c.conversations, c.users)
		}
	}
}

// TestInterrupt interrupts the probes again and again a little later: each time they end at once,
// no conversation stays open, and nothing is said against the tenant.
func TestInterrupt(t *testing.T) {
	for at := 500 * time.Millisecond; at < 80*time.Second; at += 3 * time.Second {
		var interrupted time.Time
		out := probing(t, full(), func(o *Options) {
			interrupt := make(chan struct{})
			o.Interrupt = interrupt
			time.AfterFunc(at, func() { interrupted = time.Now(); close(interrupt) })
			start := o.Start
			t.Cleanup(func() {
				if interrupted.Sub(start) != at {
					t.Errorf("interrupted after %v, want %v", interrupted.Sub(start), at)
				}
			})
		})
		if !out.ended.Interrupted || out.ended.Gone != nil {
			t.Errorf("interrupted at %v: got %+v, want an interruption", at, out.ended)
		}
		if out.stats.Opened != out.stats.Ended {
			t.Errorf("interrupted at %v: %d conversations were opened and %d ended", at, out.stats.Opened, out.stats.Ended)
		}
		if last := out.events[len(out.events)-1].At; last > at+time.Second {
			t.Errorf("interrupted at %v: it went on until %v", at, last)
		}
		if got := append(out.broken(check.Fail), out.broken(check.Inconclusive)...); len(got) > 0 {
			t.Errorf("interrupted at %v: rules %v are broken or undecided, want none", at, got)
			out.tell(t)
		}
	}
}

// TestGone lets the tenant go away in the middle.
func TestGone(t *testing.T) {
	out := probing(t, full(), func(o *Options) {
		dial := o.Transport.DialContext
		o.Transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if time.Since(o.Start) > 20*time.Second {
				return nil, errors.New("connection refused")
			}
			return dial(ctx, network, address)
		}
	})
	if out.ended.Gone == nil || !strings.Contains(out.ended.Gone.Error(), "went away while it was probed: connection refused") {
		t.Errorf("got %+v, want the tenant gone", out.ended)
	}
	if last := out.events[len(out.events)-1].At; last > 35*time.Second {
		t.Errorf("it went on until %v, want an end soon after 20s", last)
	}
	if got := out.broken(check.Fail); len(got) > 0 {
		t.Errorf("rules broken: %v, want none", got)
		out.tell(t)
	}
}

// unlucky breaks a share of the connections: before the request has gone out, or before the answer
// has come.
type unlucky struct {
	net.Conn
	rng   *rand.Rand
	share float64
}

func (u *unlucky) Write(p []byte) (int, error) {
	if u.rng.Float64() < u.share/2 {
		u.Conn.Close()
		return 0, errors.New("connection reset by chance")
	}
	n, err := u.Conn.Write(p)
	if err == nil && u.rng.Float64() < u.share/2 {
		// The answer is taken in and thrown away, so that the tenant takes it for delivered.
		u.Conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		u.Conn.Read(make([]byte, 1<<16))
		u.Conn.Close()
		return n, nil
	}
	return n, err
}

// TestUnluckyButHealthy breaks one connection in twenty: much may be undecided then, and nothing
// may be broken.
func TestUnluckyButHealthy(t *testing.T) {
	var undecided atomic.Int64
	t.Run("seeds", func(t *testing.T) {
		for seed := range uint64(40) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				out := probing(t, full(), func(o *Options) {
					dial := o.Transport.DialContext
					made := uint64(0)
					o.Transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
						conn, err := dial(ctx, network, address)
						if err != nil {
							return nil, err
						}
						n := atomic.AddUint64(&made, 1)
						return &unlucky{Conn: conn, rng: rand.New(rand.NewPCG(seed, n)), share: 0.05}, nil
					}
				})
				if got := out.broken(check.Fail); len(got) > 0 {
					t.Errorf("rules broken: %v, want none", got)
					out.tell(t)
				}
				undecided.Add(int64(len(out.broken(check.Inconclusive))))
			})
		}
	})
	if undecided.Load() == 0 {
		t.Error("bad luck left nothing undecided, so it cannot have been bad enough")
	}
}

// TestOldTLS offers TLS 1.1 to servers that take it and that do not.
func TestOldTLS(t *testing.T) {
	for _, c := range []struct {
		why    string
		lowest uint16
		want   check.Verdict
	}{
		{"the documented lowest version", tls.VersionTLS12, check.Pass},
		{"a later one", tls.VersionTLS13, check.Pass},
		{"an older one", tls.VersionTLS10, check.Fail},
	} {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.TLS = &tls.Config{MinVersion: c.lowest}
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		checker := check.New(check.Options{Probes: true})
		session := checker.Customer(0)
		Run(t.Context(), Options{
			Target:    scenario.Target{URL: server.URL},
			Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext, TLSClientConfig: &tls.Config{ServerName: "example.com"}},
			Start:     time.Now(), Observe: session.Observe, Wants: func(id string) bool { return id == "TLS-21" },
		})
		server.Close()
		for _, r := range checker.Report() {
			if r.ID == "TLS-21" && r.Verdict != c.want {
				t.Errorf("%s: TLS-21 is %s, want %s; %+v", c.why, r.Verdict, c.want, r)
			}
		}
	}
}

// TestSkipNeverHides wants a case that was told to stay as it was.
func TestSkipNeverHides(t *testing.T) {
	var told []string
	p := &prober{Options: Options{Wants: func(string) bool { return true }, Start: time.Now(),
		Observe: func(e *trace.Event) { told = append(told, fmt.Sprint(e.Name, " ", e.Skip)) }}, ctx: t.Context()}
	p.play(0, act{"test", []string{"TOK-21 a", "TOK-21 b", "TOK-21 c"}, func(s *scene) {
		s.tell("TOK-21 a", caller.Answer{Status: 401})
		s.skip("TOK-21 a", trace.Unset, "too late")
		s.tell("TOK-21 a", caller.Answer{Status: 200})
		s.skip("TOK-21 b", trace.Lacking, "not there")
		s.tell("TOK-99 x", caller.Answer{Status: 200})
	}})
	want := []string{"TOK-21 a ", "TOK-21 b lacking", "TOK-21 c unset"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
