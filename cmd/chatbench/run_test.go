package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"chatbench/internal/result"
	"chatbench/internal/run"
	"chatbench/internal/scenario"
	"chatbench/internal/sim"
)

func TestExitCode(t *testing.T) {
	_, problems := scenario.Parse("x.yaml", []byte("chatbench: 1\nlaod: []\nflow: {}\n"), scenario.Options{})
	target := &sim.TargetError{Sentence: "nothing listens", Hint: "start it", Err: io.EOF}
	tests := []struct {
		why  string
		err  error
		code int
		text string // the start of what is said
	}{
		{"nothing went wrong", nil, 0, ""},
		{"the gate has spoken, and the report has been written", exitError(result.ExitPerformance), 3, ""},
		{"a bug", exitError(result.ExitBug), 70, ""},
		{"the target cannot be used", target, 6, "chatbench: nothing listens; start it\n"},
		{"so does one that is wrapped", fmt.Errorf("run: %w", target), 6, "chatbench: nothing listens; start it\n"},
		{"interrupted too early for a report", run.ErrInterrupted, 130, "chatbench: interrupted before the load began"},
		{"the command line", usagef("--customers %d", -1), 64, "chatbench: --customers -1\n"},
		{"a file", &os.PathError{Op: "open", Path: "x.yaml", Err: os.ErrNotExist}, 64, "chatbench: open x.yaml: file does not exist\n"},
		{"this machine", &run.ResourceError{Sentence: "too few", Hint: "ulimit"}, 64, "chatbench: too few; ulimit\n"},
		{"a scenario, a line each problem", problems, 64, "x.yaml:"},
	}
	for _, tt := range tests {
		var b strings.Builder
		if code := exitCode(tt.err, &b, nil); code != tt.code {
			t.Errorf("%s: exit code %d, want %d", tt.why, code, tt.code)
		}
		if got := b.String(); !strings.HasPrefix(got, tt.text) || tt.text == "" && got != "" {
			t.Errorf("%s: said %q, want %q", tt.why, got, tt.text)
		}
	}
	if n := strings.Count(problemsOf(problems), "x.yaml:"); n < 2 {
		t.Errorf("%d lines with a place for two problems: %v", n, problems)
	}
}

func problemsOf(err error) string {
	var b strings.Builder
	exitCode(err, &b, nil)
	return b.String()
}

func TestGiven(t *testing.T) {
	tests := []struct {
		why  string
		args []string
		want []string
	}{
		{"none was used", nil, nil},
		{"in the order of the names, not of the command line", []string{"--strict", "--customers", "50", "--duration=90s"},
			[]string{"--customers=50", "--duration=1m30s", "--strict=true"}},
		{"one that says what holds anyway was used all the same", []string{"--strict=false", "--markers", "auto"}, []string{"--markers=auto", "--strict=false"}},
		{"lists with commas", []string{"--rule", "DSC", "--rule=MED-01"}, []string{"--rule=DSC,MED-01"}},
		{"others are not asked for", []string{"--app-secret", "s", "--seed", "5"}, nil},
	}
	for _, tt := range tests {
		cmd := newRun()
		if err := cmd.ParseFlags(tt.args); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, given(cmd, "customers", "duration", "markers", "strict", "rule")); diff != "" {
			t.Errorf("%s: given %q (-want +got):\n%s", tt.why, tt.args, diff)
		}
	}
}

// TestNoColour wants files and buffers never to be painted, and a terminal not when told so.
func TestNoColour(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminals: ", err)
	}
	defer terminal.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "report.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tests := []struct {
		why           string
		w             io.Writer
		flag          bool
		noColor, term string
		want          bool
	}{
		{"a terminal", terminal, false, "", "xterm", true},
		{"the flag", terminal, true, "", "xterm", false},
		{"the variable, whatever it says", terminal, false, "0", "xterm", false},
		{"a terminal that can do nothing", terminal, false, "", "dumb", false},
		{"a device that is no terminal", null, false, "", "xterm", false},
		{"a file", file, false, "", "xterm", false},
		{"no file at all", new(bytes.Buffer), false, "", "xterm", false},
	}
	for _, tt := range tests {
		t.Setenv("NO_COLOR", tt.noColor)
		t.Setenv("TERM", tt.term)
		cmd := newReport()
		cmd.Flags().Bool("no-color", tt.flag, "")
		if got := colored(cmd, tt.w); got != tt.want {
			t.Errorf("%s: colours %v, want %v", tt.why, got, tt.want)
		}
	}
}

