package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/compare"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/trace"
)

// fifteenSeconds is the result of a run in which every send took about so many seconds.
func fifteenSeconds(seed uint64, took float64) *result.Result {
	r := rand.New(rand.NewPCG(seed, 1))
	rec := metric.NewRecorder([]metric.StageInfo{{Name: "load", End: 15 * time.Second}}, 1, metric.Options{})
	m := rec.Customer(0)
	for i := range 15 * 60 {
		at := time.Duration(i) * time.Second / 60
		e := trace.Event{Kind: trace.Invoke, At: at, Op: aicc.OpSend, ID: uint32(i + 1), Intended: at}
		m.Observe(&e)
		e.Kind, e.Started, e.Class, e.Status, e.Code = trace.Return, at, aicc.OK, 200, aicc.CodeOK
		e.At = at + time.Duration(took*math.Exp(0.1*r.NormFloat64())*1e9)
		m.Observe(&e)
	}
	for second := range 15 {
		rec.Tick(second)
	}
	return &result.Result{
		Verdict: result.Pass, Metrics: rec.Finish(), Target: result.Target{Kind: result.Embedded},
		Scenario: result.Scenario{Name: "made", Hash: "0123456789ab", Seed: seed},
		Run:      result.Run{ID: fmt.Sprint("run", seed), Host: result.Host{OS: "linux", Arch: "amd64", Cores: 2}},
	}
}

// madeResults are files of results in a new folder: same1, same2, same3 and slow, and one that was INVALID.
func madeResults(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	save := func(name string, r *result.Result) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := result.Save(path, r); err != nil {
			t.Fatal(err)
		}
	}
	save("same1.json", fifteenSeconds(1, 0.05))
	save("several/same2.json", fifteenSeconds(2, 0.05))
	save("several/run3/result.json", fifteenSeconds(3, 0.05))
	save("slow/result.json", fifteenSeconds(4, 0.07))
	invalid := fifteenSeconds(5, 0.05)
	invalid.Verdict = result.Invalid
	save("invalid.json", invalid)
	other := fifteenSeconds(6, 0.05)
	other.Scenario.Hash = "ba9876543210"
	save("other.json", other)
	if err := os.WriteFile(filepath.Join(dir, "several", compare.FileName), []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestCompare(t *testing.T) {
	t.Chdir(madeResults(t))
	for _, c := range []struct {
		args   string
		exit   int
		stdout string // part of it
		stderr string
	}{
		{"same1.json several", 0, "SAME  Nothing got worse", ""},
		{"same1.json slow", 3, "send.response p50", ""},
		{"slow same1.json", 0, "BETTER", ""},
		{"same1.json several/same2.json -- slow", 3, "WORSE", ""},
		{"same1.json -- several/same2.json several/run3", 0, "SAME", ""},
		{"same1.json slow --min-effect 60%", 0, "less than 60 %", ""},
		{"same1.json slow --metric errors", 0, "SAME", ""},
		{"same1.json slow --metric delivery", 2, "CANNOT TELL  There is no figure", ""},
		{"same1.json slow --format json", 3, `"schema": "chatbench.comparison/1"`, ""},
		{"same1.json slow --format markdown", 3, "### chatbench compare: WORSE (exit 3)", ""},
		{"same1.json other.json --anyway", 0, "in doubt", ""},

		{"same1.json other.json", 64, "", "--anyway compares them all the same"},
		{"same1.json invalid.json", 5, "", "invalid.json: the run was INVALID"},
		{"same1.json same1.json", 64, "", "it is the same run as same1.json"},
		{"same1.json nothing.json", 64, "", "no result file at nothing.json"},
		{"nothing1.json nothing2.json", 64, "", "nothing2.json"},
		{"same1.json empty", 64, "", "no result in the folder empty"},
		{"", 64, "", "compare needs a base and a new result"},
		{"same1.json", 64, "", "something to hold same1.json against"},
		{"same1.json several slow", 64, "", `which of these 3 are the base? Put "--" between`},
		{"same1.json --", 64, "", "no result on one side"},
		{"same1.json slow --metric delivry", 64, "", `did you mean "delivery"?`},
		{"same1.json slow --format xml", 64, "", "not text, html, json or markdown"},
		{"same1.json slow --alpha 70%", 64, "", "--alpha 70%"},
		{"same1.json slow --alpha NaN", 64, "", "--alpha NaN%"},
		{"same1.json slow --min-effect NaN", 64, "", "--min-effect NaN%"},
		{"same1.json slow --min-effect tenth", 64, "", "not a share such as 10% or 0.1"},
		{"same1.json slow --min-effect 0", 64, "", "--min-effect 0%"},
		{"same1.json slow --out nowhere/c.txt", 64, "", "nowhere"},
	} {
		var stdout, stderr bytes.Buffer
		exit := command(append([]string{"compare"}, strings.Fields(c.args)...), &stdout, &stderr)
		if exit != c.exit || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("compare %s: got exit code %d, want %d with %q on stdout, %q on stderr\n%s\n%s",
				c.args, exit, c.exit, c.stdout, c.stderr, stdout.String(), stderr.String())
		}
		if c.exit == 64 && stdout.Len() > 0 {
			t.Errorf("compare %s: got %q on stdout, want nothing", c.args, stdout.String())
		}
	}
}

