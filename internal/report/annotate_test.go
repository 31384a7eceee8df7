package report

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"testing"

	"chatbench/internal/result"
)

func annotated(t *testing.T, write func(io.Writer, *result.Result) error, r *result.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// annotatedRuns are runs of every kind.
func annotatedRuns() map[string]*result.Result {
	lined := failed()
	lined.Scenario.File, lined.Gates[4].Line = "./scenarios/night,1.yaml", 7
	return map[string]*result.Result{
		"passed": passed(), "failed": lined, "warned": warned(), "expected": expected(), "inconclusive": inconclusive(), "invalid": invalid(),
		"buggy": buggy(), "hostile": hostile(evil), "unreachable": cutOff(result.Unreachable, result.ExitUnreachable, "connection refused"), "empty": {},
	}
}

func TestAnnotationsInFull(t *testing.T) {
	for name, r := range annotatedRuns() {
		golden(t, name+".github", annotated(t, GitHub, r))
		golden(t, name+".gitlab.json", annotated(t, GitLab, r))
	}
}

// TestWorkflowCommands wants each line to be one command, whatever a tenant or a file name has put
// into it: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions.
func TestWorkflowCommands(t *testing.T) {
	command := regexp.MustCompile(`^::(error|warning|notice) (file=[^:,\r\n]+,line=[1-9][0-9]*,)?title=[^:,\r\n]+::[^\r\n]*$`)
	runs := annotatedRuns()
	for i, evil := range evils {
		runs[evils[i]] = hostile(evil)
	}
	for name, r := range runs {
		for line := range strings.SplitSeq(strings.TrimSuffix(annotated(t, GitHub, r), "\n"), "\n") {
			if !command.MatchString(line) {
				t.Errorf("%s: %q is no workflow command", name, line)
			}
		}
	}
}

// TestCodeQuality wants what GitLab demands of a report, and fingerprints that tell two findings
// apart, but not two runs: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format.
func TestCodeQuality(t *testing.T) {
	severities := map[string]bool{"info": true, "minor": true, "major": true, "critical": true, "blocker": true}
	for name, r := range annotatedRuns() {
		var issues []gitlabIssue
		if err := json.Unmarshal([]byte(annotated(t, GitLab, r)), &issues); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		seen := map[string]bool{}
		for _, issue := range issues {
			if issue.Description == "" || issue.Check == "" || !severities[issue.Severity] || issue.Location.Lines.Begin < 1 ||
				issue.Location.Path == "" || strings.HasPrefix(issue.Location.Path, "./") {
				t.Errorf("%s: %+v lacks something", name, issue)
			}
			if seen[issue.Fingerprint] {
				t.Errorf("%s: %s has the fingerprint of another", name, issue.Description)
			}
			seen[issue.Fingerprint] = true
		}
		again := *r
		again.Run.ID = "another"
		again.Gates = append([]result.Gate(nil), r.Gates...)
		for i := range again.Gates {
			again.Gates[i].Observed, again.Gates[i].Sentence = 77, "something else was found"
		}
		var later []gitlabIssue
		if err := json.Unmarshal([]byte(annotated(t, GitLab, &again)), &later); err != nil || len(later) != len(issues) {
			t.Fatalf("%s: %d issues, then %d, %v", name, len(issues), len(later), err)
		}
		for _, issue := range later {
			if !seen[issue.Fingerprint] {
				t.Errorf("%s: %s has another fingerprint in the next run", name, issue.Description)
			}
		}
	}
	if got := annotated(t, GitLab, passed()); got != "[]\n" {
		t.Errorf("a run that passed has %s, want an empty list", got)
	}
}
