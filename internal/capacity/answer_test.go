package capacity

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/result"
)

// tenantGone is a synthetic tenant that goes away at a load.
func tenantGone(at float64, before synthetic) synthetic {
	return func(number int, load float64) Outcome {
		if load >= at {
			return Gone
		}
		return before(number, load)
	}
}

func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		search func(*Search)
		tenant synthetic
		kind   Kind
		exit   result.Exit
		says   []string // parts of the sentences
	}{
		{"a limit of the tenant", nil, sharp(100), Found, result.ExitOK,
			[]string{`The tenant carries 95 customers and does not carry 104 customers. "reply p95 < 1s": it was 2 s.`}},
		{"none is carried", nil, sharp(0), Found, result.ExitOK, []string{"No load was shown to be carried: 1 customer is too much."}},
		{"more than was asked for", func(s *Search) { s.Most = 50 }, sharp(100), NotReached, result.ExitOK,
			[]string{"The limit was not reached: the tenant carries 50 customers, the most that was asked for."}},
		{"more than could be paid for", func(s *Search) { s.Steps = 3 }, sharp(100), NotReached, result.ExitOK,
			[]string{"carries 40 customers, the most that was tried.", "before it was done (step budget)", "It is not sure"}},
		{"this machine", nil, weak(70, sharp(100)), ByMachine, result.ExitInvalid,
			[]string{"This machine is the limit, not the tenant: the tenant carries 68 customers; at 74 customers chatbench itself was short"}},
		{"this machine, at any load", nil, weak(0, sharp(100)), ByMachine, result.ExitInvalid, []string{"nothing is known of the tenant's"}},
		{"too few samples at any load", func(s *Search) { s.Most = 40 }, func(int, float64) Outcome { return Thin }, Untold, result.ExitInconclusive,
			[]string{"It cannot be told what the tenant carries."}},
		{"too few samples at small loads", nil, func(n int, load float64) Outcome {
			if load < 30 {
				return Thin
			}
			return sharp(100)(n, load)
		}, Found, result.ExitOK, []string{"carries 95 customers and does not carry 104"}},
		{"the tenant goes away", nil, tenantGone(80, sharp(1000)), Vanished, result.ExitUnreachable,
			[]string{"The tenant went away at 80 customers; it carries 40 customers. Whether the load made it go cannot be told"}},
		{"the tenant goes away at once", nil, tenantGone(0, nil), Vanished, result.ExitUnreachable, []string{"before any load was shown to be carried"}},
		{"a bug", nil, func(int, float64) Outcome { return Broken }, Nothing, result.ExitBug, []string{"nothing is known"}},
		{"interrupted", nil, func(number int, load float64) Outcome {
			if number > 3 {
				return Cut
			}
			return Carried
		}, NotReached, result.ExitInterrupted, []string{"carries 40 customers", "(interrupted)"}},
		{"interrupted at once", nil, func(int, float64) Outcome { return Cut }, Nothing, result.ExitInterrupted, []string{"No probe was made"}},
		{"arrivals", func(s *Search) { s.Unit, s.From, s.Most = UnitArrivals, 1, 1.5 }, sharp(9), NotReached, result.ExitOK, []string{"1.5 arrivals a second"}},

		{"a demand that is met", func(s *Search) { s.AtLeast = 95 }, sharp(100), Found, result.ExitOK, nil},
		{"a demand within the interval that is met", func(s *Search) { s.AtLeast = 99 }, sharp(100), Found, result.ExitOK, nil},
		{"a demand within the interval that is not met", func(s *Search) { s.AtLeast = 102 }, sharp(100), Found, result.ExitPerformance, nil},
		{"a demand that is not met", func(s *Search) { s.AtLeast = 500 }, sharp(100), Found, result.ExitPerformance, nil},
		{"a demand that this machine cannot make", func(s *Search) { s.AtLeast = 500 }, weak(70, sharp(1000)), ByMachine, result.ExitInvalid, nil},
		{"a demand that this machine can make", func(s *Search) { s.AtLeast = 60 }, weak(70, sharp(1000)), ByMachine, result.ExitOK, nil},
		{"a demand that nothing was found out about", func(s *Search) { s.AtLeast, s.Steps = 500, 3 }, sharp(1000), NotReached, result.ExitInconclusive, nil},
		{"a demand that one probe met, which is not sure", func(s *Search) { s.AtLeast, s.Steps = 40, 3 }, sharp(1000), NotReached, result.ExitInconclusive, nil},
	} {
		s := plain()
		if tt.search != nil {
			tt.search(&s)
		}
		r := ask(t, s, tt.tenant)
		if r.Answer.Kind != tt.kind || r.Exit != tt.exit {
			t.Errorf("%s: %q, exit code %d, want %q, %d (%v)", tt.name, r.Answer.Kind, r.Exit, tt.kind, tt.exit, r.Answer.Sentences)
		}
		said := strings.Join(r.Answer.Sentences, " ")
		for _, part := range tt.says {
			if !strings.Contains(said, part) {
				t.Errorf("%s: %q, want %q in it", tt.name, said, part)
			}
		}
	}
}

// TestAnswerTellsNoise says how often a load passed at which probes disagree.
func TestAnswerTellsNoise(t *testing.T) {
	r := ask(t, plain(), func(number int, load float64) Outcome {
		if number == 3 {
			return Missed
		}
		return sharp(100)(number, load)
	})
	if !slices.Contains(r.Answer.Sentences, "The edge is noisy: at 40 customers 2 of 3 probes passed; the majority has it.") {
		t.Errorf("%q", r.Answer.Sentences)
	}
}

