package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadFlags(t *testing.T) {
	tests := []struct {
		why  string
		args []string
		want string // in the error; empty: none
	}{
		{"the defaults", nil, ""},
		{"all that there is", []string{"-base", "HEAD~3", "-rounds", "1", "-benchtime", "1ms", "-time", "1s"}, ""},
		{"make without BASE", []string{"-base", ""}, ""},
		{"nothing would be measured", []string{"-rounds", "0"}, "a number is less than 1"},
		{"not a time", []string{"-time", "soon"}, "invalid value"},
		{"a stray word", []string{"HEAD~3"}, `unknown argument "HEAD~3"`},
	}
	for _, tt := range tests {
		_, err := readFlags(tt.args, &bytes.Buffer{})
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want %q, for %q", tt.why, err, tt.want, tt.args)
		}
	}
}

func TestCommandRefuses(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := command(t.Context(), []string{"-rounds", "x"}, &stdout, &stderr); code != 2 || stdout.Len() > 0 {
		t.Errorf("exit code %d, output %q; want 2 and none", code, stdout.String())
	}
	if code := command(t.Context(), []string{"-h"}, &stdout, &stderr); code != 0 || !strings.Contains(stderr.String(), "-rounds") {
		t.Errorf("exit code of -h %d, said %q; want 0 and the flags", code, stderr.String())
	}
}

// benchmark is a test file with one benchmark; the body does what is measured.
func benchmark(name, body string) string {
	return "package p\n\nimport \"testing\"\n\nvar sink []byte\n\nfunc Benchmark" + name + "(b *testing.B) {\n\tfor b.Loop() {\n" + body + "\n\t}\n}\n"
}

// changed is a module whose merge base differs from the tree in every way, and the tree's files are
// not committed.
func changed(t *testing.T) *project {
	p := newProject(t)
	p.write("go.mod", "module m\n\ngo 1.26.0\n")
	p.write("deep/er/p_test.go", benchmark("Larger", "sink = make([]byte, 64)"))
	p.write("same/p_test.go", benchmark("Same", ""))
	p.write("gone/p_test.go", benchmark("Gone", ""))
	p.write("healed/p_test.go", benchmark("Healed", "no such word"))
	p.write("failing/p_test.go", benchmark("Failing", ""))
	p.write("plain/p_test.go", "package p\n")
	p.commit("a")
	p.git("checkout", "--quiet", "-b", "change")
	p.commit("b")
	p.write("deep/er/p_test.go", benchmark("Larger", "sink = make([]byte, 128)"))
	p.write("healed/p_test.go", benchmark("Healed", ""))
	p.write("failing/p_test.go", benchmark("Failing", "b.Fatal(\"it failed\")"))
	p.write("fresh/p_test.go", benchmark("Fresh", ""))
	if err := os.RemoveAll(filepath.Join(p.dir, "gone")); err != nil {
		t.Fatal(err)
	}
	return p
}

// quick are settings for a module of a test. Its temporary files go below the returned folder.
func quick(t *testing.T, p *project) (s settings, temp string) {
	temp = t.TempDir()
	t.Setenv("TMPDIR", temp)
	return settings{rounds: 2, benchtime: time.Millisecond, time: time.Minute, here: p.dir, tools: "."}, temp
}

// clean checks that nothing is left behind.
func clean(t *testing.T, p *project, temp string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(temp, "chatbench-*"))
	if len(left) > 0 || err != nil {
		t.Errorf("left behind: %q, error %v, want nothing", left, err)
	}
	if trees, _ := filepath.Glob(filepath.Join(p.dir, ".git", "worktrees", "*")); len(trees) > 0 {
		t.Errorf("worktrees left behind: %q, want none", trees)
	}
}

