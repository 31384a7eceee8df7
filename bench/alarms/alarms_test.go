package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatbench/internal/compare"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// TestMain lets the test binary be the neighbour that a test starts, and a run without the load.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 2 && os.Args[1] == burnCommand:
		burn(os.Stdin)
		return
	case len(os.Args) == 6 && os.Args[1] == playCommand && os.Args[2] == "-out":
		if err := result.Save(os.Args[3], &result.Result{Verdict: result.Invalid, Target: result.Target{Note: os.Args[5]}}); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		args string
		exit int
		want string // part of what is said
	}{
		{"-h", 0, "-neighbour"},
		{"-nothing", 2, "not defined"},
		{"more", 2, `unknown argument "more"`},
		{"-keep a -again b", 2, "exclude each other"},
		{"-slowdown 1", 2, "-slowdown 1 is not more than 1"},
		{"-slowed 2", 2, "-slowed 2"},
		{"-neighbour -1s", 2, "less than 0"},
		{"-at-once 0", 2, "-at-once 0 is less than 1"},
		{"-alpha 0", 2, "-alpha"},
	} {
		var stdout, stderr bytes.Buffer
		if exit := command(t.Context(), strings.Fields(c.args), &stdout, &stderr); exit != c.exit || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s: got exit code %d and %q, want %d and %q", c.args, exit, stderr.String(), c.exit, c.want)
		}
	}
}

// TestNoTime: without time nothing is played, and the table is there all the same.
func TestNoTime(t *testing.T) {
	var stdout, stderr bytes.Buffer
	exit := command(t.Context(), []string{"-runs", "0", "-neighbour", "1ms"}, &stdout, &stderr)
	if exit != 0 || !strings.Contains(stdout.String(), "0 identical runs and 0 slowed ones in 0 turns") || !strings.Contains(stdout.String(), "| 0 | - |") {
		t.Errorf("got exit code %d, %q, %q", exit, stdout.String(), stderr.String())
	}
}

