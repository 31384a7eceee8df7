package run

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"chatbench/internal/check"
	"chatbench/internal/memnet"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

func TestParsePolicy(t *testing.T) {
	tests := []struct {
		text  string
		share float64
		back  string
		why   string
	}{
		{"all", 1, "all", "everybody"},
		{"none", 0, "none", "nobody"},
		{"sample=5%", 0.05, "sample=5%", "a share"},
		{"sample=29%", 0.29, "sample=29%", "100 times 0.29 is less than 29"},
		{"sample=0.1%", 0.001, "sample=0.1%", "less than one in a hundred"},
		{"sample=100%", 1, "all", "a share that is everybody"},
		{"failing", 1, "failing", "everybody, until it is known for whom nothing failed"},
	}
	for _, tt := range tests {
		p, err := ParsePolicy(tt.text)
		if err != nil || p.Share != tt.share || p.String() != tt.back {
			t.Errorf("%s: ParsePolicy(%q) = %v (%q), %v; want %v (%q)", tt.why, tt.text, p.Share, p, err, tt.share, tt.back)
		}
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	for _, text := range []string{
		"", "ALL", " all", "some", "5%", "sample", "sample=", "sample=%", "sample=5", "sample=5%%", "sample=five%",
		"sample=0%", "sample=-1%", "sample=100.1%", "sample=NaN%", "sample=Inf%", "sample=1e999%",
	} {
		if p, err := ParsePolicy(text); err == nil || !strings.Contains(err.Error(), `"`+text+`"`) {
			t.Errorf("ParsePolicy(%q) = %v, %v; want an error that quotes it", text, p, err)
		}
	}
}

func TestPolicyKeeps(t *testing.T) {
	const customers = 20_000
	for _, share := range []float64{-1, 0, 0.001, 0.05, 0.29, 0.5, 0.99, 1, 2} {
		for _, seed := range []uint64{0, 1, 2, 4711, math.MaxUint64} {
			p, kept := Policy{Share: share}, 0
			for c := range customers {
				if !p.keeps(seed, c) {
					continue
				}
				kept++
				if !p.keeps(seed, c) || !(Policy{Share: share + 0.1}).keeps(seed, c) {
					t.Fatalf("share %v, seed %d: customer %d is kept, and then not, or not of a larger share", share, seed, c)
				}
			}
			want := customers * min(max(share, 0), 1)
			if math.Abs(float64(kept)-want) > 4*math.Sqrt(want) {
				t.Errorf("share %v, seed %d: %d of %d customers kept, want about %.0f", share, seed, kept, customers, want)
			}
		}
	}
	same := 0
	for c := range customers {
		if (Policy{Share: 0.1}).keeps(1, c) && (Policy{Share: 0.1}).keeps(2, c) {
			same++
		}
	}
	if same > customers/20 {
		t.Errorf("%d of %d customers are kept with seed 1 and with seed 2: the seed changes little", same, customers)
	}
}

func TestStages(t *testing.T) {
	load := scenario.Load{Stages: []scenario.Stage{
		{Name: "1 warm-up", Warmup: true, Length: 20 * time.Second}, {Name: "2", Length: time.Minute},
	}}
	want := []metric.StageInfo{
		{Name: "1 warm-up", Warmup: true, End: 20 * time.Second},
		{Name: "2", Start: 20 * time.Second, End: 80 * time.Second},
		{Name: "drain", Warmup: true, Start: 80 * time.Second},
	}
	if diff := cmp.Diff(want, Stages(&scenario.Scenario{Load: load})); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
}

// brief is a scenario of a few seconds with everything in it.
func brief(t *testing.T) *scenario.Scenario {
	t.Helper()
	s := load(t, "testdata/everything.yaml")
	s.Seed, s.Load.Stages[0].Length, s.Load.Stages[0].Customers = 8, 5*time.Second, 5
	return s
}

// TestResultFollowsTheSchema wants what a run makes, with a broken rule in it and a trace beside
// it, to be what the published schema describes, and to be read back as it was.
func TestResultFollowsTheSchema(t *testing.T) {
	s := brief(t)
	s.Tenant.Mutants = []string{"drop-one:every=5", "dup-far:every=5"}
	live := virtually(t, s, Options{Out: t.TempDir(), Trace: Policy{Share: 0.5}, Command: []string{"chatbench", "run", "x.yaml", "--app-secret", "hidden"}})
	if live.Exit != result.ExitConformance {
		t.Errorf("exit code %d, want %d so that there are witnesses", live.Exit, result.ExitConformance)
	}
	data, err := result.Encode(live)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(result.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("result.json", schema); err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.MustCompile("result.json").Validate(instance); err != nil {
		t.Error(err)
	}
	loaded, err := result.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := result.Encode(loaded); err != nil || !bytes.Equal(data, again) {
		t.Errorf("the result changed by being read (-written +read), error %v:\n%s", err, cmp.Diff(string(data), string(again)))
	}
	if bytes.Contains(data, []byte("hidden")) {
		t.Error("the secret of the command line is in the result")
	}
}

// full is a disk with room for so many bytes.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if f.room < len(p) {
		return 0, syscall.ENOSPC
	}
	f.room -= len(p)
	return len(p), nil
}