// lost is standard output that nobody takes.
type lost struct{}

func (lost) Write([]byte) (int, error) { return 0, errors.New("nobody reads") }

// TestDeliver wants results to be written wherever they can be, the rest to be said, and a run that
// passed not to pass for one whose results are there.
func TestDeliver(t *testing.T) {
	folder := t.TempDir()
	absent := filepath.Join(folder, "absent")
	tests := []struct {
		why    string
		flags  runFlags
		stdout io.Writer
		exit   result.Exit // of the run
		want   result.Exit
		say    []string // on standard error; none: nothing
		rescue bool     // the result is kept with the temporary files
	}{
		{"to standard output alone", runFlags{}, new(bytes.Buffer), 0, 0, nil, false},
		{"to a folder as well", runFlags{out: folder}, new(bytes.Buffer), 3, 3, nil, false},
		{"the folder is gone", runFlags{out: absent}, new(bytes.Buffer), 0, 64, []string{"could not all be written", absent, "the result is in"}, true},
		{"a broken rule goes before a missing folder", runFlags{out: absent}, new(bytes.Buffer), 1, 1, []string{"could not all be written"}, true},
		{"nobody reads", runFlags{}, lost{}, 0, 64, []string{"nobody reads", "the result is in"}, true},
		{"nobody reads the JSON", runFlags{json: true}, lost{}, 0, 64, []string{"nobody reads", "the result is in"}, true},
		{"nobody reads, but the folder has it", runFlags{out: folder}, lost{}, 0, 64, []string{"nobody reads"}, false},
	}
	for _, tt := range tests {
		rescued := t.TempDir()
		t.Setenv("TMPDIR", rescued)
		var stderr bytes.Buffer
		cmd := &cobra.Command{}
		cmd.SetOut(tt.stdout)
		cmd.SetErr(&stderr)
		err := tt.flags.deliver(cmd, &result.Result{Exit: tt.exit, Verdict: result.Pass}, nil)
		if want := exitError(tt.want); err != want {
			t.Errorf("%s: %v, want %v", tt.why, err, want)
		}
		for _, part := range tt.say {
			if !strings.Contains(stderr.String(), part) {
				t.Errorf("%s: standard error %q, want %q in it", tt.why, stderr.String(), part)
			}
		}
		if len(tt.say) == 0 && stderr.Len() > 0 {
			t.Errorf("%s: standard error %q, want nothing", tt.why, stderr.String())
		}
		kept, _ := filepath.Glob(filepath.Join(rescued, "chatbench-*", run.ResultFile))
		if (len(kept) == 1) != tt.rescue {
			t.Errorf("%s: kept %q, want a result there: %v", tt.why, kept, tt.rescue)
		}
	}
}

// TestDeliverNamesWhatIsThere wants the report to name the files that were written, and no others.
func TestDeliverNamesWhatIsThere(t *testing.T) {
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, run.ReportFile, "in the way"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	var stdout bytes.Buffer
	cmd := &cobra.Command{}
	cmd.SetOut(&stdout)
	cmd.SetErr(io.Discard)
	f := runFlags{out: folder}
	if err := f.deliver(cmd, &result.Result{}, nil); err != exitError(result.ExitUsage) {
		t.Errorf("error %v, want exit code %d", err, result.ExitUsage)
	}
	if text := stdout.String(); !strings.Contains(text, run.ResultFile) || strings.Contains(text, run.ReportFile) {
		t.Errorf("the report names other files than %s alone:\n%s", run.ResultFile, text)
	}
}

// TestTerminalGoes closes the terminal of a command, which must end in good order then: a conversation
// that nobody hangs up stays open at the tenant.
func TestTerminalGoes(t *testing.T) {
	cmd := exec.Command("chatbench", "tenant", "--listen", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Errorf("said %q and then %v", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if code := codeOf(cmd.Wait()); code != "0" {
		t.Errorf("exit code %s at SIGHUP, want 0", code)
	}
}
