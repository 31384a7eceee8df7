//go:build !race

// The programs that are played here are built without the race detector, whatever the test is.

package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// pipeline is what a CI server would do: shell steps in order, and files to keep.
type pipeline struct {
	steps     []step
	artefacts []string
	retry     []int // exit codes after which the server plays the pipeline once more
}

// step is a shell script. The server goes on after one that failed only with steps that always run.
type step struct {
	script string
	always bool
}

// githubPipeline reads the steps of a GitHub workflow with one job.
func githubPipeline(t *testing.T) pipeline {
	var file struct {
		Jobs map[string]struct {
			Steps []struct {
				Run, Uses, If string
				With          struct{ Path string }
			}
		}
	}
	readYAML(t, "github-actions.yml", &file)
	var p pipeline
	for _, s := range file.Jobs["nightly"].Steps {
		switch {
		case s.Run != "":
			p.steps = append(p.steps, step{s.Run, s.If == "always()"})
		case strings.HasPrefix(s.Uses, "actions/upload-artifact@"):
			p.artefacts = strings.Fields(s.With.Path)
		}
	}
	return p
}

// gitlabPipeline reads the one job of a GitLab pipeline.
func gitlabPipeline(t *testing.T) pipeline {
	var file struct {
		Chatbench struct {
			Script []string
			Retry  struct {
				Max       int
				ExitCodes []int `yaml:"exit_codes"`
			}
			Artifacts struct {
				Paths   []string
				Reports map[string]string
			}
		}
	}
	readYAML(t, "gitlab-ci.yml", &file)
	job := file.Chatbench
	p := pipeline{steps: []step{{script: strings.Join(job.Script, "\n")}}, artefacts: job.Artifacts.Paths}
	for _, report := range job.Artifacts.Reports {
		p.artefacts = append(p.artefacts, report)
	}
	if job.Retry.Max == 1 {
		p.retry = job.Retry.ExitCodes
	}
	return p
}

var (
	jenkinsShell   = regexp.MustCompile(`(?s)\bsh(?:\(returnStatus: true, script:)? ?'(?:''(.+?)''|([^'\n]+))'`)
	jenkinsReports = regexp.MustCompile(`(?:junit|archiveArtifacts artifacts:) '([^']+)'`)
)

// jenkinsPipeline finds the shell steps in a Jenkinsfile, whose other words are Groovy.
func jenkinsPipeline(t *testing.T) pipeline {
	text := readCI(t, "Jenkinsfile")
	var p pipeline
	for _, m := range jenkinsShell.FindAllStringSubmatch(text, -1) {
		p.steps = append(p.steps, step{script: m[1] + m[2]})
	}
	for _, m := range jenkinsReports.FindAllStringSubmatch(text, -1) {
		p.artefacts = append(p.artefacts, strings.Split(m[1], ", ")...)
	}
	return p
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(readCI(t, file)), into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func readCI(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../deploy/ci", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// played is what came of a pipeline.
type played struct {
	code   int // of the step that failed first, or 0
	output string
}

// play runs the steps in a folder as the server would: every one in a shell of its own that ends at
// the first command that fails.
func (p *pipeline) play(t *testing.T, dir string, env []string) played {
	t.Helper()
	var all played
	for _, s := range p.steps {
		if all.code != 0 && !s.always {
			continue
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-e", "-c", s.script)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
		output, err := cmd.CombinedOutput()
		all.output += string(output)
		var failed *exec.ExitError
		switch {
		case errors.As(err, &failed) && all.code == 0:
			all.code = failed.ExitCode()
		case err != nil && failed == nil:
			t.Fatal(err)
		}
	}
	return all
}

// serve plays the pipeline, and once more where the server was told to.
func (p *pipeline) serve(t *testing.T, dir string, env []string) played {
	t.Helper()
	first := p.play(t, dir, env)
	if !slices.Contains(p.retry, first.code) {
		return first
	}
	second := p.play(t, dir, env)
	return played{second.code, first.output + second.output}
}

// shortNight makes the nightly scenario last seconds, on a machine that is as busy as it may be.
var shortNight = []string{"CHATBENCH_CUSTOMERS=200", "CHATBENCH_RAMP=1s", "CHATBENCH_FOR=7s", "CHATBENCH_LATENESS=1h", "CHATBENCH_CPU=100%"}

// TestCI plays the examples of deploy/ci in a copy of this repository: on a healthy tenant, on one
// with a fault, and on a machine that is too slow. Only what is a server's own is not played:
// checking out, installing Go, uploading.
func TestCI(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program and plays for two minutes")
	}
	for _, program := range []string{"bash", "make", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("the examples need %s", program)
		}
	}
	faulty := startFaultyTenant(t)
	servers := map[string]pipeline{"github": githubPipeline(t), "gitlab": gitlabPipeline(t), "jenkins": jenkinsPipeline(t)}
	for name, p := range servers {
		if len(p.steps) == 0 || len(p.artefacts) < 5 {
			t.Fatalf("%s: %d steps and the artefacts %q were found", name, len(p.steps), p.artefacts)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time is spent waiting
			dir := copyRepository(t)
			p.nights(t, dir, faulty)
			if name == "gitlab" { // it has the least to do
				p.holdAgainstBaseline(t, dir)
			}
		})
	}
}