func (f *full) Close() error { return nil }

// TestTraceOnFullDisk wants a run to go on to its end, with a note, when the trace cannot.
func TestTraceOnFullDisk(t *testing.T) {
	s := brief(t)
	var r, whole *result.Result
	whole = virtually(t, s, Options{})
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		p := &play{s: s}
		p.Options = Options{Scenario: s, Version: "test", Trace: Policy{Share: 1}, Out: t.TempDir(), network: &network{listener: l, dial: l.Dial}}
		if err := p.prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer p.host.close()
		p.trace.Close()
		var err error
		if p.trace, err = trace.NewWriter(&full{room: 1000}, trace.Header{}); err != nil {
			t.Fatal(err)
		}
		if r, err = p.result(p.run(t.Context())); err != nil {
			t.Fatal(err)
		}
	})
	if r.Trace == nil || r.Trace.Complete {
		t.Errorf("trace %+v, want one that is not complete", r.Trace)
	}
	const note = "The trace is not complete: no space left on device."
	if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, note) {
		t.Errorf("notes %q, want %q", r.Notes, note)
	}
	if r.Exit != whole.Exit || r.Metrics.All().Counters.Begun() != whole.Metrics.All().Counters.Begun() {
		t.Errorf("exit code %d after %d conversations, want %d after %d as with a trace", r.Exit, r.Metrics.All().Counters.Begun(),
			whole.Exit, whole.Metrics.All().Counters.Begun())
	}
}

// TestFolderThatCannotBe wants what is wrong with the output folder to be said before the load.
func TestFolderThatCannotBe(t *testing.T) {
	s := brief(t)
	ready := func(Started) { t.Error("the load was about to start") }
	for why, out := range map[string]string{
		"a file is in its place":      "run_test.go",
		"a file is where it is to be": filepath.Join("run_test.go", "out"),
	} {
		_, err := Play(t.Context(), Options{Scenario: s, Out: out, Trace: Policy{Share: 1}, Ready: ready})
		if err == nil || !strings.HasPrefix(err.Error(), "output folder: ") {
			t.Errorf("%s: error %v, want one about the output folder", why, err)
		}
	}
}

// TestInterruptedBeforeTheLoad stops a run while it still waits for the first answer of a tenant
// that gives none.
func TestInterruptedBeforeTheLoad(t *testing.T) {
	for _, how := range []string{"gently", "at once"} {
		synctest.Test(t, func(t *testing.T) {
			l := memnet.Listen()
			go func() {
				for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
					defer conn.Close()
				}
			}()
			defer l.Close()
			s := brief(t)
			s.Target = &scenario.Target{URL: "http://127.0.0.1:80", Channel: "1", AppKey: "k", AppSecret: "s"}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			interrupt := make(chan struct{})
			time.AfterFunc(time.Second, func() {
				if how == "gently" {
					close(interrupt)
				} else {
					cancel()
				}
			})
			start := time.Now()
			r, err := Play(ctx, Options{Scenario: s, Interrupt: interrupt, network: &network{listener: l, dial: l.Dial}})
			if !errors.Is(err, ErrInterrupted) || r != nil {
				t.Errorf("%s: result %v and error %v, want no result and ErrInterrupted", how, r, err)
			}
			if took := time.Since(start); took != time.Second {
				t.Errorf("%s: it took %v to stop after 1s", how, took-time.Second)
			}
		})
	}
}

// TestStopAtOnce wants a run whose context ends to be over at once and to say that it was
// interrupted, as the second Ctrl-C does after the first.
func TestStopAtOnce(t *testing.T) {
	s := brief(t)
	var r *result.Result
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		interrupt := make(chan struct{})
		time.AfterFunc(2*time.Second, func() { close(interrupt) })
		time.AfterFunc(2*time.Second+time.Millisecond, cancel)
		start := time.Now()
		var err error
		if r, err = Play(ctx, Options{Scenario: s, Interrupt: interrupt, network: &network{listener: l, dial: l.Dial}}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("the run took %v, want it to end soon after 2s", took)
		}
	})
	if r.Exit != result.ExitInterrupted || r.Metrics.All().Counters.Begun() == 0 {
		t.Errorf("exit code %d after %d conversations, want %d after some", r.Exit, r.Metrics.All().Counters.Begun(), result.ExitInterrupted)
	}
}