func TestCompareFlagsAreChecked(t *testing.T) {
	for _, tt := range []struct {
		why              string
		alpha, minEffect share
		ok               bool
	}{
		{"the defaults", compare.DefaultAlpha, compare.DefaultMinEffect, true},
		{"no false alarm at all", 0, 0.1, false},
		{"a coin", 0.5, 0.1, false},
		{"no effect at all", 0.01, 0, false},
		{"no number", share(math.NaN()), 0.1, false},
		{"no number of the other", 0.01, share(math.NaN()), false},
		{"without a limit", 0.01, share(math.Inf(1)), false},
	} {
		f := compareFlags{alpha: tt.alpha, minEffect: tt.minEffect}
		if err := f.check(); (err == nil) != tt.ok {
			t.Errorf("%s: error %v, want none: %v", tt.why, err, tt.ok)
		}
	}
}

func TestCompareIntoAFile(t *testing.T) {
	t.Chdir(madeResults(t))
	var stdout, stderr bytes.Buffer
	if exit := command([]string{"compare", "same1.json", "slow", "--format", "json", "--out", "c.json"}, &stdout, &stderr); exit != 3 || stdout.Len() > 0 {
		t.Errorf("got exit code %d and %q, %q", exit, stdout.String(), stderr.String())
	}
	r, err := compare.Load("c.json")
	if err != nil || r.Verdict != compare.Worse || r.Base.Runs[0].File != "same1.json" {
		t.Errorf("got %+v, error %v", r, err)
	}
}

// TestBaselineJudges: what a comparison makes of a run that was played.
func TestBaselineJudges(t *testing.T) {
	base := []compare.Input{{File: "base", Result: fifteenSeconds(1, 0.05)}}
	flags := compareFlags{alpha: compare.DefaultAlpha, minEffect: compare.DefaultMinEffect}
	for name, c := range map[string]struct {
		run     *result.Result
		change  func(*result.Result)
		verdict result.Verdict
		exit    result.Exit
		gates   int
		found   bool
	}{
		"the same":           {fifteenSeconds(2, 0.05), func(*result.Result) {}, result.Pass, 0, 1, true},
		"slower":             {fifteenSeconds(3, 0.07), func(*result.Result) {}, result.Fail, 3, 1, true},
		"INVALID":            {fifteenSeconds(4, 0.07), func(r *result.Result) { r.Verdict, r.Exit = result.Invalid, 5 }, result.Invalid, 5, 1, false},
		"interrupted":        {fifteenSeconds(5, 0.07), func(r *result.Result) { r.Run.Ended = result.EndedInterrupted }, result.Pass, 0, 0, false},
		"without any figure": {fifteenSeconds(6, 0.07), func(r *result.Result) { r.Metrics = nil }, result.Inconclusive, 2, 1, false},
	} {
		c.change(c.run)
		b := baseline{runs: base, compareFlags: flags}
		b.judge(c.run)
		if r := c.run; r.Verdict != c.verdict || r.Exit != c.exit || len(r.Gates) != c.gates || (b.found != nil) != c.found {
			t.Errorf("%s: got %q, exit code %d, gates %+v, a comparison %v; want %q, %d, %d gates, %v",
				name, r.Verdict, r.Exit, r.Gates, b.found != nil, c.verdict, c.exit, c.gates, c.found)
		}
	}
}

func TestBaselineErrorOfTheWriter(t *testing.T) {
	b := baseline{found: &compare.Report{Reasons: []string{"It is the same."}}}
	if err := b.text(lost{}, false); err == nil {
		t.Error("text: got no error")
	}
	if _, err := b.save(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("save: got error %v", err)
	}
}
