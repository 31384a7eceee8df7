package run

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// own finds the gate on the generator whose name begins so.
func own(r *result.Result, name string) *result.Gate {
	for i := range r.Gates {
		if g := &r.Gates[i]; g.Kind == result.GateGenerator && strings.HasPrefix(g.Name, name) {
			return g
		}
	}
	return nil
}

// TestHowLateIsTooLate plays with readers who keep customers from their next word, by so much, and
// holds that against the default limit, what the scenario says, and what its gates ask for.
func TestHowLateIsTooLate(t *testing.T) {
	for _, tt := range []struct {
		why  string
		late time.Duration
		gate string
		exit result.Exit
	}{
		{"a little", 4 * ms, "", result.ExitOK},
		{"as 50 ms were allowed once, but are not now", 30 * ms, "", result.ExitInvalid},
		{"the scenario allows it", 30 * ms, "gate: {lateness: 50ms}", result.ExitOK},
		{"a tenth of a tight gate", 4 * ms, "gate: {latency: [send.service p99 < 30ms]}", result.ExitInvalid},
		{"a tenth of a wide gate", 4 * ms, "gate: {latency: [send.service p99 < 1s]}", result.ExitOK},
		{"the tenant missed the gate, of which nothing is known now", 30 * ms, "gate: {latency: [send.service p50 < 1ms]}", result.ExitInvalid},
		{"the tenant missed the gate by far", 4 * ms, "gate: {latency: [send.service p50 < 1ms], lateness: 3900us}", result.ExitInvalid},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			s := scene(t, fixed+"\n"+tt.gate)
			lighter(s)
			d := &double{late: steady(5 * ms)(), think: time.Second, hold: time.Minute}
			r := d.read(t, s, readSlowly(aicc.OpSend, time.Second+tt.late, 0, time.Hour))
			if r.Exit != tt.exit || tt.exit == result.ExitInvalid && r.Verdict != result.Invalid {
				t.Errorf("exit code %d, verdict %s; want %d; %q", r.Exit, r.Verdict, tt.exit, r.Reasons)
			}
		})
	}
}

// TestStarvedOfCPU hands over samples of a generator that is short of CPU time, or that its
// collector keeps from work, in a stage that counts or in the warm-up, which does not.
func TestStarvedOfCPU(t *testing.T) {
	const load = `
load: [{customers: 5, for: 10s, warmup: true}, {customers: 5, for: 20s}]
drain: 5s
flows: {talk: [{connect: hello}, {think: 1s}, {say: question}, {think: 1s}, {hang_up: {}}]}`
	for _, tt := range []struct {
		why       string
		gate      string
		from, to  time.Duration // of the shortage
		cpu, gc   float64       // of the processors, meanwhile
		exit      result.Exit
		about, at string
	}{
		{"nothing", "", 0, 0, 0, 0, result.ExitOK, "generator CPU", ""},
		{"of CPU time", "", 15 * time.Second, 21 * time.Second, 0.95, 0, result.ExitInvalid, "generator CPU", "95.0 % of its 2 processors at most, in the seconds before second 2"},
		{"of CPU time, for a second", "", 15 * time.Second, 16 * time.Second, 1, 0, result.ExitOK, "generator CPU", ""},
		{"of CPU time, while warming up", "", 2 * time.Second, 9 * time.Second, 0.95, 0, result.ExitOK, "generator CPU", ""},
		{"of CPU time, which the scenario allows", "gate: {cpu: 96%}", 15 * time.Second, 21 * time.Second, 0.95, 0, result.ExitOK, "generator CPU", ""},
		{"of what the collector took", "", 15 * time.Second, 21 * time.Second, 0.5, 0.4, result.ExitInvalid, "generator GC CPU", "40.0 % of chatbench's processors"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			d := &double{late: steady(5 * ms)(), think: time.Second}
			r := d.host(t, scene(t, load+"\n"+tt.gate), func(ctx context.Context, opt Options) (*result.Result, error) {
				begun := time.Now()
				opt.Ready = func(Started) { begun = time.Now() }
				opt.network.health = func() metric.Health {
					now := time.Since(begun)
					short := min(max(now-tt.from, 0), tt.to-tt.from).Seconds()
					return metric.Health{Cores: 2, UserSeconds: 2*tt.cpu*short + 1e-4*now.Seconds(), GCSeconds: 2 * tt.gc * short, OpenFiles: 20, FileLimit: 100}
				}
				return Play(ctx, opt)
			})
			if r.Exit != tt.exit {
				t.Errorf("exit code %d, want %d; %q", r.Exit, tt.exit, r.Reasons)
			}
			if said := strings.Join(r.Reasons, "\n"); !strings.Contains(said, tt.at) {
				t.Errorf("said %q, want %q in it", said, tt.at)
			}
			if g := own(r, tt.about); g == nil || g.Observed > 1 || (g.Verdict == result.Invalid) != (tt.exit == result.ExitInvalid) {
				t.Errorf("gate %q is %+v, want its verdict to be that of the run", tt.about, g)
			}
			if g := own(r, "generator descriptors"); g == nil || g.Observed != 20 || g.Limit != 100 {
				t.Errorf("gate on descriptors %+v, want 20 of 100", g)
			}
		})
	}
}