// TestProgress wants the live figures once a second, and the drain to be told from the load.
func TestProgress(t *testing.T) {
	var seen []Progress
	var started Started
	s := brief(t)
	r := virtually(t, s, Options{
		Ready:    func(s Started) { started = s },
		Progress: func(p Progress) { seen = append(seen, p) },
	})
	if started.Load != 5*time.Second || started.Customers != 5 || started.Seed != s.Seed || started.Target.Kind != result.Embedded {
		t.Errorf("started with %+v, want 5 customers for 5s with seed %d on the embedded tenant", started, s.Seed)
	}
	if length := r.Run.End.Sub(r.Run.Start); len(seen) < 5 || len(seen) != int(length/time.Second) {
		t.Fatalf("%d reports in a run of %v", len(seen), length)
	}
	for i, p := range seen {
		if want := time.Duration(i+1) * time.Second; p.At != want || p.Draining != (want > started.Load) {
			t.Errorf("report %d at %v, draining %v; the load is over at %v", i, p.At, p.Draining, started.Load)
		}
	}
	if last := seen[len(seen)-1].Live; last.Begun == 0 || last.Messages == 0 {
		t.Errorf("the last report counts %d conversations and %d messages", last.Begun, last.Messages)
	}
}

// interrupted plays a scenario in virtual time until the user interrupts it, and checks its trace.
func interrupted(t *testing.T, s *scenario.Scenario, after time.Duration) (live, again *result.Result) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		interrupt := make(chan struct{})
		time.AfterFunc(after, func() { close(interrupt) })
		var err error
		live, err = Play(t.Context(), Options{Scenario: s, Version: "test", Interrupt: interrupt, Out: dir, Trace: Policy{Share: 1},
			network: &network{listener: l, dial: l.Dial}})
		if err != nil {
			t.Fatal(err)
		}
	})
	return live, recheck(t, filepath.Join(dir, TraceFile))
}

// TestInterruptedRunLeavesItsCasesOpen wants a case that an interruption cut off to be told as that,
// live and from the trace, and what had ended before to stay as it was.
func TestInterruptedRunLeavesItsCasesOpen(t *testing.T) {
	s := load(t, "testdata/everything.yaml")
	s.Seed, s.Tenant.Mutants = 8, []string{"mute-connect:every=2", "drop-one:every=5"}
	live, again := interrupted(t, s, 6*time.Second)
	if live.Exit != result.ExitConformance || live.Run.Ended != result.EndedInterrupted {
		t.Errorf("exit code %d and ended %q, want %d for what was lost before, and %q", live.Exit, live.Run.Ended, result.ExitConformance, result.EndedInterrupted)
	}
	found := map[string]check.RuleResult{}
	for _, rule := range live.Rules {
		found[rule.ID] = rule
	}
	if con := found["CON-02"]; con.Verdict != check.Inconclusive || con.Reasons[check.RunAborted] == 0 || con.Reasons[check.RunAborted] > 20 {
		t.Errorf("CON-02 is %s for %v, want it left open for as many as were waiting, 20 at most", con.Verdict, con.Reasons)
	}
	if del := found["DEL-04"]; del.Verdict != check.Fail || del.Opportunities <= del.Violations {
		t.Errorf("DEL-04 is %s, broken %d of %d times; want what ended before the interruption to be judged", del.Verdict, del.Violations, del.Opportunities)
	}
	if got := broken(live, check.Error); len(got) > 0 {
		t.Errorf("chatbench blames itself for %v", got)
	}
	if diff := cmp.Diff(live.Rules, again.Rules, cmpopts.IgnoreFields(check.Witness{}, "Reproduce")); diff != "" {
		t.Errorf("rules (-live +from the trace):\n%s", diff)
	}
	if again.Run.Ended != result.EndedInterrupted || !strings.Contains(strings.Join(again.Notes, "\n"), "The recorded run was interrupted") {
		t.Errorf("the trace: ended %q, notes %q; want that it was interrupted", again.Run.Ended, again.Notes)
	}
}

// TestInterruptedTraceMakesNothingStale wants a known failure that only held until the interruption
// to be left alone by a check of the trace, and by an update of the list.
func TestInterruptedTraceMakesNothingStale(t *testing.T) {
	s := brief(t)
	known := []scenario.KnownFailure{{Rule: "ORD-01", Reason: "it is said to", Line: 2}}
	s.Gate.Known = known
	dir := t.TempDir()
	virtually(t, s, Options{Out: dir, Trace: Policy{Share: 1}})
	file := filepath.Join(dir, TraceFile)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	live, again := interrupted(t, s, 4*time.Second)
	if live.Known[0].State != result.KnownUnjudged || again.Exit == result.ExitStale {
		t.Errorf("live %+v, from the trace exit code %d; want an entry that is not judged", live.Known, again.Exit)
	}
	r, err := Recheck(FromTrace(bytes.NewReader(whole)), RecheckOptions{File: file, Known: known})
	if err != nil || r.Exit != result.ExitStale {
		t.Errorf("the trace of a whole run: exit code %d, error %v; want %d", r.Exit, err, result.ExitStale)
	}
}
