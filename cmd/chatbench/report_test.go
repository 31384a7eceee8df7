package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/result"
	"chatbench/internal/run"
	"chatbench/internal/sim"
)

// asked are report files as the flags would have them.
func asked(junit, markdown string) reportFiles {
	return reportFiles{rendering: rendering{inconclusive: "skipped"}, junit: junit, markdown: markdown}
}

func TestReportFilesAreCheckedBeforeTheLoad(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	tests := []struct {
		why  string
		f    reportFiles
		out  string
		want string // part of the error
	}{
		{"nothing asked for", asked("", ""), "", ""},
		{"a folder that is there", asked(in("a.xml"), in("b.md")), "", ""},
		{"the working folder", asked("a.xml", ""), "", ""},
		{"the folder that the run will make", asked(in("results/a.xml"), ""), in("results") + "/", ""},
		{"a folder that nobody will make", asked(in("nowhere/a.xml"), ""), in("results"), "--junit " + in("nowhere/a.xml") + ": there is no folder"},
		{"a folder in place of a file", asked("", dir), "", "--markdown " + dir + " is a folder"},
		{"the same file twice", asked(in("a"), in("a")), "", "name the same file"},
		{"the same file twice in other words", asked("a.md", "./a.md"), "", "--junit and --markdown name the same file a.md"},
		{"the same file twice, of others", reportFiles{rendering: asked("", "").rendering, csv: in("a"), openMetrics: in("a")}, "", "--csv and --openmetrics name the same file"},
		{"annotations nobody reads", reportFiles{rendering: rendering{inconclusive: "skipped"}, annotations: "jenkins"}, "", `--annotations "jenkins" is not github`},
		{"annotations of GitLab without a file", reportFiles{rendering: rendering{inconclusive: "skipped"}, annotations: "gitlab="}, "", `--annotations "gitlab=" is not github`},
		{"annotations in a folder that nobody will make", reportFiles{rendering: rendering{inconclusive: "skipped"}, annotations: "gitlab=" + in("nowhere/a.json")}, "", "--annotations " + in("nowhere/a.json") + ": there is no folder"},
		{"annotations on standard output", reportFiles{rendering: rendering{inconclusive: "skipped"}, annotations: "github"}, "", ""},
		{"an unknown word", reportFiles{rendering: rendering{inconclusive: "green"}}, "", `--inconclusive "green" is not skipped or error`},
	}
	for _, tt := range tests {
		err := tt.f.check(tt.out)
		if got := errorText(err); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: got %q, want %q", tt.why, got, tt.want)
		}
		var usage usageError
		if err != nil && !errors.As(err, &usage) {
			t.Errorf("%s: %v is not a usage error", tt.why, err)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestReportFilesAreSavedOneByOne(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	f := asked(in("nowhere/a.xml"), in("b.md"))
	files, err := f.save(&result.Result{Verdict: result.Pass}, dir)
	if diff := cmp.Diff([]string{in("junit.xml"), in("summary.md"), in("report.html"), in("timeseries.csv"), in("metrics.om"), in("b.md")}, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("error %v, want one that names the folder", err)
	}
	for _, file := range files {
		text := contents(t, file)
		begins := func(with string) bool { return strings.Contains(text, with) }
		if !slices.ContainsFunc([]string{"<testsuite ", "### chatbench: PASS", "start_s,length_s,", "# HELP chatbench_", "<!DOCTYPE html>"}, begins) {
			t.Errorf("%s holds %.200q", file, text)
		}
	}
}

func contents(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestReportsOfARunThatNeverBegan(t *testing.T) {
	tests := []struct {
		why   string
		cause error
		want  string // in the JUnit report; "" for none
	}{
		{"no target", &sim.TargetError{Sentence: "nothing listens", Err: io.EOF}, `<error message="UNREACHABLE: nothing listens`},
		{"interrupted", run.ErrInterrupted, `<error message="INTERRUPTED: interrupted before the load began`},
		{"the user's mistake is not the tenant's", os.ErrPermission, ""},
	}
	for _, tt := range tests {
		f := asked(filepath.Join(t.TempDir(), "j.xml"), "")
		if err := f.notPlayed(tt.cause, "demo", ""); err != tt.cause {
			t.Errorf("%s: error %v, want %v", tt.why, err, tt.cause)
		}
		text := ""
		if _, err := os.Stat(f.junit); err == nil {
			text = contents(t, f.junit)
		}
		if !strings.Contains(text, tt.want) || tt.want == "" && text != "" {
			t.Errorf("%s: the report is %q, want %q in it", tt.why, text, tt.want)
		}
	}
}