// TestTurns plays runs of processes, of which the last turn has as many as are left: the slowed ones
// are told to be slow, and all are there when the table is made.
func TestTurns(t *testing.T) {
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	if exit := command(t.Context(), strings.Fields("-runs 5 -at-once 5 -slowed 0.5 -neighbour 0 -keep "+dir), &stdout, &stderr); exit != 0 {
		t.Fatalf("exit code %d: %s", exit, stderr.String())
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	if len(files) != 5 || !strings.Contains(stdout.String(), "and 5 that were INVALID") || !strings.Contains(stderr.String(), "run 5, ") {
		t.Errorf("got %q, %q, %q", files, stdout.String(), stderr.String())
	}
	turn := turnOf(files[0])
	for _, file := range files {
		r, err := result.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		want := "1"
		if strings.HasSuffix(file, "-slowed.json") {
			want = "1.2"
		}
		if r.Target.Note != want || turnOf(file) != turn {
			t.Errorf("%s: got the slowdown %s, turn %s; want %s, %s", file, r.Target.Note, turnOf(file), want, turn)
		}
	}
}

func TestSlowDown(t *testing.T) {
	s, err := scenario.Parse("alarms.yaml", scenarioFile, scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	before := s.Tenant.Agents
	slowDown(&s.Tenant, 1.5)
	if got, want := s.Tenant.ReplyDelay.A, 30*time.Millisecond; got != want {
		t.Errorf("an answer takes %v, want %v", got, want)
	}
	if got, want := s.Tenant.Robot.Reply.B, 600*time.Millisecond; got != want {
		t.Errorf("the robot takes %v at p95, want %v", got, want)
	}
	if after := s.Tenant.Agents; after.PickUp.B != before.PickUp.B*3/2 || after.Reply.A != before.Reply.A*3/2 || after.Count != before.Count {
		t.Errorf("got agents %+v, want %+v slowed by half", after, before)
	}
}

// TestShare takes the bounds of 5 of 10 from the tables of Clopper and Pearson, and those of none
// from 1-0.025^(1/n).
func TestShare(t *testing.T) {
	for _, c := range []struct {
		k, n int
		want string
	}{
		{5, 10, "50.0 % (18.7 to 81.3)"}, {0, 10, "0.0 % (0.0 to 30.8)"}, {10, 10, "100.0 % (69.2 to 100.0)"},
		{0, 300, "0.0 % (0.0 to 1.2)"}, {0, 0, "-"},
	} {
		if got := share(c.k, c.n); got != c.want {
			t.Errorf("%d of %d: got %s, want %s", c.k, c.n, got, c.want)
		}
	}
}

// TestNeighbour: it is on and off, and ends with its context.
func TestNeighbour(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n, err := startNeighbour(ctx, time.Millisecond, 1)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); n.burnt() == 0; {
		if time.Now().After(end) {
			t.Fatal("the neighbour is never on")
		}
	}
	cancel()
	n.stop() // hangs if the process does not end
	never, err := startNeighbour(t.Context(), 0, 1)
	if err != nil || never.burnt() != 0 {
		t.Errorf("without a neighbour: it was on for %v, error %v", never.burnt(), err)
	}
	never.stop()
}

func TestBurnEndsWithItsInput(t *testing.T) {
	burn(strings.NewReader("\n\n")) // on and off again
}

// made is kept runs that nothing is known of but their number and their turns, of so many runs each.
func made(same, slow, atOnce int) *kept {
	k := &kept{}
	add := func(list *[]played, n int, of kind) {
		for i := range n {
			*list = append(*list, played{compare.Input{File: fmt.Sprint(of, i), Result: &result.Result{}}, fmt.Sprint("turn ", i/atOnce)})
		}
	}
	add(&k.identical, same, identical)
	add(&k.slowed, slow, slowed)
	return k
}

func TestTrials(t *testing.T) {
	for name, c := range map[string]struct {
		row                row
		same, slow, atOnce int
		want               int
	}{
		"pairs of the same, each run once": {row{identical, 1, true}, 11, 0, 1, 5},
		"four at once":                     {row{identical, 1, true}, 16, 0, 4, 8},
		"all at once":                      {row{identical, 1, true}, 16, 0, 16, 0},
		"pairs of both, each run once":     {row{slowed, 1, true}, 11, 4, 1, 4},
		"both, four at once":               {row{slowed, 1, true}, 16, 8, 4, 8},
		"threes, each run once":            {row{slowed, 3, true}, 40, 16, 1, 5},
		"as many as are wanted":            {row{identical, 3, false}, 11, 0, 1, 50},
		"too few runs":                     {row{identical, 8, false}, 11, 0, 1, 0},
	} {
		k := made(c.same, c.slow, c.atOnce)
		turns := map[string]string{}
		for _, p := range append(append([]played(nil), k.identical...), k.slowed...) {
			turns[p.File] = p.turn
		}
		trials := k.trials(c.row, 50, rand.New(rand.NewPCG(1, 1)))
		if len(trials) < c.want-1 || len(trials) > c.want { // halves of chance leave one over
			t.Errorf("%s: got %d trials, want %d", name, len(trials), c.want)
		}
		seen := map[string]int{}
		for _, one := range trials {
			in, base := map[string]bool{}, map[string]bool{}
			for _, run := range one.base {
				base[turns[run.File]] = true
			}
			for _, run := range append(append([]compare.Input(nil), one.base...), one.new...) {
				seen[run.File]++
				in[run.File] = true
			}
			for _, run := range one.new {
				if base[turns[run.File]] {
					t.Errorf("%s: %s is compared with a run of its own turn", name, run.File)
				}
			}
			if len(in) != 2*c.row.size || strings.HasPrefix(one.base[0].File, string(slowed)) || !strings.HasPrefix(one.new[0].File, string(c.row.new)) {
				t.Errorf("%s: got %d different runs in a trial, new %s", name, len(in), one.new[0].File)
			}
		}
		for file, n := range seen {
			if c.row.once && n > 1 {
				t.Errorf("%s: %s is in %d trials", name, file, n)
			}
		}
	}
}

// TestClaim has the bounds of none and of some, by 1-0.05^(1/n) and from the tables of Clopper and
// Pearson (one-sided at 95 %).
func TestClaim(t *testing.T) {
	for _, c := range []struct {
		claim  claim
		atOnce float64
		want   string
	}{
		{claim{0, 300}, 1, "0 of 300 trials in which each run is once; with 95 % confidence fewer than 0.99 %."},
		{claim{0, 400}, 4, "fewer than 0.75 % if trials are independent, and fewer than 3 % if the 4.0 runs of a turn stand and fall together."},
		{claim{1, 10}, 1, "fewer than 39 %."},
		{claim{3, 3}, 1, "fewer than 1e+02 %."},
		{claim{}, 1, "no trial."},
	} {
		if got := c.claim.words(c.atOnce); !strings.HasSuffix(got, c.want) {
			t.Errorf("%+v: got %q, want %q", c.claim, got, c.want)
		}
	}
}

// TestAlike has the intraclass correlation of two turns of two, by hand: the squares between are 16
// and within 1, so (16-1)/(16+1).
func TestAlike(t *testing.T) {
	for _, c := range []struct {
		why    string
		atOnce int
		values []float64
		want   float64
	}{
		{"by hand", 2, []float64{0, math.Sqrt2, 4, 4 + math.Sqrt2}, 15. / 17},
		{"the same within turns", 2, []float64{1, 1, 5, 5}, 1},
		{"one run a turn", 1, []float64{1, 2, 3, 4}, 0},
		{"all the same", 2, []float64{1, 1, 1, 1}, 0},
	} {
		if got := made(4, 0, c.atOnce).alike(c.values); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: got %v, want %v", c.why, got, c.want)
		}
	}
}

// TestTable judges kept runs: those that were INVALID are counted and not compared.
func TestTable(t *testing.T) {
	dir := t.TempDir()
	for i, r := range []*result.Result{{Verdict: result.Invalid}, {Verdict: result.Pass, Metrics: &metric.Metrics{}}} {
		if err := result.Save(fmt.Sprintf("%s/%d-identical.json", dir, i), r); err != nil {
			t.Fatal(err)
		}
	}
	var stdout, stderr bytes.Buffer
	if exit := command(t.Context(), []string{"-again", dir}, &stdout, &stderr); exit != 0 || !strings.Contains(stdout.String(), "1 identical runs and 0 slowed ones in 1 turns, and 1 that were INVALID") {
		t.Errorf("got exit code %d, %q, %q", exit, stdout.String(), stderr.String())
	}
	if err := os.WriteFile(dir+"/2-slowed.json", []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if exit := command(t.Context(), []string{"-again", dir}, &stdout, &stderr); exit != 1 || !strings.Contains(stderr.String(), "2-slowed.json") {
		t.Errorf("a broken file: got exit code %d, %q", exit, stderr.String())
	}
}