// TestStarvedOfDescriptors lets this machine have no more means for connections from some moment
// on. The run is INVALID, no rule is broken, and the tenant is not said to have gone away.
func TestStarvedOfDescriptors(t *testing.T) {
	const some = `
load: [{customers: 40, for: 20s}]
drain: 20s
between: 1s
flows: {talk: [{connect: hello}, {think: 1s}, {say: question}, {think: 1s}, {hang_up: {}}]}`
	for _, tt := range []struct {
		why     string
		load    string
		errno   syscall.Errno
		has     int64 // connections that can be made
		lacks   int64 // and that cannot, before others can again; 0: all
		starved bool  // nobody can be reached any more
	}{
		{"one exchange lacks a descriptor", some, syscall.EMFILE, 30, 1, false},
		{"the machine lacks descriptors for a while", some, syscall.ENFILE, 30, 20, false},
		{"ports", some, syscall.EADDRNOTAVAIL, 30, 20, false},
		{"no customer can connect any more", open, syscall.EADDRNOTAVAIL, 300, 0, true},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := scene(t, tt.load)
			d := &double{late: steady(5 * ms)(), think: time.Second}
			r := d.host(t, s, func(ctx context.Context, opt Options) (*result.Result, error) {
				s.Gate.Off = nil // the double leaves much out, but what is lacking must not look like that
				dial, made := opt.network.dial, atomic.Int64{}
				opt.network.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
					if n := made.Add(1); n > tt.has && (tt.lacks == 0 || n <= tt.has+tt.lacks) {
						return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("socket", tt.errno)}
					}
					return dial(ctx, network, address)
				}
				opt.Out, opt.Trace = dir, Policy{Share: 1}
				return Play(ctx, opt)
			})
			if r.Exit != result.ExitInvalid || r.Verdict != result.Invalid {
				t.Errorf("exit code %d, verdict %s; want %d, %s; %q", r.Exit, r.Verdict, result.ExitInvalid, result.Invalid, r.Reasons)
			}
			if said := strings.Join(r.Reasons, "\n"); !strings.Contains(said, tt.errno.Error()) || strings.Contains(said, "the tenant stopped") {
				t.Errorf("said %q, want %q and no word against the tenant", said, tt.errno.Error())
			}
			if got := broken(r, check.Fail); len(got) > 0 {
				t.Errorf("the tenant is said to have broken %v", got)
			}
			if n := r.Metrics.All().Counters.Short[tt.errno.Error()]; n == 0 || tt.lacks > 0 && n != tt.lacks {
				t.Errorf("%d exchanges were short of something, want %d", n, tt.lacks)
			}
			if starved := r.Run.Ended == result.EndedStarved; starved != tt.starved {
				t.Errorf("the run ended %q, want it starved: %v", r.Run.Ended, tt.starved)
			}
			again := recheck(t, filepath.Join(dir, TraceFile))
			if again.Run.Ended != r.Run.Ended {
				t.Errorf("by its trace the run ended %q, and it said %q", again.Run.Ended, r.Run.Ended)
			}
			if again.Exit == result.ExitInvalid || slices.ContainsFunc(again.Gates, func(g result.Gate) bool { return g.Kind == result.GateGenerator }) {
				t.Errorf("the trace: exit code %d, gates %+v; want none on the generator", again.Exit, again.Gates)
			}
		})
	}
}