// nights plays a pipeline on a good night and on bad ones.
func (p *pipeline) nights(t *testing.T, dir, faulty string) {
	tests := []struct {
		why   string
		env   []string
		code  int
		says  string // in the report
		times int    // how often the scenario was played
	}{
		{"the tenant is healthy", nil, 0, "PASS", 1},
		{"the tenant breaks a rule", []string{"CHATBENCH_FOR=2s", "CHATBENCH_FLAGS=--target " + faulty}, 1, "FAIL", 1},
		{"the machine is too slow", []string{"CHATBENCH_FOR=2s", "CHATBENCH_CPU=1%"}, 5, "INVALID", 2},
		{"nobody listens", []string{"CHATBENCH_FLAGS=--target http://127.0.0.1:1"}, 6, "", 0},
	}
	for _, test := range tests {
		if err := os.RemoveAll(filepath.Join(dir, "results")); err != nil {
			t.Fatal(err)
		}
		summary := filepath.Join(t.TempDir(), "summary.md")
		env := slices.Concat(shortNight, []string{"GITHUB_STEP_SUMMARY=" + summary, "CHATBENCH_FLAGS="}, test.env)
		got := p.serve(t, dir, env)
		if got.code != test.code {
			t.Errorf("%s: exit code %d, want %d\n%s", test.why, got.code, test.code, got.output)
		}
		if test.times == 0 {
			continue
		}
		if n := strings.Count(got.output, "\nWhat was tested\n"); n != test.times {
			t.Errorf("%s: it was played %d times, want %d", test.why, n, test.times)
		}
		for _, file := range p.artefacts {
			if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Size() == 0 {
				t.Errorf("%s: the artefact %s is not there: %v", test.why, file, err)
			}
		}
		if report := contents(t, filepath.Join(dir, "results/report.txt")); !strings.HasPrefix(report, test.says) {
			t.Errorf("%s: the report begins with %.80q, want %s", test.why, report, test.says)
		}
		if text, err := os.ReadFile(summary); p.steps[len(p.steps)-1].always && (err != nil || !bytes.Contains(text, []byte(test.says))) {
			t.Errorf("%s: the job's summary is %.80q, error %v; want %s", test.why, text, err, test.says)
		}
	}
}

// holdAgainstBaseline plays a pipeline once more where the result of a good night was committed.
func (p *pipeline) holdAgainstBaseline(t *testing.T, dir string) {
	t.Helper()
	night := slices.Concat(shortNight, []string{"GITHUB_STEP_SUMMARY=" + os.DevNull, "CHATBENCH_FLAGS="})
	if got := p.serve(t, dir, night); got.code != 0 {
		t.Fatalf("a good night: exit code %d\n%s", got.code, got.output)
	}
	if err := os.MkdirAll(filepath.Join(dir, "baseline"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "results/result.json"), filepath.Join(dir, "baseline/1.json")); err != nil {
		t.Fatal(err)
	}
	got := p.serve(t, dir, night)
	if _, err := os.Stat(filepath.Join(dir, "results/comparison.json")); err != nil || !slices.Contains([]int{0, 2, 3}, got.code) {
		t.Errorf("a night with a baseline: exit code %d, want 0, or what seconds on a busy machine come to; %v\n%s", got.code, err, got.output)
	}
}

// copyRepository copies what a checkout would have into a folder of its own.
func copyRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		inside, _ := filepath.Rel("../..", path)
		switch {
		case err != nil:
			return err
		case inside != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case d.IsDir():
			return os.MkdirAll(filepath.Join(dir, inside), 0o777)
		case !d.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, inside), data, 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var listening = regexp.MustCompile(`chatbench tenant at (http://\S+),`)

// startFaultyTenant starts a tenant that forgets some result codes, and gives its address. The program is
// the one that the scripts have: TestMain put it on the PATH.
func startFaultyTenant(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "chatbench", "tenant", "--listen", "127.0.0.1:0",
		"--config", "../../scenarios/nightly.yaml", "--mutant", "shape-no-code:every=50")
	out := &output{written: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Wait() }) // the test's context has killed it by then
	for late := time.After(patience); ; {
		text, changed := out.now()
		if m := listening.FindStringSubmatch(text); m != nil {
			return m[1]
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("the tenant did not say where it is: %s", text)
		}
	}
}