// TestAnswerNamesCommonLimit names the limit that most probes of the upper end missed.
func TestAnswerNamesCommonLimit(t *testing.T) {
	missed := func(name string) Probe { return Probe{Load: 20, Outcome: Missed, Limits: []Limit{{Name: name}}} }
	a := plain().Answer([]Probe{missed("a"), missed("b"), missed("b")}, Complete)
	if a.Limit == nil || a.Limit.Name != "b" {
		t.Errorf("%+v, want b", a.Limit)
	}
}

func TestBudget(t *testing.T) {
	s := plain()
	s.Settle, s.Hold, s.Budget = 10*time.Second, 20*time.Second, 100*time.Second
	took := func(seconds ...int) []Probe {
		var list []Probe
		for _, n := range seconds {
			list = append(list, Probe{Took: time.Duration(n) * time.Second})
		}
		return list
	}
	for _, tt := range []struct {
		name   string
		probes []Probe
		want   Stop
	}{
		{"the first takes as long as its stages", nil, Complete},
		{"30 of 100 s are spent", took(30), Complete},
		{"the last that fits exactly", took(35, 30), Complete}, // 65 and 35
		{"the next may last as long as the longest", took(40, 30), OutOfTime},
		{"nothing is left", took(60, 60), OutOfTime},
	} {
		if got := s.Afford(tt.probes); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	s.Budget, s.Steps = 0, 2
	if got := s.Afford(took(1000)); got != Complete {
		t.Errorf("without a limit on time: %q", got)
	}
	if got := s.Afford(took(1, 1)); got != OutOfSteps {
		t.Errorf("two of two steps: %q", got)
	}
}

// TestGoKeepsEachProbe wants the report to be kept before the first and after every probe, as one
// that was interrupted, so that it can be gone on with.
func TestGoKeepsEachProbe(t *testing.T) {
	r := &Report{Search: plain()}
	var kept []int
	err := r.Go(sharp(100).probe, func(r *Report) error {
		kept = append(kept, len(r.Probes))
		if last := len(r.Probes) == 10; (r.Answer.Stop == Interrupted) == last {
			t.Errorf("after %d probes it is kept as %q", len(r.Probes), r.Answer.Stop)
		}
		return nil
	})
	if want := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}; err != nil || !slices.Equal(kept, want) {
		t.Errorf("kept after %v probes, %v; want %v", kept, err, want)
	}
	full := errors.New("disk full")
	r = &Report{Search: plain()}
	if err := r.Go(sharp(100).probe, func(*Report) error { return full }); !errors.Is(err, full) {
		t.Errorf("a report that cannot be kept: %v", err)
	}
}

func TestResume(t *testing.T) {
	made := func(change func(*Report)) *Report {
		r := &Report{Search: plain(), Flags: []string{"--strict=true"}}
		r.Scenario.Hash, r.Host = "0123456789abcdef", result.Host{OS: "linux", Arch: "amd64", Cores: 2, Name: fmt.Sprint(change != nil)}
		if change != nil {
			change(r)
		}
		return r
	}
	before := made(func(r *Report) { r.Probes = []Probe{{Load: 10, Outcome: Carried}} })
	on, err := made(func(r *Report) { r.Search.Most, r.Search.Budget = 50, time.Hour }).Resume(before)
	if err != nil || len(on.Probes) != 1 || on.Search.Most != 50 {
		t.Errorf("a search that may cost more: %+v, %v", on, err)
	}
	for _, tt := range []struct {
		name   string
		change func(*Report)
		want   string
	}{
		{"another scenario", func(r *Report) { r.Scenario.Hash = "f" }, "the scenario was changed"},
		{"another unit", func(r *Report) { r.Search.Unit = UnitArrivals }, "counts customers"},
		{"another hold", func(r *Report) { r.Search.Hold = time.Hour }, "--hold 0s"},
		{"another machine", func(r *Report) { r.Host.Cores = 64 }, "made on linux/amd64 with 2 processors"},
		{"other flags", func(r *Report) { r.Flags = nil }, "--strict=true"},
	} {
		if _, err := made(tt.change).Resume(before); !errors.Is(err, ErrOther) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q in it", tt.name, err, tt.want)
		}
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	want := ask(t, plain(), weak(100, noisy(60, 90, 1)))
	if err := Save(dir, want); err != nil {
		t.Fatal(err)
	}
	got, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	want.Schema = Schema1
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-saved +loaded):\n%s", diff)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%d files in the folder, want one", len(files))
	}
	for _, tt := range []struct {
		name, content string
		want          error
	}{
		{"a result of a run", `{"schema": "chatbench.result/1"}`, ErrNotReport},
		{"another version", `{"schema": "chatbench.capacity/2"}`, result.ErrVersion},
		{"something else", `{"a": 1}`, ErrNotReport},
		{"no JSON", `hello`, ErrNotReport},
		{"cut off", `{"schema": "chatbench.capacity/1", "probes": [`, result.ErrTruncated},
		{"wrong types", `{"schema": "chatbench.capacity/1", "probes": 3}`, ErrNotReport},
	} {
		file := filepath.Join(dir, "other.json")
		if err := os.WriteFile(file, []byte(tt.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := Load(filepath.Join(dir, "nothing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
