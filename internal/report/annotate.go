package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"chatbench/internal/check"
	"chatbench/internal/result"
)

// grade is how much an annotation matters, the gravest first.
type grade uint8

const (
	gradeError grade = iota
	gradeWarning
	gradeNotice
)

// annotation is a remark at a line of the scenario file.
type annotation struct {
	grade   grade
	check   string // what was looked at, the same in every run: "gate", "rule ORD-01"
	title   string
	message string
	line    int
}

// GitHub writes r as workflow commands, which GitHub Actions shows at the lines of the scenario file:
// https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions. Each gate that
// did not pass and each broken rule has one, the gravest first, because GitHub shows ten of each kind
// for a step; a run without any has one that says how it ended. The error is that of w.
func GitHub(w io.Writer, r *result.Result) error {
	var b strings.Builder
	for _, a := range annotations(r) {
		command := [...]string{"error", "warning", "notice"}[a.grade]
		place := ""
		if file := scenarioPath(r); file != "" {
			place = fmt.Sprintf("file=%s,line=%d,", property(file), a.line)
		}
		fmt.Fprintf(&b, "::%s %stitle=%s::%s\n", command, place, property(a.title), data(a.message))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var dataEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")

// data makes a text that ends no workflow command and begins none.
func data(s string) string { return dataEscapes.Replace(s) }

// property is data for a value in front of the text.
func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s))
}

// gitlabIssue is an entry of a Code Quality report of GitLab.
type gitlabIssue struct {
	Description string         `json:"description"`
	Check       string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string `json:"path"`
	Lines struct {
		Begin int `json:"begin"`
	} `json:"lines"`
}

// GitLab writes r as a Code Quality report of GitLab, which shows it in a merge request:
// https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format. It has each gate that
// did not pass and each broken rule; a run that passed has none. The fingerprint of an entry depends
// on what was looked at and not on what was found, so that GitLab sees whether it is the same one as
// before. The error is that of w.
func GitLab(w io.Writer, r *result.Result) error {
	issues := []gitlabIssue{}
	file := cmp.Or(scenarioPath(r), "chatbench")
	seen := map[string]int{}
	for _, a := range annotations(r) {
		if a.check == passing {
			continue
		}
		key := strings.Join([]string{file, a.check, a.title}, "\x00")
		seen[key]++ // a gate may be there twice
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, seen[key]))
		issue := gitlabIssue{Description: a.title + ": " + a.message, Check: a.check, Fingerprint: hex.EncodeToString(sum[:]),
			Severity: [...]string{"major", "minor", "info"}[a.grade], Location: gitlabLocation{Path: file}}
		issue.Location.Lines.Begin = a.line
		issues = append(issues, issue)
	}
	encoded, err := json.MarshalIndent(issues, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding a Code Quality report: %w", err)
	}
	_, err = w.Write(append(encoded, '\n'))
	return err
}

// scenarioPath is the scenario file as both services want it: with slashes, without "./" in front. It
// is "" when there was none.
func scenarioPath(r *result.Result) string {
	if r.Scenario.File == "" {
		return ""
	}
	return clean(path.Clean(filepath.ToSlash(r.Scenario.File)))
}

// passing is what an annotation is about that says that all is well.
const passing = "run"

// annotations lists what a result has to say, the gravest first.
func annotations(r *result.Result) []annotation {
	var list []annotation
	for i := range r.Gates {
		if g := &r.Gates[i]; g.Verdict != result.Pass {
			list = append(list, annotation{gateGrade(g.Verdict), "gate " + string(g.Kind), gateTitle(g), phrase(g.Sentence), max(g.Line, 1)})
		}
	}
	for _, rule := range r.Broken(check.Error, check.Fail) {
		list = append(list, ruleAnnotation(r, &rule))
	}
	if why := runAnnotation(r, len(list) > 0); why != nil {
		list = append(list, *why)
	}
	slices.SortStableFunc(list, func(a, b annotation) int { return cmp.Compare(a.grade, b.grade) })
	return list
}

func gateTitle(g *result.Gate) string {
	return phrase("gate " + cmp.Or(g.Name, string(g.Kind)))
}

// gateGrade is that of a gate that did not pass.
func gateGrade(v result.Verdict) grade {
	switch v {
	case result.Inconclusive, result.Warn:
		return gradeWarning
	case result.NotExercised:
		return gradeNotice
	}
	return gradeError
}

func ruleAnnotation(r *result.Result, rule *check.RuleResult) annotation {
	a := annotation{grade: gradeError, check: "rule " + rule.ID, title: phrase("rule " + rule.ID + " " + rule.Title), message: brokenWords(nil, rule), line: 1}
	if len(rule.Witnesses) > 0 {
		a.message += ". " + rule.Witnesses[0].Sentence
	}
	if known := r.Expected(rule); known != nil {
		a.grade, a.message = gradeNotice, "known failure ("+known.Reason+"): "+a.message
	} else if warnsOnly(r, rule) {
		a.grade = gradeWarning
	}
	a.message = phrase(a.message)
	return a
}

// runAnnotation is about the run as a whole, when its gates and rules do not say how it ended.
func runAnnotation(r *result.Result, told bool) *annotation {
	why := "every gate passed"
	if len(r.Reasons) > 0 {
		why = r.Reasons[0]
	}
	a := annotation{check: "run " + string(r.Verdict), title: phrase("chatbench " + strings.ToUpper(string(r.Verdict))), message: phrase(why), line: 1}
	switch r.Verdict {
	case result.Pass:
		a.check, a.grade = passing, gradeNotice
	case result.Warn, result.Inconclusive:
		a.grade = gradeWarning
	case result.Error, result.Unreachable, result.Interrupted:
		return &a
	}
	if told {
		return nil
	}
	return &a
}