func TestCompare(t *testing.T) {
	offline := exec.Command("go", "tool", "-n", "benchstat")
	offline.Env = append(os.Environ(), "GOPROXY=off")
	if out, err := offline.CombinedOutput(); err != nil {
		t.Skipf("benchstat is not here, and a test does not fetch it: %s", out)
	}
	p := changed(t)
	s, temp := quick(t, p)
	var stdout, stderr bytes.Buffer
	if err := s.compare(t.Context(), &stdout, &stderr); err != nil {
		t.Fatalf("error %v, it said\n%s", err, stderr.String())
	}
	clean(t, p, temp)
	base := p.git("rev-parse", "a")[:7]
	for _, want := range []string{
		"^The same program at " + base + " and here, and so not run: same\n",
		"\n2 rounds of " + base + " and here in turn",
		`\nm/deep/er Larger\S* +64\.00 .* 128\.0`, // B/op
		`\nm/gone Gone\S* +0\.000 .*\n`,
		`\nm/fresh Fresh\S*  {15,}0\.000 `,
		`\nm/healed Healed\S*  {15,}0\.000 `,
		"sec/op", "allocs/op", "\nHow to read it: .*\n$",
	} {
		if !regexp.MustCompile(want).MatchString(stdout.String()) {
			t.Errorf("the output does not match %q:\n%s", want, stdout.String())
		}
	}
	for _, want := range []string{"left out at " + base + `: go test -c \./healed`, "benchmarks of failing at here: exit status 1\n", "it failed"} {
		if n := len(regexp.MustCompile(want).FindAllString(stderr.String(), -1)); n != 1 {
			t.Errorf("it said %q %d times, want once:\n%s", want, n, stderr.String())
		}
	}
}

// TestCompareRefuses is about what does not compile here: that would not be noticed as a row less.
func TestCompareRefuses(t *testing.T) {
	p := changed(t)
	s, temp := quick(t, p)
	p.write("deep/er/p_test.go", benchmark("Larger", "no such word"))
	err := s.compare(t.Context(), &bytes.Buffer{}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "go test -c ./deep/er") {
		t.Errorf("got error %v, want one that names the folder", err)
	}
	clean(t, p, temp)
}

func TestNothingChanged(t *testing.T) {
	p := newProject(t)
	p.write("go.mod", "module m\n\ngo 1.26.0\n")
	p.write("p_test.go", benchmark("Same", ""))
	p.main()
	s, temp := quick(t, p)
	var stdout bytes.Buffer
	err := s.compare(t.Context(), &stdout, &bytes.Buffer{})
	want := "The same program at " + p.git("rev-parse", "a")[:7] + " and here, and so not run: .\nNo benchmark is left to run.\n"
	if diff := cmp.Diff(want, stdout.String()); diff != "" || err != nil {
		t.Errorf("error %v, output (-want +got):\n%s", err, diff)
	}
	clean(t, p, temp)
}

// TestNothingToCompareWith plays the whole command in a repository of one commit.
func TestNothingToCompareWith(t *testing.T) {
	p := newProject(t)
	p.commit("a")
	t.Chdir(p.dir)
	var stdout, stderr bytes.Buffer
	code := command(t.Context(), nil, &stdout, &stderr)
	if code != 0 || !strings.HasPrefix(stdout.String(), "nothing to compare with: there is no commit HEAD^") || stderr.Len() > 0 {
		t.Errorf("exit code %d, output %q, said %q; want 0, the reason and no more", code, stdout.String(), stderr.String())
	}
}

// TestInterrupted stops it when the worktree is there and a benchmark runs that would not end.
func TestInterrupted(t *testing.T) {
	p := newProject(t)
	p.write("go.mod", "module m\n\ngo 1.26.0\n")
	p.main()
	begun := filepath.Join(p.dir, "begun")
	p.write("p_test.go", strings.Replace(benchmark("Endless", "os.WriteFile(`"+begun+"`, nil, 0o600)\nselect {}"), "import", "import \"os\"\nimport", 1))
	_, temp := quick(t, p)
	t.Chdir(p.dir)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	go func() {
		defer cancel()
		for tick := time.Tick(5 * time.Millisecond); ctx.Err() == nil; <-tick {
			if _, err := os.Stat(begun); err == nil {
				return
			}
		}
	}()
	var stdout, stderr bytes.Buffer
	code := command(ctx, nil, &stdout, &stderr)
	if _, err := os.Stat(begun); code != 130 || stderr.String() != "against: interrupted\n" || err != nil {
		t.Errorf("exit code %d, output %q, said %q; want 130 and that it was interrupted; benchmark begun: error %v", code, stdout.String(), stderr.String(), err)
	}
	clean(t, p, temp)
}
